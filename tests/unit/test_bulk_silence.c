/*
 * Requests that time out: while the server is there, while it is stopped and comes back, and while
 * it stays away; what is executed again and what never is.
 */
#include "tests/unit/client_help.h"

#include "tests/unit/bulk_rows.h"
#include "tests/unit/stub_process.h"

static struct {
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    struct cqlr_err failure; /* the last one */
    uint64_t shown;          /* unknown outcomes, by the last look at its progress */
    uint64_t bytes;          /* of output: a dot for each row */
    struct stub_process stub;
    pid_t waker;
    unsigned stopped_for; /* ms */
} run;

static int setup(void **state)
{
    (void)state;
    memset(&run, 0, sizeof run);
    cqlr_client_opts_init(&run.client, sizeof run.client);
    run.client.request_timeout = 100 * MS;
    run.client.heartbeat_timeout = 5000 * MS;
    cqlr_bulk_opts_init(&run.o, sizeof run.o);
    run.o.client = &run.client;
    run.o.retry_delay = 2 * MS;
    run.o.retry_delay_max = 50 * MS;
    run.o.max_errors = 1000;
    run.o.processes = 1;
    run.o.outage_wait = 60000 * MS;
    return 0;
}

static void note_failure(void *arg, const struct cqlr_bulk_failure *f)
{
    (void)arg;
    run.failure = *f->err;
}

static void note_progress(void *arg, const struct cqlr_bulk_progress *p)
{
    (void)arg;
    run.shown = p->unknown;
}

static int run_source(const struct cqlr_source_param *p, uint64_t repeat)
{
    struct cqlr_err err;
    int rc;
    run.o.on_error = note_failure;
    run.o.on_progress = note_progress;
    run.o.source = cqlr_source_new(p, 1, CQLR_COMBINE_PRODUCT, repeat, &err);
    assert_non_null(run.o.source);
    rc = cqlr_bulk_run(&run.o, &run.s, sizeof run.s);
    cqlr_source_free(run.o.source);
    return rc;
}

/* ---- a server that is there, but for some requests ---- */

enum { ASKED = 5, MUTE_EXECUTES, UNPREPARED, PAGES, MUTE_OPTIONS };

/* Key 7 is never answered (with PAGES its second page, with UNPREPARED once it is prepared again);
 * OPTIONS and all else are (with MUTE_OPTIONS those are not). */
static void moody(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    const struct cqlr_supported none = {0};
    struct cqlr_value state = {NULL, CQLR_NULL};
    if (ev->opcode == CQLR_OP_OPTIONS) {
        shared[ASKED]++;
        if (shared[MUTE_OPTIONS])
            return;
        if (cqlr_supported_write(cqlr_link_begin(l), &none) < 0)
            _exit(3);
        respond(l, CQLR_OP_SUPPORTED, ev);
        return;
    }
    if (ev->opcode != CQLR_OP_EXECUTE || bound_key(ev, &state) != 7) {
        echo(l, ev, shared);
        return;
    }
    shared[MUTE_EXECUTES]++;
    if (shared[PAGES] && state.n < 0)
        answer_rows(l, ev, 7, 1, "second");
    else if (shared[UNPREPARED]-- == 1)
        answer_error(l, ev, CQLR_SERVER_UNPREPARED);
    else
        shared[UNPREPARED] = 0;
}

static void run_moody(enum cqlr_idempotence idempotence, unsigned what, unsigned executes)
{
    const struct cqlr_source_param p = {.kind = CQLR_SOURCE_INT, .last = 19, .step = 1};
    struct scripted_server server = scripted_server_start(moody);
    if (what)
        server.shared[what] = 1;
    run.client.contact_points = server.addr;
    run.o.statement = cqlr_cstr("SELECT k FROM ks.t WHERE k = ?");
    run.o.in_flight = 1;
    run.o.idempotence = idempotence;
    assert_int_equal(run_source(&p, 1), 0);
    assert_int_equal(server.shared[MUTE_EXECUTES], executes);
    assert_int_equal(server.shared[EXECUTES], 19);
    assert_int_equal(server.shared[ASKED], 1);
    scripted_server_stop(&server);
    assert_int_equal(run.s.queries, 19);
    assert_int_equal(run.s.errors, 1);
    assert_int_equal(run.s.unknown, 1);
    assert_int_equal(run.shown, 1);
    assert_int_equal(run.s.retries, 0);
    assert_int_equal(run.failure.code, CQLR_E_TIMEOUT);
    assert_true(run.s.outage < 1e-9);
}

static void a_server_that_is_there_is_asked_once_and_the_request_has_failed(void **state)
{
    (void)state;
    run_moody(CQLR_IDEMPOTENT_YES, 0, 1);
}

/* Who wants no server to be given up for its silence gets a timeout for what it is. */
static void without_a_heartbeat_timeout_nobody_waits_for_an_answer(void **state)
{
    (void)state;
    run.client.heartbeat_timeout = CQLR_NEVER;
    run_moody(CQLR_IDEMPOTENT_YES, MUTE_OPTIONS, 1);
}

static void without_idempotence_a_timeout_is_never_sent_again(void **state)
{
    (void)state;
    run_moody(CQLR_IDEMPOTENT_NO, 0, 1);
}

/* The first EXECUTE was refused, so it was executed once at most. */
static void nor_is_one_that_was_prepared_again(void **state)
{
    (void)state;
    run_moody(CQLR_IDEMPOTENT_NO, UNPREPARED, 2);
}

static void nor_is_a_further_page(void **state)
{
    (void)state;
    run_moody(CQLR_IDEMPOTENT_NO, PAGES, 2);
}

/* Any answer to another one says that the server is there. */
static void a_request_among_answered_ones_fails_alone(void **state)
{
    const struct cqlr_source_param p = {.kind = CQLR_SOURCE_INT, .last = 199, .step = 1};
    struct scripted_server server = scripted_server_start(moody);
    (void)state;
    run.client.contact_points = server.addr;
    run.o.statement = cqlr_cstr("SELECT k FROM ks.t WHERE k = ?");
    run.o.in_flight = 4;
    run.o.rate = 1000;
    assert_int_equal(run_source(&p, 1), 0);
    assert_int_equal(run.s.errors, 1);
    assert_int_equal(server.shared[MUTE_EXECUTES], 1);
    assert_int_equal(run.s.queries, 199);
    scripted_server_stop(&server);
}

/* ---- a server that is stopped ---- */

/* Half of the output is there: the server stops, its sockets open, for a while. */
static int stop_server(void *arg, const uint8_t *p, size_t n)
{
    (void)arg;
    (void)p;
    run.bytes += n;
    if (run.bytes < 1000 || run.waker)
        return 0;
    kill(run.stub.pid, SIGSTOP);
    run.waker = fork();
    if (run.waker == 0) {
        usleep(run.stopped_for * 1000);
        kill(run.stub.pid, SIGCONT);
        _exit(0);
    }
    return 0;
}

/* Stops the server for so many ms in the middle of 2000 sets. */
static int run_stopped(unsigned ms)
{
    const struct cqlr_str key = {"local", 5};
    const struct cqlr_source_param p = {.kind = CQLR_SOURCE_LIST, .text = &key, .count = 1};
    struct stub_opts so;
    int rc;
    stub_opts_init(&so);
    so.delay_ns = MS / 5;
    run.stopped_for = ms;
    run.stub = stub_process_start(so);
    run.client.contact_points = run.stub.addr;
    run.client.connect_timeout = 200 * MS;
    run.client.heartbeat_timeout = 100 * MS;
    run.o.statement = cqlr_cstr("SELECT key FROM system.local WHERE key=?");
    run.o.on_page = count_rows;
    run.o.on_output = stop_server;
    run.o.processes = 3;
    run.o.block = 10;
    run.o.in_flight = 20;
    rc = run_source(&p, 2000);
    assert_true(run.waker > 0);
    waitpid(run.waker, NULL, 0);
    stub_process_kill(&run.stub);
    return rc;
}

static void a_stopped_server_is_waited_for(void **state)
{
    (void)state;
    assert_int_equal(run_stopped(1000), 0);
    assert_int_equal(run.bytes, 2000);
    assert_int_equal(run.s.queries, 2000);
    assert_int_equal(run.s.rows, 2000);
    assert_int_equal(run.s.errors, 0);
    assert_int_equal(run.s.retries, 0);
    assert_int_equal(run.s.replaced, 0);
    assert_true(run.s.outage >= 0.5);
}

/* Late is not lost: the answers are those of the requests. */
static void one_that_stops_for_less_than_the_timeout_is_not_noticed(void **state)
{
    (void)state;
    run.client.request_timeout = 10000 * MS;
    assert_int_equal(run_stopped(300), 0);
    assert_int_equal(run.bytes, 2000);
    assert_int_equal(run.s.errors, 0);
    assert_true(run.s.outage < 1e-9);
    assert_true(run.s.max >= 250 * MS);
}

static void one_that_stays_away_ends_the_run_with_both_reasons(void **state)
{
    (void)state;
    run.o.outage_wait = 0;
    assert_int_equal(run_stopped(800), CQLR_E_CONNECT);
    assert_non_null(strstr(run.s.err.text, "no answer within 0.1 s"));
    assert_non_null(strstr(run.s.err.text, "handshake: timed out"));
    assert_int_equal(run.s.errors, 0);
    assert_true(run.s.queries > 0 && run.s.missing > 0);
}

/* What was under way when it stopped is unknown, and no more than that is sent into the silence. */
static void without_idempotence_only_what_was_under_way_is_unknown(void **state)
{
    (void)state;
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    assert_int_equal(run_stopped(1000), 0);
    assert_in_range(run.s.unknown, 1, 60);
    assert_int_equal(run.s.errors, run.s.unknown);
    assert_int_equal(run.s.queries + run.s.errors, 2000);
    assert_int_equal(run.bytes, run.s.queries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_server_that_is_there_is_asked_once_and_the_request_has_failed,
                               setup),
        cmocka_unit_test_setup(without_a_heartbeat_timeout_nobody_waits_for_an_answer, setup),
        cmocka_unit_test_setup(without_idempotence_a_timeout_is_never_sent_again, setup),
        cmocka_unit_test_setup(nor_is_one_that_was_prepared_again, setup),
        cmocka_unit_test_setup(nor_is_a_further_page, setup),
        cmocka_unit_test_setup(a_request_among_answered_ones_fails_alone, setup),
        cmocka_unit_test_setup(a_stopped_server_is_waited_for, setup),
        cmocka_unit_test_setup(one_that_stops_for_less_than_the_timeout_is_not_noticed, setup),
        cmocka_unit_test_setup(one_that_stays_away_ends_the_run_with_both_reasons, setup),
        cmocka_unit_test_setup(without_idempotence_only_what_was_under_way_is_unknown, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The manager with its real engine: servers that refuse, and a server that is killed in the middle
 * and comes back on the same port.
 */
#include "tests/unit/client_help.h"

#include "tests/unit/bulk_rows.h"
#include "tools/stub/stub.h"

static struct {
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    uint64_t rows;
} run;

static int setup(void **state)
{
    (void)state;
    memset(&run, 0, sizeof run);
    cqlr_client_opts_init(&run.client, sizeof run.client);
    cqlr_bulk_opts_init(&run.o, sizeof run.o);
    run.o.client = &run.client;
    run.o.retry_delay = 2 * MS;
    run.o.retry_delay_max = 50 * MS;
    run.o.max_errors = 1000;
    return 0;
}

static int run_source(const struct cqlr_source_param *p, uint64_t repeat)
{
    struct cqlr_err err;
    int rc;
    run.o.source = cqlr_source_new(p, 1, CQLR_COMBINE_PRODUCT, repeat, &err);
    assert_non_null(run.o.source);
    rc = cqlr_bulk_run(&run.o, &run.s, sizeof run.s);
    cqlr_source_free(run.o.source);
    return rc;
}

/* ---- refusals ---- */

enum { CODE = 8, REFUSE, BATCH_LOG };

/* As echo, but shared[REFUSE] EXECUTEs are refused before. */
static void refuse(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    struct cqlr_error e = {.code = (int32_t)shared[CODE]};
    e.write_type = cqlr_cstr(shared[BATCH_LOG] ? "BATCH_LOG" : "SIMPLE");
    if (ev->opcode != CQLR_OP_EXECUTE || !shared[REFUSE]) {
        echo(l, ev, shared);
        return;
    }
    shared[EXECUTES]++;
    shared[REFUSE]--;
    if (cqlr_error_write(cqlr_link_begin(l), &e) < 0)
        _exit(3);
    respond(l, CQLR_OP_ERROR, ev);
}

static void run_refused(int32_t code, unsigned refusals, bool batch_log)
{
    const struct cqlr_source_param p = {.kind = CQLR_SOURCE_INT, .last = 99, .step = 1};
    struct scripted_server server = scripted_server_start(refuse);
    server.shared[CODE] = (unsigned)code;
    server.shared[REFUSE] = refusals;
    server.shared[BATCH_LOG] = batch_log;
    run.client.contact_points = server.addr;
    run.o.statement = cqlr_cstr("SELECT k FROM ks.t WHERE k = ?");
    run.o.processes = 1;
    run.o.in_flight = 10;
    assert_int_equal(run_source(&p, 1), 0);
    assert_int_equal(server.shared[EXECUTES], 100 + run.s.retries);
    scripted_server_stop(&server);
}

static void a_server_that_refuses_for_a_while_is_asked_again(void **state)
{
    const int32_t codes[] = {CQLR_SERVER_OVERLOADED, CQLR_SERVER_UNAVAILABLE,
                             CQLR_SERVER_READ_TIMEOUT, CQLR_SERVER_SERVER_ERROR};
    (void)state;
    run.o.retries = 30;
    for (size_t i = 0; i < 4; i++) {
        run_refused(codes[i], 30, false);
        assert_int_equal(run.s.errors, 0);
        assert_int_equal(run.s.rows, 100);
        assert_int_equal(run.s.retries, 30);
    }
    run_refused(CQLR_SERVER_WRITE_TIMEOUT, 30, true); /* its fields count, too */
    assert_int_equal(run.s.retries, 30);
}

static void what_will_not_pass_or_may_have_happened_is_not_asked_again(void **state)
{
    const int32_t codes[] = {CQLR_SERVER_INVALID, CQLR_SERVER_WRITE_TIMEOUT};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        run_refused(codes[i], 30, false);
        assert_int_equal(run.s.errors, 30);
        assert_int_equal(run.s.queries, 70);
        assert_int_equal(run.s.retries, 0);
    }
}

/* ---- a server that is never done ---- */

static int stop_pipe[2];

static void stop_after_a_second(void *arg, const struct cqlr_bulk_progress *p)
{
    (void)arg;
    if (p->seconds > 1)
        assert_int_equal(write(stop_pipe[1], "x", 1), 1);
}

/* 20 slots, each asking again after 0 to 100, 200, 400 ... ms. In a tight loop it is tens of
 * thousands. */
static void a_server_that_is_always_overloaded_is_not_asked_in_a_tight_loop(void **state)
{
    const struct cqlr_source_param p = {.kind = CQLR_SOURCE_INT, .last = 9999, .step = 1};
    struct scripted_server server = scripted_server_start(refuse);
    (void)state;
    server.shared[CODE] = CQLR_SERVER_OVERLOADED;
    server.shared[REFUSE] = UINT32_MAX;
    run.client.contact_points = server.addr;
    run.o.statement = cqlr_cstr("SELECT k FROM ks.t WHERE k = ?");
    run.o.processes = 1;
    run.o.in_flight = 10;
    run.o.retries = 1000;
    run.o.retry_delay = 100 * MS; /* as it is by default */
    run.o.retry_delay_max = 5000 * MS;
    assert_int_equal(pipe(stop_pipe), 0);
    run.o.stop_fd = stop_pipe[0];
    run.o.on_progress = stop_after_a_second;
    assert_int_equal(run_source(&p, 1), CQLR_E_INTERRUPTED);
    assert_in_range(server.shared[EXECUTES], 20, 300);
    assert_int_equal(run.s.queries, 0);
    scripted_server_stop(&server);
    close(stop_pipe[0]);
    close(stop_pipe[1]);
}

/* ---- a server that goes and comes ---- */

static pid_t server, second;
static char address[64];
static int address_pipe[2];

static void tell_address(void *arg, const char *addr)
{
    (void)arg;
    (void)!write(address_pipe[1], addr, strlen(addr) + 1);
}

static _Noreturn void serve(const char *listen, void (*on_listening)(void *, const char *))
{
    struct stub_opts o;
    struct cqlr_err err;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    stub_opts_init(&o);
    o.listen = listen;
    o.on_listening = on_listening;
    o.delay_ns = MS / 5;
    _exit(stub_run(&o, &err) != 0);
}

static void start_server(void)
{
    assert_int_equal(pipe(address_pipe), 0);
    server = fork();
    if (server == 0)
        serve("127.0.0.1:0", tell_address);
    assert_true(read(address_pipe[0], address, sizeof address) > 0);
    close(address_pipe[0]);
    close(address_pipe[1]);
}

/* Half of the output is there: the server is killed, and another takes its place 0.3 s later. */
static int replace_server(void *arg, const uint8_t *p, size_t n)
{
    (void)arg;
    (void)p;
    run.rows += n;
    if (run.rows < 3000 || server == 0)
        return 0;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    server = 0;
    second = fork();
    if (second == 0) {
        usleep(300000);
        serve(address, NULL);
    }
    return 0;
}

static void a_server_that_is_started_again_is_found_again(void **state)
{
    const struct cqlr_str key = {"local", 5};
    const struct cqlr_source_param p = {
        .name = "key", .kind = CQLR_SOURCE_LIST, .text = &key, .count = 1};
    (void)state;
    start_server();
    run.client.contact_points = address;
    run.o.statement = cqlr_cstr("SELECT * FROM system.local WHERE key=?");
    run.o.on_page = count_rows;
    run.o.on_output = replace_server;
    run.o.processes = 3;
    run.o.block = 10;
    run.o.in_flight = 20;
    run.o.outage_wait = 60000 * MS;
    assert_int_equal(run_source(&p, 6000), 0);
    kill(second, SIGKILL);
    waitpid(second, NULL, 0);
    assert_int_equal(run.rows, 6000);
    assert_int_equal(run.s.queries, 6000);
    assert_int_equal(run.s.rows, 6000);
    assert_int_equal(run.s.errors, 0);
    assert_int_equal(run.s.replaced, 0);
    assert_true(run.s.outage >= 0.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_server_that_refuses_for_a_while_is_asked_again, setup),
        cmocka_unit_test_setup(what_will_not_pass_or_may_have_happened_is_not_asked_again, setup),
        cmocka_unit_test_setup(a_server_that_is_always_overloaded_is_not_asked_in_a_tight_loop,
                               setup),
        cmocka_unit_test_setup(a_server_that_is_started_again_is_found_again, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

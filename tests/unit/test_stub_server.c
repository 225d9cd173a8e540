/*
 * test_stub_server.c - how the stub server behaves: delays, crowds, clients that behave badly, and
 * the life of stub_run. No client may make it fall over, spin or grow.
 */
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/stub_help.h"

#define CLIENTS 200

static void put_hot_request(struct client *c, const uint8_t id[16], int16_t stream)
{
    const struct cqlr_value key = text_value("local");
    struct cqlr_wr w = empty_body();
    execute_body(&w, id, &key, 1);
    put_frame(c, 4, CQLR_OP_EXECUTE, stream, &w);
    cqlr_wr_fini(&w);
}

static void delayed_answers_come_in_order_and_not_early(void **state)
{
    const uint64_t delay = 40 * MS;
    struct fixture *f = start(delay);
    struct client c;
    uint8_t id[16];
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    for (int round = 0; round < 2; round++) {
        uint64_t sent_at = cqlr_now();
        for (int16_t i = 1; i <= 1000; i++) {
            put_hot_request(&c, id, i);
            if (i % 100 == 0)
                flush(&c);
        }
        for (int16_t i = 1; i <= 1000; i++) {
            assert_true(next_answer(&c));
            assert_true(cqlr_now() >= sent_at + delay);
            assert_int_equal(c.head.stream, i);
            assert_int_equal(row_count(&c), 1);
        }
    }
    client_close(&c);
    stop(f);
}

static void many_clients_at_a_time(void **state)
{
    struct fixture *f = start(0);
    struct client *c = calloc(CLIENTS, sizeof *c);
    (void)state;
    assert_non_null(c);
    for (int i = 0; i < CLIENTS; i++)
        client_start(&c[i], f);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < CLIENTS; i++)
            assert_int_equal(query(&c[i], "SELECT * FROM system.local", NULL), 0);
    for (int i = 0; i < CLIENTS; i++)
        client_close(&c[i]);
    wait_until_alone(f);
    free(c);
    stop(f);
}

/* Descriptors run out: the stub looks away for a while instead of spinning, and serves who waited
 * later. */
static void without_descriptors_it_waits(void **state)
{
    struct fixture *f = start(0);
    struct rlimit all, few;
    struct client a, b;
    (void)state;
    client_start(&a, f);
    client_open(&b, f);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
    few = (struct rlimit){(rlim_t)b.fd + 1, all.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    turn(f);
    struct pollfd loop = {.fd = cqlr_loop_fd(stub_loop(f->stub)), .events = POLLIN};
    int ready = poll(&loop, 1, 0);
    bool retries = cqlr_loop_deadline(stub_loop(f->stub)) != CQLR_NEVER;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
    assert_int_equal(ready, 0);
    assert_true(retries);
    assert_int_equal(query(&a, "SELECT key FROM system.local", NULL), 0);
    assert_int_equal(startup(&b, PLAIN), 0);
    client_close(&a);
    client_close(&b);
    stop(f);
}

static void who_closes_after_asking_gets_the_answers(void **state)
{
    struct fixture *f = start(0);
    struct client c;
    uint8_t id[16];
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    for (int16_t i = 0; i < 500; i++)
        put_hot_request(&c, id, i);
    flush(&c);
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    for (int16_t i = 0; i < 500; i++)
        assert_true(next_answer(&c));
    assert_false(next_answer(&c));
    client_close(&c);
    stop(f);
}

/* One connection that prepares the hot statement and gets its answer once, so that it is kept. */
static void warm_up(struct fixture *f, uint8_t id[16])
{
    const struct cqlr_value key = text_value("local");
    struct client c;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    assert_int_equal(execute(&c, id, &key, 1), 0);
    client_close(&c);
    wait_until_alone(f);
}

static void abrupt_ends_leave_nothing_behind(void **state)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct fixture *f = start(1 * MS);
    struct client c;
    uint8_t id[16];
    size_t used;
    (void)state;
    warm_up(f, id);
    used = f->memory.used;
    for (int i = 0; i < 60; i++) {
        client_start(&c, f);
        for (int16_t k = 0; k < 50; k++)
            put_hot_request(&c, id, k);
        c.out.n -= (size_t)i; /* in the middle of a frame */
        flush(&c);
        if (i % 2)
            setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (i % 3)
            turn(f);
        client_close(&c);
    }
    wait_until_alone(f);
    assert_in_range(f->memory.used, 0, used + 4096); /* the loop's heap of timers has grown */
    stop(f);
}

/* It waits neither for input nor to send, only for time to pass; that the peer is gone is noticed
 * nevertheless. */
static void a_peer_that_vanishes_is_noticed_while_answers_are_held_back(void **state)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct fixture *f = start(3600 * 1000 * MS);
    struct cqlr_wr w = startup_body(PLAIN);
    struct client c;
    (void)state;
    client_open(&c, f);
    put_frame(&c, 4, CQLR_OP_STARTUP, 0, &w);
    cqlr_wr_fini(&w);
    flush(&c);
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    for (int i = 0; i < 5; i++)
        turn(f);
    assert_int_equal(open_descriptors(), f->alone + 2); /* it is still there */
    setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    client_close(&c);
    wait_until_alone(f);
    stop(f);
}

static void garbage_ends_only_its_own_connection(void **state)
{
    struct fixture *f = start(0);
    struct client good, bad;
    uint64_t seed = 12345;
    uint8_t id[16];
    (void)state;
    warm_up(f, id);
    client_start(&good, f);
    for (int i = 0; i < 600; i++) {
        struct cqlr_wr w = startup_body(PLAIN);
        client_open(&bad, f);
        put_frame(&bad, 4, CQLR_OP_STARTUP, 0, &w);
        cqlr_wr_fini(&w);
        for (int16_t k = 1; k <= 4; k++)
            put_hot_request(&bad, id, k);
        for (int k = 0; k <= i % 8; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bad.out.p[(seed >> 33) % bad.out.n] = (uint8_t)(seed >> 25);
        }
        flush(&bad);
        turn(f);
        turn(f);
        client_close(&bad);
    }
    assert_int_equal(query(&good, "SELECT key FROM system.local", NULL), 0);
    client_close(&good);
    wait_until_alone(f);
    stop(f);
}

/* Sends as much as goes without turning the loop. */
static void push(struct client *c, size_t *sent)
{
    ssize_t n;
    while (*sent < c->out.n &&
           (n = send(c->fd, c->out.p + *sent, c->out.n - *sent, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
        *sent += (size_t)n;
}

static void a_client_that_does_not_read_costs_bounded_memory(void **state)
{
    enum { REQUESTS = 10000 }; /* 64 MB of answers */
    struct fixture *f = start(0);
    struct client c;
    uint8_t id[16];
    size_t sent = 0, used;
    (void)state;
    warm_up(f, id);
    client_start(&c, f);
    for (int i = 0; i < REQUESTS; i++)
        put_hot_request(&c, id, (int16_t)i);
    used = f->memory.used;
    for (int i = 0; i < 50; i++) { /* nobody reads: it stops taking requests at some point */
        push(&c, &sent);
        turn(f);
    }
    for (int i = 0; i < REQUESTS; i++) {
        push(&c, &sent);
        assert_true(next_answer(&c));
        assert_int_equal(c.head.stream, i);
        assert_int_equal(c.head.opcode, CQLR_OP_RESULT);
    }
    assert_in_range(f->memory.peak, 0, used + 2 * 1024 * 1024);
    client_close(&c);
    stop(f);
}

/* ---- stub_run ---- */

static void told_address(void *arg, const char *addr)
{
    snprintf(arg, 64, "%s", addr);
}

/* Child: serves until the pipe is closed; exit status 0 when stub_run said so. */
static _Noreturn void run_child(const char *port_file, int stop_fd)
{
    struct stub_opts o;
    struct cqlr_err err;
    char addr[64] = "";
    stub_opts_init(&o);
    o.port_file = port_file;
    o.stop_fd = stop_fd;
    o.on_listening = told_address;
    o.arg = addr;
    _exit(stub_run(&o, &err) == 0 && strncmp(addr, "127.0.0.1:", 10) == 0 ? 0 : 1);
}

static void run_writes_the_port_and_ends_when_told(void **state)
{
    char folder[] = "/tmp/cqlraw-test-stub.XXXXXX", file[64], text[16] = "";
    int stop_pipe[2], status;
    FILE *in = NULL;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/port", folder);
    assert_int_equal(pipe(stop_pipe), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(stop_pipe[1]);
        run_child(file, stop_pipe[0]);
    }
    close(stop_pipe[0]);
    for (uint64_t end = cqlr_now() + GIVE_UP; !in && cqlr_now() < end; usleep(1000))
        in = fopen(file, "r");
    assert_non_null(in);
    assert_non_null(fgets(text, sizeof text, in));
    fclose(in);
    assert_in_range(strtol(text, NULL, 10), 1, 65535);
    assert_non_null(strchr(text, '\n'));
    close(stop_pipe[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    unlink(file);
    rmdir(folder);
}

static void a_bad_address_is_an_error_with_a_text(void **state)
{
    static const char *const bad[] = {"", "nonsense", "127.0.0.1", "127.0.0.1:x", "192.0.2.1:0"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct stub_opts o;
        struct cqlr_err err = {0};
        stub_opts_init(&o);
        o.listen = bad[i];
        assert_null(stub_new(&o, &err));
        assert_true(err.code < 0);
        assert_true(strlen(err.text) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delayed_answers_come_in_order_and_not_early),
        cmocka_unit_test(many_clients_at_a_time),
        cmocka_unit_test(without_descriptors_it_waits),
        cmocka_unit_test(who_closes_after_asking_gets_the_answers),
        cmocka_unit_test(abrupt_ends_leave_nothing_behind),
        cmocka_unit_test(a_peer_that_vanishes_is_noticed_while_answers_are_held_back),
        cmocka_unit_test(garbage_ends_only_its_own_connection),
        cmocka_unit_test(a_client_that_does_not_read_costs_bounded_memory),
        cmocka_unit_test(run_writes_the_port_and_ends_when_told),
        cmocka_unit_test(a_bad_address_is_an_error_with_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

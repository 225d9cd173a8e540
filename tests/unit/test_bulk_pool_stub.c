/*
 * A pool with its real engine, against the stub server: batches with different values and repeats,
 * kills in and between batches, and a server that is started anew between two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cqlraw/bulk.h>

#include "tests/unit/stub_process.h"

static struct stub_process server;

static void start_server(const char *listen)
{
    struct stub_opts o;
    stub_opts_init(&o);
    o.listen = listen;
    o.delay_ns = 100000;
    server = stub_process_start(o);
}

static void stop_server(void)
{
    if (server.pid > 0)
        stub_process_kill(&server);
    server.pid = 0;
}

static struct {
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    struct cqlr_wr out;
    cqlr_bulk *pool;
    pid_t pid[16];
    unsigned started;
    bool kill;
} run;

/* "KEYSPACE_NAME\n" of each row, so the output follows from the values that were bound. */
static int print_page(void *arg, const struct cqlr_item *item, cqlr_reply *r, struct cqlr_wr *out,
                      uint64_t *rows, struct cqlr_err *err)
{
    struct cqlr_row row;
    int rc;
    (void)arg;
    (void)item;
    while ((rc = cqlr_reply_next(r, &row)) == 1) {
        cqlr_wr_raw(out, row.cell[0].p, (size_t)row.cell[0].n);
        cqlr_wr_u8(out, '\n');
        ++*rows;
    }
    if (rc < 0)
        *err = *cqlr_reply_err(r);
    return rc;
}

static void kill_worker(unsigned slot)
{
    for (unsigned i = 0; i < 16; i++, slot = (slot + 1) % 16) {
        if (run.pid[slot]) {
            kill(run.pid[slot], SIGKILL);
            return;
        }
    }
}

static int take_output(void *arg, const uint8_t *p, size_t n)
{
    (void)arg;
    cqlr_wr_raw(&run.out, p, n);
    if (run.kill && run.out.n > 2000) {
        run.kill = false;
        kill_worker((unsigned)run.out.n % 16);
    }
    return 0;
}

static void note_worker(void *arg, enum cqlr_worker_event ev, pid_t pid, unsigned slot,
                        const char *why)
{
    (void)arg;
    (void)why;
    run.started += ev == CQLR_WORKER_STARTED;
    run.pid[slot % 16] = ev == CQLR_WORKER_READY ? pid : 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&run, 0, sizeof run);
    start_server("127.0.0.1:0");
    cqlr_wr_init(&run.out, NULL, SIZE_MAX / 2);
    cqlr_client_opts_init(&run.client, sizeof run.client);
    cqlr_bulk_opts_init(&run.o, sizeof run.o);
    run.client.contact_points = server.addr;
    run.o.client = &run.client;
    run.o.processes = 2;
    run.o.in_flight = 10;
    run.o.block = 5;
    run.o.on_page = print_page;
    run.o.on_output = take_output;
    run.o.on_worker = note_worker;
    run.o.statement =
        cqlr_cstr("SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?");
    run.pool = cqlr_bulk_new(&run.o);
    assert_non_null(run.pool);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cqlr_bulk_free(run.pool);
    cqlr_wr_fini(&run.out);
    stop_server();
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    return 0;
}

/* One batch over n of the keyspaces' names, `repeat` times. */
static int batch(const char *const *name, size_t n, uint64_t repeat)
{
    struct cqlr_str text[8];
    struct cqlr_source_param p = {
        .name = "keyspace_name", .kind = CQLR_SOURCE_LIST, .text = text, .count = n};
    struct cqlr_err err;
    cqlr_source *s;
    int rc;
    for (size_t i = 0; i < n; i++)
        text[i] = cqlr_cstr(name[i]);
    s = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, repeat, &err);
    cqlr_wr_reset(&run.out);
    rc = cqlr_bulk_batch(run.pool, s, &run.s, sizeof run.s);
    cqlr_source_free(s);
    return rc;
}

/* ... and the output is these names in this order. */
static void batch_is_right(const char *const *name, size_t n, uint64_t repeat)
{
    size_t at = 0;
    (void)batch(name, n, repeat);
    assert_string_equal(run.s.err.text, "");
    assert_int_equal(run.s.err.code, 0);
    assert_int_equal(run.s.queries, n * repeat);
    for (uint64_t i = 0; i < n * repeat; i++) {
        size_t length = strlen(name[i % n]);
        if (!strcmp(name[i % n], "nothing"))
            continue;
        assert_true(at + length < run.out.n);
        assert_memory_equal(run.out.p + at, name[i % n], length);
        assert_int_equal(run.out.p[at + length], '\n');
        at += length + 1;
    }
    assert_int_equal(at, run.out.n);
}

static const char *const first[] = {"system", "nothing", "system_schema"};
static const char *const second[] = {"system_schema", "system"};

static void each_batch_binds_its_own_values(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        batch_is_right(first, 3, 40 + i);
        batch_is_right(second, 2, 50);
        assert_int_equal(run.s.empty, 0);
    }
    assert_int_equal(run.started, 2);
}

static void kills_in_and_between_batches_change_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        run.kill = i % 2;
        batch_is_right(first, 3, 300);
        if (i % 3 == 0)
            kill_worker(i % 2);
        batch_is_right(second, 2, 100);
    }
    assert_true(run.started >= 6);
}

static void a_server_that_was_started_anew_between_batches_is_found_again(void **state)
{
    char same[sizeof server.addr];
    (void)state;
    for (int i = 0; i < 3; i++) {
        batch_is_right(first, 3, 100);
        memcpy(same, server.addr, sizeof same);
        stop_server();
        start_server(same);
    }
    batch_is_right(second, 2, 100);
    assert_true(run.started <= 2 + 3); /* one may have been on its way to the server that ended */
}

static void a_server_that_is_gone_uses_the_pool_up(void **state)
{
    (void)state;
    batch_is_right(first, 3, 100);
    stop_server();
    assert_int_equal(batch(second, 2, 100), CQLR_E_CONNECT);
    assert_int_equal(run.s.missing, 200);
    assert_int_equal(batch(second, 2, 100), CQLR_E_STATE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_batch_binds_its_own_values),
        T(kills_in_and_between_batches_change_nothing),
        T(a_server_that_was_started_anew_between_batches_is_found_again),
        T(a_server_that_is_gone_uses_the_pool_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The manager with its real engine, against the stub server: pages, kills, unordered output, and
 * the ends a server can give.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <cqlraw/bulk.h>

#include "tests/unit/stub_process.h"

static struct stub_process server;

static void start_server(uint64_t delay)
{
    struct stub_opts o;
    stub_opts_init(&o);
    o.delay_ns = delay;
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
    pid_t pid[16];
    size_t kill_each, next_kill;
} run;

static int print_page(void *arg, const struct cqlr_item *item, cqlr_reply *r, struct cqlr_wr *out,
                      uint64_t *rows, struct cqlr_err *err)
{
    struct cqlr_row row;
    int rc;
    (void)arg;
    while ((rc = cqlr_reply_next(r, &row)) == 1) {
        char head[32];
        int n = snprintf(head, sizeof head, "%llu,", (unsigned long long)item->index);
        cqlr_wr_raw(out, head, (size_t)n);
        if (row.cell[0].n > 0)
            cqlr_wr_raw(out, row.cell[0].p, (size_t)row.cell[0].n);
        cqlr_wr_u8(out, '\n');
        ++*rows;
    }
    if (rc < 0)
        *err = *cqlr_reply_err(r);
    return rc;
}

static int take_output(void *arg, const uint8_t *p, size_t n)
{
    (void)arg;
    cqlr_wr_raw(&run.out, p, n);
    if (run.kill_each && run.out.n >= run.next_kill) {
        for (unsigned i = 0; i < 16; i++) {
            unsigned slot = (unsigned)(run.out.n + i) % 16;
            if (run.pid[slot]) {
                kill(run.pid[slot], SIGKILL);
                break;
            }
        }
        run.next_kill = run.out.n + run.kill_each;
    }
    return 0;
}

static void note_worker(void *arg, enum cqlr_worker_event ev, pid_t pid, unsigned slot,
                        const char *why)
{
    (void)arg;
    (void)why;
    run.pid[slot % 16] = ev == CQLR_WORKER_READY ? pid : 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&run, 0, sizeof run);
    cqlr_wr_init(&run.out, NULL, SIZE_MAX / 2);
    cqlr_client_opts_init(&run.client, sizeof run.client);
    cqlr_bulk_opts_init(&run.o, sizeof run.o);
    run.client.contact_points = server.addr;
    run.o.client = &run.client;
    run.o.on_page = print_page;
    run.o.on_output = take_output;
    run.o.on_worker = note_worker;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cqlr_wr_fini(&run.out);
    stop_server();
    return 0;
}

static const struct cqlr_str tables[] = {{"columns", 7}, {"keyspaces", 9}, {"tables", 6},
                                         {"nothing", 7}, {"types", 5},     {"views", 5}};

/* All columns of each of the tables, again and again: 0 to many rows, in pages of three. */
static int run_columns(uint64_t repeat)
{
    const struct cqlr_str keyspace = {"system_schema", 13};
    const struct cqlr_source_param p[] = {
        {.name = "keyspace_name", .kind = CQLR_SOURCE_LIST, .text = &keyspace, .count = 1},
        {.kind = CQLR_SOURCE_LIST, .text = tables, .count = 6},
    };
    struct cqlr_err err;
    int rc;
    run.o.source = cqlr_source_new(p, 2, CQLR_COMBINE_PRODUCT, repeat, &err);
    run.client.page_size = 3;
    run.o.statement = cqlr_cstr("SELECT column_name FROM system_schema.columns WHERE "
                                "keyspace_name = ? AND table_name = ?");
    run.next_kill = run.kill_each;
    cqlr_wr_reset(&run.out);
    rc = cqlr_bulk_run(&run.o, &run.s, sizeof run.s);
    cqlr_source_free(run.o.source);
    return rc;
}

static void kills_change_no_byte_of_paged_answers(void **state)
{
    struct cqlr_wr want;
    uint64_t rows, pages;
    (void)state;
    start_server(200000);
    run.o.processes = 1;
    assert_int_equal(run_columns(60), 0);
    want = run.out;
    rows = run.s.rows;
    pages = run.s.pages;
    assert_true(pages > 400 && rows > pages && run.s.empty >= 60);
    for (unsigned i = 0; i < 6; i++) {
        cqlr_wr_init(&run.out, NULL, SIZE_MAX / 2);
        run.o.processes = 1 + i % 4;
        run.o.in_flight = (const unsigned[]){1, 20, 100}[i % 3];
        run.o.block = (const uint64_t[]){10, 1, 7}[i / 2];
        run.o.lane_bytes = i % 2 ? 4096 : 1 << 20;
        run.kill_each = i ? want.n / 5 : 0;
        assert_int_equal(run_columns(60), 0);
        assert_int_equal(run.out.n, want.n);
        assert_memory_equal(run.out.p, want.p, want.n);
        assert_int_equal(run.s.queries, 360);
        assert_int_equal(run.s.rows, rows);
        assert_int_equal(run.s.pages, pages);
        if (i)
            assert_true(run.s.replaced >= 1);
        cqlr_wr_fini(&run.out);
    }
    cqlr_wr_fini(&want);
    cqlr_wr_init(&run.out, NULL, 0);
}

static void run_local(uint64_t repeat)
{
    const struct cqlr_str key = {"local", 5};
    const struct cqlr_source_param p = {
        .name = "key", .kind = CQLR_SOURCE_LIST, .text = &key, .count = 1};
    struct cqlr_err err;
    run.o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, repeat, &err);
    run.o.statement = cqlr_cstr("SELECT * FROM system.local WHERE key=?");
    (void)!cqlr_bulk_run(&run.o, &run.s, sizeof run.s);
    cqlr_source_free(run.o.source);
}

static void the_main_job_counts_what_it_read(void **state)
{
    (void)state;
    start_server(0);
    run.o.on_page = NULL;
    for (unsigned i = 0; i < 3; i++) {
        run.o.processes = i + 1;
        run.o.in_flight = i == 2 ? 1 : 100;
        run.o.block = i == 2 ? 10 : 100;
        run_local(5000);
        assert_int_equal(run.s.err.code, 0);
        assert_int_equal(run.s.queries, 5000);
        assert_int_equal(run.s.rows, 5000);
        assert_int_equal(run.s.empty, 0);
        assert_int_equal(run.s.processes, i + 1);
        assert_int_equal(run.out.n, 0);
    }
}

static void a_statement_that_cannot_be_prepared_says_what_the_server_said(void **state)
{
    const struct cqlr_source_param p = {.kind = CQLR_SOURCE_INT, .last = 9, .step = 1};
    struct cqlr_err err;
    (void)state;
    start_server(0);
    run.o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    run.o.statement = cqlr_cstr("SELECT nope FROM nowhere WHERE k = ?");
    assert_int_equal(cqlr_bulk_run(&run.o, &run.s, sizeof run.s), CQLR_E_SERVER);
    assert_non_null(strstr(run.s.err.text, "Invalid"));
    assert_true(run.s.err.server_code != 0);
    assert_int_equal(run.s.missing, 10);
    cqlr_source_free(run.o.source);
}

static void nobody_at_the_contact_point_ends_the_run(void **state)
{
    (void)state;
    start_server(0);
    stop_server();
    run_local(10);
    assert_int_equal(run.s.err.code, CQLR_E_CONNECT);
    assert_int_equal(run.s.missing, 10);
}

/* The server is killed in the middle: no hang, and no gap that is not told. */
static int kill_server(void *arg, const uint8_t *p, size_t n)
{
    (void)arg;
    (void)p;
    (void)n;
    if (run.pid[0] && run.pid[1]) /* both are connected */
        stop_server();
    return 0;
}

static void a_server_that_dies_ends_the_run_with_the_reason(void **state)
{
    (void)state;
    start_server(200000);
    run.o.on_output = kill_server;
    run.o.block = 10;
    run.o.processes = 2;
    run_local(20000);
    assert_non_null(strstr(run.s.err.text, "connection lost"));
    assert_int_equal(run.s.err.code, CQLR_E_CONNECT);
    assert_true(run.s.queries > 0 && run.s.missing > 0);
    assert_int_equal(run.s.queries + run.s.missing, 20000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(kills_change_no_byte_of_paged_answers),
        T(the_main_job_counts_what_it_read),
        T(a_statement_that_cannot_be_prepared_says_what_the_server_said),
        T(nobody_at_the_contact_point_ends_the_run),
        T(a_server_that_dies_ends_the_run_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

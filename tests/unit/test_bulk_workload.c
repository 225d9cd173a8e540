/*
 * Records and workloads over the real engine, against the stub server.
 */
#include "tests/unit/bulk_stub.h"

/* "index=first value of the statement:first cell,...\n" of a page. */
static int print_bound(void *arg, const struct cqlr_item *item, cqlr_reply *r, struct cqlr_wr *out,
                       uint64_t *rows, struct cqlr_err *err)
{
    const struct cqlr_columns *markers = cqlr_prepared_markers(item->prepared);
    struct cqlr_row row;
    char head[40];
    int n = snprintf(head, sizeof head, "%llu=", (unsigned long long)item->index), rc;
    (void)arg;
    cqlr_wr_raw(out, head, (size_t)n);
    for (uint32_t i = 0; i < markers->count; i++) {
        rc = cqlr_value_print(out, markers->col[i].type, cqlr_bound_value(item->bound, i),
                              CQLR_TEXT, err);
        assert_int_equal(rc, 0);
        cqlr_wr_u8(out, ':');
    }
    while ((rc = cqlr_reply_next(r, &row)) == 1) {
        if (row.cell[0].n > 0)
            cqlr_wr_raw(out, row.cell[0].p, (size_t)row.cell[0].n);
        cqlr_wr_u8(out, ',');
        ++*rows;
    }
    cqlr_wr_u8(out, '\n');
    return rc;
}

static void gives(const char *want_out, const char *want_failed)
{
    assert_string_equal((const char *)run.out.p, want_out);
    assert_string_equal((const char *)run.failed.p, want_failed);
}

static int bulk_file(cqlr_source *(*make)(int, struct cqlr_err *), const char *text, size_t n)
{
    int fd = file_of(text, n), rc;
    rc = bulk(make(fd, &run.err));
    close(fd);
    return rc;
}

static cqlr_source *csv(int fd, struct cqlr_err *err)
{
    return cqlr_source_records(fd, CQLR_RECORDS_CSV, err);
}

static cqlr_source *ndjson(int fd, struct cqlr_err *err)
{
    return cqlr_source_records(fd, CQLR_RECORDS_NDJSON, err);
}

#define TABLES                                                                                     \
    "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?"

static void records_are_executed_with_their_values(void **state)
{
    static const char text[] = "x,table_name,keyspace_name\n"
                               "1,tables,system_schema\n"
                               "2,\"no\nthing\",system\n"
                               "3,local\n"
                               "4,\"local\",\"sys\"tem\n"
                               "5,,system\n"
                               "6,local,system\n";
    static const char json[] = "{\"keyspace_name\":\"system\",\"x\":[],\"table_name\":\"local\"}\n"
                               "\n"
                               "{\"keyspace_name\":\"system\"}\n"
                               "[\"system_schema\", \"types\"]\n";
    (void)state;
    start_server();
    run.o.statement = cqlr_cstr(TABLES);
    run.o.on_page = print_bound;
    for (unsigned i = 1; i < 4; i++) {
        run.o.processes = i;
        run.o.block = i == 3 ? 1 : 0;
        assert_int_equal(bulk_file(csv, text, sizeof text - 1), 0);
        assert_int_equal(run.markers, 2);
        assert_string_equal((const char *)run.out.p, "0=system_schema:tables:tables,\n"
                                                     "1=system:no\nthing:\n"
                                                     "5=system:local:local,\n");
        assert_non_null(strstr((const char *)run.failed.p,
                               "2: line 5: 2 cells, the header has 3 [3,local]\n"
                               "3: line 6: text behind a closing quote [4,\"local\",\"sys\"tem]\n"
                               "4: "));
        assert_non_null(strstr((const char *)run.failed.p, " [5,,system]\n"));
        assert_int_equal(run.s.queries, 3);
        assert_int_equal(run.s.errors, 3);
        assert_int_equal(bulk_file(ndjson, json, sizeof json - 1), 0);
        gives("0=system:local:local,\n2=system_schema:types:types,\n",
              "1: line 3: no value for marker table_name [{\"keyspace_name\":\"system\"}]\n");
    }
}

static void a_csv_without_a_marker_s_column_sends_nothing(void **state)
{
    static const char text[] = "keyspace_name,x\nsystem,local\n";
    (void)state;
    start_server();
    run.o.statement = cqlr_cstr(TABLES);
    assert_int_equal(bulk_file(csv, text, sizeof text - 1), CQLR_E_RANGE);
    assert_string_equal(run.s.err.text,
                        "marker 2 (table_name): no column of this name in the CSV header");
    assert_int_equal(run.s.queries + run.s.errors, 0);
    assert_int_equal(run.markers, -1);
}

/* Records from a pipe whose writer is slow: they are executed as they come. */
static void records_are_read_as_they_come(void **state)
{
    int p[2];
    pid_t writer;
    (void)state;
    start_server();
    assert_int_equal(pipe(p), 0);
    writer = fork();
    if (writer == 0) {
        static const char *const part[] = {"table_name,keysp", "ace_name\nlocal,sys", "tem\n\"lo",
                                           "cal\",system\n", "peers,system"};
        for (size_t i = 0; i < 5; i++) {
            usleep(20000);
            (void)!write(p[1], part[i], strlen(part[i]));
        }
        _exit(0);
    }
    close(p[1]);
    run.o.statement = cqlr_cstr(TABLES);
    run.o.on_page = print_bound;
    run.o.processes = 2;
    assert_int_equal(bulk(csv(p[0], &run.err)), 0);
    gives("0=system:local:local,\n1=system:local:local,\n2=system:peers:peers,\n", "");
    close(p[0]);
    waitpid(writer, NULL, 0);
}

static unsigned ended, died;

static void count_ends(void *arg, enum cqlr_worker_event ev, pid_t pid, unsigned slot,
                       const char *why)
{
    (void)arg;
    (void)pid;
    (void)slot;
    (void)why;
    ended += ev == CQLR_WORKER_ENDED;
    died += ev == CQLR_WORKER_DIED;
}

static void statements_are_mixed_and_results_keep_their_order(void **state)
{
    static const char text[] =
        "{\"query\":\"SELECT key FROM system.local WHERE key=?\",\"params\":[\"local\"]}\n"
        "{\"query\":\"" TABLES "\",\"params\":{\"keyspace_name\":\"system\",\"table_name\":"
        "\"peers\"}}\n"
        "\n"
        "{\"query\":\"SELECT key FROM system.local\"}\n"
        "{\"query\":\"SELECT key FROM system.local WHERE key=?\"}\n"
        "{\"query\":\"SELECT key FROM system.nowhere\"}\n"
        "nonsense\n"
        "{\"query\":\"SELECT key FROM system.local WHERE "
        "key=:k\",\"params\":{\"k\":\"7\",\"K\":1}}\n"
        "{\"query\":\"SELECT key FROM system.nowhere\",\"id\":2}\n"
        "{\"query\":\"SELECT key FROM system.local WHERE key=?\",\"params\":[\"LOCAL\"]}\n";
    (void)state;
    start_server();
    run.o.on_page = print_bound;
    run.o.on_worker = count_ends;
    for (unsigned i = 1; i < 5; i++) {
        const char *failed;
        ended = died = 0;
        run.o.processes = i % 2 + 1;
        run.o.in_flight = i > 2 ? 1 : 128;
        run.o.block = i;
        assert_int_equal(bulk_file(cqlr_source_workload, text, sizeof text - 1), 0);
        assert_int_equal(run.markers, 0);
        assert_int_equal(run.columns, 0);
        assert_string_equal((const char *)run.out.p, "0=local:local,\n"
                                                     "1=system:peers:peers,\n"
                                                     "2=local,\n"
                                                     "6=7:\n"
                                                     "8=LOCAL:\n");
        failed = (const char *)run.failed.p;
        assert_int_equal(
            strncmp(failed, "3: line 5: \"params\" is missing, the statement has 1 markers [", 50),
            0);
        assert_non_null(strstr(failed, "\n4: 127.0.0.1:"));
        assert_non_null(strstr(failed, ": PREPARE: "));
        assert_non_null(strstr(failed, "\n5: line 7: JSON: "));
        assert_non_null(strstr(failed, " [nonsense]\n7: 127.0.0.1:"));
        assert_int_equal(run.s.queries, 5);
        assert_int_equal(run.s.errors, 4);
        assert_int_equal(died, 0); /* also when they took leave of their statements */
        assert_true(ended > 0);
    }
}

/* More different statements than are kept, each several times, some now and then; a few do not
 * exist. */
static void many_statements_come_and_go(void **state)
{
    static const char *const table[] = {"types", "keyspaces", "tables", "nothing", "views"};
    struct cqlr_wr text, want;
    (void)state;
    start_server();
    cqlr_wr_init(&text, NULL, 0);
    for (unsigned i = 0; i < 4000; i++) {
        char line[300];
        int n =
            snprintf(line, sizeof line,
                     "{\"query\":\"SELECT %s FROM system_schema.columns WHERE "
                     "keyspace_name=:a%u AND table_name=?\",\"params\":[\"system_schema\","
                     "\"%s\"]}\n",
                     i % 97 == 5 ? "nope" : "column_name", i % 3 ? i / 2 : i % 50, table[i % 5]);
        cqlr_wr_raw(&text, line, (size_t)n);
    }
    run.o.on_page = print_bound;
    run.client.page_size = 3;
    run.o.processes = 1;
    run.o.in_flight = 1;
    assert_int_equal(bulk_file(cqlr_source_workload, (const char *)text.p, text.n), 0);
    assert_int_equal(run.s.errors, 42);
    assert_int_equal(run.s.queries, 3958);
    assert_true(run.s.pages > run.s.queries);
    want = run.out;
    cqlr_wr_init(&run.out, NULL, SIZE_MAX / 2);
    run.o.processes = 2;
    run.o.in_flight = 80;
    assert_int_equal(bulk_file(cqlr_source_workload, (const char *)text.p, text.n), 0);
    assert_int_equal(run.out.n, want.n);
    assert_memory_equal(run.out.p, want.p, want.n);
    assert_int_equal(run.s.errors, 42);
    cqlr_wr_fini(&text);
    cqlr_wr_fini(&want);
}

/* Nothing is ever under way that could set it going again. */
static void lines_that_all_fail_do_not_stop_the_run(void **state)
{
    struct cqlr_wr text;
    (void)state;
    start_server();
    cqlr_wr_init(&text, NULL, 0);
    for (unsigned i = 0; i < 1000; i++)
        cqlr_wr_raw(&text, "no\n", 3);
    run.o.processes = 1;
    run.o.in_flight = 1;
    assert_int_equal(bulk_file(cqlr_source_workload, (const char *)text.p, text.n), 0);
    assert_int_equal(run.s.errors, 1000);
    assert_int_equal(run.s.missing, 0);
    cqlr_wr_fini(&text);
}

/* Workers that were started for one batch learn what the next one is. */
static void one_pool_takes_records_of_all_kinds(void **state)
{
    static const char first[] = "table_name,keyspace_name\nlocal,system\n";
    static const char second[] = "keyspace_name,x,table_name\nsystem_schema,1,types\n";
    static const char third[] = "[\"system\",\"peers\"]\n";
    static const char *const text[] = {first, second, third, first};
    cqlr_bulk *pool;
    (void)state;
    start_server();
    run.o.statement = cqlr_cstr(TABLES);
    run.o.on_page = print_bound;
    run.o.processes = 2;
    pool = cqlr_bulk_new(&run.o);
    assert_non_null(pool);
    for (int i = 0; i < 4; i++) {
        int fd = file_of(text[i], strlen(text[i]));
        cqlr_source *source = i == 2 ? ndjson(fd, &run.err) : csv(fd, &run.err);
        assert_int_equal(cqlr_bulk_batch(pool, source, &run.s, sizeof run.s), 0);
        cqlr_source_free(source);
        close(fd);
    }
    cqlr_bulk_free(pool);
    cqlr_wr_u8(&run.out, 0);
    assert_string_equal((const char *)run.out.p, "0=system:local:local,\n"
                                                 "0=system_schema:types:types,\n"
                                                 "0=system:peers:peers,\n"
                                                 "0=system:local:local,\n");
}

static pid_t worker;

static void note_worker(void *arg, enum cqlr_worker_event ev, pid_t pid, unsigned slot,
                        const char *why)
{
    (void)arg;
    (void)slot;
    (void)why;
    worker = ev == CQLR_WORKER_READY ? pid : 0;
}

static int kill_worker(void *arg, const uint8_t *p, size_t n)
{
    if (worker && run.out.n < 2000)
        kill(worker, SIGKILL);
    return keep_output(arg, p, n);
}

static void lines_of_a_worker_that_died_are_repeated_if_they_may(void **state)
{
    struct cqlr_wr text;
    uint64_t failed = 0;
    (void)state;
    start_server();
    cqlr_wr_init(&text, NULL, 0);
    for (unsigned i = 0; i < 3000; i++) {
        const char *line =
            i % 10 ? "{\"query\":\"SELECT key FROM system.local\"}\n" : "{\"query\":\"INSERT\"}\n";
        cqlr_wr_raw(&text, line, strlen(line));
    }
    run.o.on_output = kill_worker;
    run.o.on_worker = note_worker;
    run.o.on_page = print_bound;
    run.o.processes = 1;
    run.o.block = 20;
    assert_int_equal(bulk_file(cqlr_source_workload, (const char *)text.p, text.n), 0);
    assert_true(run.s.replaced >= 1);
    assert_int_equal(run.s.queries, 2700);
    assert_int_equal(run.s.errors, 300);
    for (const char *p = (const char *)run.failed.p; *p; p = strchr(p, '\n') + 1)
        assert_int_equal(strtoull(p, NULL, 10), 10 * failed++);
    assert_int_equal(failed, 300);
    cqlr_wr_fini(&text);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(records_are_executed_with_their_values),
        T(a_csv_without_a_marker_s_column_sends_nothing),
        T(records_are_read_as_they_come),
        T(statements_are_mixed_and_results_keep_their_order),
        T(many_statements_come_and_go),
        T(lines_that_all_fail_do_not_stop_the_run),
        T(one_pool_takes_records_of_all_kinds),
        T(lines_of_a_worker_that_died_are_repeated_if_they_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

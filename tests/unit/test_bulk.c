/*
 * The whole manager over a CQL engine that needs no server: every shape of a run gives the same
 * output; failures and limits. Descriptors: test_bulk_io.c.
 */
#include "tests/unit/bulk_help.h"

static void every_shape_gives_the_same_output(void **state)
{
    const unsigned in_flight[] = {1, 7, 100, 1000};
    const uint64_t block[] = {1, 10, 100, 256};
    const uint64_t total = 700;
    (void)state;
    fake.many_pages = 7;
    fake.bytes = 200;
    fake.delay = 300000;
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 4; k++) {
            for (unsigned workers = 1; workers <= 5; workers += i == 1 ? 1 : 2) {
                cqlr_wr_reset(&run.out);
                run.o.in_flight = in_flight[i];
                run.o.block = block[k];
                run.o.processes = workers;
                assert_int_equal(run_ints(total), 0);
                run_check(total, false);
                assert_int_equal(run.s.queries, total);
                assert_int_equal(run.s.pages, 900);
                assert_int_equal(run.s.missing, 0);
                assert_int_equal(run.s.replaced, 0);
                assert_true(run.s.processes <= workers);
            }
        }
    }
}

static void counters_and_times_are_right(void **state)
{
    (void)state;
    fake.delay = 2000000;
    run.o.block = 10;
    assert_int_equal(run_ints(3000), 0);
    assert_int_equal(run.s.total, 3000);
    assert_int_equal(run.s.rows, 3000);
    assert_int_equal(run.s.empty, 1000);
    assert_int_equal(run.s.pages, 3000);
    assert_int_equal(run.s.processes, 3);
    assert_true(run.s.seconds > 0);
    assert_true(run.s.min <= run.s.p50 && run.s.p50 <= run.s.p90 && run.s.p90 <= run.s.p99);
    assert_true(run.s.p99 <= run.s.p999 && run.s.p999 <= run.s.max);
    assert_true(run.s.max >= 1000000);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(seen->executed[i], 1);
}

static void connections_are_opened_two_at_a_time(void **state)
{
    (void)state;
    run.o.processes = 12;
    run.o.block = 1;
    run.o.in_flight = 1;
    fake.delay = 3000000;
    assert_int_equal(run_ints(300), 0);
    assert_true(seen->opened >= 2 && seen->opened <= 12);
    assert_true(seen->opening_most <= 2);
}

static void never_more_workers_than_units(void **state)
{
    (void)state;
    run.o.processes = 8;
    run.o.block = 10;
    assert_int_equal(run_ints(11), 0);
    assert_true(run.s.processes <= 2);
    run_check(11, false);
    cqlr_wr_reset(&run.out);
    assert_int_equal(run_ints(1), 0);
    assert_int_equal(run.s.processes, 1);
    run_check(1, false);
}

static void the_plan_is_what_the_run_does(void **state)
{
    const uint64_t total[] = {1, 5, 700, 5000}, block[] = {0, 1, 300};
    struct cqlr_bulk_plan p;
    struct cqlr_err err;
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        const struct cqlr_source_param ids = {
            .kind = CQLR_SOURCE_INT, .last = (int64_t)total[i / 3] - 1, .step = 1};
        run.o.block = block[i % 3];
        run.o.source = cqlr_source_new(&ids, 1, CQLR_COMBINE_PRODUCT, 1, &err);
        cqlr_bulk_plan_get(&run.o, &p);
        cqlr_source_free(run.o.source);
        assert_int_equal(run_ints(total[i / 3]), 0);
        assert_int_equal(p.sets, run.s.total);
        assert_true(p.block && (p.units - 1) * p.block < p.sets && p.units * p.block >= p.sets);
        assert_true(!block[i % 3] || p.block == block[i % 3]);
        assert_int_equal(p.processes, p.units < 3 ? p.units : 3);
        assert_true(run.s.processes <= p.processes);
    }
    assert_true(cqlr_bulk_idempotent(&run.o));
    run.o.statement = cqlr_cstr("selection");
    assert_false(cqlr_bulk_idempotent(&run.o));
}

static void pages_larger_than_the_ring_arrive_whole(void **state)
{
    (void)state;
    fake.bytes = 60000;
    fake.many_pages = 3;
    fake.delay = 500000;
    run.o.lane_bytes = 4096;
    run.o.block = 5;
    run.o.in_flight = 10;
    assert_int_equal(run_ints(100), 0);
    run_check(100, false);
    assert_int_equal(run.s.pages, 100 + 34 * 2);
}

static cqlr_bulk *pool;
static unsigned asked_early;

/* Has a worker asked for more while it still had something to submit? */
static int look_at_workers(struct run *r)
{
    const struct cqlr__manager *m = (const struct cqlr__manager *)(const void *)pool;
    for (unsigned i = 0; i < m->lanes && r->out.n < 10000; i++) {
        const struct cqlr__lane *l = &m->lane[i];
        asked_early += l->hungry && l->queued > 0 && l->queued < m->batch.block;
    }
    return 0;
}

static void workers_ask_for_more_before_they_have_nothing_left(void **state)
{
    const struct cqlr_source_param p = {
        .name = "id", .kind = CQLR_SOURCE_INT, .last = 1999, .step = 1};
    struct cqlr_err err;
    cqlr_source *s = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    (void)state;
    fake.delay = 100000;
    run.o.processes = 1;
    run.o.in_flight = 2;
    run.o.block = 20;
    run.each_output = look_at_workers;
    pool = cqlr__bulk_new(&run.o, &fake_engine);
    assert_int_equal(cqlr_bulk_batch(pool, s, &run.s, sizeof run.s), 0);
    cqlr_bulk_free(pool);
    cqlr_source_free(s);
    run_check(2000, false);
    assert_true(asked_early > 0);
}

/* A worker that is given the first units is waited for like any other: its ring is full before it
 * asks for more, and nobody but the parent can make room. */
static void a_ring_that_is_full_at_once_is_emptied_at_once(void **state)
{
    double fastest = 1e9;
    (void)state;
    fake.bytes = 6000;
    run.o.processes = 1;
    run.o.lane_bytes = 4096;
    for (int i = 0; i < 3 && fastest >= 0.9; i++) {
        cqlr_wr_reset(&run.out);
        assert_int_equal(run_ints(600), 0);
        run_check(600, false);
        fastest = run.s.seconds < fastest ? run.s.seconds : fastest;
    }
    assert_true(fastest < 0.9); /* after a second the parent would look by itself */
}

static void without_order_everything_comes_once(void **state)
{
    uint8_t *had = calloc(1, 2000);
    (void)state;
    fake.delay = 1000000;
    run.o.order = CQLR_ORDER_NONE;
    run.o.block = 3;
    assert_int_equal(run_ints(2000), 0);
    for (size_t i = 0; i < run.out.n;) {
        uint64_t index = strtoull((char *)run.out.p + i, NULL, 10);
        assert_true(index < 2000 && !had[index]);
        had[index] = 1;
        i += (size_t)((uint8_t *)memchr(run.out.p + i, '\n', run.out.n - i) - (run.out.p + i)) + 1;
    }
    for (int i = 0; i < 2000; i++)
        assert_int_equal(had[i], 1);
    free(had);
}

/* ---- failures of parameter sets ---- */

static void failures_that_are_put_up_with_leave_out_their_rows(void **state)
{
    (void)state;
    fake.fails = 50;
    fake.many_pages = 7;
    run.o.max_errors = 40;
    run.o.block = 8;
    assert_int_equal(run_ints(2000), 0);
    assert_int_equal(run.s.errors, 40);
    assert_int_equal(run.failed, 40);
    assert_int_equal(run.s.unknown, 0);
    assert_int_equal(run.s.queries, 1960);
    assert_int_equal(run.s.missing, 0);
}

static void one_failure_too_many_ends_the_run_there(void **state)
{
    (void)state;
    fake.fails = 50;
    run.o.max_errors = 9;
    run.o.block = 8;
    fake.delay = 100000;
    assert_int_equal(run_ints(2000), CQLR_E_LIMIT);
    assert_int_equal(run.s.errors, 10);
    assert_int_equal(run.last_failed, 499);
    assert_non_null(strstr(run.s.err.text, "set 499 refused"));
    run_check(500, true);
    assert_int_equal(run.s.queries + run.s.errors + run.s.missing, 2000);
}

static void a_share_of_failures_is_looked_at_from_a_hundred_on(void **state)
{
    (void)state;
    fake.fails = 50;
    run.o.max_error_share = 0.03;
    assert_int_equal(run_ints(2000), 0);
    run.failed = 0;
    run.o.max_error_share = 0.01;
    assert_int_equal(run_ints(2000), CQLR_E_LIMIT);
    run.failed = 0;
    fake.fails = 10; /* 5 of 50: too many, but only known at the end */
    run.o.max_error_share = 0.09;
    assert_int_equal(run_ints(50), CQLR_E_LIMIT);
    assert_int_equal(run.s.queries, 45);
}

static void a_connection_that_cannot_be_opened_ends_the_run(void **state)
{
    (void)state;
    fake.open_code = CQLR_E_AUTH;
    assert_int_equal(run_ints(100), CQLR_E_AUTH);
    assert_string_equal(run.s.err.text, "10.0.0.1:9042: no");
    assert_int_equal(run.s.missing, 100);
    assert_int_equal(run.out.n, 0);
}

static void a_lost_connection_is_opened_again_and_its_work_repeated(void **state)
{
    (void)state;
    fake.hangs_up = 300;
    fake.many_pages = 5;
    fake.delay = 300000;
    run.o.block = 10;
    assert_int_equal(run_ints(1000), 0);
    run_check(1000, false);
    assert_int_equal(run.s.queries, 1000);
    assert_int_equal(run.died, 0);
}

static void work_that_must_not_be_repeated_is_reported_when_its_connection_is_lost(void **state)
{
    (void)state;
    fake.hangs_up = 300;
    fake.delay = 300000;
    run.o.block = 10;
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    run.o.max_errors = 1000;
    assert_int_equal(run_ints(1000), 0);
    assert_true(run.s.errors >= 1);
    assert_int_equal(run.s.unknown, run.s.errors);
    assert_int_equal(run.s.queries + run.s.errors, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(seen->executed[i], 1);
}

static void work_that_was_not_sent_is_repeated_whatever_it_is(void **state)
{
    (void)state;
    fake.hangs_up = 300;
    fake.unsent = true;
    fake.delay = 300000;
    run.o.block = 10;
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    assert_int_equal(run_ints(1000), 0);
    run_check(1000, false);
    assert_int_equal(run.s.queries, 1000);
}

/* ---- parameters and callbacks ---- */

static int head(void *arg, const struct cqlr_columns *markers, const struct cqlr_columns *columns,
                struct cqlr_wr *w)
{
    (void)arg;
    assert_int_equal(markers->count, 1);
    assert_memory_equal(columns->col[0].name.p, "id", 2);
    cqlr_wr_raw(w, "id\n", 3);
    return 0;
}

static int refuse(void *arg, const struct cqlr_columns *markers, const struct cqlr_columns *columns,
                  struct cqlr_wr *w)
{
    (void)arg;
    (void)markers;
    (void)columns;
    (void)w;
    return CQLR_E_STATE;
}

static void the_head_comes_first_also_when_there_is_nothing_else(void **state)
{
    const struct cqlr_source_param p = {.name = "id", .kind = CQLR_SOURCE_LIST};
    struct cqlr_err err;
    (void)state;
    run.o.on_prepared = head;
    run.o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    assert_int_equal(cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s), 0);
    assert_int_equal(run.out.n, 3);
    cqlr_source_free(run.o.source);
    run.o.on_prepared = refuse;
    assert_int_equal(run_ints(10), CQLR_E_STATE);
}

static void a_parameter_that_does_not_fit_stops_before_anything_is_sent(void **state)
{
    const struct cqlr_str text = {"4x", 2};
    struct cqlr_source_param p = {
        .name = "id", .kind = CQLR_SOURCE_LIST, .text = &text, .count = 1};
    struct cqlr_err err;
    (void)state;
    run.o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    assert_int_equal(cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s), CQLR_E_TYPE);
    assert_non_null(strstr(run.s.err.text, "parameter id: '4x' is not a"));
    assert_int_equal(seen->executed[0], 0);
    cqlr_source_free(run.o.source);
}

static int enough(struct run *r)
{
    return r->out.n > 500 ? CQLR_E_STATE : 0;
}

static void the_outputs_code_ends_the_run(void **state)
{
    (void)state;
    run.each_output = enough;
    assert_int_equal(run_ints(2000), CQLR_E_STATE);
    run_check(2000, true);
}

static void wrong_options_are_a_usage_error(void **state)
{
    (void)state;
    run.o.in_flight = 0;
    assert_int_equal(run_ints(10), CQLR_E_USAGE);
    run.o.in_flight = 32768;
    assert_int_equal(run_ints(10), CQLR_E_USAGE);
    run.o.in_flight = 1;
    run.o.statement.n = 0;
    assert_int_equal(run_ints(10), CQLR_E_USAGE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, run_setup, run_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_shape_gives_the_same_output),
        T(counters_and_times_are_right),
        T(connections_are_opened_two_at_a_time),
        T(never_more_workers_than_units),
        T(the_plan_is_what_the_run_does),
        T(pages_larger_than_the_ring_arrive_whole),
        T(workers_ask_for_more_before_they_have_nothing_left),
        T(a_ring_that_is_full_at_once_is_emptied_at_once),
        T(without_order_everything_comes_once),
        T(failures_that_are_put_up_with_leave_out_their_rows),
        T(one_failure_too_many_ends_the_run_there),
        T(a_share_of_failures_is_looked_at_from_a_hundred_on),
        T(a_connection_that_cannot_be_opened_ends_the_run),
        T(a_lost_connection_is_opened_again_and_its_work_repeated),
        T(work_that_must_not_be_repeated_is_reported_when_its_connection_is_lost),
        T(work_that_was_not_sent_is_repeated_whatever_it_is),
        T(the_head_comes_first_also_when_there_is_nothing_else),
        T(a_parameter_that_does_not_fit_stops_before_anything_is_sent),
        T(the_outputs_code_ends_the_run),
        T(wrong_options_are_a_usage_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A pool over a CQL engine that needs no server: many batches over the same workers, deaths in a
 * batch and between two, and what a batch that failed leaves behind.
 */
#include "tests/unit/bulk_help.h"

static cqlr_bulk *pool;
static unsigned descriptors;

static int setup(void **state)
{
    run_setup(state);
    descriptors = open_descriptors();
    fake.print = true;
    return 0;
}

static int teardown(void **state)
{
    cqlr_bulk_free(pool);
    pool = NULL;
    assert_int_equal(open_descriptors(), descriptors);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    return run_teardown(state);
}

static void new_pool(void)
{
    pool = cqlr__bulk_new(&run.o, &fake_engine);
    assert_non_null(pool);
}

/* One batch over a source, which is freed; what came out is in run.out. */
static int batch(cqlr_source *s)
{
    int rc;
    assert_non_null(s);
    cqlr_wr_reset(&run.out);
    run.failed = 0;
    rc = cqlr_bulk_batch(pool, s, &run.s, sizeof run.s);
    assert_int_equal(rc, run.s.err.code);
    cqlr_source_free(s);
    return rc;
}

static cqlr_source *ints(int64_t first, int64_t last)
{
    const struct cqlr_source_param p = {
        .name = "id", .kind = CQLR_SOURCE_INT, .first = first, .last = last, .step = 1};
    struct cqlr_err err;
    return cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
}

/* The output is these numbers. */
static void numbers_are(int64_t first, int64_t last)
{
    const char *p = (const char *)run.out.p, *end = p + run.out.n;
    for (int64_t i = first; i <= last; i++) {
        char *next;
        assert_true(p < end);
        assert_true(strtoll(p, &next, 10) == i && *next == '\n');
        p = next + 1;
    }
    assert_ptr_equal(p, end);
}

static void batch_is_right(int64_t first, int64_t last)
{
    uint64_t n = (uint64_t)(last - first) + 1;
    assert_int_equal(batch(ints(first, last)), 0);
    numbers_are(first, last);
    assert_int_equal(run.s.queries, n);
    assert_int_equal(run.s.total, n);
    assert_int_equal(run.s.pages, n);
    assert_int_equal(run.s.missing, 0);
    assert_int_equal(run.s.errors, 0);
}

static void many_batches_have_the_same_workers(void **state)
{
    pid_t pid[64];
    (void)state;
    fake.delay = 100000;
    run.o.block = 7;
    new_pool();
    assert_int_equal(run.started, 0);
    batch_is_right(0, 999);
    assert_true(run.started >= 1);
    while (run.started < 3)
        batch_is_right(0, 999);
    memcpy(pid, run.pid, sizeof pid);
    for (int64_t i = 0; i < 200; i++)
        batch_is_right(i * 1000, i * 1000 + i * i % 83);
    batch_is_right(5, 4999);
    assert_memory_equal(pid, run.pid, sizeof pid);
    assert_int_equal(run.started, 3);
    assert_int_equal(seen->opened, 3);
    assert_int_equal(run.s.processes, 3);
}

static void workers_are_started_as_there_is_work_for_them(void **state)
{
    (void)state;
    fake.delay = 500000;
    run.o.in_flight = 1;
    run.o.block = 5;
    run.o.processes = 4;
    new_pool();
    batch_is_right(1, 5);
    assert_int_equal(run.started, 1);
    batch_is_right(1, 3);
    batch_is_right(1, 10);
    assert_true(run.started <= 2);
    batch_is_right(1, 2000);
    assert_int_equal(run.started, 4);
}

static void counters_and_times_begin_anew(void **state)
{
    uint64_t max;
    (void)state;
    run.o.processes = 1;
    run.o.max_errors = 10;
    fake.delay = 3000000;
    fake.slow = 3;
    fake.fails = 1000;
    new_pool();
    assert_int_equal(batch(ints(0, 999)), 0);
    assert_int_equal(run.s.errors, 1);
    assert_int_equal(run.failed, 1);
    max = run.s.max;
    assert_true(max >= 200000000 && run.s.seconds >= 0.2);
    batch_is_right(0, 2);
    assert_true(run.s.max < max && run.s.max > 0);
}

static void sources_of_every_kind_follow_each_other(void **state)
{
    const struct cqlr_str text[] = {{"one", 3}, {NULL, 0}, {"two", 3}};
    const struct cqlr_source_param list = {
        .name = "id", .kind = CQLR_SOURCE_LIST, .text = text, .count = 3, .checked_late = true};
    const struct cqlr_source_param ring = {
        .name = "id", .kind = CQLR_SOURCE_TOKEN_START, .count = 2};
    struct cqlr_err err;
    int p[2];
    (void)state;
    run.o.processes = 2;
    new_pool();
    for (int i = 0; i < 5; i++) {
        batch_is_right(-5, 700);
        assert_int_equal(batch(cqlr_source_new(&list, 1, CQLR_COMBINE_PRODUCT, 2, &err)), 0);
        assert_int_equal(run.out.n, 18);
        assert_memory_equal(run.out.p, "one\n\ntwo\none\n\ntwo\n", 18);
        assert_int_equal(batch(cqlr_source_new(&ring, 1, CQLR_COMBINE_PRODUCT, 1, &err)), 0);
        assert_int_equal(run.out.n, 23);
        assert_memory_equal(run.out.p, "-9223372036854775808\n0\n", 23);

        fake.print = false; /* reaches workers by fork: */
        fake.text = true;
        cqlr_bulk_free(pool); /* so with new ones */
        new_pool();
        assert_int_equal(pipe(p), 0);
        assert_int_equal(write(p[1], "a\n\\N\nbc", 7), 7);
        close(p[1]);
        assert_int_equal(batch(cqlr_source_lines(p[0], "id", &err)), 0);
        close(p[0]);
        assert_int_equal(run.out.n, 10);
        assert_memory_equal(run.out.p, "a\nnull\nbc\n", 10);
        assert_int_equal(run.s.total, 3);
        assert_int_equal(pipe(p), 0);
        assert_int_equal(write(p[1], "d\n", 2), 2);
        close(p[1]);
        assert_int_equal(batch(cqlr_source_lines(p[0], "id", &err)), 0);
        close(p[0]);
        assert_int_equal(run.out.n, 2);
        assert_int_equal(batch(cqlr_source_new(&list, 1, CQLR_COMBINE_PRODUCT, 1, &err)), 0);
        fake.print = true;
        fake.text = false;
        cqlr_bulk_free(pool);
        new_pool();
    }
}

/* More than a message holds, and than the socket takes at once. */
static void a_list_longer_than_a_message_reaches_workers_that_were_there(void **state)
{
    const size_t n = 1000, length = 70000;
    struct cqlr_str *text = calloc(n, sizeof *text);
    char *bytes = malloc(n * length);
    struct cqlr_source_param list = {
        .name = "id", .kind = CQLR_SOURCE_LIST, .text = text, .count = n, .checked_late = true};
    struct cqlr_err err;
    (void)state;
    for (size_t i = 0; i < n; i++) {
        memset(bytes + i * length, 'a' + (int)(i % 26), length);
        text[i] = (struct cqlr_str){bytes + i * length, i % 100 ? 10 : length};
    }
    for (size_t i = 0; i < n; i++) /* most are long, and never executed */
        text[i].n = i < 20 ? 10 : length;
    assert_true(n * length > CQLR__MESSAGE_MAX);
    run.o.processes = 2;
    run.o.block = 1;
    new_pool();
    batch_is_right(0, 500);
    run.o.skip = 0;
    assert_int_equal(batch(cqlr_source_new(&list, 1, CQLR_COMBINE_PRODUCT, 1, &err)), 0);
    assert_int_equal(run.s.queries, n);
    assert_int_equal(run.out.n, 20 * 11 + (n - 20) * (length + 1));
    for (size_t i = 0, at = 0; i < n; at += text[i++].n + 1) {
        assert_int_equal(run.out.p[at + text[i].n], '\n');
        assert_memory_equal(run.out.p + at, text[i].p, text[i].n);
    }
    batch_is_right(1, 50);
    free(text);
    free(bytes);
}

/* ---- deaths ---- */

/* Kills a living worker, this one or else another. */
static pid_t kill_worker(unsigned slot)
{
    for (unsigned i = 0; i < 64; i++, slot = (slot + 1) % 64) {
        if (run.pid[slot]) {
            kill(run.pid[slot], SIGKILL);
            return run.pid[slot];
        }
    }
    return -1;
}

static void a_worker_that_died_between_batches_is_replaced(void **state)
{
    unsigned replaced = 0;
    siginfo_t si;
    pid_t pid;
    (void)state;
    fake.delay = 100000;
    run.o.block = 10;
    run.o.processes = 2;
    new_pool();
    for (unsigned i = 0; i < 20; i++) {
        batch_is_right(i, 600 + i);
        replaced += run.s.replaced;
        pid = kill_worker(i % 2);
        if (i % 3 == 1) /* dead before the next one begins, or a moment after that */
            assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
    }
    batch_is_right(0, 99);
    assert_int_equal(replaced + run.s.replaced, 20);
    assert_int_equal(run.died, 20);
}

static int kill_one(struct run *r)
{
    static size_t next;
    if (r->out.n < next)
        next = 0;
    if (r->out.n < next + 4000)
        return 0;
    next = r->out.n;
    kill_worker(next % 2);
    return 0;
}

static void workers_that_die_in_a_batch_change_no_batch(void **state)
{
    (void)state;
    fake.delay = 200000;
    run.o.block = 10;
    run.o.processes = 2;
    run.o.lane_bytes = 4096;
    new_pool();
    for (int i = 0; i < 6; i++) {
        run.each_output = i % 2 ? NULL : kill_one;
        batch_is_right(i * 10000, i * 10000 + 2999);
    }
    assert_true(run.died >= 3);
}

static void all_dead_between_batches_is_no_failure(void **state)
{
    (void)state;
    run.o.processes = 3;
    run.o.block = 5;
    fake.delay = 100000;
    new_pool();
    batch_is_right(0, 999);
    for (int i = 0; i < 3; i++) {
        if (run.pid[i])
            kill(run.pid[i], SIGKILL);
    }
    batch_is_right(0, 999);
    assert_true(run.s.replaced >= 1);
    assert_int_equal(run.s.unknown, 0);
}

/* The second worker is still connecting when the first has done everything, and then the server is
 * away for a moment. */
static void a_connection_that_failed_between_batches_is_no_failure(void **state)
{
    (void)state;
    run.o.processes = 2;
    run.o.in_flight = 1;
    run.o.block = 1;
    fake.opening = 300000000;
    fake.slow = 1;
    new_pool();
    batch_is_right(0, 1);
    assert_int_equal(run.died, 0);
    atomic_store(&seen->down_until, cqlr_now() + 300000000);
    usleep(350000);
    batch_is_right(0, 99);
    assert_true(run.died > 0);
}

/* ---- failures ---- */

static void a_source_that_does_not_fit_leaves_the_pool_as_it_was(void **state)
{
    const struct cqlr_str text = {"4x", 2};
    const struct cqlr_source_param bad = {
        .name = "id", .kind = CQLR_SOURCE_LIST, .text = &text, .count = 1};
    const struct cqlr_source_param other = {
        .name = "nobody", .kind = CQLR_SOURCE_INT, .last = 9, .step = 1};
    struct cqlr_err err;
    (void)state;
    run.o.processes = 1;
    new_pool();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(batch(cqlr_source_new(&bad, 1, CQLR_COMBINE_PRODUCT, 1, &err)),
                         CQLR_E_TYPE);
        assert_int_equal(run.s.missing, 1);
        assert_int_equal(batch(cqlr_source_new(&other, 1, CQLR_COMBINE_PRODUCT, 1, &err)),
                         CQLR_E_RANGE);
        assert_int_equal(cqlr_bulk_batch(pool, NULL, &run.s, sizeof run.s), CQLR_E_USAGE);
        batch_is_right(0, 20);
        assert_int_equal(run.started, 1);
    }
}

static void after_a_failure_in_the_middle_the_pool_is_used_up(void **state)
{
    (void)state;
    fake.fails = 50;
    new_pool();
    assert_int_equal(batch(ints(0, 40)), 0);
    assert_int_equal(batch(ints(0, 500)), CQLR_E_LIMIT);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(batch(ints(0, 40)), CQLR_E_STATE);
        assert_non_null(strstr(run.s.err.text, "an earlier batch has failed: too many errors"));
        assert_int_equal(run.s.missing, 41);
        assert_int_equal(run.out.n, 0);
    }
}

static unsigned prepared;

static int on_prepared(void *arg, const struct cqlr_columns *markers,
                       const struct cqlr_columns *columns, struct cqlr_wr *w)
{
    (void)arg;
    (void)columns;
    assert_int_equal(markers->count, 1);
    prepared++;
    cqlr_wr_raw(w, "7\n", 2);
    return 0;
}

static void each_batch_has_its_head(void **state)
{
    (void)state;
    prepared = 0;
    run.o.on_prepared = on_prepared;
    new_pool();
    for (unsigned i = 1; i < 4; i++) {
        assert_int_equal(batch(ints(8, 20)), 0);
        numbers_are(7, 20);
        assert_int_equal(prepared, i);
    }
}

static void a_pool_without_a_batch_ends_too(void **state)
{
    (void)state;
    new_pool();
    cqlr_bulk_free(NULL);
}

/* The host wants an end when all that is left is under way: the batch comes to its end, and the
 * next one has workers again. */
static int stop_at_once(struct run *r)
{
    r->each_output = NULL;
    assert_true(stop_ask());
    return 0;
}

static void a_batch_that_was_told_to_stop_and_came_to_its_end_is_good(void **state)
{
    (void)state;
    stop_open();
    fake.slow = 1;
    run.o.processes = 1;
    run.o.order = CQLR_ORDER_NONE;
    run.each_output = stop_at_once;
    new_pool();
    assert_int_equal(batch(ints(0, 1)), 0);
    batch_is_right(2, 300);
    assert_int_equal(run.s.replaced, 0);
    cqlr_bulk_free(pool);
    pool = NULL;
    stop_close();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(many_batches_have_the_same_workers),
        T(workers_are_started_as_there_is_work_for_them),
        T(counters_and_times_begin_anew),
        T(sources_of_every_kind_follow_each_other),
        T(a_list_longer_than_a_message_reaches_workers_that_were_there),
        T(a_worker_that_died_between_batches_is_replaced),
        T(workers_that_die_in_a_batch_change_no_batch),
        T(all_dead_between_batches_is_no_failure),
        T(a_connection_that_failed_between_batches_is_no_failure),
        T(a_source_that_does_not_fit_leaves_the_pool_as_it_was),
        T(after_a_failure_in_the_middle_the_pool_is_used_up),
        T(each_batch_has_its_head),
        T(a_pool_without_a_batch_ends_too),
        T(a_batch_that_was_told_to_stop_and_came_to_its_end_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

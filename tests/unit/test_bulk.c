/*
 * The whole manager over a CQL engine that needs no server: every shape of a run gives the same
 * output; failures, limits, interruption and lines.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>

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

/* ---- output to a descriptor ---- */

/* Reads all of a pipe, slowly at first, and gives how many bytes and a sum of them as its exit
 * status's stand-in: it writes them back. */
static pid_t slow_reader(int from, int to, int not_mine)
{
    pid_t pid = fork();
    if (pid == 0) {
        uint64_t n = 0, sum = 0;
        uint8_t buf[65536];
        ssize_t k;
        close(not_mine);
        for (int i = 0; (k = read(from, buf, i < 20 ? 1000 : sizeof buf)) > 0; i++) {
            for (ssize_t j = 0; j < k; j++)
                sum = sum * 31 + buf[j];
            n += (uint64_t)k;
            if (i < 20)
                usleep(20000);
        }
        (void)!write(to, &n, sizeof n);
        (void)!write(to, &sum, sizeof sum);
        _exit(0);
    }
    return pid;
}

static void a_slow_reader_gets_everything_and_stops_nobody(void **state)
{
    struct cqlr_wr want;
    uint64_t got[2], sum = 0;
    int p[2], back[2], rc;
    pid_t reader;
    const struct cqlr_source_param ids = {
        .name = "id", .kind = CQLR_SOURCE_INT, .last = 1999, .step = 1};
    struct cqlr_err err;
    (void)state;
    fake.bytes = 3000;
    run.o.lane_bytes = 65536;
    assert_int_equal(pipe(p), 0);
    assert_int_equal(pipe(back), 0);
    reader = slow_reader(p[0], back[1], p[1]);
    run.o.out_fd = p[1];
    run.o.source = cqlr_source_new(&ids, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    rc = cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s);
    close(p[1]);
    assert_int_equal(rc, 0);
    assert_int_equal(read(back[0], got, sizeof got[0]), sizeof got[0]);
    assert_int_equal(read(back[0], got + 1, sizeof got[1]), sizeof got[1]);
    waitpid(reader, NULL, 0);
    run_expect(&want, 2000);
    for (size_t i = 0; i < want.n; i++)
        sum = sum * 31 + want.p[i];
    assert_int_equal(got[0], want.n);
    assert_true(got[1] == sum);
    cqlr_wr_fini(&want);
    cqlr_source_free(run.o.source);
    close(p[0]);
    close(back[0]);
    close(back[1]);
}

static void a_reader_that_leaves_and_a_full_disk_end_the_run(void **state)
{
    int p[2], fd = open("/dev/full", O_WRONLY);
    (void)state;
    fake.bytes = 3000;
    assert_int_equal(pipe(p), 0);
    close(p[0]);
    run.o.out_fd = p[1];
    assert_int_equal(run_ints(2000), CQLR_E_OUTPUT);
    assert_int_equal(run.s.err.sys_errno, EPIPE);
    close(p[1]);
    run.o.out_fd = fd;
    assert_int_equal(run_ints(2000), CQLR_E_OUTPUT);
    assert_int_equal(run.s.err.sys_errno, ENOSPC);
    close(fd);
}

/* ---- interruption ---- */

static int stop_pipe[2], stop_answer;

static int on_stop(void *arg)
{
    char c;
    (void)arg;
    assert_int_equal(read(stop_pipe[0], &c, 1), 1);
    return stop_answer;
}

static int stop_at_3000(struct run *r)
{
    static bool done;
    if (r->out.n < 3000)
        done = false;
    if (r->out.n > 3000 && !done)
        done = write(stop_pipe[1], "x", 1) == 1;
    return 0;
}

static void an_interrupted_run_gives_a_gapless_beginning(void **state)
{
    (void)state;
    assert_int_equal(pipe(stop_pipe), 0);
    fake.delay = 3000000;
    run.o.block = 10;
    run.o.in_flight = 20;
    run.o.stop_fd = stop_pipe[0];
    run.o.on_stop = on_stop;
    run.each_output = stop_at_3000;
    for (stop_answer = 1; stop_answer <= 2; stop_answer++) {
        cqlr_wr_reset(&run.out);
        assert_int_equal(run_ints(ITEMS), CQLR_E_INTERRUPTED);
        run_check(ITEMS, true);
        assert_true(run.s.queries > 0 && run.s.missing > 0);
        assert_int_equal(run.s.queries + run.s.missing, ITEMS);
        assert_int_equal(run.s.replaced, 0);
    }
    close(stop_pipe[0]);
    close(stop_pipe[1]);
}

/* A descriptor that stays readable would wake the parent for ever while the rest comes in. */
static void a_stop_without_a_callback_is_heard_once(void **state)
{
    const struct itimerspec soon = {.it_value = {.tv_nsec = 50000000}};
    clock_t from;
    (void)state;
    run.o.stop_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    assert_int_equal(timerfd_settime(run.o.stop_fd, 0, &soon, NULL), 0);
    fake.slow = 0;
    from = clock();
    assert_int_equal(run_ints(100000), CQLR_E_INTERRUPTED);
    assert_true(clock() - from < CLOCKS_PER_SEC / 20);
    assert_int_equal(run.s.queries + run.s.missing, 100000);
    close(run.o.stop_fd);
}

/* ---- lines ---- */

/* Writes lines 0..n-1, pausing after each `burst`. */
static pid_t writer(int to, int not_mine, unsigned n, unsigned burst, unsigned pause)
{
    pid_t pid = fork();
    if (pid == 0) {
        FILE *f = fdopen(to, "w");
        close(not_mine);
        for (unsigned i = 0; i < n; i++) {
            fprintf(f, i % 10 == 9 ? "\\N\n" : "line %u\n", i);
            if (i % burst == burst - 1) {
                fflush(f);
                usleep(pause);
            }
        }
        fflush(f);
        _exit(0);
    }
    return pid;
}

static void lines_are(unsigned n)
{
    char want[32];
    size_t at = 0;
    for (unsigned i = 0; i < n; i++) {
        int k = snprintf(want, sizeof want, i % 10 == 9 ? "null\n" : "line %u\n", i);
        assert_true(at + (size_t)k <= run.out.n);
        assert_memory_equal(run.out.p + at, want, (size_t)k);
        at += (size_t)k;
    }
    assert_int_equal(run.out.n, at);
}

static void run_lines(int fd)
{
    struct cqlr_err err;
    run.o.source = cqlr_source_lines(fd, "id", &err);
    assert_int_equal(cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s), 0);
    cqlr_source_free(run.o.source);
}

static void lines_of_a_pipe_and_of_a_file_keep_their_order(void **state)
{
    char name[] = "/tmp/cqlraw-lines-XXXXXX";
    int p[2], fd = mkstemp(name);
    pid_t pid;
    (void)state;
    unlink(name);
    fake.text = true;
    fake.delay = 300000;
    run.o.block = 20;
    assert_int_equal(pipe(p), 0);
    pid = writer(p[1], p[0], 30000, 30001, 0);
    close(p[1]);
    run_lines(p[0]);
    close(p[0]);
    waitpid(pid, NULL, 0);
    lines_are(30000);
    assert_int_equal(run.s.total, 30000);

    cqlr_wr_reset(&run.out);
    waitpid(writer(fd, -1, 5000, 5001, 0), NULL, 0);
    lseek(fd, 0, SEEK_SET);
    run_lines(fd);
    lines_are(5000);
    close(fd);
}

static size_t outputs;

static int count_outputs(struct run *r)
{
    (void)r;
    outputs++;
    return 0;
}

static void a_slow_producer_sees_its_results_before_a_block_is_full(void **state)
{
    int p[2];
    pid_t pid;
    (void)state;
    fake.text = true;
    run.each_output = count_outputs;
    outputs = 0;
    assert_int_equal(pipe(p), 0);
    pid = writer(p[1], p[0], 10, 1, 60000); /* far fewer lines than a block */
    close(p[1]);
    run_lines(p[0]);
    close(p[0]);
    waitpid(pid, NULL, 0);
    lines_are(10);
    assert_true(outputs > 3);
}

#define T(f) cmocka_unit_test_setup_teardown(f, run_setup, run_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_shape_gives_the_same_output),
        T(counters_and_times_are_right),
        T(connections_are_opened_two_at_a_time),
        T(never_more_workers_than_units),
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
        T(a_slow_reader_gets_everything_and_stops_nobody),
        T(a_reader_that_leaves_and_a_full_disk_end_the_run),
        T(an_interrupted_run_gives_a_gapless_beginning),
        T(a_stop_without_a_callback_is_heard_once),
        T(lines_of_a_pipe_and_of_a_file_keep_their_order),
        T(a_slow_producer_sees_its_results_before_a_block_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

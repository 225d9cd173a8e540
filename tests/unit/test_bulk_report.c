/*
 * What the host is told: checkpoints from which a run can go on, what a run skips, each worker's
 * share, all latencies, and the record a failure came from.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "tests/unit/bulk_help.h"

/* As run_ints, where the test has children of its own. */
static int run_with_children(uint64_t total)
{
    const struct cqlr_source_param p = {
        .name = "id", .kind = CQLR_SOURCE_INT, .last = (int64_t)total - 1, .step = 1};
    struct cqlr_err err;
    int rc;
    run.o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    rc = cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s);
    cqlr_source_free(run.o.source);
    return rc;
}

/* ---- checkpoints ---- */

static struct {
    int fd;
    uint64_t times, done, bytes;
} checked;

static uint64_t length_of(uint64_t n)
{
    struct cqlr_wr w;
    uint64_t bytes;
    run_expect(&w, n);
    bytes = w.n;
    cqlr_wr_fini(&w);
    return bytes;
}

static void on_checkpoint(void *arg, uint64_t done, uint64_t bytes)
{
    uint64_t skipped = run.o.skip < done ? run.o.skip : done;
    struct stat st;
    (void)arg;
    assert_true(done >= checked.done && bytes >= checked.bytes);
    assert_int_equal(bytes, length_of(done) - length_of(skipped) + (run.o.on_prepared ? 5 : 0));
    if (fstat(checked.fd, &st) == 0 && S_ISREG(st.st_mode))
        assert_true((uint64_t)st.st_size >= bytes);
    checked.times++;
    checked.done = done;
    checked.bytes = bytes;
}

static int head(void *arg, const struct cqlr_columns *markers, const struct cqlr_columns *columns,
                struct cqlr_wr *w)
{
    (void)arg;
    (void)markers;
    (void)columns;
    cqlr_wr_raw(w, "head\n", 5);
    return 0;
}

static void start_checking(int fd)
{
    memset(&checked, 0, sizeof checked);
    checked.fd = fd;
    run.o.out_fd = fd;
    run.o.on_checkpoint = on_checkpoint;
}

/* The test is the reader itself: what it has got and what is in the pipe has been written. */
static struct {
    int fd;
    uint64_t read;
} reader;

static void read_some(size_t n)
{
    static uint8_t buf[100000];
    ssize_t k = 1;
    for (; n && k > 0; n -= (size_t)k) {
        k = read(reader.fd, buf, n < sizeof buf ? n : sizeof buf);
        reader.read += k > 0 ? (uint64_t)k : 0;
    }
}

static void read_now_and_then(void *arg, const struct cqlr_bulk_progress *p)
{
    (void)arg;
    (void)p;
    read_some(300000);
}

static void on_pipe_checkpoint(void *arg, uint64_t done, uint64_t bytes)
{
    int waiting;
    assert_int_equal(ioctl(reader.fd, FIONREAD, &waiting), 0);
    assert_true(bytes <= reader.read + (uint64_t)waiting);
    on_checkpoint(arg, done, bytes);
}

static void checkpoints_lie_between_parameter_sets_and_behind_what_was_written(void **state)
{
    (void)state;
    fake.bytes = 6000;
    fake.many_pages = 2;
    fake.delay = 300000;
    run.o.block = 16;
    for (int i = 0; i < 2; i++) {
        int p[2];
        assert_int_equal(pipe(p), 0);
        assert_int_equal(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
        reader.fd = p[0];
        reader.read = 0;
        start_checking(p[1]);
        run.o.on_prepared = head;
        run.o.on_checkpoint = on_pipe_checkpoint;
        run.o.on_progress = read_now_and_then;
        run.o.lane_bytes = i ? 65536 : 4096; /* pages in chunks, or several sets in a record */
        assert_int_equal(run_ints(700), 0);
        close(p[0]);
        close(p[1]);
        assert_true(checked.times >= 2 && checked.times <= 12);
        assert_int_equal(checked.done, 700);
        assert_int_equal(checked.bytes, length_of(700) + 5);
    }
}

static int stop_now(void *arg)
{
    (void)arg;
    return 2;
}

/* Makes `to` readable for the reader of the other end, in a moment. */
static pid_t stop_in(int to, useconds_t us)
{
    pid_t pid = fork();
    if (pid == 0) {
        usleep(us);
        (void)!write(to, "x", 1);
        _exit(0);
    }
    return pid;
}

/* Again and again: run, interrupt, cut the file at the checkpoint, and go on behind it. */
static void a_run_goes_on_at_a_checkpoint_and_the_output_is_the_same(void **state)
{
    char name[] = "/tmp/cqlraw-checkpoint-XXXXXX";
    int fd = mkstemp(name), rc;
    uint64_t kept = 0;
    unsigned rounds = 0;
    (void)state;
    unlink(name);
    fake.bytes = 500;
    fake.many_pages = 3;
    fake.delay = 2000000;
    run.o.on_stop = stop_now;
    run.o.in_flight = 20;
    run.o.block = 10;
    start_checking(fd);
    do {
        int stop[2];
        pid_t pid;
        assert_int_equal(pipe(stop), 0);
        pid = stop_in(stop[1], 40000);
        run.o.stop_fd = stop[0];
        run.o.skip = checked.done;
        checked.bytes = 0;
        rc = run_with_children(3000);
        waitpid(pid, NULL, 0);
        close(stop[0]);
        close(stop[1]);
        assert_int_equal(run.s.total, 3000 - run.o.skip);
        assert_int_equal(run.s.queries + run.s.missing, 3000 - run.o.skip);
        kept += checked.bytes;
        assert_int_equal(ftruncate(fd, (off_t)kept), 0);
        lseek(fd, 0, SEEK_END);
    } while (rc == CQLR_E_INTERRUPTED && ++rounds < 1000);
    assert_int_equal(rc, 0);
    assert_true(rounds > 1);
    assert_int_equal(kept, length_of(3000));
    cqlr_wr_reset(&run.out);
    assert_int_equal(pread(fd, cqlr_wr_room(&run.out, kept), kept, 0), kept);
    run_check(3000, false);
    close(fd);
}

static void checkpoints_are_for_files_in_order_only(void **state)
{
    int fd = open("/dev/null", O_WRONLY);
    (void)state;
    start_checking(fd);
    run.o.order = CQLR_ORDER_NONE;
    assert_int_equal(run_ints(100), 0);
    run.o.order = CQLR_ORDER_INPUT;
    run.o.out_fd = -1;
    assert_int_equal(run_ints(100), 0);
    assert_int_equal(checked.times, 0);
    run.o.out_fd = fd;
    assert_int_equal(run_ints(0 + 1), 0);
    assert_int_equal(checked.times, 1);
    close(fd);
}

/* Failed sets are done too, with what had left of them. */
static void checkpoints_count_what_failed(void **state)
{
    int fd = open("/dev/null", O_WRONLY);
    (void)state;
    start_checking(fd);
    fake.fails = 3;
    run.o.max_errors = 1000;
    assert_int_equal(run_ints(100), 0);
    assert_int_equal(checked.done, 100);
    close(fd);
}

/* ---- what is skipped ---- */

static void skipped_sets_are_neither_done_nor_counted(void **state)
{
    (void)state;
    run.o.block = 7;
    run.o.skip = 250;
    assert_int_equal(run_ints(1000), 0);
    assert_int_equal(run.s.total, 750);
    assert_int_equal(run.s.queries, 750);
    assert_int_equal(run.s.missing, 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(seen->executed[i], i >= 250);
    assert_memory_equal(run.out.p, "250.0 \n251.0 \n", 14);
    run.o.skip = 1001;
    cqlr_wr_reset(&run.out);
    assert_int_equal(run_ints(1000), 0);
    assert_int_equal(run.s.total, 0);
    assert_int_equal(run.out.n, 0);
}

/* Lines 0..n-1, every tenth null. */
static int lines(unsigned n)
{
    char name[] = "/tmp/cqlraw-lines-XXXXXX";
    int fd = mkstemp(name);
    FILE *f = fdopen(dup(fd), "w");
    unlink(name);
    for (unsigned i = 0; i < n; i++)
        fprintf(f, i % 10 == 9 ? "\\N\n" : "line %u\n", i);
    fclose(f);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static int run_lines(unsigned n)
{
    struct cqlr_err err;
    int fd = lines(n), rc;
    run.o.source = cqlr_source_lines(fd, "id", &err);
    rc = cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s);
    cqlr_source_free(run.o.source);
    close(fd);
    return rc;
}

static void skipped_lines_are_read_over(void **state)
{
    (void)state;
    fake.text = true;
    for (uint64_t block = 1; block <= 1000; block *= 10) {
        cqlr_wr_reset(&run.out);
        run.o.block = block;
        run.o.skip = 333;
        assert_int_equal(run_lines(1000), 0);
        assert_int_equal(run.s.total, 667);
        assert_int_equal(run.s.queries, 667);
        assert_memory_equal(run.out.p, "line 333\nline 334\n", 18);
        assert_int_equal(seen->executed[332], 0);
    }
    run.o.skip = 2000;
    cqlr_wr_reset(&run.out);
    start_checking(open("/dev/null", O_WRONLY));
    assert_int_equal(run_lines(1000), 0);
    assert_int_equal(checked.done, 1000); /* as many as there are */
    close(checked.fd);
    assert_int_equal(run.s.total, 0);
    assert_int_equal(run.s.missing, 0);
    assert_int_equal(run.out.n, 0);
}

/* ---- failures and their records ---- */

static unsigned named;

static void on_failed_line(void *arg, const struct cqlr_bulk_failure *f)
{
    char want[32];
    int n = snprintf(want, sizeof want, f->index % 10 == 9 ? "\\N" : "line %u", (unsigned)f->index);
    (void)arg;
    assert_int_equal(f->record.n, n);
    assert_memory_equal(f->record.p, want, (size_t)n);
    named++;
}

static void on_failed_number(void *arg, const struct cqlr_bulk_failure *f)
{
    (void)arg;
    assert_null(f->record.p);
    named++;
}

static int kill_one(struct run *r)
{
    if (r->died < 3 && r->out.n > 3000 * (r->died + 1u)) {
        for (unsigned i = 0; i < 64; i++) {
            if (r->pid[i]) {
                kill(r->pid[i], SIGKILL);
                break;
            }
        }
    }
    return 0;
}

static void a_failure_names_the_line_it_came_from(void **state)
{
    (void)state;
    named = 0;
    fake.text = true;
    fake.fails = 3;
    fake.delay = 200000;
    run.o.block = 50;
    run.o.max_errors = 10000;
    run.o.on_error = on_failed_line;
    run.each_output = kill_one;
    assert_int_equal(run_lines(3000), 0);
    assert_int_equal(named, 1000);
    assert_true(run.died > 0);
    fake.text = false;
    run.o.on_error = on_failed_number;
    assert_int_equal(run_ints(30), 0);
    assert_int_equal(named, 1010);
}

/* ---- workers and latencies ---- */

static struct {
    unsigned workers, replaced;
    uint64_t queries, errors, rows, answers;
    uint64_t latencies, last_high;
} told;

static void on_worker_summary(void *arg, const struct cqlr_bulk_worker *w)
{
    (void)arg;
    assert_int_equal(w->slot, told.workers);
    assert_true(w->pid > 0 && w->p50 <= w->p99 && w->p99 <= w->max);
    assert_true(w->queries <= w->answers);
    told.workers++;
    told.replaced += w->replaced;
    told.queries += w->queries;
    told.errors += w->errors;
    told.rows += w->rows;
    told.answers += w->answers;
}

static void on_latency(void *arg, uint64_t low, uint64_t high, uint64_t count)
{
    (void)arg;
    assert_true(count > 0 && low <= high && (!told.latencies || low > told.last_high));
    told.latencies += count;
    told.last_high = high;
}

static void workers_and_latencies_add_up_also_when_workers_die(void **state)
{
    (void)state;
    fake.delay = 1000000;
    fake.fails = 40;
    run.o.max_errors = 1000;
    run.o.block = 10;
    run.o.on_worker_summary = on_worker_summary;
    run.o.on_latency = on_latency;
    run.each_output = kill_one;
    for (int i = 0; i < 2; i++) {
        memset(&told, 0, sizeof told);
        run.failed = 0;
        assert_int_equal(run_ints(2000), 0);
        assert_int_equal(told.workers, run.s.processes);
        assert_int_equal(told.replaced, run.s.replaced);
        assert_int_equal(told.queries, 1950);
        assert_int_equal(told.queries, run.s.queries);
        assert_int_equal(told.errors, 50);
        assert_int_equal(told.rows, run.s.rows);
        assert_true(told.answers >= 2000);
        assert_int_equal(told.latencies, told.answers);
        assert_true(told.last_high >= run.s.max);
    }
    assert_true(run.died > 0);
}

/* The first worker waits for a slow answer, the second one runs ahead and dies. */
static void what_comes_out_after_a_workers_death_counts_for_its_slot(void **state)
{
    (void)state;
    fake.delay = 200000;
    fake.slow = 5;
    fake.leaves = 300;
    run.o.processes = 2;
    run.o.in_flight = 2;
    run.o.block = 5;
    run.o.on_worker_summary = on_worker_summary;
    memset(&told, 0, sizeof told);
    assert_int_equal(run_ints(1000), 0);
    assert_int_equal(told.replaced, 1);
    assert_int_equal(told.queries, 1000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, run_setup, run_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(checkpoints_lie_between_parameter_sets_and_behind_what_was_written),
        T(a_run_goes_on_at_a_checkpoint_and_the_output_is_the_same),
        T(checkpoints_are_for_files_in_order_only),
        T(checkpoints_count_what_failed),
        T(skipped_sets_are_neither_done_nor_counted),
        T(skipped_lines_are_read_over),
        T(a_failure_names_the_line_it_came_from),
        T(workers_and_latencies_add_up_also_when_workers_die),
        T(what_comes_out_after_a_workers_death_counts_for_its_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

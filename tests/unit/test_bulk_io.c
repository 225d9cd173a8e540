/*
 * The manager and the descriptors of its host: output to one, a signal to stop from one, lines from
 * one; over a CQL engine that needs no server.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "tests/unit/bulk_help.h"

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

static int stop_at_3000(struct run *r)
{
    static bool done;
    if (r->out.n < 3000)
        done = false;
    if (r->out.n > 3000 && !done)
        done = stop_ask();
    return 0;
}

static void an_interrupted_run_gives_a_gapless_beginning(void **state)
{
    (void)state;
    stop_open();
    fake.delay = 3000000;
    run.o.block = 10;
    run.o.in_flight = 20;
    run.each_output = stop_at_3000;
    for (stop_answer = 1; stop_answer <= 2; stop_answer++) {
        cqlr_wr_reset(&run.out);
        assert_int_equal(run_ints(ITEMS), CQLR_E_INTERRUPTED);
        run_check(ITEMS, true);
        assert_true(run.s.queries > 0 && run.s.missing > 0);
        assert_int_equal(run.s.queries + run.s.missing, ITEMS);
        assert_int_equal(run.s.replaced, 0);
    }
    stop_close();
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
        T(a_slow_reader_gets_everything_and_stops_nobody),
        T(a_reader_that_leaves_and_a_full_disk_end_the_run),
        T(an_interrupted_run_gives_a_gapless_beginning),
        T(a_stop_without_a_callback_is_heard_once),
        T(lines_of_a_pipe_and_of_a_file_keep_their_order),
        T(a_slow_producer_sees_its_results_before_a_block_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

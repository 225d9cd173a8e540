/*
 * Faults of all kinds at random, over batches of a pool with random options: workers that are
 * killed, connections that end, refusals, rings too small for a page, a reader that is slow. The
 * output has to be exact each time, nothing counted twice, nothing left out.
 *
 * CQLRAW_TEST_SEED and CQLRAW_TEST_ROUNDS choose others than the few rounds of the test suite.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "tests/unit/bulk_help.h"

#define MOST_SETS 900

static uint64_t seed;
static cqlr_bulk *pool;
static unsigned descriptors;
static uint64_t kills_left, kill_every, calls;

static uint64_t below(uint64_t n)
{
    seed += UINT64_C(0x9E3779B97F4A7C15);
    return fake_mix(fake_mix(seed) + 1) % n;
}

static bool one_in(uint64_t n)
{
    return below(n) == 0;
}

/* ---- faults ---- */

static void kill_one(void)
{
    size_t at = below(64);
    for (size_t i = 0; i < 64; i++, at = (at + 1) % 64) {
        if (run.pid[at]) {
            kill(run.pid[at], SIGKILL);
            return;
        }
    }
}

static void maybe_kill(void)
{
    if (!kills_left || ++calls % kill_every)
        return;
    kills_left--;
    kill_one();
}

static int on_some_output(struct run *r)
{
    (void)r;
    maybe_kill();
    return 0;
}

static void on_some_error(void *arg, const struct cqlr_bulk_failure *f)
{
    run_error(arg, f);
    maybe_kill();
}

/* ---- what has to come out ---- */

/* The output up to each parameter set; [n] is all of it. */
static size_t place[MOST_SETS + 1];

static void lay_out(struct cqlr_wr *want, uint64_t n)
{
    const struct cqlr_value none = {NULL, CQLR_NULL};
    cqlr_wr_init(want, NULL, SIZE_MAX / 2);
    for (uint64_t i = 0; i < n; i++) {
        place[i] = want->n;
        for (uint64_t k = 0; k < fake_pages(i) && !fake_fails(i); k++)
            fake_output(want, i, k, none);
    }
    place[n] = want->n;
}

/* Each page is there once, a set's pages in their order; the sets come as they like. */
static void pages_are_there_once(const struct cqlr_wr *want, uint64_t n)
{
    uint64_t next[MOST_SETS] = {0};
    const struct cqlr_value none = {NULL, CQLR_NULL};
    struct cqlr_wr page;
    assert_int_equal(run.out.n, want->n);
    cqlr_wr_init(&page, NULL, SIZE_MAX / 2);
    for (size_t at = 0; at < run.out.n; at += page.n) {
        uint64_t i = strtoull((char *)run.out.p + at, NULL, 10);
        assert_true(i < n && next[i] < fake_pages(i) && !fake_fails(i));
        cqlr_wr_reset(&page);
        fake_output(&page, i, next[i]++, none);
        assert_true(page.n <= run.out.n - at);
        assert_memory_equal(run.out.p + at, page.p, page.n);
    }
    cqlr_wr_fini(&page);
}

static uint64_t summed_queries, summed_errors, summed_rows;

static void on_worker_summary(void *arg, const struct cqlr_bulk_worker *w)
{
    (void)arg;
    summed_queries += w->queries;
    summed_errors += w->errors;
    summed_rows += w->rows;
}

static void counts_are_right(uint64_t n)
{
    uint64_t rows = 0, pages = 0, errors = 0;
    for (uint64_t i = 0; i < n; i++) {
        errors += fake_fails(i);
        rows += fake_fails(i) ? 0 : fake_pages(i) * (i % 3);
        pages += fake_fails(i) ? 0 : fake_pages(i);
    }
    assert_int_equal(run.s.queries, n - errors);
    assert_int_equal(run.s.errors, errors);
    assert_int_equal(run.failed, errors);
    assert_int_equal(run.s.rows, rows);
    assert_int_equal(run.s.pages, pages);
    assert_int_equal(run.s.missing, 0);
    assert_int_equal(run.s.unknown, 0);
    assert_int_equal(summed_queries, run.s.queries);
    assert_int_equal(summed_errors, errors);
    assert_int_equal(summed_rows, rows);
}

/* ---- an output that is read slowly, by a process of its own ---- */

static struct reader {
    pid_t pid;
    int fd;        /* the run writes here */
    size_t n, cap; /* what was read, in shared memory */
    uint8_t *p;
    _Atomic size_t *got;
} reader;

static _Noreturn void read_slowly(int fd)
{
    for (;;) {
        ssize_t n = read(fd, reader.p + reader.n, 1 + below(one_in(2) ? 200 : 30000));
        if (n <= 0)
            _exit(0);
        reader.n += (size_t)n;
        atomic_store(reader.got, reader.n);
        if (one_in(8))
            usleep((useconds_t)below(2000));
    }
}

static void reader_start(size_t most)
{
    int end[2];
    reader = (struct reader){.cap = most + 40000};
    reader.p = mmap(NULL, reader.cap + sizeof *reader.got, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(reader.p, MAP_FAILED);
    reader.got = (_Atomic size_t *)(void *)reader.p;
    reader.p += sizeof *reader.got;
    assert_int_equal(one_in(2) ? pipe(end) : socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    reader.pid = fork();
    if (reader.pid == 0) {
        close(end[1]);
        read_slowly(end[0]);
    }
    close(end[0]);
    reader.fd = end[1];
}

/* What it has read is the run's output. */
static void reader_end(void)
{
    int status;
    close(reader.fd);
    assert_int_equal(waitpid(reader.pid, &status, 0), reader.pid);
    assert_int_equal(status, 0);
    cqlr_wr_raw(&run.out, reader.p, atomic_load(reader.got));
    munmap(reader.p - sizeof *reader.got, reader.cap + sizeof *reader.got);
}

/* At any moment: what a checkpoint would say belongs together. */
static void boundary_is_right(void)
{
    const struct cqlr__boundary *b = &((struct cqlr__manager *)(void *)pool)->batch.written;
    assert_true(b->done <= MOST_SETS);
    if (run.o.order == CQLR_ORDER_INPUT)
        assert_int_equal(b->bytes, place[b->done]);
}

static void on_checkpoint(void *arg, uint64_t done, uint64_t bytes)
{
    (void)arg;
    assert_int_equal(bytes, place[done]);
}

static void on_some_worker(void *arg, enum cqlr_worker_event ev, pid_t pid, unsigned slot,
                           const char *why)
{
    run_worker(arg, ev, pid, slot, why);
    if (reader.pid)
        boundary_is_right();
    if (kills_left && one_in(40)) {
        kills_left--;
        kill_one();
    }
}

static void on_progress(void *arg, const struct cqlr_bulk_progress *p)
{
    (void)arg;
    assert_true(p->done <= p->total && p->errors <= p->done);
    if (reader.pid)
        boundary_is_right();
    maybe_kill();
}

/* ---- a round: a pool with random options, and some batches ---- */

static void draw_options(void)
{
    static const unsigned in_flight[] = {1, 2, 7, 30, 200};
    static const uint64_t block[] = {0, 1, 3, 20, 256};
    run.o.processes = 1 + (unsigned)below(4);
    run.o.in_flight = in_flight[below(5)];
    run.o.block = block[below(5)];
    run.o.lane_bytes = one_in(2) ? 4096 : 65536;
    run.o.order = one_in(3) ? CQLR_ORDER_NONE : CQLR_ORDER_INPUT;
    run.o.rate = one_in(5) ? 20000 : 0;
    run.o.max_errors = UINT64_MAX;
    run.o.connects = 1 + (unsigned)below(2);
    run.o.retry_delay = 100000;
    run.o.retry_delay_max = 2000000;
    run.o.outage_wait = UINT64_C(60000000000);
    run.o.on_error = on_some_error;
    run.o.on_worker = on_some_worker;
    run.o.on_worker_summary = on_worker_summary;
    run.o.on_progress = on_progress;
    run.each_output = on_some_output;
}

/* Sets that fail have one page: what had left before would be in the output. */
static void draw_server(void)
{
    fake.delay = below(300000);
    fake.bytes = one_in(3) ? 6000 : below(300);
    fake.many_pages = one_in(2) ? 5 : 0;
    fake.fails = one_in(2) ? 10 : 0;
    fake.refuses = one_in(2) ? 3 : 0;
    fake.refusals = 1 + (unsigned)below(3);
    fake.refuse_code = CQLR_SERVER_OVERLOADED;
}

static void draw_faults(uint64_t n)
{
    memset(seen->refused, 0, sizeof seen->refused);
    atomic_store(&seen->hung_up, 0);
    atomic_store(&seen->hung_again, 0);
    atomic_store(&seen->flapped, 0);
    fake.hangs_up = one_in(2) ? below(n) : NONE;
    fake.hangs_again = one_in(2) ? below(n) : NONE;
    fake.down = one_in(2) ? below(20000000) : 0;
    fake.flaps = (unsigned)below(2);
    kills_left = below(3); /* a third one might hit the same unit again, which ends the run */
    kill_every = 1 + below(30);
}

static void batch(void)
{
    uint64_t n = 1 + below(one_in(3) ? 5 : MOST_SETS);
    const struct cqlr_source_param p = {
        .name = "id", .kind = CQLR_SOURCE_INT, .last = (int64_t)n - 1, .step = 1};
    struct cqlr_err err;
    struct cqlr_wr want;
    cqlr_source *s = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    lay_out(&want, n);
    cqlr_wr_reset(&run.out);
    run.failed = 0;
    summed_queries = summed_errors = summed_rows = 0;
    assert_non_null(s);
    if (cqlr_bulk_batch(pool, s, &run.s, sizeof run.s) != 0)
        fail_msg("%s", run.s.err.text);
    if (reader.pid)
        reader_end();
    if (run.o.order == CQLR_ORDER_NONE) {
        pages_are_there_once(&want, n);
    } else {
        assert_int_equal(run.out.n, want.n);
        assert_memory_equal(run.out.p, want.p, want.n);
    }
    counts_are_right(n);
    cqlr_source_free(s);
    cqlr_wr_fini(&want);
}

static void one_round(void)
{
    bool slow_reader = one_in(3);
    reader.pid = 0;
    draw_options();
    draw_server();
    if (slow_reader) { /* one batch: the descriptor stays the same in a pool */
        reader_start((size_t)MOST_SETS * 3 * 6100);
        run.o.out_fd = reader.fd;
        run.o.on_output = NULL;
        run.o.on_checkpoint = on_checkpoint;
    }
    pool = cqlr__bulk_new(&run.o, &fake_engine);
    assert_non_null(pool);
    for (uint64_t i = slow_reader ? 1 : 1 + below(4); i > 0; i--) {
        draw_faults(MOST_SETS);
        batch();
    }
    cqlr_bulk_free(pool);
    pool = NULL;
    assert_int_equal(open_descriptors(), descriptors);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *s = getenv(name);
    return s ? strtoull(s, NULL, 10) : otherwise;
}

static void faults_change_nothing_in_the_output(void **state)
{
    uint64_t first = from_environment("CQLRAW_TEST_SEED", 1);
    uint64_t rounds = from_environment("CQLRAW_TEST_ROUNDS", 25);
    descriptors = open_descriptors();
    for (uint64_t i = first; i < first + rounds; i++) {
        run_teardown(state);
        run_setup(state);
        seed = i * UINT64_C(0x5851F42D4C957F2D);
        if (getenv("CQLRAW_TEST_SEED"))
            print_message("seed %llu\n", (unsigned long long)i);
        one_round();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        faults_change_nothing_in_the_output, run_setup, run_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

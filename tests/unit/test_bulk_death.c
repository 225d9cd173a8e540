/*
 * Workers that die: the output is the same byte for byte, nothing is done twice that must not be,
 * and there is never a gap with a good end.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "tests/unit/bulk_help.h"

static uint64_t seed = 88172645463325252u;

static uint64_t rnd(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

/* Kills a worker now and then, while output comes. */
static int killer(struct run *r)
{
    static size_t next;
    unsigned slot = (unsigned)rnd(64);
    if (r->out.n < 2000)
        next = 3000;
    if (r->out.n < next)
        return 0;
    for (unsigned i = 0; i < 64; i++, slot = (slot + 1) % 64) {
        if (r->pid[slot]) {
            kill(r->pid[slot], SIGKILL);
            break;
        }
    }
    next = r->out.n + 15000;
    return 0;
}

static void killed_workers_change_nothing_in_the_output(void **state)
{
    const unsigned in_flight[] = {1, 30, 200};
    const uint64_t block[] = {1, 10, 256};
    unsigned replaced = 0;
    (void)state;
    fake.many_pages = 7;
    fake.bytes = 100;
    fake.delay = 400000;
    run.each_output = killer;
    for (size_t i = 0; i < 9; i++) {
        cqlr_wr_reset(&run.out);
        run.o.in_flight = in_flight[i % 3];
        run.o.block = block[i / 3];
        run.o.processes = 2 + (unsigned)i % 4;
        run.o.lane_bytes = i % 2 ? 4096 : 262144;
        assert_int_equal(run_ints(1500), 0);
        run_check(1500, false);
        assert_int_equal(run.s.queries, 1500);
        assert_int_equal(run.s.missing, 0);
        replaced += run.s.replaced;
    }
    assert_true(replaced >= 9);
}

static void a_single_worker_is_replaced_too(void **state)
{
    (void)state;
    fake.bytes = 300;
    fake.delay = 300000;
    run.o.processes = 1;
    run.o.block = 20;
    run.o.in_flight = 10;
    run.o.lane_bytes = 4096; /* so that output comes in many pieces */
    run.each_output = killer;
    assert_int_equal(run_ints(1000), 0);
    run_check(1000, false);
    assert_true(run.s.replaced >= 1);
}

/* Errors in their place also when workers die around them. */
static void failures_keep_their_place(void **state)
{
    (void)state;
    fake.fails = 20;
    fake.bytes = 100;
    fake.delay = 400000;
    run.o.max_errors = 1000;
    run.o.block = 10;
    run.each_output = killer;
    assert_int_equal(run_ints(2000), 0);
    run_check(2000, false);
    assert_int_equal(run.s.errors, 100);
    assert_int_equal(run.failed, 100);
}

static uint8_t told[ITEMS];

static void tell(void *arg, const struct cqlr_bulk_failure *f)
{
    (void)arg;
    assert_int_equal(f->err->code, CQLR_E_CLOSED);
    assert_string_equal(f->err->text, "worker died, outcome unknown");
    assert_false(told[f->index]);
    told[f->index] = 1;
}

static void what_must_not_be_repeated_is_sent_once_and_counted_exactly(void **state)
{
    uint64_t unknown = 0;
    (void)state;
    memset(told, 0, sizeof told);
    fake.bytes = 100;
    fake.delay = 400000;
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    run.o.max_errors = ITEMS;
    run.o.on_error = tell;
    run.o.block = 10;
    run.o.in_flight = 5;
    run.each_output = killer;
    assert_int_equal(run_ints(2000), 0);
    for (uint64_t i = 0; i < 2000; i++) {
        assert_true(seen->executed[i] <= 1);
        assert_true(seen->executed[i] == 1 ||
                    told[i]); /* killed between the mark and the sending */
        unknown += told[i];
    }
    assert_true(unknown > 0);
    assert_true(
        unknown <=
        10 *
            run.died); /* under way, or answered behind one that was: what was published is known */
    assert_int_equal(run.s.unknown, unknown);
    assert_int_equal(run.s.errors, unknown);
    assert_int_equal(run.s.queries, 2000 - unknown);
    for (size_t i = 0, last = 0;
         i < run.out.n;) { /* what has a result has not been told as unknown */
        uint64_t index = strtoull((char *)run.out.p + i, NULL, 10);
        assert_true(!i || index > last);
        assert_false(told[index]);
        last = index;
        i += (size_t)((uint8_t *)memchr(run.out.p + i, '\n', run.out.n - i) - (run.out.p + i)) + 1;
    }
}

/* The host has had enough when half of the output has come. */
static int had_enough(struct run *r)
{
    return r->out.n > 10000 ? CQLR_E_OUTPUT : 0;
}

static void what_was_sent_when_the_run_ended_early_is_unknown_not_missing(void **state)
{
    uint64_t executed = 0, accounted;
    (void)state;
    fake.delay = 400000;
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    run.o.processes = 2;
    run.o.block = 10;
    run.o.in_flight = 20;
    run.each_output = had_enough;
    assert_int_equal(run_ints(2000), CQLR_E_OUTPUT);
    for (uint64_t i = 0; i < 2000; i++)
        executed += seen->executed[i];
    accounted = run.s.queries + run.s.unknown;
    assert_true(run.s.unknown > 0);
    assert_true(accounted >= executed);
    assert_true(accounted <= executed + 2); /* killed between the mark and the sending */
    assert_int_equal(accounted + run.s.missing, 2000);
}

/* One worker waits for a slow answer; what the other one published before it died is kept for
 * later, but the host has had enough with the first output. */
static int had_enough_at_once(struct run *r)
{
    (void)r;
    return CQLR_E_OUTPUT;
}

static void what_a_lost_worker_published_is_unknown_when_the_run_ends_early(void **state)
{
    uint64_t executed = 0, accounted;
    (void)state;
    fake.delay = 200000;
    fake.slow = 0;
    fake.leaves = 300;
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    run.o.processes = 2;
    run.o.in_flight = 2;
    run.o.block = 5;
    run.o.max_errors = ITEMS;
    run.each_output = had_enough_at_once;
    assert_int_equal(run_ints(1000), CQLR_E_OUTPUT);
    assert_int_equal(seen->left, 1);
    for (uint64_t i = 0; i < 1000; i++)
        executed += seen->executed[i];
    accounted = run.s.queries + run.s.unknown;
    assert_true(executed > 100);
    assert_true(accounted >= executed);
    assert_true(accounted <= executed + 3); /* killed between the mark and the sending */
    assert_int_equal(run.s.unknown, run.s.errors);
    assert_int_equal(accounted + run.s.missing, 1000);
}

static cqlr_bulk *pool;

/* Spoils the next record that a worker has published, once. */
static int spoil(struct run *r)
{
    static const size_t head = sizeof(struct cqlr__record);
    struct cqlr__manager *m = (struct cqlr__manager *)(void *)pool;
    for (unsigned i = 0; i < m->lanes && r->last_failed == 0; i++) {
        const uint8_t *p;
        size_t held = m->lane[i].reader.held, n;
        if (m->lane[i].state != CQLR__LANE_READY)
            continue;
        n = cqlr__ring_ready(&m->lane[i].ring, &p);
        if (n < held + head)
            continue;
        memset(cqlr__ring_at(&m->lane[i].ring, m->lane[i].ring.pos + held), 0xff, head);
        r->last_failed = 1;
    }
    usleep(100); /* so that some are there */
    return 0;
}

static void a_worker_that_publishes_nonsense_is_replaced(void **state)
{
    (void)state;
    fake.bytes = 100;
    run.o.block = 10;
    run.o.processes = 2;
    run.each_output = spoil;
    for (int order = 0; order < 2; order++) {
        const struct cqlr_source_param p = {
            .name = "id", .kind = CQLR_SOURCE_INT, .last = 999, .step = 1};
        struct cqlr_err err;
        cqlr_source *s = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
        run.o.order = order ? CQLR_ORDER_NONE : CQLR_ORDER_INPUT;
        run.last_failed = 0;
        cqlr_wr_reset(&run.out);
        pool = cqlr__bulk_new(&run.o, &fake_engine);
        assert_int_equal(cqlr_bulk_batch(pool, s, &run.s, sizeof run.s), 0);
        cqlr_bulk_free(pool);
        cqlr_source_free(s);
        if (!order)
            run_check(1000, false);
        assert_int_equal(run.last_failed, 1);
        assert_int_equal(run.s.replaced, 1);
        assert_int_equal(run.s.queries, 1000);
    }
}

/* Two workers: one waits for a slow answer, the other runs far ahead of the output, publishes, and
 * dies. */
static void what_a_lost_worker_published_is_not_executed_again(void **state)
{
    unsigned again = 0;
    (void)state;
    fake.delay = 200000;
    fake.slow = 5;
    fake.leaves = 300;
    run.o.processes = 2;
    run.o.in_flight = 2;
    run.o.block = 5;
    assert_int_equal(run_ints(1000), 0);
    run_check(1000, false);
    assert_int_equal(run.s.replaced, 1);
    for (int i = 0; i < 1000; i++)
        again += seen->executed[i] - 1;
    assert_true(again >= 1 &&
                again <= 16); /* what it had not published: four slots, and the turn */
}

static void an_early_exit_with_status_0_is_a_death(void **state)
{
    (void)state;
    fake.leaves = 500;
    fake.delay = 200000;
    run.o.block = 10;
    assert_int_equal(run_ints(1000), 0);
    run_check(1000, false);
    assert_int_equal(run.s.replaced, 1);
    assert_int_equal(run.died, 1);
}

static void a_parameter_set_that_kills_every_worker_ends_the_run(void **state)
{
    (void)state;
    fake.kills = 777;
    fake.delay = 200000;
    run.o.block = 10;
    assert_int_equal(run_ints(1000), CQLR_E_WORKER);
    run_check(777, true);
    assert_non_null(strstr(run.s.err.text, "died over parameter set 777 "));
    assert_non_null(strstr(run.s.err.text, "killed by signal 9"));
    assert_int_equal(run.s.queries + run.s.missing, 1000);
    assert_true(run.s.missing >= 223);
}

static int die_at_start(void *arg, const struct cqlr_columns *markers,
                        const struct cqlr_columns *columns, struct cqlr_wr *w)
{
    (void)markers;
    (void)columns;
    (void)w;
    kill(((struct run *)arg)->pid[0], SIGKILL);
    return 0;
}

static void a_scout_that_dies_after_its_snapshot_is_replaced(void **state)
{
    (void)state;
    run.o.on_prepared = die_at_start;
    run.o.processes = 1;
    assert_int_equal(run_ints(100), 0);
    run_check(100, false);
    assert_int_equal(run.s.replaced, 1);
}

/* The host ignores SIGCHLD: the kernel reaps the workers and their status is lost. */
static void ignored_sigchld_does_not_matter(void **state)
{
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    fake.leaves = 500;
    fake.delay = 200000;
    run.o.block = 10;
    assert_int_equal(run_ints(1000), 0);
    signal(SIGCHLD, SIG_DFL);
    run_check(1000, false);
    assert_int_equal(run.s.replaced, 1);
}

/* Lets the parent itself be killed while workers run: in a child of ours, whose workers we then
 * look for. */
static void the_parents_death_ends_its_workers(void **state)
{
    pid_t *pids = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t parent;
    int left = 100, alive;
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans come to us, so that their pids stay theirs */
    parent = fork();
    if (parent == 0) {
        fake.delay = 50000000;
        run.o.in_flight = 10;
        run.o.on_output = NULL;
        run.o.on_worker = NULL;
        const struct cqlr_source_param p = {
            .name = "id", .kind = CQLR_SOURCE_INT, .last = 1000000, .step = 1};
        struct cqlr_err err;
        run.o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
        _exit(cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s) != 0);
    }
    while (seen->opened < 3)
        usleep(1000);
    usleep(20000);
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    kill((pid_t)strtol(line, NULL, 10), SIGSTOP); /* one that cannot notice by itself */
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    int n = 0;
    for (char *p = line, *end; n < 3; n++, p = end)
        pids[n] = (pid_t)strtol(p, &end, 10);
    do {
        usleep(10000);
        alive = 0;
        for (int i = 0; i < 3; i++) {
            if (pids[i] && waitpid(pids[i], NULL, WNOHANG) == pids[i])
                pids[i] = 0;
            alive += pids[i] != 0;
        }
    } while (alive && --left);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    assert_int_equal(alive, 0);
    munmap(pids, 4096);
}

/* RLIMIT_NPROC stops nobody who is root, so descriptors run out instead. */
static void without_descriptors_the_run_ends_cleanly(void **state)
{
    struct rlimit old, few;
    (void)state;
    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    int lowest = dup(0); /* the first number that is free; the loop gets it, a lane does not fit */
    close(lowest);
    few.rlim_cur = (rlim_t)lowest + 2;
    setrlimit(RLIMIT_NOFILE, &few);
    const struct cqlr_source_param p = {
        .name = "id", .kind = CQLR_SOURCE_INT, .last = 9, .step = 1};
    struct cqlr_err err;
    run.o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    int rc = cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s);
    setrlimit(RLIMIT_NOFILE, &old);
    cqlr_source_free(run.o.source);
    assert_int_equal(rc, CQLR_E_WORKER);
    assert_non_null(strstr(run.s.err.text, "cannot start a worker: "));
    assert_int_equal(run.s.missing, 10);
}

#define T(f) cmocka_unit_test_setup_teardown(f, run_setup, run_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(killed_workers_change_nothing_in_the_output),
        T(a_single_worker_is_replaced_too),
        T(failures_keep_their_place),
        T(what_must_not_be_repeated_is_sent_once_and_counted_exactly),
        T(what_was_sent_when_the_run_ended_early_is_unknown_not_missing),
        T(what_a_lost_worker_published_is_not_executed_again),
        T(what_a_lost_worker_published_is_unknown_when_the_run_ends_early),
        T(a_worker_that_publishes_nonsense_is_replaced),
        T(an_early_exit_with_status_0_is_a_death),
        T(a_parameter_set_that_kills_every_worker_ends_the_run),
        T(a_scout_that_dies_after_its_snapshot_is_replaced),
        T(ignored_sigchld_does_not_matter),
        T(the_parents_death_ends_its_workers),
        T(without_descriptors_the_run_ends_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

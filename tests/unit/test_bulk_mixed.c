/*
 * A workload of statements that may be repeated and statements that must not: when workers die, or
 * the connection is lost, or the run ends early, each is treated as its own kind.
 */
#include "tests/unit/bulk_help.h"

#define SETS 3000

static bool is_insert(uint64_t index)
{
    return index / 7 % 2;
}

/* Seven SELECT, seven INSERT, and so on. */
static int workload(void)
{
    char name[] = "/tmp/cqlraw-workload-XXXXXX";
    int fd = mkstemp(name);
    FILE *f = fdopen(dup(fd), "w");
    unlink(name);
    for (unsigned i = 0; i < SETS; i++)
        fprintf(f, "{\"query\": \"%s %u\"}\n", is_insert(i) ? "INSERT INTO t" : " select", i);
    fclose(f);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static uint8_t told[SETS];

static void tell(void *arg, const struct cqlr_bulk_failure *f)
{
    (void)arg;
    assert_int_equal(f->err->code, CQLR_E_CLOSED);
    assert_true(f->record.n > 10 && f->record.p[0] == '{');
    told[f->index]++;
}

static int run_workload(void)
{
    struct cqlr_err err;
    int fd = workload(), rc;
    memset(told, 0, sizeof told);
    run.o.statement = (struct cqlr_str){NULL, 0};
    run.o.on_error = tell;
    run.o.block = 50;
    run.o.in_flight = 20;
    run.o.processes = 2;
    fake.delay = 300000;
    run.o.source = cqlr_source_workload(fd, &err);
    assert_non_null(run.o.source);
    rc = cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s);
    cqlr_source_free(run.o.source);
    close(fd);
    return rc;
}

static int kill_one(struct run *r)
{
    static size_t next;
    if (r->out.n < 1000)
        next = 1000;
    if (r->out.n < next)
        return 0;
    next = r->out.n + 1500;
    for (unsigned i = 0; i < 64; i++) {
        unsigned slot = (i + (unsigned)next) % 64;
        if (r->pid[slot]) {
            kill(r->pid[slot], SIGKILL);
            break;
        }
    }
    return 0;
}

static void only_what_may_be_repeated_is_when_workers_die(void **state)
{
    uint64_t unknown = 0, repeated = 0;
    (void)state;
    run.o.max_errors = SETS;
    run.each_output = kill_one;
    assert_int_equal(run_workload(), 0);
    assert_true(run.died > 3);
    for (uint64_t i = 0; i < SETS; i++) {
        if (is_insert(i)) {
            assert_true(seen->executed[i] + told[i] >= 1 && seen->executed[i] <= 1);
            unknown += told[i];
        } else {
            assert_int_equal(told[i], 0);
            assert_true(seen->executed[i] >= 1);
            repeated += seen->executed[i] > 1;
        }
    }
    assert_true(unknown > 0 && repeated > 0);
    assert_int_equal(run.s.unknown, unknown);
    assert_int_equal(run.s.queries, SETS - unknown);
}

static void only_what_may_be_repeated_is_when_the_connection_is_lost(void **state)
{
    (void)state;
    run.o.max_errors = SETS;
    fake.hangs_up = 1000;
    assert_int_equal(run_workload(), 0);
    assert_true(seen->hung_up >= 1);
    for (uint64_t i = 0; i < SETS; i++) {
        assert_true(!is_insert(i) || seen->executed[i] == 1);
        assert_true(!told[i] || is_insert(i));
    }
    assert_int_equal(run.s.queries + run.s.errors, SETS);
}

static int enough(struct run *r)
{
    return r->out.n > 5000 ? CQLR_E_OUTPUT : 0;
}

static void only_what_must_not_be_repeated_is_unknown_when_the_run_ends_early(void **state)
{
    uint64_t inserts = 0;
    (void)state;
    run.each_output = enough;
    assert_int_equal(run_workload(), CQLR_E_OUTPUT);
    for (uint64_t i = run.s.queries; i < SETS; i++)
        inserts += is_insert(i) && seen->executed[i];
    assert_true(run.s.unknown > 0);
    assert_true(run.s.unknown <= inserts + 2); /* killed between the mark and the sending */
}

static void the_hosts_word_counts_for_all_of_them(void **state)
{
    (void)state;
    run.o.max_errors = SETS;
    run.each_output = kill_one;
    run.o.idempotence = CQLR_IDEMPOTENT_YES;
    assert_int_equal(run_workload(), 0);
    assert_true(run.died > 3);
    assert_int_equal(run.s.queries, SETS);
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    cqlr_wr_reset(&run.out);
    memset(seen, 0, sizeof *seen);
    assert_int_equal(run_workload(), 0);
    for (uint64_t i = 0; i < SETS; i++)
        assert_true(seen->executed[i] <= 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, run_setup, run_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(only_what_may_be_repeated_is_when_workers_die),
        T(only_what_may_be_repeated_is_when_the_connection_is_lost),
        T(only_what_must_not_be_repeated_is_unknown_when_the_run_ends_early),
        T(the_hosts_word_counts_for_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

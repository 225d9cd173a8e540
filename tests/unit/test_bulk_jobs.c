/*
 * Jobs: work of more than one request, over the real engine against the stub server.
 */
#include <stdatomic.h>
#include <sys/mman.h>

#include "proto/base/err.h"
#include "tests/unit/bulk_stub.h"

/* What workers tell the test: how often each job was begun. */
static _Atomic uint32_t *begun;

#define JOBS     500
#define HANGS_UP 300 /* this job ends the connection when it is begun for the first time */

/* A job: `left` requests one after the other, each adds a line. */
struct work {
    cqlr_job *job;
    cqlr_bound *bound;
    unsigned left, rows;
};

static void end(struct work *w, int rc, const struct cqlr_err *err)
{
    cqlr_job_done(w->job, rc, w->rows, err);
    cqlr_bound_free(w->bound);
    free(w);
}

static void step(struct work *w);

static void on_reply(void *arg, cqlr_reply *r)
{
    struct work *w = arg;
    char line[60];
    int64_t n = cqlr_reply_rc(r) < 0 ? cqlr_reply_rc(r) : cqlr_reply_skip(r);
    int k = snprintf(line, sizeof line, "%llu.%u %lld\n",
                     (unsigned long long)cqlr_job_index(w->job), w->left, (long long)n);
    if (n < 0) {
        end(w, (int)n, cqlr_reply_err(r));
        return;
    }
    w->rows += (unsigned)n;
    cqlr_wr_raw(cqlr_job_out(w->job), line, (size_t)k);
    w->left--;
    step(w);
}

static void step(struct work *w)
{
    cqlr_client *cl = cqlr_job_client(w->job);
    int rc;
    if (!w->left) {
        end(w, 0, NULL);
        return;
    }
    if (w->left % 2) {
        rc = cqlr_client_query(cl, cqlr_cstr("SELECT key FROM system.local"), NULL, on_reply, w);
    } else {
        cqlr_bound_reset(w->bound);
        rc = cqlr_bound_text(w->bound, 0, cqlr_cstr("local"));
        rc = rc ? rc : cqlr_client_execute(cl, w->bound, on_reply, w);
    }
    if (rc < 0)
        end(w, rc, cqlr_client_err(cl));
}

/* Jobs of 0 to 4 requests; every 50th is refused at once, every 50th fails later. */
static int on_job(void *arg, cqlr_job *job, struct cqlr_err *err)
{
    uint64_t index = cqlr_job_index(job);
    struct work *w;
    (void)arg;
    atomic_fetch_add(&begun[index], 1);
    if (index % 50 == 7)
        return cqlr__err_set(err, CQLR_E_RANGE, "job %llu is refused", (unsigned long long)index);
    if (index % 50 == 8) {
        cqlr_wr_raw(cqlr_job_out(job), "never seen\n", 11);
        cqlr__err_set(err, CQLR_E_IO, "file %llu: none", (unsigned long long)index);
        cqlr_job_done(job, CQLR_E_IO, 3, err);
        return 0;
    }
    w = calloc(1, sizeof *w);
    assert_non_null(cqlr_job_prepared(job));
    *w = (struct work){.job = job, .bound = cqlr_bound_new(cqlr_job_prepared(job))};
    w->left = (unsigned)(index % 5);
    step(w);
    if (index == HANGS_UP + 2 && atomic_load(&begun[index]) == 1 && begun[JOBS])
        cqlr_client_close(cqlr_job_client(job));
    return 0;
}

static void jobs(unsigned processes, unsigned in_flight)
{
    run.o.statement = cqlr_cstr("SELECT key FROM system.local WHERE key=?");
    run.o.on_job = on_job;
    run.o.processes = processes;
    run.o.in_flight = in_flight;
    memset((void *)begun, 0, JOBS * sizeof *begun);
    assert_int_equal(bulk(cqlr_source_jobs(JOBS, &run.err)), 0);
}

/* What all jobs write that are not in `but` (0: none). */
static void wrote_all_but(uint64_t but)
{
    struct cqlr_wr want;
    cqlr_wr_init(&want, NULL, 0);
    for (unsigned i = 0; i < JOBS; i++) {
        if (i % 50 == 7 || i % 50 == 8 || (but && i == but))
            continue;
        for (unsigned left = i % 5; left > 0; left--) {
            char line[40];
            cqlr_wr_raw(&want, line, (size_t)snprintf(line, sizeof line, "%u.%u 1\n", i, left));
        }
    }
    cqlr_wr_u8(&want, 0);
    assert_string_equal((const char *)run.out.p, (const char *)want.p);
    cqlr_wr_fini(&want);
}

static void jobs_write_in_their_order_and_are_done_once(void **state)
{
    (void)state;
    start_server();
    for (unsigned i = 0; i < 6; i++) {
        run.o.block = i;
        jobs(1 + i % 3, (const unsigned[]){1, 7, 128}[i / 2]);
        wrote_all_but(0);
        assert_int_equal(run.s.queries, JOBS - 20);
        assert_int_equal(run.s.errors, 20);
        assert_int_equal(run.s.unknown, 0);
        assert_int_equal(run.s.rows, 1000 - 10 * (2 + 3));
        assert_int_equal(strncmp((const char *)run.failed.p,
                                 "7: job 7 is refused []\n8: file 8: none []\n57: ", 46),
                         0);
        for (unsigned j = 0; j < JOBS; j++)
            assert_int_equal(begun[j], 1);
        assert_int_equal(run.markers, 1);
    }
}

static void jobs_under_way_when_the_connection_is_lost_begin_again(void **state)
{
    (void)state;
    start_server();
    begun[JOBS] = 1;
    run.o.idempotence = CQLR_IDEMPOTENT_YES;
    jobs(1, 10);
    wrote_all_but(0);
    assert_int_equal(run.s.errors, 20);
    assert_int_equal(begun[HANGS_UP + 2], 2);
    begun[JOBS] = 0;
}

static void or_their_outcome_is_unknown(void **state)
{
    (void)state;
    start_server();
    begun[JOBS] = 1;
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    jobs(1, 1);
    wrote_all_but(HANGS_UP + 2);
    assert_int_equal(run.s.errors, 21);
    assert_int_equal(run.s.unknown, 1);
    assert_int_equal(begun[HANGS_UP + 2], 1);
    assert_non_null(strstr((const char *)run.failed.p, "\n302: "));
    begun[JOBS] = 0;
}

static void jobs_need_no_statement_but_on_job(void **state)
{
    (void)state;
    start_server();
    assert_int_equal(bulk(cqlr_source_jobs(3, &run.err)), CQLR_E_USAGE);
    run.o.on_job = on_job;
    assert_int_equal(bulk(cqlr_source_jobs(0, &run.err)), 0);
    assert_int_equal(run.s.total, 0);
    assert_null(cqlr_source_jobs(UINT64_MAX, &run.err));
    assert_int_equal(run.err.code, CQLR_E_RANGE);
}

static int no_statement(void *arg, cqlr_job *job, struct cqlr_err *err)
{
    (void)arg;
    (void)err;
    if (cqlr_job_prepared(job))
        abort();
    cqlr_wr_u8(cqlr_job_out(job), (uint8_t)('a' + cqlr_job_index(job)));
    cqlr_job_done(job, 0, 1, NULL);
    return 0;
}

static void jobs_without_a_statement(void **state)
{
    (void)state;
    start_server();
    run.o.on_job = no_statement;
    run.o.processes = 3;
    run.o.block = 1;
    assert_int_equal(bulk(cqlr_source_jobs(26, &run.err)), 0);
    assert_string_equal((const char *)run.out.p, "abcdefghijklmnopqrstuvwxyz");
    assert_int_equal(run.markers, 0);
    assert_int_equal(run.s.rows, 26);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(jobs_write_in_their_order_and_are_done_once),
        T(jobs_under_way_when_the_connection_is_lost_begin_again),
        T(or_their_outcome_is_unknown),
        T(jobs_need_no_statement_but_on_job),
        T(jobs_without_a_statement),
    };
    begun = mmap(NULL, (JOBS + 1) * sizeof *begun, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return begun == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * bulk_help.h - a CQL engine that needs no server, for tests of the manager: it answers after
 * random delays, in any order, with output that follows from the parameter set alone, and it fails,
 * loses its connection or kills its process where a test says so.
 *
 * The settings are global and reach the workers by fork; `seen` is shared memory, so what workers
 * did is known to the test.
 */
#ifndef CQLRAW_TESTS_BULK_HELP_H
#define CQLRAW_TESTS_BULK_HELP_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "proto/base/err.h"
#include "src/bulk/manager/manager.h"
#include "tests/unit/descriptors.h"

#define NONE  UINT64_MAX
#define ITEMS 20000

static struct {
    uint64_t delay;       /* ns, at most */
    size_t bytes;         /* output of a page, at most, beside its head */
    uint64_t many_pages;  /* every so-manieth parameter set has three pages; 0 = none */
    uint64_t fails;       /* every so-manieth is answered by an error; 0 = none */
    uint64_t slow;        /* this one takes 0.2 s */
    uint64_t opening;     /* a connection takes so many ns more */
    uint64_t kills;       /* this one kills its worker, always */
    uint64_t leaves;      /* this one makes its worker exit with status 0, once */
    uint64_t hangs_up;    /* this one makes the connection end, once, */
    uint64_t hangs_again; /* and so does this one */
    bool unsent;          /* what was under way then was not sent */
    uint64_t down;        /* after that nobody can connect for so many ns */
    int down_code;        /* for this reason (0: CQLR_E_CONNECT), */
    unsigned flaps;       /* and then so many connections end before they answer anything */
    uint64_t refuses;     /* every so-manieth's last page is refused; 0 = none */
    unsigned refusals;    /* so often, */
    int32_t refuse_code;  /* by this ERROR */
    const char *write_type;
    int open_code; /* connecting fails with this */
    bool text;     /* output is the line, not the index */
    bool print;    /* output is the first parameter, as the source prints it */
} fake;

static struct seen {
    _Atomic uint32_t executed[ITEMS]; /* first pages */
    _Atomic uint32_t refused[ITEMS];
    _Atomic uint64_t down_until;
    _Atomic uint32_t requests, opened, failed, left, hung_up, hung_again, flapped;
    _Atomic uint32_t opening, opening_most;
} * seen;

struct fake_slot {
    struct fake_engine *e;
    struct cqlr_timer timer;
    uint64_t index, page;
    struct cqlr_value line;
    bool flying;
};

struct fake_engine {
    cqlr_loop *loop;
    struct cqlr__engine_host host;
    const cqlr_source *source;
    struct cqlr_timer open_timer;
    size_t slots;
    uint64_t seed;
    bool lost;
    struct fake_slot slot[];
};

static uint64_t fake_mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9E3779B97F4A7C15);
    return x ^ x >> 29;
}

static uint64_t fake_rnd(struct fake_engine *e)
{
    e->seed = fake_mix(e->seed + 0x1234567);
    return e->seed;
}

static uint64_t fake_pages(uint64_t index)
{
    return fake.many_pages && index % fake.many_pages == 0 ? 3 : 1;
}

static bool fake_fails(uint64_t index)
{
    return fake.fails && index % fake.fails == fake.fails - 1;
}

/* What a page gives: "INDEX.PAGE xxxx\n". */
static void fake_output(struct cqlr_wr *out, uint64_t index, uint64_t page, struct cqlr_value line)
{
    char head[48];
    size_t n = fake.bytes ? fake_mix(index * 8 + page) % fake.bytes : 0;
    uint8_t *p;
    int k = snprintf(head, sizeof head, "%llu.%llu ", (unsigned long long)index,
                     (unsigned long long)page);
    if (fake.text) {
        if (line.n < 0)
            cqlr_wr_raw(out, "null", 4);
        else
            cqlr_wr_raw(out, line.p, (size_t)line.n);
        cqlr_wr_u8(out, '\n');
        return;
    }
    cqlr_wr_raw(out, head, (size_t)k);
    p = n ? cqlr_wr_room(out, n) : NULL;
    if (p)
        memset(p, 'a' + (int)(index % 26), n);
    cqlr_wr_u8(out, '\n');
}

static void fake_opened(void *arg)
{
    struct fake_engine *e = arg;
    struct cqlr_err err;
    int down = fake.down_code ? fake.down_code : CQLR_E_CONNECT;
    int rc = cqlr_now() < atomic_load(&seen->down_until) ? down : fake.open_code;
    atomic_fetch_sub(&seen->opening, 1);
    atomic_fetch_add(rc ? &seen->failed : &seen->opened, 1);
    if (rc)
        cqlr__err_set(&err, rc, "10.0.0.1:9042: no");
    e->host.opened(e->host.arg, rc, &err);
}

static void *fake_open(const struct cqlr_bulk_opts *o, cqlr_loop *loop, size_t slots,
                       const struct cqlr__engine_host *host, struct cqlr_err *err)
{
    struct fake_engine *e = calloc(1, sizeof *e + slots * sizeof *e->slot);
    uint32_t now = atomic_fetch_add(&seen->opening, 1) + 1;
    (void)o;
    (void)err;
    if (now > atomic_load(&seen->opening_most))
        atomic_store(&seen->opening_most, now);
    e->loop = loop;
    e->host = *host;
    e->slots = slots;
    e->seed = (uint64_t)getpid() * 7919 + cqlr_now();
    e->open_timer = (struct cqlr_timer){.fn = fake_opened, .arg = e};
    (void)!cqlr_loop_timer_set(loop, &e->open_timer, cqlr_now() + 1000000 + fake.opening);
    return e;
}

static int fake_batch(void *self, const cqlr_source *source, struct cqlr_err *err)
{
    (void)err;
    ((struct fake_engine *)self)->source = source;
    return 0;
}

static void fake_close(void *self)
{
    struct fake_engine *e = self;
    for (size_t i = 0; i < e->slots; i++)
        cqlr_loop_timer_clear(e->loop, &e->slot[i].timer);
    free(e);
}

static bool fake_lost(void *self)
{
    return ((struct fake_engine *)self)->lost;
}

static int fake_snapshot(void *self, struct cqlr_wr *w)
{
    const struct cqlr_type type = {.id = fake.text ? CQLR_TYPE_VARCHAR : CQLR_TYPE_BIGINT};
    const struct cqlr_column col = {cqlr_cstr("ks"), cqlr_cstr("t"), cqlr_cstr("id"), &type};
    struct cqlr_columns c = {.count = 1};
    struct cqlr_wr spec;
    (void)self;
    cqlr_wr_init(&spec, NULL, 0);
    cqlr_column_write(&spec, &col);
    c.spec = (struct cqlr_bytes){spec.p, spec.n};
    cqlr__snapshot_write(w, &c);
    cqlr__snapshot_write(w, &c);
    cqlr_wr_fini(&spec);
    return w->rc;
}

static void fake_hang_up(struct fake_engine *e)
{
    struct cqlr_err err;
    const struct cqlr__answer a = {.rc = CQLR_E_CLOSED, .err = &err, .unsent = fake.unsent};
    cqlr__err_set(&err, CQLR_E_CLOSED, "10.0.0.1:9042: closed");
    e->lost = true;
    for (size_t i = 0; i < e->slots; i++) {
        cqlr_loop_timer_clear(e->loop, &e->slot[i].timer);
        if (e->slot[i].flying) {
            e->slot[i].flying = false;
            e->host.answered(e->host.arg, i, &a);
        }
    }
}

/* Does this request end the connection? */
static bool fake_ends_it(const struct fake_slot *s)
{
    if ((s->index == fake.hangs_up && atomic_fetch_add(&seen->hung_up, 1) == 0) ||
        (s->index == fake.hangs_again && atomic_fetch_add(&seen->hung_again, 1) == 0)) {
        atomic_store(&seen->down_until, cqlr_now() + fake.down);
        return true;
    }
    return seen->hung_up && atomic_load(&seen->flapped) < fake.flaps &&
           atomic_fetch_add(&seen->flapped, 1) < fake.flaps;
}

static bool fake_refuses(const struct fake_slot *s)
{
    return fake.refuses && s->index % fake.refuses == 0 && s->page + 1 == fake_pages(s->index) &&
           atomic_fetch_add(&seen->refused[s->index], 1) < fake.refusals;
}

static void fake_answer(void *arg)
{
    struct fake_slot *s = arg;
    struct fake_engine *e = s->e;
    struct cqlr_err err = {0};
    struct cqlr_error error = {.code = fake.refuse_code};
    struct cqlr__answer a = {.err = &err, .next = {NULL, CQLR_NULL}, .reply = s};
    uint64_t next = s->page + 1;
    if (s->index == fake.kills)
        raise(SIGKILL);
    if (s->index == fake.leaves && atomic_fetch_add(&seen->left, 1) == 0)
        _exit(0);
    if (fake_ends_it(s)) {
        fake_hang_up(e);
        return;
    }
    s->flying = false;
    if (fake_refuses(s)) {
        a.rc = cqlr__err_set(&err, CQLR_E_SERVER, "10.0.0.1:9042: not now");
        error.write_type = cqlr_cstr(fake.write_type ? fake.write_type : "");
        a.error = &error;
    } else if (fake_fails(s->index) && next == fake_pages(s->index))
        a.rc = cqlr__err_set(&err, CQLR_E_SERVER, "set %llu refused", (unsigned long long)s->index);
    else if (next < fake_pages(s->index))
        a.next = (struct cqlr_value){(const uint8_t *)&next, sizeof next};
    e->host.answered(e->host.arg, (size_t)(s - e->slot), &a);
}

static int fake_execute(void *self, size_t slot, uint64_t index, struct cqlr_value line,
                        struct cqlr_value state, struct cqlr_err *err)
{
    struct fake_engine *e = self;
    struct fake_slot *s = &e->slot[slot];
    uint64_t later;
    if (e->lost)
        return cqlr__err_set(err, CQLR_E_STATE, "not connected");
    s->e = e;
    s->index = index;
    s->line = line;
    s->page = 0;
    s->flying = true;
    atomic_fetch_add(&seen->requests, 1);
    if (state.n == sizeof s->page)
        memcpy(&s->page, state.p, sizeof s->page);
    else if (index < ITEMS)
        atomic_fetch_add(&seen->executed[index], 1);
    s->timer.fn = fake_answer;
    s->timer.arg = s;
    later = fake.delay ? fake_rnd(e) % fake.delay : 0;
    if (index == fake.slow)
        later = 200000000;
    return cqlr_loop_timer_set(e->loop, &s->timer, cqlr_loop_now(e->loop) + later);
}

static int fake_page(void *self, const struct cqlr_item *item, void *reply, struct cqlr_wr *out,
                     uint64_t *rows, struct cqlr_err *err)
{
    const struct fake_slot *s = reply;
    (void)self;
    (void)err;
    if (item->index != s->index || item->page != s->page ||
        item->rows_before != s->page * (s->index % 3))
        abort();
    if (fake.print) {
        if (cqlr_source_print(s->e->source, s->index, 0, out) < 0)
            abort();
        cqlr_wr_u8(out, '\n');
    } else {
        fake_output(out, s->index, s->page, s->line);
    }
    *rows = s->index % 3; /* every third has no row */
    return 0;
}

static const struct cqlr__engine fake_engine = {.open = fake_open,
                                                .batch = fake_batch,
                                                .close = fake_close,
                                                .lost = fake_lost,
                                                .snapshot = fake_snapshot,
                                                .execute = fake_execute,
                                                .page = fake_page};

/* ---- a run and what it gave ---- */

static struct run {
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    struct cqlr_wr out;
    uint64_t failed, last_failed;
    pid_t pid[64]; /* of living workers, by slot */
    unsigned started, died;
    int (*each_output)(struct run *r);
} run;

static int run_output(void *arg, const uint8_t *p, size_t n)
{
    struct run *r = arg;
    cqlr_wr_raw(&r->out, p, n);
    assert_int_equal(r->out.rc, 0);
    return r->each_output ? r->each_output(r) : 0;
}

static void run_error(void *arg, const struct cqlr_bulk_failure *f)
{
    struct run *r = arg;
    assert_true(f->err->code < 0 && f->err->text[0]);
    if (r->o.order == CQLR_ORDER_INPUT)
        assert_true(!r->failed || f->index > r->last_failed);
    r->failed++;
    r->last_failed = f->index;
}

static void run_worker(void *arg, enum cqlr_worker_event ev, pid_t pid, unsigned slot,
                       const char *why)
{
    struct run *r = arg;
    (void)why;
    assert_true(slot < 64);
    if (ev == CQLR_WORKER_STARTED)
        r->started++;
    if (ev == CQLR_WORKER_DIED)
        r->died++;
    r->pid[slot] = ev == CQLR_WORKER_STARTED || ev == CQLR_WORKER_READY ? pid : 0;
}

static int run_setup(void **state)
{
    (void)state;
    if (!seen)
        seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(seen, 0, sizeof *seen);
    memset(&fake, 0, sizeof fake);
    fake.kills = fake.leaves = fake.hangs_up = fake.hangs_again = fake.slow = NONE;
    memset(&run, 0, sizeof run);
    cqlr_wr_init(&run.out, NULL, SIZE_MAX / 2);
    cqlr_client_opts_init(&run.client, sizeof run.client);
    cqlr_bulk_opts_init(&run.o, sizeof run.o);
    run.o.client = &run.client;
    run.o.statement = cqlr_cstr("SELECT v FROM ks.t WHERE id = ?");
    run.o.processes = 3;
    run.o.on_output = run_output;
    run.o.on_error = run_error;
    run.o.on_worker = run_worker;
    run.o.arg = &run;
    return 0;
}

static int run_teardown(void **state)
{
    (void)state;
    cqlr_wr_fini(&run.out);
    return 0;
}

/* ---- the host's wish to stop, by way of a pipe ---- */

static int stop_pipe[2], stop_answer;

static inline int stop_heard(void *arg)
{
    char c;
    (void)arg;
    assert_int_equal(read(stop_pipe[0], &c, 1), 1);
    return stop_answer;
}

static inline void stop_open(void)
{
    assert_int_equal(pipe(stop_pipe), 0);
    stop_answer = 1;
    run.o.stop_fd = stop_pipe[0];
    run.o.on_stop = stop_heard;
}

static inline bool stop_ask(void)
{
    return write(stop_pipe[1], "x", 1) == 1;
}

static inline void stop_close(void)
{
    close(stop_pipe[0]);
    close(stop_pipe[1]);
}

/* Runs what run.o says over 0..total-1; nothing may be left behind, whatever the result. */
static inline int run_ints(uint64_t total)
{
    const struct cqlr_source_param p = {
        .name = "id", .kind = CQLR_SOURCE_INT, .last = (int64_t)total - 1, .step = 1};
    struct cqlr_err err;
    cqlr_source *s = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    unsigned before;
    int rc;
    assert_non_null(s);
    run.o.source = s;
    before = open_descriptors();
    rc = cqlr__bulk_run(&run.o, &fake_engine, &run.s, sizeof run.s);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    cqlr_source_free(s);
    assert_int_equal(rc, run.s.err.code);
    return rc;
}

/* What the first `total` parameter sets give, those that fail left out. */
static void run_expect(struct cqlr_wr *w, uint64_t total)
{
    const struct cqlr_value none = {NULL, CQLR_NULL};
    cqlr_wr_init(w, NULL, SIZE_MAX / 2);
    for (uint64_t i = 0; i < total; i++) {
        for (uint64_t k = 0; k < fake_pages(i) && !fake_fails(i); k++)
            fake_output(w, i, k, none);
    }
}

/* The output is that of all of them, byte for byte; or with `part` the beginning of it. */
static inline void run_check(uint64_t total, bool part)
{
    struct cqlr_wr want;
    run_expect(&want, total);
    if (part)
        assert_true(run.out.n <= want.n);
    else
        assert_int_equal(run.out.n, want.n);
    if (run.out.n && memcmp(run.out.p, want.p, run.out.n) != 0) {
        size_t i = 0;
        while (run.out.p[i] == want.p[i])
            i++;
        fail_msg("output differs at byte %zu: %.30s, not %.30s", i, (char *)run.out.p + i,
                 (char *)want.p + i);
    }
    cqlr_wr_fini(&want);
}

#endif

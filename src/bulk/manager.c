/*
 * manager.c - cqlr_bulk_run: options in, summary out, and the loop between. See manager.h for who
 * does what, and README.md for the whole.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/err.h"
#include "src/bulk/manager.h"
#include "src/bulk/split.h"

#define SECOND        UINT64_C(1000000000)
#define DRAIN_WITHIN  (5 * SECOND)
#define PROGRESS_STEP (SECOND / 10)
#define IN_FLIGHT_MAX 32767 /* stream ids of one connection */

void cqlr_bulk_opts_init(struct cqlr_bulk_opts *o, size_t size)
{
    const struct cqlr_bulk_opts defaults = {.size = size,
                                            .in_flight = 128,
                                            .connects = 2,
                                            .lane_bytes = 2 * 1024 * 1024,
                                            .out_fd = -1,
                                            .stop_fd = -1};
    memset(o, 0, size);
    memcpy(o, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

/* ---- errors ---- */

void cqlr__manager_fail(struct cqlr__manager *m, const struct cqlr_err *err)
{
    m->ended = true;
    if (m->rc < 0)
        return;
    m->rc = err->code;
    if (err != &m->err)
        m->err = *err;
}

void cqlr__manager_failf(struct cqlr__manager *m, int code, const char *fmt, ...)
{
    char text[CQLR_ERR_TEXT];
    struct cqlr_err err;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    cqlr__err_set(&err, code, "%s", text);
    cqlr__manager_fail(m, &err);
}

/* ---- what is known while it runs ---- */

void cqlr__manager_times(const struct cqlr__manager *m, struct cqlr__hist *into, uint64_t *first,
                         uint64_t *last)
{
    *first = m->first_submit;
    *last = m->last_answer;
    cqlr__hist_merge(into, m->latency);
    for (unsigned i = 0; i < m->lanes; i++) {
        const struct cqlr__gauges *g = m->lane[i].ring.extra;
        uint64_t a, b;
        if (m->lane[i].state == CQLR__LANE_OFF)
            continue;
        a = atomic_load_explicit(&g->first_submit, memory_order_relaxed);
        b = atomic_load_explicit(&g->last_answer, memory_order_relaxed);
        cqlr__hist_merge(into, &g->latency);
        *first = a && (!*first || a < *first) ? a : *first;
        *last = b > *last ? b : *last;
    }
}

static unsigned in_flight_now(const struct cqlr__manager *m)
{
    unsigned n = 0;
    for (unsigned i = 0; i < m->lanes; i++) {
        const struct cqlr__gauges *g = m->lane[i].ring.extra;
        if (m->lane[i].state != CQLR__LANE_OFF)
            n += atomic_load_explicit(&g->in_flight, memory_order_relaxed);
    }
    return n;
}

static void tell_progress(struct cqlr__manager *m)
{
    struct cqlr_bulk_progress p = {.done = m->queries + m->errors,
                                   .total = m->total,
                                   .rows = m->rows,
                                   .errors = m->errors,
                                   .in_flight = in_flight_now(m),
                                   .workers = m->alive};
    struct cqlr__hist *h = calloc(1, sizeof *h);
    uint64_t first, last;
    if (!h)
        return; /* the next one will tell */
    cqlr__manager_times(m, h, &first, &last);
    p.seconds = first ? (double)(cqlr_now() - first) / 1e9 : 0;
    p.p50 = cqlr__hist_at(h, 500);
    p.p99 = cqlr__hist_at(h, 990);
    free(h);
    m->o.on_progress(m->o.arg, &p);
}

static void on_progress_timer(void *arg)
{
    struct cqlr__manager *m = arg;
    tell_progress(m);
    if (cqlr_loop_timer_set(m->loop, &m->progress_timer, cqlr_now() + PROGRESS_STEP) < 0)
        cqlr__manager_failf(m, CQLR_E_NOMEM, "timer");
}

/* ---- stopping ---- */

static void interrupt(void *arg)
{
    cqlr__manager_failf(arg, CQLR_E_INTERRUPTED, "interrupted");
}

/* The host wants an end: no new requests, but what is under way may come in. */
static void drain(struct cqlr__manager *m)
{
    if (m->stopping)
        return;
    m->stopping = true;
    for (unsigned i = 0; i < m->lanes; i++) {
        if (m->lane[i].state != CQLR__LANE_OFF)
            cqlr__supervise_tell(&m->lane[i], CQLR__TO_STOP, NULL, 0);
    }
    if (cqlr_loop_timer_set(m->loop, &m->stop_timer, cqlr_now() + DRAIN_WITHIN) < 0)
        interrupt(m);
}

static void on_stop_fd(void *arg, unsigned events)
{
    struct cqlr__manager *m = arg;
    int how = m->o.on_stop ? m->o.on_stop(m->o.arg) : 1;
    (void)events;
    m->stops += how >= 1;
    if (how >= 2)
        interrupt(m);
    else if (how == 1)
        drain(m);
}

/* Nothing more can come that continues the output: every worker that could give it has ended. */
static bool drained(const struct cqlr__manager *m)
{
    const struct cqlr__order *o = &m->order;
    const struct cqlr__unit *u;
    if (!m->stopping)
        return false;
    if (m->o.order == CQLR_ORDER_NONE)
        return !m->alive && !m->saved;
    u = cqlr__order_unit((struct cqlr__order *)(uintptr_t)o, o->oldest);
    return !u || (u->holder == CQLR__NOBODY && u->saved_off == u->saved.n);
}

/* ---- the run ---- */

/* After each turn of the loop. */
static void step(struct cqlr__manager *m)
{
    bool complete;
    m->more = false;
    cqlr__commit(m);
    cqlr__supervise_start(m);
    cqlr__assign(m);
    for (unsigned i = 0; i < m->lanes; i++) {
        if (m->lane[i].state != CQLR__LANE_OFF)
            cqlr__supervise_flush(&m->lane[i]);
    }
    complete = m->prepared && cqlr__commit_complete(m);
    if (m->ended || cqlr__out_blocked(&m->out))
        return;
    if (complete)
        m->ended = true;
    else if (drained(m))
        interrupt(m);
}

static int turn(struct cqlr__manager *m)
{
    int rc = cqlr_loop_turn(m->loop, m->more ? 0 : CQLR_NEVER);
    if (rc < 0)
        cqlr__manager_failf(m, CQLR_E_IO, "waiting for workers: %s", strerror(errno));
    return rc;
}

/* What was taken counts as done, so it has to leave, whatever else went wrong; only the output
 * itself, or the host, can end this. */
static void finish_output(struct cqlr__manager *m)
{
    unsigned stops = m->stops;
    while (cqlr__out_blocked(&m->out) && m->rc != CQLR_E_OUTPUT && m->rc != CQLR_E_INTERRUPTED) {
        if (cqlr_loop_turn(m->loop, CQLR_NEVER) < 0 || m->stops != stops)
            return;
        if (cqlr__out_flush(&m->out) < 0)
            return;
    }
}

static void check_end(struct cqlr__manager *m)
{
    if (m->rc == 0 && m->queries + m->errors != m->total)
        cqlr__manager_failf(m, CQLR_E_WORKER, "%llu of %llu parameter sets have no result",
                            (unsigned long long)(m->total - m->queries - m->errors),
                            (unsigned long long)m->total);
    if (m->rc == 0 && cqlr__commit_too_many(m, true))
        cqlr__manager_failf(m, CQLR_E_LIMIT, "too many errors: %llu of %llu parameter sets",
                            (unsigned long long)m->errors, (unsigned long long)m->total);
}

static int open_loop(struct cqlr__manager *m)
{
    uint64_t now = cqlr_now();
    m->loop = cqlr_loop_new(NULL);
    if (!m->loop)
        return CQLR_E_NOMEM;
    m->stop_watch = (struct cqlr_watch){m->o.stop_fd, CQLR_READ, on_stop_fd, m};
    m->stop_timer = (struct cqlr_timer){.fn = interrupt, .arg = m};
    m->progress_timer = (struct cqlr_timer){.fn = on_progress_timer, .arg = m};
    m->look_timer = (struct cqlr_timer){.fn = cqlr__supervise_look, .arg = m};
    if (m->o.stop_fd >= 0 && cqlr_loop_add(m->loop, &m->stop_watch) < 0)
        return CQLR_E_IO;
    if (m->o.on_progress &&
        cqlr_loop_timer_set(m->loop, &m->progress_timer, now + PROGRESS_STEP) < 0)
        return CQLR_E_NOMEM;
    return cqlr_loop_timer_set(m->loop, &m->look_timer, now + SECOND);
}

static void woken(void *arg, unsigned events)
{
    (void)arg;
    (void)events; /* step() looks at everything */
}

static void timer_woken(void *arg)
{
    (void)arg;
}

static void run(struct cqlr__manager *m)
{
    m->out_watch = (struct cqlr_watch){.fn = woken};
    m->fork_timer = (struct cqlr_timer){.fn = timer_woken};
    if (cqlr__out_open(&m->out, m->o.out_fd, m->o.on_output, m->o.arg, &m->out_err) < 0)
        cqlr__manager_fail(m, &m->out_err);
    cqlr__assign_open(m);
    step(m);
    while (!m->ended && turn(m) == 0)
        step(m);
    finish_output(m);
    check_end(m);
    if (m->o.on_progress)
        tell_progress(m);
    cqlr__supervise_end(m);
    if (m->out_watched)
        cqlr_loop_remove(m->loop, &m->out_watch);
    cqlr__assign_close(m);
    cqlr__out_close(&m->out);
}

/* ---- options and summary ---- */

static unsigned processes(const struct cqlr_bulk_opts *o, uint64_t total)
{
    unsigned n = o->processes ? o->processes : cqlr_bulk_cores();
    uint64_t units = o->block ? cqlr__split_units(total, o->block) : total;
    if (total != UINT64_MAX && units < n)
        n = units ? (unsigned)units : 1;
    return n;
}

static int fill_options(struct cqlr__manager *m, const struct cqlr_bulk_opts *o)
{
    uint64_t total;
    cqlr_bulk_opts_init(&m->o, sizeof m->o);
    memcpy(&m->o, o, o->size < sizeof m->o ? o->size : sizeof m->o);
    if (!m->o.client || !m->o.source || !m->o.statement.n || !m->o.in_flight ||
        m->o.in_flight > IN_FLIGHT_MAX)
        return cqlr__err_set(&m->err, CQLR_E_USAGE,
                             "client, statement, source and 1..%d in flight are needed",
                             IN_FLIGHT_MAX);
    total = cqlr_source_total(m->o.source);
    m->lanes = processes(&m->o, total);
    if (!m->o.block)
        m->o.block = cqlr__split_block(total, m->lanes);
    m->lanes = processes(&m->o, total);
    m->o.connects = m->o.connects ? m->o.connects : 1;
    m->o.lane_bytes = m->o.lane_bytes ? m->o.lane_bytes : 1;
    return 0;
}

static bool is_select(struct cqlr_str s)
{
    while (s.n && (*s.p == ' ' || *s.p == '\t' || *s.p == '\n' || *s.p == '\r')) {
        s.p++;
        s.n--;
    }
    return s.n > 6 && !strncasecmp(s.p, "select", 6) && (s.p[6] <= ' ' || s.p[6] == '*');
}

static void fill_summary(const struct cqlr__manager *m, struct cqlr_bulk_summary *s, size_t size)
{
    struct cqlr_bulk_summary all = {.size = size,
                                    .queries = m->queries,
                                    .total = m->total,
                                    .rows = m->rows,
                                    .pages = m->pages,
                                    .empty = m->empty,
                                    .errors = m->errors,
                                    .unknown = m->unknown,
                                    .processes = m->most_alive,
                                    .replaced = m->replaced,
                                    .err = m->err};
    uint64_t known = m->total == UINT64_MAX ? m->next_index : m->total;
    all.missing = known - m->queries - m->errors;
    if (m->first_submit && m->last_answer > m->first_submit)
        all.seconds = (double)(m->last_answer - m->first_submit) / 1e9;
    if (m->latency) {
        all.p50 = cqlr__hist_at(m->latency, 500);
        all.p90 = cqlr__hist_at(m->latency, 900);
        all.p99 = cqlr__hist_at(m->latency, 990);
        all.p999 = cqlr__hist_at(m->latency, 999);
        all.max = cqlr__hist_max(m->latency);
        all.min = cqlr__hist_min(m->latency);
    }
    memcpy(s, &all, size < sizeof all ? size : sizeof all);
}

int cqlr__bulk_run(const struct cqlr_bulk_opts *o, const struct cqlr__engine *engine,
                   struct cqlr_bulk_summary *s, size_t size)
{
    struct cqlr__manager m = {.engine = engine};
    int rc = fill_options(&m, o);
    if (rc == 0) {
        m.idempotent = m.o.idempotence == CQLR_IDEMPOTENT_YES ||
                       (m.o.idempotence == CQLR_IDEMPOTENT_AUTO && is_select(m.o.statement));
        m.lane = calloc(m.lanes, sizeof *m.lane);
        m.latency = calloc(1, sizeof *m.latency);
        rc = m.lane && m.latency ? open_loop(&m) : CQLR_E_NOMEM;
        if (rc < 0)
            cqlr__err_set(&m.err, rc, "start: %s", cqlr_errcode_text(rc));
    }
    m.rc = rc;
    for (unsigned i = 0; i < m.lanes && m.lane; i++)
        m.lane[i] = (struct cqlr__lane){.m = &m, .slot = (int)i};
    cqlr__order_init(&m.order);
    if (rc == 0)
        run(&m);
    fill_summary(&m, s, size);
    cqlr__order_fini(&m.order);
    cqlr_loop_free(m.loop);
    free(m.lane);
    free(m.latency);
    return m.rc;
}

int cqlr_bulk_run(const struct cqlr_bulk_opts *o, struct cqlr_bulk_summary *s, size_t size)
{
    return cqlr__bulk_run(o, &cqlr__engine_client, s, size);
}

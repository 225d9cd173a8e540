/*
 * manager.c - one batch: the loop from the first step to the last byte of output, and the ways in
 * which it ends. See manager.h for who does what, and README.md for the whole.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "proto/base/err.h"
#include "src/bulk/manager/manager.h"

#define DRAIN_WITHIN  (5 * CQLR__SECOND)
#define PROGRESS_STEP (CQLR__SECOND / 10)

/* ---- errors ---- */

void cqlr__manager_fail(struct cqlr__manager *m, const struct cqlr_err *err)
{
    m->batch.ended = true;
    if (m->batch.rc < 0)
        return;
    m->batch.rc = err->code;
    m->batch.err = *err;
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

/* ---- stopping ---- */

static void interrupt(void *arg)
{
    cqlr__manager_failf(arg, CQLR_E_INTERRUPTED, "interrupted");
}

/* The host wants an end: no new requests, but what is under way may come in. */
static void drain(struct cqlr__manager *m)
{
    if (m->batch.stopping)
        return;
    m->batch.stopping = true;
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
    if (!m->o.on_stop) /* nobody reads it empty */
        cqlr_loop_remove(m->loop, &m->stop_watch);
    m->batch.stops += how >= 1;
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
    if (!m->batch.stopping)
        return false;
    if (m->o.order == CQLR_ORDER_NONE)
        return !m->alive && !m->batch.saved;
    u = cqlr__order_unit((struct cqlr__order *)(uintptr_t)o, o->oldest);
    return !u || (u->holder == CQLR__NOBODY && u->saved_off == u->saved.n);
}

/* ---- the loop ---- */

/* After each turn of the loop. */
static void step(struct cqlr__manager *m)
{
    bool complete;
    m->batch.more = false;
    cqlr__commit(m);
    cqlr__supervise_start(m);
    cqlr__assign(m);
    for (unsigned i = 0; i < m->lanes; i++) {
        if (m->lane[i].state != CQLR__LANE_OFF)
            cqlr__supervise_flush(&m->lane[i]);
    }
    if (cqlr__commit_wait(m))
        m->batch.more = true;
    cqlr__report_checkpoint(m, false);
    complete = m->batch.checked && cqlr__commit_complete(m);
    if (m->batch.ended || cqlr__out_blocked(&m->out))
        return;
    if (complete)
        m->batch.ended = true;
    else if (drained(m))
        interrupt(m);
}

static int turn(struct cqlr__manager *m, uint64_t until)
{
    int rc = cqlr_loop_turn(m->loop, until);
    if (rc < 0)
        cqlr__manager_failf(m, CQLR_E_IO, "waiting for workers: %s", strerror(errno));
    return rc;
}

/* What was taken counts as done, so it has to leave, whatever else went wrong; only the output
 * itself, or the host, can end this. */
static void finish_output(struct cqlr__manager *m)
{
    struct cqlr__batch *b = &m->batch;
    unsigned stops = b->stops;
    while (cqlr__out_blocked(&m->out) && b->rc != CQLR_E_OUTPUT && b->rc != CQLR_E_INTERRUPTED) {
        if (cqlr_loop_turn(m->loop, CQLR_NEVER) < 0 || b->stops != stops)
            return;
        if (cqlr__commit_unblock(m) < 0)
            return;
    }
}

static void check_end(struct cqlr__manager *m)
{
    struct cqlr__batch *b = &m->batch;
    uint64_t total = cqlr__commit_total(m);
    if (b->rc == 0 && b->queries + b->errors != total)
        cqlr__manager_failf(m, CQLR_E_WORKER, "%llu of %llu parameter sets have no result",
                            (unsigned long long)(total - b->queries - b->errors),
                            (unsigned long long)total);
    if (b->rc == 0 && cqlr__commit_too_many(m, true))
        cqlr__manager_failf(m, CQLR_E_LIMIT, "too many errors: %llu of %llu parameter sets",
                            (unsigned long long)b->errors, (unsigned long long)total);
}

/* ---- from the beginning to the end ---- */

static void on_progress_timer(void *arg)
{
    struct cqlr__manager *m = arg;
    cqlr__report_progress(m);
    if (cqlr_loop_timer_set(m->loop, &m->progress_timer, cqlr_now() + PROGRESS_STEP) < 0)
        cqlr__manager_failf(m, CQLR_E_NOMEM, "timer");
}

static void on_out(void *arg, unsigned events)
{
    (void)events;
    ((struct cqlr__manager *)arg)->batch.out_due = true;
}

static void on_out_timer(void *arg)
{
    on_out(arg, 0);
}

static void on_start_timer(void *arg)
{
    (void)arg; /* step() looks */
}

static int watch(struct cqlr__manager *m)
{
    uint64_t now = cqlr_now();
    m->batch.out_watch = (struct cqlr_watch){.fn = on_out, .arg = m};
    m->out_timer = (struct cqlr_timer){.fn = on_out_timer, .arg = m};
    m->stop_watch = (struct cqlr_watch){m->o.stop_fd, CQLR_READ, on_stop_fd, m};
    m->stop_timer = (struct cqlr_timer){.fn = interrupt, .arg = m};
    m->progress_timer = (struct cqlr_timer){.fn = on_progress_timer, .arg = m};
    m->look_timer = (struct cqlr_timer){.fn = cqlr__supervise_look, .arg = m};
    m->fork_timer = (struct cqlr_timer){.fn = on_start_timer};
    m->connect_timer = (struct cqlr_timer){.fn = on_start_timer};
    if (m->o.stop_fd >= 0 && cqlr_loop_add(m->loop, &m->stop_watch) < 0)
        return CQLR_E_IO;
    if (m->o.on_progress &&
        cqlr_loop_timer_set(m->loop, &m->progress_timer, now + PROGRESS_STEP) < 0)
        return CQLR_E_NOMEM;
    return cqlr_loop_timer_set(m->loop, &m->look_timer, now + CQLR__SECOND);
}

static void unwatch(struct cqlr__manager *m)
{
    struct cqlr_timer *t[] = {&m->stop_timer, &m->progress_timer, &m->look_timer,
                              &m->fork_timer, &m->connect_timer,  &m->out_timer};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        cqlr_loop_timer_clear(m->loop, t[i]);
    if (m->o.stop_fd >= 0)
        cqlr_loop_remove(m->loop, &m->stop_watch);
    if (m->batch.out_watched)
        cqlr_loop_remove(m->loop, &m->batch.out_watch);
}

static void begin(struct cqlr__manager *m)
{
    int rc = watch(m);
    if (rc < 0)
        cqlr__manager_failf(m, rc, "start: %s", cqlr_errcode_text(rc));
    if (cqlr__out_open(&m->out, m->o.out_fd, m->o.on_output, m->o.arg, &m->batch.out_err) < 0)
        cqlr__manager_fail(m, &m->batch.out_err);
    cqlr__assign_open(m);
    m->batch.told_at = cqlr_now();
    m->batch.reached.done = m->batch.written.done = m->batch.first;
    if (m->markers && !m->batch.ended)
        cqlr__prepare_check(m);
    if (m->alive && !m->batch.ended)
        (void)!turn(m, 0); /* who died since the last batch? */
}

void cqlr__manager_run(struct cqlr__manager *m)
{
    begin(m);
    if (!m->batch.ended)
        step(m);
    while (!m->batch.ended && turn(m, m->batch.more ? 0 : CQLR_NEVER) == 0)
        step(m);
    finish_output(m);
    check_end(m);
    cqlr__report_checkpoint(m, true);
    if (m->o.on_progress)
        cqlr__report_progress(m);
}

void cqlr__manager_close(struct cqlr__manager *m)
{
    unwatch(m);
    cqlr__assign_close(m);
    cqlr__out_close(&m->out);
}

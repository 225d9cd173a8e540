/*
 * supervise.c - the workers' lives as the parent sees them: who may connect, what they report, what
 * happens when one dies.
 *
 * A worker that dies loses nothing that it published: its records are kept with their units, which
 * go on behind them with another worker. What it had sent without publishing an answer is executed
 * again if the statement is idempotent; else each such parameter set becomes an error record
 * "outcome unknown" in its place, and only those that were never sent are given away. An exit
 * status of 0 is a death too, unless the worker was told to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/bulk/manager.h"
#include "src/bulk/source.h"

#define SECOND          UINT64_C(1000000000)
#define MOST_DEAD_START 5 /* workers in a row that die before they are ready */
#define STOPPED_FOR     (5 * SECOND)
#define NO_FORK_FOR     (10 * SECOND)
#define END_WITHIN      (2 * SECOND)

static void event(struct cqlr__lane *l, enum cqlr_worker_event ev, const char *why)
{
    const struct cqlr_bulk_opts *o = &l->m->o;
    if (o->on_worker)
        o->on_worker(o->arg, ev, l->pid, (unsigned)l->slot, why);
}

/* ---- messages ---- */

void cqlr__supervise_tell_two(struct cqlr__lane *l, enum cqlr__message_kind kind, const void *a,
                              size_t an, const void *b, size_t bn)
{
    int rc = cqlr__stream_put(&l->stream, kind, a, an, b, bn);
    if (rc < 0)
        cqlr__manager_failf(l->m, rc, "message to a worker: %s", cqlr_errcode_text(rc));
    l->told = true;
}

void cqlr__supervise_tell(struct cqlr__lane *l, enum cqlr__message_kind kind, const void *p,
                          size_t n)
{
    cqlr__supervise_tell_two(l, kind, p, n, NULL, 0);
}

void cqlr__supervise_flush(struct cqlr__lane *l)
{
    unsigned events;
    if (!l->told || l->stream.ended)
        return;
    l->told = cqlr__stream_flush(&l->stream);
    events = l->told ? CQLR_READ | CQLR_WRITE : CQLR_READ;
    if (cqlr_loop_change(l->m->loop, &l->stream_watch, events) < 0)
        cqlr__manager_failf(l->m, CQLR_E_IO, "lane: %s", strerror(errno));
}

/* The scout has prepared: now the parameters can be checked, and the others may start. */
static void on_snapshot(struct cqlr__manager *m, const uint8_t *p, size_t n)
{
    struct cqlr_err err = {0};
    struct cqlr_rd rd;
    struct cqlr_wr head;
    struct cqlr_columns *markers, *columns;
    int rc = 0;

    cqlr_rd_init(&rd, p, n, &err);
    markers = cqlr__snapshot_read(&rd);
    columns = markers ? cqlr__snapshot_read(&rd) : NULL;
    if (!markers || !columns) {
        cqlr__err_prefix(&err, "snapshot of the statement");
        cqlr__manager_fail(m, &err);
    } else if (cqlr__source_check(m->o.source, markers, &err) < 0) {
        cqlr__manager_fail(m, &err);
    } else {
        m->prepared = true;
        cqlr_wr_init(&head, NULL, 0);
        if (m->o.on_prepared)
            rc = m->o.on_prepared(m->o.arg, markers, columns, &head);
        if (rc < 0)
            cqlr__manager_failf(m, rc, "start: %s", cqlr_errcode_text(rc));
        else if (head.rc)
            cqlr__manager_failf(m, head.rc, "head of the output: %s", cqlr_errcode_text(head.rc));
        else if (cqlr__out_write(&m->out, head.p, head.n) < 0)
            cqlr__manager_fail(m, m->out.err);
        cqlr_wr_fini(&head);
    }
    cqlr_columns_free(markers);
    cqlr_columns_free(columns);
}

static void on_ready(struct cqlr__lane *l, const struct cqlr__message *msg)
{
    struct cqlr__manager *m = l->m;
    m->connecting--;
    m->start_deaths = 0;
    l->state = CQLR__LANE_READY;
    event(l, CQLR_WORKER_READY, "");
    if (!m->prepared)
        on_snapshot(m, msg->p, msg->n);
}

/* What a worker may say in which state; all else is nonsense. */
static int on_message(struct cqlr__lane *l, const struct cqlr__message *msg)
{
    switch (msg->kind) {
    case CQLR__UP_CONNECT:
        if (l->state != CQLR__LANE_STARTED && l->state != CQLR__LANE_READY)
            return CQLR_E_PROTO;
        l->state = CQLR__LANE_ASKS;
        return 0;
    case CQLR__UP_READY:
        if (l->state != CQLR__LANE_CONNECTING)
            return CQLR_E_PROTO;
        on_ready(l, msg);
        return 0;
    case CQLR__UP_HUNGRY:
        if (msg->n != sizeof l->queued)
            return CQLR_E_PROTO;
        memcpy(&l->queued, msg->p, sizeof l->queued);
        l->hungry = true;
        return 0;
    case CQLR__UP_FATAL:
        cqlr__failure_read(msg->p, msg->n, &l->fatal);
        return 0;
    case CQLR__UP_KICK: /* step() looks */
        return 0;
    default:
        return CQLR_E_PROTO;
    }
}

static void take_messages(struct cqlr__lane *l)
{
    struct cqlr__message msg;
    int rc = cqlr__stream_read(&l->stream);
    while (rc == 0 && (rc = cqlr__stream_next(&l->stream, &msg)) == 1)
        rc = on_message(l, &msg);
    if (rc < 0)
        cqlr__supervise_distrust(l);
}

void cqlr__supervise_on_stream(void *arg, unsigned events)
{
    struct cqlr__lane *l = arg;
    (void)events;
    l->told = true; /* also when it became writable: step() flushes */
    take_messages(l);
    if (l->stream.ended) { /* it is dead or as good as dead; the pidfd tells when */
        cqlr_loop_remove(l->m->loop, &l->stream_watch);
        cqlr__process_kill(l);
    }
}

void cqlr__supervise_distrust(struct cqlr__lane *l)
{
    cqlr__process_kill(l);
}

/* ---- death ---- */

static void pause_starts(struct cqlr__manager *m, uint64_t ns)
{
    m->fork_not_before = cqlr_now() + ns;
    if (cqlr_loop_timer_set(m->loop, &m->fork_timer, m->fork_not_before) < 0)
        cqlr__manager_failf(m, CQLR_E_NOMEM, "timer");
}

/* The item of the unit up to which its holder had sent, which says so in `sent`. */
static uint64_t sent_until(const struct cqlr__unit *u, uint64_t sent)
{
    uint64_t n = sent > u->base ? sent - u->base : 0;
    return n < u->count - u->from ? u->from + n : u->count;
}

/* What was sent and not answered becomes "outcome unknown". */
static void save_unknown(struct cqlr__lane *l, struct cqlr__unit *u, uint64_t sent)
{
    struct cqlr__record rec = {.kind = CQLR__RECORD_ERROR, .unit = u->number};
    struct cqlr_err err;
    struct cqlr_wr w;
    uint64_t until = sent_until(u, sent);

    cqlr__err_set(&err, CQLR_E_CLOSED, "worker died, outcome unknown");
    cqlr_wr_init(&w, NULL, 0);
    cqlr__failure_write(&w, &err);
    rec.bytes = w.n;
    while (u->item < until && !w.rc) {
        bool had = u->saved_off < u->saved.n;
        rec.next_item = u->item + 1;
        if (cqlr__order_accept(u, l->slot, &rec, w.p) < 0 || cqlr__order_save(u, &rec, w.p) < 0)
            w.rc = CQLR_E_NOMEM;
        else
            l->m->saved += !had;
    }
    if (w.rc)
        cqlr__manager_failf(l->m, CQLR_E_NOMEM, "units of a lost worker: out of memory");
    cqlr_wr_fini(&w);
}

/* The first unit that the worker had begun may be the one that killed it. After the second time it
 * is executed one request at a time, so the third names the parameter set. */
static void strike(struct cqlr__lane *l, struct cqlr__unit *u, const char *why)
{
    if (++u->strikes < CQLR__MOST_STRIKES)
        return;
    cqlr__manager_failf(l->m, CQLR_E_WORKER,
                        "%u workers died over parameter set %llu without progress, the last: %s",
                        u->strikes, (unsigned long long)(u->first + u->item), why);
}

static void take_back_units(struct cqlr__lane *l, const char *why)
{
    struct cqlr__manager *m = l->m;
    const struct cqlr__gauges *g = l->ring.extra;
    uint64_t sent = atomic_load_explicit(&g->sent, memory_order_acquire);
    bool struck = false;
    for (uint64_t i = m->order.oldest; i < m->order.next && l->units; i++) {
        struct cqlr__unit *u = cqlr__order_unit(&m->order, i);
        if (u->holder != l->slot)
            continue;
        if (!m->idempotent)
            save_unknown(l, u, sent);
        if (!struck && sent > u->base && u->item < u->count)
            strike(l, u, why);
        struck = true;
        l->units--;
        cqlr__order_take_back(&m->order, u);
    }
}

/* The run ends early: what this worker had sent and nobody committed may have been executed. Not
 * idempotent, it is not simply missing. */
static void count_unknown(struct cqlr__lane *l)
{
    struct cqlr__manager *m = l->m;
    const struct cqlr__gauges *g = l->ring.extra;
    uint64_t sent = atomic_load_explicit(&g->sent, memory_order_acquire);
    for (uint64_t i = m->order.oldest; i < m->order.next; i++) {
        const struct cqlr__unit *u = cqlr__order_unit(&m->order, i);
        uint64_t until = sent_until(u, sent);
        if (u->holder != l->slot || until <= u->item)
            continue;
        m->unknown += until - u->item;
        m->errors += until - u->item;
    }
}

/* The same for the answers of workers that ended before, which will not come out any more. */
static void count_saved_as_unknown(struct cqlr__manager *m)
{
    for (uint64_t i = m->order.oldest; m->saved && i < m->order.next; i++) {
        struct cqlr__unit *u = cqlr__order_unit(&m->order, i);
        struct cqlr__record rec;
        const uint8_t *p;
        while (cqlr__order_saved(u, &rec, &p)) {
            uint64_t n = rec.kind == CQLR__RECORD_ERROR ? 1 : rec.queries;
            m->unknown += n;
            m->errors += n;
        }
    }
}

static void keep_times(struct cqlr__lane *l)
{
    struct cqlr__manager *m = l->m;
    const struct cqlr__gauges *g = l->ring.extra;
    uint64_t first = atomic_load_explicit(&g->first_submit, memory_order_relaxed);
    uint64_t last = atomic_load_explicit(&g->last_answer, memory_order_relaxed);
    cqlr__hist_merge(m->latency, &g->latency);
    if (first && (!m->first_submit || first < m->first_submit))
        m->first_submit = first;
    if (last > m->last_answer)
        m->last_answer = last;
}

/* A worker died on its way to being ready: the next start waits a moment, and when nothing else
 * gets on either, the run ends. */
static void died_early(struct cqlr__manager *m, const char *why)
{
    m->start_deaths = m->committed == m->committed_at_death ? m->start_deaths + 1 : 1;
    m->committed_at_death = m->committed;
    if (m->start_deaths >= MOST_DEAD_START)
        cqlr__manager_failf(m, CQLR_E_WORKER,
                            "%u workers in a row died before they were connected, the last: %s",
                            m->start_deaths, why);
    pause_starts(m, SECOND / 20);
}

static void died(struct cqlr__lane *l, bool was_ready, const char *why)
{
    struct cqlr__manager *m = l->m;
    event(l, CQLR_WORKER_DIED, why);
    if (l->fatal.code) { /* nobody takes its place */
        cqlr__commit(m);
        cqlr__manager_fail(m, &l->fatal);
        return;
    }
    m->replaced++;
    if (!was_ready)
        died_early(m, why);
}

/* The process is reaped. */
static void on_end(struct cqlr__lane *l, const char *why, bool clean)
{
    struct cqlr__manager *m = l->m;
    bool was_ready = l->state == CQLR__LANE_READY, expected = m->stopping || m->ended;
    if (l->state == CQLR__LANE_CONNECTING)
        m->connecting--;
    m->alive--;
    if (!m->ended) {
        cqlr__commit_save(l);
        take_back_units(l, why);
    } else if (m->rc < 0 && !m->idempotent) {
        count_unknown(l);
    }
    keep_times(l);
    if (expected)
        event(l, clean ? CQLR_WORKER_ENDED : CQLR_WORKER_DIED, why);
    else
        died(l, was_ready, l->fatal.code ? l->fatal.text : why);
    cqlr__process_close(l);
}

void cqlr__supervise_on_pid(void *arg, unsigned events)
{
    struct cqlr__lane *l = arg;
    char why[80];
    bool clean;
    (void)events;
    if (!cqlr__process_reap(l, false, why, sizeof why, &clean))
        return;
    if (!l->stream.ended)
        take_messages(l); /* its last words */
    on_end(l, why, clean);
}

/* ---- starting ---- */

/* EAGAIN and the like pass: others go on meanwhile, and it is tried again. */
static void on_no_fork(struct cqlr__manager *m, int e)
{
    const struct cqlr__unit *u = cqlr__order_unit(&m->order, m->order.oldest);
    uint64_t now = cqlr_now();
    bool passes = e == EAGAIN || e == ENOMEM;
    bool stuck = !m->alive || (u && u->holder == CQLR__NOBODY && m->order.unheld == u->number);
    if (!m->fork_failing_since) {
        m->fork_failing_since = now;
        m->fork_pause = SECOND / 20;
    }
    if ((!passes && !m->alive) || (stuck && now - m->fork_failing_since > NO_FORK_FOR)) {
        cqlr__manager_failf(m, CQLR_E_WORKER, "cannot start a worker: %s", strerror(e));
        m->err.sys_errno = e;
        return;
    }
    pause_starts(m, m->fork_pause);
    m->fork_pause = m->fork_pause < SECOND ? m->fork_pause * 2 : SECOND;
}

static bool start_one(struct cqlr__manager *m, struct cqlr__lane *l)
{
    int e = cqlr__process_start(l);
    if (e) {
        on_no_fork(m, e);
        return false;
    }
    m->fork_failing_since = 0;
    m->alive++;
    if (m->alive > m->most_alive)
        m->most_alive = m->alive;
    event(l, CQLR_WORKER_STARTED, "");
    return true;
}

/* Workers that are on their way and will take a unit each. */
static uint64_t starting(const struct cqlr__manager *m)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < m->lanes; i++)
        n += m->lane[i].state != CQLR__LANE_OFF && m->lane[i].state != CQLR__LANE_READY;
    return n;
}

static void start_missing(struct cqlr__manager *m)
{
    uint64_t on_way = starting(m), work = m->prepared ? cqlr__assign_work_left(m) : 1;
    unsigned most = m->prepared ? m->lanes : 1;
    if (cqlr_now() < m->fork_not_before)
        return;
    for (unsigned i = 0; i < most && on_way < work && !m->ended; i++) {
        if (m->lane[i].state != CQLR__LANE_OFF)
            continue;
        if (!start_one(m, &m->lane[i]))
            return;
        on_way++;
    }
}

void cqlr__supervise_start(struct cqlr__manager *m)
{
    if (m->stopping || m->ended)
        return;
    start_missing(m);
    for (unsigned i = 0; i < m->lanes && m->connecting < m->o.connects; i++) {
        struct cqlr__lane *l = &m->lane[i];
        if (l->state != CQLR__LANE_ASKS)
            continue;
        l->state = CQLR__LANE_CONNECTING;
        m->connecting++;
        cqlr__supervise_tell(l, CQLR__TO_CONNECT, NULL, 0);
    }
}

/* ---- stopped workers ---- */

/* The state letter in /proc/PID/stat, or 0. */
static char state_of(pid_t pid)
{
    char path[40], text[512], *p;
    ssize_t n;
    int fd;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    p = strrchr(text, ')');
    return p && p[1] == ' ' ? p[2] : '\0';
}

/* Killed before its unit is given away: no unit ever has two living holders. */
static void look_at(struct cqlr__lane *l, uint64_t now)
{
    if (state_of(l->pid) != 'T')
        l->stopped_since = 0;
    else if (!l->stopped_since)
        l->stopped_since = now;
    else if (now - l->stopped_since >= STOPPED_FOR)
        cqlr__process_kill(l);
}

void cqlr__supervise_look(void *arg)
{
    struct cqlr__manager *m = arg;
    const struct cqlr__unit *u = cqlr__order_unit(&m->order, m->order.oldest);
    uint64_t now = cqlr_now();
    bool still = m->committed == m->looked_at;
    m->looked_at = m->committed;
    for (unsigned i = 0; i < m->lanes; i++) {
        struct cqlr__lane *l = &m->lane[i];
        bool awaited = (u && u->holder == l->slot) || l->state != CQLR__LANE_READY ||
                       (m->o.order == CQLR_ORDER_NONE && l->units);
        if (l->state == CQLR__LANE_OFF)
            continue;
        if (still && awaited)
            look_at(l, now);
        else
            l->stopped_since = 0;
    }
    if (cqlr_loop_timer_set(m->loop, &m->look_timer, now + SECOND) < 0)
        cqlr__manager_failf(m, CQLR_E_NOMEM, "timer");
}

/* ---- the end ---- */

void cqlr__supervise_end(struct cqlr__manager *m)
{
    uint64_t until = cqlr_now() + END_WITHIN;
    m->ended = true;
    for (unsigned i = 0; i < m->lanes; i++) {
        struct cqlr__lane *l = &m->lane[i];
        if (l->state == CQLR__LANE_OFF)
            continue;
        if (m->rc < 0) {
            cqlr__process_kill(l);
        } else {
            cqlr__supervise_tell(l, CQLR__TO_STOP, NULL, 0);
            cqlr__supervise_flush(l);
        }
    }
    while (m->alive && m->rc == 0 && cqlr_now() < until) {
        if (cqlr_loop_turn(m->loop, until) < 0)
            break;
    }
    for (unsigned i = 0; i < m->lanes; i++) {
        struct cqlr__lane *l = &m->lane[i];
        char why[80];
        bool clean;
        if (l->state == CQLR__LANE_OFF)
            continue;
        cqlr__process_kill(l);
        (void)cqlr__process_reap(l, true, why, sizeof why, &clean);
        on_end(l, why, true);
    }
    if (m->rc < 0 && !m->idempotent)
        count_saved_as_unknown(m);
}

/*
 * supervise.c - the workers' lives as the parent sees them: which are started, who may connect,
 * what they report, which hang, and how they are sent home. Their deaths are in death.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/bulk/manager/manager.h"

#define STOPPED_FOR (5 * CQLR__SECOND)
#define NO_FORK_FOR (10 * CQLR__SECOND)
#define END_WITHIN  (2 * CQLR__SECOND)

void cqlr__supervise_event(struct cqlr__lane *l, enum cqlr_worker_event ev, const char *why)
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

static void on_ready(struct cqlr__lane *l, const struct cqlr__message *msg)
{
    struct cqlr__manager *m = l->m;
    m->connecting--;
    m->doubt = false;
    m->batch.start_deaths = 0;
    l->state = CQLR__LANE_READY;
    cqlr__supervise_event(l, CQLR_WORKER_READY, "");
    if (!m->markers)
        cqlr__prepare_snapshot(m, msg->p, msg->n);
}

/* What a worker may say in which state; all else is nonsense. */
static int on_message(struct cqlr__lane *l, const struct cqlr__message *msg)
{
    switch (msg->kind) {
    case CQLR__UP_CONNECT:
        if (l->state != CQLR__LANE_STARTED && l->state != CQLR__LANE_READY)
            return CQLR_E_PROTO;
        l->m->doubt |= l->state == CQLR__LANE_READY;
        l->state = CQLR__LANE_ASKS;
        return 0;
    case CQLR__UP_READY:
        if (l->state != CQLR__LANE_CONNECTING)
            return CQLR_E_PROTO;
        on_ready(l, msg);
        return 0;
    case CQLR__UP_FAILED:
        if (l->state != CQLR__LANE_CONNECTING)
            return CQLR_E_PROTO;
        l->m->connecting--;
        l->m->doubt = true;
        l->state = CQLR__LANE_STARTED;
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
    cqlr__death(l, why, clean);
}

/* ---- starting ---- */

void cqlr__supervise_pause_starts(struct cqlr__manager *m, uint64_t ns)
{
    m->batch.fork_not_before = cqlr_now() + ns;
    if (cqlr_loop_timer_set(m->loop, &m->fork_timer, m->batch.fork_not_before) < 0)
        cqlr__manager_failf(m, CQLR_E_NOMEM, "timer");
}

/* EAGAIN and the like pass: others go on meanwhile, and it is tried again. */
static void on_no_fork(struct cqlr__manager *m, int e)
{
    const struct cqlr__unit *u = cqlr__order_unit(&m->order, m->order.oldest);
    uint64_t now = cqlr_now();
    bool passes = e == EAGAIN || e == ENOMEM;
    bool stuck = !m->alive || (u && u->holder == CQLR__NOBODY && m->order.unheld == u->number);
    if (!m->batch.fork_failing_since) {
        m->batch.fork_failing_since = now;
        m->batch.fork_pause = CQLR__SECOND / 20;
    }
    if ((!passes && !m->alive) || (stuck && now - m->batch.fork_failing_since > NO_FORK_FOR)) {
        cqlr__manager_failf(m, CQLR_E_WORKER, "cannot start a worker: %s", strerror(e));
        m->batch.err.sys_errno = e;
        return;
    }
    cqlr__supervise_pause_starts(m, m->batch.fork_pause);
    m->batch.fork_pause =
        m->batch.fork_pause < CQLR__SECOND ? m->batch.fork_pause * 2 : CQLR__SECOND;
}

static bool start_one(struct cqlr__manager *m, struct cqlr__lane *l)
{
    int e = cqlr__process_start(l);
    if (e) {
        on_no_fork(m, e);
        return false;
    }
    m->batch.fork_failing_since = 0;
    m->alive++;
    if (m->alive > m->batch.most_alive)
        m->batch.most_alive = m->alive;
    m->tally[l->slot].pid = l->pid;
    cqlr__supervise_event(l, CQLR_WORKER_STARTED, "");
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
    unsigned most = m->batch.checked ? m->batch.workers : 1;
    uint64_t on_way, work;
    if (m->alive >= most || cqlr_now() < m->batch.fork_not_before)
        return;
    on_way = starting(m);
    work = m->batch.checked ? cqlr__assign_work_left(m) : 1;
    for (unsigned i = 0; i < m->lanes && m->alive < most && on_way < work && !m->batch.ended; i++) {
        if (m->lane[i].state != CQLR__LANE_OFF)
            continue;
        if (!start_one(m, &m->lane[i]))
            return;
        on_way++;
    }
}

void cqlr__supervise_start(struct cqlr__manager *m)
{
    if (m->batch.stopping || m->batch.ended)
        return;
    start_missing(m);
    unsigned most = m->doubt ? 1 : m->o.connects;
    for (unsigned i = 0; i < m->lanes && m->connecting < most; i++) {
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
    bool still = m->batch.committed == m->batch.looked_at;
    m->batch.looked_at = m->batch.committed;
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
    if (cqlr_loop_timer_set(m->loop, &m->look_timer, now + CQLR__SECOND) < 0)
        cqlr__manager_failf(m, CQLR_E_NOMEM, "timer");
}

/* ---- the end ---- */

void cqlr__supervise_end(struct cqlr__manager *m)
{
    uint64_t until = cqlr_now() + END_WITHIN;
    m->batch.ended = true;
    for (unsigned i = 0; i < m->lanes; i++) {
        struct cqlr__lane *l = &m->lane[i];
        if (l->state == CQLR__LANE_OFF)
            continue;
        if (m->batch.rc < 0) {
            cqlr__process_kill(l);
        } else {
            cqlr__supervise_tell(l, CQLR__TO_STOP, NULL, 0);
            cqlr__supervise_flush(l);
        }
    }
    while (m->alive && m->batch.rc == 0 && cqlr_now() < until) {
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
        cqlr__death(l, why, true);
    }
    if (m->batch.rc < 0)
        cqlr__death_count_saved(m);
}

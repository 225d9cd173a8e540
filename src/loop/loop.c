/*
 * loop.c - one epoll loop. A turn waits, calls the watches that are ready, then the timers that are
 * due, then the deferred tasks.
 *
 * What a callback removes is not called any more, even when the kernel had already reported it in
 * this turn; what a callback adds is called in a later turn, so a turn always ends.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/mem.h"
#include "src/loop/heap.h"

#define BATCH 64
#define NS    UINT64_C(1000000000)
#define MS    UINT64_C(1000000)

/* Tasks in the order in which they were queued; the place where the next one goes is *end. */
struct tasks {
    struct cqlr_task *first;
    struct cqlr_task **end;
};

struct cqlr_loop {
    const struct cqlr_mem *mem;
    int fd;
    bool in_turn;
    bool only_ms; /* the kernel has no epoll_pwait2 */
    uint64_t now;
    struct cqlr__heap timers;
    struct tasks queued;  /* for the end of this turn, or of the next one */
    struct tasks running; /* of those, what is still to be called in this turn */
    struct epoll_event ready[BATCH];
    int ready_n;
    int ready_i; /* the event that is being called; the later ones may still be withdrawn */
};

uint64_t cqlr_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void tasks_clear(struct tasks *q)
{
    q->first = NULL;
    q->end = &q->first;
}

cqlr_loop *cqlr_loop_new(const struct cqlr_mem *mem)
{
    mem = cqlr__mem(mem);
    struct cqlr_loop *l = cqlr__mem_get(mem, sizeof *l);
    if (!l)
        return NULL;
    *l = (struct cqlr_loop){.mem = mem, .fd = epoll_create1(EPOLL_CLOEXEC), .now = cqlr_now()};
    if (l->fd < 0) {
        cqlr__mem_free(mem, l, sizeof *l);
        return NULL;
    }
    cqlr__heap_init(&l->timers, mem);
    tasks_clear(&l->queued);
    tasks_clear(&l->running);
    return l;
}

void cqlr_loop_free(cqlr_loop *l)
{
    if (!l)
        return;
    cqlr__heap_fini(&l->timers);
    close(l->fd);
    cqlr__mem_free(l->mem, l, sizeof *l);
}

int cqlr_loop_fd(const cqlr_loop *l)
{
    return l->fd;
}

uint64_t cqlr_loop_now(const cqlr_loop *l)
{
    return l->now;
}

uint64_t cqlr_loop_deadline(const cqlr_loop *l)
{
    const struct cqlr_timer *t = cqlr__heap_first(&l->timers);
    if (l->queued.first)
        return 0;
    return t ? t->at : CQLR_NEVER;
}

/* ---- watches ---- */

static int control(cqlr_loop *l, int op, struct cqlr_watch *w)
{
    struct epoll_event ev = {.data.ptr = w};
    ev.events = (w->events & CQLR_READ ? (uint32_t)EPOLLIN : 0) |
                (w->events & CQLR_WRITE ? (uint32_t)EPOLLOUT : 0);
    return epoll_ctl(l->fd, op, w->fd, &ev) ? CQLR_E_IO : 0;
}

int cqlr_loop_add(cqlr_loop *l, struct cqlr_watch *w)
{
    return control(l, EPOLL_CTL_ADD, w);
}

int cqlr_loop_change(cqlr_loop *l, struct cqlr_watch *w, unsigned events)
{
    unsigned old = w->events;
    if (old == events)
        return 0;
    w->events = events;
    int rc = control(l, EPOLL_CTL_MOD, w);
    if (rc)
        w->events = old;
    return rc;
}

void cqlr_loop_remove(cqlr_loop *l, struct cqlr_watch *w)
{
    (void)control(l, EPOLL_CTL_DEL,
                  w); /* fails only for a descriptor that is not there, which is what is wanted */
    for (int i = l->ready_i + 1; i < l->ready_n; i++)
        if (l->ready[i].data.ptr == w)
            l->ready[i].data.ptr = NULL;
}

static void call_watches(cqlr_loop *l)
{
    for (l->ready_i = 0; l->ready_i < l->ready_n; l->ready_i++) {
        const struct epoll_event *ev = &l->ready[l->ready_i];
        struct cqlr_watch *w = ev->data.ptr;
        if (!w)
            continue; /* removed by a callback before */
        unsigned events =
            (ev->events & EPOLLIN ? CQLR_READ : 0) | (ev->events & EPOLLOUT ? CQLR_WRITE : 0);
        events &= w->events; /* a callback before may have changed them */
        if (ev->events & (EPOLLHUP | EPOLLERR))
            events |= CQLR_HANGUP;
        if (events)
            w->fn(w->arg, events);
    }
    l->ready_n = 0;
}

/* ---- timers ---- */

int cqlr_loop_timer_set(cqlr_loop *l, struct cqlr_timer *t, uint64_t at)
{
    return cqlr__heap_set(&l->timers, t, at);
}

void cqlr_loop_timer_clear(cqlr_loop *l, struct cqlr_timer *t)
{
    cqlr__heap_clear(&l->timers, t);
}

/* No more calls than there were timers at first: one that sets itself to a time that is past fires
 * once a turn. */
static void call_timers(cqlr_loop *l)
{
    for (size_t left = l->timers.n; left > 0; left--) {
        struct cqlr_timer *t = cqlr__heap_first(&l->timers);
        if (!t || t->at > l->now)
            break;
        cqlr__heap_clear(&l->timers, t);
        t->fn(t->arg);
    }
}

/* ---- tasks ---- */

void cqlr_loop_defer(cqlr_loop *l, struct cqlr_task *t)
{
    if (t->queued)
        return;
    t->queued = true;
    t->next = NULL;
    *l->queued.end = t;
    l->queued.end = &t->next;
}

static bool tasks_remove(struct tasks *q, struct cqlr_task *t)
{
    for (struct cqlr_task **p = &q->first; *p; p = &(*p)->next) {
        if (*p != t)
            continue;
        *p = t->next;
        if (!*p)
            q->end = p;
        return true;
    }
    return false;
}

void cqlr_loop_undefer(cqlr_loop *l, struct cqlr_task *t)
{
    if (t->queued && !tasks_remove(&l->running, t))
        (void)tasks_remove(&l->queued, t);
    t->queued = false;
}

static void call_tasks(cqlr_loop *l)
{
    if (!l->queued.first)
        return;
    l->running = l->queued;
    tasks_clear(&l->queued);
    while (l->running.first) {
        struct cqlr_task *t = l->running.first;
        l->running.first = t->next;
        t->queued = false;
        t->fn(t->arg);
    }
    tasks_clear(&l->running);
}

/* ---- the turn ---- */

/* Milliseconds, rounded up: a wait must not end before its time. */
static int wait_ms(cqlr_loop *l, uint64_t ns)
{
    uint64_t ms = ns / MS + (ns % MS != 0);
    return epoll_wait(l->fd, l->ready, BATCH, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

/* The system call itself: not every C library has a function for it. Its times are of 64 bits on
 * every machine. */
static int epoll_wait_ns(int fd, struct epoll_event *ready, int n, uint64_t ns)
{
    const int64_t seconds_and_ns[2] = {(int64_t)(ns / NS), (int64_t)(ns % NS)};
    return (int)syscall(SYS_epoll_pwait2, fd, ready, n, seconds_and_ns, NULL, (size_t)0);
}

/* The number of events in l->ready, or -1. Old kernels, and sandboxes that refuse what they don't
 * know, lack epoll_pwait2. */
static int wait_ns(cqlr_loop *l, uint64_t ns)
{
    if (l->only_ms)
        return wait_ms(l, ns);
    int n = epoll_wait_ns(l->fd, l->ready, BATCH, ns);
    if (n >= 0 || (errno != ENOSYS && errno != EPERM))
        return n;
    l->only_ms = true;
    return wait_ms(l, ns);
}

static int wait_until(cqlr_loop *l, uint64_t until)
{
    if (until == 0)
        return epoll_wait(l->fd, l->ready, BATCH, 0);
    if (until == CQLR_NEVER)
        return epoll_wait(l->fd, l->ready, BATCH, -1);
    uint64_t now = cqlr_now();
    return wait_ns(l, until > now ? until - now : 0);
}

bool cqlr_loop_in_turn(const cqlr_loop *l)
{
    return l->in_turn;
}

int cqlr_loop_turn(cqlr_loop *l, uint64_t until)
{
    uint64_t deadline = cqlr_loop_deadline(l);
    if (l->in_turn)
        return CQLR_E_USAGE;
    l->in_turn = true;
    int n = wait_until(l, deadline < until ? deadline : until);
    int error = n < 0 ? errno : 0;
    l->now = cqlr_now();
    if (n >= 0) {
        l->ready_n = n;
        call_watches(l);
        call_timers(l);
        call_tasks(l);
    }
    l->in_turn = false;
    if (!error || error == EINTR)
        return 0;
    errno = error;
    return CQLR_E_IO;
}

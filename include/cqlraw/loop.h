/*
 * loop.h - one epoll loop: descriptors, timers, and work that is done once at the end of a turn.
 *
 * It knows nothing of CQL. All storage is the caller's (struct cqlr_watch, cqlr_timer, cqlr_task):
 * it must stay where it is while it is registered, and registering never allocates per turn. Times
 * are monotonic nanoseconds (cqlr_now). Any of the functions but cqlr_loop_free may be called from
 * a callback, also to remove what is about to be called. A forked child shares the epoll object
 * with its parent: it may free the loop, and nothing else.
 */
#ifndef CQLRAW_LOOP_H
#define CQLRAW_LOOP_H

#include <cqlraw/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CLOCK_MONOTONIC in nanoseconds. */
CQLR_API uint64_t cqlr_now(void);

typedef struct cqlr_loop cqlr_loop;

/* Owned by the caller, free with cqlr_loop_free. NULL: no memory or no descriptor left (errno
 * tells). Descriptors are close-on-exec. `mem` is borrowed until then; NULL = malloc. */
CQLR_API cqlr_loop *cqlr_loop_new(const struct cqlr_mem *mem);
/* What is still registered is forgotten, not closed. */
CQLR_API void cqlr_loop_free(cqlr_loop *l);

struct cqlr_watch {
    int fd;
    unsigned events;                        /* CQLR_READ | CQLR_WRITE; 0 = only CQLR_HANGUP */
    void (*fn)(void *arg, unsigned events); /* what it is ready for, CQLR_HANGUP included */
    void *arg;
};
/* Registered level-triggered, until removed. 0, or CQLR_E_IO with errno set. The descriptor must be
 * removed before it is closed. */
CQLR_API CQLR_MUST_USE int cqlr_loop_add(cqlr_loop *l, struct cqlr_watch *w);
CQLR_API CQLR_MUST_USE int cqlr_loop_change(cqlr_loop *l, struct cqlr_watch *w, unsigned events);
CQLR_API void cqlr_loop_remove(cqlr_loop *l, struct cqlr_watch *w);

struct cqlr_timer {
    void (*fn)(void *arg);
    void *arg;
    uint64_t at; /* private: when it fires */
    size_t slot; /* private: 0 = not set. Zero-initialise. */
};
/* Sets or moves a timer; it fires once, in the first turn at or after `at`. 0 or CQLR_E_NOMEM. */
CQLR_API CQLR_MUST_USE int cqlr_loop_timer_set(cqlr_loop *l, struct cqlr_timer *t, uint64_t at);
CQLR_API void cqlr_loop_timer_clear(cqlr_loop *l, struct cqlr_timer *t);

struct cqlr_task {
    void (*fn)(void *arg);
    void *arg;
    struct cqlr_task *next; /* private */
    bool queued;            /* private. Zero-initialise. */
};
/* Runs the task once at the end of this turn (of the next one, when called outside a turn).
 * Queueing it twice is once. */
CQLR_API void cqlr_loop_defer(cqlr_loop *l, struct cqlr_task *t);
CQLR_API void cqlr_loop_undefer(cqlr_loop *l, struct cqlr_task *t);

/*
 * One turn: waits until a descriptor is ready, a timer is due, or `until` (0 = don't wait,
 * CQLR_NEVER = as long as it takes); calls what is ready, then the timers, then the deferred tasks.
 * 0, or CQLR_E_IO with errno set. A signal ends the wait early, which is not an error. CQLR_E_USAGE
 * inside a callback of the same loop.
 */
CQLR_API CQLR_MUST_USE int cqlr_loop_turn(cqlr_loop *l, uint64_t until);

/* true inside a callback of the loop. */
CQLR_API bool cqlr_loop_in_turn(const cqlr_loop *l);

/* The time at which this turn woke up: cheap, the same for the whole turn. */
CQLR_API uint64_t cqlr_loop_now(const cqlr_loop *l);

/* For hosting the loop in another one: its descriptor (the loop's own, don't close it) is readable
 * when a turn has descriptors to serve; timers and tasks want a turn at the deadline (CQLR_NEVER:
 * none; 0: at once), which is to be asked for after every turn and every call that submits. */
CQLR_API int cqlr_loop_fd(const cqlr_loop *l);
CQLR_API uint64_t cqlr_loop_deadline(const cqlr_loop *l);

#ifdef __cplusplus
}
#endif
#endif

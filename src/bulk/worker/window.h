/*
 * window.h - the parameter sets that a worker has under way.
 *
 * Units come in ascending order and are executed in that order, up to `in_flight` requests at a
 * time, over the borders of units. Answers come as they like; a parameter set's output waits in its
 * slot until all before it are published. When the ring is full nothing new is submitted, but
 * answers are still taken: no request times out because the output is slow. What waits is bounded:
 * by twice `in_flight` slots, and further pages of a set that is not the oldest are only fetched
 * while less than a ring's worth is held.
 *
 * A timeout is not decided before it is known whether the server is there at all: then the request
 * has failed, else it had no chance.
 */
#ifndef CQLRAW_SRC_BULK_WINDOW_H
#define CQLRAW_SRC_BULK_WINDOW_H

#include "src/bulk/lane/pace.h"
#include "src/bulk/worker/engine.h"
#include "src/bulk/worker/publish.h"

#define CQLR__SPARE_BUFFERS 16

struct cqlr__work; /* a unit of this worker */
struct cqlr__slot; /* a parameter set under way */

struct cqlr__window {
    const struct cqlr__engine *engine;
    void *self; /* the engine's; NULL = not connected: nothing is submitted */
    cqlr_loop *loop;
    struct cqlr__gauges *gauges;
    struct cqlr__publisher pub;
    struct cqlr__pace *pace; /* NULL = as fast as it goes */
    unsigned retries;        /* of a page that was refused, at most */
    uint64_t retry_delay, retry_delay_max;
    uint64_t random;  /* state of cqlr__backoff_random */
    size_t in_flight; /* at most */
    bool lines;       /* parameter sets come with their texts */

    struct cqlr__slot *slot;
    size_t cap, head, used;
    size_t flying;  /* slots that wait for an answer */
    size_t waiting; /* slots that wait to be executed: a further page, or once more */
    size_t held;    /* bytes of output in slots */
    struct cqlr__work *first, *last, *submit; /* units: all, and the one to submit from */
    uint64_t queued;                          /* parameter sets that were not submitted yet */
    uint64_t answers, answers_before;         /* all; when the connection was opened last */
    uint64_t begin;   /* when the next parameter set may begin; 0 = the pace was not asked yet */
    uint64_t due;     /* when cqlr__window_go has something to do though nothing happened */
    unsigned careful; /* units that are to be executed one request at a time */
    bool blocked;     /* the ring is full */
    bool again;       /* no stream was free: wait for an answer */
    bool stopping;    /* submit nothing more */
    bool broken;      /* a request ended because the connection did, or could not be sent */
    struct cqlr_err lost; /* broken: why; silent: what timed out first */
    bool silent;     /* a request timed out and nothing came since: somebody has to ask whether the
                        server is there; until that is known nothing is submitted */
    size_t doubtful; /* slots that timed out and could be executed once more */

    struct cqlr_wr spare[CQLR__SPARE_BUFFERS]; /* buffers that slots are done with */
    size_t spares;
};

CQLR_MUST_USE
int cqlr__window_init(struct cqlr__window *w, size_t in_flight);
/* A unit came: what TO_UNIT says. 0, CQLR_E_NOMEM, CQLR_E_PROTO. */
CQLR_MUST_USE
int cqlr__window_add(struct cqlr__window *w, const uint8_t *p, size_t n);
/* The engine's answer for a slot. */
void cqlr__window_answered(struct cqlr__window *w, size_t slot, const struct cqlr__answer *a);
/* What became of the silence. The server is there (any answer says so, too): what timed out has
 * failed. It is not, or the connection is gone: what timed out is executed again on the next one,
 * as far as it may be. */
void cqlr__window_alive(struct cqlr__window *w);
void cqlr__window_lost(struct cqlr__window *w, const struct cqlr_err *why);
/* Publishes what can be, submits what may be. After each of: connected, units, room in the ring, an
 * answer, and at `due`. */
void cqlr__window_go(struct cqlr__window *w);

#endif

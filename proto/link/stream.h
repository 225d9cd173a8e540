/*
 * stream.h - which stream ids of a connection are free, which await an answer, and for whom.
 *
 * A request takes the id that was given back last, so the memory grows with the most requests that
 * were ever out at once. An id whose request was given up is not free: it waits for the late
 * answer, which could otherwise be given to another request (native_protocol_v4.spec section 2.3).
 * Every operation takes constant time.
 */
#ifndef CQLRAW_PROTO_LINK_STREAM_H
#define CQLRAW_PROTO_LINK_STREAM_H

#include <cqlraw/base.h>

#define CQLR__STREAM_MAX 32767

enum cqlr__stream_state { CQLR__STREAM_FREE, CQLR__STREAM_PENDING, CQLR__STREAM_FORGOTTEN };

struct cqlr__stream {
    void *tag;     /* of the request, while PENDING */
    uint16_t next; /* the free id below this one, 0 = none; while FREE */
    uint8_t state;
};

struct cqlr__streams {
    const struct cqlr_mem *mem;
    struct cqlr__stream *v; /* v[id - 1] */
    uint16_t cap;
    uint16_t used; /* ids 1..used were taken at least once */
    uint16_t max;  /* ids 1..max exist */
    uint16_t free; /* the id given back last, 0 = none of 1..used is free */
    unsigned in_flight;
    unsigned orphans;
};

void cqlr__streams_init(struct cqlr__streams *s, const struct cqlr_mem *mem, uint16_t max);
void cqlr__streams_fini(struct cqlr__streams *s);

/* An id for a request; CQLR_E_AGAIN when all are taken, CQLR_E_NOMEM. */
int cqlr__streams_take(struct cqlr__streams *s, void *tag);

/* The answer for `id` has come, so the id is free now. Gives the state it had: PENDING fills *tag;
 * FREE means that no request has this id (any id may be asked about). */
enum cqlr__stream_state cqlr__streams_finish(struct cqlr__streams *s, int id, void **tag);

/* The request is given up, its answer may still come. Does nothing for an id that is not PENDING.
 */
void cqlr__streams_forget(struct cqlr__streams *s, int id);

#endif

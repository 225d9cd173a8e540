/*
 * ring.h - a ring of bytes in shared memory with one producer and one consumer, in two processes.
 *
 * The data is mapped twice, back to back, so that every run of at most `size` bytes is contiguous
 * wherever it begins. Positions count bytes since the start and never wrap. Each side keeps its own
 * position in its own memory and shares a copy of it: the consumer checks what the producer shares,
 * so a producer gone mad can make it lose data, never read outside.
 *
 * Waiting: a side that has nothing to do says so (…_wait) and looks once more; the other side asks,
 * after it moved, whether it has to be told (…_tell). How it is told is not the ring's business.
 */
#ifndef CQLRAW_SRC_BULK_RING_H
#define CQLRAW_SRC_BULK_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What both processes see. The producer's line, the consumer's line. */
struct cqlr__ring_shared {
    _Alignas(64) _Atomic uint64_t tail; /* published up to here */
    _Atomic uint32_t producer_waits;
    _Alignas(64) _Atomic uint64_t head; /* consumed up to here */
    _Atomic uint32_t consumer_waits;
};

struct cqlr__ring {
    struct cqlr__ring_shared *shared; /* start of the mapping */
    void *extra;                      /* zeroed shared memory for the caller, 64-byte aligned */
    uint8_t *data;
    size_t size;   /* of the data, whole pages */
    size_t mapped; /* of all */
    uint64_t pos;  /* private: this side's position */
};

/* Maps a ring of at least `size` bytes of data and `extra` bytes beside it; fork then shares it. 0
 * or -1 with errno set. */
int cqlr__ring_open(struct cqlr__ring *r, size_t size, size_t extra);
void cqlr__ring_close(struct cqlr__ring *r);

/* ---- producer ---- */

/* Bytes that can be written at cqlr__ring_at(r, r->pos). */
size_t cqlr__ring_room(const struct cqlr__ring *r);
/* r->pos += n: the bytes become visible with the next publish. */
static inline void cqlr__ring_wrote(struct cqlr__ring *r, size_t n)
{
    r->pos += n;
}
void cqlr__ring_publish(struct cqlr__ring *r);
/* Asks to be told when there is room. true = no need to wait, there are `need` bytes now. */
bool cqlr__ring_wait_room(struct cqlr__ring *r, size_t need);
/* true (once) when the consumer waits for what was published. */
bool cqlr__ring_tell_consumer(struct cqlr__ring *r);

/* ---- consumer ---- */

/* Published bytes at *p; SIZE_MAX when the producer shares nonsense. */
size_t cqlr__ring_ready(const struct cqlr__ring *r, const uint8_t **p);
void cqlr__ring_consume(struct cqlr__ring *r, size_t n);
/* Asks to be told when something is published. true = no need to wait. */
bool cqlr__ring_wait_data(struct cqlr__ring *r);
/* true (once) when the producer waits and at least half of the ring is free again. */
bool cqlr__ring_tell_producer(struct cqlr__ring *r);

static inline uint8_t *cqlr__ring_at(const struct cqlr__ring *r, uint64_t pos)
{
    return r->data + pos % r->size;
}

#endif

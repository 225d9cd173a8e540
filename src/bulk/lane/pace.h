/*
 * pace.h - so many starts per second over all workers together.
 *
 * The schedule is one number in memory that the workers share: when the next start is due. A worker
 * that has something to start takes that time and moves it on by one interval. So the sum is right
 * whichever workers have work, however many there are, and also with less than one start per second
 * and worker.
 *
 * Who is late is not excused: a start that could not be made in its time is made later, up to a
 * second's worth of them. But then not all at once: a second schedule of the same kind, at twice
 * the rate, lets 5 ms' worth (at least one) go in one burst.
 */
#ifndef CQLRAW_SRC_BULK_PACE_H
#define CQLRAW_SRC_BULK_PACE_H

#include <stdatomic.h>
#include <stdint.h>

struct cqlr__pace {
    uint64_t interval;             /* ns between starts */
    _Atomic uint64_t next, faster; /* when the next start is due by either schedule; 0 = now */
};

/* In memory that processes forked later share. rate > 0, per second; intervals are whole
 * nanoseconds. NULL: no memory. Free with cqlr__pace_free (NULL is fine). */
struct cqlr__pace *cqlr__pace_new(double rate);
void cqlr__pace_free(struct cqlr__pace *p);
/* The next start is the first: nothing is late. */
void cqlr__pace_begin(struct cqlr__pace *p);

/* Takes the next start: it may be made from the returned time on. */
uint64_t cqlr__pace_take(struct cqlr__pace *p, uint64_t now);

#endif

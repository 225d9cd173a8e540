/*
 * hist.h - a histogram of times that can be merged: log-linear buckets, 128 to each power of two,
 * so a value is told with an error below 0.4 % from 1 ns to 73 minutes (longer ones count as that).
 * Fixed size, no pointers: it lives in shared memory, where one process adds and another reads at
 * the same time.
 */
#ifndef CQLRAW_SRC_BULK_HIST_H
#define CQLRAW_SRC_BULK_HIST_H

#include <stdatomic.h>
#include <stdint.h>

#define CQLR__HIST_SUB     7  /* 2^7 buckets to a power of two */
#define CQLR__HIST_BITS    42 /* values below 2^42 */
#define CQLR__HIST_BUCKETS ((CQLR__HIST_BITS - CQLR__HIST_SUB + 1) << CQLR__HIST_SUB)

/* Zero-initialised is empty. */
struct cqlr__hist {
    _Atomic uint64_t count;
    _Atomic uint64_t min1; /* smallest value + 1; 0 = no value yet */
    _Atomic uint64_t max;
    _Atomic uint64_t bucket[CQLR__HIST_BUCKETS];
};

/* Only one process or thread may add. */
void cqlr__hist_add(struct cqlr__hist *h, uint64_t ns);

/* Forgets everything. */
void cqlr__hist_clear(struct cqlr__hist *h);

/* Adds what `from` has to `into`. */
void cqlr__hist_merge(struct cqlr__hist *into, const struct cqlr__hist *from);

/* The value at or below which `per_mille` thousandths of the values lie (500 = the median); 0 when
 * there is none. Never outside min..max. */
uint64_t cqlr__hist_at(const struct cqlr__hist *h, unsigned per_mille);

/* The values that are counted in a bucket. */
void cqlr__hist_range(unsigned bucket, uint64_t *low, uint64_t *high);

uint64_t cqlr__hist_min(const struct cqlr__hist *h);
uint64_t cqlr__hist_max(const struct cqlr__hist *h);

#endif

/*
 * backoff.h - how long to wait before something is tried again: exponential, with full jitter, so
 * that many clients that failed together do not come back together. Pure: randomness is a number
 * that comes in.
 */
#ifndef CQLRAW_SRC_CLUSTER_BACKOFF_H
#define CQLRAW_SRC_CLUSTER_BACKOFF_H

#include <stdint.h>

/* The wait in ns before repetition `tries` + 1 (0: the first): evenly distributed over 0..limit,
 * where limit is `first` doubled `tries` times, at most `most`. */
uint64_t cqlr__backoff(uint64_t first, uint64_t most, unsigned tries, uint64_t random);

/* The next number of a small generator, evenly distributed over 64 bits; any seed will do. Not for
 * secrets. */
uint64_t cqlr__backoff_random(uint64_t *state);

#endif

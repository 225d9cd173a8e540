/*
 * split.h - range arithmetic: how many units of work a total makes, and the even pieces of the
 * token ring. No sum or product here can overflow.
 */
#ifndef CQLRAW_SRC_BULK_SPLIT_H
#define CQLRAW_SRC_BULK_SPLIT_H

#include <stdint.h>

/* How many units of `block` (>= 1) parameter sets `total` makes; the last may be shorter. */
uint64_t cqlr__split_units(uint64_t total, uint64_t block);

/* Where the i-th of n even pieces of 0 .. 2^64 begins: they differ by at most one. i < n <= 2^32.
 */
uint64_t cqlr__split_ring(uint64_t n, uint64_t i);

/* The block to use when none was asked for: about four units for each process, at most 256 (which
 * is also taken when the total, UINT64_MAX, is not known). */
uint64_t cqlr__split_block(uint64_t total, unsigned processes);

#endif

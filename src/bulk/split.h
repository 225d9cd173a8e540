/*
 * split.h - range arithmetic of the units of work: total and block in, first index and count of
 * each unit out. No sum or product here can overflow.
 */
#ifndef CQLRAW_SRC_BULK_SPLIT_H
#define CQLRAW_SRC_BULK_SPLIT_H

#include <stdint.h>

/* How many units of `block` (>= 1) parameter sets `total` makes; the last may be shorter. */
uint64_t cqlr__split_units(uint64_t total, uint64_t block);

/* First index of unit `unit`, and in *count how many parameter sets it has. unit <
 * cqlr__split_units. */
uint64_t cqlr__split_unit(uint64_t total, uint64_t block, uint64_t unit, uint64_t *count);

/* Where the i-th of n equal parts of 0..total begins: parts differ by at most one. i <= n, 1 <= n
 * <= 2^32; part n begins at total. */
uint64_t cqlr__split_part(uint64_t total, uint64_t n, uint64_t i);

/* The block to use when none was asked for: about four units for each process, at most 256 (which
 * is also taken when the total, UINT64_MAX, is not known). */
uint64_t cqlr__split_block(uint64_t total, unsigned processes);

#endif

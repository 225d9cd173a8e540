/*
 * split.c - see split.h. Unit u covers [u * block, (u + 1) * block) cut at total; part i of n
 * begins at floor(total * i / n), computed as i * q + floor(i * r / n) with q and r the quotient
 * and the remainder of total / n, so that with n <= 2^32 every intermediate fits 64 bits.
 */
#include "src/bulk/split.h"

uint64_t cqlr__split_units(uint64_t total, uint64_t block)
{
    return total / block + (total % block != 0);
}

uint64_t cqlr__split_unit(uint64_t total, uint64_t block, uint64_t unit, uint64_t *count)
{
    uint64_t first = unit * block;
    uint64_t left = total - first;
    *count = left < block ? left : block;
    return first;
}

uint64_t cqlr__split_part(uint64_t total, uint64_t n, uint64_t i)
{
    uint64_t q = total / n, r = total % n;
    return i * q + i * r / n;
}

uint64_t cqlr__split_block(uint64_t total, unsigned processes)
{
    uint64_t block = total / 4 / (processes ? processes : 1);
    if (block > 256)
        return 256;
    return block ? block : 1;
}

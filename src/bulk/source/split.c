/*
 * split.c - see split.h. Piece i of n of the ring begins at floor(2^64 * i / n), computed as i * q
 * + floor(i * r / n) with q and r the quotient and the remainder of 2^64 / n, so that with n <=
 * 2^32 every intermediate fits 64 bits.
 */
#include "src/bulk/source/split.h"

uint64_t cqlr__split_units(uint64_t total, uint64_t block)
{
    return total / block + (total % block != 0);
}

uint64_t cqlr__split_ring(uint64_t n, uint64_t i)
{
    uint64_t q = UINT64_MAX / n, r = UINT64_MAX % n + 1;
    if (r == n) { /* with n = 1, q is 2^64 and counts as 0; but then i is 0 */
        q++;
        r = 0;
    }
    return i * q + i * r / n;
}

uint64_t cqlr__split_block(uint64_t total, unsigned processes)
{
    uint64_t block = total / 4 / (processes ? processes : 1);
    if (block > 256)
        return 256;
    return block ? block : 1;
}

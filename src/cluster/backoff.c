/*
 * backoff.c - see backoff.h. No step can overflow: the limit is doubled only while it is below half
 * of its end, and the random number is scaled by the high half of a product.
 */
#include "src/cluster/backoff.h"

/* floor(random * n / 2^64), n < 2^64: without a 128-bit type, from halves. */
static uint64_t scale(uint64_t random, uint64_t n)
{
    uint64_t a = random >> 32, b = random & UINT32_MAX, c = n >> 32, d = n & UINT32_MAX;
    uint64_t low = b * d, mid = a * d + (low >> 32), mid2 = b * c + (mid & UINT32_MAX);
    return a * c + (mid >> 32) + (mid2 >> 32);
}

uint64_t cqlr__backoff(uint64_t first, uint64_t most, unsigned tries, uint64_t random)
{
    uint64_t limit = first;
    for (unsigned i = 0; i < tries && limit && limit < most; i++)
        limit = limit > most / 2 ? most : limit * 2;
    limit = limit < most ? limit : most;
    return limit == UINT64_MAX ? random : scale(random, limit + 1);
}

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators). */
uint64_t cqlr__backoff_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

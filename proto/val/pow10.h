/*
 * pow10.h - powers of ten as 128 bits, and the product of 64 bits by 64 (pow10.c).
 */
#ifndef CQLRAW_PROTO_VAL_POW10_H
#define CQLRAW_PROTO_VAL_POW10_H

#include <stdint.h>

#define CQLR__POW10_MIN   (-292)
#define CQLR__POW10_MAX   324
#define CQLR__POW10_EXACT 55 /* 10^0 to this one are exact */

/* 10^k is at most high:low × 2^(cqlr__log2_pow10(k) - 127), and more than that for high:low - 1;
 * the upper bit is set. */
struct cqlr__pow10 {
    uint64_t high, low;
};

/* k must be in CQLR__POW10_MIN .. CQLR__POW10_MAX. */
const struct cqlr__pow10 *cqlr__pow10(int k);

/* floor(log2(10^k)) of such a k; right for more than ±1,000. */
static inline int cqlr__log2_pow10(int k)
{
    return (int)(((int64_t)k * 1741647) >> 19);
}

/* a × b: the upper 64 bits, and the lower ones in *low. */
static inline uint64_t cqlr__mul_high(uint64_t a, uint64_t b, uint64_t *low)
{
    uint64_t a1 = a >> 32, a0 = (uint32_t)a, b1 = b >> 32, b0 = (uint32_t)b;
    uint64_t mid = a1 * b0 + (a0 * b0 >> 32);
    uint64_t cross = a0 * b1 + (uint32_t)mid;
    *low = a * b;
    return a1 * b1 + (mid >> 32) + (cross >> 32);
}

#endif

/*
 * float_print.c - binary floating point → the fewest decimal digits that read back as the same
 * number, of several the nearest.
 *
 * Schubfach (Raffaello Giulietti, "The Schubfach way to render doubles", 2020). What reads back as
 * m × 2^e lies between the middles to its neighbours. With k such that 10^k is at most as wide as
 * that, but 10^(k+1) is wider, at most one multiple of 10^(k+1) lies there: when there is one, it
 * is the shortest. Otherwise it is one of the two multiples of 10^k beside the number. All is
 * compared in quarters of 10^k, of which 64 bits are enough when the last one tells whether
 * anything was cut off: the paper proves that 126 bits of 10^-k suffice for that.
 */
#include <string.h>

#include "proto/val/float.h"
#include "proto/val/pow10.h"

/* g × c / 2^128 rounded to odd: its last bit is set when anything was cut off. A product is off by
 * less than 2 in its middle word, as g is rounded up. */
static uint64_t scale(const struct cqlr__pow10 *g, uint64_t c)
{
    uint64_t low, mid;
    uint64_t carry = cqlr__mul_high(g->low, c, &low);
    uint64_t high = cqlr__mul_high(g->high, c, &mid);
    mid += carry;
    high += mid < carry;
    return high | (mid > 1);
}

/* The multiple of 10^k, or of 10^(k+1), that is the shortest text of m × 2^e: *k says which. */
static uint64_t shortest(const struct cqlr__ieee *f, uint64_t m, int e, int *k)
{
    /* the lower neighbour of a power of two is half as far away, unless it is the smallest normal
     * number */
    bool narrow = m == UINT64_C(1) << (f->precision - 1) && e > f->exponent_min;
    bool odd = m % 2; /* the ends of the interval read back as the even neighbours */
    *k = (int)(((int64_t)e * 1262611 - (narrow ? 524031 : 0)) >> 22); /* floor(log10(width)) */
    int shift = e + cqlr__log2_pow10(-*k) + 1;                        /* 1 .. 4 */
    const struct cqlr__pow10 *g = cqlr__pow10(-*k);
    uint64_t lower = scale(g, (4 * m - (narrow ? 1 : 2)) << shift) + odd;
    uint64_t upper = scale(g, (4 * m + 2) << shift) - odd;
    uint64_t value = scale(g, (4 * m) << shift); /* in quarters of 10^k, as the others */

    uint64_t below = value / 40;
    bool below_fits = lower <= 40 * below, above_fits = 40 * below + 40 <= upper;
    if (below_fits != above_fits) {
        ++*k;
        return below + above_fits;
    }
    below = value / 4;
    below_fits = lower <= 4 * below;
    above_fits = 4 * below + 4 <= upper;
    if (below_fits != above_fits)
        return below + above_fits;
    uint64_t middle = 4 * below + 2;
    return below + (value > middle || (value == middle && below % 2));
}

void cqlr__float_digits(const struct cqlr__ieee *f, uint64_t m, int e, struct cqlr__digits *out)
{
    char text[20];
    size_t from = sizeof text;
    int k;
    uint64_t n = shortest(f, m, e, &k);
    for (; n % 10 == 0; n /= 10)
        k++;
    for (; n; n /= 10)
        text[--from] = (char)('0' + n % 10);
    out->n = (unsigned)(sizeof text - from);
    out->point = k + (int)out->n;
    memcpy(out->d, text + from, out->n);
}

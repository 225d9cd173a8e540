/*
 * float_print.c - binary floating point → the fewest decimal digits that read back as the same
 * number.
 *
 * Steele and White's algorithm with exact integers, as Burger and Dybvig wrote it down ("Printing
 * Floating-Point Numbers Quickly and Accurately", 1996): the number is r / s, its neighbours lie at
 * the distances down / s and up / s (doubled, so that halves are whole), and digits are made until
 * one more could not tell the number from what reads back as it. A number with an even m also owns
 * the ends of its interval.
 */
#include "proto/val/bignum.h"
#include "proto/val/float.h"

struct state {
    struct bignum r, s, up, down;
    bool even;
};

/* r/s = m × 2^e, with the distances to the middle between neighbours. */
static void set_up(struct state *st, const struct cqlr__ieee *f, uint64_t m, int e)
{
    /* the lower neighbour of a power of two is half as far away, unless it is the smallest normal
     * number */
    bool narrow = m == UINT64_C(1) << (f->precision - 1) && e > f->exponent_min;
    unsigned shift = narrow ? 2 : 1;

    st->even = m % 2 == 0;
    cqlr__bignum_set(&st->r, m);
    cqlr__bignum_set(&st->s, 1);
    cqlr__bignum_set(&st->up, narrow ? 2 : 1);
    cqlr__bignum_set(&st->down, 1);
    cqlr__bignum_shift_left(&st->r, shift);
    cqlr__bignum_shift_left(&st->s, shift);
    if (e >= 0) {
        cqlr__bignum_shift_left(&st->r, (unsigned)e);
        cqlr__bignum_shift_left(&st->up, (unsigned)e);
        cqlr__bignum_shift_left(&st->down, (unsigned)e);
    } else {
        cqlr__bignum_shift_left(&st->s, (unsigned)-e);
    }
}

/* Whether r/s is so near the upper end that 1 reads back as it. */
static bool reaches_one(const struct state *st)
{
    int cmp = cqlr__bignum_cmp_sum(&st->r, &st->up, &st->s);
    return cmp > 0 || (cmp == 0 && st->even);
}

static bool reaches_zero(const struct state *st)
{
    int cmp = cqlr__bignum_cmp(&st->r, &st->down);
    return cmp < 0 || (cmp == 0 && st->even);
}

static void times_ten(struct state *st)
{
    cqlr__bignum_mul_add(&st->r, 10, 0);
    cqlr__bignum_mul_add(&st->up, 10, 0);
    cqlr__bignum_mul_add(&st->down, 10, 0);
}

/* Scales r/s to 0.1 <= r/s < 1 (with its interval); returns the power of ten taken out. */
static int scale(struct state *st, uint64_t m, int e)
{
    int log2 = e - 1;
    for (; m; m >>= 1)
        log2++;
    /* floor(log2 × log10(2)) in fixed point: never more than the power of ten looked for, at most 2
     * less */
    int point = (int)(((int64_t)log2 * 1262611) >> 22);
    if (point >= 0) {
        cqlr__bignum_mul_pow10(&st->s, (unsigned)point);
    } else {
        cqlr__bignum_mul_pow10(&st->r, (unsigned)-point);
        cqlr__bignum_mul_pow10(&st->up, (unsigned)-point);
        cqlr__bignum_mul_pow10(&st->down, (unsigned)-point);
    }
    while (reaches_one(st)) {
        cqlr__bignum_mul_add(&st->s, 10, 0);
        point++;
    }
    return point;
}

/* The next digit: floor(10 r / s); r keeps the rest. */
static char next_digit(struct state *st)
{
    char digit = '0';
    times_ten(st);
    while (cqlr__bignum_cmp(&st->r, &st->s) >= 0) {
        cqlr__bignum_sub(&st->r, &st->s);
        digit++;
    }
    return digit;
}

/* Whether the rest r/s is over a half; the half itself goes to the even digit. */
static bool rounds_up(const struct state *st, char digit)
{
    int cmp = cqlr__bignum_cmp_sum(&st->r, &st->r, &st->s);
    return cmp > 0 || (cmp == 0 && digit % 2);
}

void cqlr__float_digits(const struct cqlr__ieee *f, uint64_t m, int e, struct cqlr__digits *out)
{
    struct state st;
    bool low, high;
    char digit;
    set_up(&st, f, m, e);
    out->point = scale(&st, m, e);
    out->n = 0;
    do {
        digit = next_digit(&st);
        low = reaches_zero(&st);
        high = reaches_one(&st);
        if (high && (!low || rounds_up(&st, digit)))
            digit++;
        out->d[out->n++] = digit;
    } while (!low && !high);
}

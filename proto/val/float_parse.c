/*
 * float_parse.c - decimal text → the nearest binary floating point number, ties to even, for any
 * number of digits.
 *
 * Few digits and a small exponent take one exact multiplication or division (Clinger 1990; this
 * needs the default rounding mode). Up to 19 digits take a product with 128 bits of the power of
 * ten, when its error cannot change how it is rounded (as Lemire 2021 does). All else is a long
 * division of big integers, which needs no proof of error bounds. Digits behind the first
 * DIGITS_MAX can only tell "exactly so" from "a little more", so one 1 stands for them: a number
 * halfway between two neighbours has at most 767 digits.
 */
#include <string.h>

#include "proto/val/bignum.h"
#include "proto/val/float.h"
#include "proto/val/pow10.h"
#include "proto/val/val.h"

#define DIGITS_MAX   770
#define SHORT_MAX    19  /* digits that fit in 64 bits */
#define POINT_MAX    350 /* 10^POINT_MAX is infinite, 10^-POINT_MAX zero, in either format */
#define EXPONENT_MAX INT64_C(100000000000000000)

/* 0.DIGITS × 10^point: which digits of the text count. */
struct decimal {
    const char *first; /* first digit that is not 0 */
    const char *end;   /* behind the last digit that is not 0; a '.' may lie between */
    size_t n;          /* digits from first to end */
    int64_t point;
};

/* Nothing or "e[+-]digits"; past EXPONENT_MAX, which no length of text makes up for, digits are
 * left out. */
static bool take_exponent(struct cqlr_str *s, int64_t *exponent)
{
    bool any = false;
    if (!cqlr__take_nocase(s, "e"))
        return true;
    bool minus = cqlr__take(s, '-');
    if (!minus)
        cqlr__take(s, '+');
    for (; s->n && cqlr__is_digit(s->p[0]); s->p++, s->n--) {
        any = true;
        if (*exponent < EXPONENT_MAX)
            *exponent = *exponent * 10 + (s->p[0] - '0');
    }
    if (minus)
        *exponent = -*exponent;
    return any;
}

/* "[digits][.digits][e[+-]digits]" → the decimal, n = 0 for zero. */
static bool scan(struct cqlr_str s, struct decimal *d)
{
    bool fraction = false, any = false;
    size_t zeros = 0; /* since the last digit that is not 0 */
    *d = (struct decimal){NULL, NULL, 0, 0};
    for (; s.n && (cqlr__is_digit(s.p[0]) || (s.p[0] == '.' && !fraction)); s.p++, s.n--) {
        if (s.p[0] == '.') {
            fraction = true;
            continue;
        }
        any = true;
        if (s.p[0] != '0') {
            d->first = d->n ? d->first : s.p;
            d->n += (d->n ? zeros : 0) + 1;
            d->end = s.p + 1;
            zeros = 0;
        } else {
            zeros++;
        }
        if (!fraction && d->n)
            d->point++;
        if (fraction && !d->n)
            d->point--;
    }
    int64_t exponent = 0;
    if (!any || !take_exponent(&s, &exponent) || s.n)
        return false;
    d->point += exponent;
    return true;
}

/* The digits as an integer, at most DIGITS_MAX and a 1 that stands for the rest; returns how many
 * it has. */
static unsigned read_digits(const struct decimal *d, struct bignum *a)
{
    unsigned n = 0;
    cqlr__bignum_set(a, 0);
    for (const char *p = d->first; p < d->end && n < DIGITS_MAX; p++) {
        if (*p != '.') {
            cqlr__bignum_mul_add(a, 10, (uint32_t)(*p - '0'));
            n++;
        }
    }
    if (d->n > DIGITS_MAX) {
        cqlr__bignum_mul_add(a, 10, 1);
        n++;
    }
    return n;
}

/* Up to SHORT_MAX digits as an integer. */
static uint64_t read_short(const struct decimal *d)
{
    uint64_t n = 0;
    for (const char *p = d->first; p < d->end; p++)
        if (*p != '.')
            n = n * 10 + (uint64_t)(*p - '0');
    return n;
}

/* value = a / b, 2^log2 <= value < 2^(log2 + 1) after this: b is doubled, or a, until 1 <= a / b
 * < 2. */
static int normalise(struct bignum *a, struct bignum *b)
{
    int log2 = (int)cqlr__bignum_bits(a) - (int)cqlr__bignum_bits(b);
    if (log2 >= 0)
        cqlr__bignum_shift_left(b, (unsigned)log2);
    else
        cqlr__bignum_shift_left(a, (unsigned)-log2);
    if (cqlr__bignum_cmp(a, b) < 0) {
        cqlr__bignum_shift_left(a, 1);
        log2--;
    }
    return log2;
}

/* m × 2^e, rounded already: m may have become 2^precision, which is the next power of two. */
static bool assemble(const struct cqlr__ieee *f, uint64_t m, int e, uint64_t *bits)
{
    uint64_t hidden = UINT64_C(1) << (f->precision - 1);
    if (m == hidden << 1) {
        m >>= 1;
        e++;
    }
    if (e > f->exponent_max)
        return false;
    *bits =
        m < hidden ? m : ((uint64_t)(e - f->exponent_min + 1) << (f->precision - 1)) + (m - hidden);
    return true;
}

static bool divide(const struct cqlr__ieee *f, const struct decimal *d, uint64_t *bits)
{
    struct bignum a, b;
    int scale = (int)d->point - (int)read_digits(d, &a);
    cqlr__bignum_set(&b, 1);
    cqlr__bignum_mul_pow10(scale >= 0 ? &a : &b, (unsigned)(scale >= 0 ? scale : -scale));

    int log2 = normalise(&a, &b);
    int e = log2 - (int)f->precision + 1;
    if (e < f->exponent_min)
        e = f->exponent_min;
    if (log2 < e - 1) { /* less than half of the smallest number */
        *bits = 0;
        return true;
    }
    uint64_t m = 0;
    for (int i = log2; i >= e; i--) { /* one bit of the quotient each */
        m <<= 1;
        if (cqlr__bignum_cmp(&a, &b) >= 0) {
            cqlr__bignum_sub(&a, &b);
            m |= 1;
        }
        cqlr__bignum_shift_left(&a, 1);
    }
    int cmp = cqlr__bignum_cmp(&a, &b); /* the next bit and what is behind it, against a half */
    if (cmp > 0 || (cmp == 0 && m % 2))
        m++;
    return assemble(f, m, e, bits);
}

/* Few digits times or over a small power of ten, both exact: one operation, which rounds right. It
 * is made in double for floats too: 53 bits are enough to round twice and be right. */
static bool read_fast(const struct cqlr__ieee *f, uint64_t digits, int64_t scale, uint64_t *bits)
{
    static const double pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool wide = f->precision == 53;
    int64_t scale_max = wide ? 22 : 10;
    float half;
    uint32_t half_bits;
    if (digits >> f->precision || scale > scale_max || scale < -scale_max)
        return false;
    double v = scale < 0 ? (double)digits / pow10[-scale] : (double)digits * pow10[scale];
    half = (float)v;
    memcpy(&half_bits, &half, sizeof half);
    memcpy(bits, &v, sizeof v);
    *bits = wide ? *bits : half_bits;
    return true;
}

/* digits × 10^scale by the upper 128 bits of the product. False when that does not tell how to
 * round, and for subnormal numbers. */
static bool read_product(const struct cqlr__ieee *f, uint64_t digits, int64_t scale, uint64_t *bits)
{
    unsigned up = 0, cut;
    uint64_t mid, low, carry;
    if (scale < CQLR__POW10_MIN || scale > CQLR__POW10_MAX)
        return false;
    for (; !(digits >> 63); digits <<= 1)
        up++;
    const struct cqlr__pow10 *g = cqlr__pow10((int)scale);
    carry = cqlr__mul_high(g->low, digits, &low);
    uint64_t high = cqlr__mul_high(g->high, digits, &mid);
    mid += carry;
    high += mid < carry;

    cut = (high >> 63 ? 64 : 63) - f->precision; /* bits of high that m has no place for */
    uint64_t m = high >> cut, half = UINT64_C(1) << (cut - 1), rest = high & (half - 1);
    bool exact = scale >= 0 && scale <= CQLR__POW10_EXACT;
    if (!exact && !rest && mid < 2) /* the true product may be less, by up to 1 in mid */
        return false;
    bool more = !exact || rest || mid || low; /* than what is in m and the bit of a half */
    if ((high & half) && (more || m % 2))
        m++;
    int e = cqlr__log2_pow10((int)scale) + 1 - (int)up + (int)cut;
    return e >= f->exponent_min && assemble(f, m, e, bits);
}

bool cqlr__float_read(const struct cqlr__ieee *f, struct cqlr_str s, uint64_t *bits)
{
    struct decimal d;
    if (!scan(s, &d))
        return false;
    if (!d.n || d.point < -POINT_MAX) {
        *bits = 0;
        return true;
    }
    if (d.point > POINT_MAX)
        return false;
    if (d.n <= SHORT_MAX) {
        uint64_t digits = read_short(&d);
        int64_t scale = d.point - (int64_t)d.n;
        if (read_fast(f, digits, scale, bits) || read_product(f, digits, scale, bits))
            return true;
    }
    return divide(f, &d, bits);
}

/*
 * float.c - float and double: bytes ⇄ C ⇄ text in the layout of Python's repr (1.5, 1e+100, -0.0),
 * with NaN, Infinity and -Infinity as CQL writes them.
 *
 * What is larger than the type can hold is refused, it does not become infinite.
 */
#include <string.h>

#include "proto/val/float.h"
#include "proto/val/val.h"

const struct cqlr__ieee cqlr__binary64 = {53, -1074, 971};
const struct cqlr__ieee cqlr__binary32 = {24, -149, 104};

int cqlr_value_float(struct cqlr_value v, float *out)
{
    int32_t bits;
    if (cqlr_value_int(v, &bits))
        return CQLR_E_TYPE;
    memcpy(out, &bits, sizeof bits);
    return 0;
}

int cqlr_value_double(struct cqlr_value v, double *out)
{
    int64_t bits;
    if (cqlr_value_bigint(v, &bits))
        return CQLR_E_TYPE;
    memcpy(out, &bits, sizeof bits);
    return 0;
}

static void out_zeros(struct cqlr_wr *w, int n)
{
    while (n-- > 0)
        cqlr_wr_u8(w, '0');
}

/* Python's repr: an exponent when the first digit stands above 10^15 or below 10^-4. */
static void out_digits(struct cqlr_wr *w, const struct cqlr__digits *digits)
{
    int n = (int)digits->n, point = digits->point;
    if (point > 16 || point < -3) {
        cqlr_wr_raw(w, digits->d, 1);
        cqlr__out(w, n > 1 ? "." : "");
        cqlr_wr_raw(w, digits->d + 1, digits->n - 1);
        cqlr__out(w, point > 0 ? "e+" : "e-");
        cqlr__out_u64(w, (uint64_t)(point > 0 ? point - 1 : 1 - point), 2);
    } else if (point <= 0) {
        cqlr__out(w, "0.");
        out_zeros(w, -point);
        cqlr_wr_raw(w, digits->d, digits->n);
    } else if (n <= point) {
        cqlr_wr_raw(w, digits->d, digits->n);
        out_zeros(w, point - n);
        cqlr__out(w, ".0");
    } else {
        cqlr_wr_raw(w, digits->d, (size_t)point);
        cqlr__out(w, ".");
        cqlr_wr_raw(w, digits->d + point, (size_t)(n - point));
    }
}

static void out_float(struct cqlr_wr *w, const struct cqlr__ieee *f, uint64_t magnitude, bool minus)
{
    uint64_t hidden = UINT64_C(1) << (f->precision - 1);
    uint64_t fraction = magnitude & (hidden - 1);
    int exponent = (int)(magnitude >> (f->precision - 1)); /* biased; 0 is subnormal */
    struct cqlr__digits digits;

    if (exponent > f->exponent_max - f->exponent_min + 1) {
        cqlr__out(w, fraction ? "NaN" : minus ? "-Infinity" : "Infinity");
        return;
    }
    cqlr__out(w, minus ? "-" : "");
    if (!magnitude) {
        cqlr__out(w, "0.0");
        return;
    }
    if (exponent)
        cqlr__float_digits(f, fraction | hidden, f->exponent_min + exponent - 1, &digits);
    else
        cqlr__float_digits(f, fraction, f->exponent_min, &digits);
    out_digits(w, &digits);
}

int cqlr__double_print(struct cqlr_wr *w, struct cqlr_value v)
{
    int64_t bits;
    if (cqlr_value_bigint(v, &bits))
        return CQLR_E_TYPE;
    out_float(w, &cqlr__binary64, (uint64_t)bits & INT64_MAX, bits < 0);
    return 0;
}

int cqlr__float_print(struct cqlr_wr *w, struct cqlr_value v)
{
    int32_t bits;
    if (cqlr_value_int(v, &bits))
        return CQLR_E_TYPE;
    out_float(w, &cqlr__binary32, (uint32_t)bits & INT32_MAX, bits < 0);
    return 0;
}

/* The sign goes into *minus; the bits are those of the magnitude. */
static bool parse_float(const struct cqlr__ieee *f, struct cqlr_str s, bool *minus, uint64_t *bits)
{
    uint64_t infinity = (uint64_t)(f->exponent_max - f->exponent_min + 2) << (f->precision - 1);
    *minus = cqlr__take(&s, '-');
    if (!*minus)
        cqlr__take(&s, '+');
    if (cqlr__equal_nocase(s, "nan"))
        *bits = infinity | UINT64_C(1) << (f->precision - 2);
    else if (cqlr__equal_nocase(s, "infinity") || cqlr__equal_nocase(s, "inf"))
        *bits = infinity;
    else
        return cqlr__float_read(f, s, bits);
    return true;
}

int cqlr__double_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    uint64_t bits;
    bool minus;
    if (!parse_float(&cqlr__binary64, s, &minus, &bits))
        return CQLR_E_TYPE;
    cqlr_wr_i64(w, (int64_t)(bits | (uint64_t)minus << 63));
    return 0;
}

int cqlr__float_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    uint64_t bits;
    bool minus;
    if (!parse_float(&cqlr__binary32, s, &minus, &bits))
        return CQLR_E_TYPE;
    cqlr_wr_i32(w, (int32_t)((uint32_t)bits | (uint32_t)minus << 31));
    return 0;
}

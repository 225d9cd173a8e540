/*
 * numbers.c - text → whole numbers, exactly: a decimal is a mantissa and a power of ten, scaled in
 * integers, and what is not whole or does not fit is refused.
 */
#include "numbers.h"

struct decimal {
    uint64_t mantissa;
    int exponent; /* of ten */
};

#define EXPONENT_MAX 1000 /* far past what fits; keeps the sum from overflowing */
#define RATE_MAX     1e12

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool push_digit(uint64_t *m, char c)
{
    return !__builtin_mul_overflow(*m, 10u, m) &&
           !__builtin_add_overflow(*m, (uint64_t)(c - '0'), m);
}

/* Takes digits[.digits][e digits] off the front of s. */
static enum number_rc take_decimal(struct cqlr_str *s, struct decimal *d)
{
    size_t i = 0, digits = 0;
    bool fraction = false;
    *d = (struct decimal){0, 0};
    for (; i < s->n && (is_digit(s->p[i]) || (s->p[i] == '.' && !fraction)); i++) {
        if (s->p[i] == '.') {
            fraction = true;
            continue;
        }
        if (!push_digit(&d->mantissa, s->p[i]))
            return NUMBER_RANGE;
        digits++;
        d->exponent -= fraction;
    }
    if (!digits || s->p[i - 1] == '.')
        return NUMBER_BAD;
    if (i + 1 < s->n && (s->p[i] == 'e' || s->p[i] == 'E') && is_digit(s->p[i + 1])) {
        int e = 0;
        for (i++; i < s->n && is_digit(s->p[i]); i++)
            e = e < EXPONENT_MAX ? e * 10 + (s->p[i] - '0') : e;
        d->exponent += e;
    }
    s->p += i;
    s->n -= i;
    return NUMBER_OK;
}

/* The decimal times `unit`, which must be whole. */
static enum number_rc scale(struct decimal d, uint64_t unit, uint64_t *out)
{
    uint64_t v = d.mantissa;
    int e = d.exponent;
    while (v && e < 0 && v % 10 == 0) {
        v /= 10;
        e++;
    }
    while (e < 0 && unit % 10 == 0) {
        unit /= 10;
        e++;
    }
    if (v && __builtin_mul_overflow(v, unit, &v))
        return NUMBER_RANGE;
    for (; v && e > 0; e--)
        if (__builtin_mul_overflow(v, 10u, &v))
            return NUMBER_RANGE;
    for (; v && e < 0; e++) {
        if (v % 10)
            return NUMBER_BAD;
        v /= 10;
    }
    *out = v;
    return NUMBER_OK;
}

/* A rest of k, M or G, or nothing. */
static enum number_rc take_unit(struct cqlr_str s, uint64_t *unit)
{
    *unit = 1;
    if (s.n == 0)
        return NUMBER_OK;
    if (s.n != 1)
        return NUMBER_BAD;
    if (s.p[0] == 'k' || s.p[0] == 'K')
        *unit = 1000;
    else if (s.p[0] == 'M')
        *unit = 1000 * 1000;
    else if (s.p[0] == 'G')
        *unit = 1000 * 1000 * 1000;
    else
        return NUMBER_BAD;
    return NUMBER_OK;
}

enum number_rc number_parse(struct cqlr_str s, int64_t *out)
{
    struct decimal d;
    uint64_t unit, v;
    bool minus = s.n && s.p[0] == '-';
    if (s.n && (minus || s.p[0] == '+')) {
        s.p++;
        s.n--;
    }
    enum number_rc rc = take_decimal(&s, &d);
    if (!rc)
        rc = take_unit(s, &unit);
    if (!rc)
        rc = scale(d, unit, &v);
    if (rc)
        return rc;
    if (v > (uint64_t)INT64_MAX + minus)
        return NUMBER_RANGE;
    *out = minus ? (int64_t)-v : (int64_t)v;
    return NUMBER_OK;
}

enum number_rc duration_parse(struct cqlr_str s, uint64_t *out)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},
        {"us", 1000},
        {"ms", 1000 * 1000},
        {"s", 1000 * 1000 * 1000},
        {"m", UINT64_C(60) * 1000 * 1000 * 1000},
        {"h", UINT64_C(3600) * 1000 * 1000 * 1000},
        {"d", UINT64_C(86400) * 1000 * 1000 * 1000},
    };
    struct decimal d;
    enum number_rc rc = take_decimal(&s, &d);
    if (rc)
        return rc;
    if (s.n == 0 && d.mantissa == 0) {
        *out = 0;
        return NUMBER_OK;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (cqlr_str_equal(s, cqlr_cstr(units[i].name)))
            return scale(d, units[i].ns, out);
    return NUMBER_BAD;
}

enum number_rc size_parse(struct cqlr_str s, uint64_t *out)
{
    static const char letters[] = "KMGT";
    struct decimal d;
    uint64_t unit = 1;
    enum number_rc rc = take_decimal(&s, &d);
    if (rc)
        return rc;
    const char *letter = s.n && s.p[0] ? strchr(letters, s.p[0] == 'k' ? 'K' : s.p[0]) : NULL;
    bool binary = letter && s.n == 3 && memcmp(s.p + 1, "iB", 2) == 0;
    bool bytes = letter ? s.n == 1 || (s.n == 2 && s.p[1] == 'B') : s.n == 0;
    if (!binary && !bytes && !(s.n == 1 && s.p[0] == 'B'))
        return NUMBER_BAD;
    for (const char *p = letters; letter && p <= letter; p++)
        unit *= binary ? 1024 : 1000;
    return scale(d, unit, out);
}

/* mantissa * 10^exponent * unit, which stops growing once it is above `limit`. */
static double scale_double(struct decimal d, double unit, double limit)
{
    double v = (double)d.mantissa * unit;
    for (int e = d.exponent; e < 0; e++)
        v /= 10;
    for (int e = d.exponent; e > 0 && v > 0 && v <= limit; e--)
        v *= 10;
    return v;
}

enum number_rc rate_parse(struct cqlr_str s, double *out)
{
    struct decimal d;
    uint64_t unit;
    enum number_rc rc = take_decimal(&s, &d);
    if (!rc)
        rc = take_unit(s, &unit);
    if (rc)
        return rc;
    double v = scale_double(d, (double)unit, RATE_MAX);
    if (v <= 0 || v > RATE_MAX)
        return NUMBER_RANGE;
    *out = v;
    return NUMBER_OK;
}

enum number_rc percent_parse(struct cqlr_str s, double *out)
{
    struct decimal d;
    enum number_rc rc = take_decimal(&s, &d);
    if (rc)
        return rc;
    if (s.n != 1 || s.p[0] != '%')
        return NUMBER_BAD;
    double v = scale_double(d, 1, 100);
    if (v > 100)
        return NUMBER_RANGE;
    *out = v / 100;
    return NUMBER_OK;
}

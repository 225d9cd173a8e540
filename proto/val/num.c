/*
 * num.c - fixed-width integers and boolean: bytes ⇄ C ⇄ text, and an integer as a value of any type
 * that holds one (native_protocol_v4.spec section 6).
 */
#include "proto/base/err.h"
#include "proto/val/val.h"

int cqlr_value_tinyint(struct cqlr_value v, int8_t *out)
{
    if (v.n != 1)
        return CQLR_E_TYPE;
    *out = (int8_t)v.p[0];
    return 0;
}

int cqlr_value_smallint(struct cqlr_value v, int16_t *out)
{
    if (v.n != 2)
        return CQLR_E_TYPE;
    *out = (int16_t)cqlr_be16(v.p);
    return 0;
}

int cqlr_value_int(struct cqlr_value v, int32_t *out)
{
    if (v.n != 4)
        return CQLR_E_TYPE;
    *out = (int32_t)cqlr_be32(v.p);
    return 0;
}

int cqlr_value_bigint(struct cqlr_value v, int64_t *out)
{
    if (v.n != 8)
        return CQLR_E_TYPE;
    *out = (int64_t)cqlr_be64(v.p);
    return 0;
}

int cqlr_value_boolean(struct cqlr_value v, bool *out)
{
    if (v.n != 1)
        return CQLR_E_TYPE;
    *out = v.p[0] != 0;
    return 0;
}

int cqlr__tinyint_print(struct cqlr_wr *w, struct cqlr_value v)
{
    int8_t n;
    if (cqlr_value_tinyint(v, &n))
        return CQLR_E_TYPE;
    cqlr__out_i64(w, n);
    return 0;
}

int cqlr__smallint_print(struct cqlr_wr *w, struct cqlr_value v)
{
    int16_t n;
    if (cqlr_value_smallint(v, &n))
        return CQLR_E_TYPE;
    cqlr__out_i64(w, n);
    return 0;
}

int cqlr__int_print(struct cqlr_wr *w, struct cqlr_value v)
{
    int32_t n;
    if (cqlr_value_int(v, &n))
        return CQLR_E_TYPE;
    cqlr__out_i64(w, n);
    return 0;
}

int cqlr__bigint_print(struct cqlr_wr *w, struct cqlr_value v)
{
    int64_t n;
    if (cqlr_value_bigint(v, &n))
        return CQLR_E_TYPE;
    cqlr__out_i64(w, n);
    return 0;
}

int cqlr__boolean_print(struct cqlr_wr *w, struct cqlr_value v)
{
    bool b;
    if (cqlr_value_boolean(v, &b))
        return CQLR_E_TYPE;
    cqlr__out(w, b ? "true" : "false");
    return 0;
}

/* n as `bytes` bytes of two's complement, if it fits. */
static int write_fixed(struct cqlr_wr *w, int64_t n, unsigned bytes)
{
    int64_t max = INT64_MAX >> (64 - bytes * 8);
    if (n > max || n < -max - 1)
        return CQLR_E_TYPE;
    for (unsigned i = bytes; i-- > 0;)
        cqlr_wr_u8(w, (uint8_t)((uint64_t)n >> (i * 8)));
    return 0;
}

static int parse_fixed(struct cqlr_wr *w, struct cqlr_str s, unsigned bytes)
{
    int64_t n;
    return cqlr__read_i64(s, &n) ? write_fixed(w, n, bytes) : CQLR_E_TYPE;
}

int cqlr__tinyint_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    return parse_fixed(w, s, 1);
}

int cqlr__smallint_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    return parse_fixed(w, s, 2);
}

int cqlr__int_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    return parse_fixed(w, s, 4);
}

int cqlr__bigint_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    return parse_fixed(w, s, 8);
}

int cqlr__boolean_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    bool b = cqlr__equal_nocase(s, "true");
    if (!b && !cqlr__equal_nocase(s, "false"))
        return CQLR_E_TYPE;
    cqlr_wr_u8(w, b);
    return 0;
}

void cqlr__varint_write(struct cqlr_wr *w, int64_t n)
{
    unsigned bytes = 1;
    while (bytes < 8 && (n > INT64_MAX >> (64 - bytes * 8) || n < INT64_MIN >> (64 - bytes * 8)))
        bytes++;
    write_fixed(w, n, bytes);
}

/* Whether n needs no more than `bits` bits of significand. */
static bool fits_significand(int64_t n, unsigned bits)
{
    uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    while (size && !(size & 1))
        size >>= 1;
    return size >> bits == 0;
}

/* What is written when the result is not 0 is cut off by the caller. */
static int write_int(struct cqlr_wr *w, const struct cqlr_type *t, int64_t n)
{
    union {
        double d;
        float f;
        uint64_t u64;
        uint32_t u32;
    } bits;

    switch (t->id) {
    case CQLR_TYPE_TINYINT:
        return write_fixed(w, n, 1);
    case CQLR_TYPE_SMALLINT:
        return write_fixed(w, n, 2);
    case CQLR_TYPE_INT:
        return write_fixed(w, n, 4);
    case CQLR_TYPE_BIGINT:
    case CQLR_TYPE_COUNTER:
    case CQLR_TYPE_TIMESTAMP:
        return write_fixed(w, n, 8);
    case CQLR_TYPE_TIME:
        return n >= 0 && n < CQLR__DAY_NS ? write_fixed(w, n, 8) : CQLR_E_TYPE;
    case CQLR_TYPE_DATE:
        if (n < INT32_MIN || n > INT32_MAX)
            return CQLR_E_TYPE;
        cqlr_wr_i32(w, (int32_t)((uint32_t)n ^ CQLR__DATE_EPOCH));
        return 0;
    case CQLR_TYPE_DECIMAL:
        cqlr_wr_i32(w, 0);
        cqlr__varint_write(w, n);
        return 0;
    case CQLR_TYPE_VARINT:
        cqlr__varint_write(w, n);
        return 0;
    case CQLR_TYPE_DOUBLE:
        bits.d = (double)n;
        cqlr_wr_i64(w, (int64_t)bits.u64);
        return fits_significand(n, 53) ? 0 : CQLR_E_TYPE;
    case CQLR_TYPE_FLOAT:
        bits.f = (float)n;
        cqlr_wr_i32(w, (int32_t)bits.u32);
        return fits_significand(n, 24) ? 0 : CQLR_E_TYPE;
    case CQLR_TYPE_VARCHAR:
    case CQLR_TYPE_ASCII:
        cqlr__out_i64(w, n);
        return 0;
    default:
        return CQLR_E_TYPE;
    }
}

int cqlr_value_from_int(struct cqlr_wr *w, const struct cqlr_type *t, int64_t n,
                        struct cqlr_err *err)
{
    size_t from = w->n;
    int rc = write_int(w, t, n);
    if (!rc && !w->rc)
        return 0;
    w->n = from;
    if (w->rc)
        return cqlr__err_set(err, w->rc, "%lld: %s", (long long)n, cqlr_errcode_text(w->rc));
    return cqlr__misfit_int(err, rc, t, n);
}

/*
 * value_order.c - numbers and times compare by what they are, texts, blobs, uuids and addresses by
 * their bytes, a timeuuid by its time first. NaN is the greatest number, as it is for the server.
 */
#include "value_order.h"

/* Bytes that every value of the type has; 0: any number. */
static int32_t width(enum cqlr_type_id id)
{
    switch (id) {
    case CQLR_TYPE_BOOLEAN:
    case CQLR_TYPE_TINYINT:
        return 1;
    case CQLR_TYPE_SMALLINT:
        return 2;
    case CQLR_TYPE_INT:
    case CQLR_TYPE_FLOAT:
    case CQLR_TYPE_DATE:
        return 4;
    case CQLR_TYPE_BIGINT:
    case CQLR_TYPE_COUNTER:
    case CQLR_TYPE_TIMESTAMP:
    case CQLR_TYPE_TIME:
    case CQLR_TYPE_DOUBLE:
        return 8;
    case CQLR_TYPE_UUID:
    case CQLR_TYPE_TIMEUUID:
        return 16;
    default:
        return 0;
    }
}

bool value_has_order(enum cqlr_type_id id)
{
    return width(id) || id == CQLR_TYPE_VARINT || id == CQLR_TYPE_ASCII ||
           id == CQLR_TYPE_VARCHAR || id == CQLR_TYPE_BLOB || id == CQLR_TYPE_INET;
}

bool value_is_set(enum cqlr_type_id id, struct cqlr_value v)
{
    bool text = id == CQLR_TYPE_ASCII || id == CQLR_TYPE_VARCHAR || id == CQLR_TYPE_BLOB;
    return v.n > 0 || (v.n == 0 && text);
}

bool value_has_width(enum cqlr_type_id id, struct cqlr_value v)
{
    return !width(id) || v.n == width(id);
}

static int compare_bytes(struct cqlr_value a, struct cqlr_value b)
{
    size_t n = (size_t)(a.n < b.n ? a.n : b.n);
    int rc = n ? memcmp(a.p, b.p, n) : 0;
    return rc ? rc : (a.n > b.n) - (a.n < b.n);
}

/* Two's complement of one width: the sign bit turned round, bytes tell. */
static int compare_signed(struct cqlr_value a, struct cqlr_value b)
{
    int x = a.p[0] ^ 0x80, y = b.p[0] ^ 0x80;
    return x != y ? x - y : compare_bytes(a, b);
}

/* The same of any width. Bytes in front that only repeat the sign do not count. */
static struct cqlr_value shortest(struct cqlr_value v)
{
    while (v.n > 1 && ((v.p[0] == 0x00 && v.p[1] < 0x80) || (v.p[0] == 0xff && v.p[1] >= 0x80))) {
        v.p++;
        v.n--;
    }
    return v;
}

static int compare_varint(struct cqlr_value a, struct cqlr_value b)
{
    a = shortest(a);
    b = shortest(b);
    bool negative = a.p[0] >= 0x80;
    if (negative != (b.p[0] >= 0x80))
        return negative ? -1 : 1;
    if (a.n != b.n)
        return (a.n < b.n) == negative ? 1 : -1;
    return compare_signed(a, b);
}

static double real(enum cqlr_type_id id, struct cqlr_value v)
{
    float f = 0;
    double d = 0;
    if (id == CQLR_TYPE_FLOAT)
        return cqlr_value_float(v, &f) == 0 ? (double)f : 0;
    return cqlr_value_double(v, &d) == 0 ? d : 0;
}

static int compare_real(double a, double b)
{
    if (a != a || b != b)
        return (a != a) - (b != b);
    return (a > b) - (a < b);
}

/* time_hi, time_mid and time_low stand in the uuid in the wrong order (RFC 4122 section 4.1.2). */
static int compare_timeuuid(struct cqlr_value a, struct cqlr_value b)
{
    static const uint8_t order[] = {6, 7, 4, 5, 0, 1, 2, 3};
    for (size_t i = 0; i < sizeof order; i++) {
        uint8_t mask = i == 0 ? 0x0f : 0xff; /* the version is no time */
        int x = a.p[order[i]] & mask, y = b.p[order[i]] & mask;
        if (x != y)
            return x - y;
    }
    return compare_bytes(a, b);
}

int value_compare(enum cqlr_type_id id, struct cqlr_value a, struct cqlr_value b)
{
    switch (id) {
    case CQLR_TYPE_TINYINT:
    case CQLR_TYPE_SMALLINT:
    case CQLR_TYPE_INT:
    case CQLR_TYPE_BIGINT:
    case CQLR_TYPE_COUNTER:
    case CQLR_TYPE_TIMESTAMP:
    case CQLR_TYPE_TIME:
        return compare_signed(a, b);
    case CQLR_TYPE_FLOAT:
    case CQLR_TYPE_DOUBLE:
        return compare_real(real(id, a), real(id, b));
    case CQLR_TYPE_VARINT:
        return compare_varint(a, b);
    case CQLR_TYPE_TIMEUUID:
        return compare_timeuuid(a, b);
    default:
        return compare_bytes(a, b);
    }
}

/*
 * duration.c - months, days and nanoseconds: three signed vints ⇄ text (native_protocol_v5.spec
 * sections 3 and 6; v4 servers send it as a custom class).
 *
 * The parts have one sign. Printed in Cassandra's own form, 1y2mo3d1h30m5s1ms2us3ns; read in that
 * form, with years and weeks too, and as ISO 8601 P1Y2M3DT4H5M6S.
 */
#include "proto/val/val.h"

static int64_t read_vint(struct cqlr_rd *r)
{
    uint64_t n = cqlr__uvint_read(r, "vint");
    return (int64_t)(n >> 1 ^ (0 - (n & 1))); /* zigzag */
}

static void write_vint(struct cqlr_wr *w, int64_t value)
{
    uint8_t bytes[CQLR__UVINT_MAX];
    uint64_t n = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    cqlr_wr_raw(w, bytes, cqlr__uvint_put(bytes, n));
}

int cqlr_value_duration(struct cqlr_value v, struct cqlr_duration *out)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    if (v.n <= 0)
        return CQLR_E_TYPE;
    cqlr_rd_init(&r, v.p, (size_t)v.n, &err);
    int64_t months = read_vint(&r), days = read_vint(&r), nanos = read_vint(&r);
    if (r.rc || cqlr_rd_left(&r))
        return CQLR_E_TYPE;
    bool minus = months < 0 || days < 0 || nanos < 0;
    bool plus = months > 0 || days > 0 || nanos > 0;
    if ((minus && plus) || months < INT32_MIN || months > INT32_MAX || days < INT32_MIN ||
        days > INT32_MAX)
        return CQLR_E_TYPE;
    out->months = (int32_t)months;
    out->days = (int32_t)days;
    out->nanos = nanos;
    return 0;
}

static const struct unit {
    const char *name;
    enum { MONTHS, DAYS, NANOS, PARTS } part;
    uint64_t size;
} units[] = {
    {"y", MONTHS, 12},
    {"mo", MONTHS, 1},
    {"w", DAYS, 7},
    {"d", DAYS, 1},
    {"h", NANOS, UINT64_C(3600000000000)},
    {"m", NANOS, UINT64_C(60000000000)},
    {"s", NANOS, UINT64_C(1000000000)},
    {"ms", NANOS, 1000000},
    {"us", NANOS, 1000},
    {"\xC2\xB5s", NANOS, 1000}, /* µs */
    {"ns", NANOS, 1},
};
#define UNITS (sizeof units / sizeof units[0])

static uint64_t magnitude(int64_t n)
{
    return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

int cqlr__duration_print(struct cqlr_wr *w, struct cqlr_value v)
{
    struct cqlr_duration d;
    if (cqlr_value_duration(v, &d))
        return CQLR_E_TYPE;
    uint64_t left[PARTS] = {magnitude(d.months), magnitude(d.days), magnitude(d.nanos)};
    if (!left[MONTHS] && !left[DAYS] && !left[NANOS]) {
        cqlr__out(w, "0ns");
        return 0;
    }
    if (d.months < 0 || d.days < 0 || d.nanos < 0)
        cqlr__out(w, "-");
    for (size_t i = 0; i < UNITS; i++) {
        const struct unit *u = &units[i];
        if (u->name[0] == 'w' || left[u->part] < u->size)
            continue; /* weeks are read only: 10d, as Cassandra itself writes it */
        cqlr__out_u64(w, left[u->part] / u->size, 1);
        cqlr__out(w, u->name);
        left[u->part] %= u->size;
    }
    return 0;
}

/* sum[part] += n units; false when it leaves what the part can hold. */
static bool add(uint64_t sum[PARTS], const struct unit *u, uint64_t n, bool minus)
{
    uint64_t max = (u->part == NANOS ? (uint64_t)INT64_MAX : (uint64_t)INT32_MAX) + minus;
    if (n > max / u->size || n * u->size > max - sum[u->part])
        return false;
    sum[u->part] += n * u->size;
    return true;
}

/* The unit with the longest name that s begins with: "mo" and "ms" before "m". */
static const struct unit *take_unit(struct cqlr_str *s)
{
    const struct unit *best = NULL;
    struct cqlr_str rest = *s;
    for (size_t i = 0; i < UNITS; i++) {
        struct cqlr_str after = *s;
        if (cqlr__take_nocase(&after, units[i].name) && after.n < rest.n) {
            best = &units[i];
            rest = after;
        }
    }
    *s = rest;
    return best;
}

/* 1y2mo3w4d5h6m7s8ms9us10ns: each unit once at the most, from large to small. */
static bool parse_units(struct cqlr_str s, uint64_t sum[PARTS], bool minus)
{
    const struct unit *last = NULL;
    uint64_t n;
    do {
        if (!cqlr__take_u64(&s, &n))
            return false;
        const struct unit *u = take_unit(&s);
        if (!u || (last && (u <= last || (u->part == last->part && u->size == last->size))) ||
            !add(sum, u, n, minus))
            return false;
        last = u;
    } while (s.n);
    return true;
}

/* Numbers, each with one of `letters`, in their order and once at the most; letters[0] is the unit
 * u. Ends at a T or the end of s. */
static bool take_iso(struct cqlr_str *s, const char *letters, const struct unit *u,
                     uint64_t sum[PARTS], bool minus)
{
    uint64_t n;
    while (s->n && cqlr__lower(s->p[0]) != 't') {
        if (!cqlr__take_u64(s, &n) || !s->n)
            return false;
        for (; *letters && *letters != cqlr__lower(s->p[0]); letters++)
            u++;
        if (!*letters || !add(sum, u, n, minus))
            return false;
        letters++;
        u++;
        s->p++;
        s->n--;
    }
    return true;
}

/* What follows the P of ISO 8601: 1Y2M3W4DT5H6M7S. */
static bool parse_iso(struct cqlr_str s, uint64_t sum[PARTS], bool minus)
{
    if (!s.n || !take_iso(&s, "ymwd", &units[0], sum, minus))
        return false;
    if (!s.n)
        return true;
    return cqlr__take_nocase(&s, "t") && s.n && take_iso(&s, "hms", &units[4], sum, minus) && !s.n;
}

int cqlr__duration_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    uint64_t sum[PARTS] = {0, 0, 0};
    bool minus = cqlr__take(&s, '-');
    bool iso = cqlr__take_nocase(&s, "p");
    if (!(iso ? parse_iso(s, sum, minus) : parse_units(s, sum, minus)))
        return CQLR_E_TYPE;
    for (int i = MONTHS; i < PARTS; i++)
        write_vint(w, (int64_t)(minus ? 0 - sum[i] : sum[i]));
    return 0;
}

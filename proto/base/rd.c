/*
 * rd.c - the sticky reader: bytes of a peer -> values and views, never past the end
 * (native_protocol_v4.spec section 3).
 *
 * After the first error `p` stands at `end` and `rc` is set: every later read finds nothing and
 * records nothing. Lists and maps are walked once here, so that their iterators meet only whole
 * entries.
 */
#include <cqlraw/wire.h>

#include "proto/base/err.h"

/* Nothing is left to read after an error. */
static int fail(struct cqlr_rd *r, size_t at)
{
    r->rc = r->err->code;
    r->err->offset = at;
    r->p = r->end;
    return r->rc;
}

int cqlr_rd_short(struct cqlr_rd *r, uint64_t need, const char *field)
{
    if (r->rc)
        return r->rc;
    size_t at = (size_t)(r->p - r->start);
    cqlr__err_set(r->err, CQLR_E_PROTO, "%s: need %llu bytes, %zu left at %zu", field,
                  (unsigned long long)need, cqlr_rd_left(r), at);
    return fail(r, at);
}

int cqlr_rd_bad(struct cqlr_rd *r, const char *field, const char *why)
{
    if (r->rc)
        return r->rc;
    size_t at = (size_t)(r->p - r->start);
    cqlr__err_set(r->err, CQLR_E_PROTO, "%s: %s at %zu", field, why, at);
    return fail(r, at);
}

struct cqlr_value cqlr_rd_value(struct cqlr_rd *r, const char *field)
{
    struct cqlr_value v = {NULL, CQLR_NULL};
    int32_t n = cqlr_rd_i32(r, field);
    if (r->rc)
        return v;
    if (n < CQLR_UNSET) {
        r->p -= 4;
        cqlr_rd_bad(r, field, "value length below -2");
    } else if (n < 0) {
        v.n = n;
    } else {
        v.p = cqlr_rd_raw(r, (size_t)n, field);
        v.n = v.p ? n : CQLR_NULL;
    }
    return v;
}

struct cqlr_str cqlr_rd_long_string(struct cqlr_rd *r, const char *field)
{
    struct cqlr_str s = {NULL, 0};
    int32_t n = cqlr_rd_i32(r, field);
    if (n < 0) {
        r->p -= 4;
        cqlr_rd_bad(r, field, "negative length");
    } else {
        s.p = (const char *)cqlr_rd_raw(r, (size_t)n, field);
        s.n = s.p ? (size_t)n : 0;
    }
    return s;
}

struct cqlr_bytes cqlr_rd_short_bytes(struct cqlr_rd *r, const char *field)
{
    struct cqlr_bytes b = {NULL, 0};
    size_t n = cqlr_rd_u16(r, field);
    b.p = cqlr_rd_raw(r, n, field);
    b.n = b.p ? n : 0;
    return b;
}

struct cqlr_bytes cqlr_rd_inetaddr(struct cqlr_rd *r, const char *field)
{
    struct cqlr_bytes b = {NULL, 0};
    size_t n = cqlr_rd_u8(r, field);
    if (r->rc)
        return b;
    if (n != 4 && n != 16) {
        r->p -= 1;
        cqlr_rd_bad(r, field, "address size is not 4 or 16");
    } else {
        b.p = cqlr_rd_raw(r, n, field);
        b.n = b.p ? n : 0;
    }
    return b;
}

static void skip_string(struct cqlr_rd *r, const char *field)
{
    cqlr_rd_string(r, field);
}

static void skip_string_pair(struct cqlr_rd *r, const char *field)
{
    cqlr_rd_string(r, field);
    cqlr_rd_string(r, field);
}

static void skip_string_and_list(struct cqlr_rd *r, const char *field)
{
    cqlr_rd_string(r, field);
    cqlr_rd_string_list(r, field);
}

static void skip_string_and_bytes(struct cqlr_rd *r, const char *field)
{
    cqlr_rd_string(r, field);
    cqlr_rd_bytes(r, field);
}

/* [short] count and as many entries, of at least `min` bytes each. */
static struct cqlr_span rd_entries(struct cqlr_rd *r, const char *field, size_t min,
                                   void (*skip)(struct cqlr_rd *, const char *))
{
    struct cqlr_span s = {0, NULL, 0};
    uint32_t count = cqlr_rd_u16(r, field);
    const uint8_t *from = r->p;
    if (count * min > cqlr_rd_left(r))
        cqlr_rd_short(r, count * min, field);
    for (uint32_t i = 0; i < count && !r->rc; i++)
        skip(r, field);
    if (r->rc)
        return s;
    s.count = count;
    s.p = from;
    s.n = (size_t)(r->p - from);
    return s;
}

struct cqlr_span cqlr_rd_string_list(struct cqlr_rd *r, const char *field)
{
    return rd_entries(r, field, 2, skip_string);
}

struct cqlr_span cqlr_rd_string_map(struct cqlr_rd *r, const char *field)
{
    return rd_entries(r, field, 4, skip_string_pair);
}

struct cqlr_span cqlr_rd_string_multimap(struct cqlr_rd *r, const char *field)
{
    return rd_entries(r, field, 4, skip_string_and_list);
}

struct cqlr_span cqlr_rd_bytes_map(struct cqlr_rd *r, const char *field)
{
    return rd_entries(r, field, 6, skip_string_and_bytes);
}

/*
 * The iterators read with a reader of their own: a span that a caller made up by hand can end
 * early, but is never read past its end.
 */
static bool entry_begin(struct cqlr_span *it, struct cqlr_rd *r, struct cqlr_err *err)
{
    cqlr_rd_init(r, it->p, it->n, err);
    return it->count > 0;
}

static bool entry_end(struct cqlr_span *it, const struct cqlr_rd *r)
{
    it->count = r->rc ? 0 : it->count - 1;
    it->p = r->p;
    it->n = cqlr_rd_left(r);
    return r->rc == 0;
}

bool cqlr_string_list_next(struct cqlr_span *it, struct cqlr_str *s)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    if (!entry_begin(it, &r, &err))
        return false;
    *s = cqlr_rd_string(&r, "entry");
    return entry_end(it, &r);
}

bool cqlr_string_map_next(struct cqlr_span *it, struct cqlr_str *k, struct cqlr_str *v)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    if (!entry_begin(it, &r, &err))
        return false;
    *k = cqlr_rd_string(&r, "key");
    *v = cqlr_rd_string(&r, "value");
    return entry_end(it, &r);
}

bool cqlr_string_multimap_next(struct cqlr_span *it, struct cqlr_str *k, struct cqlr_span *v)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    if (!entry_begin(it, &r, &err))
        return false;
    *k = cqlr_rd_string(&r, "key");
    *v = cqlr_rd_string_list(&r, "value");
    return entry_end(it, &r);
}

bool cqlr_bytes_map_next(struct cqlr_span *it, struct cqlr_str *k, struct cqlr_value *v)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    if (!entry_begin(it, &r, &err))
        return false;
    *k = cqlr_rd_string(&r, "key");
    *v = cqlr_rd_bytes(&r, "value");
    return entry_end(it, &r);
}

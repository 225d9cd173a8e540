/*
 * coll.c - the elements of a list, set, map, tuple, UDT or vector, one after the other
 * (native_protocol_v4.spec sections 6.11 to 6.15, 6.21, 6.22, 7; vectors as Cassandra's VectorType
 * writes them), and the length in front of one that is written.
 *
 * A count is checked against the bytes that its elements need at least before it is believed.
 * Nothing is allocated.
 */
#include <string.h>

#include "proto/base/err.h"
#include "proto/val/val.h"

#define LENGTH 4 /* bytes in front of each element, but in vectors */

/* A list, set or map: how many elements it has stands in front of them. */
static bool has_count(const struct cqlr_type *t)
{
    return t->id == CQLR_TYPE_LIST || t->id == CQLR_TYPE_SET || t->id == CQLR_TYPE_MAP;
}

static bool is_vector(const struct cqlr_type *t)
{
    return t->id == CQLR_TYPE_VECTOR;
}

uint64_t cqlr__fixed_width(const struct cqlr_type *t)
{
    const uint64_t too_large = UINT64_C(1) << 31;
    uint64_t n = 1;
    for (; is_vector(t); t = t->sub) {
        n *= t->dimension;
        n = n < too_large ? n : too_large;
    }
    const struct cqlr__scalar *scalar = cqlr__scalar_get(t->id);
    return scalar ? n * scalar->fixed : 0;
}

/* Believes `count` when the bytes for so many elements are there. */
static void set_count(struct cqlr_elements *e, uint64_t count, uint64_t each)
{
    if (count > cqlr_rd_left(&e->rd) / each)
        cqlr_rd_short(&e->rd, count * each, "elements");
    else
        e->count = (uint32_t)count;
}

static void vector_init(struct cqlr_elements *e)
{
    uint64_t width = cqlr__fixed_width(e->type->sub);
    set_count(e, e->type->dimension, width ? width : 1);
    e->width = (uint32_t)width; /* fits, when there are elements */
}

int cqlr_elements_init(struct cqlr_elements *e, const struct cqlr_type *t, struct cqlr_value v,
                       struct cqlr_err *err)
{
    bool fields = t->id == CQLR_TYPE_TUPLE || t->id == CQLR_TYPE_UDT;
    *e = (struct cqlr_elements){.type = t};
    cqlr_rd_init(&e->rd, v.p, v.n > 0 ? (size_t)v.n : 0, err);
    if (!has_count(t) && !fields && !is_vector(t))
        e->rd.rc = cqlr__err_set(err, CQLR_E_TYPE, "the value has no elements");
    else if (v.n < 0)
        e->rd.rc = cqlr__err_set(err, CQLR_E_TYPE, "null has no elements");
    if (e->rd.rc)
        return e->rd.rc;
    if (is_vector(t)) {
        vector_init(e);
    } else if (fields) {
        e->count = t->count;
    } else {
        int32_t entries = cqlr_rd_i32(&e->rd, "element count");
        if (entries < 0)
            cqlr_rd_bad(&e->rd, "element count", "negative");
        else
            set_count(e, (uint64_t)entries * t->count, LENGTH); /* a map's entry has two */
    }
    return e->rd.rc;
}

/* The next element of a vector. */
static struct cqlr_value take_element(struct cqlr_elements *e)
{
    struct cqlr_value v = {NULL, CQLR_NULL};
    uint64_t n = e->width ? e->width : cqlr__uvint_read(&e->rd, "element length");
    if (n > cqlr_rd_left(&e->rd))
        cqlr_rd_short(&e->rd, n, "element");
    if (e->rd.rc)
        return v;
    v.p = cqlr_rd_raw(&e->rd, (size_t)n, "element");
    v.n = (int32_t)n;
    return v;
}

int cqlr_elements_next(struct cqlr_elements *e, struct cqlr_value *v, const struct cqlr_type **t)
{
    bool fields = !has_count(e->type) && !is_vector(e->type);
    if (e->rd.rc)
        return e->rd.rc;
    if (e->i == e->count)
        return cqlr_rd_left(&e->rd) ? cqlr_rd_bad(&e->rd, "elements", "bytes behind the last") : 0;
    *t = &e->type->sub[fields ? e->i : e->i & (e->type->count - 1)]; /* of 1, or of key and value */
    if (is_vector(e->type))
        *v = take_element(e);
    else if (fields && !cqlr_rd_left(&e->rd)) /* not written: it was added to the type later */
        *v = (struct cqlr_value){NULL, CQLR_NULL};
    else
        *v = cqlr_rd_bytes(&e->rd, "element");
    e->i++;
    return e->rd.rc ? e->rd.rc : 1;
}

uint32_t cqlr__elements_max(const struct cqlr_type *t)
{
    return has_count(t) ? UINT32_MAX : is_vector(t) ? t->dimension : t->count;
}

size_t cqlr__elements_begin(struct cqlr_wr *w, const struct cqlr_type *t)
{
    size_t at = w->n;
    if (has_count(t))
        cqlr_wr_i32(w, 0);
    return at;
}

bool cqlr__elements_end(struct cqlr_wr *w, const struct cqlr_type *t, size_t at, uint32_t count)
{
    if (has_count(t))
        cqlr_put32(w->p + at, count);
    return !is_vector(t) || count == t->dimension;
}

size_t cqlr__element_begin(struct cqlr_wr *w, const struct cqlr_type *of)
{
    size_t at = w->n;
    if (!is_vector(of))
        cqlr_wr_i32(w, CQLR_NULL);
    return at;
}

/* The vint in front of what was written from `at` on, as an element of a vector. */
static int insert_length(struct cqlr_wr *w, const struct cqlr_type *of, size_t at,
                         struct cqlr_err *err)
{
    uint8_t length[CQLR__UVINT_MAX];
    size_t n = w->n - at;
    uint64_t width = cqlr__fixed_width(of->sub);
    if (width)
        return n == width ? 0
                          : cqlr__misfit(err, of->sub, cqlr_cstr(""),
                                         "elements of this vector cannot be empty");
    unsigned more = cqlr__uvint_put(length, n);
    if (cqlr_wr_room(w, more)) {
        memmove(w->p + at + more, w->p + at, n);
        memcpy(w->p + at, length, more);
    }
    return 0;
}

int cqlr__element_end(struct cqlr_wr *w, const struct cqlr_type *of, size_t at,
                      struct cqlr_err *err)
{
    size_t length = is_vector(of) ? 0 : LENGTH;
    if (w->rc)
        return 0;
    size_t n = w->n - at - length;
    if (n > INT32_MAX)
        return cqlr__err_set(err, CQLR_E_LIMIT, "an element is larger than 2 GB");
    if (is_vector(of))
        return insert_length(w, of, at, err);
    cqlr_put32(w->p + at, (uint32_t)n);
    return 0;
}

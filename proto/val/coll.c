/*
 * coll.c - the elements of a list, set, map, tuple or UDT, one after the other
 * (native_protocol_v4.spec sections 6.11 to 6.15, 6.21, 6.22, 7).
 *
 * A count is checked against the bytes that its elements need at least before it is believed.
 * Nothing is allocated.
 */
#include "proto/base/err.h"
#include "proto/val/val.h"

#define LENGTH 4 /* bytes in front of each element */

static bool has_count(const struct cqlr_type *t)
{
    return t->id == CQLR_TYPE_LIST || t->id == CQLR_TYPE_SET || t->id == CQLR_TYPE_MAP;
}

int cqlr_elements_init(struct cqlr_elements *e, const struct cqlr_type *t, struct cqlr_value v,
                       struct cqlr_err *err)
{
    *e = (struct cqlr_elements){.type = t};
    cqlr_rd_init(&e->rd, v.p, v.n > 0 ? (size_t)v.n : 0, err);
    if (!has_count(t) && t->id != CQLR_TYPE_TUPLE && t->id != CQLR_TYPE_UDT)
        e->rd.rc = cqlr__err_set(err, CQLR_E_TYPE, "the value has no elements");
    else if (v.n < 0)
        e->rd.rc = cqlr__err_set(err, CQLR_E_TYPE, "null has no elements");
    if (e->rd.rc)
        return e->rd.rc;
    if (!has_count(t)) {
        e->count = t->count;
        return 0;
    }
    int32_t entries = cqlr_rd_i32(&e->rd, "element count");
    uint64_t count = (uint64_t)entries * t->count; /* a map's entry has two elements */
    if (entries < 0)
        cqlr_rd_bad(&e->rd, "element count", "negative");
    else if (count * LENGTH > cqlr_rd_left(&e->rd))
        cqlr_rd_short(&e->rd, count * LENGTH, "elements");
    else
        e->count = (uint32_t)count;
    return e->rd.rc;
}

int cqlr_elements_next(struct cqlr_elements *e, struct cqlr_value *v, const struct cqlr_type **t)
{
    bool counted = has_count(e->type);
    if (e->rd.rc)
        return e->rd.rc;
    if (e->i == e->count)
        return cqlr_rd_left(&e->rd) ? cqlr_rd_bad(&e->rd, "elements", "bytes behind the last") : 0;
    *t =
        &e->type->sub[counted ? e->i & (e->type->count - 1) : e->i]; /* of 1, or of key and value */
    if (!counted && !cqlr_rd_left(&e->rd)) /* not written: it was added to the type later */
        *v = (struct cqlr_value){NULL, CQLR_NULL};
    else
        *v = cqlr_rd_bytes(&e->rd, "element");
    e->i++;
    return e->rd.rc ? e->rd.rc : 1;
}

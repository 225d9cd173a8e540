/*
 * params.c - <query_parameters>, the part that QUERY and EXECUTE share, and BATCH a little of it
 * (native_protocol_v4.spec section 4.1.4).
 *
 * The flags tell which fields are there. Reading checks the form only: whether a consistency or a
 * page size makes sense is for the one who carries the request out to say, in an ERROR. Writing
 * refuses what every server would refuse.
 */
#include "proto/msg/params.h"

#define KNOWN_FLAGS 0x7F

/* One ([string] name if NAMES, [value]). */
static void value_read(struct cqlr_rd *r, uint8_t flags, struct cqlr_str *name,
                       struct cqlr_value *v)
{
    if (flags & CQLR_PARAM_NAMES)
        *name = cqlr_rd_string(r, "value name");
    *v = cqlr_rd_value(r, "value");
}

struct cqlr_span cqlr__values_read(struct cqlr_rd *r, uint8_t flags)
{
    struct cqlr_span s = {0, NULL, 0};
    struct cqlr_str name;
    struct cqlr_value v;
    uint32_t count = cqlr_rd_u16(r, "values count");
    uint32_t least = count * (flags & CQLR_PARAM_NAMES ? 6u : 4u);
    const uint8_t *from = r->p;
    if (cqlr_rd_left(r) < least)
        cqlr_rd_short(r, least, "values");
    for (uint32_t i = 0; i < count && !r->rc; i++)
        value_read(r, flags, &name, &v);
    if (r->rc)
        return s;
    s.count = count;
    s.p = from;
    s.n = (size_t)(r->p - from);
    return s;
}

void cqlr__serial_timestamp_read(struct cqlr_rd *r, uint8_t flags, uint16_t *serial,
                                 int64_t *timestamp)
{
    if (flags & CQLR_PARAM_SERIAL)
        *serial = cqlr_rd_u16(r, "serial consistency");
    if (flags & CQLR_PARAM_TIMESTAMP)
        *timestamp = cqlr_rd_i64(r, "timestamp");
}

void cqlr__serial_timestamp_write(struct cqlr_wr *w, uint8_t flags, uint16_t serial,
                                  int64_t timestamp)
{
    if (flags & CQLR_PARAM_SERIAL)
        cqlr_wr_u16(w, serial);
    if (flags & CQLR_PARAM_TIMESTAMP)
        cqlr_wr_i64(w, timestamp);
}

int cqlr_params_read(struct cqlr_rd *r, struct cqlr_params *p)
{
    memset(p, 0, sizeof *p);
    p->paging_state.n = CQLR_NULL;
    p->consistency = cqlr_rd_u16(r, "consistency");
    p->flags = cqlr_rd_u8(r, "query flags");
    if (p->flags & ~KNOWN_FLAGS)
        return cqlr_rd_bad(r, "query flags", "unknown flag");
    if (p->flags & CQLR_PARAM_VALUES)
        p->values = cqlr__values_read(r, p->flags);
    if (p->flags & CQLR_PARAM_PAGE_SIZE)
        p->page_size = cqlr_rd_i32(r, "page size");
    if (p->flags & CQLR_PARAM_PAGING_STATE)
        p->paging_state = cqlr_rd_bytes(r, "paging state");
    cqlr__serial_timestamp_read(r, p->flags, &p->serial, &p->timestamp);
    return r->rc;
}

bool cqlr__serial_timestamp_ok(uint8_t flags, uint16_t serial, int64_t timestamp)
{
    return (!(flags & CQLR_PARAM_SERIAL) || serial == CQLR_CL_SERIAL ||
            serial == CQLR_CL_LOCAL_SERIAL) &&
           (!(flags & CQLR_PARAM_TIMESTAMP) || timestamp != INT64_MIN);
}

/* A null paging state would start again at the first page without a word. */
static bool writable(const struct cqlr_params *p)
{
    uint8_t f = p->flags;
    return !(f & ~KNOWN_FLAGS) && (!(f & CQLR_PARAM_NAMES) || (f & CQLR_PARAM_VALUES)) &&
           (!(f & CQLR_PARAM_PAGE_SIZE) || p->page_size > 0) &&
           (!(f & CQLR_PARAM_PAGING_STATE) || p->paging_state.n >= 0) &&
           cqlr__serial_timestamp_ok(f, p->serial, p->timestamp);
}

int cqlr_params_write(struct cqlr_wr *w, const struct cqlr_params *p)
{
    if (!w->rc && !writable(p))
        w->rc = CQLR_E_RANGE;
    cqlr_wr_u16(w, p->consistency);
    cqlr_wr_u8(w, p->flags);
    if (p->flags & CQLR_PARAM_VALUES)
        cqlr_wr_span(w, p->values);
    if (p->flags & CQLR_PARAM_PAGE_SIZE)
        cqlr_wr_i32(w, p->page_size);
    if (p->flags & CQLR_PARAM_PAGING_STATE)
        cqlr_wr_value(w, p->paging_state);
    cqlr__serial_timestamp_write(w, p->flags, p->serial, p->timestamp);
    return w->rc;
}

bool cqlr_params_next(struct cqlr_span *it, uint8_t flags, struct cqlr_str *name,
                      struct cqlr_value *v)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    struct cqlr_str ignored;
    if (!it->count)
        return false;
    cqlr_rd_init(&r, it->p, it->n, &err);
    value_read(&r, flags, name ? name : &ignored, v);
    it->count = r.rc ? 0 : it->count - 1;
    it->p = r.p;
    it->n = cqlr_rd_left(&r);
    return r.rc == 0;
}

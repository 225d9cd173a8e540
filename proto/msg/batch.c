/*
 * batch.c - BATCH: several statements, each a text or the id of a prepared one, with its values
 * (native_protocol_v4.spec section 4.1.7).
 *
 * The statements stay in wire form, like other lists: the reader walks them once, so that the
 * iterator meets only whole ones.
 */
#include "proto/msg/params.h"

#define KNOWN_FLAGS   (CQLR_PARAM_SERIAL | CQLR_PARAM_TIMESTAMP)
#define STATEMENT_MIN 5 /* kind, a [short bytes] id of no bytes, no values */

enum kind { KIND_TEXT = 0, KIND_PREPARED = 1 };

static void bad_kind(struct cqlr_rd *r)
{
    r->p -= 1;
    cqlr_rd_bad(r, "BATCH statement kind", "neither 0 nor 1");
}

static void statement_read(struct cqlr_rd *r, struct cqlr_batch_statement *s)
{
    memset(s, 0, sizeof *s);
    uint8_t kind = cqlr_rd_u8(r, "BATCH statement kind");
    s->prepared = kind == KIND_PREPARED;
    if (s->prepared)
        s->id = cqlr_rd_short_bytes(r, "BATCH statement id");
    else if (kind == KIND_TEXT)
        s->cql = cqlr_rd_long_string(r, "BATCH statement text");
    else
        bad_kind(r);
    s->values = cqlr__values_read(r, 0);
}

static struct cqlr_span statements_read(struct cqlr_rd *r)
{
    struct cqlr_span all = {0, NULL, 0};
    struct cqlr_batch_statement s;
    uint32_t count = cqlr_rd_u16(r, "BATCH statements count");
    const uint8_t *from = r->p;
    if (count * STATEMENT_MIN > cqlr_rd_left(r))
        cqlr_rd_short(r, count * STATEMENT_MIN, "BATCH statements");
    for (uint32_t i = 0; i < count && !r->rc; i++)
        statement_read(r, &s);
    if (r->rc)
        return all;
    all.count = count;
    all.p = from;
    all.n = (size_t)(r->p - from);
    return all;
}

int cqlr_batch_read(struct cqlr_rd *r, struct cqlr_batch *m)
{
    memset(m, 0, sizeof *m);
    m->type = cqlr_rd_u8(r, "BATCH type");
    m->statements = statements_read(r);
    m->consistency = cqlr_rd_u16(r, "consistency");
    m->flags = cqlr_rd_u8(r, "BATCH flags");
    if (m->flags & ~KNOWN_FLAGS)
        return cqlr_rd_bad(r, "BATCH flags", "unknown flag");
    cqlr__serial_timestamp_read(r, m->flags, &m->serial, &m->timestamp);
    return r->rc;
}

static bool writable(const struct cqlr_batch *m)
{
    return m->type <= CQLR_BATCH_COUNTER && !(m->flags & ~KNOWN_FLAGS) &&
           cqlr__serial_timestamp_ok(m->flags, m->serial, m->timestamp);
}

int cqlr_batch_write(struct cqlr_wr *w, const struct cqlr_batch *m)
{
    if (!w->rc && !writable(m))
        w->rc = CQLR_E_RANGE;
    cqlr_wr_u8(w, m->type);
    cqlr_wr_span(w, m->statements);
    cqlr_wr_u16(w, m->consistency);
    cqlr_wr_u8(w, m->flags);
    cqlr__serial_timestamp_write(w, m->flags, m->serial, m->timestamp);
    return w->rc;
}

bool cqlr_batch_next(struct cqlr_span *it, struct cqlr_batch_statement *s)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    if (!it->count)
        return false;
    cqlr_rd_init(&r, it->p, it->n, &err);
    statement_read(&r, s);
    it->count = r.rc ? 0 : it->count - 1;
    it->p = r.p;
    it->n = cqlr_rd_left(&r);
    return r.rc == 0;
}

void cqlr_batch_statement_write(struct cqlr_wr *w, const struct cqlr_batch_statement *s)
{
    cqlr_wr_u8(w, s->prepared ? KIND_PREPARED : KIND_TEXT);
    if (s->prepared)
        cqlr_wr_short_bytes(w, s->id);
    else
        cqlr_wr_long_string(w, s->cql);
    cqlr_wr_span(w, s->values);
}

/*
 * prepare.c - PREPARE: a statement's text (native_protocol_v4.spec section 4.1.5). The answer is in
 * prepared.c.
 */
#include <cqlraw/msg.h>

int cqlr_prepare_read(struct cqlr_rd *r, struct cqlr_prepare *m)
{
    m->cql = cqlr_rd_long_string(r, "PREPARE text");
    return r->rc;
}

int cqlr_prepare_write(struct cqlr_wr *w, const struct cqlr_prepare *m)
{
    cqlr_wr_long_string(w, m->cql);
    return w->rc;
}

/*
 * query.c - QUERY: a statement's text and its parameters (native_protocol_v4.spec section 4.1.4).
 */
#include <cqlraw/msg.h>

int cqlr_query_read(struct cqlr_rd *r, struct cqlr_query *m)
{
    m->cql = cqlr_rd_long_string(r, "QUERY text");
    return cqlr_params_read(r, &m->params);
}

int cqlr_query_write(struct cqlr_wr *w, const struct cqlr_query *m)
{
    cqlr_wr_long_string(w, m->cql);
    return cqlr_params_write(w, &m->params);
}

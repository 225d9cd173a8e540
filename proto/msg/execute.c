/*
 * execute.c - EXECUTE: a prepared statement's id and its parameters (native_protocol_v4.spec
 * section 4.1.6).
 */
#include <cqlraw/msg.h>

int cqlr_execute_read(struct cqlr_rd *r, struct cqlr_execute *m)
{
    m->id = cqlr_rd_short_bytes(r, "EXECUTE id");
    return cqlr_params_read(r, &m->params);
}

int cqlr_execute_write(struct cqlr_wr *w, const struct cqlr_execute *m)
{
    cqlr_wr_short_bytes(w, m->id);
    return cqlr_params_write(w, &m->params);
}

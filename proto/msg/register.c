/*
 * register.c - REGISTER: which events the client wants to be told (native_protocol_v4.spec
 * section 4.1.8).
 */
#include <cqlraw/msg.h>

int cqlr_register_read(struct cqlr_rd *r, struct cqlr_register *m)
{
    m->events = cqlr_rd_string_list(r, "REGISTER events");
    return r->rc;
}

int cqlr_register_write(struct cqlr_wr *w, const struct cqlr_register *m)
{
    cqlr_wr_span(w, m->events);
    return w->rc;
}

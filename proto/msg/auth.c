/*
 * auth.c - AUTHENTICATE: the server names the authenticator it wants to be answered
 * (native_protocol_v4.spec section 4.2.3).
 */
#include <cqlraw/msg.h>

int cqlr_authenticate_read(struct cqlr_rd *r, struct cqlr_authenticate *m)
{
    m->class_name = cqlr_rd_string(r, "AUTHENTICATE class");
    return r->rc;
}

int cqlr_authenticate_write(struct cqlr_wr *w, const struct cqlr_authenticate *m)
{
    cqlr_wr_string(w, m->class_name);
    return w->rc;
}

/*
 * startup.c - the two sides' options: STARTUP (native_protocol_v4.spec section 4.1.1) chooses from
 * what SUPPORTED (section 4.2.4) offers.
 *
 * Keys that are not known are carried like the others.
 */
#include <cqlraw/msg.h>

int cqlr_startup_read(struct cqlr_rd *r, struct cqlr_startup *m)
{
    m->options = cqlr_rd_string_map(r, "STARTUP options");
    return r->rc;
}

int cqlr_startup_write(struct cqlr_wr *w, const struct cqlr_startup *m)
{
    cqlr_wr_span(w, m->options);
    return w->rc;
}

int cqlr_supported_read(struct cqlr_rd *r, struct cqlr_supported *m)
{
    m->options = cqlr_rd_string_multimap(r, "SUPPORTED options");
    return r->rc;
}

int cqlr_supported_write(struct cqlr_wr *w, const struct cqlr_supported *m)
{
    cqlr_wr_span(w, m->options);
    return w->rc;
}

/*
 * prefix.c - what may stand in front of a message: trace id, warnings, custom payload
 * (native_protocol_v4.spec section 2.2).
 *
 * The header's flags tell which parts are there; the order is fixed. In a request TRACING only asks
 * for a trace, and only a payload has bytes.
 */
#include <cqlraw/msg.h>

int cqlr_prefix_read(struct cqlr_rd *r, uint8_t flags, bool response, struct cqlr_prefix *p)
{
    memset(p, 0, sizeof *p);
    if (response && (flags & CQLR_FLAG_TRACING)) {
        const uint8_t *id = cqlr_rd_raw(r, sizeof p->trace, "trace id");
        p->has_trace = id != NULL;
        if (id)
            memcpy(p->trace, id, sizeof p->trace);
    }
    if (response && (flags & CQLR_FLAG_WARNING))
        p->warnings = cqlr_rd_string_list(r, "warnings");
    if (flags & CQLR_FLAG_PAYLOAD)
        p->payload = cqlr_rd_bytes_map(r, "custom payload");
    return r->rc;
}

int cqlr_prefix_write(struct cqlr_wr *w, uint8_t flags, bool response, const struct cqlr_prefix *p)
{
    if (response && (flags & CQLR_FLAG_TRACING))
        cqlr_wr_raw(w, p->trace, sizeof p->trace);
    if (response && (flags & CQLR_FLAG_WARNING))
        cqlr_wr_span(w, p->warnings);
    if (flags & CQLR_FLAG_PAYLOAD)
        cqlr_wr_span(w, p->payload);
    return w->rc;
}

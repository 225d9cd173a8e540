/*
 * event.c - EVENT: what a server tells unasked, about its nodes and its schema
 * (native_protocol_v4.spec section 4.2.6).
 *
 * The type tells which fields follow. A type that is not known is kept and nothing behind it is
 * read: servers learn new ones, and who registered for none of them may ignore them.
 */
#include "proto/msg/meta.h"

enum type { TYPE_UNKNOWN, TYPE_NODE, TYPE_SCHEMA };

static enum type type_of(struct cqlr_str name)
{
    if (cqlr_str_equal(name, cqlr_cstr("SCHEMA_CHANGE")))
        return TYPE_SCHEMA;
    if (cqlr_str_equal(name, cqlr_cstr("TOPOLOGY_CHANGE")) ||
        cqlr_str_equal(name, cqlr_cstr("STATUS_CHANGE")))
        return TYPE_NODE;
    return TYPE_UNKNOWN;
}

int cqlr_server_event_read(struct cqlr_rd *r, struct cqlr_server_event *m)
{
    memset(m, 0, sizeof *m);
    m->type = cqlr_rd_string(r, "EVENT type");
    switch (type_of(m->type)) {
    case TYPE_NODE: /* [string] change, [inet] */
        m->change = cqlr_rd_string(r, "EVENT change");
        m->address = cqlr_rd_inetaddr(r, "EVENT address");
        m->port = cqlr_rd_i32(r, "EVENT port");
        break;
    case TYPE_SCHEMA:
        cqlr__schema_change_read(r, &m->schema);
        break;
    case TYPE_UNKNOWN:
        break;
    }
    return r->rc;
}

static void node_write(struct cqlr_wr *w, const struct cqlr_server_event *m)
{
    if (m->address.n != 4 && m->address.n != 16 && !w->rc)
        w->rc = CQLR_E_RANGE;
    cqlr_wr_string(w, m->change);
    cqlr_wr_u8(w, (uint8_t)m->address.n);
    cqlr_wr_raw(w, m->address.p, m->address.n);
    cqlr_wr_i32(w, m->port);
}

int cqlr_server_event_write(struct cqlr_wr *w, const struct cqlr_server_event *m)
{
    cqlr_wr_string(w, m->type);
    switch (type_of(m->type)) {
    case TYPE_NODE:
        node_write(w, m);
        break;
    case TYPE_SCHEMA:
        cqlr__schema_change_write(w, &m->schema);
        break;
    case TYPE_UNKNOWN:
        if (!w->rc)
            w->rc = CQLR_E_RANGE;
        break;
    }
    return w->rc;
}

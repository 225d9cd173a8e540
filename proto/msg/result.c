/*
 * result.c - RESULT: the kind, and what follows it (native_protocol_v4.spec section 4.2.5). Rows,
 * Prepared and Schema_change have files of their own.
 */
#include "proto/msg/meta.h"

int cqlr_result_read(struct cqlr_rd *r, const struct cqlr_columns *known, struct cqlr_result *m)
{
    memset(m, 0, sizeof *m);
    m->kind = cqlr_rd_i32(r, "RESULT kind");
    switch (m->kind) {
    case CQLR_RESULT_VOID:
        break;
    case CQLR_RESULT_ROWS:
        cqlr__rows_read(r, known, &m->u.rows);
        break;
    case CQLR_RESULT_SET_KEYSPACE:
        m->u.keyspace = cqlr_rd_string(r, "keyspace");
        break;
    case CQLR_RESULT_PREPARED:
        cqlr__prepared_read(r, &m->u.prepared);
        break;
    case CQLR_RESULT_SCHEMA_CHANGE:
        cqlr__schema_change_read(r, &m->u.schema_change);
        break;
    default:
        cqlr_rd_bad(r, "RESULT kind", "unknown");
    }
    return r->rc;
}

int cqlr_void_write(struct cqlr_wr *w)
{
    cqlr_wr_i32(w, CQLR_RESULT_VOID);
    return w->rc;
}

int cqlr_set_keyspace_write(struct cqlr_wr *w, struct cqlr_str keyspace)
{
    cqlr_wr_i32(w, CQLR_RESULT_SET_KEYSPACE);
    cqlr_wr_string(w, keyspace);
    return w->rc;
}

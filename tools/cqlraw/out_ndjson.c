/*
 * out_ndjson.c - a row → one line of JSON. Keys go through the same printer as values, so both are
 * escaped alike and always valid UTF-8.
 */
#include "cells.h"
#include "out_ndjson.h"

static int put_key(struct cqlr_wr *w, struct cqlr_str name, struct cqlr_err *err)
{
    static const struct cqlr_type text = {.id = CQLR_TYPE_VARCHAR};
    struct cqlr_value v = {(const uint8_t *)name.p,
                           (int32_t)name.n}; /* a [string]: at most 65,535 bytes */
    int rc = cqlr_value_print(w, &text, v, CQLR_JSON, err);
    cqlr_wr_u8(w, ':');
    return rc;
}

int ndjson_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    size_t start = w->n;
    cqlr_wr_u8(w, '{');
    for (uint32_t i = 0; i < row->columns->count; i++) {
        if (i > 0)
            cqlr_wr_u8(w, ',');
        int rc = put_key(w, row->columns->col[i].name, err);
        if (!rc)
            rc = cell_print(w, row, i, CQLR_JSON, err);
        if (rc) {
            w->n = start;
            return rc;
        }
    }
    cqlr_wr_raw(w, "}\n", 2);
    return w->rc ? writer_failed(w, err) : 0;
}

/*
 * out_json.c - keys go through the same printer as values, so both are escaped alike.
 */
#include "cells.h"
#include "out_json.h"

void json_text(struct cqlr_wr *w, struct cqlr_str text)
{
    static const struct cqlr_type type = {.id = CQLR_TYPE_VARCHAR};
    struct cqlr_err err;
    struct cqlr_value v = {(const uint8_t *)text.p,
                           text.n > INT32_MAX ? INT32_MAX : (int32_t)text.n};
    if (cqlr_value_print(w, &type, v, CQLR_JSON, &err) < 0 && !w->rc)
        w->rc = err.code; /* no text is refused: it can only be the writer that failed */
}

int json_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    size_t start = w->n;
    cqlr_wr_u8(w, '{');
    for (uint32_t i = 0; i < row->columns->count; i++) {
        if (i > 0)
            cqlr_wr_u8(w, ',');
        json_text(w, row->columns->col[i].name);
        cqlr_wr_u8(w, ':');
        int rc = cell_print(w, row, i, CQLR_JSON, err);
        if (rc) {
            w->n = start;
            return rc;
        }
    }
    cqlr_wr_u8(w, '}');
    return w->rc ? writer_failed(w, err) : 0;
}

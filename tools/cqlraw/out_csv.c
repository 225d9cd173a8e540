/*
 * out_csv.c - cells are printed straight into the output; the few that need quotes are moved apart
 * afterwards.
 */
#include "cells.h"
#include "out_csv.h"

static bool needs_quotes(const uint8_t *p, size_t n, size_t *quotes)
{
    bool special = n == 0;
    *quotes = 0;
    for (size_t i = 0; i < n; i++) {
        special |= p[i] == ',' || p[i] == '\n' || p[i] == '\r';
        *quotes += p[i] == '"';
    }
    return special || *quotes > 0;
}

void csv_quote(struct cqlr_wr *w, size_t from)
{
    size_t quotes, n = w->n - from;
    if (w->rc || !needs_quotes(w->p ? w->p + from : NULL, n, &quotes) ||
        !cqlr_wr_room(w, quotes + 2))
        return;
    uint8_t *p = w->p + from;
    size_t to = w->n - from;
    p[--to] = '"';
    for (size_t i = n;
         i-- > 0;) { /* from the back, so that nothing is overwritten before it is moved */
        uint8_t c = p[i];
        p[--to] = c;
        if (c == '"')
            p[--to] = '"';
    }
    p[0] = '"';
}

void csv_header(struct cqlr_wr *w, const struct cqlr_columns *columns)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        if (i > 0)
            cqlr_wr_u8(w, ',');
        size_t from = w->n;
        cqlr_wr_raw(w, columns->col[i].name.p, columns->col[i].name.n);
        csv_quote(w, from);
    }
    if (columns->count)
        cqlr_wr_u8(w, '\n');
}

int csv_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    size_t start = w->n;
    for (uint32_t i = 0; i < row->columns->count; i++) {
        if (i > 0)
            cqlr_wr_u8(w, ',');
        size_t from = w->n;
        if (row->cell[i].n < 0)
            continue;
        int rc = cell_print(w, row, i, CQLR_TEXT, err);
        if (rc) {
            w->n = start;
            return rc;
        }
        csv_quote(w, from);
    }
    cqlr_wr_u8(w, '\n');
    return w->rc ? writer_failed(w, err) : 0;
}

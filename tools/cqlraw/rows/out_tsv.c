/*
 * out_tsv.c - cells are printed straight into the output; the few that need escapes are moved apart
 * afterwards.
 */
#include "cells.h"
#include "out_tsv.h"

/* The letter behind the backslash, 0 when c stands for itself. */
static uint8_t escape_of(uint8_t c)
{
    return c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\\' ? '\\' : 0;
}

/* Escapes what was appended from `from` on; from the back, so that nothing is overwritten before it
 * is moved. */
static void escape(struct cqlr_wr *w, size_t from)
{
    size_t n = w->n, escapes = 0;
    if (w->rc)
        return;
    for (size_t i = from; i < n; i++)
        escapes += escape_of(w->p[i]) != 0;
    if (!escapes || !cqlr_wr_room(w, escapes))
        return;
    for (uint8_t *to = w->p + w->n; escapes; n--) {
        uint8_t c = w->p[n - 1], letter = escape_of(c);
        *--to = letter ? letter : c;
        if (letter) {
            *--to = '\\';
            escapes--;
        }
    }
}

void tsv_header(struct cqlr_wr *w, const struct cqlr_columns *columns)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        if (i > 0)
            cqlr_wr_u8(w, '\t');
        size_t from = w->n;
        cqlr_wr_raw(w, columns->col[i].name.p, columns->col[i].name.n);
        escape(w, from);
    }
    if (columns->count)
        cqlr_wr_u8(w, '\n');
}

int tsv_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    size_t start = w->n;
    for (uint32_t i = 0; i < row->columns->count; i++) {
        if (i > 0)
            cqlr_wr_u8(w, '\t');
        size_t from = w->n;
        if (row->cell[i].n < 0) {
            cqlr_wr_raw(w, "\\N", 2);
            continue;
        }
        int rc = cell_print(w, row, i, CQLR_TEXT, err);
        if (rc) {
            w->n = start;
            return rc;
        }
        escape(w, from);
    }
    cqlr_wr_u8(w, '\n');
    return w->rc ? writer_failed(w, err) : 0;
}

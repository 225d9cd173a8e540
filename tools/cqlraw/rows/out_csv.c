/*
 * out_csv.c - cells are printed straight into the output; the few that need quotes are moved apart
 * afterwards.
 */
#include "cells.h"
#include "out_csv.h"

/* How many quotes there are in n bytes. */
static size_t count_quotes(const uint8_t *p, size_t n)
{
    size_t count = 0;
    const uint8_t *end = p + n;
    while (n && (p = memchr(p, '"', (size_t)(end - p)))) {
        count++;
        p++;
    }
    return count;
}

static bool is_special(const uint8_t *p, size_t n)
{
    return n == 0 || memchr(p, ',', n) || memchr(p, '\n', n) || memchr(p, '\r', n);
}

/* Moves n bytes up by quotes + 1, each quote doubled; from the back, so that nothing is overwritten
 * before it is moved. What lies in front of the first quote moves as a whole. */
static void move_doubling(uint8_t *p, size_t n, size_t quotes)
{
    uint8_t *to = p + n + quotes + 1;
    while (quotes) {
        uint8_t c = p[--n];
        *--to = c;
        if (c == '"') {
            *--to = '"';
            quotes--;
        }
    }
    memmove(p + 1, p, n);
}

void csv_quote(struct cqlr_wr *w, size_t from)
{
    size_t n = w->n - from, quotes;
    if (w->rc)
        return;
    quotes = n ? count_quotes(w->p + from, n) : 0;
    if ((!quotes && !is_special(n ? w->p + from : NULL, n)) || !cqlr_wr_room(w, quotes + 2))
        return;
    move_doubling(w->p + from, n, quotes);
    w->p[from] = w->p[w->n - 1] = '"';
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

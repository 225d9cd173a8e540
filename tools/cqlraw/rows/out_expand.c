/*
 * out_expand.c - the lines of a row are put together first: the rule above them is as long as the
 * longest.
 */
#include <stdio.h>

#include "tools/cqlraw/cli.h"
#include "cells.h"
#include "color.h"
#include "out_expand.h"
#include "width.h"

void expand_init(struct expand *x)
{
    *x = (struct expand){.rows = 0};
    cqlr_wr_init(&x->cell, NULL, TEXT_LIMIT);
    cqlr_wr_init(&x->body, NULL, TEXT_LIMIT);
}

void expand_fini(struct expand *x)
{
    cqlr_wr_fini(&x->cell);
    cqlr_wr_fini(&x->body);
}

static void fill(struct cqlr_wr *w, char c, size_t n)
{
    uint8_t *p = n ? cqlr_wr_room(w, n) : NULL;
    if (p)
        memset(p, c, n);
}

static size_t width_of_names(struct expand *x, const struct cqlr_columns *columns)
{
    size_t most = 0;
    for (uint32_t i = 0; i < columns->count; i++) {
        cqlr_wr_reset(&x->cell);
        size_t width = width_print(&x->cell, columns->col[i].name);
        most = width > most ? width : most;
    }
    return most;
}

/* One line; *width becomes that of its value. */
static int put_line(struct expand *x, const struct cqlr_row *row, uint32_t i, size_t names,
                    size_t *width, struct cqlr_err *err)
{
    struct cqlr_str text = cqlr_cstr("null");
    cqlr_wr_u8(&x->body, ' ');
    size_t name = width_print(&x->body, row->columns->col[i].name);
    fill(&x->body, ' ', names - name);
    cqlr_wr_raw(&x->body, " | ", 3);
    cqlr_wr_reset(&x->cell);
    if (row->cell[i].n >= 0) {
        int rc = cell_print(&x->cell, row, i, CQLR_TEXT, err);
        if (rc)
            return rc;
        text = (struct cqlr_str){x->cell.p ? (const char *)x->cell.p : "", x->cell.n};
    }
    *width = width_print(&x->body, text);
    cqlr_wr_u8(&x->body, '\n');
    return 0;
}

static void put_title(const struct expand *x, struct cqlr_wr *w)
{
    char title[64];
    int n = snprintf(title, sizeof title, "%s@ Row %llu%s\n", x->bold ? BOLD : "",
                     (unsigned long long)x->rows, x->bold ? PLAIN : "");
    cqlr_wr_raw(w, title, (size_t)n);
}

int expand_row(struct expand *x, struct cqlr_wr *w, const struct cqlr_row *row,
               struct cqlr_err *err)
{
    size_t names = width_of_names(x, row->columns), values = 0;
    cqlr_wr_reset(&x->body);
    for (uint32_t i = 0; i < row->columns->count; i++) {
        size_t width = 0;
        int rc = put_line(x, row, i, names, &width, err);
        if (rc)
            return rc;
        values = width > values ? width : values;
    }
    if (x->body.rc)
        return writer_failed(&x->body, err);
    x->rows++;
    put_title(x, w);
    fill(w, '-', names + 2);
    cqlr_wr_u8(w, '+');
    fill(w, '-', values + 2);
    cqlr_wr_u8(w, '\n');
    cqlr_wr_raw(w, x->body.p, x->body.n);
    cqlr_wr_u8(w, '\n');
    return w->rc ? writer_failed(w, err) : 0;
}

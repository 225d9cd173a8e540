/*
 * out_table.c - the layout cqlsh's users know: names to the left, a rule, cells to the right.
 *
 * Widths count terminal columns, not bytes; what could command the terminal is escaped (width.c).
 */
#include <stdlib.h>

#include "tools/cqlraw/cli.h"
#include "color.h"
#include "out_table.h"
#include "width.h"

int table_init(struct table *t, uint32_t columns)
{
    *t = (struct table){.columns = columns};
    cqlr_wr_init(&t->cells, NULL, TEXT_LIMIT);
    t->width = calloc((size_t)columns + 1, sizeof *t->width);
    return t->width ? 0 : CQLR_E_NOMEM;
}

void table_fini(struct table *t)
{
    free(t->width);
    cqlr_wr_fini(&t->cells);
}

void table_cell(struct table *t, struct cqlr_str text)
{
    struct cqlr_wr *w = &t->cells;
    size_t at = w->n;
    cqlr_wr_i32(w, 0);
    cqlr_wr_i32(w, 0);
    size_t columns = width_print(w, text.p ? text : cqlr_cstr("null"));
    if (w->rc || w->n - at > INT32_MAX) {
        w->rc = w->rc ? w->rc : CQLR_E_LIMIT;
        return;
    }
    cqlr_put32(w->p + at, (uint32_t)columns);
    cqlr_put32(w->p + at + 4, (uint32_t)(w->n - at - 8));
}

bool table_row_done(struct table *t)
{
    return ++t->rows >= TABLE_CHUNK;
}

/* ---- layout ---- */

struct cell {
    uint32_t columns;
    struct cqlr_str text;
};

static struct cell next_cell(const uint8_t **p)
{
    struct cell c = {cqlr_be32(*p), {(const char *)*p + 8, cqlr_be32(*p + 4)}};
    *p += 8 + c.text.n;
    return c;
}

static void pad(struct cqlr_wr *w, char c, size_t n)
{
    uint8_t *p = n ? cqlr_wr_room(w, n) : NULL;
    if (p)
        memset(p, c, n);
}

static void measure(struct table *t, const uint8_t *p, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        for (uint32_t i = 0; i < t->columns; i++) {
            struct cell c = next_cell(&p);
            if (c.columns > t->width[i])
                t->width[i] = c.columns;
        }
}

static void put_row(const struct table *t, struct cqlr_wr *w, const uint8_t **p, bool names)
{
    for (uint32_t i = 0; i < t->columns; i++) {
        struct cell c = next_cell(p);
        size_t space = t->width[i] - c.columns;
        cqlr_wr_raw(w, i ? " | " : " ", i ? 3 : 1);
        if (!names)
            pad(w, ' ', space);
        if (names && t->bold)
            cqlr_wr_raw(w, BOLD, sizeof BOLD - 1);
        cqlr_wr_raw(w, c.text.p, c.text.n);
        if (names && t->bold)
            cqlr_wr_raw(w, PLAIN, sizeof PLAIN - 1);
        if (names && i + 1 < t->columns)
            pad(w, ' ', space);
    }
    cqlr_wr_u8(w, '\n');
}

static void put_rule(const struct table *t, struct cqlr_wr *w)
{
    for (uint32_t i = 0; i < t->columns; i++) {
        if (i)
            cqlr_wr_u8(w, '+');
        pad(w, '-', t->width[i] + 2);
    }
    cqlr_wr_u8(w, '\n');
}

int table_flush(struct table *t, struct cqlr_wr *w)
{
    const uint8_t *p = t->cells.p;
    if (t->cells.rc || t->columns == 0)
        return t->cells.rc;
    if (t->named && t->rows == 0)
        return 0;
    measure(t, p, t->rows + !t->named);
    if (!t->named) {
        put_row(t, w, &p, true);
        put_rule(t, w);
        t->named = true;
    }
    for (size_t r = 0; r < t->rows; r++)
        put_row(t, w, &p, false);
    cqlr_wr_reset(&t->cells);
    t->rows = 0;
    return w->rc;
}

/*
 * packed_table.c - a packed row is [int] number of cells, [int] bytes that follow, and for each
 * cell a [bytes] with its text (null as null). The names of the columns are the first packed row.
 */
#include "tools/cqlraw/cli.h"
#include "cells.h"
#include "packed_table.h"

#define HEAD 8

void packed_table_init(struct packed_table *t)
{
    *t = (struct packed_table){.started = false};
    cqlr_wr_init(&t->in, NULL, TEXT_LIMIT);
    cqlr_wr_init(&t->text, NULL, TEXT_LIMIT);
}

void packed_table_fini(struct packed_table *t)
{
    cqlr_wr_fini(&t->in);
    cqlr_wr_fini(&t->text);
    if (t->started)
        table_fini(&t->table);
}

/* ---- worker ---- */

static void end_row(struct cqlr_wr *w, size_t start, uint32_t cells)
{
    if (w->rc)
        return;
    cqlr_put32(w->p + start, cells);
    cqlr_put32(w->p + start + 4,
               (uint32_t)(w->n - start - HEAD)); /* a writer's limit is below 4 GiB */
}

void packed_table_pack_names(struct cqlr_wr *w, const struct cqlr_columns *columns)
{
    size_t start = w->n;
    cqlr_wr_room(w, HEAD);
    for (uint32_t i = 0; i < columns->count; i++)
        cqlr_wr_long_string(w, columns->col[i].name);
    end_row(w, start, columns->count);
}

int packed_table_pack(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    size_t start = w->n;
    cqlr_wr_room(w, HEAD);
    for (uint32_t i = 0; i < row->columns->count; i++) {
        size_t at = w->n;
        cqlr_wr_i32(w, CQLR_NULL);
        int rc = row->cell[i].n < 0 ? 0 : cell_print(w, row, i, CQLR_TEXT, err);
        if (rc) {
            w->n = start;
            return rc;
        }
        if (!w->rc && row->cell[i].n >= 0)
            cqlr_put32(w->p + at, (uint32_t)(w->n - at - 4));
    }
    end_row(w, start, row->columns->count);
    return w->rc ? writer_failed(w, err) : 0;
}

/* ---- parent ---- */

static int take_row(struct packed_table *t, uint32_t cells, const uint8_t *p, size_t n)
{
    struct cqlr_err err = {0};
    struct cqlr_rd rd;
    cqlr_rd_init(&rd, p, n, &err);
    bool names = !t->started;
    if (names && (t->started = true, table_init(&t->table, cells)) < 0)
        return CQLR_E_NOMEM;
    t->table.bold = t->bold;
    if (cells != t->table.columns)
        return CQLR_E_PROTO;
    for (uint32_t i = 0; i < cells; i++) {
        struct cqlr_value v = cqlr_rd_bytes(&rd, "cell");
        struct cqlr_str text = {(const char *)v.p, v.n < 0 ? 0 : (size_t)v.n};
        table_cell(&t->table, text);
    }
    if (rd.rc)
        return rd.rc;
    return !names && table_row_done(&t->table) ? table_flush(&t->table, &t->text) : 0;
}

int packed_table_take(struct packed_table *t, const uint8_t *p, size_t n)
{
    size_t at = 0;
    cqlr_wr_raw(&t->in, p, n);
    if (t->in.rc)
        return t->in.rc;
    while (t->in.n - at >= HEAD) {
        const uint8_t *head = t->in.p + at;
        size_t len = cqlr_be32(head + 4);
        if (t->in.n - at - HEAD < len)
            break;
        int rc = take_row(t, cqlr_be32(head), head + HEAD, len);
        if (rc)
            return rc;
        at += HEAD + len;
    }
    t->in.n -= at;
    if (at > 0 && t->in.n > 0)
        memmove(t->in.p, t->in.p + at, t->in.n);
    return 0;
}

int packed_table_end(struct packed_table *t)
{
    return t->started ? table_flush(&t->table, &t->text) : 0;
}

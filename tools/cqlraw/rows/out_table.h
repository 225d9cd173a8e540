/*
 * out_table.h - rows as a table with aligned columns, laid out in chunks: the first has the names
 * above it, a later one may be wider but never narrower.
 */
#ifndef CQLRAW_OUT_TABLE_H
#define CQLRAW_OUT_TABLE_H

#include <cqlraw/wire.h>

#define TABLE_CHUNK 1000 /* rows that are looked at for the widths */

struct table {
    uint32_t columns;
    size_t *width;        /* of each column, in columns of a terminal */
    struct cqlr_wr cells; /* of this chunk, row by row: [int] width, [int] bytes, the text */
    size_t rows;          /* in the chunk, without the names */
    bool named;           /* the names have been laid out */
    bool bold;            /* the names shall be, on a terminal; off after table_init */
};

/* 0 or CQLR_E_NOMEM. The names are the first cells to be given. */
int table_init(struct table *t, uint32_t columns);
void table_fini(struct table *t);
/* The next cell, row by row; null is p NULL. */
void table_cell(struct table *t, struct cqlr_str text);
/* A row is complete; true when the chunk is full and shall be flushed. */
bool table_row_done(struct table *t);
/* Lays out what there is and appends it to w. 0, or the code of the writer that failed. */
int table_flush(struct table *t, struct cqlr_wr *w);

#endif

/*
 * run_table.h - the table of `run`: workers pack the cells of their rows, the parent lays them out.
 */
#ifndef CQLRAW_RUN_TABLE_H
#define CQLRAW_RUN_TABLE_H

#include <cqlraw/client.h>

#include "tools/cqlraw/rows/out_table.h"

/* In the parent: what arrived of a row that is not complete, and the table once the names are
 * known. */
struct run_table {
    struct cqlr_wr in;   /* bytes not taken yet */
    struct cqlr_wr text; /* laid out, to be written by the caller, who then resets it */
    struct table table;
    bool bold; /* of the names; may be set after run_table_init */
    bool started;
};

void run_table_init(struct run_table *t);
void run_table_fini(struct run_table *t);

/* The names, and a row (worker), as one packed row. Codes and err as in csv_row. */
void run_table_pack_names(struct cqlr_wr *w, const struct cqlr_columns *columns);
int run_table_pack(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err);

/* Bytes that workers packed, in any pieces. Whatever is complete goes to the table; full chunks to
 * t->text. 0, or CQLR_E_NOMEM, CQLR_E_PROTO (rows of another width: the table was altered
 * meanwhile). */
int run_table_take(struct run_table *t, const uint8_t *p, size_t n);
/* The rest to t->text. */
int run_table_end(struct run_table *t);

#endif

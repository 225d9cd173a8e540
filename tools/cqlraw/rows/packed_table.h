/*
 * packed_table.h - rows of a table on their way: who reads them (a worker) packs their cells, who
 * writes them (the parent) lays them out.
 */
#ifndef CQLRAW_PACKED_TABLE_H
#define CQLRAW_PACKED_TABLE_H

#include <cqlraw/client.h>

#include "out_table.h"

/* In the parent: what arrived of a row that is not complete, and the table once the names are
 * known. */
struct packed_table {
    struct cqlr_wr in;   /* bytes not taken yet */
    struct cqlr_wr text; /* laid out, to be written by the caller, who then resets it */
    struct table table;
    bool bold; /* of the names; may be set after packed_table_init */
    bool started;
};

void packed_table_init(struct packed_table *t);
void packed_table_fini(struct packed_table *t);

/* The names, and a row (worker), as one packed row. Codes and err as in csv_row. */
void packed_table_pack_names(struct cqlr_wr *w, const struct cqlr_columns *columns);
int packed_table_pack(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err);

/* Bytes that workers packed, in any pieces. Whatever is complete goes to the table; full chunks to
 * t->text. 0, or CQLR_E_NOMEM, CQLR_E_PROTO (rows of another width: the table was altered
 * meanwhile). */
int packed_table_take(struct packed_table *t, const uint8_t *p, size_t n);
/* The rest to t->text. */
int packed_table_end(struct packed_table *t);

#endif

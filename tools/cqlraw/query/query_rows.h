/*
 * query_rows.h - the rows of one statement of `query`, page by page, to stdout.
 */
#ifndef CQLRAW_QUERY_ROWS_H
#define CQLRAW_QUERY_ROWS_H

#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/rows/out_expand.h"
#include "tools/cqlraw/rows/out_rows.h"
#include "tools/cqlraw/rows/packed_table.h"

#define QUERY "query"

struct query_rows {
    enum row_format format;
    bool expanded; /* a table with a line for each column */
    bool began;    /* a page with columns came */
    bool some;     /* see rows_join */
    uint64_t rows;
    struct cqlr_wr text; /* rows, not joined or laid out yet */
    struct packed_table table;
    struct expand expand;
};

void query_rows_init(struct query_rows *q, const struct args *a);
void query_rows_fini(struct query_rows *q);
/* Forgets the rows of the statement before. */
void query_rows_reset(struct query_rows *q);

/* The rows of this page; what has no rows prints nothing. 0, or the exit code after a line on
 * stderr; what came before the row that failed is printed. */
int query_rows_page(struct query_rows *q, cqlr_reply *r);
/* What stands behind the last row. With complete false a further page did not come: only what is
 * not printed yet. Likewise. */
int query_rows_end(struct query_rows *q, bool complete);

/* A statement failed: tells it and returns the exit code. */
int query_failed(const struct cqlr_err *err);

#endif

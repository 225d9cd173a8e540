/*
 * run_params.h - --with-params: a row with the values of the statement's markers in front.
 */
#ifndef CQLRAW_RUN_PARAMS_H
#define CQLRAW_RUN_PARAMS_H

#include <cqlraw/bulk.h>

/* Rows of one statement, widened. Zero-initialised, but for by_name, is ready. */
struct run_params {
    bool by_name; /* a marker whose name another has carries the same value: it is left out */
    struct cqlr_columns columns; /* of the wide row */
    struct cqlr_column *col;
    struct cqlr_value *cell;
    uint32_t *marker; /* which stands in each of the first columns, `markers` of them */
    uint32_t markers;
    uint32_t cap;
    struct cqlr_wr names; /* those that had to be changed */
};

void run_params_fini(struct run_params *p);
/* The columns of wide rows: the markers, then the columns of the rows; both are borrowed as long as
 * wide rows are made. 0 or CQLR_E_NOMEM. */
int run_params_columns(struct run_params *p, const struct cqlr_columns *markers,
                       const struct cqlr_columns *columns);
/* The row with what `bound` has in front; row NULL: with nulls behind. Borrowed until the next
 * call. */
struct cqlr_row run_params_row(struct run_params *p, const cqlr_bound *bound,
                               const struct cqlr_row *row);

#endif

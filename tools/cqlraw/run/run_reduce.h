/*
 * run_reduce.h - --reduce: all rows of all parameter sets folded into one. Workers pack the bare
 * cells of their rows, the parent folds them by the columns' types. Pure.
 */
#ifndef CQLRAW_RUN_REDUCE_H
#define CQLRAW_RUN_REDUCE_H

#include <cqlraw/client.h>

enum reduce_op { REDUCE_SUM, REDUCE_MIN, REDUCE_MAX };

/* The columns of the result have the names of the rows' columns. A sum of integers is a varint,
 * exact within 128 bits, one of float or double a double; min and max keep the type. */
struct reduce {
    enum reduce_op op;
    struct cqlr_columns columns; /* of the result */
    struct reduce_cell *cell;    /* one a column */
    struct cqlr_value *value;    /* of the result */
    struct cqlr_arena arena;
};

/* 0, or CQLR_E_TYPE (a column that cannot be folded so; err names it), CQLR_E_NOMEM. Free with
 * reduce_fini in any case. */
int reduce_init(struct reduce *r, enum reduce_op op, const struct cqlr_columns *columns,
                struct cqlr_err *err);
void reduce_fini(struct reduce *r);

/* A row, in the worker. The caller looks at w->rc. */
void reduce_pack(struct cqlr_wr *w, const struct cqlr_row *row);
/* Whole rows, as they were packed. Null is passed over. 0, CQLR_E_RANGE (a sum beyond 128 bits),
 * CQLR_E_PROTO, CQLR_E_NOMEM, with the reason in err. */
int reduce_take(struct reduce *r, const uint8_t *p, size_t n, struct cqlr_err *err);
/* The result: a sum of nothing is 0, a minimum or maximum of nothing null. The row is borrowed
 * until reduce_fini. */
struct cqlr_row reduce_result(struct reduce *r);

#endif

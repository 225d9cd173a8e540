/*
 * run_output.c - rows that the parent has to look at before they go out: a table is laid out, JSON
 * gets its commas, --reduce folds them.
 */
#include <errno.h>

#include "run.h"

bool run_is_joined(const struct run *r)
{
    return r->reducing || r->format == ROWS_TABLE || r->format == ROWS_JSON;
}

/* 0, CQLR_E_OUTPUT or CQLR_E_INTERRUPTED. */
static int put(struct run *r, const uint8_t *p, size_t n)
{
    if (n == 0)
        return 0;
    if (r->to_terminal)
        progress_clear(&r->progress);
    if (out_write(&r->out, p, n) == 0)
        return 0;
    return r->out.sys_errno == EINTR ? CQLR_E_INTERRUPTED : CQLR_E_OUTPUT;
}

/* Writes what of the table is laid out. */
static int put_table(struct run *r)
{
    int rc = put(r, r->table.text.p, r->table.text.n);
    cqlr_wr_reset(&r->table.text);
    return rc;
}

static int table_failed(struct run *r, int rc)
{
    return rc == CQLR_E_OUTPUT || rc == CQLR_E_INTERRUPTED
               ? rc
               : err_set(&r->err, rc, "table: %s", cqlr_errcode_text(rc));
}

/* Bytes of a joined format: packed rows of a table, rows of JSON. */
static int join(struct run *r, const uint8_t *p, size_t n)
{
    if (r->format != ROWS_TABLE) {
        struct cqlr_bytes joined = rows_join(r->format, &r->some, p, n);
        return put(r, joined.p, joined.n);
    }
    int rc = packed_table_take(&r->table, p, n);
    if (!rc)
        rc = put_table(r);
    return rc ? table_failed(r, rc) : 0;
}

int run_on_output(void *arg, const uint8_t *p, size_t n)
{
    struct run *r = arg;
    return r->reducing ? reduce_take(&r->reduce, p, n, &r->err) : join(r, p, n);
}

static int put_head(struct run *r, const struct cqlr_columns *columns)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    int rc = rows_head(r->format, &w, columns, &r->err);
    if (!rc)
        rc = r->format == ROWS_TABLE ? join(r, w.p, w.n) : put(r, w.p, w.n);
    cqlr_wr_fini(&w);
    r->headed = !rc;
    return rc;
}

int run_output_head(struct run *r, const struct cqlr_columns *columns)
{
    static const enum reduce_op op[] = {REDUCE_SUM, REDUCE_MIN, REDUCE_MAX};
    if (!r->reducing)
        return put_head(r, columns);
    unsigned i = args_is(r->args, OPT_REDUCE, "sum")   ? 0
                 : args_is(r->args, OPT_REDUCE, "min") ? 1
                                                       : 2;
    int rc = reduce_init(&r->reduce, op[i], columns, &r->err);
    r->headed = !rc;
    return rc;
}

/* The one row that is left of all. */
static int put_reduced(struct run *r)
{
    struct cqlr_row row = reduce_result(&r->reduce);
    struct cqlr_wr w;
    int rc = put_head(r, row.columns);
    cqlr_wr_init(&w, NULL, 0);
    if (!rc)
        rc = rows_row(r->format, &w, &row, &r->err);
    if (!rc)
        rc = join(r, w.p, w.n);
    cqlr_wr_fini(&w);
    return rc;
}

int run_output_cut(struct run *r)
{
    if (!r->headed || r->reducing)
        return 0;
    if (r->format == ROWS_JSON)
        return put(r, (const uint8_t *)"\n", 1);
    int rc = r->format == ROWS_TABLE ? packed_table_end(&r->table) : 0;
    return rc ? table_failed(r, rc) : put_table(r);
}

int run_output_end(struct run *r)
{
    struct cqlr_wr w;
    int rc = 0;
    if (!r->headed)
        return 0;
    if (r->reducing)
        rc = put_reduced(r);
    if (!rc && r->format == ROWS_TABLE) {
        rc = packed_table_end(&r->table);
        rc = rc ? table_failed(r, rc) : put_table(r);
    }
    cqlr_wr_init(&w, NULL, 0);
    rows_end(r->format, &w);
    if (!rc)
        rc = put(r, w.p, w.n);
    cqlr_wr_fini(&w);
    return rc;
}

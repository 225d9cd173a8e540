/*
 * run_rows.c - rows of `run` as bytes, in the worker, page by page; and before the first one, in
 * the parent, what stands in front of them.
 */
#include "run.h"
#include "tools/cqlraw/rows/cells.h"

int run_on_prepared(void *arg, const struct cqlr_columns *markers,
                    const struct cqlr_columns *columns, struct cqlr_wr *head)
{
    static const struct cqlr_columns none;
    struct run *r = arg;
    int rc = 0;
    if (r->workload)
        columns = markers = &none; /* each statement has its own */
    if (r->format != ROWS_NONE && (r->workload || columns->count > 0)) {
        if (r->with_params && (rc = run_params_columns(&r->wide, markers, columns)) < 0)
            return err_set(&r->err, rc, "%s", cqlr_errcode_text(rc));
        columns = r->with_params ? &r->wide.columns : columns;
        if (run_is_joined(r))
            rc = run_output_head(r, columns);
        else if (!r->workload && !r->resume.from.bytes)
            rc = rows_head(r->format, head, columns, &r->err);
    }
    return rc ? rc : run_resume_begin(r);
}

static int row_out(const struct run *r, struct cqlr_wr *out, const struct cqlr_row *row,
                   struct cqlr_err *err)
{
    if (!r->reducing)
        return rows_row(r->format, out, row, err);
    reduce_pack(out, row);
    return out->rc ? writer_failed(out, err) : 0;
}

/* A row of a statement that only now is known may have no form as CQL. */
static int check_columns(const struct run *r, const struct cqlr_columns *columns,
                         struct cqlr_wr *out, struct cqlr_err *err)
{
    return r->workload && r->format == ROWS_CQL ? rows_head(ROWS_CQL, out, columns, err) : 0;
}

static int page_out(struct run *r, const struct cqlr_item *item, cqlr_reply *reply,
                    struct cqlr_wr *out, uint64_t *rows, struct cqlr_err *err)
{
    struct cqlr_row row;
    int rc;
    while ((rc = cqlr_reply_next(reply, &row)) == 1) {
        if (r->with_params)
            row = run_params_row(&r->wide, item->bound, &row);
        rc = row_out(r, out, &row, err);
        if (rc)
            return rc;
        ++*rows;
    }
    if (rc < 0) {
        *err = *cqlr_reply_err(reply);
        return rc;
    }
    if (r->mark_empty && item->last && item->rows_before + *rows == 0) {
        row = run_params_row(&r->wide, item->bound, NULL);
        return row_out(r, out, &row, err);
    }
    return 0;
}

int run_on_page(void *arg, const struct cqlr_item *item, cqlr_reply *reply, struct cqlr_wr *out,
                uint64_t *rows, struct cqlr_err *err)
{
    struct run *r = arg; /* this worker's own */
    const struct cqlr_columns *columns = cqlr_reply_columns(reply);
    size_t start = out->n;
    int rc;
    *rows = 0;
    if (!columns)
        return 0; /* not a SELECT: no rows */
    out->limit = start + TEXT_LIMIT;
    rc = check_columns(r, columns, out, err);
    if (!rc && r->with_params) {
        rc = run_params_columns(&r->wide, cqlr_prepared_markers(item->prepared), columns);
        if (rc)
            err_set(err, rc, "%s", cqlr_errcode_text(rc));
    }
    if (!rc)
        rc = page_out(r, item, reply, out, rows, err);
    if (rc)
        out->n = start;
    if (rc && out->rc == CQLR_E_LIMIT) /* of this page: there is room for others */
        out->rc = 0;
    return rc;
}

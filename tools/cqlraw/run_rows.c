/*
 * run_rows.c - rows of `run` as bytes: in the worker, page by page, as CSV or packed for the table;
 * in the parent the names in front and the table's text behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cells.h"
#include "out_csv.h"
#include "run.h"

static enum run_format choose_format(const struct args *a)
{
    if (args_is(a, OPT_FORMAT, "none"))
        return RUN_NONE;
    if (a->v[OPT_FORMAT].given)
        return args_is(a, OPT_FORMAT, "table") ? RUN_TABLE : RUN_CSV;
    return !a->v[OPT_OUTPUT].given && isatty(STDOUT_FILENO) ? RUN_TABLE : RUN_CSV;
}

struct run *run_new(const struct args *a)
{
    struct run *r = calloc(1, sizeof *r);
    if (!r) {
        say(RUN, "out of memory");
        return NULL;
    }
    r->args = a;
    r->format = choose_format(a);
    /* CSV goes to a terminal past us, where it would mix with the progress line */
    bool mixes = r->format == RUN_CSV && !a->v[OPT_OUTPUT].given && isatty(STDOUT_FILENO);
    progress_init(&r->progress, !a->v[OPT_QUIET].given && !mixes);
    run_table_init(&r->table);
    return r;
}

void run_free(struct run *r)
{
    if (r)
        run_table_fini(&r->table);
    free(r);
}

int run_on_prepared(void *arg, const struct cqlr_columns *markers,
                    const struct cqlr_columns *columns, struct cqlr_wr *head)
{
    const struct run *r = arg;
    (void)markers;
    if (!columns || columns->count == 0)
        return 0;
    if (r->format == RUN_CSV)
        csv_header(head, columns);
    else
        run_table_pack_names(head, columns);
    return head->rc;
}

int run_on_page(void *arg, const struct cqlr_item *item, cqlr_reply *reply, struct cqlr_wr *out,
                uint64_t *rows, struct cqlr_err *err)
{
    const struct run *r = arg;
    struct cqlr_row row;
    size_t start = out->n;
    int rc;
    (void)item;
    *rows = 0;
    if (!cqlr_reply_columns(reply))
        return 0; /* not a SELECT: no rows */
    while ((rc = cqlr_reply_next(reply, &row)) == 1) {
        rc = r->format == RUN_CSV ? csv_row(out, &row, err) : run_table_pack(out, &row, err);
        if (rc) {
            out->n = start;
            return rc;
        }
        ++*rows;
    }
    if (rc < 0) {
        *err = *cqlr_reply_err(reply);
        out->n = start;
    }
    return rc;
}

int run_write_table(struct run *r)
{
    if (r->table.text.n == 0)
        return 0;
    progress_clear(&r->progress);
    int rc = out_write(&r->out, r->table.text.p, r->table.text.n);
    cqlr_wr_reset(&r->table.text);
    if (rc == 0)
        return 0;
    return r->out.sys_errno == EINTR ? CQLR_E_INTERRUPTED : CQLR_E_OUTPUT;
}

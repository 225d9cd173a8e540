/*
 * cells.c - value → text through the library, for all formats of rows.
 */
#include "cells.h"
#include "tools/cqlraw/cli.h"

int cell_print(struct cqlr_wr *w, const struct cqlr_row *row, uint32_t i,
               enum cqlr_text_style style, struct cqlr_err *err)
{
    const struct cqlr_column *c = &row->columns->col[i];
    struct cqlr_err why = {0};
    int rc = cqlr_value_print(w, c->type, row->cell[i], style, &why);
    if (rc)
        err_set(err, rc, "column \"%.*s\": %s", (int)(c->name.n < 100 ? c->name.n : 100), c->name.p,
                why.text);
    return rc;
}

int writer_failed(const struct cqlr_wr *w, struct cqlr_err *err)
{
    return err_set(err, w->rc, "the page as text: %s", cqlr_errcode_text(w->rc));
}

/*
 * cells.c - value → text through the library, for all formats of rows.
 */
#include "cells.h"
#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/io/utf8.h"

#define NAME_SHOWN 100 /* bytes of a column's name in an error */

int cell_print(struct cqlr_wr *w, const struct cqlr_row *row, uint32_t i,
               enum cqlr_text_style style, struct cqlr_err *err)
{
    const struct cqlr_column *c = &row->columns->col[i];
    struct cqlr_err why = {0};
    int rc = cqlr_value_print(w, c->type, row->cell[i], style, &why);
    struct cqlr_str name = utf8_cut(c->name, NAME_SHOWN);
    return rc ? err_set(err, rc, "column \"%.*s\": %s", CQLR_STR(name), why.text) : 0;
}

int writer_failed(const struct cqlr_wr *w, struct cqlr_err *err)
{
    return err_set(err, w->rc, "the page as text: %s", cqlr_errcode_text(w->rc));
}

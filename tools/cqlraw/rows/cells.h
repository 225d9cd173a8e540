/*
 * cells.h - one cell as text, with an error that names its column.
 */
#ifndef CQLRAW_CELLS_H
#define CQLRAW_CELLS_H

#include <cqlraw/client.h>

/* Appends cell i of the row. 0, or a negative code with `column "age": ...` in err; w->n is then as
 * before the call. */
int cell_print(struct cqlr_wr *w, const struct cqlr_row *row, uint32_t i,
               enum cqlr_text_style style, struct cqlr_err *err);
/* The writer's error, told in err; returns its code. */
int writer_failed(const struct cqlr_wr *w, struct cqlr_err *err);

#endif

/*
 * out_expand.h - rows one below the other, a line for each column, as cqlsh shows them with EXPAND
 * ON.
 */
#ifndef CQLRAW_OUT_EXPAND_H
#define CQLRAW_OUT_EXPAND_H

#include <cqlraw/client.h>

struct expand {
    struct cqlr_wr cell; /* as the library prints it */
    struct cqlr_wr body; /* of this row */
    uint64_t rows;       /* so far */
    bool bold;           /* the line in front of each row shall be, on a terminal */
};

void expand_init(struct expand *x);
void expand_fini(struct expand *x);
/* One row, with an empty line behind it. The codes and err as in csv_row. */
int expand_row(struct expand *x, struct cqlr_wr *w, const struct cqlr_row *row,
               struct cqlr_err *err);

#endif

/*
 * out_tsv.h - rows as tab-separated lines, as COPY of other databases reads them: tab, newline,
 * carriage return and backslash are \t, \n, \r and \\, null is \N, empty text is nothing.
 */
#ifndef CQLRAW_OUT_TSV_H
#define CQLRAW_OUT_TSV_H

#include <cqlraw/client.h>

/* The line with the columns' names; nothing when there are none. */
void tsv_header(struct cqlr_wr *w, const struct cqlr_columns *columns);
/* One row. 0, or a negative code with the column named in err; w is then as before. */
int tsv_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err);

#endif

/*
 * out_csv.h - rows as CSV (RFC 4180, lines end with LF): null is an empty field, empty text is "",
 * quotes only where needed.
 */
#ifndef CQLRAW_OUT_CSV_H
#define CQLRAW_OUT_CSV_H

#include <cqlraw/client.h>

/* The line with the columns' names; nothing when there are none. */
void csv_header(struct cqlr_wr *w, const struct cqlr_columns *columns);
/* One row. 0, or a negative code with the column named in err; w is then as before. */
int csv_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err);
/* Makes a field of the text that was appended to w from `from` on: puts it in quotes if it needs
 * them. */
void csv_quote(struct cqlr_wr *w, size_t from);

#endif

/*
 * out_ndjson.h - rows as JSON objects, one a line: {"id":1,"name":"x","tags":null}
 */
#ifndef CQLRAW_OUT_NDJSON_H
#define CQLRAW_OUT_NDJSON_H

#include <cqlraw/client.h>

/* One row. 0, or a negative code with the column named in err; w is then as before. */
int ndjson_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err);

#endif

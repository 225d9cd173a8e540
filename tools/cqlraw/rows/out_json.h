/*
 * out_json.h - a row as a JSON object: {"id":1,"name":"x","tags":null}
 */
#ifndef CQLRAW_OUT_JSON_H
#define CQLRAW_OUT_JSON_H

#include <cqlraw/client.h>

/* The object, with nothing behind it. 0, or a negative code with the column named in err; w is then
 * as before. */
int json_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err);
/* A text in double quotes, escaped, valid UTF-8 in any case. */
void json_text(struct cqlr_wr *w, struct cqlr_str text);

#endif

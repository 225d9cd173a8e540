/*
 * frame_rows.h - the two kinds of RESULT that have columns, as fields.
 */
#ifndef CQLRAW_FRAME_ROWS_H
#define CQLRAW_FRAME_ROWS_H

#include <cqlraw/msg.h>

#include "fields.h"

/*
 * What cqlr_result_read gave, also when it failed: columns and cells as far as they can be read. r
 * is the reader it was read by; `known`, or NULL: the columns of rows that come without. 0, or a
 * negative code with the reason in r's err.
 */
int frame_rows(struct fields *f, struct cqlr_rd *r, const struct cqlr_rows *m,
               const struct cqlr_columns *known);
int frame_prepared(struct fields *f, struct cqlr_rd *r, const struct cqlr_prepared_result *m);

/* A value of this type. When its bytes don't fit it they are shown, false is returned, and the
 * reason stands in err, which may be NULL. A writer that failed says so itself. */
bool frame_value(struct fields *f, const struct cqlr_type *t, struct cqlr_value v,
                 struct cqlr_err *err);

#endif

/*
 * out_cql.h - rows as statements that write them: INSERT INTO app.t (id, name) VALUES (1, 'x');
 *
 * A column that is null is left out: written as null it would leave a tombstone.
 */
#ifndef CQLRAW_OUT_CQL_H
#define CQLRAW_OUT_CQL_H

#include <cqlraw/client.h>

/* 0, or CQLR_E_TYPE with the reason in err when rows of these columns are not rows of one table
 * that INSERT can write: they come from several, or one is an expression, a counter or of a type of
 * the server's own (CUSTOM). A column that was renamed (AS) cannot be told from another one. */
int cql_check(const struct cqlr_columns *columns, struct cqlr_err *err);
/* One row, with its newline. 0, or a negative code with the column named in err; w is then as
 * before. */
int cql_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err);

#endif

/*
 * meta.h - the parts of RESULT, each in the file named; result.c puts them together.
 */
#ifndef CQLRAW_PROTO_MSG_META_H
#define CQLRAW_PROTO_MSG_META_H

#include <cqlraw/msg.h>

/* [int] that counts something: negative is an error and yields 0. */
uint32_t cqlr__count_read(struct cqlr_rd *r, const char *field);

/* A count as [int]; more than an [int] holds is CQLR_E_RANGE. */
void cqlr__count_write(struct cqlr_wr *w, uint32_t count);

/* columns.c: the column specs that s->flags and s->count announce, into s->bytes. */
void cqlr__spec_read(struct cqlr_rd *r, const struct cqlr_columns *known, struct cqlr_spec *s);

/* columns.c: <metadata> of Rows, and of Prepared's result: flags, count, paging state, column
 * specs. */
void cqlr__metadata_read(struct cqlr_rd *r, const struct cqlr_columns *known, struct cqlr_spec *s,
                         struct cqlr_value *paging_state);
void cqlr__metadata_write(struct cqlr_wr *w, const struct cqlr_column *col, uint32_t columns,
                          uint32_t flags, struct cqlr_value paging_state);

/* columns.c: GLOBAL_SPEC when the columns can share one keyspace and table, else 0; and their specs
 * in that form. */
uint32_t cqlr__spec_flags(const struct cqlr_column *col, uint32_t columns);
void cqlr__spec_write(struct cqlr_wr *w, const struct cqlr_column *col, uint32_t columns,
                      uint32_t flags);

/* rows.c, prepared.c, schema_change.c: what follows the kind. */
void cqlr__rows_read(struct cqlr_rd *r, const struct cqlr_columns *known, struct cqlr_rows *m);
void cqlr__prepared_read(struct cqlr_rd *r, struct cqlr_prepared_result *m);
void cqlr__schema_change_read(struct cqlr_rd *r, struct cqlr_schema_change *m);

/* schema_change.c: the same fields written; an unknown target is CQLR_E_RANGE. */
void cqlr__schema_change_write(struct cqlr_wr *w, const struct cqlr_schema_change *m);

#endif

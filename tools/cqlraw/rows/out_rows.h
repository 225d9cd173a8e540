/*
 * out_rows.h - the formats of rows: everything that depends on the format, for `run` and `query`.
 *
 * A row is bytes, appended to a writer wherever the row is at hand (in a worker, too); what stands
 * before the first and behind the last row is written once, by whoever puts the rows together.
 */
#ifndef CQLRAW_OUT_ROWS_H
#define CQLRAW_OUT_ROWS_H

#include <cqlraw/client.h>

enum row_format {
    ROWS_TABLE,  /* packed, for struct packed_table, which lays them out */
    ROWS_CSV,    /* out_csv.h */
    ROWS_TSV,    /* out_tsv.h */
    ROWS_JSON,   /* one array: out_json.h */
    ROWS_NDJSON, /* an object a line: out_json.h */
    ROWS_CQL,    /* an INSERT a row: out_cql.h */
    ROWS_NONE    /* nothing: rows are not even decoded */
};

/* Of the choice of --format ("csv"). */
enum row_format rows_format(const char *name);
const char *rows_format_name(enum row_format f);

/* What stands in front of the rows; call it only for results with rows. 0, or a negative code when
 * rows of these columns have no such form, with the reason in err. */
int rows_head(enum row_format f, struct cqlr_wr *w, const struct cqlr_columns *columns,
              struct cqlr_err *err);
/* One row. 0, or a negative code with the column named in err; w is then as before. */
int rows_row(enum row_format f, struct cqlr_wr *w, const struct cqlr_row *row,
             struct cqlr_err *err);
/* What stands behind the last row. */
void rows_end(enum row_format f, struct cqlr_wr *w);

/*
 * Every row of JSON starts with the comma that separates it from the one before, so rows can be put
 * together without knowing which one is the first. Whoever does that passes them through here, in
 * the order of the output and without the head: the result is n bytes at p, or all but the very
 * first comma. Start with *some = false.
 */
struct cqlr_bytes rows_join(enum row_format f, bool *some, const uint8_t *p, size_t n);

#endif

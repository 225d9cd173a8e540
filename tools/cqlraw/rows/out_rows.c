/*
 * out_rows.c - format → the functions of its own file.
 */
#include "cells.h"
#include "out_cql.h"
#include "out_csv.h"
#include "out_json.h"
#include "out_rows.h"
#include "out_tsv.h"
#include "packed_table.h"
#include "tools/cqlraw/args/suggest.h"

static const char *const names[] = {
    [ROWS_TABLE] = "table",   [ROWS_CSV] = "csv", [ROWS_TSV] = "tsv",   [ROWS_JSON] = "json",
    [ROWS_NDJSON] = "ndjson", [ROWS_CQL] = "cql", [ROWS_NONE] = "none",
};

enum row_format rows_format(const char *name)
{
    for (unsigned f = 0; f < sizeof names / sizeof names[0]; f++)
        if (name_equal(name, strlen(name), names[f]))
            return (enum row_format)f;
    return ROWS_NONE;
}

const char *rows_format_name(enum row_format f)
{
    return names[f];
}

int rows_head(enum row_format f, struct cqlr_wr *w, const struct cqlr_columns *columns,
              struct cqlr_err *err)
{
    switch (f) {
    case ROWS_TABLE:
        packed_table_pack_names(w, columns);
        break;
    case ROWS_CSV:
        csv_header(w, columns);
        break;
    case ROWS_TSV:
        tsv_header(w, columns);
        break;
    case ROWS_JSON:
        cqlr_wr_u8(w, '[');
        break;
    case ROWS_CQL:
        return cql_check(columns, err);
    case ROWS_NDJSON:
    case ROWS_NONE:
        break;
    }
    return w->rc ? writer_failed(w, err) : 0;
}

/* A row with something in front of it and behind it. */
static int json_line(struct cqlr_wr *w, const char *before, const struct cqlr_row *row,
                     const char *behind, struct cqlr_err *err)
{
    size_t start = w->n;
    cqlr_wr_raw(w, before, strlen(before));
    int rc = json_row(w, row, err);
    if (rc) {
        w->n = start;
        return rc;
    }
    cqlr_wr_raw(w, behind, strlen(behind));
    return w->rc ? writer_failed(w, err) : 0;
}

int rows_row(enum row_format f, struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    switch (f) {
    case ROWS_TABLE:
        return packed_table_pack(w, row, err);
    case ROWS_CSV:
        return csv_row(w, row, err);
    case ROWS_TSV:
        return tsv_row(w, row, err);
    case ROWS_JSON:
        return json_line(w, ",\n", row, "", err);
    case ROWS_NDJSON:
        return json_line(w, "", row, "\n", err);
    case ROWS_CQL:
        return cql_row(w, row, err);
    case ROWS_NONE:
        break;
    }
    return 0;
}

void rows_end(enum row_format f, struct cqlr_wr *w)
{
    if (f == ROWS_JSON)
        cqlr_wr_raw(w, "\n]\n", 3);
}

struct cqlr_bytes rows_join(enum row_format f, bool *some, const uint8_t *p, size_t n)
{
    bool first = f == ROWS_JSON && !*some && n > 0;
    *some = *some || n > 0;
    return (struct cqlr_bytes){first ? p + 1 : p, first ? n - 1 : n};
}

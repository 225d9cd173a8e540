/*
 * query_rows.c - rows are appended to `text` as bytes; from there they go out as they are, or by
 * way of the table.
 */
#include <stdio.h>
#include <unistd.h>

#include "query_rows.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/rows/color.h"

#define FLUSH_SIZE 65536

int query_failed(const struct cqlr_err *err)
{
    say(QUERY, "%s", err->text);
    return EXIT_ABORTED;
}

void query_rows_init(struct query_rows *q, const struct args *a)
{
    *q = (struct query_rows){.format = rows_format(a->v[OPT_FORMAT].text)};
    q->expanded = a->v[OPT_EXPAND].given && q->format == ROWS_TABLE;
    cqlr_wr_init(&q->text, NULL, TEXT_LIMIT);
    packed_table_init(&q->table);
    expand_init(&q->expand);
    q->table.bold = q->expand.bold = color_on(a, STDOUT_FILENO);
}

void query_rows_fini(struct query_rows *q)
{
    cqlr_wr_fini(&q->text);
    packed_table_fini(&q->table);
    expand_fini(&q->expand);
}

void query_rows_reset(struct query_rows *q)
{
    bool bold = q->table.bold;
    packed_table_fini(&q->table);
    packed_table_init(&q->table);
    q->table.bold = bold;
    q->expand.rows = q->rows = 0;
    q->began = q->some = false;
    cqlr_wr_reset(&q->text);
}

/* ---- out ---- */

static int write_out(const void *p, size_t n)
{
    return n ? out_stdout(QUERY, p, n) : 0;
}

static int lost(int code)
{
    say(QUERY, "the rows as text: %s", cqlr_errcode_text(code));
    return code == CQLR_E_LIMIT ? EXIT_ABORTED : EXIT_INTERNAL;
}

/* Lays out what is complete; with `all` also the chunk that is not full. */
static int flush_table(struct query_rows *q, bool all)
{
    struct cqlr_wr *laid_out = &q->table.text;
    int rc = packed_table_take(&q->table, q->text.p, q->text.n);
    cqlr_wr_reset(&q->text);
    if (!rc && all)
        rc = packed_table_end(&q->table);
    if (rc)
        return lost(rc);
    int code = write_out(laid_out->p, laid_out->n);
    cqlr_wr_reset(laid_out);
    return code;
}

static int flush(struct query_rows *q, bool all)
{
    if (q->text.rc)
        return lost(q->text.rc);
    if (q->format == ROWS_TABLE && !q->expanded)
        return flush_table(q, all);
    struct cqlr_bytes b = rows_join(q->format, &q->some, q->text.p, q->text.n);
    int code = write_out(b.p, b.n);
    cqlr_wr_reset(&q->text);
    return code;
}

/* ---- in ---- */

static int begin(struct query_rows *q, const struct cqlr_columns *columns)
{
    struct cqlr_err err;
    q->began = true;
    if (q->expanded)
        return 0;
    if (rows_head(q->format, &q->text, columns, &err) < 0)
        return query_failed(&err);
    if (q->format != ROWS_JSON)
        return 0;
    int code = write_out(q->text.p, q->text.n); /* the head is not joined */
    cqlr_wr_reset(&q->text);
    return code;
}

/* Nothing is printed, but each cell's bounds are checked. */
static int skip_page(struct query_rows *q, cqlr_reply *r)
{
    int64_t n = cqlr_reply_skip(r);
    if (n < 0)
        return query_failed(cqlr_reply_err(r));
    q->rows += (uint64_t)n;
    return 0;
}

static int put_row(struct query_rows *q, const struct cqlr_row *row)
{
    struct cqlr_err err = {0};
    int rc = q->expanded ? expand_row(&q->expand, &q->text, row, &err)
                         : rows_row(q->format, &q->text, row, &err);
    if (rc)
        return query_failed(&err);
    q->rows++;
    return q->text.n >= FLUSH_SIZE ? flush(q, false) : 0;
}

/* Only this page: the next one is for the caller to ask for. */
static int put_page(struct query_rows *q, cqlr_reply *r)
{
    struct cqlr_row row;
    int code = 0;
    for (uint32_t left = cqlr_reply_result(r)->u.rows.left; left > 0 && !code; left--) {
        int rc = cqlr_reply_next(r, &row);
        code = rc == 1 ? put_row(q, &row) : query_failed(cqlr_reply_err(r));
    }
    return code;
}

int query_rows_page(struct query_rows *q, cqlr_reply *r)
{
    const struct cqlr_columns *columns = cqlr_reply_columns(r);
    if (!columns)
        return 0;
    int code = q->began ? 0 : begin(q, columns);
    if (code)
        return code;
    if (q->format == ROWS_NONE)
        return skip_page(q, r);
    code = put_page(q, r);
    if (code == EXIT_PIPE || code == EXIT_OUTPUT)
        return code;
    int flushed = flush(q, code != 0);
    return code ? code : flushed;
}

/* Tables tell how many rows there are, as cqlsh does. */
static void put_end(struct query_rows *q)
{
    char line[48];
    if (q->format != ROWS_TABLE) {
        rows_end(q->format, &q->text);
        return;
    }
    int n = snprintf(line, sizeof line, "%s(%llu row%s)\n", q->expanded && q->rows ? "" : "\n",
                     (unsigned long long)q->rows, q->rows == 1 ? "" : "s");
    cqlr_wr_raw(&q->text, line, (size_t)n);
}

int query_rows_end(struct query_rows *q, bool complete)
{
    if (!q->began || q->format == ROWS_NONE)
        return 0;
    int code = flush(q, true);
    if (code || !complete)
        return code;
    put_end(q);
    if (q->text.rc)
        return lost(q->text.rc);
    code = write_out(q->text.p, q->text.n);
    cqlr_wr_reset(&q->text);
    return code;
}

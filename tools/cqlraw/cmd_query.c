/*
 * cmd_query.c - `cqlraw query`: statements one after the other over one connection, rows of all
 * pages to stdout.
 *
 * The first statement that fails ends the command; what came before it stays printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cells.h"
#include "client_args.h"
#include "file.h"
#include "out.h"
#include "out_csv.h"
#include "out_ndjson.h"
#include "out_table.h"
#include "query_bind.h"
#include "signals.h"
#include "split_cql.h"

#define QUERY      "query"
#define FLUSH_SIZE 65536

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_NDJSON };

struct query {
    const struct args *args;
    enum format format;
    cqlr_client *client;
    char *file; /* statements of --file or standard input; NULL: none */
    size_t file_n;
    struct cqlr_wr text;    /* for stdout */
    struct cqlr_wr scratch; /* one cell of a table */
};

static int flush(struct query *q)
{
    int rc = out_stdout(QUERY, (const char *)q->text.p, q->text.n);
    cqlr_wr_reset(&q->text);
    return rc;
}

static int statement_failed(const struct cqlr_err *err)
{
    say(QUERY, "%s", err->text);
    return EXIT_ABORTED;
}

/* ---- rows ---- */

static int put_row(struct query *q, struct table *t, const struct cqlr_row *row)
{
    struct cqlr_err err = {0};
    int rc = 0;
    switch (q->format) {
    case FORMAT_TABLE:
        rc = table_row(t, &q->scratch, row, &err);
        if (!rc && table_row_done(t))
            rc = table_flush(t, &q->text);
        break;
    case FORMAT_CSV:
        rc = csv_row(&q->text, row, &err);
        break;
    case FORMAT_NDJSON:
        rc = ndjson_row(&q->text, row, &err);
        break;
    }
    if (rc && !err.code)
        err_set(&err, rc, "the rows as text: %s", cqlr_errcode_text(rc));
    if (rc)
        return statement_failed(&err);
    return q->text.n >= FLUSH_SIZE ? flush(q) : 0;
}

static int put_count(struct query *q, uint64_t rows)
{
    char line[48];
    int n = snprintf(line, sizeof line, "\n(%llu row%s)\n", (unsigned long long)rows,
                     rows == 1 ? "" : "s");
    cqlr_wr_raw(&q->text, line, (size_t)n);
    return flush(q);
}

/* What is laid out so far is printed also when a later row or page fails. */
static int put_rows(struct query *q, struct table *t, cqlr_reply *r)
{
    struct cqlr_row row;
    uint64_t rows = 0;
    int code = 0, rc;
    while (!code && (rc = cqlr_reply_next(r, &row)) != 0) {
        code = rc < 0 ? statement_failed(cqlr_reply_err(r)) : put_row(q, t, &row);
        rows += rc > 0;
    }
    if (code == EXIT_PIPE || code == EXIT_OUTPUT)
        return code;
    if (q->format == FORMAT_TABLE)
        (void)table_flush(
            t, &q->text); /* a failure stays in q->text.rc or the table, looked at next */
    if (!code && (q->text.rc || t->cells.rc)) {
        say(QUERY, "the rows as text: out of memory");
        code = EXIT_INTERNAL;
    }
    int written = q->format == FORMAT_TABLE && !code ? put_count(q, rows) : flush(q);
    return code ? code : written;
}

static void put_warnings(const cqlr_reply *r)
{
    const struct cqlr_prefix *p = cqlr_reply_prefix(r);
    struct cqlr_str text;
    if (!p)
        return;
    struct cqlr_span warnings = p->warnings;
    while (cqlr_string_list_next(&warnings, &text))
        say(QUERY, "warning: %.*s", CQLR_STR(text));
}

/* Takes the reply. */
static int put_reply(struct query *q, cqlr_reply *r)
{
    const struct cqlr_columns *columns = cqlr_reply_columns(r);
    struct table t;
    int rc = 0;
    put_warnings(r);
    if (columns) {
        if (table_init(&t, columns->count) < 0) {
            say(QUERY, "out of memory");
            rc = EXIT_INTERNAL;
        } else {
            if (q->format == FORMAT_TABLE)
                table_header(&t, columns);
            else if (q->format == FORMAT_CSV)
                csv_header(&q->text, columns);
            rc = put_rows(q, &t, r);
        }
        table_fini(&t);
    }
    cqlr_reply_free(r);
    return rc;
}

/* ---- statements ---- */

static int run_plain(struct query *q, struct cqlr_str cql)
{
    cqlr_reply *r = cqlr_sync_query(q->client, cql, NULL);
    return r ? put_reply(q, r) : statement_failed(cqlr_client_err(q->client));
}

static int run_bound(struct query *q, struct cqlr_str cql)
{
    cqlr_prepared *ps = cqlr_sync_prepare(q->client, cql);
    if (!ps)
        return statement_failed(cqlr_client_err(q->client));
    cqlr_bound *b = cqlr_bound_new(ps);
    int rc = b ? query_bind(QUERY, b, ps, q->args) : EXIT_INTERNAL;
    if (!rc) {
        cqlr_reply *r = cqlr_sync_execute(q->client, b);
        rc = r ? put_reply(q, r) : statement_failed(cqlr_client_err(q->client));
    }
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    return rc;
}

/* The i-th text that holds statements: the -e in order, then the argument, then the file. */
static bool text_at(const struct query *q, size_t i, struct cqlr_str *text)
{
    const struct args *a = q->args;
    if (i < a->execute_n)
        *text = cqlr_cstr(a->execute[i]);
    else if (i - a->execute_n < a->rest_n)
        *text = cqlr_cstr(a->rest[i - a->execute_n]);
    else if (i == a->execute_n + a->rest_n && q->file)
        *text = (struct cqlr_str){q->file, q->file_n};
    else
        return false;
    return true;
}

static size_t count_statements(const struct query *q)
{
    size_t n = 0;
    struct cqlr_str rest, cql;
    for (size_t i = 0; text_at(q, i, &rest); i++) {
        while (split_cql_next(&rest, &cql))
            n++;
    }
    return n;
}

static int run_all(struct query *q)
{
    struct cqlr_str rest, cql;
    int rc = 0;
    for (size_t i = 0; !rc && text_at(q, i, &rest); i++) {
        while (!rc && split_cql_next(&rest, &cql))
            rc = q->args->params_n ? run_bound(q, cql) : run_plain(q, cql);
    }
    return rc;
}

/* --file, or standard input when nothing else is given and nobody types there. */
static int read_file(struct query *q)
{
    const struct args *a = q->args;
    const char *path = a->v[OPT_FILE].text;
    if (!path && (a->execute_n || a->rest_n || isatty(STDIN_FILENO)))
        return 0;
    if (path && strcmp(path, "-") == 0)
        path = NULL;
    return file_read(QUERY, path, &q->file, &q->file_n);
}

static int check(const struct query *q)
{
    const struct args *a = q->args;
    size_t n = count_statements(q);
    if (a->rest_n > 1)
        say(QUERY, "unexpected argument \"%s\" (the query is one argument: put it in quotes)",
            a->rest[1]);
    else if (n == 0)
        say(QUERY, "a statement is needed: cqlraw query \"SELECT ...\"");
    else if (a->params_n && n > 1)
        say(QUERY, "-P goes with one statement, here are %zu", n);
    else
        return 0;
    return EXIT_USAGE;
}

static int connect_and_run(struct query *q)
{
    struct cqlr_client_opts o;
    client_args(&o, q->args);
    q->client = cqlr_client_new(&o);
    if (!q->client) {
        say(QUERY, "out of memory");
        return EXIT_INTERNAL;
    }
    if (cqlr_sync_connect(q->client) < 0) {
        const struct cqlr_err *err = cqlr_client_err(q->client);
        bool usage = err->code == CQLR_E_USAGE || err->code == CQLR_E_RANGE;
        say(QUERY, "%s", err->text);
        return usage ? EXIT_USAGE : EXIT_CONNECT;
    }
    return run_all(q);
}

int cmd_query(const struct args *a)
{
    struct query q = {.args = a};
    int rc = read_file(&q);
    if (!rc)
        rc = check(&q);
    if (rc) {
        free(q.file);
        return rc;
    }
    signals_exit();
    q.format = args_is(a, OPT_FORMAT, "csv")      ? FORMAT_CSV
               : args_is(a, OPT_FORMAT, "ndjson") ? FORMAT_NDJSON
                                                  : FORMAT_TABLE;
    cqlr_wr_init(&q.text, NULL, SIZE_MAX / 2);
    cqlr_wr_init(&q.scratch, NULL, 0);
    rc = connect_and_run(&q);
    cqlr_client_free(q.client);
    cqlr_wr_fini(&q.text);
    cqlr_wr_fini(&q.scratch);
    free(q.file);
    return rc;
}

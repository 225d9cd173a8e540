/*
 * cmd_query.c - `cqlraw query`: statements one after the other over one connection, rows of all
 * pages to stdout.
 *
 * The first statement that fails ends the command; what came before it stays printed.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "query_bind.h"
#include "query_rows.h"
#include "query_trace.h"
#include "split_cql.h"
#include "tools/cqlraw/args/client_args.h"
#include "tools/cqlraw/io/file.h"
#include "tools/cqlraw/io/signals.h"
#include "tools/cqlraw/rows/color.h"

struct query {
    const struct args *args;
    cqlr_client *client;
    char *file; /* statements of --file or standard input; NULL: none */
    size_t file_n;
    struct query_rows rows;
    struct cqlr_wr traces; /* ids of 16 bytes, of the statement's pages */
    bool untraceable;      /* a trace could not be read or came late: no other is waited for */
};

/* What is executed: a text, or a prepared statement with its values. */
struct statement {
    struct cqlr_str cql;
    cqlr_bound *bound; /* NULL: none */
};

/* ---- what comes with an answer ---- */

static void put_warnings(const struct cqlr_prefix *p)
{
    struct cqlr_span warnings = p->warnings;
    struct cqlr_str text;
    while (cqlr_string_list_next(&warnings, &text))
        say(QUERY, "warning: %.*s", CQLR_STR(text));
}

/* With the rows where those are for people; beside them where a program reads them. */
static int put_traces(struct query *q)
{
    bool people = q->rows.format == ROWS_TABLE || q->rows.format == ROWS_NONE;
    int fd = people ? STDOUT_FILENO : STDERR_FILENO, code = 0;
    bool bold = color_on(q->args, fd);
    if (q->traces.n == 0)
        say(QUERY, "warning: the server did not trace the statement");
    for (size_t at = 0; at < q->traces.n && !code && !q->untraceable; at += 16) {
        code = query_trace_print(q->client, q->traces.p + at, fd, bold);
        q->untraceable = code < 0;
    }
    return code < 0 ? 0 : code;
}

static int put_page(struct query *q, cqlr_reply *r)
{
    const struct cqlr_prefix *p = cqlr_reply_prefix(r);
    if (p)
        put_warnings(p);
    if (p && p->has_trace)
        cqlr_wr_raw(&q->traces, p->trace, sizeof p->trace);
    return query_rows_page(&q->rows, r);
}

/* ---- statements ---- */

/* Page by page, and not by letting the reply fetch what follows: each page has its own warnings and
 * its own trace. NULL after a line on stderr. */
static cqlr_reply *fetch(struct query *q, const struct statement *s, struct cqlr_value state)
{
    cqlr_reply *r = NULL;
    struct cqlr_request_opts o;
    if (!s->bound) {
        cqlr_request_opts_init(q->client, &o, sizeof o);
        o.trace = q->args->v[OPT_TRACE].given;
        o.paging_state = state;
        r = cqlr_sync_query(q->client, s->cql, &o);
    } else {
        cqlr_bound_trace(s->bound, q->args->v[OPT_TRACE].given);
        if (cqlr_bound_paging_state(s->bound, state) < 0) {
            query_failed(cqlr_bound_err(s->bound));
            return NULL;
        }
        r = cqlr_sync_execute(q->client, s->bound);
    }
    if (!r)
        query_failed(cqlr_client_err(q->client));
    return r;
}

static int run_pages(struct query *q, const struct statement *s)
{
    struct cqlr_value state = {NULL, CQLR_NULL};
    cqlr_reply *page = NULL;
    int code = 0;
    do {
        cqlr_reply *r = fetch(q, s, state);
        cqlr_reply_free(page); /* it held the state */
        page = r;
        code = r ? put_page(q, r) : EXIT_ABORTED;
        if (r)
            state = cqlr_reply_paging_state(r);
    } while (!code && state.n >= 0);
    cqlr_reply_free(page);
    return code;
}

static int run_statement(struct query *q, const struct statement *s)
{
    query_rows_reset(&q->rows);
    cqlr_wr_reset(&q->traces);
    int code = run_pages(q, s);
    if (code == EXIT_PIPE || code == EXIT_OUTPUT)
        return code;
    int then = query_rows_end(&q->rows, code == 0);
    if (!then && q->args->v[OPT_TRACE].given && (!code || q->traces.n))
        then = put_traces(q);
    return code ? code : then;
}

static int run_bound(struct query *q, struct cqlr_str cql)
{
    cqlr_prepared *ps = cqlr_sync_prepare(q->client, cql);
    if (!ps)
        return query_failed(cqlr_client_err(q->client));
    struct statement s = {cql, cqlr_bound_new(ps)};
    int rc = EXIT_INTERNAL;
    if (s.bound)
        rc = query_bind(QUERY, s.bound, ps, q->args);
    else
        say(QUERY, "out of memory");
    if (!rc)
        rc = run_statement(q, &s);
    cqlr_bound_free(s.bound);
    cqlr_prepared_free(ps);
    return rc;
}

static int run_plain(struct query *q, struct cqlr_str cql)
{
    const struct statement s = {cql, NULL};
    return run_statement(q, &s);
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
        *text = file_text(q->file, q->file_n);
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
    else if (a->v[OPT_EXPAND].given && !args_is(a, OPT_FORMAT, "table"))
        say(QUERY, "--expand goes with --format table");
    else
        return 0;
    return EXIT_USAGE;
}

static int connect_and_run(struct query *q)
{
    struct cqlr_client_opts o;
    char room[CLIENT_ERROR];
    int rc = client_args(&o, q->args);
    if (rc)
        return rc;
    q->client = cqlr_client_new(&o);
    if (!q->client) {
        say(QUERY, "out of memory");
        return EXIT_INTERNAL;
    }
    if (cqlr_sync_connect(q->client) < 0) {
        const struct cqlr_err *err = cqlr_client_err(q->client);
        bool usage = err->code == CQLR_E_USAGE || err->code == CQLR_E_RANGE;
        say(QUERY, "%s", client_error(err, room));
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
    query_rows_init(&q.rows, a);
    cqlr_wr_init(&q.traces, NULL, 0);
    rc = connect_and_run(&q);
    cqlr_client_free(q.client);
    query_rows_fini(&q.rows);
    cqlr_wr_fini(&q.traces);
    free(q.file);
    return rc;
}

/*
 * engine.c - the engine of engine.h over a cqlr_client with one connection. What a slot of the
 * window executes depends on the source:
 *
 *   parameter sets, lines, records  the one prepared statement, with a bound statement for each
 *                                   slot, made when the slot is first used and used again and again
 *   workload                        the statement of the line, from the cache of statements.h
 *   jobs                            what on_job makes of it
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/err.h"
#include "src/bulk/source/source_lines.h"
#include "src/bulk/worker/engine.h"
#include "src/bulk/worker/job.h"
#include "src/bulk/worker/statements.h"
#include "src/client/internal.h"

struct slot {
    struct client *owner;
    cqlr_bound *bound;
    cqlr_job *job;
    /* of a workload's line, until it is answered: */
    struct cqlr__statement *statement; /* `bound` belongs to it; NULL: none was taken */
    struct cqlr__waiter waiter;
    struct cqlr_str params;
    uint64_t line;
    struct cqlr_value state;
};

/* An answer on its way to client_page. */
struct answered {
    cqlr_reply *reply;
    const cqlr_prepared *prepared;
    const cqlr_bound *bound;
};

struct client {
    const struct cqlr_bulk_opts *o;
    struct cqlr__engine_host host;
    cqlr_loop *loop;
    cqlr_client *cl;
    cqlr_prepared *ps; /* NULL: the options have no statement */
    enum cqlr__source_form form;
    cqlr__binder *binder;
    struct cqlr__statements *statements;
    struct cqlr_wr query, scratch; /* of the line that is being read */
    size_t slots;
    struct slot *slot;
    uint64_t heartbeat_timeout;
    const struct cqlr_columns *seen; /* of the last answer; the same as those prepared */
    bool closing;
};

static void opened(struct client *c, int rc, const struct cqlr_err *err)
{
    if (!c->closing)
        c->host.opened(c->host.arg, rc, err);
}

static void on_prepared(void *arg, cqlr_reply *r)
{
    struct client *c = arg;
    struct cqlr_err err = {0};
    int rc = cqlr_reply_rc(r);
    if (rc < 0) {
        err = *cqlr_reply_err(r);
        if (rc == CQLR_E_SERVER) /* other errors name the node themselves */
            cqlr__err_prefix(&err, "%s: PREPARE", cqlr_client_peer(c->cl));
        opened(c, rc, &err);
        return;
    }
    c->ps = cqlr_reply_take_prepared(r);
    if (!c->ps)
        cqlr__err_set(&err, CQLR_E_PROTO, "%s: PREPARE was answered by something else",
                      cqlr_client_peer(c->cl));
    opened(c, c->ps ? 0 : err.code, &err);
}

static int client_batch(void *self, const cqlr_source *source, struct cqlr_err *err)
{
    struct client *c = self;
    cqlr__binder_free(c->binder);
    c->binder = NULL;
    c->form = source->form;
    if (c->form == CQLR__SOURCE_WORKLOAD) {
        if (!c->statements)
            c->statements = cqlr__statements_new(c->cl);
        return c->statements ? 0 : cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
    }
    if (c->form == CQLR__SOURCE_JOBS)
        return c->o->on_job ? 0 : cqlr__err_set(err, CQLR_E_USAGE, "jobs need on_job");
    if (!c->ps)
        return cqlr__err_set(err, CQLR_E_USAGE, "these parameters need a statement");
    c->binder = cqlr__binder_new(source, cqlr_prepared_markers(c->ps), err);
    return c->binder ? 0 : err->code;
}

static void on_open(void *arg, int rc)
{
    struct client *c = arg;
    if (!rc && c->o->statement.n)
        rc = cqlr_client_prepare(c->cl, c->o->statement, on_prepared, c);
    if (rc < 0 || !c->o->statement.n)
        opened(c, rc, cqlr_client_err(c->cl));
}

static void client_close(void *self)
{
    struct client *c = self;
    c->closing = true;
    if (c->cl)
        cqlr_client_close(c->cl); /* what is under way ends here, unheard */
    for (size_t i = 0; i < c->slots && c->slot; i++) {
        cqlr_bound_free(c->slot[i].bound);
        cqlr__job_free(c->slot[i].job);
    }
    cqlr__statements_free(c->statements);
    cqlr__binder_free(c->binder);
    cqlr_wr_fini(&c->query);
    cqlr_wr_fini(&c->scratch);
    if (c->ps)
        cqlr_prepared_free(c->ps);
    cqlr_client_free(c->cl);
    free(c->slot);
    free(c);
}

static void *client_open(const struct cqlr_bulk_opts *o, cqlr_loop *loop, size_t slots,
                         const struct cqlr__engine_host *host, struct cqlr_err *err)
{
    struct cqlr_client_opts co;
    struct client *c = calloc(1, sizeof *c);
    int rc;
    if (!c) {
        cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
        return NULL;
    }
    *c = (struct client){.o = o, .host = *host, .loop = loop, .slots = slots};
    cqlr_wr_init(&c->query, NULL, SIZE_MAX / 2);
    cqlr_wr_init(&c->scratch, NULL, SIZE_MAX / 2);
    c->slot = calloc(slots, sizeof *c->slot);
    cqlr_client_opts_init(&co, sizeof co);
    memcpy(&co, o->client, o->client->size < sizeof co ? o->client->size : sizeof co);
    co.size = sizeof co;
    co.loop = loop;
    c->heartbeat_timeout = co.heartbeat_timeout;
    co.reconnect_delay = 0; /* the worker opens anew, at the group's pace */
    c->cl = cqlr_client_new(&co);
    rc = c->slot && c->cl ? cqlr_client_open(c->cl, on_open, c) : CQLR_E_NOMEM;
    if (rc < 0) {
        if (c->slot && c->cl)
            *err = *cqlr_client_err(c->cl);
        else
            cqlr__err_set(err, rc, "out of memory");
        client_close(c);
        return NULL;
    }
    return c;
}

static bool client_lost(void *self)
{
    return !*cqlr_client_peer(((struct client *)self)->cl);
}

/* ---- is it there? ---- */

static void on_options(void *arg, cqlr_reply *r)
{
    struct client *c = arg;
    int rc = cqlr_reply_rc(r);
    if (c->closing)
        return;
    if (rc == CQLR_E_TIMEOUT) /* its late answer would not be heard: once more */
        (void)!cqlr_client_options(c->cl, on_options, c);
    else
        c->host.asked(c->host.arg, rc == CQLR_E_SERVER ? 0 : rc);
}

/* That there is no stream for it is no harm: any answer will do. */
static uint64_t client_ask(void *self)
{
    struct client *c = self;
    (void)!cqlr_client_options(c->cl, on_options, c);
    return c->heartbeat_timeout;
}

static void client_drop(void *self)
{
    cqlr_client_close(((struct client *)self)->cl);
}

static int client_snapshot(void *self, struct cqlr_wr *w)
{
    struct client *c = self;
    cqlr__snapshot_write(w, c->ps ? cqlr_prepared_markers(c->ps) : NULL);
    cqlr__snapshot_write(w, c->ps ? cqlr_prepared_columns(c->ps) : NULL);
    return w->rc;
}

/* ---- executing ---- */

static void on_reply(void *arg, cqlr_reply *r)
{
    struct slot *s = arg;
    struct client *c = s->owner;
    struct cqlr__statement *st = s->statement;
    cqlr_bound *bound = s->bound;
    struct answered of = {r, st ? cqlr__statement_prepared(st) : c->ps, bound};
    struct cqlr__answer a = {.rc = cqlr_reply_rc(r), .err = cqlr_reply_err(r), .reply = &of};
    struct cqlr_error error;
    if (c->closing)
        return;
    if (a.rc == CQLR_E_SERVER) {
        cqlr__reply_error(r, &error);
        a.error = &error;
    }
    a.next = a.rc < 0 ? (struct cqlr_value){NULL, CQLR_NULL} : cqlr_reply_paging_state(r);
    if (st) { /* the slot may be used for the next one while this is being told */
        s->statement = NULL;
        s->bound = NULL;
    }
    c->host.answered(c->host.arg, (size_t)(s - c->slot), &a);
    if (st)
        cqlr__statement_put(st, bound);
}

/* The values of the slot's bound statement are set. */
static int send_bound(struct client *c, struct slot *s, struct cqlr_value state,
                      struct cqlr_err *err)
{
    int rc = state.n >= 0 ? cqlr_bound_paging_state(s->bound, state) : 0;
    if (rc) {
        *err = *cqlr_bound_err(s->bound);
        return rc;
    }
    rc = cqlr_client_execute(c->cl, s->bound, on_reply, s);
    if (rc)
        *err = *cqlr_client_err(c->cl);
    return rc;
}

static int execute_set(struct client *c, struct slot *s, uint64_t index, struct cqlr_value line,
                       struct cqlr_value state, struct cqlr_err *err)
{
    int rc;
    if (!s->bound)
        s->bound = cqlr_bound_new(c->ps);
    if (!s->bound)
        return cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
    cqlr_bound_reset(s->bound);
    rc = cqlr__binder_bind(c->binder, s->bound, index, line, err);
    return rc ? rc : send_bound(c, s, state, err);
}

/* ---- a line of a workload ---- */

static int bind_line(struct client *c, struct slot *s, struct cqlr_err *err)
{
    const struct cqlr_columns *markers =
        cqlr_prepared_markers(cqlr__statement_prepared(s->statement));
    int rc = 0;
    if (s->params.p)
        rc = cqlr__json_bind(s->bound, markers, s->params, &c->scratch, err);
    else if (markers->count)
        rc = cqlr__err_set(err, CQLR_E_RANGE, "\"params\" is missing, the statement has %u markers",
                           (unsigned)markers->count);
    if (rc)
        cqlr__err_prefix(err, "line %llu", (unsigned long long)s->line);
    return rc;
}

/* The line's statement is there. */
static int execute_line(struct client *c, struct slot *s, struct cqlr__statement *st,
                        struct cqlr_err *err)
{
    int rc;
    s->bound = cqlr__statement_take(st);
    if (!s->bound)
        return cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
    s->statement = st;
    rc = bind_line(c, s, err);
    if (!rc)
        rc = send_bound(c, s, s->state, err);
    if (rc) {
        cqlr__statement_put(st, s->bound);
        s->statement = NULL;
        s->bound = NULL;
    }
    return rc;
}

/* The line's statement was waited for. */
static void on_statement(struct cqlr__waiter *w, struct cqlr__statement *st,
                         const struct cqlr__answer *a)
{
    struct slot *s = (struct slot *)(void *)((char *)w - offsetof(struct slot, waiter));
    struct client *c = s->owner;
    struct cqlr_err err = {0};
    struct cqlr__answer failed = {.err = &err, .unsent = true, .next = {NULL, CQLR_NULL}};
    if (c->closing)
        return;
    if (st) {
        failed.rc = execute_line(c, s, st, &err);
        if (!failed.rc)
            return;
        a = &failed;
    }
    c->host.answered(c->host.arg, (size_t)(s - c->slot), a);
}

static int begin_line(struct client *c, struct slot *s, struct cqlr_value text,
                      struct cqlr_value state, struct cqlr_err *err)
{
    struct cqlr_str line = cqlr__text_record(CQLR__SOURCE_WORKLOAD, text, &s->line);
    struct cqlr__statement *st;
    int rc;
    cqlr_wr_reset(&c->query);
    rc = cqlr__workload_read(line, &c->query, &s->params, err);
    if (rc) {
        cqlr__err_prefix(err, "line %llu", (unsigned long long)s->line);
        return rc;
    }
    s->state = state;
    s->waiter.fn = on_statement;
    rc =
        cqlr__statements_get(c->statements, (struct cqlr_str){(const char *)c->query.p, c->query.n},
                             &s->waiter, &st, err);
    return rc == 1 ? execute_line(c, s, st, err) : rc;
}

/* ---- a job ---- */

/* One that ended with its connection is treated like a request that did; any other failure is its
 * own affair, whatever the code. */
static void on_job_finished(void *arg)
{
    struct slot *s = arg;
    struct client *c = s->owner;
    struct cqlr__answer a = {.err = &s->job->err, .next = {NULL, CQLR_NULL}, .reply = s->job};
    if (s->job->rc < 0 && !*cqlr_client_peer(c->cl))
        a.rc = s->job->rc;
    c->host.answered(c->host.arg, (size_t)(s - c->slot), &a);
}

static int begin_job(struct client *c, struct slot *s, uint64_t index, struct cqlr_err *err)
{
    if (!s->job)
        s->job = cqlr__job_new(c->loop, c->cl, c->ps, on_job_finished, s);
    if (!s->job)
        return cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
    return cqlr__job_begin(s->job, index, c->o, err);
}

static int client_execute(void *self, size_t slot, uint64_t index, struct cqlr_value line,
                          struct cqlr_value state, struct cqlr_err *err)
{
    struct client *c = self;
    struct slot *s = &c->slot[slot];
    s->owner = c;
    switch (c->form) {
    case CQLR__SOURCE_JOBS:
        return begin_job(c, s, index, err);
    case CQLR__SOURCE_WORKLOAD:
        return begin_line(c, s, line, state, err);
    default:
        return execute_set(c, s, index, line, state, err);
    }
}

/* ---- pages ---- */

/* Rows with other columns than the ones that were prepared (and stand in a header already) would be
 * taken for what they are not. Conditional updates tell their columns only in the answer. */
static bool columns_changed(struct client *c, const cqlr_reply *r)
{
    const struct cqlr_columns *prepared = cqlr_prepared_columns(c->ps);
    const struct cqlr_columns *columns = cqlr_reply_columns(r);
    if (!columns || columns == c->seen || prepared->count == 0)
        return false;
    bool same = columns->count == prepared->count && columns->spec_flags == prepared->spec_flags &&
                columns->spec.n == prepared->spec.n &&
                memcmp(columns->spec.p, prepared->spec.p, prepared->spec.n) == 0;
    c->seen = same ? columns : NULL;
    return !same;
}

static int client_page(void *self, const struct cqlr_item *item, void *reply, struct cqlr_wr *out,
                       uint64_t *rows, struct cqlr_err *err)
{
    struct client *c = self;
    const struct answered *of = reply;
    struct cqlr_item full = *item;
    const struct cqlr_result *m;
    int64_t n = 0;
    if (c->form == CQLR__SOURCE_JOBS)
        return cqlr__job_result(reply, out, rows, err);
    if (c->form != CQLR__SOURCE_WORKLOAD && columns_changed(c, of->reply))
        return cqlr__err_set(err, CQLR_E_STATE,
                             "the answer's columns have changed since the statement was prepared");
    full.prepared = of->prepared;
    full.bound = of->bound;
    if (c->o->on_page)
        return c->o->on_page(c->o->arg, &full, of->reply, out, rows, err);
    m = cqlr_reply_result(of->reply);
    if (m && m->kind == CQLR_RESULT_ROWS)
        n = cqlr_reply_skip(of->reply);
    if (n < 0) {
        *err = *cqlr_reply_err(of->reply);
        return (int)n;
    }
    *rows = (uint64_t)n;
    return 0;
}

const struct cqlr__engine cqlr__engine_client = {.open = client_open,
                                                 .batch = client_batch,
                                                 .close = client_close,
                                                 .lost = client_lost,
                                                 .ask = client_ask,
                                                 .drop = client_drop,
                                                 .snapshot = client_snapshot,
                                                 .execute = client_execute,
                                                 .page = client_page};

void cqlr__snapshot_write(struct cqlr_wr *w, const struct cqlr_columns *c)
{
    static const struct cqlr_columns none = {0};
    c = c ? c : &none;
    cqlr_wr_i32(w, (int32_t)c->spec_flags);
    cqlr_wr_i32(w, (int32_t)c->count);
    cqlr_wr_value(w, (struct cqlr_value){c->spec.p, (int32_t)c->spec.n});
}

struct cqlr_columns *cqlr__snapshot_read(struct cqlr_rd *r)
{
    struct cqlr_spec s = {0};
    struct cqlr_value bytes;
    s.flags = (uint32_t)cqlr_rd_i32(r, "snapshot flags");
    s.count = (uint32_t)cqlr_rd_i32(r, "snapshot columns");
    bytes = cqlr_rd_bytes(r, "snapshot specs");
    if (r->rc)
        return NULL;
    s.bytes = (struct cqlr_bytes){bytes.p, bytes.n > 0 ? (size_t)bytes.n : 0};
    return cqlr_columns_new(&s, NULL, r->err);
}

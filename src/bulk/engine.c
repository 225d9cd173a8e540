/*
 * engine.c - the engine of engine.h over a cqlr_client: one connection, one prepared statement, one
 * bound statement for each slot of the window, made when the slot is first used and used again and
 * again.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/err.h"
#include "src/bulk/engine.h"
#include "src/bulk/source.h"

struct slot {
    struct client *owner;
    cqlr_bound *bound;
};

struct client {
    const struct cqlr_bulk_opts *o;
    struct cqlr__engine_host host;
    cqlr_client *cl;
    cqlr_prepared *ps;
    cqlr__binder *binder;
    size_t slots;
    struct slot *slot;
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
    else
        c->binder = cqlr__binder_new(c->o->source, cqlr_prepared_markers(c->ps), &err);
    opened(c, c->binder ? 0 : err.code, &err);
}

static void on_open(void *arg, int rc)
{
    struct client *c = arg;
    if (!rc)
        rc = cqlr_client_prepare(c->cl, c->o->statement, on_prepared, c);
    if (rc < 0)
        opened(c, rc, cqlr_client_err(c->cl));
}

static void client_close(void *self)
{
    struct client *c = self;
    c->closing = true;
    if (c->cl)
        cqlr_client_close(c->cl); /* what is under way ends here, unheard */
    for (size_t i = 0; i < c->slots && c->slot; i++)
        cqlr_bound_free(c->slot[i].bound);
    cqlr__binder_free(c->binder);
    if (c->ps)
        cqlr_prepared_free(c->ps);
    cqlr_client_free(c->cl);
    free(c->slot);
    free(c);
}

static void *client_open(const struct cqlr_bulk_opts *o, cqlr_loop *loop, size_t slots,
                         const struct cqlr__engine_host *host, struct cqlr_err *err)
{
    struct cqlr_client_opts co = *o->client;
    struct client *c = calloc(1, sizeof *c);
    int rc;
    if (!c) {
        cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
        return NULL;
    }
    *c = (struct client){.o = o, .host = *host, .slots = slots};
    c->slot = calloc(slots, sizeof *c->slot);
    co.loop = loop;
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

static int client_snapshot(void *self, struct cqlr_wr *w)
{
    struct client *c = self;
    cqlr__snapshot_write(w, cqlr_prepared_markers(c->ps));
    cqlr__snapshot_write(w, cqlr_prepared_columns(c->ps));
    return w->rc;
}

static void on_reply(void *arg, cqlr_reply *r)
{
    struct slot *s = arg;
    struct client *c = s->owner;
    struct cqlr__answer a = {.rc = cqlr_reply_rc(r), .err = cqlr_reply_err(r), .reply = r};
    if (c->closing)
        return;
    a.next = a.rc < 0 ? (struct cqlr_value){NULL, CQLR_NULL} : cqlr_reply_paging_state(r);
    c->host.answered(c->host.arg, (size_t)(s - c->slot), &a);
}

static int client_execute(void *self, size_t slot, uint64_t index, struct cqlr_value line,
                          struct cqlr_value state, struct cqlr_err *err)
{
    struct client *c = self;
    struct slot *s = &c->slot[slot];
    int rc;
    if (!s->bound) {
        s->owner = c;
        s->bound = cqlr_bound_new(c->ps);
        if (!s->bound)
            return cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
    }
    cqlr_bound_reset(s->bound);
    rc = cqlr__binder_bind(c->binder, s->bound, index, line, err);
    if (!rc && state.n >= 0) {
        rc = cqlr_bound_paging_state(s->bound, state);
        if (rc)
            *err = *cqlr_bound_err(s->bound);
    }
    if (rc)
        return rc;
    rc = cqlr_client_execute(c->cl, s->bound, on_reply, s);
    if (rc)
        *err = *cqlr_client_err(c->cl);
    return rc;
}

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

/* A callback's failure must say something and must not be mistaken for an answer that is missing.
 */
static int client_page(void *self, const struct cqlr_item *item, void *reply, struct cqlr_wr *out,
                       uint64_t *rows, struct cqlr_err *err)
{
    struct client *c = self;
    const struct cqlr_result *m = cqlr_reply_result(reply);
    int64_t n = 0;
    if (columns_changed(c, reply))
        return cqlr__err_set(err, CQLR_E_STATE,
                             "the answer's columns have changed since the statement was prepared");
    if (c->o->on_page)
        return c->o->on_page(c->o->arg, item, reply, out, rows, err);
    if (m && m->kind == CQLR_RESULT_ROWS)
        n = cqlr_reply_skip(reply);
    if (n < 0) {
        *err = *cqlr_reply_err(reply);
        return (int)n;
    }
    *rows = (uint64_t)n;
    return 0;
}

const struct cqlr__engine cqlr__engine_client = {.open = client_open,
                                                 .close = client_close,
                                                 .lost = client_lost,
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

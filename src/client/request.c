/*
 * Requests: down to the connection, and up again as a reply.
 *
 * on_answer() is where every accepted request comes back, exactly once: it decodes the answer,
 * sends an EXECUTE once more when the server has forgotten the statement, and else calls the user.
 */
#include <string.h>

#include "proto/base/err.h"
#include "src/client/internal.h"

struct cqlr__request *cqlr__request_on(struct cqlr__pooled *p, enum cqlr__request_kind kind,
                                       cqlr_reply_fn *fn, void *arg)
{
    cqlr_client *cl = p->client;
    struct cqlr__request *q = cl->free_requests;
    if (q)
        cl->free_requests = q->next;
    else
        q = cl->mem->resize(cl->mem->arg, NULL, 0, sizeof *q);
    if (q)
        *q = (struct cqlr__request){.client = cl,
                                    .on = p,
                                    .kind = kind,
                                    .fn = fn,
                                    .arg = arg,
                                    .timeout = cl->o.request_timeout};
    else
        (void)cqlr__err_set(&cl->err, CQLR_E_NOMEM, "out of memory");
    return q;
}

struct cqlr__request *cqlr__request_get(cqlr_client *cl, enum cqlr__request_kind kind,
                                        cqlr_reply_fn *fn, void *arg)
{
    return cqlr__client_usable(cl) < 0 ? NULL : cqlr__request_on(cl->current, kind, fn, arg);
}

void cqlr__request_put(struct cqlr__request *q)
{
    cqlr_client *cl = q->client;
    q->next = cl->free_requests;
    cl->free_requests = q;
}

static bool prepares(const struct cqlr__request *q)
{
    return q->kind == CQLR__PREPARE || q->kind == CQLR__REPREPARE;
}

/* Nobody is to be told. */
static void forget(struct cqlr__request *q)
{
    while (q->waiting) {
        struct cqlr__request *w = q->waiting;
        q->waiting = w->next;
        cqlr__request_put(w);
    }
    if (prepares(q))
        cqlr_prepared_free(q->prepared);
    cqlr__request_put(q);
}

/* Hands the reply to the user, then ends what belongs to the request. */
static void deliver(struct cqlr__request *q, cqlr_reply *r)
{
    cqlr_reply_fn *fn = q->fn;
    void *arg = q->arg;
    cqlr_prepared *made = q->kind == CQLR__PREPARE ? q->prepared : NULL;
    struct cqlr__shared_columns *columns = cqlr__shared_columns_ref(r->columns);
    if (made && r->rc == 0)
        r->prepared = made;
    cqlr__request_put(q);
    fn(arg, r);
    cqlr__shared_columns_unref(columns); /* fn may have freed the statement they are of */
    if (made && (r->rc < 0 || r->prepared))
        cqlr_prepared_free(made);
}

void cqlr__request_fail(struct cqlr__request *q, int rc, const struct cqlr_err *err)
{
    cqlr_reply r;
    memset(&r, 0, sizeof r);
    r.client = q->client;
    r.mem = q->client->mem;
    r.peer = cqlr__pooled_peer(q->on);
    r.rc = rc;
    if (err->code == rc)
        r.err = *err;
    else
        (void)cqlr__err_set(&r.err, rc, "%s: no answer within %.3g s, outcome unknown", r.peer,
                            (double)q->timeout / 1e9);
    if (q->kind == CQLR__REPREPARE) {
        cqlr__prepared_again(q, &r);
        return;
    }
    deliver(q, &r);
}

static struct cqlr__shared_columns **known_columns(struct cqlr__request *q)
{
    return q->kind == CQLR__EXECUTE ? &q->prepared->last : &q->client->query_columns;
}

static uint8_t wanted(const struct cqlr__request *q)
{
    return q->kind == CQLR__OPTIONS ? CQLR_OP_SUPPORTED : CQLR_OP_RESULT;
}

static bool is_unprepared(const struct cqlr__request *q, const cqlr_reply *r)
{
    return q->kind == CQLR__EXECUTE && r->rc == CQLR_E_SERVER &&
           r->err.server_code == CQLR_SERVER_UNPREPARED && !q->again;
}

/* Prepared answers PREPARE, and nothing else does. */
static void check_kind(const struct cqlr__request *q, cqlr_reply *r)
{
    bool prepared = r->result.kind == CQLR_RESULT_PREPARED;
    if (r->rc == 0 && prepared != prepares(q))
        r->rc = cqlr__err_set(&r->err, CQLR_E_PROTO, "%s: %s", r->peer,
                              prepared ? "Prepared, but nothing was to be prepared"
                                       : "PREPARE was not answered by Prepared");
}

static void on_answer(void *arg, int rc, const struct cqlr_event *ev)
{
    struct cqlr__request *q = arg;
    struct cqlr__pooled *p = q->on;
    cqlr_reply r;
    if (!p->conn) { /* dropped: freed in a forked child, or an attempt to open that was given up */
        forget(q);
        return;
    }
    if (rc < 0) {
        cqlr__request_fail(q, rc, cqlr_conn_err(p->conn));
        return;
    }
    cqlr__reply_read(&r, p, ev, wanted(q), known_columns(q));
    if (is_unprepared(q, &r) && !cqlr__unprepared_other(q->prepared, &r)) {
        cqlr__prepare_again(q);
        return;
    }
    check_kind(q, &r);
    if (r.rc == 0 && q->kind == CQLR__PREPARE)
        r.rc = cqlr__prepared_fill(q->prepared, &r.result.u.prepared, &r.err);
    if (q->kind == CQLR__REPREPARE)
        cqlr__prepared_again(q, &r);
    else
        deliver(q, &r);
    /* A body that does not hold what it says: nothing on this connection can be trusted any more.
     * The callback may have closed it. */
    if (r.err.code == CQLR_E_PROTO && p->conn)
        cqlr__pooled_lose(p, &r.err);
}

/* A request that is sent a second time has what the first one left of its time. */
static uint64_t time_left(struct cqlr__request *q, uint64_t now)
{
    if (!q->deadline)
        q->deadline = q->timeout < CQLR_NEVER - now ? now + q->timeout : CQLR_NEVER;
    if (q->deadline == CQLR_NEVER)
        return CQLR_NEVER;
    return q->deadline > now ? q->deadline - now : 1;
}

int cqlr__request_submit(struct cqlr__request *q, uint8_t opcode, uint8_t flags)
{
    cqlr_client *cl = q->client;
    const char *peer = cqlr__pooled_peer(q->on);
    uint64_t now = cqlr__client_now(cl);
    int rc = cqlr_conn_submit(q->on->conn, opcode, flags, time_left(q, now), on_answer, q, now);
    if (rc == CQLR_E_AGAIN)
        return cqlr__err_set(&cl->err, rc, "%s: all stream ids are in use", peer);
    if (rc < 0)
        return cqlr__err_set(&cl->err, rc, "%s: request not sent: %s", peer, cqlr_errcode_text(rc));
    cqlr__attach_submitted(&q->on->attach);
    return 0;
}

void cqlr_request_opts_init(const cqlr_client *cl, struct cqlr_request_opts *o, size_t size)
{
    const struct cqlr_request_opts defaults = {.size = size,
                                               .consistency = cl->o.consistency,
                                               .page_size = cl->o.page_size,
                                               .paging_state = {NULL, CQLR_NULL},
                                               .serial_consistency = cl->o.serial_consistency,
                                               .timeout = cl->o.request_timeout};
    memset(o, 0, size);
    memcpy(o, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

static int write_query(const struct cqlr__pooled *p, struct cqlr_str cql,
                       const struct cqlr_request_opts *o)
{
    cqlr_client *cl = p->client;
    struct cqlr_query m;
    struct cqlr_wr *w = cqlr_conn_begin(p->conn);
    memset(&m, 0, sizeof m);
    m.cql = cql;
    m.params.consistency = o->consistency;
    m.params.page_size = o->page_size;
    m.params.paging_state = o->paging_state;
    m.params.serial = o->serial_consistency;
    m.params.flags = (uint8_t)((o->page_size > 0 ? CQLR_PARAM_PAGE_SIZE : 0) |
                               (o->paging_state.n >= 0 ? CQLR_PARAM_PAGING_STATE : 0) |
                               (o->serial_consistency ? CQLR_PARAM_SERIAL : 0));
    if (!w)
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "QUERY not written");
    if (cqlr_query_write(w, &m) == 0)
        return 0;
    return cqlr__err_set(&cl->err, w->rc, "QUERY not written: %s", cqlr_errcode_text(w->rc));
}

static int send_query(struct cqlr__request *q, struct cqlr_str cql,
                      const struct cqlr_request_opts *o)
{
    struct cqlr__pooled *p = q->on;
    int rc = write_query(p, cql, o);
    if (rc == 0)
        rc = cqlr__request_submit(q, CQLR_OP_QUERY, o->trace ? CQLR_FLAG_TRACING : 0);
    if (rc < 0) {
        cqlr_conn_drop(p->conn);
        cqlr__request_put(q);
    }
    return rc;
}

int cqlr_client_query(cqlr_client *cl, struct cqlr_str cql, const struct cqlr_request_opts *opts,
                      cqlr_reply_fn *fn, void *arg)
{
    struct cqlr_request_opts o;
    struct cqlr__request *q;
    cqlr_request_opts_init(cl, &o, sizeof o);
    if (opts)
        memcpy(&o, opts, opts->size < sizeof o ? opts->size : sizeof o);
    q = cqlr__request_get(cl, CQLR__QUERY, fn, arg);
    if (!q)
        return cl->err.code;
    if (o.timeout)
        q->timeout = o.timeout;
    return send_query(q, cql, &o);
}

int cqlr__query_on(struct cqlr__pooled *p, struct cqlr_str cql, cqlr_reply_fn *fn, void *arg)
{
    struct cqlr_request_opts o;
    struct cqlr__request *q = cqlr__request_on(p, CQLR__QUERY, fn, arg);
    if (!q)
        return p->client->err.code;
    cqlr_request_opts_init(p->client, &o, sizeof o);
    return send_query(q, cql, &o);
}

int cqlr_client_options(cqlr_client *cl, cqlr_reply_fn *fn, void *arg)
{
    struct cqlr__request *q = cqlr__request_get(cl, CQLR__OPTIONS, fn, arg);
    int rc;
    if (!q)
        return cl->err.code;
    if (cqlr_conn_begin(q->on->conn)) /* the body is empty */
        rc = cqlr__request_submit(q, CQLR_OP_OPTIONS, 0);
    else
        rc = cqlr__err_set(&cl->err, CQLR_E_STATE, "OPTIONS not written");
    if (rc < 0)
        cqlr__request_put(q);
    return rc;
}

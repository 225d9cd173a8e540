/*
 * UNPREPARED: a server has forgotten a statement.
 *
 * The EXECUTE waits for a PREPARE, of which a connection has at most one under way for each
 * statement; then it is sent a second time. If the server names another id, gives another one, or
 * says UNPREPARED again, the request fails: another id can mean another schema, and its values
 * would be bound to markers nobody looked at. What waits keeps its deadline.
 */
#include <string.h>

#include "proto/base/err.h"
#include "src/client/internal.h"

static void hex(char *out, size_t room, const uint8_t *p, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    size_t i;
    for (i = 0; i < n && 2 * i + 2 < room; i++) {
        out[2 * i] = digit[p[i] >> 4];
        out[2 * i + 1] = digit[p[i] & 15];
    }
    out[2 * i] = '\0';
}

/* What waits for p, last in first, goes to the front of what is resumed, first in first. */
static void take_waiting(struct cqlr__request *p)
{
    cqlr_client *cl = p->client;
    while (p->waiting) {
        struct cqlr__request *q = p->waiting;
        p->waiting = q->next;
        q->next = cl->resumed;
        cl->resumed = q;
    }
}

static struct cqlr__request *next_resumed(cqlr_client *cl)
{
    struct cqlr__request *q = cl->resumed;
    if (q)
        cl->resumed = q->next;
    return q;
}

/* Any of the callbacks may free the client, or the statement when it was the last that waited. */
static void fail_resumed(cqlr_client *cl, int rc, const struct cqlr_err *err)
{
    struct cqlr__request *q;
    while ((q = next_resumed(cl)) != NULL)
        cqlr__request_fail(q, rc, err);
}

/* The second EXECUTE: 0, or why it was not sent. */
static int send_again(struct cqlr__request *q, struct cqlr_err *err)
{
    cqlr_client *cl = q->client;
    int rc;
    if (!q->on->conn)
        return cqlr__err_set(err, CQLR_E_CLOSED, "connection closed by this side");
    if (q->deadline <= cqlr__client_now(cl)) /* the server has refused the first one */
        return cqlr__err_set(err, CQLR_E_TIMEOUT,
                             "%s: the server had forgotten the statement, and preparing it again "
                             "took longer than %.3g s: not executed",
                             cqlr__pooled_peer(q->on), (double)q->timeout / 1e9);
    rc = cqlr__execute_send(q);
    if (rc < 0)
        *err = cl->err;
    return rc;
}

static void send_resumed(cqlr_client *cl)
{
    struct cqlr__request *q;
    while ((q = next_resumed(cl)) != NULL) {
        struct cqlr_err err;
        int rc = send_again(q, &err);
        if (rc < 0)
            cqlr__request_fail(q, rc, &err);
    }
}

void cqlr__resumed_close(cqlr_client *cl)
{
    struct cqlr_err err;
    (void)cqlr__err_set(&err, CQLR_E_CLOSED, "connection closed by this side");
    fail_resumed(cl, CQLR_E_CLOSED, &err);
}

/* Takes out of what waits for p those whose time is over; the next time that one's will be. */
static uint64_t take_expired(struct cqlr__request *p, uint64_t now, struct cqlr__request **expired)
{
    uint64_t next = CQLR_NEVER;
    struct cqlr__request **at = &p->waiting;
    while (*at) {
        struct cqlr__request *q = *at;
        if (q->deadline <= now) {
            *at = q->next;
            q->next = *expired;
            *expired = q;
            continue;
        }
        next = q->deadline < next ? q->deadline : next;
        at = &q->next;
    }
    return next;
}

static int expire_at(cqlr_client *cl, uint64_t deadline);

static void on_expiry(void *arg)
{
    cqlr_client *cl = arg;
    uint64_t next = CQLR_NEVER;
    cqlr__client_enter(cl);
    for (struct cqlr__request *p = cl->preparing; p; p = p->next) {
        uint64_t at = take_expired(p, cqlr_loop_now(cl->loop), &cl->resumed);
        next = at < next ? at : next;
    }
    (void)!expire_at(cl, next); /* the room is there: it has just fired */
    send_resumed(cl);           /* which finds all of them too late */
    cqlr__client_leave(cl);
}

static int expire_at(cqlr_client *cl, uint64_t deadline)
{
    if (deadline == CQLR_NEVER || (cl->expiry.slot && cl->expiry.at <= deadline))
        return 0;
    cl->expiry.fn = on_expiry;
    cl->expiry.arg = cl;
    if (cqlr_loop_timer_set(cl->loop, &cl->expiry, deadline) < 0)
        return cqlr__err_set(&cl->err, CQLR_E_NOMEM, "out of memory");
    return 0;
}

static struct cqlr__request *preparing(const cqlr_client *cl, const cqlr_prepared *ps,
                                       const struct cqlr__pooled *on)
{
    struct cqlr__request *p = cl->preparing;
    while (p && (p->prepared != ps || p->on != on))
        p = p->next;
    return p;
}

/* The PREPARE itself has the client's time. NULL with the reason in cl->err. */
static struct cqlr__request *prepare_again(cqlr_prepared *ps, struct cqlr__pooled *on)
{
    cqlr_client *cl = on->client;
    struct cqlr__request *p = cqlr__request_on(on, CQLR__REPREPARE, NULL, NULL);
    char id[33];
    if (!p)
        return NULL;
    hex(id, sizeof id, ps->id, ps->id_len); /* not the text: values may stand in it */
    cqlr__client_log(cl, CQLR_LOG_INFO,
                     "%s: the server has forgotten statement %s, preparing it again",
                     cqlr__pooled_peer(on), id);
    p->prepared = ps;
    if (cqlr__prepare_send(p, ps) < 0) {
        cqlr__request_put(p);
        return NULL;
    }
    ps->refs++; /* its owner may free it when nothing waits for it any more */
    p->next = cl->preparing;
    cl->preparing = p;
    return p;
}

/* On the connection that takes requests now, or else on its own, which may be replaced already. */
void cqlr__prepare_again(struct cqlr__request *q)
{
    cqlr_client *cl = q->client;
    struct cqlr__request *p = NULL;
    q->again = true;
    if (cl->current)
        q->on = cl->current;
    if (expire_at(cl, q->deadline) == 0) {
        p = preparing(cl, q->prepared, q->on);
        if (!p)
            p = prepare_again(q->prepared, q->on);
    }
    if (p) {
        q->next = p->waiting;
        p->waiting = q;
    } else {
        struct cqlr_err err = cl->err;
        cqlr__request_fail(q, err.code, &err);
    }
}

static bool same_id(const cqlr_prepared *ps, struct cqlr_bytes id)
{
    return id.n == ps->id_len && memcmp(id.p, ps->id, id.n) == 0;
}

bool cqlr__unprepared_other(const cqlr_prepared *ps, cqlr_reply *r)
{
    struct cqlr_error e;
    char asked[65], named[65];
    cqlr__reply_error(r, &e);
    if (same_id(ps, e.id))
        return false;
    hex(asked, sizeof asked, ps->id, ps->id_len);
    hex(named, sizeof named, e.id.p, e.id.n);
    r->rc = cqlr__err_set(&r->err, CQLR_E_STATE,
                          "%s: statement %s was executed, and the server says of %s that it is not "
                          "prepared",
                          r->peer, asked, named);
    return true;
}

static void check_id(const cqlr_prepared *ps, cqlr_reply *r)
{
    struct cqlr_bytes id = r->result.u.prepared.id;
    char was[65], is[65];
    if (same_id(ps, id))
        return;
    hex(was, sizeof was, ps->id, ps->id_len);
    hex(is, sizeof is, id.p, id.n);
    r->rc = cqlr__err_set(&r->err, CQLR_E_STATE,
                          "the statement has another id since it was prepared again (%s, before "
                          "%s): the schema has changed, prepare it anew",
                          is, was);
}

/* The second PREPARE has been answered: send what waited once more, or fail it with the reason. */
void cqlr__prepared_again(struct cqlr__request *p, cqlr_reply *r)
{
    cqlr_client *cl = p->client;
    struct cqlr__request **at = &cl->preparing;
    if (r->rc == 0)
        check_id(p->prepared, r);
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    take_waiting(p);
    cqlr_prepared_free(p->prepared);
    cqlr__request_put(p);
    if (r->rc < 0)
        fail_resumed(cl, r->rc, &r->err);
    else
        send_resumed(cl);
}

/*
 * The connections of a client: one that takes the requests, those that are being opened, and those
 * that were replaced and end with their last request.
 *
 * A connection counts when it is READY and its keyspace is set. What it tells goes to the attempt
 * it belongs to (open.c), or it was the current one and its loss is the client's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/client/internal.h"

#define MOST_REPLACED 3 /* that have not ended yet; until one has, none is replaced */

const char *cqlr__pooled_peer(const struct cqlr__pooled *p)
{
    return p->conn ? cqlr_conn_peer(p->conn) : "";
}

void cqlr__pooled_drop(struct cqlr__pooled *p)
{
    cqlr_conn *conn = p->conn;
    cqlr__detach(&p->attach);
    p->conn = NULL;
    cqlr_conn_close(conn); /* says goodbye, which freeing does not */
    cqlr_conn_free(conn);
}

void cqlr__pool_sweep(cqlr_client *cl)
{
    struct cqlr__pooled **at = &cl->pool;
    while (*at) {
        struct cqlr__pooled *p = *at;
        if (p->conn) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        cqlr__mem_free(cl->mem, p, sizeof *p);
    }
}

void cqlr__pooled_lose(struct cqlr__pooled *p, const struct cqlr_err *why)
{
    p->lost_for = why;
    cqlr_conn_close(p->conn);
    p->lost_for = NULL;
}

/* ---- what a connection tells ---- */

static void on_connect(void *arg)
{
    cqlr__opening_reached(arg);
}

/* The answer to USE. When the connection ended meanwhile, on_close goes on. */
static void on_keyspace(void *arg, cqlr_reply *r)
{
    struct cqlr__pooled *p = arg;
    struct cqlr_err why = *cqlr_reply_err(r);
    int rc = cqlr_reply_rc(r);
    if (rc == 0) {
        cqlr__opening_ready(p);
    } else if (rc == CQLR_E_SERVER || rc == CQLR_E_TIMEOUT) {
        cqlr__err_prefix(&why, "%s: USE \"%.100s\"", cqlr__pooled_peer(p), p->client->keyspace);
        cqlr__pooled_lose(p, &why);
    }
}

/* The name as it stands: within double quotes, which are doubled. */
static int use_keyspace(struct cqlr__pooled *p)
{
    cqlr_client *cl = p->client;
    struct cqlr_wr cql;
    int rc;
    cqlr_wr_init(&cql, cl->mem, 0);
    cqlr_wr_raw(&cql, "USE \"", 5);
    for (const char *c = cl->keyspace; *c; c++) {
        if (*c == '"')
            cqlr_wr_u8(&cql, '"');
        cqlr_wr_u8(&cql, (uint8_t)*c);
    }
    cqlr_wr_u8(&cql, '"');
    if (cql.rc)
        rc = cqlr__err_set(&cl->err, cql.rc, "out of memory");
    else
        rc = cqlr__query_on(p, (struct cqlr_str){(const char *)cql.p, cql.n}, on_keyspace, p);
    cqlr_wr_fini(&cql);
    return rc;
}

static void on_open(void *arg)
{
    struct cqlr__pooled *p = arg;
    cqlr_client *cl = p->client;
    const char *tls = cqlr_conn_tls(p->conn);
    cqlr__client_log(cl, CQLR_LOG_INFO, "%s: connected in %.1f ms%s%s", cqlr__pooled_peer(p),
                     (double)(cqlr_now() - p->since) / 1e6, *tls ? ", " : "", tls);
    if (!cl->keyspace) {
        cqlr__opening_ready(p);
    } else if (use_keyspace(p) < 0) {
        struct cqlr_err why = cl->err;
        cqlr__pooled_lose(p, &why);
    }
}

/* The current connection is gone. */
static void lost(cqlr_client *cl, const struct cqlr_err *why, uint64_t since)
{
    uint64_t now = cqlr__client_now(cl);
    cl->current = NULL;
    cl->err = *why;
    if (cl->opening.kind == CQLR__OPENING_REPLACE)
        cqlr__opening_drop(cl);
    cqlr__renew_lost(cl, now > since ? now - since : 0);
    cqlr__client_state(cl);
}

static void on_close(void *arg, int rc)
{
    struct cqlr__pooled *p = arg;
    cqlr_client *cl = p->client;
    struct cqlr_err why;
    (void)rc;
    if (!p->conn) /* dropped: nobody is told */
        return;
    why = p->lost_for ? *p->lost_for : *cqlr_conn_err(p->conn);
    if (cl->closing)
        cqlr__client_log(cl, CQLR_LOG_DEBUG, "%s: closed", cqlr__pooled_peer(p));
    else if (!p->opening)
        cqlr__client_log(cl, CQLR_LOG_WARNING, "connection lost: %s", why.text);
    cqlr__pooled_drop(p);
    if (p->opening)
        cqlr__opening_failed(p, &why);
    else if (p == cl->current)
        lost(cl, &why, p->since);
}

/* ---- opening ---- */

static int on_auth(void *arg, const struct cqlr_auth_step *step, struct cqlr_wr *token,
                   struct cqlr_err *err)
{
    const struct cqlr__pooled *p = arg;
    return p->client->o.on_auth(p->client->o.auth_arg, step, token, err);
}

static void set_options(struct cqlr_conn_opts *o, const cqlr_client *cl)
{
    cqlr_conn_opts_init(o, sizeof *o);
    o->mem = cl->mem;
    o->tls = cl->tls;
    o->max_frame = cl->o.max_frame;
    o->application_name = cl->application_name;
    o->application_version = cl->application_version;
    o->client_id = cl->client_id;
    o->throw_on_overload = cl->o.throw_on_overload;
    o->no_compact = cl->o.no_compact;
    o->compression = cl->o.compression;
    o->compress_from = cl->o.compress_from;
    o->username = cl->username;
    o->password = cl->password;
    o->plaintext_password = cl->o.plaintext_password;
    o->on_auth = cl->o.on_auth ? on_auth : NULL;
    o->connect_timeout = cl->o.connect_timeout;
    o->request_timeout = cl->o.request_timeout;
    o->heartbeat_interval = cl->o.heartbeat_interval;
    o->heartbeat_timeout = cl->o.heartbeat_timeout;
    o->on_connect = on_connect;
    o->on_open = on_open;
    o->on_close = on_close;
}

static struct cqlr__pooled *pooled_new(cqlr_client *cl, size_t addr)
{
    const struct cqlr_str host = cl->opening.addrs.list[addr].name;
    char name[256]; /* longer ones are no names, see addr.c */
    struct cqlr_conn_opts o;
    struct cqlr__pooled *p = cqlr__mem_get(cl->mem, sizeof *p);
    if (!p)
        return NULL;
    *p = (struct cqlr__pooled){.client = cl, .addr = addr, .opening = true, .since = cqlr_now()};
    set_options(&o, cl);
    snprintf(name, sizeof name, "%.*s", CQLR_STR(host));
    o.tls_name = host.n ? name : NULL;
    o.arg = p;
    p->conn = cqlr_conn_new(&o);
    if (!p->conn) {
        cqlr__mem_free(cl->mem, p, sizeof *p);
        return NULL;
    }
    p->next = cl->pool;
    cl->pool = p;
    return p;
}

struct cqlr__pooled *cqlr__pooled_open(cqlr_client *cl, size_t addr, struct cqlr_err *err)
{
    const struct cqlr__addr *a = &cl->opening.addrs.list[addr];
    struct cqlr__pooled *p = pooled_new(cl, addr);
    int rc;
    if (!p) {
        (void)cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
        return NULL;
    }
    rc = cqlr_conn_open(p->conn, (const struct sockaddr *)&a->sa, a->len, p->since);
    if (rc < 0)
        *err = *cqlr_conn_err(p->conn);
    else if ((rc = cqlr__attach(&p->attach, p)) < 0)
        (void)cqlr__err_set(err, rc, "cannot watch the connection: %s", strerror(errno));
    if (rc == 0)
        return p;
    cqlr__pooled_drop(p);
    return NULL;
}

/* ---- in use ---- */

unsigned cqlr__pool_replaced(const cqlr_client *cl)
{
    unsigned n = 0;
    for (const struct cqlr__pooled *p = cl->pool; p; p = p->next)
        n += p->conn && !p->opening && p != cl->current;
    return n;
}

void cqlr__pooled_use(struct cqlr__pooled *p)
{
    cqlr_client *cl = p->client;
    struct cqlr__pooled *before = cl->current;
    p->opening = false;
    p->since = cqlr__client_now(cl);
    cl->current = p;
    if (before)
        cqlr__pooled_look(before);
}

void cqlr__pooled_look(struct cqlr__pooled *p)
{
    cqlr_client *cl = p->client;
    if (!p->conn || p->opening)
        return;
    if (p != cl->current) {
        if (cqlr_conn_in_flight(p->conn))
            return;
        cqlr__client_log(cl, CQLR_LOG_DEBUG, "%s: closed, with %u requests that were not answered",
                         cqlr__pooled_peer(p), cqlr_conn_orphans(p->conn));
        cqlr__pooled_drop(p);
    } else if (cl->o.max_orphans && cqlr_conn_orphans(p->conn) >= cl->o.max_orphans &&
               cqlr__pool_replaced(cl) < MOST_REPLACED) {
        cqlr__renew_replace(cl);
    }
}

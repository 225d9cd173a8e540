/*
 * ping.c - the life of one connection: connect → handshake → (OPTIONS → query → wait) × rounds.
 *
 * It knows no loop: cmd_ping.c polls. The first failure ends it and stays.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cqlraw/loop.h>

#include "ping.h"

#define VERSION_CQL "SELECT release_version FROM system.local WHERE key='local'"

static void send_request(struct ping *p, uint8_t opcode);

__attribute__((format(printf, 2, 3))) static void fail(struct ping *p, const char *fmt, ...)
{
    va_list ap;
    if (p->state == PING_DONE)
        return;
    p->state = PING_DONE;
    va_start(ap, fmt);
    vsnprintf(p->error, sizeof p->error, fmt, ap);
    va_end(ap);
    if (p->conn)
        cqlr_conn_close(p->conn);
}

/* The connection's own words, without the name in front that stands before them anyway. */
static void fail_with(struct ping *p, const struct cqlr_err *err)
{
    char room[CLIENT_ERROR];
    const char *text = client_error(err, room);
    size_t n = strlen(p->name);
    bool named = n && strncmp(text, p->name, n) == 0 && strncmp(text + n, ": ", 2) == 0;
    fail(p, "%s", named ? text + n + 2 : text);
}

/* ---- answers ---- */

static void add_time(struct ping_times *t, const struct ping_plan *plan, uint64_t ns)
{
    if (t->n < plan->rounds)
        t->ns[t->n++] = ns;
}

static void take_version(struct ping *p, const struct cqlr_event *ev)
{
    struct cqlr_err err = {0};
    struct cqlr_result m;
    struct cqlr_value cell = {NULL, CQLR_NULL};
    struct cqlr_rd rd;
    cqlr_rd_init(&rd, ev->body.p, ev->body.n, &err);
    int rc = cqlr_result_read(&rd, NULL, &m);
    if (rc < 0) {
        fail(p, "query: RESULT %s", err.text);
        return;
    }
    if (m.kind == CQLR_RESULT_ROWS && m.u.rows.spec.count == 1 &&
        cqlr_rows_next(&m.u.rows, &cell) == 1 && cell.n > 0)
        snprintf(p->version, sizeof p->version, "%.*s", (int)cell.n, (const char *)cell.p);
}

/* An ERROR answers: without --query the version is not known then, which is no failure. */
static void refused(struct ping *p, const struct cqlr_event *ev)
{
    struct cqlr_err err = {0};
    struct cqlr_error m;
    struct cqlr_rd rd;
    struct cqlr_wr w;
    if (p->opcode == CQLR_OP_QUERY && !p->plan->query)
        return;
    cqlr_rd_init(&rd, ev->body.p, ev->body.n, &err);
    if (cqlr_error_read(&rd, &m) < 0) {
        fail(p, "%s: ERROR %s", cqlr_opcode_name(p->opcode), err.text);
        return;
    }
    cqlr_wr_init(&w, NULL, 0);
    cqlr_error_print(&w, &m);
    fail(p, "%s: %.*s", cqlr_opcode_name(p->opcode), (int)w.n, w.p ? (const char *)w.p : "");
    cqlr_wr_fini(&w);
}

static void take_answer(struct ping *p, const struct cqlr_event *ev)
{
    bool is_options = p->opcode == CQLR_OP_OPTIONS;
    if (ev->opcode == CQLR_OP_ERROR)
        refused(p, ev);
    else if (ev->opcode != (is_options ? CQLR_OP_SUPPORTED : CQLR_OP_RESULT))
        fail(p, "%s: unexpected answer, opcode 0x%02X", cqlr_opcode_name(p->opcode), ev->opcode);
    else if (!is_options)
        take_version(p, ev);
}

static void on_reply(void *arg, int rc, const struct cqlr_event *ev)
{
    struct ping *p = arg;
    bool is_options = p->opcode == CQLR_OP_OPTIONS;
    uint64_t took = cqlr_now() - p->sent;
    if (rc < 0) {
        if (rc == CQLR_E_TIMEOUT)
            fail(p, "%s: timed out after %llu ms", cqlr_opcode_name(p->opcode),
                 (unsigned long long)(p->plan->conn.request_timeout / 1000000));
        return; /* else on_close follows */
    }
    take_answer(p, ev);
    if (p->state == PING_DONE)
        return;
    add_time(is_options ? &p->options : &p->query, p->plan, took);
    if (is_options && (p->plan->query || p->options.n == 1))
        send_request(p, CQLR_OP_QUERY);
    else
        p->state = p->options.n < p->plan->rounds ? PING_WAITING : PING_DONE;
}

/* ---- requests ---- */

static void send_request(struct ping *p, uint8_t opcode)
{
    const struct cqlr_query q = {.cql = cqlr_cstr(VERSION_CQL),
                                 .params = {.consistency = CQLR_CL_ONE}};
    struct cqlr_wr *w = cqlr_conn_begin(p->conn);
    int rc = !w ? CQLR_E_NOMEM : opcode == CQLR_OP_QUERY ? cqlr_query_write(w, &q) : 0;
    p->opcode = opcode;
    p->state = PING_BUSY;
    p->sent = cqlr_now();
    if (rc == 0)
        rc = cqlr_conn_submit(p->conn, opcode, 0, 0, on_reply, p, p->sent);
    else if (w)
        cqlr_conn_drop(p->conn);
    if (rc < 0)
        fail(p, "%s: %s", cqlr_opcode_name(opcode), cqlr_errcode_text(rc));
    else
        cqlr_conn_flush(p->conn);
}

static void begin_round(struct ping *p, uint64_t now)
{
    p->round = now;
    send_request(p, CQLR_OP_OPTIONS);
}

/* ---- the connection ---- */

static void on_open(void *arg)
{
    struct ping *p = arg;
    uint64_t now = cqlr_now();
    p->hello = now - p->opened - p->connect;
    begin_round(p, now);
}

static void on_close(void *arg, int rc)
{
    struct ping *p = arg;
    (void)rc;
    fail_with(p, cqlr_conn_err(p->conn));
}

int ping_init(struct ping *p, const struct ping_plan *plan, const struct sockaddr *addr,
              socklen_t n, const struct cqlr_err *err)
{
    struct cqlr_conn_opts o = plan->conn;
    *p = (struct ping){.plan = plan, .state = PING_CONNECTING};
    p->options.ns = calloc(plan->rounds, sizeof *p->options.ns);
    p->query.ns = calloc(plan->rounds, sizeof *p->query.ns);
    if (!addr) {
        const char *why = strstr(err->text, ": ");
        size_t name = why ? (size_t)(why - err->text) : 0;
        snprintf(p->name, sizeof p->name, "%.*s", (int)name, err->text);
        fail_with(p, err);
    }
    o.on_open = on_open;
    o.on_close = on_close;
    o.arg = p;
    p->conn = addr ? cqlr_conn_new(&o) : NULL;
    if (!p->options.ns || !p->query.ns || n > sizeof p->addr || (addr && !p->conn))
        return CQLR_E_NOMEM;
    if (addr)
        memcpy(&p->addr, addr, n);
    p->addr_n = n;
    return 0;
}

void ping_start(struct ping *p)
{
    if (p->state == PING_DONE)
        return;
    p->opened = cqlr_now();
    int rc = cqlr_conn_open(p->conn, (const struct sockaddr *)&p->addr, p->addr_n, p->opened);
    snprintf(p->name, sizeof p->name, "%s", cqlr_conn_peer(p->conn));
    if (rc < 0)
        fail_with(p, cqlr_conn_err(p->conn));
}

void ping_fini(struct ping *p)
{
    p->state = PING_DONE; /* closing is no failure now */
    cqlr_conn_free(p->conn);
    free(p->options.ns);
    free(p->query.ns);
}

uint64_t ping_deadline(const struct ping *p)
{
    uint64_t round = p->state == PING_WAITING ? p->round + p->plan->interval : CQLR_NEVER;
    uint64_t conn = p->state == PING_DONE ? CQLR_NEVER : cqlr_conn_deadline(p->conn);
    return round < conn ? round : conn;
}

void ping_time(struct ping *p, uint64_t now)
{
    if (p->state == PING_DONE)
        return;
    if (p->state == PING_WAITING && now >= p->round + p->plan->interval)
        begin_round(p, now);
    if (p->state != PING_DONE && now >= cqlr_conn_deadline(p->conn))
        cqlr_conn_time(p->conn, now);
}

void ping_ready(struct ping *p, unsigned events, uint64_t now)
{
    if (p->state == PING_CONNECTING && p->connect == 0)
        p->connect = now - p->opened; /* the first that is heard of it: connected, or refused */
    cqlr_conn_ready(p->conn, events, now);
}

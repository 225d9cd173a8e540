/*
 * conn.c - the life of a connection, and its requests: each gets its one callback, by its answer,
 * by its deadline, or by the end of the connection.
 */
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/conn/internal.h"

#define SECOND UINT64_C(1000000000)

/* ---- making and freeing ---- */

static void copy_opts(struct cqlr_conn_opts *to, const struct cqlr_conn_opts *from, size_t size)
{
    memcpy(to, from, size < sizeof *to ? size : sizeof *to);
}

void cqlr_conn_opts_init(struct cqlr_conn_opts *o, size_t size)
{
    struct cqlr_link_opts link;
    cqlr_link_opts_init(&link, sizeof link);
    const struct cqlr_conn_opts full = {
        .size = size,
        .max_frame = CQLR_FRAME_MAX,
        .connect_timeout = 5 * SECOND,
        .request_timeout = 10 * SECOND,
        .heartbeat_interval = 10 * SECOND,
        .heartbeat_timeout = 5 * SECOND,
        .compress_from = link.compress_from,
    };
    memset(o, 0, size);
    copy_opts(o, &full, size);
}

static cqlr_link *new_link(const struct cqlr_conn_opts *o)
{
    struct cqlr_link_opts lo;
    cqlr_link_opts_init(&lo, sizeof lo);
    lo.mem = o->mem;
    lo.max_frame = o->max_frame;
    lo.application_name = o->application_name;
    lo.application_version = o->application_version;
    lo.username = o->username;
    lo.password = o->password;
    lo.auth_events = true;
    lo.client_id = o->client_id;
    lo.throw_on_overload = o->throw_on_overload;
    lo.no_compact = o->no_compact;
    lo.compression = o->compression;
    lo.compress_from = o->compress_from;
    return cqlr_link_new(&lo);
}

static int init_transport(struct cqlr_conn *c, const char *tls_name)
{
    if (c->opts.tls)
        return cqlr__io_tls_init(&c->io, c->opts.tls, tls_name, c->mem);
    cqlr__io_plain_init(&c->io);
    return 0;
}

static void destroy(struct cqlr_conn *c)
{
    c->io.fn->close(&c->io);
    cqlr__reqs_fini(&c->reqs);
    cqlr_link_free(c->link);
    cqlr__mem_free(c->mem, c, sizeof *c);
}

cqlr_conn *cqlr_conn_new(const struct cqlr_conn_opts *opts)
{
    struct cqlr_conn_opts o;
    cqlr_conn_opts_init(&o, sizeof o);
    copy_opts(&o, opts, opts->size);
    const struct cqlr_mem *mem = cqlr__mem(o.mem);
    struct cqlr_conn *c = cqlr__mem_get(mem, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct cqlr_conn){.mem = mem, .opts = o, .link = new_link(&o)};
    if (!c->link) {
        cqlr__mem_free(mem, c, sizeof *c);
        return NULL;
    }
    /* Were borrowed until now, or are the link's to look at. */
    c->opts.application_name = c->opts.application_version = c->opts.client_id = NULL;
    c->has_password = o.username && o.password;
    c->opts.username = c->opts.password = NULL;
    c->opts.tls_name = NULL;
    cqlr__reqs_init(&c->reqs, mem);
    if (init_transport(c, o.tls_name) == 0)
        return c;
    destroy(c);
    return NULL;
}

static void enter(struct cqlr_conn *c)
{
    c->depth++;
}

static void leave(struct cqlr_conn *c)
{
    if (c->depth == 1 && c->flush_soon)
        cqlr__conn_io_flush(c);
    if (--c->depth > 0)
        return;
    if (c->state == CQLR__CONN_ENDED)
        c->io.fn->close(&c->io);
    if (c->doomed)
        destroy(c);
}

/* ---- the end ---- */

/* Tells everybody who was not told yet. A callback may free the connection, which comes here again
 * and tells the rest: nothing is called after cqlr_conn_free has returned. */
static void tell_the_end(struct cqlr_conn *c)
{
    uint32_t slot;
    while ((slot = cqlr__reqs_first(&c->reqs)) != 0) {
        struct cqlr__req r = cqlr__reqs_take(&c->reqs, slot);
        r.fn(r.arg, c->end_code, NULL);
    }
    if (c->told)
        return;
    c->told = true;
    if (c->opts.on_close)
        c->opts.on_close(c->opts.arg, c->end_code);
}

void cqlr__conn_fail(struct cqlr_conn *c)
{
    cqlr__err_prefix(&c->err, "%s", c->peer);
    c->state = CQLR__CONN_ENDED;
    c->end_code = c->err.code;
    tell_the_end(c);
}

static void end(struct cqlr_conn *c)
{
    enter(c);
    cqlr__err_set(&c->err, CQLR_E_CLOSED, "connection closed by this side");
    cqlr__conn_fail(c);
    leave(c);
}

void cqlr_conn_close(cqlr_conn *c)
{
    if (!cqlr__conn_alive(c))
        return;
    c->io.fn->bye(&c->io);
    end(c);
}

void cqlr_conn_free(cqlr_conn *c)
{
    if (!c)
        return;
    enter(c);
    if (cqlr__conn_alive(c)) /* nothing is sent: this may be a forked child */
        end(c);
    if (c->state == CQLR__CONN_ENDED)
        tell_the_end(c);
    c->doomed = true;
    leave(c);
}

/* ---- the host's side ---- */

int cqlr_conn_open(cqlr_conn *c, const struct sockaddr *addr, socklen_t n, uint64_t now)
{
    if (c->state != CQLR__CONN_NEW)
        return cqlr__err_set(&c->err, CQLR_E_STATE, "a connection is opened once");
    cqlr__addr_print(addr, n, c->peer);
    c->local = cqlr__addr_is_local(addr, n);
    int rc = c->io.fn->open(&c->io, addr, n, &c->err);
    if (rc) {
        cqlr__err_prefix(&c->err, "%s", c->peer);
        c->state = CQLR__CONN_ENDED;
        c->told = true;
        return rc;
    }
    c->state = CQLR__CONN_CONNECTING;
    c->connect_deadline = cqlr__conn_after(now, c->opts.connect_timeout);
    return 0;
}

int cqlr_conn_fd(const cqlr_conn *c)
{
    return c->io.fd;
}

unsigned cqlr_conn_wants(const cqlr_conn *c)
{
    if (!cqlr__conn_alive(c))
        return 0;
    if (c->state == CQLR__CONN_CONNECTING)
        return c->io.wants;
    return CQLR_READ | (c->blocked || c->io.holds_out ? c->io.wants : 0);
}

uint64_t cqlr_conn_deadline(const cqlr_conn *c)
{
    if (!cqlr__conn_alive(c))
        return CQLR_NEVER;
    if (c->state != CQLR__CONN_OPEN)
        return c->connect_deadline;
    uint32_t slot = cqlr__reqs_first(&c->reqs);
    uint64_t request = slot ? c->reqs.v[slot].deadline : CQLR_NEVER;
    uint64_t heartbeat = cqlr__heartbeat_deadline(c);
    return request < heartbeat ? request : heartbeat;
}

void cqlr_conn_ready(cqlr_conn *c, unsigned events, uint64_t now)
{
    if (c->depth > 0)
        return;
    c->now = now;
    enter(c);
    cqlr__conn_io_ready(c, events);
    leave(c);
}

void cqlr_conn_flush(cqlr_conn *c)
{
    c->flush_soon = true;
    enter(c);
    leave(c);
}

static void not_connected_in_time(struct cqlr_conn *c)
{
    const char *what = "handshake";
    if (c->state == CQLR__CONN_CONNECTING)
        what = c->reached ? "TLS handshake" : "connect";
    cqlr__err_set(&c->err, CQLR_E_CONNECT, "%s: timed out after %llu ms", what,
                  (unsigned long long)(c->opts.connect_timeout / (SECOND / 1000)));
    cqlr__conn_fail(c);
}

/* No more than were out at first: a callback may submit again. */
static void requests_not_answered_in_time(struct cqlr_conn *c, uint64_t now)
{
    for (unsigned left = c->reqs.n; left > 0 && cqlr__conn_alive(c); left--) {
        uint32_t slot = cqlr__reqs_first(&c->reqs);
        if (!slot || c->reqs.v[slot].deadline > now)
            break;
        struct cqlr__req r = cqlr__reqs_take(&c->reqs, slot);
        cqlr_link_forget(c->link, r.stream);
        r.fn(r.arg, CQLR_E_TIMEOUT, NULL);
    }
}

void cqlr_conn_time(cqlr_conn *c, uint64_t now)
{
    if (c->depth > 0 || !cqlr__conn_alive(c))
        return;
    c->now = now;
    enter(c);
    if (c->state != CQLR__CONN_OPEN) {
        if (now >= c->connect_deadline)
            not_connected_in_time(c);
    } else {
        requests_not_answered_in_time(c, now);
        if (cqlr__conn_alive(c))
            cqlr__heartbeat_time(c);
    }
    leave(c);
}

/* ---- requests ---- */

struct cqlr_wr *cqlr_conn_begin(cqlr_conn *c)
{
    return c->state == CQLR__CONN_ENDED ? NULL : cqlr_link_begin(c->link);
}

void cqlr_conn_drop(cqlr_conn *c)
{
    cqlr_link_drop(c->link);
}

int cqlr_conn_submit(cqlr_conn *c, uint8_t opcode, uint8_t flags, uint64_t timeout,
                     cqlr_conn_reply_fn *fn, void *arg, uint64_t now)
{
    uint32_t slot = c->state == CQLR__CONN_OPEN ? cqlr__reqs_slot(&c->reqs) : 0;
    if (!slot) {
        cqlr_link_drop(c->link);
        return c->state == CQLR__CONN_OPEN ? CQLR_E_NOMEM : CQLR_E_STATE;
    }
    int stream = cqlr_link_request(c->link, opcode, flags, (void *)(uintptr_t)slot);
    if (stream < 0)
        return stream;
    if (timeout == 0)
        timeout = c->opts.request_timeout;
    const struct cqlr__req req = {
        .fn = fn,
        .arg = arg,
        .deadline = cqlr__conn_after(now, timeout),
        .stream = (int16_t)stream,
    };
    cqlr__reqs_push(&c->reqs, &req, timeout == c->opts.request_timeout);
    return 0;
}

void cqlr__conn_event(struct cqlr_conn *c, const struct cqlr_event *ev)
{
    if (ev->kind == CQLR_EV_REPLY) {
        struct cqlr__req r = cqlr__reqs_take(&c->reqs, (uint32_t)(uintptr_t)ev->tag);
        r.fn(r.arg, 0, ev);
    } else if (ev->kind == CQLR_EV_AUTH) {
        cqlr__conn_authenticate(c, ev->auth);
    } else if (ev->kind == CQLR_EV_OPEN) {
        c->state = CQLR__CONN_OPEN;
        if (c->opts.on_open)
            c->opts.on_open(c->opts.arg);
    } else if (c->opts.on_push) {
        c->opts.on_push(c->opts.arg, ev);
    }
}

unsigned cqlr_conn_in_flight(const cqlr_conn *c)
{
    return c->reqs.n;
}

unsigned cqlr_conn_orphans(const cqlr_conn *c)
{
    return cqlr_link_orphans(c->link);
}

const struct cqlr_err *cqlr_conn_err(const cqlr_conn *c)
{
    return &c->err;
}

const char *cqlr_conn_tls(const cqlr_conn *c)
{
    return c->io.secured ? c->io.secured : "";
}

const char *cqlr_conn_peer(const cqlr_conn *c)
{
    return c->peer;
}

/*
 * conn_help.h - both ends of a connection in one process: the host's side, whose clock is a number,
 * and a server that is played with raw bytes. What was called is noted as one line of text.
 */
#ifndef CQLRAW_TESTS_CONN_HELP_H
#define CQLRAW_TESTS_CONN_HELP_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cqlraw/conn.h>

#include "tests/unit/link_help.h"

#define SECOND UINT64_C(1000000000)

struct host {
    cqlr_conn *c;
    int listener;
    int server; /* the server's end */
    uint64_t now;
    struct sockaddr_in addr;
    struct cqlr_conn_opts o;
    char log[20000]; /* what was called */
    char peer[40];

    void (*then)(struct host *h); /* run inside the next callback, once */
};

struct req {
    struct host *h;
    int number;
};
static struct req reqs[40000];

static inline void note(struct host *h, const char *fmt, ...)
{
    size_t n = strlen(h->log);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(h->log + n, sizeof h->log - n, fmt, ap);
    va_end(ap);
}

static inline void run_then(struct host *h)
{
    void (*then)(struct host *) = h->then;
    h->then = NULL;
    if (then)
        then(h);
}

static inline void on_connect(void *arg)
{
    struct host *h = arg;
    note(h, "connect ");
    run_then(h);
}

static inline void on_open(void *arg)
{
    struct host *h = arg;
    note(h, "open ");
    run_then(h);
}

static inline void on_close(void *arg, int rc)
{
    struct host *h = arg;
    note(h, "close:%s ", cqlr_errcode_name(rc));
    run_then(h);
}

static inline void on_push(void *arg, const struct cqlr_event *ev)
{
    struct host *h = arg;
    note(h, "push:%zu ", ev->body.n);
    run_then(h);
}

static inline void on_reply(void *arg, int rc, const struct cqlr_event *ev)
{
    struct req *r = arg;
    assert_int_equal(rc == 0, ev != NULL);
    if (rc == 0)
        note(r->h, "%d:%s ", r->number, cqlr_opcode_name(ev->opcode));
    else
        note(r->h, "%d:%s ", r->number, cqlr_errcode_name(rc));
    run_then(r->h);
    if (ev && ev->body.n) /* the views are good until here, even when the connection was freed */
        note(r->h, "%s", ev->body.p[ev->body.n - 1] ? "" : "?");
}

/* ---- the host's side ---- */

static inline void host_init(struct host *h)
{
    socklen_t n = sizeof h->addr;
    memset(h, 0, sizeof *h);
    h->server = -1;
    h->now = 1000 * SECOND;
    h->addr.sin_family = AF_INET;
    h->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(h->listener >= 0);
    assert_int_equal(bind(h->listener, (struct sockaddr *)&h->addr, n), 0);
    assert_int_equal(listen(h->listener, 8), 0);
    assert_int_equal(getsockname(h->listener, (struct sockaddr *)&h->addr, &n), 0);
    snprintf(h->peer, sizeof h->peer, "127.0.0.1:%u: ", ntohs(h->addr.sin_port));
    cqlr_conn_opts_init(&h->o, sizeof h->o);
    h->o.on_open = on_open;
    h->o.on_close = on_close;
    h->o.on_push = on_push;
    h->o.arg = h;
    h->o.heartbeat_interval = CQLR_NEVER; /* what is sent is what the test sends */
}

static inline void host_fini(struct host *h)
{
    cqlr_conn_free(h->c);
    if (h->server >= 0)
        close(h->server);
    close(h->listener);
}

static inline void log_is(struct host *h, const char *expected)
{
    assert_string_equal(h->log, expected);
    h->log[0] = '\0';
}

static inline void err_is(struct host *h, int code, const char *text)
{
    const struct cqlr_err *err = cqlr_conn_err(h->c);
    char expected[200];
    snprintf(expected, sizeof expected, "%s%s", h->peer, text);
    assert_int_equal(err->code, code);
    assert_string_equal(err->text, expected);
}

/* Waits up to `ms` for the descriptor, then serves it. False when it was not ready. */
static inline bool serve(struct host *h, int ms)
{
    unsigned wants = cqlr_conn_wants(h->c);
    struct pollfd p = {.fd = cqlr_conn_fd(h->c)};
    p.events = (short)((wants & CQLR_READ ? POLLIN : 0) | (wants & CQLR_WRITE ? POLLOUT : 0));
    if (p.fd < 0 || poll(&p, 1, ms) != 1)
        return false;
    cqlr_conn_ready(h->c,
                    (p.revents & POLLIN ? CQLR_READ : 0u) |
                        (p.revents & POLLOUT ? CQLR_WRITE : 0u) |
                        (p.revents & (POLLHUP | POLLERR) ? CQLR_HANGUP : 0u),
                    h->now);
    return true;
}

static inline void open_conn(struct host *h)
{
    h->c = cqlr_conn_new(&h->o);
    assert_non_null(h->c);
    assert_int_equal(cqlr_conn_fd(h->c), -1);
    assert_int_equal(cqlr_conn_open(h->c, (struct sockaddr *)&h->addr, sizeof h->addr, h->now), 0);
    assert_true(cqlr_conn_fd(h->c) >= 0);
}

/* Submits OPTIONS with a time of its own (0: the usual), without a flush. */
static inline int submit_for(struct host *h, int number, uint64_t timeout)
{
    reqs[number] = (struct req){h, number};
    assert_non_null(cqlr_conn_begin(h->c));
    return cqlr_conn_submit(h->c, CQLR_OP_OPTIONS, 0, timeout, on_reply, &reqs[number], h->now);
}

static inline int submit(struct host *h, int number)
{
    return submit_for(h, number, 0);
}

static inline void submit_flush(struct host *h, int from, int to)
{
    for (int i = from; i <= to; i++)
        assert_int_equal(submit(h, i), 0);
    cqlr_conn_flush(h->c);
}

/* ---- the server's side ---- */

static inline void server_accept(struct host *h)
{
    const int one = 1;
    struct pollfd p = {.fd = h->listener, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    h->server = accept(h->listener, NULL, NULL); /* blocking */
    assert_true(h->server >= 0);
    assert_int_equal(setsockopt(h->server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
}

static inline void server_read(struct host *h, void *p, size_t n)
{
    assert_int_equal(recv(h->server, p, n, MSG_WAITALL), n);
}

/* Reads one request; its stream. */
static inline int server_request(struct host *h)
{
    uint8_t header[CQLR_FRAME_HEADER];
    uint8_t body[1000];
    struct cqlr_frame f;
    server_read(h, header, sizeof header);
    cqlr_frame_read(header, &f);
    assert_true(f.length <= sizeof body);
    if (f.length)
        server_read(h, body, f.length);
    return f.stream;
}

static inline void server_write(struct host *h, const void *p, size_t n)
{
    assert_int_equal(send(h->server, p, n, MSG_NOSIGNAL), n);
}

static inline void server_reply(struct host *h, int stream, uint8_t opcode, const char *body)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    put_frame(&w, RESPONSE4, 0, stream, opcode, body, strlen(body));
    server_write(h, w.p, w.n);
    cqlr_wr_fini(&w);
}

static inline void server_close(struct host *h)
{
    close(h->server);
    h->server = -1;
}

/* The end of the server's bytes, then of the connection, is a reset. */
static inline void server_reset(struct host *h)
{
    const struct linger at_once = {1, 0};
    assert_int_equal(setsockopt(h->server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    server_close(h);
}

/* A connection that is open. */
static inline void open_all(struct host *h)
{
    open_conn(h);
    server_accept(h);
    assert_true(serve(h, 10000));
    assert_int_equal(server_request(h), 0);
    server_reply(h, 0, CQLR_OP_READY, "");
    assert_true(serve(h, 10000));
    log_is(h, "open ");
}

#endif

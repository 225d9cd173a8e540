/*
 * test_conn.c - a connection's promise: every request that was submitted has exactly one callback, whatever the server, the clock, and the callbacks themselves do.
 *
 * Both ends live in this process: the test plays the server with raw bytes, and time is a number that it moves.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cqlraw/conn.h>

#include "src/conn/internal.h"
#include "src/net/sock.h"
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

static void note(struct host *h, const char *fmt, ...)
{
    size_t n = strlen(h->log);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(h->log + n, sizeof h->log - n, fmt, ap);
    va_end(ap);
}

static void run_then(struct host *h)
{
    void (*then)(struct host *) = h->then;
    h->then = NULL;
    if (then)
        then(h);
}

static void on_open(void *arg)
{
    struct host *h = arg;
    note(h, "open ");
    run_then(h);
}

static void on_close(void *arg, int rc)
{
    struct host *h = arg;
    note(h, "close:%s ", cqlr_errcode_name(rc));
    run_then(h);
}

static void on_push(void *arg, const struct cqlr_event *ev)
{
    struct host *h = arg;
    note(h, "push:%zu ", ev->body.n);
    run_then(h);
}

static void on_reply(void *arg, int rc, const struct cqlr_event *ev)
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

static void host_init(struct host *h)
{
    struct cqlr_err err;
    socklen_t n = sizeof h->addr;
    memset(h, 0, sizeof *h);
    h->server = -1;
    h->now = 1000 * SECOND;
    h->addr.sin_family = AF_INET;
    h->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h->listener = cqlr__sock_listen((struct sockaddr *)&h->addr, sizeof h->addr, 8, &err);
    assert_true(h->listener >= 0);
    assert_int_equal(getsockname(h->listener, (struct sockaddr *)&h->addr, &n), 0);
    snprintf(h->peer, sizeof h->peer, "127.0.0.1:%u: ", ntohs(h->addr.sin_port));
    cqlr_conn_opts_init(&h->o, sizeof h->o);
    h->o.on_open = on_open;
    h->o.on_close = on_close;
    h->o.on_push = on_push;
    h->o.arg = h;
}

static void host_fini(struct host *h)
{
    cqlr_conn_free(h->c);
    if (h->server >= 0)
        close(h->server);
    close(h->listener);
}

static void log_is(struct host *h, const char *expected)
{
    assert_string_equal(h->log, expected);
    h->log[0] = '\0';
}

static void err_is(struct host *h, int code, const char *text)
{
    const struct cqlr_err *err = cqlr_conn_err(h->c);
    char expected[200];
    snprintf(expected, sizeof expected, "%s%s", h->peer, text);
    assert_int_equal(err->code, code);
    assert_string_equal(err->text, expected);
}

/* Waits up to `ms` for the descriptor, then serves it. False when it was not ready. */
static bool serve(struct host *h, int ms)
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

static void open_conn(struct host *h)
{
    h->c = cqlr_conn_new(&h->o);
    assert_non_null(h->c);
    assert_int_equal(cqlr_conn_fd(h->c), -1);
    assert_int_equal(cqlr_conn_open(h->c, (struct sockaddr *)&h->addr, sizeof h->addr, h->now), 0);
    assert_true(cqlr_conn_fd(h->c) >= 0);
}

/* Submits OPTIONS without a flush. */
static int submit(struct host *h, int number)
{
    reqs[number] = (struct req){h, number};
    assert_non_null(cqlr_conn_begin(h->c));
    return cqlr_conn_submit(h->c, CQLR_OP_OPTIONS, 0, on_reply, &reqs[number], h->now);
}

static void submit_flush(struct host *h, int from, int to)
{
    for (int i = from; i <= to; i++)
        assert_int_equal(submit(h, i), 0);
    cqlr_conn_flush(h->c);
}

/* ---- the server's side ---- */

static void server_accept(struct host *h)
{
    const int one = 1;
    struct pollfd p = {.fd = h->listener, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    h->server = accept(h->listener, NULL, NULL); /* blocking */
    assert_true(h->server >= 0);
    assert_int_equal(setsockopt(h->server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
}

static void server_read(struct host *h, void *p, size_t n)
{
    assert_int_equal(recv(h->server, p, n, MSG_WAITALL), n);
}

/* Reads one request; its stream. */
static int server_request(struct host *h)
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

static void server_write(struct host *h, const void *p, size_t n)
{
    assert_int_equal(send(h->server, p, n, MSG_NOSIGNAL), n);
}

static void server_reply(struct host *h, int stream, uint8_t opcode, const char *body)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    put_frame(&w, RESPONSE4, 0, stream, opcode, body, strlen(body));
    server_write(h, w.p, w.n);
    cqlr_wr_fini(&w);
}

static void server_close(struct host *h)
{
    close(h->server);
    h->server = -1;
}

/* The end of the server's bytes, then of the connection, is a reset. */
static void server_reset(struct host *h)
{
    const struct linger at_once = {1, 0};
    assert_int_equal(setsockopt(h->server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    server_close(h);
}

/* A connection that is open. */
static void open_all(struct host *h)
{
    open_conn(h);
    server_accept(h);
    assert_true(serve(h, 10000));
    assert_int_equal(server_request(h), 0);
    server_reply(h, 0, CQLR_OP_READY, "");
    assert_true(serve(h, 10000));
    log_is(h, "open ");
}

/* ---- life ---- */

static void opens_asks_and_answers(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_conn(&h);
    assert_int_equal(cqlr_conn_wants(h.c), CQLR_WRITE);
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + 5 * SECOND);
    assert_int_equal(submit(&h, 1), CQLR_E_STATE);
    server_accept(&h);
    assert_true(serve(&h, 10000));
    assert_int_equal(cqlr_conn_wants(h.c), CQLR_READ);
    assert_int_equal(submit(&h, 1), CQLR_E_STATE);
    assert_int_equal(server_request(&h), 0);
    server_reply(&h, 0, CQLR_OP_READY, "");
    assert_true(serve(&h, 10000));
    log_is(&h, "open ");
    assert_int_equal(cqlr_conn_deadline(h.c), CQLR_NEVER);
    submit_flush(&h, 1, 3);
    assert_int_equal(cqlr_conn_in_flight(h.c), 3);
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + 10 * SECOND);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(server_request(&h), i);
    server_reply(&h, 2, CQLR_OP_SUPPORTED, "x");
    server_reply(&h, -1, CQLR_OP_EVENT, "four");
    server_reply(&h, 1, CQLR_OP_RESULT, "x");
    server_reply(&h, 3, CQLR_OP_ERROR, "x");
    while (cqlr_conn_in_flight(h.c))
        assert_true(serve(&h, 10000));
    log_is(&h, "2:SUPPORTED push:4 1:RESULT 3:ERROR ");
    assert_int_equal(cqlr_conn_err(h.c)->code, 0);
    cqlr_conn_close(h.c);
    log_is(&h, "close:CLOSED ");
    err_is(&h, CQLR_E_CLOSED, "connection closed by this side");
    assert_int_equal(cqlr_conn_fd(h.c), -1);
    assert_int_equal(cqlr_conn_wants(h.c), 0);
    cqlr_conn_close(h.c);
    cqlr_conn_ready(h.c, CQLR_READ | CQLR_WRITE | CQLR_HANGUP, h.now);
    cqlr_conn_time(h.c, CQLR_NEVER);
    cqlr_conn_flush(h.c);
    assert_null(cqlr_conn_begin(h.c));
    assert_int_equal(cqlr_conn_submit(h.c, CQLR_OP_OPTIONS, 0, on_reply, &reqs[1], h.now),
                     CQLR_E_STATE);
    host_fini(&h);
    log_is(&h, "");
}

static void connection_that_was_never_opened_calls_nobody(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.c = cqlr_conn_new(&h.o);
    assert_int_equal(submit(&h, 1), CQLR_E_STATE);
    assert_string_equal(cqlr_conn_peer(h.c), "");
    cqlr_conn_close(h.c);
    host_fini(&h);
    log_is(&h, "");
    cqlr_conn_free(NULL);
}

static void open_that_fails_at_once_calls_nobody(void **state)
{
    struct host h;
    struct sockaddr_in wrong;
    (void)state;
    host_init(&h);
    h.c = cqlr_conn_new(&h.o);
    wrong = h.addr;
    wrong.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    assert_int_equal(cqlr_conn_open(h.c, (struct sockaddr *)&wrong, sizeof wrong, h.now),
                     CQLR_E_CONNECT);
    assert_non_null(strstr(cqlr_conn_err(h.c)->text, "255.255.255.255:"));
    assert_int_equal(cqlr_conn_open(h.c, (struct sockaddr *)&h.addr, sizeof h.addr, h.now),
                     CQLR_E_STATE);
    assert_int_equal(cqlr_conn_fd(h.c), -1);
    host_fini(&h);
    log_is(&h, "");
}

static void refused_connection_names_the_peer(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    close(h.listener);
    open_conn(&h);
    assert_true(serve(&h, 10000));
    log_is(&h, "close:CONNECT ");
    err_is(&h, CQLR_E_CONNECT, "connect: Connection refused");
    assert_int_equal(cqlr_conn_err(h.c)->sys_errno, ECONNREFUSED);
    h.listener = -1;
    host_fini(&h);
}

static void silent_server_ends_at_the_connect_deadline(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.connect_timeout = 2 * SECOND;
    open_conn(&h);
    cqlr_conn_time(h.c, h.now + 2 * SECOND - 1);
    log_is(&h, "");
    server_accept(&h);
    assert_true(serve(&h, 10000));
    cqlr_conn_time(h.c, h.now + 2 * SECOND);
    log_is(&h, "close:CONNECT ");
    err_is(&h, CQLR_E_CONNECT, "no answer to STARTUP: timed out after 2000 ms");
    host_fini(&h);
}

static void handshake_that_fails_tells_the_servers_words(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_conn(&h);
    server_accept(&h);
    assert_true(serve(&h, 10000));
    server_write(&h, "\x84\0\0\0\3\0\0\0\5\0\3a.B", 14);
    assert_true(serve(&h, 10000));
    log_is(&h, "close:AUTH ");
    err_is(&h, CQLR_E_AUTH, "server asks for authentication (a.B), which this version cannot give");
    host_fini(&h);
}

/* ---- the end of a connection ---- */

static void last_answers_are_given_before_the_end(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    submit_flush(&h, 1, 3);
    for (int i = 1; i <= 3; i++)
        server_request(&h);
    server_reply(&h, 3, CQLR_OP_RESULT, "x");
    server_reply(&h, 1, CQLR_OP_RESULT, "x");
    server_close(&h);
    while (cqlr_conn_fd(h.c) >= 0)
        assert_true(serve(&h, 10000));
    log_is(&h, "3:RESULT 1:RESULT 2:CLOSED close:CLOSED ");
    err_is(&h, CQLR_E_CLOSED, "connection closed by the server");
    host_fini(&h);
    log_is(&h, "");
}

static void end_in_the_middle_of_a_frame_is_told(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    submit_flush(&h, 1, 1);
    server_request(&h);
    server_write(&h, "\x84\0\0\1\x8\0\0\0\4\0\0", 11);
    server_close(&h);
    while (cqlr_conn_fd(h.c) >= 0)
        assert_true(serve(&h, 10000));
    log_is(&h, "1:CLOSED close:CLOSED ");
    err_is(&h, CQLR_E_CLOSED, "connection closed in the middle of a frame");
    host_fini(&h);
}

static void end_during_the_handshake_is_told(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_conn(&h);
    server_accept(&h);
    assert_true(serve(&h, 10000));
    server_request(&h);
    server_close(&h);
    while (cqlr_conn_fd(h.c) >= 0)
        assert_true(serve(&h, 10000));
    log_is(&h, "close:CLOSED ");
    err_is(&h, CQLR_E_CLOSED, "connection closed by the server during the handshake");
    host_fini(&h);
}

static void reset_is_an_io_error(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    submit_flush(&h, 1, 1);
    server_reset(&h);
    while (cqlr_conn_fd(h.c) >= 0)
        assert_true(serve(&h, 10000));
    log_is(&h, "1:IO close:IO ");
    err_is(&h, CQLR_E_IO, "receive: Connection reset by peer");
    host_fini(&h);
}

static void broken_protocol_ends_every_request_with_its_reason(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    submit_flush(&h, 1, 2);
    server_reply(&h, 2, CQLR_OP_RESULT, "x");
    server_reply(&h, 9, CQLR_OP_RESULT, "x");
    while (cqlr_conn_fd(h.c) >= 0)
        assert_true(serve(&h, 10000));
    log_is(&h, "2:RESULT 1:PROTO close:PROTO ");
    err_is(&h, CQLR_E_PROTO, "RESULT on stream 9, where no request is in flight");
    host_fini(&h);
}

/* The server says why and closes; the client learns of it while it sends. What was said counts, not the broken pipe. */
static void servers_last_words_are_read_when_sending_fails(void **state)
{
    struct host h;
    struct cqlr_wr w;
    (void)state;
    host_init(&h);
    open_all(&h);
    cqlr_wr_init(&w, NULL, 0);
    put_error(&w, RESPONSE4, 0, 0x000A, "goodbye");
    server_write(&h, w.p, w.n);
    server_close(&h);
    submit_flush(&h, 1, 1); /* is answered by a reset */
    submit_flush(&h, 2, 2);
    while (cqlr_conn_fd(h.c) >= 0)
        assert_true(serve(&h, 10000));
    log_is(&h, "1:SERVER 2:SERVER close:SERVER ");
    assert_int_equal(cqlr_conn_err(h.c)->server_code, 0x000A);
    assert_non_null(strstr(cqlr_conn_err(h.c)->text, "goodbye"));
    assert_memory_equal(cqlr_conn_err(h.c)->text, h.peer, strlen(h.peer));
    host_fini(&h);
    cqlr_wr_fini(&w);
}

static void hang_up_without_anything_to_read_ends(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    submit_flush(&h, 1, 1);
    cqlr_conn_ready(h.c, CQLR_HANGUP, h.now);
    log_is(&h, "1:CLOSED close:CLOSED ");
    err_is(&h, CQLR_E_CLOSED, "connection lost");
    host_fini(&h);
}

/* ---- time ---- */

static void requests_time_out_in_order_and_late_answers_are_swallowed(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.request_timeout = SECOND;
    open_all(&h);
    for (int i = 1; i <= 3; i++) {
        submit_flush(&h, i, i);
        h.now += SECOND / 10;
    }
    assert_int_equal(cqlr_conn_deadline(h.c), h.now - 3 * SECOND / 10 + SECOND);
    h.now = cqlr_conn_deadline(h.c);
    cqlr_conn_time(h.c, h.now - 1);
    log_is(&h, "");
    cqlr_conn_time(h.c, h.now);
    log_is(&h, "1:TIMEOUT ");
    assert_int_equal(cqlr_conn_err(h.c)->code, 0);
    assert_int_equal(cqlr_conn_in_flight(h.c), 2);
    submit_flush(&h, 4, 4);
    h.now += SECOND / 10;
    cqlr_conn_time(h.c, h.now);
    log_is(&h, "2:TIMEOUT ");
    for (int i = 1; i <= 4; i++)
        assert_int_equal(server_request(&h), i); /* no stream was used again */
    for (int i = 1; i <= 4; i++)
        server_reply(&h, i, CQLR_OP_RESULT, "x");
    while (cqlr_conn_in_flight(h.c))
        assert_true(serve(&h, 10000));
    log_is(&h, "3:RESULT 4:RESULT ");
    assert_int_equal(cqlr_conn_deadline(h.c), CQLR_NEVER);
    host_fini(&h);
}

static void submit_5(struct host *h)
{
    assert_int_equal(submit(h, 5), 0);
    cqlr_conn_flush(h->c);
}

static void request_that_a_timeout_submits_waits_its_own_time(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.request_timeout = 0;
    open_all(&h);
    submit_flush(&h, 1, 1);
    h.then = submit_5;
    cqlr_conn_time(h.c, h.now);
    log_is(&h, "1:TIMEOUT ");
    assert_int_equal(server_request(&h), 1);
    assert_int_equal(server_request(&h), 2);
    cqlr_conn_time(h.c, h.now);
    log_is(&h, "5:TIMEOUT ");
    host_fini(&h);
}

static void no_timeout_is_possible(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.request_timeout = CQLR_NEVER;
    open_all(&h);
    submit_flush(&h, 1, 1);
    assert_int_equal(cqlr_conn_deadline(h.c), CQLR_NEVER);
    cqlr_conn_time(h.c, CQLR_NEVER - 1);
    log_is(&h, "");
    host_fini(&h);
    log_is(&h, "1:CLOSED close:CLOSED ");
}

/* ---- what callbacks may do ---- */

static void close_it(struct host *h)
{
    note(h, "( ");
    cqlr_conn_close(h->c);
    note(h, ") ");
}

static void free_it(struct host *h)
{
    note(h, "( ");
    cqlr_conn_free(h->c);
    h->c = NULL;
    note(h, ") ");
}

/* Three requests are out, two answers have come, `then` runs inside the first callback. */
static void answered_with(struct host *h, void (*then)(struct host *))
{
    host_init(h);
    open_all(h);
    submit_flush(h, 1, 3);
    server_write(h, "\x84\0\0\2\x8\0\0\0\1x\x84\0\0\1\x8\0\0\0\1x", 20); /* in one piece */
    h->then = then;
    assert_true(serve(h, 10000));
}

static void close_inside_a_reply(void **state)
{
    struct host h;
    (void)state;
    answered_with(&h, close_it);
    log_is(&h, "2:RESULT ( 1:CLOSED 3:CLOSED close:CLOSED ) ");
    assert_int_equal(cqlr_conn_fd(h.c), -1);
    host_fini(&h);
    log_is(&h, "");
}

static void free_inside_a_reply(void **state)
{
    struct host h;
    (void)state;
    answered_with(&h, free_it);
    log_is(&h, "2:RESULT ( 1:CLOSED 3:CLOSED close:CLOSED ) ");
    host_fini(&h);
}

static void close_then_free_inside_a_reply(struct host *h)
{
    close_it(h);
    free_it(h);
}

static void close_and_free_inside_a_reply(void **state)
{
    struct host h;
    (void)state;
    answered_with(&h, close_then_free_inside_a_reply);
    log_is(&h, "2:RESULT ( 1:CLOSED 3:CLOSED close:CLOSED ) ( ) ");
    host_fini(&h);
}

static void free_while_the_end_is_told(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    submit_flush(&h, 1, 3);
    h.then = free_it;
    cqlr_conn_close(h.c);
    log_is(&h, "1:CLOSED ( 2:CLOSED 3:CLOSED close:CLOSED ) ");
    host_fini(&h);
}

static void free_inside_on_close(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    h.then = free_it;
    server_close(&h);
    while (h.c)
        assert_true(serve(&h, 10000));
    log_is(&h, "close:CLOSED ( ) ");
    host_fini(&h);
}

static void free_inside_on_open_and_on_push(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_conn(&h);
    server_accept(&h);
    assert_true(serve(&h, 10000));
    server_reply(&h, 0, CQLR_OP_READY, "");
    h.then = free_it;
    assert_true(serve(&h, 10000));
    log_is(&h, "open ( close:CLOSED ) ");
    server_close(&h);
    open_all(&h);
    server_reply(&h, -1, CQLR_OP_EVENT, "x");
    h.then = free_it;
    assert_true(serve(&h, 10000));
    log_is(&h, "push:1 ( close:CLOSED ) ");
    host_fini(&h);
}

static void free_inside_a_timeout(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    submit_flush(&h, 1, 2);
    h.then = free_it;
    cqlr_conn_time(h.c, cqlr_conn_deadline(h.c));
    log_is(&h, "1:TIMEOUT ( 2:CLOSED close:CLOSED ) ");
    host_fini(&h);
}

static void descriptor_is_open_in_on_close(struct host *h)
{
    assert_true(cqlr_conn_fd(h->c) >= 0);
    note(h, "fd ");
}

static void descriptor_is_closed_after_on_close(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    h.then = descriptor_is_open_in_on_close;
    cqlr_conn_close(h.c);
    log_is(&h, "close:CLOSED fd ");
    assert_int_equal(cqlr_conn_fd(h.c), -1);
    host_fini(&h);
}

/* Each answer asks the next question, all inside callbacks. */
struct chain {
    struct host *h;
    int left;
};

static void ask_next(void *arg, int rc, const struct cqlr_event *ev)
{
    struct chain *chain = arg;
    assert_int_equal(rc, 0);
    assert_int_equal(ev->opcode, CQLR_OP_RESULT);
    if (--chain->left == 0)
        return;
    assert_non_null(cqlr_conn_begin(chain->h->c));
    assert_int_equal(
        cqlr_conn_submit(chain->h->c, CQLR_OP_OPTIONS, 0, ask_next, chain, chain->h->now), 0);
    cqlr_conn_flush(chain->h->c);
}

static void requests_submitted_inside_replies_leave_at_once(void **state)
{
    struct counter c;
    struct host h;
    struct chain chain = {&h, 1000};
    unsigned before = 0;
    (void)state;
    host_init(&h);
    h.o.mem = counter_init(&c, 0);
    open_all(&h);
    assert_non_null(cqlr_conn_begin(h.c));
    assert_int_equal(cqlr_conn_submit(h.c, CQLR_OP_OPTIONS, 0, ask_next, &chain, h.now), 0);
    cqlr_conn_flush(h.c);
    while (chain.left > 0) {
        if (chain.left == 990)
            before = c.calls;
        assert_int_equal(server_request(&h), 1);
        server_reply(&h, 1, CQLR_OP_RESULT, "x");
        assert_true(serve(&h, 10000));
    }
    assert_int_equal(c.calls, before); /* nothing was allocated on the way */
    host_fini(&h);
    assert_int_equal(c.live, 0);
}

/* ---- bytes ---- */

static void small_buffers(int fd)
{
    int n = 32768;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof n), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof n), 0);
}

static void submit_large(struct host *h, int number, size_t n)
{
    reqs[number] = (struct req){h, number};
    uint8_t *p = cqlr_wr_room(cqlr_conn_begin(h->c), n);
    assert_non_null(p);
    memset(p, number, n);
    assert_int_equal(cqlr_conn_submit(h->c, CQLR_OP_QUERY, 0, on_reply, &reqs[number], h->now), 0);
}

static void writing_is_waited_for_only_while_bytes_wait(void **state)
{
    enum { N = 4 << 20 };
    struct host h;
    uint8_t header[CQLR_FRAME_HEADER];
    struct cqlr_frame f;
    uint8_t *body = malloc(N);
    size_t got = 0;
    (void)state;
    assert_non_null(body);
    host_init(&h);
    open_all(&h);
    small_buffers(cqlr_conn_fd(h.c));
    submit_large(&h, 1, N);
    assert_int_equal(cqlr_conn_wants(h.c), CQLR_READ);
    cqlr_conn_flush(h.c);
    assert_int_equal(cqlr_conn_wants(h.c), CQLR_READ | CQLR_WRITE);

    server_reply(&h, 1, CQLR_OP_RESULT, "x"); /* before it has the whole question */
    while (cqlr_conn_in_flight(h.c))
        assert_true(serve(&h, 10000));
    log_is(&h, "1:RESULT ");

    server_read(&h, header, sizeof header);
    cqlr_frame_read(header, &f);
    assert_int_equal(f.length, N);
    while (got < N) {
        ssize_t n = recv(h.server, body + got, N - got, MSG_DONTWAIT);
        if (n > 0)
            got += (size_t)n;
        else
            serve(&h, 100);
    }
    for (size_t i = 0; i < N; i++)
        assert_int_equal(body[i], 1);
    assert_int_equal(cqlr_conn_wants(h.c), CQLR_READ);
    submit_flush(&h, 2, 2); /* the next one takes the stream that is free again */
    assert_int_equal(server_request(&h), 1);
    host_fini(&h);
    free(body);
}

/* The server reads nothing until it has written everything: that works because reading does not wait for writing. */
static void both_sides_full_is_no_deadlock(void **state)
{
    enum { N = 50, SIZE = 100000 };
    struct host h;
    char *answer = malloc(SIZE + 1);
    struct cqlr_wr w;
    size_t sent = 0;
    (void)state;
    assert_non_null(answer);
    memset(answer, 'a', SIZE);
    answer[SIZE] = '\0';
    cqlr_wr_init(&w, NULL, 0);
    host_init(&h);
    open_all(&h);
    small_buffers(cqlr_conn_fd(h.c));
    small_buffers(h.server);
    for (int i = 1; i <= N; i++) {
        submit_large(&h, i, SIZE);
        put_frame(&w, RESPONSE4, 0, i, CQLR_OP_RESULT, answer, SIZE);
    }
    cqlr_conn_flush(h.c);
    while (sent < w.n) {
        ssize_t n = send(h.server, w.p + sent, w.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            sent += (size_t)n;
        serve(&h, n > 0 ? 0 : 100);
    }
    while (cqlr_conn_in_flight(h.c))
        assert_true(serve(&h, 10000));
    cqlr_wr_fini(&w);
    free(answer);
    host_fini(&h);
}

static void all_streams_in_flight_then_one_more(void **state)
{
    struct host h;
    const struct cqlr_err *err;
    (void)state;
    host_init(&h);
    open_all(&h);
    for (int i = 1; i <= 32767; i++)
        assert_int_equal(submit(&h, i), 0);
    assert_int_equal(submit(&h, 32768), CQLR_E_AGAIN);
    assert_int_equal(cqlr_conn_in_flight(h.c), 32767);
    err = cqlr_conn_err(h.c);
    assert_int_equal(err->code, 0);
    cqlr_conn_flush(h.c);
    int stream = server_request(&h);
    server_reply(&h, stream, CQLR_OP_RESULT, "x");
    while (cqlr_conn_in_flight(h.c) == 32767)
        assert_true(serve(&h, 10000));
    assert_int_equal(submit(&h, 32768), 0);
    host_fini(&h);
}

/* A server that has always more to say: EVENT without a body, for ever. */
static size_t flood_at;
static int flood_reads;

static ssize_t flood_read(struct cqlr__io *io, void *p, size_t n, struct cqlr_err *err)
{
    static const uint8_t frame[CQLR_FRAME_HEADER] = {RESPONSE4, 0, 0xFF, 0xFF, CQLR_OP_EVENT};
    (void)io;
    (void)err;
    flood_reads++;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)p)[i] = frame[flood_at++ % sizeof frame];
    return (ssize_t)n;
}

static void one_call_reads_a_few_times_only(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.on_push = NULL;
    open_all(&h);
    const struct cqlr__io_fns *real = h.c->io.fn;
    struct cqlr__io_fns flood = *real;
    flood.read = flood_read;
    h.c->io.fn = &flood;
    cqlr_conn_ready(h.c, CQLR_READ, h.now);
    assert_int_equal(flood_reads, 4);
    assert_true(cqlr_conn_fd(h.c) >= 0);
    h.c->io.fn = real;
    host_fini(&h);
}

static void every_allocation_may_fail(void **state)
{
    bool reached_the_end = false;
    (void)state;
    for (unsigned n = 1; !reached_the_end; n++) {
        struct counter c;
        struct host h;
        assert_true(n < 50);
        host_init(&h);
        h.o.mem = counter_init(&c, n);
        h.c = cqlr_conn_new(&h.o);
        if (h.c) {
            assert_int_equal(cqlr_conn_open(h.c, (struct sockaddr *)&h.addr, sizeof h.addr, h.now),
                             0);
            server_accept(&h);
            serve(&h, 10000);
            server_reply(&h, 0, CQLR_OP_READY, "");
            serve(&h, 10000);
            if (cqlr_conn_fd(h.c) >= 0) {
                int rc = submit(&h, 1);
                assert_true(rc == 0 || rc == CQLR_E_NOMEM);
                reached_the_end = rc == 0;
                cqlr_conn_free(h.c);
                log_is(&h, rc ? "open close:CLOSED " : "open 1:CLOSED close:CLOSED ");
            } else {
                cqlr_conn_free(h.c);
                log_is(&h, "close:NOMEM ");
            }
            h.c = NULL;
        }
        host_fini(&h);
        assert_int_equal(c.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_asks_and_answers),
        cmocka_unit_test(connection_that_was_never_opened_calls_nobody),
        cmocka_unit_test(open_that_fails_at_once_calls_nobody),
        cmocka_unit_test(refused_connection_names_the_peer),
        cmocka_unit_test(silent_server_ends_at_the_connect_deadline),
        cmocka_unit_test(handshake_that_fails_tells_the_servers_words),
        cmocka_unit_test(last_answers_are_given_before_the_end),
        cmocka_unit_test(end_in_the_middle_of_a_frame_is_told),
        cmocka_unit_test(end_during_the_handshake_is_told),
        cmocka_unit_test(reset_is_an_io_error),
        cmocka_unit_test(broken_protocol_ends_every_request_with_its_reason),
        cmocka_unit_test(servers_last_words_are_read_when_sending_fails),
        cmocka_unit_test(hang_up_without_anything_to_read_ends),
        cmocka_unit_test(requests_time_out_in_order_and_late_answers_are_swallowed),
        cmocka_unit_test(request_that_a_timeout_submits_waits_its_own_time),
        cmocka_unit_test(no_timeout_is_possible),
        cmocka_unit_test(close_inside_a_reply),
        cmocka_unit_test(free_inside_a_reply),
        cmocka_unit_test(close_and_free_inside_a_reply),
        cmocka_unit_test(free_while_the_end_is_told),
        cmocka_unit_test(free_inside_on_close),
        cmocka_unit_test(free_inside_on_open_and_on_push),
        cmocka_unit_test(free_inside_a_timeout),
        cmocka_unit_test(descriptor_is_closed_after_on_close),
        cmocka_unit_test(requests_submitted_inside_replies_leave_at_once),
        cmocka_unit_test(writing_is_waited_for_only_while_bytes_wait),
        cmocka_unit_test(both_sides_full_is_no_deadlock),
        cmocka_unit_test(all_streams_in_flight_then_one_more),
        cmocka_unit_test(one_call_reads_a_few_times_only),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

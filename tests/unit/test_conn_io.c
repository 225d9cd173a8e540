/*
 * test_conn_io.c - a connection's bytes when sockets are full, streams run out, memory is short, or
 * a server never stops.
 */
#include <fcntl.h>

#include "src/conn/internal.h"
#include "tests/unit/conn_peer.h"

/* ---- bytes ---- */

static void small_buffers(int fd)
{
    int n = 32768;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof n), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof n), 0);
}

/* A pair of Unix sockets in place of the TCP connection: their buffers can be made so small without
 * timers of the kernel's own. */
static void tiny_buffers(struct host *h)
{
    int pair[2];
    const int n = 4096;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &n, sizeof n), 0);
        assert_int_equal(setsockopt(pair[i], SOL_SOCKET, SO_RCVBUF, &n, sizeof n), 0);
    }
    assert_true(dup2(pair[0], h->c->io.fd) >= 0);
    assert_true(dup2(pair[1], h->server) >= 0);
    close(pair[0]);
    close(pair[1]);
}

static void submit_large(struct host *h, int number, size_t n)
{
    reqs[number] = (struct req){h, number};
    uint8_t *p = cqlr_wr_room(cqlr_conn_begin(h->c), n);
    assert_non_null(p);
    memset(p, number, n);
    assert_int_equal(cqlr_conn_submit(h->c, CQLR_OP_QUERY, 0, 0, on_reply, &reqs[number], h->now),
                     0);
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
    tiny_buffers(&h);
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

static void free_it(struct host *h)
{
    cqlr_conn_free(h->c);
    h->c = NULL;
}

static void answer_before_the_question_has_left_may_free_the_connection(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    small_buffers(cqlr_conn_fd(h.c));
    submit_large(&h, 1, 4 << 20);
    submit_large(&h, 2, 100);
    cqlr_conn_flush(h.c);
    assert_int_equal(cqlr_conn_wants(h.c), CQLR_READ | CQLR_WRITE);
    server_reply(&h, 2, CQLR_OP_RESULT, "x"); /* of this one not a byte has left */
    server_reply(&h, 1, CQLR_OP_RESULT, "x");
    h.then = free_it;
    while (h.c)
        assert_true(serve(&h, 10000));
    log_is(&h, "2:RESULT 1:CLOSED close:CLOSED ");
    host_fini(&h);
}

/* The server reads nothing until it has written everything: that works because reading does not
 * wait for writing. */
static void both_sides_full_is_no_deadlock(void **state)
{
    enum { N = 20, SIZE = 100000 };
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

enum { LARGE = 100000 };

/* The body comes back as it went out. */
static void server_echoes(struct peer *p, const struct cqlr_event *ev)
{
    static uint8_t body[LARGE];
    assert_int_equal(ev->body.n, LARGE);
    memcpy(body, ev->body.p, LARGE);
    peer_answer(p, ev->stream, body, LARGE);
    p->deaf = true; /* reads on when this has left: the worst that a server can do */
}

static unsigned echoed;

static void on_echo(void *arg, int rc, const struct cqlr_event *ev)
{
    const struct req *r = arg;
    assert_int_equal(rc, 0);
    assert_int_equal(ev->body.n, LARGE);
    for (size_t i = 0; i < LARGE; i += 97)
        assert_int_equal(ev->body.p[i], r->number & 0xFF);
    echoed++;
}

static void much_both_ways_through_small_buffers_finishes(void **state)
{
    enum { N = 1000 };
    struct host h;
    struct peer p;
    const uint8_t *out;
    (void)state;
    host_init(&h);
    open_all(&h);
    tiny_buffers(&h);
    peer_init(&p, &h, server_echoes);
    echoed = 0;
    for (int i = 1; i <= N; i++) {
        reqs[i] = (struct req){&h, i};
        memset(cqlr_wr_room(cqlr_conn_begin(h.c), LARGE), i & 0xFF, LARGE);
        assert_int_equal(cqlr_conn_submit(h.c, CQLR_OP_QUERY, 0, 0, on_echo, &reqs[i], h.now), 0);
    }
    cqlr_conn_flush(h.c);
    for (int turns = 0; echoed < N; turns++) {
        assert_in_range(turns, 0, 1000000);
        peer_turn(&p);
        if (cqlr_link_out(p.l, &out) == 0)
            p.deaf = false;
        (void)serve(&h, 0);
        assert_int_equal(cqlr_conn_err(h.c)->code, 0);
    }
    assert_int_equal(cqlr_conn_wants(h.c), CQLR_READ);
    host_fini(&h);
    peer_fini(&p);
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

/* The answer stands behind 100,000 events. Between the calls that take these, another connection
 * asks and is answered. */
static unsigned pushes;

static void count_push(void *arg, const struct cqlr_event *ev)
{
    (void)arg;
    pushes += ev->body.n == 0;
}

static void burst_of_events_starves_neither_its_answer_nor_others(void **state)
{
    enum { EVENTS = 100000 };
    struct host h, other;
    struct cqlr_wr w;
    size_t sent = 0;
    int calls = 0;
    (void)state;
    host_init(&h);
    host_init(&other);
    h.o.on_push = count_push;
    open_all(&h);
    open_all(&other);
    pushes = 0;
    submit_flush(&h, 1, 1);
    cqlr_wr_init(&w, NULL, 0);
    for (int i = 0; i < EVENTS; i++)
        put_frame(&w, RESPONSE4, 0, -1, CQLR_OP_EVENT, NULL, 0);
    put_frame(&w, RESPONSE4, 0, server_request(&h), CQLR_OP_RESULT, "x", 1);
    for (; cqlr_conn_in_flight(h.c); calls++) {
        ssize_t n = send(h.server, w.p + sent, w.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        unsigned before = pushes;
        assert_true(serve(&h, 10000));
        assert_in_range(pushes - before, 0, 4 * 65536 / CQLR_FRAME_HEADER + 1);
        submit_flush(&other, 2, 2);
        server_reply(&other, server_request(&other), CQLR_OP_RESULT, "x");
        assert_true(serve(&other, 10000));
        log_is(&other, "2:RESULT ");
    }
    assert_int_equal(pushes, EVENTS);
    assert_in_range(calls, 4, 500);
    log_is(&h, "1:RESULT ");
    cqlr_wr_fini(&w);
    host_fini(&h);
    host_fini(&other);
}

/* ---- half a connection ---- */

/* How often a host that polls as it is told finds the connection ready, in 30 ms. */
static unsigned ready_in_30_ms(struct host *h)
{
    unsigned n = 0;
    while (serve(h, 30))
        assert_in_range(++n, 1, 100);
    return n;
}

static void last_answer_is_given_when_the_server_has_ended_its_half(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    submit_flush(&h, 1, 2);
    server_request(&h);
    server_reply(&h, 1, CQLR_OP_RESULT, "x");
    assert_int_equal(shutdown(h.server, SHUT_WR), 0);
    assert_in_range(ready_in_30_ms(&h), 1, 3);
    log_is(&h, "1:RESULT 2:CLOSED close:CLOSED ");
    assert_int_equal(cqlr_conn_fd(h.c), -1); /* nothing is left to poll */
    host_fini(&h);
}

/* Also while much waits to be sent, and during the handshake. */
static void half_a_connection_keeps_nobody_busy(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    small_buffers(cqlr_conn_fd(h.c));
    submit_large(&h, 1, 4 << 20);
    cqlr_conn_flush(h.c);
    assert_int_equal(shutdown(h.server, SHUT_WR), 0);
    assert_in_range(ready_in_30_ms(&h), 1, 20);
    log_is(&h, "1:CLOSED close:CLOSED ");
    host_fini(&h);

    host_init(&h);
    open_conn(&h);
    server_accept(&h);
    assert_int_equal(shutdown(h.server, SHUT_WR), 0);
    assert_in_range(ready_in_30_ms(&h), 1, 3);
    log_is(&h, "close:CLOSED ");
    host_fini(&h);

    host_init(&h); /* the other half: a server that reads nothing any more, and says nothing */
    open_all(&h);
    assert_int_equal(shutdown(h.server, SHUT_RD), 0);
    submit_flush(&h, 1, 1);
    assert_int_equal(ready_in_30_ms(&h), 0);
    log_is(&h, "");
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
        cmocka_unit_test(writing_is_waited_for_only_while_bytes_wait),
        cmocka_unit_test(answer_before_the_question_has_left_may_free_the_connection),
        cmocka_unit_test(both_sides_full_is_no_deadlock),
        cmocka_unit_test(much_both_ways_through_small_buffers_finishes),
        cmocka_unit_test(all_streams_in_flight_then_one_more),
        cmocka_unit_test(one_call_reads_a_few_times_only),
        cmocka_unit_test(burst_of_events_starves_neither_its_answer_nor_others),
        cmocka_unit_test(last_answer_is_given_when_the_server_has_ended_its_half),
        cmocka_unit_test(half_a_connection_keeps_nobody_busy),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_tls_io.c - bytes over TLS when the socket gives and takes them in small pieces, when keys
 * change, and when many things come at once. recv and send of this program are its own: they pass
 * on as much as they are told to.
 */
#include <signal.h>

#include "src/conn/internal.h"
#include "tests/unit/tls_help.h"

/* ---- the socket ---- */

static int limited = -1;       /* the descriptor; others are left alone */
static size_t (*pieces)(void); /* bytes of the next call; 0 = "not now" */
static unsigned receives;

ssize_t recv(int fd, void *p, size_t n, int flags)
{
    size_t most = fd == limited && pieces ? pieces() : n;
    receives += fd == limited;
    if (most == 0) {
        errno = EAGAIN;
        return -1;
    }
    return recvfrom(fd, p, n < most ? n : most, flags, NULL, NULL);
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
    size_t most = fd == limited && pieces ? pieces() : n;
    assert_true(flags & MSG_NOSIGNAL);
    if (most == 0) {
        errno = EAGAIN;
        return -1;
    }
    return sendto(fd, p, n < most ? n : most, flags, NULL, 0);
}

static uint64_t seed = 1;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

/* One byte at a time, with "not now" in between. */
static size_t single(void)
{
    return draw(4) > 0;
}

static size_t ragged(void)
{
    return draw(3) == 0 ? draw(2) : draw(2) == 0 ? draw(100) : draw(20000);
}

/* ---- much, both ways ---- */

struct transfer {
    struct tls_host *t;
    unsigned n; /* requests, and answers */
    size_t size;
    uint8_t *out; /* the server's bytes */
    size_t out_n, sent, got;
    unsigned answered;
};

static uint8_t byte_at(unsigned i, size_t k)
{
    return (uint8_t)(i * 131 + k * 7 + k / 251);
}

static void on_large(void *arg, int rc, const struct cqlr_event *ev)
{
    struct transfer *x = arg;
    assert_int_equal(rc, 0);
    assert_int_equal(ev->body.n, x->size);
    for (size_t k = 0; k < x->size; k++)
        if (ev->body.p[k] != byte_at(x->answered + 1, k))
            fail_msg("byte %zu of answer %u is wrong", k, x->answered);
    x->answered++;
}

static void submit_all(struct transfer *x)
{
    cqlr_conn *c = x->t->h.c;
    struct cqlr_wr w;
    uint8_t *body = malloc(x->size);
    cqlr_wr_init(&w, NULL, SIZE_MAX / 2);
    for (unsigned i = 1; i <= x->n; i++) {
        for (size_t k = 0; k < x->size; k++)
            body[k] = byte_at(i, k);
        cqlr_wr_raw(cqlr_conn_begin(c), body, x->size);
        assert_int_equal(cqlr_conn_submit(c, CQLR_OP_QUERY, 0, 0, on_large, x, x->t->h.now), 0);
        put_frame(&w, RESPONSE4, 0, (int)i, CQLR_OP_RESULT, body, x->size);
    }
    x->out = w.p;
    x->out_n = w.n;
    free(body);
}

/* What the server got must be what was submitted: header, then body, in order. */
static void check_got(struct transfer *x, const uint8_t *p, size_t n)
{
    size_t each = CQLR_FRAME_HEADER + x->size;
    for (size_t i = 0; i < n; i++, x->got++) {
        unsigned number = (unsigned)(x->got / each) + 1;
        size_t k = x->got % each;
        if (k >= CQLR_FRAME_HEADER && p[i] != byte_at(number, k - CQLR_FRAME_HEADER))
            fail_msg("byte %zu of request %u is wrong", k, number);
    }
}

static void server_turn(struct transfer *x)
{
    static uint8_t buffer[16384];
    SSL *ssl = x->t->ssl;
    size_t n;
    ERR_clear_error();
    while (SSL_read_ex(ssl, buffer, sizeof buffer, &n) == 1)
        check_got(x, buffer, n);
    assert_int_equal(SSL_get_error(ssl, 0), SSL_ERROR_WANT_READ);
    ERR_clear_error();
    if (x->sent < x->out_n && SSL_write_ex(ssl, x->out + x->sent, x->out_n - x->sent, &n) == 1)
        x->sent += n;
}

static void both_ways(unsigned n, size_t size, size_t (*how)(void), bool new_keys)
{
    struct tls_host t;
    struct transfer x = {.t = &t, .n = n, .size = size};
    size_t asked = 0;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    limited = cqlr_conn_fd(t.h.c);
    pieces = how;
    submit_all(&x);
    cqlr_conn_flush(t.h.c);
    while (x.answered < n || x.got < n * (CQLR_FRAME_HEADER + size)) {
        server_turn(&x);
        if (new_keys && x.got - asked > 100000) {
            asked = x.got;
            assert_int_equal(SSL_key_update(t.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        }
        (void)serve(&t.h, 1);
        if (cqlr_conn_fd(t.h.c) < 0)
            fail_msg("%s", cqlr_conn_err(t.h.c)->text);
    }
    assert_true(!new_keys || asked > 0);
    pieces = NULL;
    assert_int_equal(cqlr_conn_wants(t.h.c), CQLR_READ);
    limited = -1;
    free(x.out);
    tls_fini(&t);
}

static void single_bytes_both_ways(void **state)
{
    (void)state;
    both_ways(20, 5000, single, false);
}

static void ten_megabytes_both_ways_in_ragged_pieces(void **state)
{
    (void)state;
    both_ways(100, 100000, ragged, false);
}

static void keys_change_in_the_middle_of_it(void **state)
{
    (void)state;
    both_ways(40, 100000, ragged, true);
}

static void keys_change_between_whole_requests(void **state)
{
    (void)state;
    both_ways(20, 100000, NULL, true);
}

/* ---- many things at once ---- */

/* Two answers in one record: the socket is not readable any more after the first. */
static void two_frames_in_one_record_need_no_second_wake_up(void **state)
{
    struct tls_host t;
    struct cqlr_wr w;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    submit_flush(&t.h, 1, 2);
    (void)tls_server_request(&t);
    (void)tls_server_request(&t);
    cqlr_wr_init(&w, NULL, 0);
    put_frame(&w, RESPONSE4, 0, 2, CQLR_OP_RESULT, "x", 1);
    put_frame(&w, RESPONSE4, 0, 1, CQLR_OP_RESULT, "x", 1);
    tls_server_write(&t, w.p, w.n);
    assert_true(serve(&t.h, 10000));
    log_is(&t.h, "2:RESULT 1:RESULT ");
    cqlr_wr_fini(&w);
    tls_fini(&t);
}

/* More records than one read of the link takes, in one receive, then silence: all are delivered by
 * the one call. */
static void many_records_in_one_receive(void **state)
{
    enum { N = 1000 };
    struct tls_host t;
    char expected[20000] = "";
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    submit_flush(&t.h, 1, N);
    for (int i = 1; i <= N; i++)
        (void)tls_server_request(&t);
    for (int i = 1; i <= N; i++) {
        tls_server_reply(&t, i, CQLR_OP_RESULT, "x");
        size_t n = strlen(expected);
        snprintf(expected + n, sizeof expected - n, "%d:RESULT ", i);
    }
    limited = cqlr_conn_fd(t.h.c);
    receives = 0;
    while (cqlr_conn_in_flight(t.h.c))
        assert_true(serve(&t.h, 10000));
    assert_true(receives < 10);
    limited = -1;
    log_is(&t.h, expected);
    tls_fini(&t);
}

/* One record that a single read of the link cannot take. */
static void a_record_larger_than_the_room_is_drained(void **state)
{
    enum { N = 200 };
    struct tls_host t;
    struct cqlr_wr w;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    t.h.o.on_push = NULL;
    cqlr_wr_init(&w, NULL, 0);
    submit_flush(&t.h, 1, N);
    for (int i = 1; i <= N; i++) {
        (void)tls_server_request(&t);
        put_frame(&w, RESPONSE4, 0, i, CQLR_OP_RESULT, memset((char[60]){0}, 'x', 60), 60);
    }
    assert_true(w.n < 16384);
    tls_server_write(&t, w.p, w.n);
    assert_true(serve(&t.h, 10000));
    assert_int_equal(cqlr_conn_in_flight(t.h.c), 0);
    cqlr_wr_fini(&w);
    tls_fini(&t);
}

static const struct cqlr__io_fns *real;

static ssize_t ten_bytes(struct cqlr__io *io, void *p, size_t n, struct cqlr_err *err)
{
    return real->read(io, p, n < 10 ? n : 10, err);
}

/* What is held is taken by the one call, however often it has to ask. */
static void held_bytes_are_all_taken(void **state)
{
    enum { N = 8 }; /* as many small segments as TCP sends before it waits */
    struct tls_host t;
    struct cqlr__io_fns slow;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    real = t.h.c->io.fn;
    slow = *real;
    slow.read = ten_bytes;
    t.h.c->io.fn = &slow;
    submit_flush(&t.h, 1, N);
    for (int i = 1; i <= N; i++)
        (void)tls_server_request(&t);
    for (int i = 1; i <= N; i++)
        tls_server_reply(&t, i, CQLR_OP_RESULT, "x");
    assert_true(serve(&t.h, 10000));
    assert_int_equal(cqlr_conn_in_flight(t.h.c), 0);
    t.h.c->io.fn = real;
    tls_fini(&t);
}

/* ---- bytes that are held, to be sent ---- */

static size_t budget;

static size_t within_budget(void)
{
    size_t n = budget;
    budget = 0;
    return n;
}

/* A request that is encrypted, of which so many bytes have left. */
static void submit_within(struct tls_host *t, size_t n)
{
    budget = n;
    limited = cqlr_conn_fd(t->h.c);
    pieces = within_budget;
    submit_flush(&t->h, 1, 1);
    pieces = NULL;
    limited = -1;
}

static void held_bytes_leave_when_the_socket_takes_them(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    submit_within(&t, 0);
    assert_int_equal(cqlr_conn_wants(t.h.c), CQLR_READ | CQLR_WRITE);
    assert_true(serve(&t.h, 10000));
    assert_int_equal(cqlr_conn_wants(t.h.c), CQLR_READ);
    assert_int_equal(tls_server_request(&t), 1);
    tls_fini(&t);
}

static void held_bytes_leave_before_the_goodbye(void **state)
{
    struct tls_host t;
    uint8_t byte;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    submit_within(&t, 7);
    cqlr_conn_close(t.h.c);
    assert_int_equal(tls_server_request(&t), 1);
    assert_int_equal(SSL_read(t.ssl, &byte, 1), 0);
    assert_int_equal(SSL_get_shutdown(t.ssl), SSL_RECEIVED_SHUTDOWN);
    tls_fini(&t);
}

/* ---- a server that wants to begin anew ---- */

static void renegotiation_is_refused(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    SSL_CTX_set_max_proto_version(t.ctx, TLS1_2_VERSION);
    tls_open_all(&t);
    assert_memory_equal(cqlr_conn_tls(t.h.c), "TLSv1.2, ", 9);
    tls_ask(&t);
    assert_int_equal(SSL_renegotiate(t.ssl), 1);
    assert_int_equal(SSL_do_handshake(t.ssl), 1); /* HelloRequest is sent */
    assert_true(serve(&t.h, 10000));
    assert_true(cqlr_conn_fd(t.h.c) >= 0);
    submit_flush(&t.h, 1, 1);
    ERR_clear_error();
    uint8_t byte;
    int reason = 0;
    while (!reason) {
        assert_int_not_equal(SSL_read(t.ssl, &byte, 1), 1);
        reason = ERR_GET_REASON(ERR_get_error());
        (void)serve(&t.h, 10);
    }
    assert_int_equal(reason, SSL_R_NO_RENEGOTIATION);
    tls_fini(&t);
}

/* ---- the end ---- */

static void serve_to_the_end(struct tls_host *t)
{
    while (cqlr_conn_fd(t->h.c) >= 0)
        assert_true(serve(&t->h, 10000));
}

static void a_cut_with_requests_in_flight_is_an_error(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    submit_flush(&t.h, 1, 1);
    (void)tls_server_request(&t);
    server_close(&t.h);
    serve_to_the_end(&t);
    log_is(&t.h, "1:CLOSED close:CLOSED ");
    err_is(&t.h, CQLR_E_CLOSED,
           "TLS: cut off without close_notify: connection closed by the server");
    tls_fini(&t);
}

static void a_cut_in_the_middle_of_a_frame_is_an_error(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    tls_server_write(&t, "\x84\0\xFF\xFF\x0C", 5);
    server_close(&t.h);
    serve_to_the_end(&t);
    log_is(&t.h, "close:CLOSED ");
    err_is(&t.h, CQLR_E_CLOSED,
           "TLS: cut off without close_notify: connection closed in the middle of a frame");
    tls_fini(&t);
}

static void a_cut_when_nothing_is_open_is_an_end(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    tls_ask(&t);
    server_close(&t.h);
    serve_to_the_end(&t);
    log_is(&t.h, "close:CLOSED ");
    err_is(&t.h, CQLR_E_CLOSED, "connection closed by the server");
    tls_fini(&t);
}

/* The last answer, then close_notify and FIN: all in one call. */
static void an_answer_before_the_end_is_delivered(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    submit_flush(&t.h, 1, 2);
    (void)tls_server_request(&t);
    (void)tls_server_request(&t);
    tls_server_reply(&t, 1, CQLR_OP_RESULT, "x");
    SSL_shutdown(t.ssl);
    server_close(&t.h);
    serve_to_the_end(&t);
    log_is(&t.h, "1:RESULT 2:CLOSED close:CLOSED ");
    err_is(&t.h, CQLR_E_CLOSED, "connection closed by the server");
    tls_fini(&t);
}

static void close_notify_in_the_middle_of_a_frame_is_an_error(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    tls_server_write(&t, "\x84\0\xFF\xFF\x0C", 5);
    SSL_shutdown(t.ssl);
    serve_to_the_end(&t);
    err_is(&t.h, CQLR_E_CLOSED, "connection closed in the middle of a frame");
    tls_fini(&t);
}

/* Closing says so to the server; freeing does not, since a forked child may do it. */
static void closing_sends_close_notify_and_freeing_nothing(void **state)
{
    struct tls_host t;
    uint8_t byte;
    (void)state;
    tls_init(&t, "DNS:db.example");
    for (int freed = 0; freed < 2; freed++) {
        tls_open_all(&t);
        if (freed)
            cqlr_conn_free(t.h.c);
        else
            cqlr_conn_close(t.h.c);
        ERR_clear_error();
        assert_true(SSL_read(t.ssl, &byte, 1) <= 0);
        assert_int_equal(SSL_get_shutdown(t.ssl), freed ? 0 : SSL_RECEIVED_SHUTDOWN);
        if (freed)
            t.h.c = NULL;
        end_connection(&t);
    }
    tls_fini(&t);
}

static void a_server_that_is_gone_raises_no_signal(void **state)
{
    struct tls_host t;
    struct sigaction now;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    signal(SIGPIPE, SIG_DFL);
    server_reset(&t.h);
    for (int i = 1; i < 100 && cqlr_conn_fd(t.h.c) >= 0; i++)
        if (submit(&t.h, i) == 0)
            cqlr_conn_flush(t.h.c);
    assert_int_equal(cqlr_conn_fd(t.h.c), -1);
    assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
    assert_ptr_equal(now.sa_handler, SIG_DFL);
    tls_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_bytes_both_ways),
        cmocka_unit_test(ten_megabytes_both_ways_in_ragged_pieces),
        cmocka_unit_test(keys_change_in_the_middle_of_it),
        cmocka_unit_test(keys_change_between_whole_requests),
        cmocka_unit_test(two_frames_in_one_record_need_no_second_wake_up),
        cmocka_unit_test(many_records_in_one_receive),
        cmocka_unit_test(a_record_larger_than_the_room_is_drained),
        cmocka_unit_test(held_bytes_are_all_taken),
        cmocka_unit_test(held_bytes_leave_when_the_socket_takes_them),
        cmocka_unit_test(held_bytes_leave_before_the_goodbye),
        cmocka_unit_test(renegotiation_is_refused),
        cmocka_unit_test(a_cut_with_requests_in_flight_is_an_error),
        cmocka_unit_test(a_cut_in_the_middle_of_a_frame_is_an_error),
        cmocka_unit_test(a_cut_when_nothing_is_open_is_an_end),
        cmocka_unit_test(an_answer_before_the_end_is_delivered),
        cmocka_unit_test(close_notify_in_the_middle_of_a_frame_is_an_error),
        cmocka_unit_test(closing_sends_close_notify_and_freeing_nothing),
        cmocka_unit_test(a_server_that_is_gone_raises_no_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

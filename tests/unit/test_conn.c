/*
 * test_conn.c - a connection's promise: every request that was submitted has exactly one callback,
 * whatever the server and the clock do.
 */
#include "tests/unit/conn_help.h"

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
    assert_int_equal(cqlr_conn_submit(h.c, CQLR_OP_OPTIONS, 0, 0, on_reply, &reqs[1], h.now),
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
    err_is(&h, CQLR_E_CONNECT, "handshake: timed out after 2000 ms");
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
    err_is(&h, CQLR_E_AUTH, "server asks for authentication (a.B); give a user name and password");
    host_fini(&h);
}

static void password_leaves_without_being_asked_to_flush(void **state)
{
    struct host h;
    char response[CQLR_FRAME_HEADER + 4 + 6];
    (void)state;
    host_init(&h);
    h.o.username = "me";
    h.o.password = "pw";
    open_conn(&h);
    server_accept(&h);
    assert_true(serve(&h, 10000));
    server_request(&h);
    server_write(&h, "\x84\0\0\0\3\0\0\0\5\0\3a.B", 14);
    assert_true(serve(&h, 10000));
    server_read(&h, response, sizeof response);
    assert_memory_equal(response, "\x4\0\0\0\xf\0\0\0\xa\0\0\0\6\0me\0pw", sizeof response);
    log_is(&h, "");
    server_write(&h, "\x84\0\0\0\x10\0\0\0\4\xff\xff\xff\xff", 13);
    assert_true(serve(&h, 10000));
    log_is(&h, "open ");
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
    err_is(&h, CQLR_E_CLOSED,
           "the server said nothing (does it want TLS?): connection closed by the server "
           "during the handshake");
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

/* On no request's stream: it is about the connection, so nobody waits for more. */
static void error_for_nobody_is_told_to_everybody_at_once(void **state)
{
    static const int streams[] = {0, 4, 77, 32767};
    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        struct host h;
        struct cqlr_wr w;
        char where[80] = "ERROR for the connection: ";
        host_init(&h);
        open_all(&h);
        submit_flush(&h, 1, 3);
        cqlr_wr_init(&w, NULL, 0);
        put_error(&w, RESPONSE4, streams[i], 0x1001, "no room for you");
        server_write(&h, w.p, w.n);
        assert_true(serve(&h, 10000));
        log_is(&h, "1:SERVER 2:SERVER 3:SERVER close:SERVER ");
        assert_int_equal(cqlr_conn_err(h.c)->server_code, 0x1001);
        if (streams[i])
            snprintf(where, sizeof where,
                     "ERROR on stream %d, where no request is in flight: ", streams[i]);
        assert_non_null(strstr(cqlr_conn_err(h.c)->text, where));
        assert_non_null(strstr(cqlr_conn_err(h.c)->text, "no room for you"));
        cqlr_wr_fini(&w);
        host_fini(&h);
    }
}

/* The server says why and closes; the client learns of it while it sends. What was said counts, not
 * the broken pipe. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_asks_and_answers),
        cmocka_unit_test(connection_that_was_never_opened_calls_nobody),
        cmocka_unit_test(open_that_fails_at_once_calls_nobody),
        cmocka_unit_test(refused_connection_names_the_peer),
        cmocka_unit_test(silent_server_ends_at_the_connect_deadline),
        cmocka_unit_test(handshake_that_fails_tells_the_servers_words),
        cmocka_unit_test(password_leaves_without_being_asked_to_flush),
        cmocka_unit_test(last_answers_are_given_before_the_end),
        cmocka_unit_test(end_in_the_middle_of_a_frame_is_told),
        cmocka_unit_test(end_during_the_handshake_is_told),
        cmocka_unit_test(reset_is_an_io_error),
        cmocka_unit_test(broken_protocol_ends_every_request_with_its_reason),
        cmocka_unit_test(error_for_nobody_is_told_to_everybody_at_once),
        cmocka_unit_test(servers_last_words_are_read_when_sending_fails),
        cmocka_unit_test(hang_up_without_anything_to_read_ends),
        cmocka_unit_test(requests_time_out_in_order_and_late_answers_are_swallowed),
        cmocka_unit_test(request_that_a_timeout_submits_waits_its_own_time),
        cmocka_unit_test(no_timeout_is_possible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

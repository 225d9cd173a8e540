/*
 * test_conn_heartbeat.c - a peer from which nothing comes is asked for a sign of life, and given up
 * when it gives none. No real time passes.
 */
#include "tests/unit/conn_help.h"

enum { INTERVAL = 10, TIMEOUT = 5 };

/* An open connection with the usual heartbeat, and requests that wait for ever. */
static void open_beating(struct host *h)
{
    host_init(h);
    h->o.heartbeat_interval = INTERVAL * SECOND;
    h->o.request_timeout = CQLR_NEVER;
    open_all(h);
}

static void time_passes(struct host *h, uint64_t seconds)
{
    h->now += seconds * SECOND;
    cqlr_conn_time(h->c, h->now);
}

static void nothing_was_sent(struct host *h)
{
    char byte;
    assert_int_equal(recv(h->server, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
}

static void question_was_sent(struct host *h)
{
    uint8_t got[CQLR_FRAME_HEADER];
    server_read(h, got, sizeof got);
    assert_memory_equal(got, "\4\0\0\0\5\0\0\0\0", sizeof got);
    nothing_was_sent(h);
}

static void silent_peer_is_asked_and_its_answer_is_nobodys(void **state)
{
    struct host h;
    (void)state;
    open_beating(&h);
    for (int round = 0; round < 3; round++) {
        const uint64_t heard = h.now;
        assert_int_equal(cqlr_conn_deadline(h.c), heard + INTERVAL * SECOND);
        cqlr_conn_time(h.c, heard + INTERVAL * SECOND - 1);
        nothing_was_sent(&h);
        time_passes(&h, INTERVAL);
        question_was_sent(&h);
        assert_int_equal(cqlr_conn_deadline(h.c), heard + (INTERVAL + TIMEOUT) * SECOND);
        time_passes(&h, TIMEOUT - 1);
        nothing_was_sent(&h);
        server_reply(&h, 0, CQLR_OP_SUPPORTED, "\0");
        assert_true(serve(&h, 10000));
    }
    assert_int_equal(cqlr_conn_err(h.c)->code, 0);
    log_is(&h, "");
    host_fini(&h);
}

static void peer_that_says_nothing_then_is_lost_with_all_requests(void **state)
{
    struct host h;
    (void)state;
    open_beating(&h);
    submit_flush(&h, 1, 2);
    for (int i = 1; i <= 2; i++)
        assert_int_equal(server_request(&h), i);
    time_passes(&h, INTERVAL);
    question_was_sent(&h);
    cqlr_conn_time(h.c, h.now + TIMEOUT * SECOND - 1);
    log_is(&h, "");
    time_passes(&h, TIMEOUT);
    log_is(&h, "1:CLOSED 2:CLOSED close:CLOSED ");
    err_is(&h, CQLR_E_CLOSED, "no sign of life for 15 s: heartbeat not answered");
    assert_int_equal(cqlr_conn_fd(h.c), -1);
    assert_int_equal(cqlr_conn_deadline(h.c), CQLR_NEVER);
    host_fini(&h);
    log_is(&h, "");
}

/* An answer, an event, the first byte of one. */
static void whatever_comes_is_a_sign_of_life(void **state)
{
    static const char *const signs[] = {"\x84\0\0\1\x8\0\0\0\1x", "\x84\0\xff\xff\xc\0\0\0\0",
                                        "\x84"};
    static const size_t lengths[] = {10, 9, 1};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct host h;
        open_beating(&h);
        submit_flush(&h, 1, 1);
        server_request(&h);
        time_passes(&h, INTERVAL);
        question_was_sent(&h);
        h.now += (TIMEOUT - 1) * SECOND;
        server_write(&h, signs[i], lengths[i]);
        assert_true(serve(&h, 10000));
        assert_int_equal(cqlr_conn_deadline(h.c), h.now + INTERVAL * SECOND);
        /* The answer is owed still: the next silence is measured, but not asked about twice. */
        time_passes(&h, INTERVAL);
        nothing_was_sent(&h);
        assert_int_equal(cqlr_conn_deadline(h.c), h.now + TIMEOUT * SECOND);
        time_passes(&h, TIMEOUT);
        err_is(&h, CQLR_E_CLOSED, "no sign of life for 15 s: heartbeat not answered");
        host_fini(&h);
    }
}

static void busy_connection_asks_nothing(void **state)
{
    struct host h;
    (void)state;
    open_beating(&h);
    for (int i = 0; i < 50; i++) {
        submit_flush(&h, 1, 1);
        assert_int_equal(server_request(&h), 1); /* never stream 0 */
        time_passes(&h, INTERVAL - 1);
        server_reply(&h, 1, CQLR_OP_RESULT, "x");
        assert_true(serve(&h, 10000));
    }
    nothing_was_sent(&h);
    host_fini(&h);
}

/* The host comes late: for a long time nobody has read. */
static void what_came_while_the_host_was_away_counts(void **state)
{
    struct host h;
    (void)state;
    open_beating(&h);
    submit_flush(&h, 1, 1);
    server_request(&h);
    server_reply(&h, 1, CQLR_OP_RESULT, "x");
    time_passes(&h, 100);
    log_is(&h, "1:RESULT ");
    nothing_was_sent(&h);
    time_passes(&h, INTERVAL);
    question_was_sent(&h);
    server_reply(&h, 0, CQLR_OP_SUPPORTED, "\0");
    time_passes(&h, 100);
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + INTERVAL * SECOND);
    time_passes(&h, INTERVAL);
    question_was_sent(&h);
    server_close(&h); /* that it ended is known better than that it is silent */
    time_passes(&h, TIMEOUT);
    log_is(&h, "close:CLOSED ");
    err_is(&h, CQLR_E_CLOSED, "connection closed by the server");
    host_fini(&h);
}

static void free_it(struct host *h)
{
    cqlr_conn_free(h->c);
    h->c = NULL;
}

static void answer_that_is_found_late_may_free_the_connection(void **state)
{
    struct host h;
    (void)state;
    open_beating(&h);
    submit_flush(&h, 1, 2);
    server_request(&h);
    server_reply(&h, 1, CQLR_OP_RESULT, "x");
    h.then = free_it;
    time_passes(&h, 100);
    log_is(&h, "1:RESULT 2:CLOSED close:CLOSED ");
    host_fini(&h);
}

static void it_works_when_all_streams_are_taken(void **state)
{
    struct host h;
    (void)state;
    open_beating(&h);
    for (int i = 1; i <= 32767; i++)
        assert_int_equal(submit(&h, i), 0);
    assert_int_equal(submit(&h, 32768), CQLR_E_AGAIN);
    cqlr_conn_flush(h.c);
    for (int i = 1; i <= 32767; i++) {
        assert_int_equal(server_request(&h), i);
        if (cqlr_conn_wants(h.c) & CQLR_WRITE)
            serve(&h, 0);
    }
    time_passes(&h, INTERVAL);
    question_was_sent(&h);
    server_reply(&h, 0, CQLR_OP_SUPPORTED, "\0");
    assert_true(serve(&h, 10000));
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + INTERVAL * SECOND);
    host_fini(&h);
}

/* A peer that reads nothing: the question never leaves, and that is no excuse. */
static void peer_that_does_not_read_is_lost_as_well(void **state)
{
    enum { N = 16 << 20 };
    struct host h;
    (void)state;
    open_beating(&h);
    assert_non_null(cqlr_wr_room(cqlr_conn_begin(h.c), N));
    reqs[1] = (struct req){&h, 1};
    assert_int_equal(cqlr_conn_submit(h.c, CQLR_OP_QUERY, 0, 0, on_reply, &reqs[1], h.now), 0);
    cqlr_conn_flush(h.c);
    assert_int_equal(cqlr_conn_wants(h.c), CQLR_READ | CQLR_WRITE);
    while (serve(&h, 50))
        continue; /* until nothing fits */
    time_passes(&h, INTERVAL);
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + TIMEOUT * SECOND);
    time_passes(&h, TIMEOUT);
    log_is(&h, "1:CLOSED close:CLOSED ");
    err_is(&h, CQLR_E_CLOSED, "no sign of life for 15 s: heartbeat not answered");
    host_fini(&h);
}

static void either_time_may_be_none(void **state)
{
    static const uint64_t none[] = {CQLR_NEVER, 0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct host h;
        host_init(&h);
        h.o.heartbeat_interval = none[i];
        open_all(&h);
        assert_int_equal(cqlr_conn_deadline(h.c), CQLR_NEVER);
        time_passes(&h, 1000000);
        nothing_was_sent(&h);
        host_fini(&h);

        host_init(&h);
        h.o.heartbeat_interval = SECOND;
        h.o.heartbeat_timeout = none[i];
        open_all(&h);
        time_passes(&h, 1);
        question_was_sent(&h);
        assert_int_equal(cqlr_conn_deadline(h.c), CQLR_NEVER);
        time_passes(&h, 1000000);
        log_is(&h, "");
        host_fini(&h);
    }
}

static void handshake_has_its_own_time(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.heartbeat_interval = SECOND;
    h.o.heartbeat_timeout = SECOND;
    open_conn(&h);
    server_accept(&h);
    assert_true(serve(&h, 10000));
    assert_int_equal(server_request(&h), 0);
    time_passes(&h, 4);
    nothing_was_sent(&h);
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + SECOND);
    server_reply(&h, 0, CQLR_OP_READY, "");
    assert_true(serve(&h, 10000));
    log_is(&h, "open ");
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + SECOND);
    host_fini(&h);
}

static void question_without_memory_ends_the_connection(void **state)
{
    struct host h;
    struct counter c;
    (void)state;
    host_init(&h);
    h.o.mem = counter_init(&c, 0);
    h.o.heartbeat_interval = SECOND;
    open_all(&h);
    struct cqlr_wr *w = cqlr_conn_begin(h.c);
    assert_non_null(cqlr_wr_room(w, w->cap - w->n)); /* full to the byte */
    reqs[1] = (struct req){&h, 1};
    assert_int_equal(cqlr_conn_submit(h.c, CQLR_OP_QUERY, 0, 0, on_reply, &reqs[1], h.now), 0);
    c.fail = c.calls + 1;
    time_passes(&h, 1);
    assert_int_equal(c.failed, 1);
    log_is(&h, "1:NOMEM close:NOMEM ");
    err_is(&h, CQLR_E_NOMEM, "heartbeat: out of memory");
    host_fini(&h);
    assert_int_equal(c.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_peer_is_asked_and_its_answer_is_nobodys),
        cmocka_unit_test(peer_that_says_nothing_then_is_lost_with_all_requests),
        cmocka_unit_test(whatever_comes_is_a_sign_of_life),
        cmocka_unit_test(busy_connection_asks_nothing),
        cmocka_unit_test(what_came_while_the_host_was_away_counts),
        cmocka_unit_test(answer_that_is_found_late_may_free_the_connection),
        cmocka_unit_test(it_works_when_all_streams_are_taken),
        cmocka_unit_test(peer_that_does_not_read_is_lost_as_well),
        cmocka_unit_test(either_time_may_be_none),
        cmocka_unit_test(handshake_has_its_own_time),
        cmocka_unit_test(question_without_memory_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_conn_callbacks.c - what a callback may do to its own connection: submit, flush, close, free;
 * every other request still has exactly one callback, and none comes after the free.
 */
#include "tests/unit/conn_help.h"

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

/* An event has come, and what is out is due: both wait until the callback has returned, because
 * what it was given lies where the bytes would go. */
static void be_ready_and_late(struct host *h)
{
    server_reply(h, -1, CQLR_OP_EVENT, "y");
    note(h, "( ");
    cqlr_conn_ready(h->c, CQLR_READ | CQLR_WRITE | CQLR_HANGUP, h->now);
    cqlr_conn_time(h->c, CQLR_NEVER - 1);
    note(h, ") ");
}

static void neither_bytes_nor_time_inside_a_callback(void **state)
{
    struct host h;
    (void)state;
    answered_with(&h, be_ready_and_late);
    log_is(&h, "2:RESULT ( ) 1:RESULT ");
    assert_true(serve(&h, 10000));
    cqlr_conn_time(h.c, CQLR_NEVER - 1);
    log_is(&h, "push:1 3:TIMEOUT ");
    host_fini(&h);
}

static void nor_inside_any_other(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.on_connect = on_connect;
    open_conn(&h);
    server_accept(&h);
    h.then = be_ready_and_late; /* the event comes before READY, and would end the connection */
    assert_true(serve(&h, 10000));
    log_is(&h, "connect ( ) ");
    assert_true(cqlr_conn_fd(h.c) >= 0);
    host_fini(&h);

    host_init(&h);
    open_all(&h);
    submit_flush(&h, 1, 2);
    h.then = be_ready_and_late;
    cqlr_conn_time(h.c, h.now + 10 * SECOND);
    log_is(&h, "1:TIMEOUT ( ) 2:TIMEOUT ");
    submit_flush(&h, 3, 4);
    h.then = be_ready_and_late;
    cqlr_conn_close(h.c);
    log_is(&h, "3:CLOSED ( ) 4:CLOSED close:CLOSED ");
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
        cqlr_conn_submit(chain->h->c, CQLR_OP_OPTIONS, 0, 0, ask_next, chain, chain->h->now), 0);
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
    assert_int_equal(cqlr_conn_submit(h.c, CQLR_OP_OPTIONS, 0, 0, ask_next, &chain, h.now), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_inside_a_reply),
        cmocka_unit_test(free_inside_a_reply),
        cmocka_unit_test(close_and_free_inside_a_reply),
        cmocka_unit_test(free_while_the_end_is_told),
        cmocka_unit_test(free_inside_on_close),
        cmocka_unit_test(free_inside_on_open_and_on_push),
        cmocka_unit_test(free_inside_a_timeout),
        cmocka_unit_test(descriptor_is_closed_after_on_close),
        cmocka_unit_test(neither_bytes_nor_time_inside_a_callback),
        cmocka_unit_test(nor_inside_any_other),
        cmocka_unit_test(requests_submitted_inside_replies_leave_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_link_heartbeat.c - OPTIONS on stream 0 after the handshake: what leaves, what may come, and
 * that requests notice nothing of it.
 */
#include "tests/unit/counter.h"
#include "tests/unit/link_help.h"

static void feed_supported(cqlr_link *l)
{
    feed_frame(l, RESPONSE4, 0, 0, CQLR_OP_SUPPORTED, "\0\0", 2);
}

static void it_is_options_on_stream_0_and_its_answer_is_no_event(void **state)
{
    static const uint8_t options[] = {REQUEST4, 0, 0, 0, CQLR_OP_OPTIONS, 0, 0, 0, 0};
    struct cqlr_event ev;
    const uint8_t *p;
    (void)state;
    cqlr_link *l = open_client(NULL);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(cqlr_link_heartbeat(l), 0);
        assert_int_equal(cqlr_link_out(l, &p), sizeof options);
        assert_memory_equal(p, options, sizeof options);
        all_sent(l);
        assert_int_equal(cqlr_link_in_flight(l), 0);
        feed_supported(l);
        assert_int_equal(cqlr_link_next(l, &ev), 0);
    }
    cqlr_link_free(l);
}

static void one_at_a_time_is_out(void **state)
{
    struct cqlr_event ev;
    const uint8_t *p;
    (void)state;
    cqlr_link *l = open_client(NULL);
    assert_int_equal(cqlr_link_heartbeat(l), 0);
    all_sent(l);
    assert_int_equal(cqlr_link_heartbeat(l), CQLR_E_AGAIN);
    assert_int_equal(cqlr_link_out(l, &p), 0);
    feed_supported(l);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    assert_int_equal(cqlr_link_heartbeat(l), 0);
    cqlr_link_free(l);
}

static void an_answer_that_was_not_asked_for_is_a_violation(void **state)
{
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = open_client(NULL);
    feed_supported(l);
    assert_fails(l, CQLR_E_PROTO, "SUPPORTED on stream 0 after the handshake");
    cqlr_link_free(l);

    l = open_client(NULL);
    assert_int_equal(cqlr_link_heartbeat(l), 0);
    all_sent(l);
    feed_supported(l);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    feed_supported(l);
    assert_fails(l, CQLR_E_PROTO, "SUPPORTED on stream 0 after the handshake");
    assert_int_equal(cqlr_link_heartbeat(l), CQLR_E_PROTO);
    cqlr_link_free(l);
}

static void another_message_is_no_answer_to_it(void **state)
{
    static const uint8_t opcodes[] = {CQLR_OP_READY, CQLR_OP_RESULT, CQLR_OP_AUTHENTICATE};
    (void)state;
    for (size_t i = 0; i < sizeof opcodes; i++) {
        cqlr_link *l = open_client(NULL);
        assert_int_equal(cqlr_link_heartbeat(l), 0);
        all_sent(l);
        feed_frame(l, RESPONSE4, 0, 0, opcodes[i], "\0\1a", 3);
        assert_fails(l, CQLR_E_PROTO, "on stream 0 after the handshake");
        cqlr_link_free(l);
    }
}

static void an_error_on_stream_0_is_the_connections(void **state)
{
    struct cqlr_wr w;
    (void)state;
    cqlr_link *l = open_client(NULL);
    cqlr_wr_init(&w, NULL, 0);
    put_error(&w, RESPONSE4, 0, 0x1001, "too much");
    assert_int_equal(cqlr_link_heartbeat(l), 0);
    all_sent(l);
    assert_int_equal(cqlr_link_feed(l, w.p, w.n), 0);
    assert_fails(l, CQLR_E_SERVER, "ERROR for the connection: ");
    assert_non_null(strstr(cqlr_link_err(l)->text, "too much"));
    cqlr_wr_fini(&w);
    cqlr_link_free(l);
}

static void it_needs_no_stream(void **state)
{
    struct cqlr_link_opts o;
    struct cqlr_event ev;
    int tag;
    (void)state;
    cqlr_link_opts_init(&o, sizeof o);
    o.max_streams = 1;
    cqlr_link *l = cqlr_link_new(&o);
    all_sent(l);
    feed_frame(l, RESPONSE4, 0, 0, CQLR_OP_READY, NULL, 0);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(request(l, &tag), 1);
    assert_int_equal(request(l, NULL), CQLR_E_AGAIN);
    assert_int_equal(cqlr_link_heartbeat(l), 0);
    all_sent(l);
    feed_supported(l);
    feed_frame(l, RESPONSE4, 0, 1, CQLR_OP_RESULT, "x", 1);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.stream, 1);
    assert_ptr_equal(ev.tag, &tag);
    cqlr_link_free(l);
}

static void it_is_a_clients_after_the_handshake(void **state)
{
    const uint8_t *p;
    (void)state;
    cqlr_link *l = link_of(CQLR_CLIENT, NULL);
    size_t startup = cqlr_link_out(l, &p);
    assert_int_equal(cqlr_link_heartbeat(l), CQLR_E_STATE);
    assert_int_equal(cqlr_link_out(l, &p), startup);
    cqlr_link_free(l);
    l = link_of(CQLR_SERVER, NULL);
    assert_int_equal(cqlr_link_heartbeat(l), CQLR_E_STATE);
    assert_int_equal(cqlr_link_out(l, &p), 0);
    cqlr_link_free(l);
}

static void without_memory_nothing_is_queued(void **state)
{
    struct counter c;
    const uint8_t *p;
    (void)state;
    cqlr_link *l = open_client(counter_init(&c, 0));
    size_t n = 0;
    c.fail = c.calls + 1;
    while (cqlr_link_heartbeat(l) == 0) { /* until the buffer is full */
        n = cqlr_link_out(l, &p);
        feed_supported(l);
        assert_int_equal(cqlr_link_next(l, &(struct cqlr_event){0}), 0);
    }
    assert_int_equal(c.failed, 1);
    assert_int_equal(cqlr_link_out(l, &p), n);
    assert_int_equal(cqlr_link_heartbeat(l), 0); /* there is memory again */
    cqlr_link_free(l);
    assert_int_equal(c.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_options_on_stream_0_and_its_answer_is_no_event),
        cmocka_unit_test(one_at_a_time_is_out),
        cmocka_unit_test(an_answer_that_was_not_asked_for_is_a_violation),
        cmocka_unit_test(another_message_is_no_answer_to_it),
        cmocka_unit_test(an_error_on_stream_0_is_the_connections),
        cmocka_unit_test(it_needs_no_stream),
        cmocka_unit_test(it_is_a_clients_after_the_handshake),
        cmocka_unit_test(without_memory_nothing_is_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

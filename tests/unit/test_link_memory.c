/*
 * test_link_memory.c - a link's buffers: they grow with the bytes that came, never with a length
 * that was announced; what is dropped leaves nothing; the steady state allocates nothing.
 */
#include "tests/unit/link_help.h"

/* ---- receiving ---- */

static void length_over_the_limit_is_refused_on_the_header(void **state)
{
    static const uint32_t lengths[] = {0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0x10000001};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct counter c;
        uint8_t header[] = {RESPONSE4, 0, 0, 1, CQLR_OP_RESULT, 0, 0, 0, 0};
        cqlr_link *l = open_client(counter_init(&c, 0));
        assert_int_equal(request(l, NULL), 1);
        cqlr_put32(header + 5, lengths[i]);
        assert_int_equal(cqlr_link_feed(l, header, sizeof header), 0);
        assert_fails(l, CQLR_E_PROTO, "the limit is 268435456");
        assert_int_equal(cqlr_link_err(l)->offset, 5);
        assert_true(c.live < 100000);
        cqlr_link_free(l);
        assert_int_equal(c.live, 0);
    }
}

static void announced_length_takes_no_memory(void **state)
{
    static const uint8_t header[] = {RESPONSE4, 0, 0, 1, CQLR_OP_RESULT, 0x10, 0, 0, 0};
    struct counter c;
    struct cqlr_event ev;
    size_t room;
    (void)state;
    cqlr_link *l = open_client(counter_init(&c, 0));
    assert_int_equal(request(l, NULL), 1);
    assert_int_equal(cqlr_link_feed(l, header, sizeof header), 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(cqlr_link_next(l, &ev), 0);
        assert_non_null(cqlr_link_room(l, &room));
    }
    assert_true(cqlr_link_mid_frame(l));
    assert_true(c.live < 100000);
    cqlr_link_free(l);
}

/* Feeds a body of n bytes in pieces of 5,000; what is held never passes three times what has come.
 */
static void feed_body(cqlr_link *l, const struct counter *c, size_t n)
{
    struct cqlr_event ev;
    size_t fed = 0;
    while (fed < n) {
        size_t room;
        uint8_t *p = cqlr_link_room(l, &room);
        assert_non_null(p);
        if (room > 5000)
            room = 5000;
        if (room > n - fed)
            room = n - fed;
        memset(p, 0x5A, room);
        cqlr_link_fed(l, room);
        fed += room;
        assert_true(c->live < 150000 + 3 * fed);
        if (fed < n)
            assert_int_equal(cqlr_link_next(l, &ev), 0);
    }
}

static void large_answer_grows_the_buffer_as_it_comes_and_gives_it_back(void **state)
{
    enum { N = 20 * 1024 * 1024 };
    struct counter c;
    struct cqlr_event ev;
    uint8_t header[] = {RESPONSE4, 0, 0, 1, CQLR_OP_RESULT, 0, 0, 0, 0};
    (void)state;
    cqlr_link *l = open_client(counter_init(&c, 0));
    request(l, NULL);
    cqlr_put32(header + 5, N);
    assert_int_equal(cqlr_link_feed(l, header, sizeof header), 0);
    feed_body(l, &c, N);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.body.n, N);
    for (size_t i = 0; i < N; i += 4096)
        assert_int_equal(ev.body.p[i], 0x5A);
    for (int i = 0; i < 40; i++) {
        request(l, NULL);
        all_sent(l);
        feed_frame(l, RESPONSE4, 0, 1, CQLR_OP_RESULT, NULL, 0);
        assert_int_equal(cqlr_link_next(l, &ev), 1);
    }
    assert_true(c.live < 2 * 1024 * 1024);
    cqlr_link_free(l);
    assert_int_equal(c.live, 0);
}

static void longest_frame_that_is_allowed_needs_no_more_than_itself(void **state)
{
    struct counter c;
    struct cqlr_link_opts o;
    struct cqlr_event ev;
    uint8_t header[] = {RESPONSE4, 0, 0, 0, CQLR_OP_RESULT, 0, 0, 0, 0};
    (void)state;
    cqlr_link_opts_init(&o, sizeof o);
    o.mem = counter_init(&c, 0);
    o.max_frame = 300000;
    cqlr_link *l = cqlr_link_new(&o);
    feed_frame(l, RESPONSE4, 0, 0, CQLR_OP_READY, NULL, 0);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    header[3] = (uint8_t)request(l, NULL);
    cqlr_put32(header + 5, o.max_frame);
    assert_int_equal(cqlr_link_feed(l, header, sizeof header), 0);
    feed_body(l, &c, o.max_frame);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.body.n, o.max_frame);
    assert_true(c.largest <= (size_t)o.max_frame + CQLR_FRAME_HEADER);

    request(l, NULL);
    cqlr_put32(header + 5, o.max_frame + 1);
    assert_int_equal(cqlr_link_feed(l, header, sizeof header), 0);
    assert_fails(l, CQLR_E_PROTO, "body of 300001 bytes, the limit is 300000");
    cqlr_link_free(l);
}

static void steady_state_allocates_nothing(void **state)
{
    struct counter c;
    struct cqlr_event ev;
    unsigned before = 0;
    (void)state;
    cqlr_link *l = open_client(counter_init(&c, 0));
    for (int turn = 0; turn < 1000; turn++) {
        if (turn == 2)
            before = c.calls;
        for (int i = 0; i < 100; i++)
            assert_in_range(request(l, NULL), 1, 100);
        all_sent(l);
        for (int i = 1; i <= 100; i++)
            feed_frame(l, RESPONSE4, 0, i, CQLR_OP_RESULT, "some bytes", 10);
        for (int i = 1; i <= 100; i++)
            assert_int_equal(cqlr_link_next(l, &ev), 1);
    }
    assert_int_equal(c.calls, before);
    cqlr_link_free(l);
}

/* ---- sending ---- */

static void dropped_and_failed_frames_leave_nothing(void **state)
{
    const uint8_t *p;
    (void)state;
    cqlr_link *l = open_client(NULL);
    assert_int_equal(request(l, NULL), 1);
    size_t n = cqlr_link_out(l, &p);

    cqlr_wr_raw(cqlr_link_begin(l), "abc", 3);
    cqlr_link_drop(l);
    cqlr_link_drop(l);
    assert_int_equal(cqlr_link_out(l, &p), n);

    struct cqlr_wr *w = cqlr_link_begin(l);
    cqlr_wr_raw(w, "abc", 3);
    w->rc = CQLR_E_RANGE;
    assert_int_equal(cqlr_link_request(l, CQLR_OP_QUERY, 0, NULL), CQLR_E_RANGE);
    assert_int_equal(cqlr_link_out(l, &p), n);
    assert_int_equal(cqlr_link_in_flight(l), 1);

    assert_int_equal(cqlr_link_request(l, CQLR_OP_QUERY, 0, NULL), CQLR_E_STATE);
    cqlr_wr_raw(cqlr_link_begin(l), "abc", 3);
    assert_int_equal(cqlr_link_respond(l, CQLR_OP_RESULT, 0, 1), CQLR_E_STATE);

    cqlr_wr_raw(cqlr_link_begin(l), "abc", 3); /* begun again instead of ended */
    cqlr_wr_raw(cqlr_link_begin(l), "de", 2);
    assert_int_equal(cqlr_link_request(l, CQLR_OP_QUERY, 2, NULL), 2);
    assert_int_equal(cqlr_link_out(l, &p), n + 11);
    assert_memory_equal(p + n, "\4\2\0\2\7\0\0\0\2de", 11);
    cqlr_link_free(l);
}

static void body_over_the_protocols_limit_is_not_sent(void **state)
{
    const uint8_t *p;
    (void)state;
    cqlr_link *l = open_client(NULL);
    struct cqlr_wr *w = cqlr_link_begin(l);
    size_t before = w->n;
    assert_null(cqlr_wr_room(w, (size_t)CQLR_FRAME_MAX + 1));
    assert_int_equal(w->n, before);
    assert_int_equal(cqlr_link_request(l, CQLR_OP_QUERY, 0, NULL), CQLR_E_LIMIT);
    assert_int_equal(cqlr_link_out(l, &p), 0);
    cqlr_link_free(l);
}

/* Sends in pieces of every size, with new frames in between: the bytes come out as they went in. */
static void bytes_leave_in_order_in_pieces_of_any_size(void **state)
{
    struct cqlr_wr all;
    struct counter c;
    uint32_t random = 99;
    uint32_t next = 0;
    (void)state;
    cqlr_wr_init(&all, NULL, (size_t)1 << 30);
    cqlr_link *l = link_of(CQLR_SERVER, counter_init(&c, 0));
    for (int i = 0; i < 3000; i++) {
        const uint8_t *p;
        struct cqlr_wr *w = cqlr_link_begin(l);
        random = random * 1664525 + 1013904223;
        for (uint32_t k = 0; k < (random >> 16) % 200; k++)
            cqlr_wr_i32(w, (int32_t)next++);
        assert_int_equal(cqlr_link_respond(l, CQLR_OP_RESULT, 0, 0), 0);
        size_t n = cqlr_link_out(l, &p);
        size_t part = i == 2999 ? n : n * ((random >> 8) % 9) / 10;
        cqlr_wr_raw(&all, p, part);
        cqlr_link_sent(l, part);
    }
    uint32_t expected = 0;
    for (size_t at = 0; at < all.n;) {
        struct cqlr_frame f;
        cqlr_frame_read(all.p + at, &f);
        assert_int_equal(f.length % 4, 0);
        at += CQLR_FRAME_HEADER;
        for (size_t end = at + f.length; at < end; at += 4)
            assert_int_equal(cqlr_be32(all.p + at), expected++);
    }
    assert_int_equal(expected, next);
    assert_true(c.live < 1 << 20);
    cqlr_link_free(l);
    cqlr_wr_fini(&all);
}

static void memory_of_a_burst_goes_back_when_it_has_left(void **state)
{
    struct counter c;
    (void)state;
    cqlr_link *l = open_client(counter_init(&c, 0));
    struct cqlr_wr *w = cqlr_link_begin(l);
    memset(cqlr_wr_room(w, 8 << 20), 1, 8 << 20);
    assert_int_equal(cqlr_link_request(l, CQLR_OP_QUERY, 0, NULL), 1);
    all_sent(l);
    request(l, NULL);
    all_sent(l);
    assert_true(c.live < 1 << 20);
    cqlr_link_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_over_the_limit_is_refused_on_the_header),
        cmocka_unit_test(announced_length_takes_no_memory),
        cmocka_unit_test(large_answer_grows_the_buffer_as_it_comes_and_gives_it_back),
        cmocka_unit_test(longest_frame_that_is_allowed_needs_no_more_than_itself),
        cmocka_unit_test(steady_state_allocates_nothing),
        cmocka_unit_test(dropped_and_failed_frames_leave_nothing),
        cmocka_unit_test(body_over_the_protocols_limit_is_not_sent),
        cmocka_unit_test(bytes_leave_in_order_in_pieces_of_any_size),
        cmocka_unit_test(memory_of_a_burst_goes_back_when_it_has_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_link_lz4_in.c - compressed bodies that a link receives: events have the plain ones, whatever
 * lies ends the connection, and no body costs more memory than it is worth.
 */
#include "tests/unit/link_lz4_help.h"

/* ---- what arrives ---- */

static void prefix_and_body_come_out_of_one_compressed_body(void **state)
{
    static const uint8_t body[] = "0123456789abcdef"
                                  "\0\1\0\1w"
                                  "\0\1\0\1k\0\0\0\1\1"
                                  "\0\0\0\1";
    struct cqlr_event ev;
    struct cqlr_str s;
    struct cqlr_value v;
    int tag;
    (void)state;
    cqlr_link *l = open_lz4(NULL, 0);
    assert_int_equal(request(l, &tag), 1);
    feed_packed(l, RESPONSE4, 0x0E, 1, CQLR_OP_RESULT, body, sizeof body - 1);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.flags, 0x0F);
    assert_ptr_equal(ev.tag, &tag);
    assert_memory_equal(ev.prefix.trace, body, 16);
    assert_true(cqlr_string_list_next(&ev.prefix.warnings, &s));
    assert_str(s, "w");
    assert_true(cqlr_bytes_map_next(&ev.prefix.payload, &s, &v));
    assert_str(s, "k");
    assert_int_equal(ev.body.n, 4);
    assert_memory_equal(ev.body.p, "\0\0\0\1", 4);
    cqlr_link_free(l);
}

static void compressed_events_and_late_answers_are_taken(void **state)
{
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = open_lz4(NULL, 0);
    assert_int_equal(request(l, NULL), 1);
    cqlr_link_forget(l, 1);
    feed_packed(l, RESPONSE4, 0, 1, CQLR_OP_RESULT, "late", 4);
    feed_packed(l, RESPONSE4, 0, -1, CQLR_OP_EVENT, "push", 4);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_PUSH);
    assert_memory_equal(ev.body.p, "push", 4);
    assert_int_equal(cqlr_link_orphans(l), 0);
    cqlr_link_free(l);
}

static void bodies_that_lie_end_the_connection_and_take_no_memory(void **state)
{
    static const struct {
        const char *body;
        size_t n;
        const char *text;
    } rows[] = {
        {"", 0, "compressed body: size: need 4 bytes, 0 left at 0"},
        {"\0", 1, "need 4 bytes, 1 left"},
        {"\0\0\0", 3, "need 4 bytes, 3 left"},
        {"\0\0\0\0", 4, "not an LZ4 block of 0 bytes"},
        {"\0\0\0\1", 4, "the block can give at most 0"},
        {"\x7f\xff\xff\xf0\0", 5, "2147483632 plain bytes announced, the limit is 1000000"},
        {"\x80\0\0\0\0", 5, "2147483648 plain bytes announced, the limit is 1000000"},
        {"\0\x0f\x42\x41\0", 5, "1000001 plain bytes announced, the limit is 1000000"},
        {"\0\x0f\x42\x40\0", 5, "the block can give at most 255"},
        {"\0\0\0\2\x10x", 6, "2 plain bytes announced, the block gives 1"},
        {"\0\0\0\1\x20xx", 7, "not an LZ4 block of 1 bytes"},
        {"\0\0\0\1\x10x\0", 7, "not an LZ4 block"},
        {"\0\0\0\5garbage", 11, "not an LZ4 block"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct counter c;
        cqlr_link *l = open_lz4(counter_init(&c, 0), 1000000);
        assert_int_equal(request(l, NULL), 1);
        size_t before = c.live;
        feed_frame(l, RESPONSE4, CQLR_FLAG_COMPRESSED, 1, CQLR_OP_RESULT, rows[i].body, rows[i].n);
        assert_fails(l, CQLR_E_PROTO, rows[i].text);
        assert_true(c.live <= before + 256); /* where a small buffer begins */
        cqlr_link_free(l);
        assert_int_equal(c.live, 0);
    }
}

static void no_memory_for_a_plain_body_ends_the_connection(void **state)
{
    static uint8_t body[LONG];
    struct counter c;
    (void)state;
    cqlr_link *l = open_lz4(counter_init(&c, 0), 0);
    assert_int_equal(request(l, NULL), 1);
    feed_packed(l, RESPONSE4, 0, 1, CQLR_OP_RESULT, body, sizeof body);
    c.fail = c.calls + 1;
    assert_fails(l, CQLR_E_NOMEM, "compressed body: out of memory for 4000 plain bytes");
    cqlr_link_free(l);
    assert_int_equal(c.live, 0);
}

/* ---- memory ---- */

static void large_bodies_share_one_buffer_which_is_given_back(void **state)
{
    enum { N = 16 << 20 };
    uint8_t *zeros = calloc(1, N);
    struct counter c;
    struct cqlr_event ev;
    (void)state;
    assert_non_null(zeros);
    cqlr_link *l = open_lz4(counter_init(&c, 0), 0);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(request(l, NULL), i);
        feed_packed(l, RESPONSE4, 0, i, CQLR_OP_RESULT, zeros, N);
    }
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(cqlr_link_next(l, &ev), 1);
        assert_int_equal(ev.body.n, N);
        assert_memory_equal(ev.body.p, zeros, N);
    }
    assert_true(c.live < N + (1 << 20));
    assert_int_equal(c.largest, N);
    all_sent(l);
    for (int i = 0; i < 2; i++) {
        int id = request(l, NULL);
        feed_packed(l, RESPONSE4, 0, id, CQLR_OP_RESULT, "small", 5);
        assert_int_equal(cqlr_link_next(l, &ev), 1);
        assert_memory_equal(ev.body.p, "small", 5);
    }
    assert_true(c.live < 1 << 20);

    struct cqlr_wr *w = cqlr_link_begin(l); /* the same where bodies leave */
    memcpy(cqlr_wr_room(w, N), zeros, N);
    assert_true(cqlr_link_request(l, CQLR_OP_QUERY, 0, NULL) > 0);
    all_sent(l);
    for (int i = 0; i < 2; i++) {
        assert_true(send_query(l, zeros, LONG, 0) > 0);
        all_sent(l);
    }
    assert_true(c.live < 1 << 20);
    cqlr_link_free(l);
    assert_int_equal(c.live, 0);
    free(zeros);
}

static void the_longest_body_needs_no_more_than_itself(void **state)
{
    enum { N = 1000000 };
    static uint8_t zeros[N];
    struct counter c;
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = open_lz4(counter_init(&c, 0), N);
    for (size_t n = N * 6 / 10; n <= N; n += N * 4 / 10) {
        int id = request(l, NULL);
        feed_packed(l, RESPONSE4, 0, id, CQLR_OP_RESULT, zeros, n);
        assert_int_equal(cqlr_link_next(l, &ev), 1);
        assert_int_equal(ev.body.n, n);
    }
    assert_int_equal(c.largest, N);
    cqlr_link_free(l);
}

static void steady_state_allocates_nothing(void **state)
{
    static uint8_t body[LONG];
    struct counter c;
    struct cqlr_event ev;
    unsigned before = 0;
    (void)state;
    cqlr_link *l = open_lz4(counter_init(&c, 0), 0);
    for (int turn = 0; turn < 500; turn++) {
        if (turn == 2)
            before = c.calls;
        for (int i = 0; i < 20; i++)
            assert_in_range(send_query(l, body, sizeof body, 0), 1, 20);
        all_sent(l);
        for (int i = 1; i <= 20; i++)
            feed_packed(l, RESPONSE4, 0, i, CQLR_OP_RESULT, body, sizeof body);
        for (int i = 1; i <= 20; i++)
            assert_int_equal(cqlr_link_next(l, &ev), 1);
    }
    assert_int_equal(c.calls, before);
    cqlr_link_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefix_and_body_come_out_of_one_compressed_body),
        cmocka_unit_test(compressed_events_and_late_answers_are_taken),
        cmocka_unit_test(bodies_that_lie_end_the_connection_and_take_no_memory),
        cmocka_unit_test(no_memory_for_a_plain_body_ends_the_connection),
        cmocka_unit_test(large_bodies_share_one_buffer_which_is_given_back),
        cmocka_unit_test(the_longest_body_needs_no_more_than_itself),
        cmocka_unit_test(steady_state_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_link_lz4.c - a link with compression: who may send what compressed, and when; in both roles.
 */
#include "tests/unit/link_lz4_help.h"
#include "tests/unit/secret_mem.h"

/* ---- the handshake ---- */

static void startup_has_every_option_that_was_asked_for(void **state)
{
    static const char *const expected[] = {
        "COMPRESSION",       "lz4", "NO_COMPACT",       "true",    "CLIENT_ID",           "an id",
        "THROW_ON_OVERLOAD", "1",   "APPLICATION_NAME", "reports", "APPLICATION_VERSION", "7"};
    struct cqlr_link_opts o;
    struct cqlr_frame f;
    struct cqlr_startup m;
    struct body b;
    struct cqlr_str k, v;
    unsigned found = 0;
    (void)state;
    cqlr_link_opts_init(&o, sizeof o);
    o.compression = CQLR_COMPRESSION_LZ4;
    o.no_compact = o.throw_on_overload = true;
    o.client_id = "an id";
    o.application_name = "reports";
    o.application_version = "7";
    cqlr_link *l = cqlr_link_new(&o);
    struct cqlr_bytes body = only_frame(l, &f);
    assert_int_equal(cqlr_startup_read(body_init(&b, body.p, body.n), &m), 0);
    assert_int_equal(m.options.count, 9);
    while (cqlr_string_map_next(&m.options, &k, &v))
        for (size_t i = 0; i < sizeof expected / sizeof *expected; i += 2)
            found += cqlr_str_equal(k, cqlr_cstr(expected[i])) &&
                     cqlr_str_equal(v, cqlr_cstr(expected[i + 1]));
    assert_int_equal(found, 6);
    body_fini(&b);
    cqlr_link_free(l);
}

static void startup_is_never_compressed(void **state)
{
    static char name[LONG];
    struct cqlr_link_opts o;
    struct cqlr_frame f;
    (void)state;
    all_same((uint8_t *)name, sizeof name - 1);
    cqlr_link_opts_init(&o, sizeof o);
    o.compression = CQLR_COMPRESSION_LZ4;
    o.compress_from = 0;
    o.application_name = name;
    cqlr_link *l = cqlr_link_new(&o);
    only_frame(l, &f);
    assert_int_equal(f.opcode, CQLR_OP_STARTUP);
    assert_int_equal(f.flags, 0);
    assert_true(f.length > LONG);
    cqlr_link_free(l);
}

static void compressed_answers_of_the_handshake_are_taken_when_asked_for(void **state)
{
    struct cqlr_event ev;
    (void)state;
    cqlr_link_free(open_lz4(NULL, 0));

    cqlr_link *l = link_of(CQLR_CLIENT, NULL);
    assert_int_equal(cqlr_link_feed(l, READY_LZ4, sizeof READY_LZ4 - 1), 0);
    assert_fails(l, CQLR_E_PROTO, "compressed body, but no compression was agreed on");
    cqlr_link_free(l);

    l = lz4_client(NULL, 0);
    feed_packed(l, RESPONSE4, 0, 0, CQLR_OP_AUTHENTICATE, "\0\5Class", 7);
    assert_int_equal(cqlr_link_next(l, &ev), CQLR_E_AUTH);
    assert_non_null(strstr(cqlr_link_err(l)->text, "(Class)"));
    cqlr_link_free(l);
}

static void a_server_that_refuses_is_told_with_what_was_asked(void **state)
{
    static const int32_t codes[] = {CQLR_SERVER_PROTOCOL_ERROR, CQLR_SERVER_OVERLOADED};
    static const char *const texts[] = {"STARTUP refused (it asked for COMPRESSION lz4): Protocol "
                                        "error (0x000a): what?",
                                        "STARTUP refused: Overloaded (0x1001): what?"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct cqlr_wr w;
        cqlr_wr_init(&w, NULL, 0);
        cqlr_link *l = lz4_client(NULL, 0);
        put_error(&w, RESPONSE4, 0, codes[i], "what?");
        assert_int_equal(cqlr_link_feed(l, w.p, w.n), 0);
        assert_fails(l, CQLR_E_SERVER, texts[i]);
        cqlr_link_free(l);
        cqlr_wr_fini(&w);
    }
}

static void a_server_that_does_not_heed_the_option_gets_plain_requests(void **state)
{
    static uint8_t body[LONG];
    struct cqlr_event ev;
    struct cqlr_frame f;
    (void)state;
    all_same(body, sizeof body);
    cqlr_link *l = lz4_client(NULL, 0);
    all_sent(l);
    feed_frame(l, RESPONSE4, 0, 0, CQLR_OP_READY, NULL, 0);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_OPEN);
    assert_int_equal(send_query(l, body, sizeof body, 0), 1);
    only_frame(l, &f);
    assert_int_equal(f.flags, 0);
    assert_int_equal(f.length, LONG);
    all_sent(l);
    feed_frame(l, RESPONSE4, 0, 1, CQLR_OP_RESULT, "plain", 5);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_memory_equal(ev.body.p, "plain", 5);

    assert_int_equal(send_query(l, body, sizeof body, 0), 1);
    all_sent(l);
    feed_packed(l, RESPONSE4, 0, 1, CQLR_OP_RESULT, "small", 5); /* so it can, after all */
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_memory_equal(ev.body.p, "small", 5);
    assert_int_equal(send_query(l, body, sizeof body, 0), 1);
    only_frame(l, &f);
    assert_int_equal(f.flags, CQLR_FLAG_COMPRESSED);
    cqlr_link_free(l);
}

static void a_password_is_never_compressed_and_stays_nowhere(void **state)
{
    static char user[LONG];
    struct secret_mem s;
    struct cqlr_link_opts o;
    struct cqlr_event ev;
    struct cqlr_frame f;
    (void)state;
    all_same((uint8_t *)user, sizeof user - 1);
    secret_mem_init(&s);
    cqlr_link_opts_init(&o, sizeof o);
    o.mem = &s.mem;
    o.compression = CQLR_COMPRESSION_LZ4;
    o.username = user;
    o.password = SECRET;
    cqlr_link *l = cqlr_link_new(&o);
    all_sent(l);
    feed_packed(l, RESPONSE4, 0, 0, CQLR_OP_AUTHENTICATE, "\0\5Class", 7);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    struct cqlr_bytes body = only_frame(l, &f);
    assert_int_equal(f.opcode, CQLR_OP_AUTH_RESPONSE);
    assert_int_equal(f.flags, 0);
    assert_non_null(memmem(body.p, body.n, SECRET, strlen(SECRET)));
    all_sent(l);
    feed_packed(l, RESPONSE4, 0, 0, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_OPEN);
    assert_int_equal(send_query(l, user, sizeof user, 0), 1);
    cqlr_link_free(l);
    assert_true(s.blocks > 0);
    assert_int_equal(s.leaks, 0);
}

/* ---- what leaves ---- */

static void requests_leave_compressed_where_that_makes_them_smaller(void **state)
{
    uint8_t same[LONG], random[LONG];
    uint32_t seed = 5;
    struct cqlr_frame f;
    (void)state;
    all_same(same, sizeof same);
    for (size_t i = 0; i < LONG; i++)
        random[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
    const struct {
        const uint8_t *body;
        size_t n;
        uint8_t flags, sent_flags;
    } rows[] = {
        {same, LONG, 0, CQLR_FLAG_COMPRESSED},
        {same, LONG, CQLR_FLAG_TRACING, CQLR_FLAG_COMPRESSED | CQLR_FLAG_TRACING},
        {same, 512, 0, CQLR_FLAG_COMPRESSED},
        {same, 511, 0, 0},
        {same, 511, CQLR_FLAG_COMPRESSED, 0}, /* not the caller's to say */
        {same, 0, 0, 0},
        {random, LONG, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cqlr_link *l = open_lz4(NULL, 0);
        assert_int_equal(send_query(l, rows[i].body, rows[i].n, rows[i].flags), 1);
        struct cqlr_bytes sent = only_frame(l, &f);
        assert_int_equal(f.flags, rows[i].sent_flags);
        struct cqlr_wr w;
        struct cqlr_err err;
        cqlr_wr_init(&w, NULL, 0);
        if (f.flags & CQLR_FLAG_COMPRESSED) {
            assert_true(sent.n < rows[i].n);
            assert_int_equal(cqlr_lz4_read(&w, sent, LONG, &err), 0);
        } else {
            cqlr_wr_raw(&w, sent.p, sent.n);
        }
        assert_int_equal(w.n, rows[i].n);
        assert_true(w.n == 0 || memcmp(w.p, rows[i].body, w.n) == 0);
        cqlr_wr_fini(&w);
        cqlr_link_free(l);
    }
}

static void without_memory_for_compressing_a_request_leaves_plain(void **state)
{
    static uint8_t body[LONG];
    bool compressed = false;
    (void)state;
    all_same(body, sizeof body);
    for (unsigned n = 1; !compressed; n++) {
        struct counter c;
        struct cqlr_frame f;
        cqlr_link *l = open_lz4(counter_init(&c, 0), 0);
        assert_true(n < 20);
        cqlr_wr_raw(cqlr_link_begin(l), body, sizeof body);
        c.fail = c.calls + n;
        int id = cqlr_link_request(l, CQLR_OP_QUERY, 0, NULL);
        assert_true(id == 1 || id == CQLR_E_NOMEM); /* there is a table of streams, too */
        if (id == 1) {
            only_frame(l, &f);
            compressed = f.flags & CQLR_FLAG_COMPRESSED;
            assert_true(compressed || f.length == LONG);
        }
        cqlr_link_free(l);
        assert_int_equal(c.live, 0);
    }
}

static void a_frame_that_failed_is_not_compressed(void **state)
{
    const uint8_t *p;
    (void)state;
    cqlr_link *l = open_lz4(NULL, 0);
    struct cqlr_wr *w = cqlr_link_begin(l);
    memset(cqlr_wr_room(w, LONG), 'x', LONG);
    w->rc = CQLR_E_RANGE;
    assert_int_equal(cqlr_link_request(l, CQLR_OP_QUERY, 0, NULL), CQLR_E_RANGE);
    assert_int_equal(cqlr_link_out(l, &p), 0);
    cqlr_link_free(l);

    /* What was not begun is not taken for the frame before it. */
    l = link_of(CQLR_SERVER, NULL);
    memset(cqlr_wr_room(cqlr_link_begin(l), LONG), 'x', LONG);
    assert_int_equal(cqlr_link_respond(l, CQLR_OP_RESULT, 0, 1), 0);
    assert_int_equal(cqlr_link_compress(l, CQLR_COMPRESSION_LZ4), 0);
    assert_int_equal(cqlr_link_respond(l, CQLR_OP_RESULT, 0, 1), CQLR_E_STATE);
    assert_int_equal(cqlr_link_out(l, &p), CQLR_FRAME_HEADER + LONG);
    cqlr_link_free(l);
}

/* ---- the other side ---- */

static void a_server_takes_compressed_requests_when_it_has_granted_them(void **state)
{
    static uint8_t body[LONG];
    struct cqlr_link_opts o;
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = link_of(CQLR_SERVER, NULL);
    feed_packed(l, REQUEST4, 0, 1, CQLR_OP_QUERY, "q", 1);
    assert_fails(l, CQLR_E_PROTO, "no compression was agreed on");
    cqlr_link_free(l);

    cqlr_link_opts_init(&o, sizeof o);
    o.role = CQLR_SERVER;
    o.max_frame = LONG - 1;
    l = cqlr_link_new(&o);
    assert_int_equal(cqlr_link_compress(l, CQLR_COMPRESSION_LZ4), 0);
    feed_packed(l, REQUEST4, 0, 1, CQLR_OP_QUERY, body, LONG - 1);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.body.n, LONG - 1);
    feed_packed(l, REQUEST4, 0, 1, CQLR_OP_QUERY, body, LONG);
    assert_fails(l, CQLR_E_PROTO, "4000 plain bytes announced, the limit is 3999");
    cqlr_link_free(l);

    l = open_lz4(NULL, 0);
    assert_int_equal(cqlr_link_compress(l, CQLR_COMPRESSION_LZ4), CQLR_E_STATE);
    cqlr_link_free(l);
    l = link_of(CQLR_SERVER, NULL);
    assert_int_equal(cqlr_link_compress(l, (enum cqlr_compression)7), CQLR_E_STATE);
    cqlr_link_free(l);
    cqlr_link_opts_init(&o, sizeof o);
    o.compression = (enum cqlr_compression)7;
    assert_null(cqlr_link_new(&o));
}

static void pass_on(cqlr_link *from, cqlr_link *to, size_t *total)
{
    const uint8_t *p;
    size_t n = cqlr_link_out(from, &p);
    assert_int_equal(cqlr_link_feed(to, p, n), 0);
    cqlr_link_sent(from, n);
    *total += n;
}

static void two_links_talk_compressed(void **state)
{
    static uint8_t question[LONG], answer[LONG];
    struct cqlr_event ev;
    size_t up = 0, down = 0;
    (void)state;
    all_same(question, sizeof question);
    memset(answer, 'y', sizeof answer);
    cqlr_link *client = lz4_client(NULL, 0);
    cqlr_link *server = link_of(CQLR_SERVER, NULL);
    pass_on(client, server, &up);
    assert_int_equal(cqlr_link_next(server, &ev), 1);
    assert_int_equal(ev.opcode, CQLR_OP_STARTUP);
    assert_non_null(cqlr_link_begin(server));
    assert_int_equal(cqlr_link_compress(server, CQLR_COMPRESSION_LZ4), 0);
    assert_int_equal(cqlr_link_respond(server, CQLR_OP_READY, 0, 0), 0);
    pass_on(server, client, &down);
    assert_int_equal(cqlr_link_next(client, &ev), 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(send_query(client, question, LONG, 0), 1);
        pass_on(client, server, &up);
        assert_int_equal(cqlr_link_next(server, &ev), 1);
        assert_int_equal(ev.body.n, LONG);
        assert_memory_equal(ev.body.p, question, LONG);
        cqlr_wr_raw(cqlr_link_begin(server), answer, LONG);
        assert_int_equal(cqlr_link_respond(server, CQLR_OP_RESULT, 0, ev.stream), 0);
        pass_on(server, client, &down);
        assert_int_equal(cqlr_link_next(client, &ev), 1);
        assert_int_equal(ev.body.n, LONG);
        assert_memory_equal(ev.body.p, answer, LONG);
    }
    assert_true(up < LONG + 100 * 200); /* but for the first question, before any answer */
    assert_true(down < 100 * 200);
    cqlr_link_free(client);
    cqlr_link_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(startup_has_every_option_that_was_asked_for),
        cmocka_unit_test(startup_is_never_compressed),
        cmocka_unit_test(compressed_answers_of_the_handshake_are_taken_when_asked_for),
        cmocka_unit_test(a_server_that_refuses_is_told_with_what_was_asked),
        cmocka_unit_test(a_server_that_does_not_heed_the_option_gets_plain_requests),
        cmocka_unit_test(a_password_is_never_compressed_and_stays_nowhere),
        cmocka_unit_test(requests_leave_compressed_where_that_makes_them_smaller),
        cmocka_unit_test(without_memory_for_compressing_a_request_leaves_plain),
        cmocka_unit_test(a_frame_that_failed_is_not_compressed),
        cmocka_unit_test(a_server_takes_compressed_requests_when_it_has_granted_them),
        cmocka_unit_test(two_links_talk_compressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

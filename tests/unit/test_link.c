/*
 * test_link.c - a link's promises: the handshake, which answer belongs to which request, what a
 * peer may not do; in both roles.
 */
#include <cqlraw/version.h>

#include "tests/unit/link_help.h"

/* ---- handshake ---- */

static void startup_names_the_driver_and_the_application(void **state)
{
    static const char *const expected[] = {"CQL_VERSION",         "3.0.0",
                                           "DRIVER_NAME",         "cqlraw",
                                           "DRIVER_VERSION",      CQLRAW_VERSION,
                                           "APPLICATION_NAME",    "reports",
                                           "APPLICATION_VERSION", "7"};
    struct cqlr_link_opts o;
    const uint8_t *p;
    struct cqlr_frame f;
    struct body b;
    struct cqlr_startup m;
    struct cqlr_str k, v;
    (void)state;
    cqlr_link_opts_init(&o, sizeof o);
    o.application_name = "reports";
    o.application_version = "7";
    cqlr_link *l = cqlr_link_new(&o);
    size_t n = cqlr_link_out(l, &p);
    assert_true(n > CQLR_FRAME_HEADER);
    cqlr_frame_read(p, &f);
    assert_int_equal(p[0], REQUEST4);
    assert_int_equal(f.opcode, CQLR_OP_STARTUP);
    assert_int_equal(f.flags, 0);
    assert_int_equal(f.stream, 0);
    assert_int_equal(f.length, n - CQLR_FRAME_HEADER);
    assert_int_equal(cqlr_startup_read(body_init(&b, p + CQLR_FRAME_HEADER, f.length), &m), 0);
    assert_int_equal(m.options.count, 5);
    for (size_t i = 0; i < 10; i += 2) {
        assert_true(cqlr_string_map_next(&m.options, &k, &v));
        assert_str(k, expected[i]);
        assert_str(v, expected[i + 1]);
    }
    body_fini(&b);
    cqlr_link_free(l);
}

static void requests_wait_for_ready(void **state)
{
    struct cqlr_event ev;
    const uint8_t *p;
    (void)state;
    cqlr_link *l = link_of(CQLR_CLIENT, NULL);
    size_t startup = cqlr_link_out(l, &p);
    assert_false(cqlr_link_is_open(l));
    assert_int_equal(request(l, NULL), CQLR_E_STATE);
    assert_int_equal(cqlr_link_out(l, &p), startup);
    all_sent(l);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    feed_frame(l, RESPONSE4, 0, 0, CQLR_OP_READY, NULL, 0);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_OPEN);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    assert_int_equal(request(l, NULL), 1);
    cqlr_link_free(l);
}

static void options_that_are_wrong_make_no_link(void **state)
{
    struct cqlr_link_opts o;
    (void)state;
    cqlr_link_opts_init(&o, sizeof o);
    o.max_streams = 0;
    assert_null(cqlr_link_new(&o));
    o.max_streams = 32768;
    assert_null(cqlr_link_new(&o));
    cqlr_link_opts_init(&o, sizeof o);
    o.max_frame = CQLR_FRAME_MAX + 1;
    assert_null(cqlr_link_new(&o));
    cqlr_link_opts_init(&o, sizeof o);
    o.role = (enum cqlr_role)7;
    assert_null(cqlr_link_new(&o));
    cqlr_link_free(NULL);
}

static void options_of_an_older_caller_get_defaults_for_the_rest(void **state)
{
    size_t old = offsetof(struct cqlr_link_opts, max_streams);
    struct cqlr_link_opts *o = malloc(old);
    (void)state;
    assert_non_null(o);
    cqlr_link_opts_init(o, old);
    cqlr_link *l = cqlr_link_new(o);
    assert_non_null(l);
    cqlr_link_free(l);
    free(o);
}

static void refused_startup_tells_the_servers_words(void **state)
{
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_link *l = link_of(CQLR_CLIENT, NULL);
    put_error(&w, RESPONSE4, 0, 0x1001, "too many clients");
    assert_int_equal(cqlr_link_feed(l, w.p, w.n), 0);
    assert_fails(l, CQLR_E_SERVER, "STARTUP refused: ");
    assert_non_null(strstr(cqlr_link_err(l)->text, "too many clients"));
    assert_int_equal(cqlr_link_err(l)->server_code, 0x1001);
    cqlr_link_free(l);
    cqlr_wr_fini(&w);
}

static void error_of_another_version_is_read_for_its_text(void **state)
{
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_link *l = link_of(CQLR_CLIENT, NULL);
    put_error(&w, 0x83, 0, 0x000A, "supported versions are (3/v3)");
    assert_int_equal(cqlr_link_feed(l, w.p, w.n), 0);
    assert_fails(l, CQLR_E_VERSION, "version 3, 4 was asked for");
    assert_non_null(strstr(cqlr_link_err(l)->text, "supported versions are (3/v3)"));
    assert_int_equal(cqlr_link_err(l)->server_code, 0x000A);
    cqlr_link_free(l);
    cqlr_wr_fini(&w);
}

/* What may not come during the handshake: header, body, what is said. */
static void handshake_takes_nothing_else(void **state)
{
    static const struct {
        uint8_t first, flags, opcode;
        int stream;
        const char *body;
        int n, code;
        const char *text;
    } rows[] = {
        {0x84, 0, CQLR_OP_SUPPORTED, 0, "\0\0", 2, CQLR_E_PROTO, "answered by SUPPORTED"},
        {0x84, 0, CQLR_OP_READY, 1, "", 0, CQLR_E_PROTO, "READY on stream 1, where no"},
        {0x84, 0, CQLR_OP_EVENT, -1, "", 0, CQLR_E_PROTO, "EVENT on stream -1"},
        {0x84, 0, CQLR_OP_AUTHENTICATE, 0, "\0\7ab", 4, CQLR_E_PROTO, "need 7 bytes, 2 left"},
        {0x84, 0, CQLR_OP_ERROR, 0, "\0\0", 2, CQLR_E_PROTO, "need 4 bytes, 2 left"},
        {0x85, 0, CQLR_OP_READY, 0, "", 0, CQLR_E_PROTO, "READY of protocol version 5"},
        {0x82, 0, CQLR_OP_ERROR, 0, "", 0, CQLR_E_VERSION, "version 2"},
        {0x04, 0, CQLR_OP_STARTUP, 0, "", 0, CQLR_E_PROTO, "first byte 0x04"},
        {'H', 'T', 'T', 'P', "/", 1, CQLR_E_PROTO, "first byte 0x48"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cqlr_link *l = link_of(CQLR_CLIENT, NULL);
        feed_frame(l, rows[i].first, rows[i].flags, rows[i].stream, rows[i].opcode, rows[i].body,
                   (size_t)rows[i].n);
        assert_fails(l, rows[i].code, rows[i].text);
        cqlr_link_free(l);
    }
}

/* A server that speaks an 8-byte header, or no CQL at all, may send less than 9 bytes and then
 * wait. */
static void first_byte_alone_is_enough_to_see_a_stranger(void **state)
{
    (void)state;
    cqlr_link *l = link_of(CQLR_CLIENT, NULL);
    assert_int_equal(cqlr_link_feed(l, "\x15", 1), 0);
    assert_fails(l, CQLR_E_PROTO, "first byte 0x15, 0x84 expected");
    cqlr_link_free(l);
}

/* ---- requests and answers ---- */

static void answers_in_any_order_find_their_requests(void **state)
{
    enum { N = 100 };
    char tags[N + 1];
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = open_client(NULL);
    for (int i = 1; i <= N; i++)
        assert_int_equal(request(l, &tags[i]), i);
    assert_int_equal(cqlr_link_in_flight(l), N);
    for (int i = 0; i < N; i++) {
        int stream = (i * 37) % N + 1;
        feed_frame(l, RESPONSE4, 0, stream, CQLR_OP_RESULT, &i, sizeof i);
        assert_int_equal(cqlr_link_next(l, &ev), 1);
        assert_int_equal(ev.kind, CQLR_EV_REPLY);
        assert_int_equal(ev.opcode, CQLR_OP_RESULT);
        assert_int_equal(ev.stream, stream);
        assert_ptr_equal(ev.tag, &tags[stream]);
        assert_int_equal(ev.body.n, sizeof i);
        assert_memory_equal(ev.body.p, &i, sizeof i);
        assert_int_equal(cqlr_link_next(l, &ev), 0);
    }
    assert_int_equal(cqlr_link_in_flight(l), 0);
    cqlr_link_free(l);
}

static void late_answer_is_swallowed_and_its_stream_is_free_only_then(void **state)
{
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = open_client(NULL);
    assert_int_equal(request(l, NULL), 1);
    assert_int_equal(request(l, NULL), 2);
    cqlr_link_forget(l, 1);
    assert_int_equal(cqlr_link_in_flight(l), 1);
    assert_int_equal(cqlr_link_orphans(l), 1);
    assert_int_equal(request(l, NULL), 3);
    feed_frame(l, RESPONSE4, CQLR_FLAG_TRACING, 1, CQLR_OP_RESULT, "0123456789abcdef", 16);
    feed_frame(l, RESPONSE4, 0, 3, CQLR_OP_RESULT, NULL, 0);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.stream, 3);
    assert_int_equal(cqlr_link_orphans(l), 0);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    assert_int_equal(request(l, NULL), 3);
    assert_int_equal(request(l, NULL), 1);
    feed_frame(l, RESPONSE4, 0, 1, CQLR_OP_RESULT, NULL, 0);
    feed_frame(l, RESPONSE4, 0, 1, CQLR_OP_RESULT, NULL, 0);
    assert_fails(l, CQLR_E_PROTO, "RESULT on stream 1, where no request is in flight");
    cqlr_link_free(l);
}

static void streams_run_out_at_the_limit_that_was_set(void **state)
{
    struct cqlr_link_opts o;
    struct cqlr_event ev;
    const uint8_t *p;
    (void)state;
    cqlr_link_opts_init(&o, sizeof o);
    o.max_streams = 2;
    cqlr_link *l = cqlr_link_new(&o);
    feed_frame(l, RESPONSE4, 0, 0, CQLR_OP_READY, NULL, 0);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    all_sent(l);
    assert_int_equal(request(l, NULL), 1);
    assert_int_equal(request(l, NULL), 2);
    assert_int_equal(request(l, NULL), CQLR_E_AGAIN);
    assert_int_equal(cqlr_link_out(l, &p), 2 * CQLR_FRAME_HEADER);
    feed_frame(l, RESPONSE4, 0, 1, CQLR_OP_SUPPORTED, "\0\0", 2);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(request(l, NULL), 1);
    cqlr_link_free(l);
}

static void what_stands_in_front_of_a_body_is_taken_off(void **state)
{
    static const uint8_t body[] = "0123456789abcdef"
                                  "\0\1\0\1w"
                                  "\0\1\0\1k\0\0\0\1\1"
                                  "rest";
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = open_client(NULL);
    request(l, NULL);
    feed_frame(l, RESPONSE4, 0xFE, 1, CQLR_OP_RESULT, body, sizeof body - 1);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_true(ev.prefix.has_trace);
    assert_memory_equal(ev.prefix.trace, "0123456789abcdef", 16);
    assert_int_equal(ev.prefix.warnings.count, 1);
    assert_int_equal(ev.prefix.payload.count, 1);
    assert_int_equal(ev.body.n, 4);
    assert_memory_equal(ev.body.p, "rest", 4);
    cqlr_link_free(l);
}

static void events_of_the_server_are_pushed(void **state)
{
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = open_client(NULL);
    feed_frame(l, RESPONSE4, 0, -1, CQLR_OP_EVENT, "abc", 3);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_PUSH);
    assert_int_equal(ev.stream, -1);
    assert_int_equal(ev.body.n, 3);
    cqlr_link_free(l);
}

/* ---- what a peer may not do ---- */

static void open_connection_takes_nothing_wrong(void **state)
{
    static const struct {
        uint8_t first, flags, opcode;
        int stream;
        const char *text;
        size_t offset;
    } rows[] = {
        {0x85, 0, CQLR_OP_RESULT, 1, "protocol version 5, 4 was agreed on", 0},
        {0x85, 0, CQLR_OP_ERROR, 0, "protocol version 5, 4 was agreed on", 0},
        {0x04, 0, CQLR_OP_OPTIONS, 1, "first byte 0x04, 0x84 expected", 0},
        {0x84, 1, CQLR_OP_RESULT, 1, "no compression was agreed on", 1},
        {0x84, 0, CQLR_OP_RESULT, -1, "RESULT on stream -1", 2},
        {0x84, 0, CQLR_OP_ERROR, -2, "ERROR on stream -2", 2},
        {0x84, 0, CQLR_OP_RESULT, -32768, "RESULT on stream -32768", 2},
        {0x84, 0, CQLR_OP_EVENT, 1, "EVENT on stream 1", 2},
        {0x84, 0, CQLR_OP_EVENT, 0, "EVENT on stream 0", 2},
        {0x84, 0, CQLR_OP_EVENT, -2, "EVENT on stream -2", 2},
        {0x84, 0, CQLR_OP_RESULT, 2, "RESULT on stream 2, where no request", 2},
        {0x84, 0, CQLR_OP_RESULT, 32767, "RESULT on stream 32767, where no request", 2},
        {0x84, 0, CQLR_OP_QUERY, 1, "opcode QUERY is not that of a response", 4},
        {0x84, 0, CQLR_OP_STARTUP, 1, "opcode STARTUP is not that of a response", 4},
        {0x84, 0, 0x04, 1, "unknown opcode 0x04", 4},
        {0x84, 0, 0x11, 1, "unknown opcode 0x11", 4},
        {0x84, 0, 0x22, 1, "unknown opcode 0x22", 4},
        {0x84, 0, 0xFF, 1, "unknown opcode 0xFF", 4},
        {0x84, 0, CQLR_OP_READY, 0, "READY on stream 0 after the handshake", 0},
        {0x84, CQLR_FLAG_TRACING, CQLR_OP_RESULT, 1, "need 16 bytes, 0 left", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cqlr_link *l = open_client(NULL);
        assert_int_equal(request(l, NULL), 1);
        feed_frame(l, rows[i].first, rows[i].flags, rows[i].stream, rows[i].opcode, NULL, 0);
        assert_fails(l, CQLR_E_PROTO, rows[i].text);
        assert_int_equal(cqlr_link_err(l)->offset, rows[i].offset);
        cqlr_link_free(l);
    }
}

static void error_without_a_request_ends_the_connection_with_its_text(void **state)
{
    static const int streams[] = {0, 2, 32767};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct cqlr_wr w;
        cqlr_wr_init(&w, NULL, 0);
        cqlr_link *l = open_client(NULL);
        assert_int_equal(request(l, NULL), 1);
        put_error(&w, RESPONSE4, streams[i], 0x000A, "what was\nthat?");
        assert_int_equal(cqlr_link_feed(l, w.p, w.n), 0);
        assert_fails(l, CQLR_E_SERVER, "what was that?");
        assert_int_equal(cqlr_link_err(l)->server_code, 0x000A);
        cqlr_link_free(l);
        cqlr_wr_fini(&w);
    }
}

static void error_text_of_any_length_is_cut(void **state)
{
    struct cqlr_wr w;
    char *text = malloc(65536);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', 65535);
    text[65535] = '\0';
    cqlr_wr_init(&w, NULL, 0);
    cqlr_link *l = open_client(NULL);
    put_error(&w, RESPONSE4, 0, 0x77777, text);
    assert_int_equal(cqlr_link_feed(l, w.p, w.n), 0);
    assert_fails(l, CQLR_E_SERVER, "xxxxxxxx");
    assert_int_equal(cqlr_link_err(l)->server_code, 0x77777);
    cqlr_link_free(l);
    cqlr_wr_fini(&w);
    free(text);
}

/* ---- the other side ---- */

static void two_links_talk_to_each_other(void **state)
{
    struct cqlr_event ev;
    const uint8_t *p;
    size_t n;
    int tag;
    (void)state;
    cqlr_link *client = link_of(CQLR_CLIENT, NULL);
    cqlr_link *server = link_of(CQLR_SERVER, NULL);

    n = cqlr_link_out(client, &p);
    assert_int_equal(cqlr_link_feed(server, p, n), 0);
    cqlr_link_sent(client, n);
    assert_int_equal(cqlr_link_next(server, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_REQUEST);
    assert_int_equal(ev.opcode, CQLR_OP_STARTUP);
    assert_int_equal(ev.stream, 0);
    assert_non_null(cqlr_link_begin(server));
    assert_int_equal(cqlr_link_respond(server, CQLR_OP_READY, 0, ev.stream), 0);

    n = cqlr_link_out(server, &p);
    assert_int_equal(cqlr_link_feed(client, p, n), 0);
    cqlr_link_sent(server, n);
    assert_int_equal(cqlr_link_next(client, &ev), 1);
    cqlr_wr_raw(cqlr_link_begin(client), "question", 8);
    assert_int_equal(cqlr_link_request(client, CQLR_OP_QUERY, 0, &tag), 1);

    n = cqlr_link_out(client, &p);
    assert_int_equal(cqlr_link_feed(server, p, n), 0);
    assert_int_equal(cqlr_link_next(server, &ev), 1);
    assert_int_equal(ev.opcode, CQLR_OP_QUERY);
    assert_memory_equal(ev.body.p, "question", 8);
    cqlr_wr_raw(cqlr_link_begin(server), "answer", 6);
    assert_int_equal(cqlr_link_respond(server, CQLR_OP_RESULT, 0, ev.stream), 0);

    n = cqlr_link_out(server, &p);
    assert_int_equal(cqlr_link_feed(client, p, n), 0);
    assert_int_equal(cqlr_link_next(client, &ev), 1);
    assert_ptr_equal(ev.tag, &tag);
    assert_memory_equal(ev.body.p, "answer", 6);
    assert_int_equal(request(server, NULL), CQLR_E_STATE);
    cqlr_link_free(client);
    cqlr_link_free(server);
}

static void server_takes_only_requests(void **state)
{
    static const struct {
        uint8_t first, flags, opcode;
        int stream;
        const char *text;
    } rows[] = {
        {0x84, 0, CQLR_OP_READY, 0, "first byte 0x84, 0x04 expected"},
        {0x04, 0, CQLR_OP_RESULT, 0, "opcode RESULT is not that of a request"},
        {0x04, 0, CQLR_OP_EVENT, -1, "opcode EVENT is not that of a request"},
        {0x04, 1, CQLR_OP_QUERY, 0, "no compression was agreed on"},
        {0x04, 0, CQLR_OP_QUERY, -1, "QUERY on stream -1"},
        {0x04, CQLR_FLAG_PAYLOAD, CQLR_OP_QUERY, 0, "need 2 bytes, 0 left"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cqlr_link *l = link_of(CQLR_SERVER, NULL);
        feed_frame(l, rows[i].first, rows[i].flags, rows[i].stream, rows[i].opcode, NULL, 0);
        assert_fails(l, CQLR_E_PROTO, rows[i].text);
        cqlr_link_free(l);
    }
}

static void server_answers_another_version_with_its_own_and_fails(void **state)
{
    static const uint8_t versions[] = {0x01, 0x03, 0x05, 0x7F};
    (void)state;
    for (size_t i = 0; i < sizeof versions; i++) {
        const uint8_t *p;
        struct cqlr_frame f;
        struct body b;
        struct cqlr_error m;
        char text[100];
        cqlr_link *l = link_of(CQLR_SERVER, NULL);
        assert_int_equal(cqlr_link_feed(l, &versions[i], 1), 0);
        assert_fails(l, CQLR_E_VERSION, "client asks for protocol version");
        size_t n = cqlr_link_out(l, &p);
        assert_true(n > CQLR_FRAME_HEADER);
        cqlr_frame_read(p, &f);
        assert_int_equal(p[0], RESPONSE4);
        assert_int_equal(f.stream, 0);
        assert_int_equal(f.opcode, CQLR_OP_ERROR);
        assert_int_equal(f.length, n - CQLR_FRAME_HEADER);
        assert_int_equal(cqlr_error_read(body_init(&b, p + CQLR_FRAME_HEADER, f.length), &m), 0);
        assert_int_equal(m.code, 0x000A);
        snprintf(text, sizeof text,
                 "Invalid or unsupported protocol version (%u); supported versions are (4/v4)",
                 versions[i]);
        assert_str(m.message, text);
        all_sent(l);
        body_fini(&b);
        cqlr_link_free(l);
    }
}

static void half_a_frame_is_seen(void **state)
{
    static const uint8_t two[] = {RESPONSE4, 0, 0, 1, 8, 0, 0, 0, 1, 'x',
                                  RESPONSE4, 0, 0, 2, 8, 0, 0, 0, 1, 'y'};
    struct cqlr_event ev;
    (void)state;
    for (size_t n = 0; n <= sizeof two; n++) {
        cqlr_link *l = open_client(NULL);
        request(l, NULL);
        request(l, NULL);
        assert_int_equal(cqlr_link_feed(l, two, n), 0);
        assert_int_equal(cqlr_link_mid_frame(l), n % 10 != 0);
        for (size_t frames = n / 10; frames > 0; frames--)
            assert_int_equal(cqlr_link_next(l, &ev), 1);
        assert_int_equal(cqlr_link_next(l, &ev), 0);
        assert_int_equal(cqlr_link_mid_frame(l), n % 10 != 0);
        cqlr_link_free(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(startup_names_the_driver_and_the_application),
        cmocka_unit_test(requests_wait_for_ready),
        cmocka_unit_test(options_that_are_wrong_make_no_link),
        cmocka_unit_test(options_of_an_older_caller_get_defaults_for_the_rest),
        cmocka_unit_test(refused_startup_tells_the_servers_words),
        cmocka_unit_test(error_of_another_version_is_read_for_its_text),
        cmocka_unit_test(handshake_takes_nothing_else),
        cmocka_unit_test(first_byte_alone_is_enough_to_see_a_stranger),
        cmocka_unit_test(answers_in_any_order_find_their_requests),
        cmocka_unit_test(late_answer_is_swallowed_and_its_stream_is_free_only_then),
        cmocka_unit_test(streams_run_out_at_the_limit_that_was_set),
        cmocka_unit_test(what_stands_in_front_of_a_body_is_taken_off),
        cmocka_unit_test(events_of_the_server_are_pushed),
        cmocka_unit_test(open_connection_takes_nothing_wrong),
        cmocka_unit_test(error_without_a_request_ends_the_connection_with_its_text),
        cmocka_unit_test(error_text_of_any_length_is_cut),
        cmocka_unit_test(two_links_talk_to_each_other),
        cmocka_unit_test(server_takes_only_requests),
        cmocka_unit_test(server_answers_another_version_with_its_own_and_fails),
        cmocka_unit_test(half_a_frame_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

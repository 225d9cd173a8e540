/*
 * test_link_alloc.c - a link when memory ends: wherever it does, the code is CQLR_E_NOMEM, the link
 * says so again, and all memory is given back. Where it can do without, it does.
 */
#include "tests/unit/link_help.h"

#include "tests/unit/alloc_help.h"

enum { LARGE = 600000 };

/* ---- one side's steps: 0, or the link's error ---- */

/* The error of a link that has failed, which stays. */
static int failed(cqlr_link *l)
{
    struct cqlr_event ev;
    size_t n;
    int code = cqlr_link_err(l)->code;
    assert_true(code < 0 && cqlr_link_err(l)->text[0]);
    assert_int_equal(cqlr_link_next(l, &ev), code);
    assert_null(cqlr_link_room(l, &n));
    assert_null(cqlr_link_begin(l));
    return code;
}

/* A frame comes, in pieces: its event, if it is one. */
static int come(cqlr_link *l, uint8_t first, int stream, uint8_t opcode, struct cqlr_bytes body,
                struct cqlr_event *ev)
{
    struct cqlr_wr w;
    int rc = 0;
    cqlr_wr_init(&w, NULL, 0);
    put_frame(&w, first, 0, stream, opcode, body.p, body.n);
    for (size_t at = 0; !rc && at < w.n; at += 7001)
        rc = cqlr_link_feed(l, w.p + at, w.n - at < 7001 ? w.n - at : 7001);
    cqlr_wr_fini(&w);
    if (!rc)
        rc = cqlr_link_next(l, ev);
    return rc < 0 ? failed(l) : 0;
}

/* A request with a body of n bytes leaves. One that fails changes nothing; it may be made again. */
static int ask(cqlr_link *l, size_t n)
{
    unsigned before = cqlr_link_in_flight(l);
    struct cqlr_wr *w = cqlr_link_begin(l);
    if (!w)
        return failed(l);
    for (size_t i = 0; i < n; i++)
        cqlr_wr_u8(w, 0x5A);
    int id = cqlr_link_request(l, CQLR_OP_QUERY, 0, NULL);
    assert_int_equal(cqlr_link_in_flight(l), before + (id > 0));
    assert_true(id > 0 || !cqlr_link_err(l)->code);
    return id > 0 ? 0 : id;
}

static struct cqlr_bytes bytes_of(const char *s)
{
    return (struct cqlr_bytes){(const uint8_t *)s, strlen(s)};
}

/* ---- scenarios ---- */

static int handshake(cqlr_link *l)
{
    static const uint8_t class_name[] = "\0\7a.Class";
    static const uint8_t null_token[] = {0xFF, 0xFF, 0xFF, 0xFF};
    struct cqlr_event ev;
    all_sent(l);
    int rc = come(l, RESPONSE4, 0, CQLR_OP_AUTHENTICATE, (struct cqlr_bytes){class_name, 9}, &ev);
    if (rc)
        return rc;
    all_sent(l);
    rc = come(l, RESPONSE4, 0, CQLR_OP_AUTH_SUCCESS, (struct cqlr_bytes){null_token, 4}, &ev);
    assert_true(rc || cqlr_link_is_open(l));
    return rc;
}

static cqlr_link *client(const struct cqlr_mem *mem)
{
    static char name[1000];
    struct cqlr_link_opts o;
    memset(name, 'n', sizeof name - 1); /* so that STARTUP grows its buffers */
    cqlr_link_opts_init(&o, sizeof o);
    o.mem = mem;
    o.application_name = name;
    o.application_version = "1";
    o.username = name;
    o.password = name;
    return cqlr_link_new(&o);
}

static int large_frames(cqlr_link *l)
{
    static uint8_t large[LARGE];
    struct cqlr_event ev = {.body = {NULL, 0}};
    int rc = ask(l, LARGE);
    if (rc)
        return rc;
    all_sent(l);
    rc = come(l, RESPONSE4, 1, CQLR_OP_RESULT, (struct cqlr_bytes){large, LARGE}, &ev);
    assert_true(rc || ev.body.n == LARGE);
    for (int i = 0; !rc && i < 4; i++) { /* and what they needed goes back */
        rc = ask(l, 10);
        if (rc)
            break;
        all_sent(l);
        rc = come(l, RESPONSE4, 1, CQLR_OP_RESULT, bytes_of("small"), &ev);
    }
    return rc;
}

static int many_streams(cqlr_link *l)
{
    struct cqlr_event ev;
    int rc = 0;
    for (int i = 0; !rc && i < 5000; i++)
        rc = ask(l, 4);
    if (rc)
        return rc;
    all_sent(l);
    for (int i = 1; !rc && i <= 5000; i++)
        rc = come(l, RESPONSE4, i, CQLR_OP_RESULT, bytes_of("answer"), &ev);
    return rc;
}

static int clients_scenario(const struct cqlr_mem *mem, void *arg)
{
    int (*what)(cqlr_link *) = *(int (**)(cqlr_link *))arg;
    cqlr_link *l = client(mem);
    if (!l)
        return CQLR_E_NOMEM;
    int rc = handshake(l);
    if (!rc && what)
        rc = what(l);
    cqlr_link_free(l);
    return rc;
}

static int servers_scenario(const struct cqlr_mem *mem, void *arg)
{
    static uint8_t large[LARGE];
    struct cqlr_event ev;
    (void)arg;
    cqlr_link *l = link_of(CQLR_SERVER, mem);
    if (!l)
        return CQLR_E_NOMEM;
    int rc = come(l, REQUEST4, 1, CQLR_OP_OPTIONS, bytes_of(""), &ev);
    if (!rc)
        rc = come(l, REQUEST4, 7, CQLR_OP_QUERY, (struct cqlr_bytes){large, LARGE}, &ev);
    for (int i = 0; !rc && i < 3; i++) {
        cqlr_wr_raw(cqlr_link_begin(l), large, LARGE / 3);
        rc = cqlr_link_respond(l, CQLR_OP_RESULT, 0, 7);
        assert_true(!cqlr_link_err(l)->code);
    }
    cqlr_link_free(l);
    return rc;
}

/* ---- tests ---- */

static unsigned each_of_client(int (*what)(cqlr_link *))
{
    return each_failure(clients_scenario, &what);
}

static void a_handshake_with_a_password(void **state)
{
    (void)state;
    assert_true(each_of_client(NULL) >= 10);
}

static void large_frames_both_ways(void **state)
{
    (void)state;
    assert_true(each_of_client(large_frames) > each_of_client(NULL));
}

static void thousands_of_streams(void **state)
{
    (void)state;
    assert_true(each_of_client(many_streams) > each_of_client(NULL));
}

static void a_server(void **state)
{
    (void)state;
    assert_true(each_failure(servers_scenario, NULL) >= 4);
}

/* A frame that found no memory is dropped, the link goes on. */
static void a_request_that_found_no_memory_may_be_made_again(void **state)
{
    struct counter c;
    (void)state;
    cqlr_link *l = open_client(counter_init(&c, 0));
    assert_int_equal(ask(l, 10), 0);
    all_sent(l);
    c.fail = c.calls + 1;
    assert_int_equal(ask(l, LARGE), CQLR_E_NOMEM);
    assert_int_equal(ask(l, LARGE), 0);
    assert_int_equal(cqlr_link_in_flight(l), 2);
    cqlr_link_free(l);
    assert_int_equal(c.live, 0);
}

/* Running on with the large buffer is as good. */
static void a_buffer_that_cannot_be_made_smaller_is_kept(void **state)
{
    static uint8_t huge[6 * 1024 * 1024];
    struct counter c;
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = open_client(counter_init(&c, 0));
    assert_int_equal(ask(l, 10), 0);
    assert_int_equal(
        come(l, RESPONSE4, 1, CQLR_OP_RESULT, (struct cqlr_bytes){huge, sizeof huge}, &ev), 0);
    c.fail = c.calls + 1;
    c.for_good = true;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(l, 10), 0);
        all_sent(l);
        assert_int_equal(come(l, RESPONSE4, 1, CQLR_OP_RESULT, bytes_of("small"), &ev), 0);
    }
    assert_true(c.failed > 0);
    cqlr_link_free(l);
}

static void a_version_is_refused_or_memory_ended(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        struct counter c;
        struct cqlr_event ev;
        cqlr_link *l = link_of(CQLR_SERVER, counter_init(&c, n));
        if (l) {
            int rc = come(l, 5, 0, CQLR_OP_OPTIONS, bytes_of(""), &ev);
            assert_int_equal(rc, c.failed ? CQLR_E_NOMEM : CQLR_E_VERSION);
        }
        cqlr_link_free(l);
        assert_int_equal(c.live, 0);
        if (!c.failed)
            break;
    }
}

/* The server's words need memory, its code does not. */
static void an_error_of_the_connection_is_told_in_any_case(void **state)
{
    struct counter c;
    struct cqlr_event ev;
    (void)state;
    for (int failing = 0; failing < 2; failing++) {
        cqlr_link *l = open_client(counter_init(&c, 0));
        c.fail = failing ? c.calls + 1 : 0;
        assert_int_equal(come(l, RESPONSE4, 0, CQLR_OP_ERROR,
                              (struct cqlr_bytes){(const uint8_t *)"\0\0\x10\x01\0\4busy", 10},
                              &ev),
                         CQLR_E_SERVER);
        assert_int_equal(cqlr_link_err(l)->server_code, CQLR_SERVER_OVERLOADED);
        assert_non_null(strstr(cqlr_link_err(l)->text, failing ? "0x1001" : "busy"));
        cqlr_link_free(l);
        assert_int_equal(c.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_with_a_password),
        cmocka_unit_test(large_frames_both_ways),
        cmocka_unit_test(thousands_of_streams),
        cmocka_unit_test(a_server),
        cmocka_unit_test(a_request_that_found_no_memory_may_be_made_again),
        cmocka_unit_test(a_buffer_that_cannot_be_made_smaller_is_kept),
        cmocka_unit_test(a_version_is_refused_or_memory_ended),
        cmocka_unit_test(an_error_of_the_connection_is_told_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

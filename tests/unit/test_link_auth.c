/*
 * test_link_auth.c - a client link that is asked for authentication: what it answers, what it takes
 * after that, and that the password stays nowhere.
 */
#include "tests/unit/link_help.h"
#include "tests/unit/secret_mem.h"

#define CLASS "\0\7a.Class"

static cqlr_link *client_with(const char *user, const char *password, const struct cqlr_mem *mem)
{
    struct cqlr_link_opts o;
    cqlr_link_opts_init(&o, sizeof o);
    o.username = user;
    o.password = password;
    o.mem = mem;
    cqlr_link *l = cqlr_link_new(&o);
    assert_non_null(l);
    all_sent(l);
    return l;
}

static void feed0(cqlr_link *l, uint8_t opcode, const void *body, size_t n)
{
    feed_frame(l, RESPONSE4, 0, 0, opcode, body, n);
}

/* A link that was asked and has answered. */
static cqlr_link *asked(const struct cqlr_mem *mem)
{
    struct cqlr_event ev;
    cqlr_link *l = client_with("me", SECRET, mem);
    feed0(l, CQLR_OP_AUTHENTICATE, CLASS, 9);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    return l;
}

static void the_answer_is_sasl_plain_and_success_opens(void **state)
{
    static const char token[] = "\0\0\0\x19"
                                "\0me\0" SECRET;
    struct cqlr_event ev;
    struct cqlr_frame f;
    const uint8_t *p;
    (void)state;
    cqlr_link *l = asked(NULL);
    assert_int_equal(cqlr_link_out(l, &p), CQLR_FRAME_HEADER + sizeof token - 1);
    cqlr_frame_read(p, &f);
    assert_int_equal(f.opcode, CQLR_OP_AUTH_RESPONSE);
    assert_int_equal(f.stream, 0);
    assert_int_equal(f.flags, 0);
    assert_memory_equal(p + CQLR_FRAME_HEADER, token, sizeof token - 1);
    assert_null(cqlr_link_begin(l)); /* nothing is written behind a password */
    all_sent(l);
    assert_int_equal(request(l, NULL), CQLR_E_STATE);
    feed0(l, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_OPEN);
    assert_int_equal(request(l, NULL), 1);
    cqlr_link_free(l);
}

/* One byte at a time; `last`: what the event of the last one is. */
static void drip(cqlr_link *l, uint8_t opcode, const void *body, size_t n, int last)
{
    struct cqlr_event ev;
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    put_frame(&w, RESPONSE4, 0, 0, opcode, body, n);
    for (size_t i = 0; i < w.n; i++) {
        assert_int_equal(cqlr_link_feed(l, w.p + i, 1), 0);
        assert_int_equal(cqlr_link_next(l, &ev), i + 1 < w.n ? 0 : last);
    }
    cqlr_wr_fini(&w);
}

static void it_may_come_byte_by_byte(void **state)
{
    (void)state;
    cqlr_link *l = client_with("me", SECRET, NULL);
    drip(l, CQLR_OP_AUTHENTICATE, CLASS, 9, 0);
    all_sent(l);
    drip(l, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4, 1);
    assert_true(cqlr_link_is_open(l));
    cqlr_link_free(l);
}

/* Its header is enough: nothing waits for the body, or makes room for it. */
static void a_challenge_longer_than_any_frame_is_refused_at_once(void **state)
{
    static const uint8_t header[] = {RESPONSE4, 0, 0, 0, CQLR_OP_AUTH_CHALLENGE, 0x7F, 0, 0, 0};
    (void)state;
    cqlr_link *l = asked(NULL);
    all_sent(l);
    assert_int_equal(cqlr_link_feed(l, header, sizeof header), 0);
    assert_fails(l, CQLR_E_PROTO, "body of 2130706432 bytes, the limit is 268435456");
    cqlr_link_free(l);
}

static void without_name_and_password_the_class_is_told(void **state)
{
    static const char *const pairs[][2] = {{NULL, NULL}, {"me", NULL}, {NULL, SECRET}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        cqlr_link *l = client_with(pairs[i][0], pairs[i][1], NULL);
        feed0(l, CQLR_OP_AUTHENTICATE, CLASS, 9);
        assert_fails(l, CQLR_E_AUTH,
                     "server asks for authentication (a.Class); give a user name and password");
        cqlr_link_free(l);
    }
}

/* RFC 4616 has neither; nothing leaves. */
static void an_empty_name_or_password_is_none(void **state)
{
    static const char *const pairs[][2] = {{"", SECRET}, {"me", ""}, {"", ""}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *p;
        cqlr_link *l = client_with(pairs[i][0], pairs[i][1], NULL);
        feed0(l, CQLR_OP_AUTHENTICATE, CLASS, 9);
        assert_fails(l, CQLR_E_AUTH, "give a user name and password, not empty ones");
        assert_int_equal(cqlr_link_out(l, &p), 0);
        cqlr_link_free(l);
    }
}

/* A [string] would not hold them, but [bytes] does. */
static void name_and_password_may_be_longer_than_64_kb(void **state)
{
    static char user[70001], password[80001];
    struct cqlr_event ev;
    const uint8_t *p;
    (void)state;
    memset(user, 'u', sizeof user - 1);
    memset(password, 'p', sizeof password - 1);
    cqlr_link *l = client_with(user, password, NULL);
    feed0(l, CQLR_OP_AUTHENTICATE, CLASS, 9);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    assert_int_equal(cqlr_link_out(l, &p), CQLR_FRAME_HEADER + 4 + 2 + 150000);
    assert_int_equal(cqlr_be32(p + CQLR_FRAME_HEADER), 150002);
    assert_int_equal(p[CQLR_FRAME_HEADER + 4 + 70001], 0);
    cqlr_link_free(l);
}

static void a_long_class_name_does_not_push_the_advice_out(void **state)
{
    char body[2 + 5000];
    (void)state;
    memset(body, 'x', sizeof body);
    cqlr_put16((uint8_t *)body, 5000);
    cqlr_link *l = client_with(NULL, NULL, NULL);
    feed0(l, CQLR_OP_AUTHENTICATE, body, sizeof body);
    assert_fails(l, CQLR_E_AUTH, "give a user name and password");
    cqlr_link_free(l);
}

/* What may follow AUTH_RESPONSE, and what is said about it. */
static void nothing_but_the_expected_follows(void **state)
{
    static const struct {
        uint8_t opcode;
        const char *body;
        int n, code;
        const char *text;
    } rows[] = {
        {CQLR_OP_READY, "", 0, CQLR_E_PROTO, "AUTH_RESPONSE was answered by READY"},
        {CQLR_OP_AUTHENTICATE, CLASS, 9, CQLR_E_PROTO, "was answered by AUTHENTICATE"},
        {CQLR_OP_SUPPORTED, "\0\0", 2, CQLR_E_PROTO, "was answered by SUPPORTED"},
        {CQLR_OP_AUTH_SUCCESS, "\0\0", 2, CQLR_E_PROTO, "need 4 bytes, 2 left"},
        {CQLR_OP_AUTH_CHALLENGE, "\0\0\0\0", 4, CQLR_E_AUTH, "with a challenge"},
        {CQLR_OP_ERROR, "\0\0\1\0\0\2no", 8, CQLR_E_AUTH,
         "authentication refused: Bad credentials (0x0100): no"},
        {CQLR_OP_ERROR, "\0\0\x10\1\0\3not", 9, CQLR_E_SERVER,
         "authentication refused: Overloaded (0x1001): not"},
        {CQLR_OP_ERROR, "\0\0", 2, CQLR_E_PROTO, "need 4 bytes, 2 left"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cqlr_link *l = asked(NULL);
        all_sent(l);
        feed0(l, rows[i].opcode, rows[i].body, (size_t)rows[i].n);
        assert_fails(l, rows[i].code, rows[i].text);
        assert_null(strstr(cqlr_link_err(l)->text, SECRET));
        cqlr_link_free(l);
    }
}

static void success_must_follow_what_was_sent(void **state)
{
    (void)state;
    cqlr_link *l = client_with("me", SECRET, NULL);
    feed0(l, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4);
    assert_fails(l, CQLR_E_PROTO, "STARTUP was answered by AUTH_SUCCESS");
    cqlr_link_free(l);
    l = asked(NULL);
    feed0(l, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4);
    assert_fails(l, CQLR_E_PROTO, "AUTH_SUCCESS before AUTH_RESPONSE was sent");
    cqlr_link_free(l);
}

static void nobody_asks_when_it_is_over(void **state)
{
    static const uint8_t opcodes[] = {CQLR_OP_AUTHENTICATE, CQLR_OP_AUTH_SUCCESS,
                                      CQLR_OP_AUTH_CHALLENGE};
    (void)state;
    for (size_t i = 0; i < sizeof opcodes; i++) {
        cqlr_link *l = asked(NULL);
        all_sent(l);
        feed0(l, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4);
        feed0(l, opcodes[i], CLASS, 9);
        assert_fails(l, CQLR_E_PROTO, "on stream 0 after the handshake");
        cqlr_link_free(l);
    }
}

static void the_password_stays_in_no_memory(void **state)
{
    struct secret_mem m;
    const uint8_t *p;
    size_t n;
    (void)state;
    secret_mem_init(&m);
    cqlr_link *l = asked(&m.mem);
    n = cqlr_link_out(l, &p);
    assert_non_null(memmem(p, n, SECRET, strlen(SECRET)));
    cqlr_link_sent(l, n - 1); /* it comes in two parts */
    cqlr_link_sent(l, 1);
    assert_null(memmem(p, n, SECRET, strlen(SECRET))); /* the buffer has stayed where it was */
    cqlr_link_free(l);
    l = asked(&m.mem);
    cqlr_link_free(l); /* never sent */
    assert_true(m.blocks > 0);
    assert_int_equal(m.leaks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_is_sasl_plain_and_success_opens),
        cmocka_unit_test(it_may_come_byte_by_byte),
        cmocka_unit_test(a_challenge_longer_than_any_frame_is_refused_at_once),
        cmocka_unit_test(without_name_and_password_the_class_is_told),
        cmocka_unit_test(an_empty_name_or_password_is_none),
        cmocka_unit_test(name_and_password_may_be_longer_than_64_kb),
        cmocka_unit_test(a_long_class_name_does_not_push_the_advice_out),
        cmocka_unit_test(nothing_but_the_expected_follows),
        cmocka_unit_test(success_must_follow_what_was_sent),
        cmocka_unit_test(nobody_asks_when_it_is_over),
        cmocka_unit_test(the_password_stays_in_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_link_auth_events.c - a client link whose host answers the server's authenticator: what it is
 * told, in which order the two sides may speak, and that no token stays in memory.
 */
#include "tests/unit/link_help.h"

#include "tests/unit/alloc_help.h"
#include "tests/unit/secret_mem.h"

#define CLASS "\0\7a.Class"

static void feed0(cqlr_link *l, uint8_t opcode, const void *body, size_t n)
{
    feed_frame(l, RESPONSE4, 0, 0, opcode, body, n);
}

static cqlr_link *client(const struct cqlr_mem *mem)
{
    struct cqlr_link_opts o;
    cqlr_link_opts_init(&o, sizeof o);
    o.auth_events = true;
    o.username = "me";
    o.password = SECRET;
    o.mem = mem;
    cqlr_link *l = cqlr_link_new(&o);
    assert_non_null(l);
    all_sent(l);
    return l;
}

/* A link that was asked, and tells. */
static cqlr_link *asked(const struct cqlr_mem *mem, struct cqlr_event *ev)
{
    cqlr_link *l = client(mem);
    feed0(l, CQLR_OP_AUTHENTICATE, CLASS, 9);
    assert_int_equal(cqlr_link_next(l, ev), 1);
    assert_int_equal(ev->kind, CQLR_EV_AUTH);
    return l;
}

static int answer(cqlr_link *l, const char *token)
{
    return cqlr_link_authenticate(
        l, (struct cqlr_value){(const uint8_t *)token, (int32_t)strlen(token)});
}

static void next_step(cqlr_link *l, uint8_t opcode, const char *body, size_t n,
                      struct cqlr_event *ev)
{
    feed0(l, opcode, body, n);
    assert_int_equal(cqlr_link_next(l, ev), 1);
    assert_int_equal(ev->kind, CQLR_EV_AUTH);
    assert_int_equal(ev->opcode, opcode);
    assert_str(ev->auth->authenticator, "a.Class");
}

static void the_host_answers_each_step_and_opens(void **state)
{
    struct cqlr_event ev;
    const uint8_t *p;
    (void)state;
    cqlr_link *l = asked(NULL, &ev);
    assert_int_equal(ev.opcode, CQLR_OP_AUTHENTICATE);
    assert_int_equal(ev.auth->round, 0);
    assert_int_equal(ev.auth->challenge.n, CQLR_NULL);
    assert_false(ev.auth->success);
    assert_str(ev.auth->authenticator, "a.Class");
    assert_int_equal(cqlr_link_next(l, &ev), 0); /* it waits for the host */
    assert_int_equal(cqlr_link_authenticated(l), CQLR_E_STATE);
    assert_int_equal(answer(l, "first"), 0);
    assert_int_equal(cqlr_link_out(l, &p), CQLR_FRAME_HEADER + 4 + 5);
    assert_memory_equal(p, "\x4\0\0\0\xf\0\0\0\x9\0\0\0\5first", 18);
    assert_int_equal(answer(l, "twice"), CQLR_E_STATE);
    all_sent(l);

    next_step(l, CQLR_OP_AUTH_CHALLENGE, "\0\0\0\2hm", 6, &ev);
    assert_int_equal(ev.auth->round, 1);
    assert_int_equal(ev.auth->challenge.n, 2);
    assert_memory_equal(ev.auth->challenge.p, "hm", 2);
    assert_int_equal(cqlr_link_authenticate_plain(l), CQLR_E_STATE); /* that is for round 0 */
    assert_int_equal(answer(l, "second"), 0);
    all_sent(l);

    next_step(l, CQLR_OP_AUTH_SUCCESS, "\0\0\0\2ok", 6, &ev);
    assert_int_equal(ev.auth->round, 2);
    assert_memory_equal(ev.auth->challenge.p, "ok", 2);
    assert_true(ev.auth->success);
    assert_int_equal(request(l, NULL), CQLR_E_STATE);
    assert_int_equal(answer(l, "third"), CQLR_E_STATE);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    assert_int_equal(cqlr_link_authenticated(l), 0);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_OPEN);
    assert_null(ev.auth);
    assert_int_equal(request(l, NULL), 1);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    cqlr_link_free(l);
}

static void null_and_empty_are_two_things_both_ways(void **state)
{
    struct cqlr_event ev;
    const uint8_t *p;
    (void)state;
    cqlr_link *l = asked(NULL, &ev);
    assert_int_equal(cqlr_link_authenticate(l, (struct cqlr_value){NULL, CQLR_NULL}), 0);
    assert_int_equal(cqlr_link_out(l, &p), CQLR_FRAME_HEADER + 4);
    assert_memory_equal(p + CQLR_FRAME_HEADER, "\xff\xff\xff\xff", 4);
    all_sent(l);
    next_step(l, CQLR_OP_AUTH_CHALLENGE, "\0\0\0\0", 4, &ev);
    assert_int_equal(ev.auth->challenge.n, 0);
    assert_int_equal(answer(l, ""), 0);
    cqlr_link_out(l, &p);
    assert_memory_equal(p + CQLR_FRAME_HEADER, "\0\0\0\0", 4);
    all_sent(l);
    next_step(l, CQLR_OP_AUTH_CHALLENGE, "\xff\xff\xff\xff", 4, &ev);
    assert_int_equal(ev.auth->challenge.n, CQLR_NULL);
    assert_int_equal(cqlr_link_authenticate(l, (struct cqlr_value){NULL, CQLR_UNSET}), 0);
    cqlr_link_out(l, &p);
    assert_memory_equal(p + CQLR_FRAME_HEADER, "\xff\xff\xff\xff", 4);
    cqlr_link_free(l);
}

/* Answers that arrive early wait; the answer of the host releases them. */
static void what_comes_while_the_host_thinks_waits(void **state)
{
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = asked(NULL, &ev);
    feed0(l, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4);
    assert_int_equal(cqlr_link_next(l, &ev), 0);
    assert_int_equal(answer(l, "late"), 0);
    assert_fails(l, CQLR_E_PROTO, "AUTH_SUCCESS before AUTH_RESPONSE was sent");
    cqlr_link_free(l);
    l = asked(NULL, &ev);
    assert_int_equal(answer(l, "late"), 0);
    feed0(l, CQLR_OP_AUTH_CHALLENGE, "\0\0\0\0", 4);
    assert_fails(l, CQLR_E_PROTO, "AUTH_CHALLENGE before AUTH_RESPONSE was sent");
    cqlr_link_free(l);
}

static void ten_rounds_are_answered_and_no_more(void **state)
{
    struct cqlr_event ev;
    (void)state;
    for (int more = 0; more < 2; more++) {
        cqlr_link *l = asked(NULL, &ev);
        for (unsigned round = 1; round < CQLR_AUTH_ROUNDS; round++) {
            assert_int_equal(answer(l, "x"), 0);
            all_sent(l);
            next_step(l, CQLR_OP_AUTH_CHALLENGE, "\0\0\0\0", 4, &ev);
            assert_int_equal(ev.auth->round, round);
        }
        assert_int_equal(answer(l, "the tenth"), 0);
        all_sent(l);
        if (more) {
            feed0(l, CQLR_OP_AUTH_CHALLENGE, "\0\0\0\0", 4);
            assert_fails(l, CQLR_E_AUTH, "more than 10 rounds");
        } else {
            next_step(l, CQLR_OP_AUTH_SUCCESS, "\0\0\0\0", 4, &ev);
        }
        cqlr_link_free(l);
    }
}

static void a_refusal_ends_the_link_with_its_reason(void **state)
{
    struct cqlr_err why = {.code = 0, .text = "the server proves nothing"};
    struct cqlr_event ev;
    (void)state;
    cqlr_link *l = asked(NULL, &ev);
    assert_int_equal(cqlr_link_refuse(l, &why), CQLR_E_AUTH);
    assert_int_equal(answer(l, "x"), CQLR_E_AUTH);
    assert_fails(l, CQLR_E_AUTH, "the server proves nothing");
    cqlr_link_free(l);

    l = asked(NULL, &ev); /* also of a success */
    assert_int_equal(answer(l, "x"), 0);
    assert_int_equal(cqlr_link_refuse(l, &why), CQLR_E_STATE);
    all_sent(l);
    next_step(l, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4, &ev);
    why.code = CQLR_E_NOMEM;
    assert_int_equal(cqlr_link_refuse(l, &why), CQLR_E_NOMEM);
    assert_int_equal(cqlr_link_authenticated(l), CQLR_E_NOMEM);
    assert_fails(l, CQLR_E_NOMEM, "the server proves nothing");
    cqlr_link_free(l);
}

static void nothing_is_answered_that_was_not_asked(void **state)
{
    const struct cqlr_err why = {.code = CQLR_E_AUTH};
    (void)state;
    cqlr_link *links[] = {client(NULL), open_client(NULL), link_of(CQLR_SERVER, NULL)};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(answer(links[i], "x"), CQLR_E_STATE);
        assert_int_equal(cqlr_link_authenticate_plain(links[i]), CQLR_E_STATE);
        assert_int_equal(cqlr_link_authenticated(links[i]), CQLR_E_STATE);
        assert_int_equal(cqlr_link_refuse(links[i], &why), CQLR_E_STATE);
        assert_int_equal(cqlr_link_err(links[i])->code, 0);
        cqlr_link_free(links[i]);
    }
}

/* What may not follow an AUTH_RESPONSE, or the end of the handshake. */
static void out_of_turn_is_the_servers_mistake(void **state)
{
    static const struct {
        uint8_t opcode;
        const char *body;
        int n, code;
        const char *text;
    } rows[] = {
        {CQLR_OP_READY, "", 0, CQLR_E_PROTO, "AUTH_RESPONSE was answered by READY"},
        {CQLR_OP_AUTHENTICATE, CLASS, 9, CQLR_E_PROTO, "was answered by AUTHENTICATE"},
        {CQLR_OP_AUTH_CHALLENGE, "\0\0", 2, CQLR_E_PROTO, "need 4 bytes, 2 left"},
        {CQLR_OP_AUTH_SUCCESS, "\0\0\0\1", 4, CQLR_E_PROTO, "AUTH_SUCCESS token"},
        {CQLR_OP_ERROR, "\0\0\1\0\0\2no", 8, CQLR_E_AUTH,
         "authentication refused: Bad credentials"},
    };
    static const uint8_t late[] = {CQLR_OP_AUTHENTICATE, CQLR_OP_AUTH_SUCCESS,
                                   CQLR_OP_AUTH_CHALLENGE};
    struct cqlr_event ev;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cqlr_link *l = asked(NULL, &ev);
        assert_int_equal(answer(l, SECRET), 0);
        all_sent(l);
        feed0(l, rows[i].opcode, rows[i].body, (size_t)rows[i].n);
        assert_fails(l, rows[i].code, rows[i].text);
        assert_null(strstr(cqlr_link_err(l)->text, SECRET));
        cqlr_link_free(l);
    }
    for (size_t i = 0; i < sizeof late; i++) {
        cqlr_link *l = asked(NULL, &ev);
        assert_int_equal(answer(l, "x"), 0);
        all_sent(l);
        next_step(l, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4, &ev);
        assert_int_equal(cqlr_link_authenticated(l), 0);
        feed0(l, late[i], CLASS, 9);
        assert_fails(l, CQLR_E_PROTO, "on stream 0 after the handshake");
        cqlr_link_free(l);
    }
    cqlr_link *l = client(NULL);
    feed0(l, CQLR_OP_AUTH_CHALLENGE, "\0\0\0\0", 4);
    assert_fails(l, CQLR_E_PROTO, "STARTUP was answered by AUTH_CHALLENGE");
    cqlr_link_free(l);
}

static void plain_by_the_host_is_as_without_events(void **state)
{
    struct cqlr_event ev;
    const uint8_t *p;
    (void)state;
    cqlr_link *l = asked(NULL, &ev);
    assert_int_equal(cqlr_link_authenticate_plain(l), 0);
    size_t n = cqlr_link_out(l, &p);
    assert_non_null(memmem(p, n, "\0me\0" SECRET, 4 + strlen(SECRET)));
    all_sent(l);
    feed0(l, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_OPEN);
    cqlr_link_free(l);
    l = asked(NULL, &ev);
    assert_int_equal(cqlr_link_authenticate_plain(l), 0);
    all_sent(l);
    feed0(l, CQLR_OP_AUTH_CHALLENGE, "\0\0\0\0", 4);
    assert_fails(l, CQLR_E_AUTH, "does not take user name and password");
    cqlr_link_free(l);
}

/* A [bytes] is as long as a frame takes; the largest leaves whole and is wiped. */
static void tokens_are_as_large_as_a_frame(void **state)
{
    struct cqlr_event ev;
    const uint8_t *p;
    const int32_t most = CQLR_FRAME_MAX - 4;
    uint8_t *token = calloc((size_t)most + 1, 1);
    (void)state;
    assert_non_null(token);
    token[most - 1] = 'z';
    cqlr_link *l = asked(NULL, &ev);
    assert_int_equal(cqlr_link_authenticate(l, (struct cqlr_value){token, most}), 0);
    assert_int_equal(cqlr_link_out(l, &p), (size_t)CQLR_FRAME_HEADER + CQLR_FRAME_MAX);
    assert_int_equal(p[CQLR_FRAME_HEADER + CQLR_FRAME_MAX - 1], 'z');
    cqlr_link_free(l);
    l = asked(NULL, &ev);
    assert_int_equal(cqlr_link_authenticate(l, (struct cqlr_value){token, most + 1}), CQLR_E_LIMIT);
    assert_fails(l, CQLR_E_LIMIT, "AUTH_RESPONSE: limit exceeded");
    cqlr_link_free(l);
    free(token);
}

static void no_token_stays_in_memory(void **state)
{
    struct secret_mem m;
    struct cqlr_event ev;
    const uint8_t *p;
    (void)state;
    secret_mem_init(&m);
    cqlr_link *l = asked(&m.mem, &ev);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(answer(l, SECRET), 0);
        size_t n = cqlr_link_out(l, &p);
        assert_non_null(memmem(p, n, SECRET, strlen(SECRET)));
        assert_null(cqlr_link_begin(l));
        cqlr_link_sent(l, n);
        assert_null(memmem(p, n, SECRET, strlen(SECRET))); /* the buffer has stayed where it was */
        next_step(l, CQLR_OP_AUTH_CHALLENGE, "\0\0\0\0", 4, &ev);
    }
    assert_int_equal(answer(l, SECRET), 0);
    cqlr_link_free(l); /* never sent */
    assert_true(m.blocks > 0);
    assert_int_equal(m.leaks, 0);
}

/* A frame of the server comes: 0 and its event, or the error. */
static int comes(cqlr_link *l, uint8_t opcode, struct cqlr_value body, struct cqlr_event *ev)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    put_frame(&w, RESPONSE4, 0, 0, opcode, body.p, (size_t)body.n);
    int rc = cqlr_link_feed(l, w.p, w.n);
    cqlr_wr_fini(&w);
    if (!rc)
        rc = cqlr_link_next(l, ev);
    assert_true(rc < 0 ? rc == cqlr_link_err(l)->code : ev->kind == CQLR_EV_AUTH);
    return rc < 0 ? rc : 0;
}

static int two_rounds(const struct cqlr_mem *mem, void *arg)
{
    static const uint8_t token[5000];
    struct cqlr_link_opts o;
    struct cqlr_event ev;
    (void)arg;
    cqlr_link_opts_init(&o, sizeof o);
    o.auth_events = true;
    o.mem = mem;
    cqlr_link *l = cqlr_link_new(&o);
    if (!l)
        return CQLR_E_NOMEM;
    all_sent(l);
    int rc = comes(l, CQLR_OP_AUTHENTICATE, (struct cqlr_value){(const uint8_t *)CLASS, 9}, &ev);
    for (int32_t n = 1; !rc && n <= 2; n++) {
        rc = cqlr_link_authenticate(l, (struct cqlr_value){token, n * 2500});
        assert_int_equal(rc, cqlr_link_err(l)->code);
        all_sent(l);
        if (!rc)
            rc = comes(l, n < 2 ? CQLR_OP_AUTH_CHALLENGE : CQLR_OP_AUTH_SUCCESS,
                       (struct cqlr_value){token, 4}, &ev);
    }
    cqlr_link_free(l);
    return rc;
}

static void no_memory_is_an_error_of_the_link(void **state)
{
    (void)state;
    assert_true(each_failure(two_rounds, NULL) > 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_answers_each_step_and_opens),
        cmocka_unit_test(null_and_empty_are_two_things_both_ways),
        cmocka_unit_test(what_comes_while_the_host_thinks_waits),
        cmocka_unit_test(ten_rounds_are_answered_and_no_more),
        cmocka_unit_test(a_refusal_ends_the_link_with_its_reason),
        cmocka_unit_test(nothing_is_answered_that_was_not_asked),
        cmocka_unit_test(out_of_turn_is_the_servers_mistake),
        cmocka_unit_test(plain_by_the_host_is_as_without_events),
        cmocka_unit_test(tokens_are_as_large_as_a_frame),
        cmocka_unit_test(no_token_stays_in_memory),
        cmocka_unit_test(no_memory_is_an_error_of_the_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

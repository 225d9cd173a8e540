/*
 * test_conn_auth.c - a connection whose server asks for authentication: where a password may go
 * unencrypted, and the host's own answers.
 *
 * A peer beyond this machine is played by a transport that says it has reached the address, and
 * moves its bytes through a pair of sockets.
 */
#include "src/conn/internal.h"
#include "tests/unit/conn_help.h"
#include "tests/unit/secret_mem.h"

#define ASKS      "\x84\0\0\0\3\0\0\0\5\0\3a.B"
#define ASKS_SIZE (sizeof ASKS - 1)

/* ---- a transport to anywhere ---- */

static int other_end; /* of the last one that was opened */

static int far_open(struct cqlr__io *io, const struct sockaddr *sa, socklen_t n,
                    struct cqlr_err *err)
{
    int fds[2];
    (void)sa, (void)n, (void)err;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    io->fd = fds[0];
    other_end = fds[1];
    return 0;
}

static int far_progress(struct cqlr__io *io, struct cqlr_err *err)
{
    (void)io, (void)err;
    return 0;
}

static struct cqlr__io_fns far;

static void open_far(struct host *h, const char *text)
{
    struct cqlr__addrs a;
    struct cqlr_err err;
    h->c = cqlr_conn_new(&h->o);
    assert_non_null(h->c);
    far = *h->c->io.fn;
    far.open = far_open;
    far.progress = far_progress;
    h->c->io.fn = &far;
    cqlr__addrs_init(&a, NULL);
    assert_int_equal(cqlr__addrs_resolve(&a, text, 9042, &err), 1);
    assert_int_equal(cqlr_conn_open(h->c, &a.list[0].sa.any, a.list[0].len, h->now), 0);
    cqlr__addrs_fini(&a);
    h->server = other_end;
    snprintf(h->peer, sizeof h->peer, "%s: ", cqlr_conn_peer(h->c));
}

/* STARTUP was read; the server asks; what has come after that. */
static ssize_t after_asking(struct host *h, void *p, size_t n)
{
    assert_true(serve(h, 10000));
    server_request(h);
    server_write(h, ASKS, ASKS_SIZE);
    assert_true(serve(h, 10000));
    return recv(h->server, p, n, MSG_DONTWAIT);
}

static void with_password(struct host *h)
{
    host_init(h);
    h->o.username = "me";
    h->o.password = SECRET;
}

static void a_password_does_not_leave_unencrypted(void **state)
{
    static const char *const peers[] = {"192.0.2.1", "[2001:db8::1]", "::ffff:192.0.2.1"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct host h;
        char got[200];
        with_password(&h);
        open_far(&h, peers[i]);
        assert_int_equal(after_asking(&h, got, sizeof got), 0); /* the end, and nothing before */
        log_is(&h, "close:AUTH ");
        err_is(&h, CQLR_E_AUTH,
               "server asks for the password, which would leave unencrypted, for everyone on the "
               "way to read: use TLS, or allow it (plaintext_password)");
        host_fini(&h);
    }
}

static void it_does_to_this_machine_or_when_allowed(void **state)
{
    static const struct {
        const char *peer;
        bool allowed;
    } rows[] = {
        {"127.0.0.1", false}, {"127.9.9.9", false},        {"[::1]", false},
        {"unix:/x", false},   {"::ffff:127.0.0.1", false}, {"192.0.2.1", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host h;
        char got[200];
        with_password(&h);
        h.o.plaintext_password = rows[i].allowed;
        open_far(&h, rows[i].peer);
        ssize_t n = after_asking(&h, got, sizeof got);
        assert_true(n > 0);
        assert_non_null(memmem(got, (size_t)n, "\0me\0" SECRET, 4 + strlen(SECRET)));
        log_is(&h, "");
        host_fini(&h);
    }
}

static void without_a_password_that_is_what_is_told(void **state)
{
    struct host h;
    char got[200];
    (void)state;
    host_init(&h);
    open_far(&h, "192.0.2.1");
    assert_int_equal(after_asking(&h, got, sizeof got), 0);
    err_is(&h, CQLR_E_AUTH, "server asks for authentication (a.B); give a user name and password");
    host_fini(&h);
}

static void a_server_that_does_not_ask_may_be_anywhere(void **state)
{
    struct host h;
    (void)state;
    with_password(&h);
    open_far(&h, "192.0.2.1");
    assert_true(serve(&h, 10000));
    server_request(&h);
    server_reply(&h, 0, CQLR_OP_READY, "");
    assert_true(serve(&h, 10000));
    log_is(&h, "open ");
    host_fini(&h);
}

/* ---- the host's own answers ---- */

/* Answers a challenge with it turned round; notes what it is told. */
static int reversing(void *arg, const struct cqlr_auth_step *step, struct cqlr_wr *token,
                     struct cqlr_err *err)
{
    struct host *h = arg;
    (void)err;
    note(h, "%u:%.*s:%d%s ", step->round, CQLR_STR(step->authenticator), step->challenge.n,
         step->success ? ":success" : "");
    for (int32_t i = step->challenge.n; i > 0 && !step->success; i--)
        cqlr_wr_u8(token, step->challenge.p[i - 1]);
    run_then(h);
    return 0;
}

static int refusing(void *arg, const struct cqlr_auth_step *step, struct cqlr_wr *token,
                    struct cqlr_err *err)
{
    struct host *h = arg;
    cqlr_wr_raw(token, SECRET, strlen(SECRET));
    if (!step->success && h->o.password) /* only of the server's proof */
        return 0;
    err->code = CQLR_E_USAGE;
    snprintf(err->text, sizeof err->text, "%s", h->o.username ? h->o.username : "");
    return -1;
}

/* A byte at a time, so that the writer grows again and again. */
static int long_token(void *arg, const struct cqlr_auth_step *step, struct cqlr_wr *token,
                      struct cqlr_err *err)
{
    (void)arg, (void)err;
    for (int i = 0; i < 3000 && !step->success; i++)
        cqlr_wr_raw(token, SECRET, strlen(SECRET));
    return 0;
}

static void asked(struct host *h)
{
    open_conn(h);
    server_accept(h);
    assert_true(serve(h, 10000));
    server_request(h);
    server_write(h, ASKS, ASKS_SIZE);
    assert_true(serve(h, 10000));
}

static void a_callback_answers_until_success(void **state)
{
    struct host h;
    char got[40];
    (void)state;
    host_init(&h);
    h.o.on_auth = reversing;
    asked(&h);
    server_read(&h, got, 13);
    assert_memory_equal(got, "\x4\0\0\0\xf\0\0\0\4\0\0\0\0", 13); /* an empty token */
    server_write(&h, "\x84\0\0\0\xe\0\0\0\7\0\0\0\3abc", 16);
    assert_true(serve(&h, 10000));
    server_read(&h, got, 16);
    assert_memory_equal(got, "\x4\0\0\0\xf\0\0\0\7\0\0\0\3cba", 16);
    server_write(&h, "\x84\0\0\0\x10\0\0\0\4\xff\xff\xff\xff", 13);
    assert_true(serve(&h, 10000));
    log_is(&h, "0:a.B:-1 1:a.B:3 2:a.B:-1:success open ");
    submit_flush(&h, 1, 1);
    assert_int_equal(server_request(&h), 1);
    host_fini(&h);
    log_is(&h, "1:CLOSED close:CLOSED ");
}

/* Its token is its own to judge: the rule about passwords is PLAIN's. */
static void a_callback_may_answer_anybody(void **state)
{
    struct host h;
    char got[40];
    (void)state;
    host_init(&h);
    h.o.on_auth = reversing;
    open_far(&h, "192.0.2.1");
    assert_int_equal(after_asking(&h, got, sizeof got), 13);
    host_fini(&h);
}

static void its_refusal_is_the_end_and_has_a_reason(void **state)
{
    static const char *const reasons[] = {"I know no a.B", NULL};
    static const char *const said[] = {"I know no a.B",
                                       "not authenticated: the callback gave no reason"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct host h;
        char got[40];
        host_init(&h);
        h.o.on_auth = refusing;
        h.o.username = reasons[i];
        asked(&h);
        log_is(&h, "close:AUTH ");
        err_is(&h, CQLR_E_AUTH, said[i]);
        assert_int_equal(recv(h.server, got, sizeof got, 0), 0);
        host_fini(&h);
    }
}

static void it_may_refuse_what_the_server_proves(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.on_auth = refusing;
    h.o.username = "a weak proof";
    h.o.password = "";
    asked(&h);
    log_is(&h, "");
    server_request(&h);
    server_write(&h, "\x84\0\0\0\x10\0\0\0\4\xff\xff\xff\xff", 13);
    assert_true(serve(&h, 10000));
    log_is(&h, "close:AUTH ");
    err_is(&h, CQLR_E_AUTH, "a weak proof");
    host_fini(&h);
}

static void close_inside(struct host *h)
{
    cqlr_conn_close(h->c);
}

static void free_inside(struct host *h)
{
    cqlr_conn_free(h->c);
    h->c = NULL;
}

static void a_callback_may_close_or_free(void **state)
{
    void (*const ways[])(struct host *) = {close_inside, free_inside};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct host h;
        host_init(&h);
        h.o.on_auth = reversing;
        h.then = ways[i];
        asked(&h);
        log_is(&h, "0:a.B:-1 close:CLOSED ");
        host_fini(&h);
    }
}

static void no_token_of_a_callback_stays_in_memory(void **state)
{
    struct secret_mem m;
    struct host h;
    static char got[100000];
    size_t n = CQLR_FRAME_HEADER + 4 + 3000 * strlen(SECRET);
    (void)state;
    secret_mem_init(&m);
    host_init(&h);
    h.o.mem = &m.mem;
    h.o.on_auth = long_token;
    asked(&h);
    server_read(&h, got, n);
    assert_memory_equal(got + n - strlen(SECRET), SECRET, strlen(SECRET));
    server_write(&h, "\x84\0\0\0\x10\0\0\0\4\xff\xff\xff\xff", 13);
    assert_true(serve(&h, 10000));
    log_is(&h, "open ");
    host_fini(&h);
    assert_true(m.blocks > 8);
    assert_int_equal(m.leaks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_does_not_leave_unencrypted),
        cmocka_unit_test(it_does_to_this_machine_or_when_allowed),
        cmocka_unit_test(without_a_password_that_is_what_is_told),
        cmocka_unit_test(a_server_that_does_not_ask_may_be_anywhere),
        cmocka_unit_test(a_callback_answers_until_success),
        cmocka_unit_test(a_callback_may_answer_anybody),
        cmocka_unit_test(its_refusal_is_the_end_and_has_a_reason),
        cmocka_unit_test(it_may_refuse_what_the_server_proves),
        cmocka_unit_test(a_callback_may_close_or_free),
        cmocka_unit_test(no_token_of_a_callback_stays_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

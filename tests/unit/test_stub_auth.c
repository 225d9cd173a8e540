/*
 * test_stub_auth.c - the stub as a server that asks for a password, that counts handshakes, and
 * that listens on a path.
 */
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/unit/stub_help.h"

#define BAD CQLR_SERVER_BAD_CREDENTIALS

/* A password with a colon. */
static struct fixture *start_asking(struct stub_stats *stats)
{
    struct stub_opts o;
    stub_opts_init(&o);
    o.auth = "ann:a:b";
    o.stats = stats;
    return start_with(o);
}

/* STARTUP, which is answered by AUTHENTICATE. */
static void client_asked(struct client *c, struct fixture *f)
{
    struct cqlr_wr w = startup_body(PLAIN);
    struct cqlr_authenticate m;
    client_open(c, f);
    ask(c, CQLR_OP_STARTUP, &w);
    assert_int_equal(c->head.opcode, CQLR_OP_AUTHENTICATE);
    struct cqlr_rd r = answer_body(c);
    assert_int_equal(cqlr_authenticate_read(&r, &m), 0);
    assert_int_equal(m.class_name.n, 47);
    assert_memory_equal(m.class_name.p, "org.apache.cassandra.auth.PasswordAuthenticator", 47);
}

/* 0 = AUTH_SUCCESS, else the error's code. */
static int32_t respond(struct client *c, const char *token, int32_t n)
{
    const struct cqlr_auth_response m = {.token = {(const uint8_t *)token, n}};
    struct cqlr_wr w = empty_body();
    assert_int_equal(cqlr_auth_response_write(&w, &m), 0);
    ask(c, CQLR_OP_AUTH_RESPONSE, &w);
    if (c->head.opcode == CQLR_OP_ERROR)
        return error_code(c);
    assert_int_equal(c->head.opcode, CQLR_OP_AUTH_SUCCESS);
    return 0;
}

static void tokens_are_checked(void **state)
{
    static const struct {
        const char *token;
        int32_t n, code;
    } rows[] = {{NULL, -1, BAD},         {"", 0, BAD},          {"ann", 3, BAD},
                {"ann\0a:b", 7, BAD},    {"\0ann\0a:", 7, BAD}, {"\0ann\0a:bc", 9, BAD},
                {"\0bob\0a:b", 8, BAD},  {"\0\0a:b", 5, BAD},   {"\0ann\0", 5, BAD},
                {"\0ann\0a:b", 8, 0},    {"x\0ann\0a:b", 9, 0}, {"\0\0ann\0a:b", 9, 0},
                {"\0ann\0a:b\0", 9, BAD}};
    struct fixture *f = start_asking(NULL);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client c;
        client_asked(&c, f);
        assert_int_equal(respond(&c, rows[i].token, rows[i].n), rows[i].code);
        int32_t then = query(&c, "SELECT key FROM system.local", NULL);
        assert_int_equal(then, rows[i].code ? PROTOCOL : 0);
        client_close(&c);
    }
    stop(f);
}

static void who_is_refused_is_named_but_not_the_password(void **state)
{
    struct fixture *f = start_asking(NULL);
    struct client c;
    struct cqlr_error m;
    (void)state;
    client_asked(&c, f);
    assert_int_equal(respond(&c, "\0bob\0secret", 11), BAD);
    struct cqlr_rd r = answer_body(&c);
    assert_int_equal(cqlr_error_read(&r, &m), 0);
    assert_int_equal(m.message.n, 51);
    assert_memory_equal(m.message.p, "Provided username bob and/or password are incorrect", 51);
    client_close(&c);
    stop(f);
}

static void auth_response_must_be_asked_for(void **state)
{
    struct fixture *f = start(0);
    struct client c;
    (void)state;
    client_start(&c, f);
    assert_int_equal(respond(&c, "\0ann\0a:b", 8), PROTOCOL);
    client_close(&c);
    stop(f);
    f = start_asking(NULL);
    client_asked(&c, f);
    assert_int_equal(respond(&c, "\0ann\0a:b", 8), 0);
    assert_int_equal(respond(&c, "\0ann\0a:b", 8), PROTOCOL);
    client_close(&c);
    stop(f);
}

static void handshakes_are_counted_until_success_has_left(void **state)
{
    struct stub_stats s = {0};
    struct fixture *f = start_asking(&s);
    struct client c[3];
    uint64_t end = cqlr_now() + GIVE_UP;
    (void)state;
    for (int i = 0; i < 3; i++)
        client_asked(&c[i], f);
    assert_int_equal(s.handshakes, 3);
    assert_int_equal(respond(&c[0], "\0ann\0a:b", 8), 0);
    assert_int_equal(s.handshakes, 2);
    client_close(&c[1]); /* in the middle of it */
    while (s.handshakes > 1 && cqlr_now() < end)
        turn(f);
    assert_int_equal(s.handshakes, 1);
    assert_int_equal(s.handshakes_most, 3);
    assert_int_equal(s.connections, 3);
    client_close(&c[0]);
    client_close(&c[2]);
    stop(f);
    assert_int_equal(s.handshakes, 0);
}

static void options_without_both_parts_are_refused(void **state)
{
    static const char *const bad[] = {"", "ann", "ann:", ":pw"};
    struct stub_opts o;
    struct cqlr_err err;
    (void)state;
    stub_opts_init(&o);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        o.auth = bad[i];
        assert_null(stub_new(&o, &err));
        assert_int_equal(err.code, CQLR_E_USAGE);
    }
}

/* ---- a path ---- */

static void a_path_is_listened_on_and_removed_by_its_maker_alone(void **state)
{
    char dir[] = "/tmp/cqlraw-test-XXXXXX", at[64], path[64];
    struct stub_opts o;
    struct cqlr_err err;
    struct stat st;
    int status;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/sock", dir);
    snprintf(at, sizeof at, "unix:%s/sock", dir);
    stub_opts_init(&o);
    o.listen = at;
    struct stub *s = stub_new(&o, &err);
    assert_non_null(s);
    assert_string_equal(stub_addr(s), at);
    assert_int_equal(stub_port(s), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        stub_free(s);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(stat(path, &st), 0);
    assert_null(stub_new(&o, &err)); /* what is there is not taken away */
    assert_int_equal(err.code, CQLR_E_IO);
    assert_int_equal(stat(path, &st), 0);
    stub_free(s);
    assert_int_equal(stat(path, &st), -1);
    o.port_file = path;
    assert_null(stub_new(&o, &err)); /* no port, no file of it */
    assert_int_equal(err.code, CQLR_E_USAGE);
    assert_int_equal(rmdir(dir), 0);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    char at[300] = "unix:/";
    struct stub_opts o;
    struct cqlr_err err;
    (void)state;
    memset(at + 6, 'p', 107);
    stub_opts_init(&o);
    o.listen = at;
    assert_null(stub_new(&o, &err));
    assert_int_equal(err.code, CQLR_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_checked),
        cmocka_unit_test(who_is_refused_is_named_but_not_the_password),
        cmocka_unit_test(auth_response_must_be_asked_for),
        cmocka_unit_test(handshakes_are_counted_until_success_has_left),
        cmocka_unit_test(options_without_both_parts_are_refused),
        cmocka_unit_test(a_path_is_listened_on_and_removed_by_its_maker_alone),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

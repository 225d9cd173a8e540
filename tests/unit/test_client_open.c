/*
 * How a client comes to a connection: authentication, Unix sockets, contact points passed over; and
 * what its log is told.
 */
#include "tests/unit/client_help.h"
#include "tests/unit/secret_mem.h"
#include "tests/unit/stub_process.h"

#define USER "ann"
#define ASK  "SELECT key FROM system.local"

/* ---- a client whose log is kept ---- */

static char told[4000];

static void tell(void *arg, enum cqlr_log_level level, const char *line)
{
    static const char letter[] = "DIW";
    size_t n = strlen(told);
    (void)arg;
    assert_null(strchr(line, '\n'));
    assert_null(strstr(line, SECRET));
    snprintf(told + n, sizeof told - n, "%c %s\n", letter[level], line);
}

static void told_has(const char *part)
{
    if (!strstr(told, part))
        fail_msg("\"%s\" is not in:\n%s", part, told);
}

static cqlr_client *client(const char *hosts, const char *user, const char *password,
                           const struct cqlr_mem *mem)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = hosts;
    o.username = user;
    o.password = password;
    o.mem = mem;
    o.log = tell;
    told[0] = '\0';
    cqlr_client *cl = cqlr_client_new(&o);
    assert_non_null(cl);
    return cl;
}

static cqlr_client *client_in(const char *hosts, const char *keyspace)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = hosts;
    o.keyspace = keyspace;
    cqlr_client *cl = cqlr_client_new(&o);
    assert_non_null(cl);
    return cl;
}

static struct stub_process stub(const char *listen, const char *auth)
{
    struct stub_opts o;
    stub_opts_init(&o);
    if (listen)
        o.listen = listen;
    o.auth = auth;
    return stub_process_start(o);
}

static void answers(cqlr_client *cl)
{
    struct cqlr_row row;
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr(ASK), NULL);
    assert_non_null(r);
    assert_int_equal(cqlr_reply_next(r, &row), 1);
    cqlr_reply_free(r);
}

/* ---- the keyspace ---- */

static void statements_find_tables_of_the_keyspace(void **state)
{
    struct stub_process s = stub(NULL, NULL);
    (void)state;
    cqlr_client *cl = client_in(s.addr, "system");
    assert_int_equal(cqlr_sync_connect(cl), 0);
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr("SELECT key FROM local"), NULL);
    assert_non_null(r);
    cqlr_reply_free(r);
    cqlr_client_close(cl);
    assert_int_equal(cqlr_sync_connect(cl), 0); /* and again */
    cqlr_prepared *ps = cqlr_sync_prepare(cl, cqlr_cstr("SELECT key FROM local WHERE key = ?"));
    assert_non_null(ps);
    cqlr_prepared_free(ps);
    cqlr_client_free(cl);
    stub_process_end(&s);
}

static void a_keyspace_that_is_not_there_ends_opening(void **state)
{
    struct stub_process a = stub(NULL, NULL), b = stub(NULL, NULL);
    char both[400];
    (void)state;
    snprintf(both, sizeof both, "%s,%s", a.addr, b.addr);
    cqlr_client *cl = client_in(both, "no\"such");
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(cqlr_sync_connect(cl), CQLR_E_SERVER);
        assert_non_null(strstr(cqlr_client_err(cl)->text, a.addr));
        assert_non_null(strstr(cqlr_client_err(cl)->text, "USE \"no\"such\""));
        assert_int_equal(a.stats->connections, i);
        assert_int_equal(b.stats->connections, 0);
        assert_null(cqlr_sync_query(cl, cqlr_cstr(ASK), NULL));
    }
    cqlr_client_free(cl);
    stub_process_end(&a);
    stub_process_end(&b);
}

/* ---- authentication ---- */

static void name_and_password_let_in_and_leave_no_trace(void **state)
{
    struct stub_process s = stub(NULL, USER ":" SECRET);
    struct secret_mem m;
    (void)state;
    secret_mem_init(&m);
    cqlr_client *cl = client(s.addr, USER, SECRET, &m.mem);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    answers(cl);
    cqlr_client_free(cl);
    assert_true(m.blocks > 5);
    assert_int_equal(m.leaks, 0);
    assert_int_equal(stub_process_end(&s), 0);
}

static void a_refused_password_is_tried_once(void **state)
{
    struct stub_process a = stub(NULL, USER ":other"), b = stub(NULL, USER ":other");
    char both[400];
    (void)state;
    snprintf(both, sizeof both, "%s,%s", a.addr, b.addr);
    cqlr_client *cl = client(both, USER, SECRET, NULL);
    assert_int_equal(cqlr_sync_connect(cl), CQLR_E_AUTH);
    assert_int_equal(cqlr_client_err(cl)->server_code, CQLR_SERVER_BAD_CREDENTIALS);
    assert_non_null(strstr(cqlr_client_err(cl)->text, a.addr));
    assert_non_null(strstr(cqlr_client_err(cl)->text,
                           "Provided username " USER " and/or password are incorrect"));
    assert_null(strstr(cqlr_client_err(cl)->text, SECRET));
    assert_int_equal(a.stats->connections, 1);
    assert_int_equal(b.stats->connections, 0);
    cqlr_client_free(cl);
    stub_process_end(&a);
    stub_process_end(&b);
}

static void a_server_that_asks_is_told_when_there_is_no_password(void **state)
{
    struct stub_process s = stub(NULL, USER ":" SECRET);
    (void)state;
    cqlr_client *cl = client(s.addr, NULL, NULL, NULL);
    assert_int_equal(cqlr_sync_connect(cl), CQLR_E_AUTH);
    assert_non_null(strstr(cqlr_client_err(cl)->text,
                           "(org.apache.cassandra.auth.PasswordAuthenticator); give a user name"));
    cqlr_client_free(cl);
    stub_process_end(&s);
}

struct teller {
    const char *password;
    unsigned calls;
};

/* PLAIN, as the host's own mechanism. */
static int tells(void *arg, const struct cqlr_auth_step *step, struct cqlr_wr *token,
                 struct cqlr_err *err)
{
    struct teller *t = arg;
    t->calls++;
    if (step->success)
        return 0;
    if (!t->password) {
        snprintf(err->text, sizeof err->text, "nothing for %.*s", CQLR_STR(step->authenticator));
        return -1;
    }
    cqlr_wr_raw(token, "\0" USER, 1 + strlen(USER));
    cqlr_wr_u8(token, 0);
    cqlr_wr_raw(token, t->password, strlen(t->password));
    return 0;
}

static cqlr_client *telling(const char *addr, struct teller *t)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = addr;
    o.on_auth = tells;
    o.auth_arg = t;
    return cqlr_client_new(&o);
}

static void a_callback_answers_the_authenticator(void **state)
{
    struct stub_process s = stub(NULL, USER ":" SECRET);
    struct teller good = {SECRET, 0}, bad = {"wrong", 0}, none = {NULL, 0};
    (void)state;
    cqlr_client *cl = telling(s.addr, &good);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    answers(cl);
    assert_int_equal(good.calls, 2); /* the question and the success */
    cqlr_client_close(cl);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    assert_int_equal(good.calls, 4);
    cqlr_client_free(cl);

    cl = telling(s.addr, &bad);
    assert_int_equal(cqlr_sync_connect(cl), CQLR_E_AUTH);
    assert_int_equal(cqlr_client_err(cl)->server_code, CQLR_SERVER_BAD_CREDENTIALS);
    cqlr_client_free(cl);

    cl = telling(s.addr, &none);
    assert_int_equal(cqlr_sync_connect(cl), CQLR_E_AUTH);
    assert_non_null(strstr(cqlr_client_err(cl)->text,
                           ": nothing for org.apache.cassandra.auth.PasswordAuthenticator"));
    assert_int_equal(none.calls, 1);
    cqlr_client_free(cl);
    assert_int_equal(stub_process_end(&s), 0);
}

static void a_password_that_nobody_asks_for_is_not_sent(void **state)
{
    struct stub_process s = stub(NULL, NULL); /* would answer AUTH_RESPONSE with an error */
    (void)state;
    cqlr_client *cl = client(s.addr, USER, SECRET, NULL);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    answers(cl);
    cqlr_client_free(cl);
    stub_process_end(&s);
}

/* ---- Unix sockets ---- */

static void a_unix_socket_is_a_contact_point(void **state)
{
    char dir[] = "/tmp/cqlraw-test-XXXXXX", at[64], none[64], both[140];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(at, sizeof at, "unix:%s/sock", dir);
    snprintf(none, sizeof none, "unix:%s/none", dir);
    snprintf(both, sizeof both, "%s, %s", none, at);
    struct stub_process s = stub(at, NULL);
    assert_string_equal(s.addr, at);
    cqlr_client *cl = client(both, NULL, NULL, NULL);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    assert_string_equal(cqlr_client_peer(cl), at);
    told_has("/none: connect: No such file or directory\n");
    answers(cl);
    cqlr_client_free(cl);
    assert_int_equal(stub_process_end(&s), 0);
    assert_int_equal(rmdir(dir), 0); /* the socket's file is gone */
}

static void a_path_that_is_too_long_is_a_usage_error(void **state)
{
    char hosts[200] = "127.0.0.1:1,unix:/";
    (void)state;
    memset(hosts + strlen(hosts), 'p', 150);
    cqlr_client *cl = client(hosts, NULL, NULL, NULL);
    assert_int_equal(cqlr_sync_connect(cl), CQLR_E_USAGE);
    assert_non_null(strstr(cqlr_client_err(cl)->text, "at most 107 bytes, not 151"));
    cqlr_client_free(cl);
}

/* They are not mistaken for a lack of memory. */
static void options_that_no_connection_takes_are_usage_errors(void **state)
{
    static char long_name[UINT16_MAX + 2];
    const struct {
        uint32_t max_frame;
        const char *name, *version, *id;
        int compression;
        const char *told;
    } rows[] = {
        {0, NULL, NULL, NULL, 0, "max_frame is 0, not 1 to 268435456"},
        {CQLR_FRAME_MAX + 1, NULL, NULL, NULL, 0, "max_frame is 268435457"},
        {1, long_name, NULL, NULL, 0, "application_name has more than 65535 bytes"},
        {1, NULL, long_name, NULL, 0, "application_version has more than 65535 bytes"},
        {1, NULL, NULL, long_name, 0, "client_id has more than 65535 bytes"},
        {1, NULL, NULL, NULL, 2, "compression is 2, which is none"},
    };
    (void)state;
    memset(long_name, 'n', UINT16_MAX + 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cqlr_client_opts o;
        cqlr_client_opts_init(&o, sizeof o);
        o.max_frame = rows[i].max_frame;
        o.application_name = rows[i].name;
        o.application_version = rows[i].version;
        o.client_id = rows[i].id;
        o.compression = (enum cqlr_compression)rows[i].compression;
        cqlr_client *cl = cqlr_client_new(&o);
        assert_int_equal(cqlr_sync_connect(cl), CQLR_E_USAGE);
        assert_non_null(strstr(cqlr_client_err(cl)->text, rows[i].told));
        cqlr_client_free(cl);
    }
}

/* ---- the log ---- */

static void the_log_tells_of_addresses_passed_over_and_used(void **state)
{
    struct stub_process s = stub(NULL, NULL);
    char hosts[400], line[500];
    (void)state;
    snprintf(hosts, sizeof hosts, "a..b,127.0.0.1:1,%s", s.addr);
    cqlr_client *cl = client(hosts, NULL, NULL, NULL);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    told_has("W contact point passed over: a..b: ");
    told_has("W address passed over: 127.0.0.1:1: connect: Connection refused\n");
    snprintf(line, sizeof line, "D %s: connecting\nI %s: connected in ", s.addr, s.addr);
    told_has(line);
    assert_null(strstr(told, "lost"));
    cqlr_client_close(cl);
    snprintf(line, sizeof line, "D %s: closed\n", s.addr);
    told_has(line);
    cqlr_client_free(cl);
    stub_process_end(&s);
}

static void the_log_tells_why_a_connection_was_lost(void **state)
{
    struct stub_process s = stub(NULL, NULL);
    char line[500];
    (void)state;
    cqlr_client *cl = client(s.addr, NULL, NULL, NULL);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    snprintf(line, sizeof line, "W connection lost: %s: connection closed by the server\n", s.addr);
    stub_process_kill(&s);
    assert_null(cqlr_sync_query(cl, cqlr_cstr(ASK), NULL));
    told_has(line);
    cqlr_client_free(cl);
}

/* A RESULT of a kind that does not exist. */
static void lies(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    (void)shared;
    cqlr_wr_i32(cqlr_link_begin(l), 99);
    respond(l, CQLR_OP_RESULT, ev);
}

static void the_log_tells_of_an_answer_that_cannot_be_read(void **state)
{
    struct scripted_server s = scripted_server_start(lies);
    (void)state;
    cqlr_client *cl = client(s.addr, NULL, NULL, NULL);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    assert_null(cqlr_sync_query(cl, cqlr_cstr("x"), NULL));
    told_has("W connection lost: 127.0.0.1:");
    told_has(": RESULT: ");
    cqlr_client_free(cl);
    scripted_server_stop(&s);
}

static void the_log_tells_of_a_statement_that_was_forgotten(void **state)
{
    struct scripted_server s = scripted_server_start(echo);
    (void)state;
    cqlr_client *cl = client(s.addr, NULL, NULL, NULL);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    cqlr_prepared *ps = cqlr_sync_prepare(cl, cqlr_cstr("SELECT"));
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_int(b, 0, 7), 0);
    s.shared[FORGET] = 1;
    cqlr_reply_free(cqlr_sync_execute(cl, b));
    told_has("I 127.0.0.1:");
    told_has(": the server has forgotten statement 666972737420696420303132333435");
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    cqlr_client_free(cl);
    scripted_server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_find_tables_of_the_keyspace),
        cmocka_unit_test(a_keyspace_that_is_not_there_ends_opening),
        cmocka_unit_test(name_and_password_let_in_and_leave_no_trace),
        cmocka_unit_test(a_refused_password_is_tried_once),
        cmocka_unit_test(a_server_that_asks_is_told_when_there_is_no_password),
        cmocka_unit_test(a_callback_answers_the_authenticator),
        cmocka_unit_test(a_password_that_nobody_asks_for_is_not_sent),
        cmocka_unit_test(a_unix_socket_is_a_contact_point),
        cmocka_unit_test(a_path_that_is_too_long_is_a_usage_error),
        cmocka_unit_test(options_that_no_connection_takes_are_usage_errors),
        cmocka_unit_test(the_log_tells_of_addresses_passed_over_and_used),
        cmocka_unit_test(the_log_tells_why_a_connection_was_lost),
        cmocka_unit_test(the_log_tells_of_an_answer_that_cannot_be_read),
        cmocka_unit_test(the_log_tells_of_a_statement_that_was_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_tls_sessions.c - sessions of TLS that later connections resume, also those of other
 * processes; and a table of them in which somebody was killed, or whose bytes are not what was put
 * there.
 */
#include <signal.h>
#include <sys/wait.h>

#include "src/net/tls_ssl.h"
#include "tests/unit/tls_help.h"

/* ---- resuming ---- */

/* A connection that was open, and has had the time to take what the server gives it for the next
 * one. Was it resumed? */
static bool connect_once(struct tls_host *t)
{
    tls_open_all(t);
    tls_ask(t);
    bool resumed = strstr(cqlr_conn_tls(t->h.c), ", resumed") != NULL;
    assert_int_equal(SSL_session_reused(t->ssl), resumed);
    SSL_shutdown(t->ssl);
    end_connection(t);
    return resumed;
}

static void other_settings(struct tls_host *t)
{
    cqlr_tls_free(t->tls);
    t->tls = NULL;
}

static void the_next_connection_resumes(void **state)
{
    struct tls_host t;
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        tls_init(&t, "DNS:db.example,DNS:other.example");
        SSL_CTX_set_max_proto_version(t.ctx, version);
        assert_false(connect_once(&t));
        assert_true(connect_once(&t));
        assert_true(connect_once(&t));
        t.h.o.tls_name = "other.example"; /* of another name */
        assert_false(connect_once(&t));
        assert_true(connect_once(&t));
        other_settings(&t); /* and each cqlr_tls has its own */
        assert_false(connect_once(&t));
        tls_fini(&t);
    }
}

/* The result of connect_once in a process of its own. */
static bool in_a_child(struct tls_host *t)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(connect_once(t) ? 1 : 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 1;
}

static void processes_share_a_table(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    assert_false(in_a_child(&t));
    assert_false(in_a_child(&t)); /* without a table, they share nothing */
    t.o.sessions = cqlr_tls_sessions_new();
    assert_non_null(t.o.sessions);
    assert_false(in_a_child(&t));
    assert_true(in_a_child(&t));
    assert_true(connect_once(&t));
    cqlr_tls_sessions *s = t.o.sessions;
    tls_fini(&t);
    cqlr_tls_sessions_free(s);
}

/* A session that nobody has checked is not one for those who check. */
static void settings_that_differ_share_nothing(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:another.example");
    t.o.sessions = cqlr_tls_sessions_new();
    t.o.insecure = true;
    assert_false(connect_once(&t));
    assert_true(connect_once(&t));
    other_settings(&t);
    t.o.insecure = false;
    tls_connect(&t);
    assert_int_equal(tls_handshake(&t), 0);
    assert_false(SSL_session_reused(t.ssl));
    assert_int_equal(cqlr_conn_err(t.h.c)->code, CQLR_E_TLS);
    cqlr_tls_sessions *s = t.o.sessions;
    tls_fini(&t);
    cqlr_tls_sessions_free(s);
}

/* ---- bytes that are not what was put there ---- */

static bool resumes_after(void (*harm)(struct cqlr__tls_slot *s))
{
    struct tls_host t;
    tls_init(&t, "DNS:db.example");
    cqlr_tls_sessions *s = t.o.sessions = cqlr_tls_sessions_new();
    assert_false(connect_once(&t));
    for (int i = 0; i < CQLR__TLS_SLOTS; i++)
        harm(&s->slot[i]);
    bool resumed = connect_once(&t);
    assert_true(connect_once(&t)); /* what was put there then is good */
    tls_fini(&t);
    cqlr_tls_sessions_free(s);
    return resumed;
}

static void no_harm(struct cqlr__tls_slot *s)
{
    (void)s;
}

static void flip_session(struct cqlr__tls_slot *s)
{
    s->entry.session[10] ^= 1;
}

static void flip_hash(struct cqlr__tls_slot *s)
{
    s->hash[31] ^= 0x80;
}

static void too_long(struct cqlr__tls_slot *s)
{
    s->entry.n = UINT32_MAX;
}

static void hash_again(struct cqlr__tls_slot *s)
{
    size_t n = offsetof(struct cqlr__tls_entry, session) + s->entry.n;
    assert_int_equal(EVP_Digest(&s->entry, n, s->hash, NULL, EVP_sha256(), NULL), 1);
}

static void no_session_at_all(struct cqlr__tls_slot *s)
{
    if (s->entry.n)
        memset(s->entry.session, 0x30, s->entry.n);
    hash_again(s);
}

static void cut_short(struct cqlr__tls_slot *s)
{
    s->entry.n /= 2;
    hash_again(s);
}

static void half_written(struct cqlr__tls_slot *s)
{
    if (s->count)
        s->count++;
    s->since = UINT64_MAX; /* by somebody who is at it now */
}

static void half_written_long_ago(struct cqlr__tls_slot *s)
{
    s->count |= 1;
    s->since = 1;
}

static void wrong_bytes_are_a_full_handshake(void **state)
{
    (void)state;
    assert_true(resumes_after(no_harm));
    assert_false(resumes_after(flip_session));
    assert_false(resumes_after(flip_hash));
    assert_false(resumes_after(too_long));
    assert_false(resumes_after(no_session_at_all));
    assert_false(resumes_after(cut_short));
    assert_false(resumes_after(half_written));
    assert_false(resumes_after(half_written_long_ago));
}

/* ---- the table itself ---- */

static SSL_SESSION *session_of(int number)
{
    SSL_SESSION *s = SSL_SESSION_new();
    uint8_t master[48];
    assert_non_null(s);
    memset(master, number, sizeof master);
    assert_int_equal(SSL_SESSION_set1_master_key(s, master, sizeof master), 1);
    assert_int_equal(SSL_SESSION_set1_id(s, master, 32), 1);
    assert_int_equal(SSL_SESSION_set_protocol_version(s, TLS1_2_VERSION), 1);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    assert_int_equal(SSL_SESSION_set_cipher(s, sk_SSL_CIPHER_value(SSL_get_ciphers(ssl), 0)), 1);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    SSL_SESSION_set_time(s, time(NULL));
    SSL_SESSION_set_timeout(s, 100);
    return s;
}

static const uint8_t *key_of(int number)
{
    static uint8_t key[CQLR__TLS_KEY];
    memset(key, number, sizeof key);
    return key;
}

static void put(cqlr_tls_sessions *t, int number)
{
    SSL_SESSION *s = session_of(number);
    cqlr__tls_sessions_put(t, key_of(number), s);
    SSL_SESSION_free(s);
}

/* Is there a session of the number? If so it must be that one. */
static bool get(cqlr_tls_sessions *t, int number)
{
    uint8_t master[48];
    SSL_SESSION *s = cqlr__tls_sessions_get(t, key_of(number));
    if (!s)
        return false;
    assert_int_equal(SSL_SESSION_get_master_key(s, master, sizeof master), sizeof master);
    for (size_t i = 0; i < sizeof master; i++)
        assert_int_equal(master[i], number);
    SSL_SESSION_free(s);
    return true;
}

static void as_many_as_there_are_slots(void **state)
{
    cqlr_tls_sessions *t = cqlr_tls_sessions_new();
    int left = 0;
    (void)state;
    for (int i = 1; i <= CQLR__TLS_SLOTS; i++)
        put(t, i);
    for (int i = 1; i <= CQLR__TLS_SLOTS; i++)
        assert_true(get(t, i));
    t->slot[2].entry.put--; /* the oldest goes; its hash is not right any more either */
    hash_again(&t->slot[2]);
    put(t, 100);
    assert_true(get(t, 100));
    assert_false(get(t, 3));
    put(t, 5); /* takes no place from others */
    cqlr__tls_sessions_drop(t, key_of(5));
    assert_false(get(t, 5));
    for (int i = 1; i <= CQLR__TLS_SLOTS; i++)
        left += get(t, i);
    assert_int_equal(left, CQLR__TLS_SLOTS - 2);
    cqlr_tls_sessions_free(t);
}

static void old_and_long_ones_are_not_given(void **state)
{
    cqlr_tls_sessions *t = cqlr_tls_sessions_new();
    static uint8_t data[10000];
    (void)state;
    SSL_SESSION *s = session_of(1);
    SSL_SESSION_set_time(s, time(NULL) - 101);
    cqlr__tls_sessions_put(t, key_of(1), s);
    assert_false(get(t, 1));
    SSL_SESSION_set_time(s, time(NULL) + 100); /* made in the future: the clock was set */
    cqlr__tls_sessions_put(t, key_of(1), s);
    assert_false(get(t, 1));
    SSL_SESSION_set_time(s, time(NULL) - 50);
    cqlr__tls_sessions_put(t, key_of(1), s);
    assert_true(get(t, 1));
    assert_int_equal(SSL_SESSION_set1_ticket_appdata(s, data, sizeof data), 1);
    for (int i = 1; i <= CQLR__TLS_SLOTS; i++)
        put(t, i);
    cqlr__tls_sessions_put(t, key_of(9), s); /* and drives nobody out */
    assert_false(get(t, 9));
    for (int i = 1; i <= CQLR__TLS_SLOTS; i++)
        assert_true(get(t, i));
    SSL_SESSION_free(s);
    cqlr_tls_sessions_free(t);
}

/* Somebody writes all the time and is killed; what is read is right or not there, and writing goes
 * on. */
static _Noreturn void write_for_ever(cqlr_tls_sessions *t, SSL_SESSION *of[4])
{
    for (int i = 0;; i = (i + 1) % 4)
        cqlr__tls_sessions_put(t, key_of(i + 1), of[i]);
}

static void a_writer_who_is_killed_does_no_harm(void **state)
{
    enum { KILLED = 100 };
    cqlr_tls_sessions *t = cqlr_tls_sessions_new();
    SSL_SESSION *of[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        of[i] = session_of(i + 1);
    for (int k = 0; k < KILLED; k++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            write_for_ever(t, of);
        for (int i = 0; i < 20; i++)
            (void)get(t, i % 4 + 1);
        usleep((useconds_t)(k * 37 % 500));
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        for (int i = 1; i <= 4; i++)
            (void)get(t, i);
    }
    for (int i = 0; i < CQLR__TLS_SLOTS; i++)
        t->slot[i].since = 0; /* time goes by */
    put(t, 9);
    assert_true(get(t, 9));
    for (int i = 0; i < 4; i++)
        SSL_SESSION_free(of[i]);
    cqlr_tls_sessions_free(t);
}

/* Only its maker wipes the table: seen by another process that still has it. */
static void who_made_it_wipes_it(void **state)
{
    cqlr_tls_sessions *t = cqlr_tls_sessions_new();
    int wait[2], status;
    char c;
    (void)state;
    put(t, 1);
    pid_t pid = fork();
    if (pid == 0) {
        cqlr_tls_sessions_free(t);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(get(t, 1));
    assert_int_equal(pipe(wait), 0);
    pid = fork();
    if (pid == 0) {
        unsigned left = 0;
        close(wait[1]);
        (void)!read(wait[0], &c, 1);
        for (size_t i = 0; i < sizeof t->slot; i++)
            left += ((const uint8_t *)t->slot)[i] != 0;
        _exit(left ? 1 : 0);
    }
    cqlr_tls_sessions_free(t);
    close(wait[0]);
    close(wait[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_connection_resumes),
        cmocka_unit_test(processes_share_a_table),
        cmocka_unit_test(settings_that_differ_share_nothing),
        cmocka_unit_test(wrong_bytes_are_a_full_handshake),
        cmocka_unit_test(as_many_as_there_are_slots),
        cmocka_unit_test(old_and_long_ones_are_not_given),
        cmocka_unit_test(a_writer_who_is_killed_does_no_harm),
        cmocka_unit_test(who_made_it_wipes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

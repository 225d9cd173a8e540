/*
 * test_tls_errors.c - why there is no connection over TLS: settings, certificates, servers that
 * speak something else. One line that names the cause, and no byte of CQL has left.
 */
#include "tests/unit/tls_help.h"

/* ---- settings ---- */

struct files {
    struct tls_host t;
    char cert[100], key[100], locked[100], other[100], crl[100], text[100], none[100];
    struct cert own;
};

static const char *in_folder(const struct tls_host *t, char path[100], const char *name)
{
    snprintf(path, 100, "%s/%s", t->dir, name);
    return path;
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void files_init(struct files *f)
{
    struct cert other;
    tls_init(&f->t, "DNS:db.example");
    f->own = cert_new(&f->t.authority, "client of the test", NULL);
    other = cert_new(&f->t.authority, "another one", NULL);
    write_cert(in_folder(&f->t, f->cert, "cert.pem"), f->own.x);
    write_key(in_folder(&f->t, f->key, "key.pem"), f->own.key, NULL);
    write_key(in_folder(&f->t, f->locked, "locked.pem"), f->own.key, "right");
    write_key(in_folder(&f->t, f->other, "other.pem"), other.key, NULL);
    write_text(in_folder(&f->t, f->text, "text.pem"), "this is no PEM\n");
    (void)in_folder(&f->t, f->none, "none.pem");
    cert_free(&other);
}

static void files_fini(struct files *f)
{
    cert_free(&f->own);
    tls_fini(&f->t);
}

/* The settings give this error: "TLS: FILE: ...". Nothing is left in OpenSSL's queue. */
static void refused(struct files *f, const char *file, const char *expected)
{
    struct cqlr_err err = {0};
    char text[300];
    ERR_clear_error();
    assert_null(cqlr_tls_new(&f->t.o, &err));
    snprintf(text, sizeof text, "TLS: %s%s%s", file ? file : "", file ? ": " : "", expected);
    assert_int_equal(err.code, CQLR_E_TLS);
    if (strncmp(err.text, text, strlen(text)) != 0)
        assert_string_equal(err.text, text);
    assert_int_equal(ERR_peek_error(), 0);
    cqlr_tls_opts_init(&f->t.o, sizeof f->t.o);
}

static void files_that_cannot_be_used_are_named(void **state)
{
    struct files f;
    struct cqlr_tls_opts *o = &f.t.o;
    (void)state;
    files_init(&f);
    o->ca_file = f.none;
    refused(&f, f.none, "No such file or directory");
    o->ca_file = f.t.dir;
    refused(&f, f.t.dir, "Is a directory");
    o->ca_file = f.text;
    refused(&f, f.text, "no certificates of authorities in PEM (");
    o->ca_dir = f.cert;
    refused(&f, f.cert, "Not a directory");
    o->crl_file = f.none;
    refused(&f, f.none, "No such file or directory");
    o->crl_file = f.cert;
    refused(&f, f.cert, "no lists of revoked certificates in PEM (");
    o->cert_file = f.t.dir;
    refused(&f, f.t.dir, "Is a directory");
    o->cert_file = f.key;
    refused(&f, f.key, "no certificate in PEM that can be used (");
    o->key_file = f.key;
    refused(&f, f.key, "a key without its certificate");
    o->cert_file = f.cert;
    o->key_file = f.none;
    refused(&f, f.none, "No such file or directory");
    o->cert_file = f.cert;
    refused(&f, f.cert, "no private key in PEM (");
    o->cert_file = f.cert;
    o->key_file = f.other;
    refused(&f, f.other, "not the key of the certificate (");
    o->server_name = ".example";
    refused(&f, NULL, "\".example\" is no name of a server");
    o->server_name = "";
    refused(&f, NULL, "\"\" is no name of a server");
    files_fini(&f);
}

/* Standard input is no terminal here, and closed: who asks there gets nothing, and is not asked. */
static void an_encrypted_key_needs_its_password(void **state)
{
    struct files f;
    struct cqlr_tls_opts *o = &f.t.o;
    struct cqlr_err err;
    (void)state;
    files_init(&f);
    o->cert_file = f.cert;
    o->key_file = f.locked;
    refused(&f, f.locked, "the key is encrypted, and no password is given");
    o->cert_file = f.cert;
    o->key_file = f.locked;
    o->key_password = "wrong";
    refused(&f, f.locked, "the key cannot be decrypted: wrong password? (");
    o->cert_file = f.cert;
    o->key_file = f.locked;
    o->key_password = "right";
    cqlr_tls *tls = cqlr_tls_new(o, &err);
    assert_non_null(tls);
    cqlr_tls_free(tls);
    files_fini(&f);
}

/* ---- handshakes that fail ---- */

/* Counts what the server gets of application data. */
static unsigned app_records;

static void on_message(int sent, int version, int type, const void *p, size_t n, SSL *ssl,
                       void *arg)
{
    const uint8_t *bytes = p;
    (void)ssl;
    (void)arg;
    if (sent)
        return;
    if (type == SSL3_RT_INNER_CONTENT_TYPE && n && bytes[0] == SSL3_RT_APPLICATION_DATA)
        app_records++;
    if (type == SSL3_RT_HEADER && version < TLS1_3_VERSION && n &&
        bytes[0] == SSL3_RT_APPLICATION_DATA)
        app_records++;
}

static void starts_with(struct tls_host *t, int code, const char *text)
{
    const struct cqlr_err *err = cqlr_conn_err(t->h.c);
    char expected[200];
    snprintf(expected, sizeof expected, "%s%s", t->h.peer, text);
    assert_int_equal(err->code, code);
    if (strncmp(err->text, expected, strlen(expected)) != 0)
        assert_string_equal(err->text, expected);
}

static void server_reads_all(struct tls_host *t)
{
    uint8_t byte;
    for (int i = 0; i < 20; i++) {
        ERR_clear_error();
        assert_int_not_equal(SSL_read(t->ssl, &byte, 1), 1);
    }
}

/* The handshake of both versions with these settings fails with this text, before any byte of CQL.
 */
static void fails(struct tls_host *t, const char *text)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    SSL_CTX_set_msg_callback(t->ctx, on_message);
    for (int i = 0; i < 2; i++) {
        app_records = 0;
        SSL_CTX_set_min_proto_version(t->ctx, versions[i]);
        SSL_CTX_set_max_proto_version(t->ctx, versions[i]);
        tls_connect(t);
        assert_int_equal(tls_handshake(t), 0);
        server_reads_all(t);
        assert_int_equal(app_records, 0);
        log_is(&t->h, "close:TLS ");
        starts_with(t, CQLR_E_TLS, text);
        end_connection(t);
    }
}

static void an_unknown_authority_is_refused(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    t.o.ca_file = NULL; /* the system's */
    fails(&t, "TLS: certificate verification failed: unable to get local issuer certificate "
              "(subject CN = db.example, the server's certificate)");
    assert_int_equal(t.reason, SSL_R_TLSV1_ALERT_UNKNOWN_CA); /* and the server is told */
    tls_fini(&t);
}

static void no_revocation_list_is_refused_when_they_count(void **state)
{
    struct files f;
    (void)state;
    files_init(&f);
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *now = ASN1_TIME_set(NULL, time(NULL) - 3600);
    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(f.own.x)); /* of somebody else */
    X509_CRL_set1_lastUpdate(crl, now);
    ASN1_TIME_set(now, time(NULL) + 3600);
    X509_CRL_set1_nextUpdate(crl, now);
    assert_true(X509_CRL_sign(crl, f.own.key, EVP_sha256()) > 0);
    FILE *file = fopen(in_folder(&f.t, f.crl, "crl.pem"), "w");
    assert_int_equal(PEM_write_X509_CRL(file, crl), 1);
    fclose(file);
    f.t.o.crl_file = f.crl;
    fails(&f.t, "TLS: certificate verification failed: unable to get certificate CRL (");
    X509_CRL_free(crl);
    ASN1_TIME_free(now);
    files_fini(&f);
}

/* A name that would move the cursor, and one that is long. */
static void names_of_certificates_are_told_as_plain_text(void **state)
{
    struct tls_host t;
    char names[4000] = "DNS:a\x1B[2Jb";
    (void)state;
    for (int i = 0; i < 100; i++) {
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, ",DNS:host%d.of.many.example", i);
    }
    tls_init(&t, names);
    fails(&t, "TLS: certificate verification failed: it is not for \"db.example\" but for "
              "DNS:a?[2Jb, DNS:host0.of.many.example, DNS:host1.of.many.example");
    tls_connect(&t);
    assert_int_equal(tls_handshake(&t), 0);
    const char *text = cqlr_conn_err(t.h.c)->text;
    assert_string_equal(text + strlen(text) - 5, ", ...");
    tls_fini(&t);
}

static void insecure_checks_nothing(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:another.example");
    t.o.ca_file = NULL;
    t.o.insecure = true;
    tls_open_all(&t);
    tls_ask(&t);
    tls_fini(&t);
}

static void a_client_certificate_is_asked_for(void **state)
{
    struct files f;
    (void)state;
    files_init(&f);
    struct tls_host *t = &f.t;
    SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    assert_int_equal(SSL_CTX_load_verify_file(t->ctx, t->ca_file), 1);
    SSL_CTX_set_max_proto_version(t->ctx, TLS1_2_VERSION);
    tls_connect(t);
    assert_int_equal(tls_handshake(t), 0);
    starts_with(t, CQLR_E_TLS,
                "TLS: the server refused: alert handshake failure (no cipher in "
                "common, or it wants a client certificate)");
    end_connection(t);
    SSL_CTX_set_max_proto_version(t->ctx, TLS1_3_VERSION); /* tells later: the client is done */
    tls_connect(t);
    assert_int_equal(tls_handshake(t), 0);
    while (cqlr_conn_fd(t->h.c) >= 0)
        assert_true(serve(&t->h, 10000));
    starts_with(t, CQLR_E_TLS,
                "TLS: the server refused: alert certificate required (it wants a "
                "client certificate)");
    end_connection(t);
    cqlr_tls_free(t->tls);
    t->tls = NULL;
    t->o.cert_file = f.cert;
    t->o.key_file = f.locked;
    t->o.key_password = "right";
    tls_open_all(t);
    X509 *seen = SSL_get1_peer_certificate(t->ssl);
    assert_int_equal(X509_cmp(seen, f.own.x), 0);
    X509_free(seen);
    files_fini(&f);
}

/* ---- servers that speak something else, or nothing ---- */

static void answered_by(const char *bytes, size_t n, const char *expected)
{
    struct tls_host t;
    tls_init(&t, "DNS:db.example");
    tls_connect(&t);
    server_write(&t.h, bytes, n);
    if (!n)
        assert_int_equal(shutdown(t.h.server, SHUT_WR), 0);
    while (cqlr_conn_fd(t.h.c) >= 0)
        assert_true(serve(&t.h, 10000));
    log_is(&t.h, n ? "close:TLS " : "close:CONNECT ");
    err_is(&t.h, n ? CQLR_E_TLS : CQLR_E_CONNECT, expected);
    tls_fini(&t);
}

/* Also what would open the connection without TLS. */
static void plaintext_is_not_read_as_an_answer(void **state)
{
    static const char ready[] = "\x84\0\0\0\x02\0\0\0\0";
    static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    (void)state;
    answered_by(ready, sizeof ready - 1, "TLS: the server does not speak TLS here");
    answered_by(http, sizeof http - 1, "TLS: the server does not speak TLS here");
    answered_by("\x15\x09\x01\0\x02\x02\x28", 7, "TLS: the server does not speak TLS here");
    answered_by("\x15\x03\x01\0\x02\x02\x46", 7, "TLS: the server refused: alert protocol version");
}

static void a_server_that_hangs_up_is_told(void **state)
{
    (void)state;
    answered_by("", 0, "TLS handshake: connection closed by the server, which said nothing");
}

/* ---- two in one process ---- */

static void stale_errors(void)
{
    ERR_raise(ERR_LIB_USER, 1);
    ERR_raise(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER);
}

/* One that fails, and what the host has left in the queue, mean nothing to another one. */
static void another_ones_errors_do_no_harm(void **state)
{
    struct tls_host bad, good;
    (void)state;
    tls_init(&bad, "DNS:another.example");
    tls_init(&good, "DNS:db.example");
    tls_open_all(&good);
    for (int i = 0; i < 3; i++) {
        tls_connect(&bad);
        assert_int_equal(tls_handshake(&bad), 0);
        end_connection(&bad);
        stale_errors();
        submit_flush(&good.h, 1, 1);
        stale_errors();
        assert_false(serve(&good.h, 0));
        tls_server_reply(&good, tls_server_request(&good), CQLR_OP_RESULT, "x");
        while (!*good.h.log) {
            stale_errors();
            assert_true(serve(&good.h, 10000));
        }
        log_is(&good.h, "1:RESULT ");
    }
    tls_fini(&bad);
    end_connection(&good);
    stale_errors();
    tls_connect(&good);
    for (int i = 0; i < 5; i++) {
        stale_errors();
        (void)serve(&good.h, 10);
        stale_errors();
        assert_true(cqlr_conn_fd(good.h.c) >= 0);
    }
    tls_fini(&good);
}

static void a_failure_leaves_no_error_behind(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:another.example");
    tls_connect(&t);
    while (cqlr_conn_fd(t.h.c) >= 0) {
        (void)SSL_accept(t.ssl);
        ERR_clear_error();
        (void)serve(&t.h, 10);
        assert_int_equal(ERR_peek_error(), 0);
    }
    tls_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_cannot_be_used_are_named),
        cmocka_unit_test(an_encrypted_key_needs_its_password),
        cmocka_unit_test(an_unknown_authority_is_refused),
        cmocka_unit_test(no_revocation_list_is_refused_when_they_count),
        cmocka_unit_test(names_of_certificates_are_told_as_plain_text),
        cmocka_unit_test(insecure_checks_nothing),
        cmocka_unit_test(a_client_certificate_is_asked_for),
        cmocka_unit_test(plaintext_is_not_read_as_an_answer),
        cmocka_unit_test(a_server_that_hangs_up_is_told),
        cmocka_unit_test(another_ones_errors_do_no_harm),
        cmocka_unit_test(a_failure_leaves_no_error_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

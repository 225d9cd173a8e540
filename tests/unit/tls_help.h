/*
 * tls_help.h - both ends of a connection over TLS in one process: the host's side is that of
 * conn_help.h, the server an SSL object of OpenSSL on the accepted socket. Certificates are made
 * here, for each run of a test anew, and stand in files of a folder that goes with it.
 */
#ifndef CQLRAW_TESTS_TLS_HELP_H
#define CQLRAW_TESTS_TLS_HELP_H

#include <dirent.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/stat.h>

#include <cqlraw/tls.h>

#include "tests/unit/conn_help.h"

/* ---- certificates ---- */

struct cert {
    EVP_PKEY *key;
    X509 *x;
};

static inline void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* `names` is the subjectAltName ("DNS:a,IP:127.0.0.1"), NULL = none; an authority when by is NULL:
 * signed by itself. */
static inline struct cert cert_new(const struct cert *by, const char *cn, const char *names)
{
    static long serial = 1;
    struct cert c = {EVP_EC_gen("P-256"), X509_new()};
    X509_NAME *subject = X509_get_subject_name(c.x);
    const struct cert *issuer = by ? by : &c;
    assert_non_null(c.key);
    X509_set_version(c.x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(c.x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c.x), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const uint8_t *)cn, -1, -1, 0);
    X509_set_issuer_name(c.x, X509_get_subject_name(issuer->x));
    X509_set_pubkey(c.x, c.key);
    add_extension(c.x, issuer->x, NID_basic_constraints,
                  by ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (names)
        add_extension(c.x, issuer->x, NID_subject_alt_name, names);
    assert_true(X509_sign(c.x, issuer->key, EVP_sha256()) > 0);
    return c;
}

static inline void cert_free(struct cert *c)
{
    EVP_PKEY_free(c->key);
    X509_free(c->x);
}

/* ---- both ends ---- */

struct tls_host {
    struct host h;
    struct cqlr_tls_opts o;
    cqlr_tls *tls;
    SSL_CTX *ctx; /* the server's */
    SSL *ssl;
    struct cert authority, cert;
    int reason; /* why the server's handshake has failed, as OpenSSL numbers it */
    char dir[64], ca_file[100];
};

static inline void write_cert(const char *path, X509 *x)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, x), 1);
    fclose(f);
}

static inline void write_key(const char *path, EVP_PKEY *key, const char *password)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_PKCS8PrivateKey(f, key, password ? EVP_aes_256_cbc() : NULL,
                                               password, password ? (int)strlen(password) : 0, NULL,
                                               NULL),
                     1);
    fclose(f);
}

static inline void remove_folder(const char *path)
{
    char file[400];
    const struct dirent *e;
    DIR *d = opendir(path);
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        (void)!unlink(file);
    }
    closedir(d);
    assert_int_equal(rmdir(path), 0);
}

/* A server of the name whose certificate is for `names`, and a client that trusts its authority. */
static inline void tls_init(struct tls_host *t, const char *names)
{
    memset(t, 0, sizeof *t);
    signal(SIGPIPE, SIG_IGN); /* the server's side writes as OpenSSL does */
    host_init(&t->h);
    snprintf(t->dir, sizeof t->dir, "/tmp/test_tls.XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    t->authority = cert_new(NULL, "authority of the test", NULL);
    t->cert = cert_new(&t->authority, "db.example", names);
    snprintf(t->ca_file, sizeof t->ca_file, "%s/ca.pem", t->dir);
    write_cert(t->ca_file, t->authority.x);
    t->ctx = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(t->ctx, t->cert.x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(t->ctx, t->cert.key), 1);
    SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_id_context(t->ctx, (const uint8_t *)"test", 4);
    cqlr_tls_opts_init(&t->o, sizeof t->o);
    t->o.ca_file = t->ca_file;
    t->h.o.tls_name = "db.example";
}

static inline void end_connection(struct tls_host *t)
{
    cqlr_conn_free(t->h.c);
    t->h.c = NULL;
    SSL_free(t->ssl);
    t->ssl = NULL;
    if (t->h.server >= 0)
        server_close(&t->h);
    t->h.log[0] = '\0';
}

static inline void tls_fini(struct tls_host *t)
{
    end_connection(t);
    host_fini(&t->h);
    cqlr_tls_free(t->tls);
    SSL_CTX_free(t->ctx);
    cert_free(&t->authority);
    cert_free(&t->cert);
    remove_folder(t->dir);
}

static inline void server_not_blocking(struct host *h)
{
    assert_int_equal(fcntl(h->server, F_SETFL, O_NONBLOCK), 0);
}

/* The settings are read, the connection is made, the server is there: no byte has left yet. */
static inline void tls_connect(struct tls_host *t)
{
    struct cqlr_err err;
    if (!t->tls) {
        t->tls = cqlr_tls_new(&t->o, &err);
        if (!t->tls)
            fail_msg("%s", err.text);
    }
    t->h.o.tls = t->tls;
    open_conn(&t->h);
    server_accept(&t->h);
    server_not_blocking(&t->h);
    t->ssl = SSL_new(t->ctx);
    assert_int_equal(SSL_set_fd(t->ssl, t->h.server), 1);
}

/* Both sides in turn, until the server is done (1) or has failed (0), or the host's side ended. */
static inline int tls_handshake(struct tls_host *t)
{
    for (int i = 0; i < 1000; i++) {
        (void)serve(&t->h, 0);
        ERR_clear_error();
        int rc = SSL_accept(t->ssl);
        int why = SSL_get_error(t->ssl, rc);
        if (rc == 1)
            return 1;
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
            t->reason = ERR_GET_REASON(ERR_peek_error());
            (void)serve(&t->h, 1000);
            return 0;
        }
        (void)serve(&t->h, 10);
    }
    fail_msg("no end of the handshake");
    return 0;
}

/* Exactly n bytes of the client. */
static inline void tls_server_read(struct tls_host *t, void *p, size_t n)
{
    for (size_t got = 0, part; got < n; got += part) {
        ERR_clear_error();
        if (SSL_read_ex(t->ssl, (uint8_t *)p + got, n - got, &part) == 1)
            continue;
        assert_int_equal(SSL_get_error(t->ssl, 0), SSL_ERROR_WANT_READ);
        part = 0;
        (void)serve(&t->h, 10);
    }
}

static inline int tls_server_request(struct tls_host *t)
{
    uint8_t header[CQLR_FRAME_HEADER], body[1000];
    struct cqlr_frame f;
    tls_server_read(t, header, sizeof header);
    cqlr_frame_read(header, &f);
    assert_true(f.length <= sizeof body);
    if (f.length)
        tls_server_read(t, body, f.length);
    return f.stream;
}

static inline void tls_server_write(struct tls_host *t, const void *p, size_t n)
{
    for (size_t sent = 0, part; sent < n; sent += part) {
        ERR_clear_error();
        if (SSL_write_ex(t->ssl, (const uint8_t *)p + sent, n - sent, &part) == 1)
            continue;
        part = 0;
        (void)serve(&t->h, 10);
    }
}

static inline void tls_server_reply(struct tls_host *t, int stream, uint8_t opcode,
                                    const char *body)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    put_frame(&w, RESPONSE4, 0, stream, opcode, body, strlen(body));
    tls_server_write(t, w.p, w.n);
    cqlr_wr_fini(&w);
}

/* A connection that is open. */
static inline void tls_open_all(struct tls_host *t)
{
    tls_connect(t);
    if (tls_handshake(t) != 1)
        fail_msg("%s", cqlr_conn_err(t->h.c)->text);
    assert_int_equal(tls_server_request(t), 0);
    tls_server_reply(t, 0, CQLR_OP_READY, "");
    while (!*t->h.log)
        assert_true(serve(&t->h, 10000));
    log_is(&t->h, "open ");
}

/* A request, answered. */
static inline void tls_ask(struct tls_host *t)
{
    submit_flush(&t->h, 1, 1);
    tls_server_reply(t, tls_server_request(t), CQLR_OP_RESULT, "x");
    while (!*t->h.log)
        assert_true(serve(&t->h, 10000));
    log_is(&t->h, "1:RESULT ");
}

#endif

/*
 * io_tls.c - the transport over TLS: bytes of the connection ⇄ records, by an SSL object that
 * stands on the buffers of tls_ssl_wire.c.
 *
 * progress is done only when the server is who it should be: until then nothing but the handshake
 * leaves. After an error or the end nothing is read any more; what came before is given first.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/net/io.h"
#include "src/net/sock.h"
#include "src/net/tls_ssl.h"

#define READS 4 /* at most, that bring no bytes, before others have their turn */

enum end { NOT_ENDED, ENDED, FAILED };

struct tls {
    const struct cqlr_mem *mem;
    cqlr_tls *settings;
    SSL *ssl;
    struct cqlr__tls_wire wire;
    char *typed; /* the name before it was checked; NULL: none */
    char name[CQLR__TLS_NAME + 1];
    uint8_t key[CQLR__TLS_KEY]; /* of its sessions */
    enum end end;
    struct cqlr_err why; /* FAILED; while connecting: why the certificate was refused */
    char secured[120];
};

static void release(struct cqlr__io *io)
{
    struct tls *t = io->state;
    if (!t)
        return;
    SSL_free(t->ssl);
    ERR_clear_error();
    cqlr__mem_free(t->mem, t->wire.in, CQLR__TLS_IN);
    cqlr__mem_free(t->mem, t->wire.out, CQLR__TLS_OUT);
    cqlr__mem_string_free(t->mem, t->typed);
    cqlr__mem_free(t->mem, t, sizeof *t);
    io->state = NULL;
    io->secured = NULL;
}

static void tls_close(struct cqlr__io *io)
{
    release(io);
    if (io->fd >= 0)
        close(io->fd);
    io->fd = -1;
}

/* ---- opening ---- */

static unsigned port_of(const struct sockaddr *sa, socklen_t n)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (sa->sa_family == AF_INET && n >= sizeof v4) {
        memcpy(&v4, sa, sizeof v4);
        return ntohs(v4.sin_port);
    }
    if (sa->sa_family == AF_INET6 && n >= sizeof v6) {
        memcpy(&v6, sa, sizeof v6);
        return ntohs(v6.sin6_port);
    }
    return 0;
}

/* The sessions of this name and port, with these settings. */
static bool make_key(struct tls *t, unsigned port)
{
    char text[CQLR__TLS_KEY + sizeof t->name + 8];
    int n;
    memcpy(text, t->settings->settings, CQLR__TLS_KEY);
    n = snprintf(text + CQLR__TLS_KEY, sizeof text - CQLR__TLS_KEY, "%u %s", port, t->name);
    return EVP_Digest(text, CQLR__TLS_KEY + (size_t)n, t->key, NULL, EVP_sha256(), NULL) == 1;
}

int cqlr__io_tls_keep(SSL *ssl, SSL_SESSION *session)
{
    const struct tls *t = SSL_get_app_data(ssl);
    cqlr__tls_sessions_put(t->settings->sessions, t->key, session);
    return 0; /* not kept by us */
}

/* OpenSSL has looked; this only says why not, while the chain is at hand. */
static int on_verified(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *t = SSL_get_app_data(ssl);
    if (!good)
        cqlr__tls_refused(store, t->name, &t->why);
    return good;
}

/* An insecure one asks for the name, too, when there is one. */
static int set_name(struct tls *t, struct cqlr_err *err)
{
    const char *typed = t->settings->server_name ? t->settings->server_name : t->typed;
    int rc;
    if (!typed && t->settings->insecure)
        return 0;
    rc = cqlr__tls_name(typed, t->name, err);
    return rc < 0 ? rc : cqlr__tls_expect(t->ssl, t->name, err);
}

static void resume(struct tls *t)
{
    SSL_SESSION *session = cqlr__tls_sessions_get(t->settings->sessions, t->key);
    if (session)
        SSL_set_session(t->ssl, session);
    SSL_SESSION_free(session);
}

static int set_up(struct tls *t, const struct sockaddr *sa, socklen_t n, struct cqlr_err *err)
{
    BIO *bio;
    int rc;
    t->ssl = SSL_new(t->settings->ctx);
    bio = BIO_new(t->settings->bio);
    if (!t->ssl || !bio || SSL_set_app_data(t->ssl, t) != 1) {
        BIO_free(bio);
        return cqlr__err_set(err, CQLR_E_NOMEM, "TLS: %s", cqlr_errcode_text(CQLR_E_NOMEM));
    }
    BIO_set_data(bio, &t->wire);
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_connect_state(t->ssl);
    SSL_set_verify(t->ssl, t->settings->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                   t->settings->insecure ? NULL : on_verified);
    if ((rc = set_name(t, err)) < 0)
        return rc;
    if (!make_key(t, port_of(sa, n)))
        return cqlr__tls_error(err, "sessions");
    resume(t);
    return 0;
}

static int tls_open(struct cqlr__io *io, const struct sockaddr *sa, socklen_t n,
                    struct cqlr_err *err)
{
    struct tls *t = io->state;
    int rc;
    ERR_clear_error();
    rc = set_up(t, sa, n, err);
    ERR_clear_error();
    if (rc == 0)
        rc = cqlr__sock_connect(sa, n, err);
    if (rc < 0) {
        tls_close(io);
        return rc;
    }
    io->fd = t->wire.fd = rc;
    return 0;
}

/* ---- the handshake ---- */

static int system_error(struct cqlr_err *err, int code, const char *what, int sys)
{
    errno = sys;
    return cqlr__sock_error(err, code, what);
}

/* A connection that breaks has nothing to do with TLS, and may come about the next time. */
static int handshake_failed(struct tls *t, struct cqlr_err *err)
{
    const struct cqlr__tls_wire *w = &t->wire;
    cqlr__tls_sessions_drop(t->settings->sessions, t->key);
    if (t->why.code) {
        *err = t->why;
    } else if (!cqlr__tls_wire_is_tls(w)) {
        cqlr__err_set(err, CQLR_E_TLS, "TLS: the server does not speak TLS here");
    } else if (w->read_errno) {
        system_error(err, CQLR_E_CONNECT, "TLS handshake: receive", w->read_errno);
    } else if (w->ended && w->in_n == 0) {
        cqlr__err_set(err, CQLR_E_CONNECT, "TLS handshake: connection closed by the server%s",
                      w->first_n ? "" : ", which said nothing");
    } else {
        return cqlr__tls_error(err, "handshake");
    }
    ERR_clear_error();
    return err->code;
}

/* OpenSSL has checked all this; a session that is resumed stands on what was checked then. */
static bool is_who_it_should_be(const struct tls *t)
{
    X509 *cert = SSL_get0_peer_certificate(t->ssl);
    return t->settings->insecure ||
           (cert && SSL_get_verify_result(t->ssl) == X509_V_OK && cqlr__tls_names(cert, t->name));
}

static int handshake_done(struct cqlr__io *io, struct cqlr_err *err)
{
    struct tls *t = io->state;
    if (!is_who_it_should_be(t)) {
        cqlr__tls_sessions_drop(t->settings->sessions, t->key);
        return cqlr__err_set(err, CQLR_E_TLS,
                             "TLS: certificate verification failed: what is resumed is not \"%s\"",
                             t->name);
    }
    snprintf(t->secured, sizeof t->secured, "%s, %s%s", SSL_get_version(t->ssl),
             SSL_get_cipher_name(t->ssl), SSL_session_reused(t->ssl) ? ", resumed" : "");
    io->secured = t->secured;
    io->wants = CQLR_WRITE;
    io->holds_out = t->wire.out_n > 0;
    io->holds_in = t->wire.in_n > 0 || SSL_has_pending(t->ssl);
    return 0;
}

/* A server that refuses us may have closed already: why, is to be read, not what sending gives. */
static int tls_progress(struct cqlr__io *io, struct cqlr_err *err)
{
    struct tls *t = io->state;
    int rc, why;
    if (!io->reached) {
        rc = cqlr__sock_connected(io->fd, err);
        io->reached = rc == 0;
        return rc ? rc : CQLR_E_AGAIN;
    }
    t->wire.may_receive = true;
    ERR_clear_error();
    rc = SSL_do_handshake(t->ssl);
    why = SSL_get_error(t->ssl, rc);
    (void)!cqlr__tls_wire_send(&t->wire);
    if (rc == 1)
        return handshake_done(io, err);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
        return handshake_failed(t, err);
    io->wants = CQLR_READ | (t->wire.out_n ? CQLR_WRITE : 0u);
    return CQLR_E_AGAIN;
}

/* ---- bytes ---- */

/* SSL_read gave nothing: the end, and how it came, stays in t. */
static void read_ended(struct cqlr__io *io, int why)
{
    struct tls *t = io->state;
    const struct cqlr__tls_wire *w = &t->wire;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return;
    t->end = FAILED;
    if (why == SSL_ERROR_ZERO_RETURN) {
        t->end = ENDED;
    } else if (w->read_errno) {
        system_error(&t->why, CQLR_E_IO, "receive", w->read_errno);
    } else if (w->ended && w->in_n == 0) {
        t->end = ENDED;
        io->cut_off = true;
    } else {
        (void)cqlr__tls_broken(&t->why, "receive");
    }
    ERR_clear_error();
}

static ssize_t tls_read(struct cqlr__io *io, void *p, size_t n, struct cqlr_err *err)
{
    struct tls *t = io->state;
    size_t got = 0, part = 0;
    unsigned tries = READS;
    t->wire.may_receive = !io->holds_in;
    t->wire.dry = io->holds_in;
    while (t->end == NOT_ENDED && got < n) {
        ERR_clear_error();
        int rc = SSL_read_ex(t->ssl, (uint8_t *)p + got, n - got, &part);
        if (rc == 1) {
            got += part;
            continue;
        }
        read_ended(io, SSL_get_error(t->ssl, rc));
        if (got > 0 || t->wire.dry || --tries == 0)
            break;
        t->wire.may_receive = true; /* what came was TLS's own business, or a part of a record */
    }
    (void)!cqlr__tls_wire_send(&t->wire); /* answers of its own; `write` tells what is wrong */
    io->holds_out = t->wire.out_n > 0;
    io->holds_in = got > 0 && (t->end != NOT_ENDED ||
                               (got == n && (t->wire.in_n > 0 || SSL_has_pending(t->ssl))));
    if (got > 0)
        return (ssize_t)got;
    if (t->end == NOT_ENDED)
        return CQLR_E_AGAIN;
    if (t->end == FAILED)
        *err = t->why;
    return t->end == FAILED ? t->why.code : 0;
}

/* Fills the buffer with records: how many bytes of p they took, or the error. */
static ssize_t encrypt(struct cqlr__io *io, const uint8_t *p, size_t n, struct cqlr_err *err)
{
    struct tls *t = io->state;
    size_t used = 0, part = 0;
    while (used < n && cqlr__tls_wire_room(&t->wire)) {
        size_t want = n - used < CQLR__TLS_PLAIN ? n - used : CQLR__TLS_PLAIN;
        ERR_clear_error();
        int rc = SSL_write_ex(t->ssl, p + used, want, &part);
        int why = SSL_get_error(t->ssl, rc);
        if (why == SSL_ERROR_WANT_READ)
            io->wants = CQLR_READ;
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
            break;
        if (rc != 1)
            return cqlr__tls_broken(err, "send");
        used += part;
    }
    return (ssize_t)used;
}

static ssize_t tls_write(struct cqlr__io *io, const void *p, size_t n, struct cqlr_err *err)
{
    struct tls *t = io->state;
    size_t used = 0;
    ssize_t part;
    int rc;
    io->wants = CQLR_WRITE;
    while ((rc = cqlr__tls_wire_send(&t->wire)) == 0 && used < n) {
        part = encrypt(io, (const uint8_t *)p + used, n - used, err);
        if (part < 0)
            return part;
        if (part == 0 && t->wire.out_n == 0)
            break;
        used += (size_t)part;
    }
    io->holds_out = t->wire.out_n > 0;
    if (rc == CQLR_E_IO)
        return system_error(err, CQLR_E_IO, "send", t->wire.write_errno);
    if (used > 0)
        return (ssize_t)used;
    return n > 0 || io->holds_out ? CQLR_E_AGAIN : 0;
}

static void tls_bye(struct cqlr__io *io)
{
    struct tls *t = io->state;
    if (!t || !io->secured || t->end == FAILED)
        return;
    ERR_clear_error();
    (void)SSL_shutdown(t->ssl);
    ERR_clear_error();
    (void)!cqlr__tls_wire_send(&t->wire);
}

int cqlr__io_tls_init(struct cqlr__io *io, cqlr_tls *tls, const char *name,
                      const struct cqlr_mem *mem)
{
    static const struct cqlr__io_fns fns = {
        .open = tls_open,
        .progress = tls_progress,
        .read = tls_read,
        .write = tls_write,
        .close = tls_close,
        .bye = tls_bye,
    };
    struct tls *t = cqlr__mem_get(mem, sizeof *t);
    *io = (struct cqlr__io){.fn = &fns, .fd = -1, .wants = CQLR_WRITE, .state = t};
    if (!t)
        return CQLR_E_NOMEM;
    *t = (struct tls){.mem = mem, .settings = tls};
    t->wire.fd = -1;
    t->wire.in = cqlr__mem_get(mem, CQLR__TLS_IN);
    t->wire.out = cqlr__mem_get(mem, CQLR__TLS_OUT);
    if (cqlr__mem_string(mem, name, &t->typed) && t->wire.in && t->wire.out)
        return 0;
    release(io);
    return CQLR_E_NOMEM;
}

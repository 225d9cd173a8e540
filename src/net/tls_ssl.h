/*
 * tls_ssl.h - what the files over OpenSSL share: settings, the bytes under an SSL object, names,
 * reasons, sessions. io_tls.c is the transport that is made of them.
 *
 * OpenSSL keeps errors in a queue of the thread, which hosts use too: every call into it here comes
 * after ERR_clear_error, and what it leaves there is taken out again.
 */
#ifndef CQLRAW_SRC_NET_TLS_SSL_H
#define CQLRAW_SRC_NET_TLS_SSL_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <cqlraw/tls.h>

#define CQLR__TLS_KEY  32  /* bytes of a SHA-256 */
#define CQLR__TLS_NAME 255 /* bytes of a name or an address */

struct cqlr_tls {
    SSL_CTX *ctx;
    BIO_METHOD *bio;
    char *server_name; /* NULL: the contact point's */
    bool insecure;
    cqlr_tls_sessions *sessions;
    cqlr_tls_sessions *own_sessions; /* or NULL: they are someone else's */
    uint8_t settings[CQLR__TLS_KEY]; /* all of the options, as a hash */
};

/* io_tls.c: what a context calls when a server has given a session. 0: it is not kept by OpenSSL.
 */
int cqlr__io_tls_keep(SSL *ssl, SSL_SESSION *session);

/* ---- tls_ssl_wire.c: encrypted bytes, between the socket and an SSL object ---- */

struct cqlr__tls_wire {
    int fd;
    uint8_t *in;  /* received, not yet taken: in_n bytes from in_at on */
    uint8_t *out; /* to be sent, likewise */
    size_t in_at, in_n, out_at, out_n;
    bool may_receive; /* the SSL object may ask the socket for more */
    bool dry;         /* the socket has nothing more */
    bool ended;       /* the peer's FIN */
    int read_errno;   /* receiving failed */
    int write_errno;  /* sending failed */
    uint8_t first[2]; /* bytes that came, first_n of them: is this TLS at all? */
    uint8_t first_n;
};

#define CQLR__TLS_IN     32768                    /* two records and more in one call */
#define CQLR__TLS_PLAIN  16384                    /* bytes in one record (RFC 8446 section 5.1) */
#define CQLR__TLS_RECORD (CQLR__TLS_PLAIN + 1024) /* with all that encryption may add */
#define CQLR__TLS_OUT    ((size_t)2 * CQLR__TLS_RECORD)

/* NULL: no memory. Borrowed by no object that outlives `tls`. */
BIO_METHOD *cqlr__tls_wire_method(void);
/* Is there room for a record? */
bool cqlr__tls_wire_room(const struct cqlr__tls_wire *w);
/* Sends what waits, in one call when the socket takes it all: 0 nothing waits any more,
 * CQLR_E_AGAIN, or CQLR_E_IO with write_errno (what waited is gone then). */
int cqlr__tls_wire_send(struct cqlr__tls_wire *w);
/* Did what came first look like a record? True as long as nothing came. */
bool cqlr__tls_wire_is_tls(const struct cqlr__tls_wire *w);

/* ---- tls_ssl_name.c: for whom a certificate must be ---- */

/* The name as it is asked for and checked: without a dot at its end, an address without its zone.
 * 0, or CQLR_E_TLS: there is none, or it cannot be one. */
int cqlr__tls_name(const char *typed, char name[CQLR__TLS_NAME + 1], struct cqlr_err *err);
/* Has ssl check for the name, and ask for it. 0 or CQLR_E_NOMEM. */
int cqlr__tls_expect(SSL *ssl, const char *name, struct cqlr_err *err);
/* Is the certificate for the name? */
bool cqlr__tls_names(X509 *cert, const char *name);
/* What the certificate is for: "DNS:a, IP:127.0.0.1", cut off where it gets long. */
void cqlr__tls_names_print(X509 *cert, char *text, size_t n);

/* ---- tls_ssl_error.c: why ---- */

/* Takes OpenSSL's first reason from the thread's queue, and empties that. "" when there is none. */
void cqlr__tls_reason(char *text, size_t n);
/* The same as an error, CQLR_E_TLS "TLS: WHAT: reason"; an alert of the peer is told as such. */
int cqlr__tls_error(struct cqlr_err *err, const char *what);
/* The same of a connection that was in use: CQLR_E_IO, it is broken like one of TCP; but CQLR_E_TLS
 * when the server does not accept who we are, which it may say late. */
int cqlr__tls_broken(struct cqlr_err *err, const char *what);
/* Why the certificate was refused, while `store` refuses it. */
void cqlr__tls_refused(X509_STORE_CTX *store, const char *name, struct cqlr_err *err);

/* ---- tls_ssl_sessions.c ---- */

#define CQLR__TLS_SLOTS 8

/* What is under the hash. A slot is 8 KB as a whole. */
struct cqlr__tls_entry {
    uint8_t key[CQLR__TLS_KEY];
    uint64_t put; /* seconds: the oldest goes first */
    uint32_t n;   /* bytes of the session, in ASN.1 */
    uint8_t session[8192 - 16 - 2 * 32 - 16];
};

struct cqlr__tls_slot {
    _Atomic uint64_t count; /* odd: somebody writes; 0: nobody ever did */
    _Atomic uint64_t since; /* seconds: when that began */
    uint8_t hash[32];
    struct cqlr__tls_entry entry;
};

struct cqlr_tls_sessions {
    pid_t owner;
    struct cqlr__tls_slot slot[CQLR__TLS_SLOTS];
};

/* Keeps a session for the key, or does not: it is too long, or others are writing. */
void cqlr__tls_sessions_put(cqlr_tls_sessions *s, const uint8_t key[CQLR__TLS_KEY],
                            SSL_SESSION *session);
/* Owned by the caller, free with SSL_SESSION_free; NULL: none that is good. */
SSL_SESSION *cqlr__tls_sessions_get(cqlr_tls_sessions *s, const uint8_t key[CQLR__TLS_KEY]);
/* Forgets the key's session. */
void cqlr__tls_sessions_drop(cqlr_tls_sessions *s, const uint8_t key[CQLR__TLS_KEY]);

#endif

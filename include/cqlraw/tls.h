/*
 * tls.h - TLS settings of a client or a connection: whom to trust, who we are, which name a
 * certificate must be for. OpenSSL 3; TLS 1.2 and 1.3.
 *
 * What holds without further settings: the chain must lead to an authority of the system, be valid
 * now, be meant for servers, and name the host as it was typed - a DNS name as a dNSName, an
 * address as an iPAddress of the subjectAltName (RFC 9525; the common name counts for nothing).
 * Until that is done nothing of CQL leaves. There is no way from TLS to plaintext.
 */
#ifndef CQLRAW_TLS_H
#define CQLRAW_TLS_H

#include <cqlraw/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sessions that connections to the same name resume instead of doing a full handshake, kept in
 * memory that processes forked afterwards share. Holds secrets of connections: never on disk. */
typedef struct cqlr_tls_sessions cqlr_tls_sessions;
/* Owned by the caller, free with cqlr_tls_sessions_free (in each process that has it). NULL: no
 * memory. */
CQLR_API cqlr_tls_sessions *cqlr_tls_sessions_new(void);
CQLR_API void cqlr_tls_sessions_free(cqlr_tls_sessions *s);

struct cqlr_tls_opts {
    size_t size;          /* set by cqlr_tls_opts_init */
    const char *ca_file;  /* PEM: the authorities that are trusted, and no others. With ca_dir NULL
                             as well: those of the system. */
    const char *ca_dir;   /* a folder as `openssl rehash` makes it; with ca_file: both count */
    const char *crl_file; /* PEM: lists of revoked certificates. With it every certificate of a
                             chain needs a list of its issuer that is in force; without it
                             revocation is not checked. */
    const char
        *cert_file; /* PEM: our own certificate and what stands between it and its authority */
    const char *key_file; /* PEM: its key; NULL = in cert_file */
    const char
        *key_password; /* of an encrypted key; NULL: such a key is an error, nobody is asked */
    const char *server_name; /* the name that is asked for (SNI) and checked, instead of the contact
                                point's */
    bool insecure; /* nothing about the certificate is checked: anyone can pose as the server */
    cqlr_tls_sessions *sessions; /* borrowed until the client (or context) is freed; NULL = of its
                                    own. Only for clients with the same settings. */
};
CQLR_API void cqlr_tls_opts_init(struct cqlr_tls_opts *o, size_t size);

/* false: this library was built without TLS; who asks for it gets CQLR_E_TLS. */
CQLR_API bool cqlr_tls_built(void);

/* The settings read and checked, for connections (conn.h); a client makes its own. Owned by the
 * caller, free with cqlr_tls_free after the connections. Not used across fork. NULL with CQLR_E_TLS
 * (a file that is missing or no certificate, a key that does not fit: err names it) or
 * CQLR_E_NOMEM. */
typedef struct cqlr_tls cqlr_tls;
CQLR_API cqlr_tls *cqlr_tls_new(const struct cqlr_tls_opts *o, struct cqlr_err *err);
CQLR_API void cqlr_tls_free(cqlr_tls *t);

#ifdef __cplusplus
}
#endif
#endif

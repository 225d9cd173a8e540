/*
 * tls_ssl_ctx.c - settings → an SSL_CTX, with every file read. What is wrong is told with the
 * file's name, and nobody is ever asked for a password.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/net/tls_ssl.h"

bool cqlr_tls_built(void)
{
    return true;
}

static int no_memory(struct cqlr_err *err)
{
    return cqlr__err_set(err, CQLR_E_NOMEM, "TLS: %s", cqlr_errcode_text(CQLR_E_NOMEM));
}

/* ---- files ---- */

/* OpenSSL's reasons say little of files: this looks first. 0 or the error. */
static int check_file(const char *path, bool folder, struct cqlr_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int sys = fd < 0 || fstat(fd, &st) ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (!sys && S_ISDIR(st.st_mode) != folder)
        sys = folder ? ENOTDIR : EISDIR;
    if (!sys)
        return 0;
    cqlr__err_set(err, CQLR_E_TLS, "TLS: %s: %s", path, strerror(sys));
    err->sys_errno = sys;
    return CQLR_E_TLS;
}

static int file_error(const char *path, const char *what, struct cqlr_err *err)
{
    char reason[200];
    cqlr__tls_reason(reason, sizeof reason);
    return cqlr__err_set(err, CQLR_E_TLS, "TLS: %s: %s (%s)", path, what, reason);
}

static int load_authorities(SSL_CTX *ctx, const struct cqlr_tls_opts *o, struct cqlr_err *err)
{
    if (!o->ca_file && !o->ca_dir) {
        if (SSL_CTX_set_default_verify_paths(ctx) != 1)
            return cqlr__tls_error(err, "the system's authorities");
        return 0;
    }
    if (o->ca_file) {
        if (check_file(o->ca_file, false, err))
            return CQLR_E_TLS;
        if (SSL_CTX_load_verify_file(ctx, o->ca_file) != 1)
            return file_error(o->ca_file, "no certificates of authorities in PEM", err);
    }
    if (o->ca_dir) {
        if (check_file(o->ca_dir, true, err))
            return CQLR_E_TLS;
        if (SSL_CTX_load_verify_dir(ctx, o->ca_dir) != 1)
            return file_error(o->ca_dir, "no folder of authorities", err);
    }
    return 0;
}

static int load_revoked(SSL_CTX *ctx, const char *path, struct cqlr_err *err)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509_LOOKUP *lookup;
    if (!path)
        return 0;
    if (check_file(path, false, err))
        return CQLR_E_TLS;
    lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (!lookup || X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) < 1)
        return file_error(path, "no lists of revoked certificates in PEM", err);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return 0;
}

/* ---- our own certificate ---- */

struct password {
    const char *text; /* NULL: none */
    bool asked;
};

/* OpenSSL's own would read it from the terminal. -1: there is none. */
static int give_password(char *p, int room, int for_writing, void *arg)
{
    struct password *pw = arg;
    size_t n = pw && pw->text ? strlen(pw->text) : 0;
    (void)for_writing;
    if (pw)
        pw->asked = true;
    if (!pw || !pw->text || room < 0 || n > (size_t)room)
        return -1;
    memcpy(p, pw->text, n);
    return (int)n;
}

static int key_error(const char *path, const struct password *pw, struct cqlr_err *err)
{
    if (pw->asked && !pw->text) {
        ERR_clear_error();
        return cqlr__err_set(err, CQLR_E_TLS,
                             "TLS: %s: the key is encrypted, and no password is given", path);
    }
    return file_error(
        path, pw->asked ? "the key cannot be decrypted: wrong password?" : "no private key in PEM",
        err);
}

static int use_key(SSL_CTX *ctx, const struct cqlr_tls_opts *o, struct password *pw,
                   struct cqlr_err *err)
{
    const char *path = o->key_file ? o->key_file : o->cert_file;
    if (check_file(path, false, err))
        return CQLR_E_TLS;
    pw->asked = false;
    if (SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) != 1) {
        unsigned long e = ERR_peek_error();
        if (ERR_GET_LIB(e) == ERR_LIB_X509 && ERR_GET_REASON(e) == X509_R_KEY_VALUES_MISMATCH)
            return file_error(path, "not the key of the certificate", err);
        return key_error(path, pw, err);
    }
    if (SSL_CTX_check_private_key(ctx) != 1)
        return file_error(path, "not the key of the certificate", err);
    return 0;
}

static int load_own(SSL_CTX *ctx, const struct cqlr_tls_opts *o, struct cqlr_err *err)
{
    struct password pw = {.text = o->key_password};
    int rc;
    SSL_CTX_set_default_passwd_cb(ctx, give_password);
    if (!o->cert_file && o->key_file)
        return cqlr__err_set(err, CQLR_E_TLS, "TLS: %s: a key without its certificate",
                             o->key_file);
    if (!o->cert_file)
        return 0;
    if (check_file(o->cert_file, false, err))
        return CQLR_E_TLS;
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &pw);
    if (SSL_CTX_use_certificate_chain_file(ctx, o->cert_file) != 1)
        rc = file_error(o->cert_file, "no certificate in PEM that can be used", err);
    else
        rc = use_key(ctx, o, &pw, err);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
    return rc;
}

/* ---- all together ---- */

/* The system's policy may ask for more than this, never for less. */
static bool set_floor(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_clear_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_LEGACY_SERVER_CONNECT);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, cqlr__io_tls_keep);
    if (SSL_CTX_get_security_level(ctx) < 2)
        SSL_CTX_set_security_level(ctx, 2);
    return SSL_CTX_get_min_proto_version(ctx) >= TLS1_2_VERSION ||
           SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
}

/* Strings are told apart by the NUL at their end, NULL from "" by what stands in front. */
static bool add_string(EVP_MD_CTX *md, const char *s)
{
    return EVP_DigestUpdate(md, s ? "s" : "-", 1) == 1 &&
           EVP_DigestUpdate(md, s ? s : "", s ? strlen(s) + 1 : 0) == 1;
}

/* Sessions are those of clients with the same settings: the key of each begins with these. */
static bool hash_settings(cqlr_tls *t, const struct cqlr_tls_opts *o)
{
    const char *s[] = {o->ca_file, o->ca_dir, o->crl_file, o->cert_file, o->key_file};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool done = md && EVP_DigestInit_ex2(md, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; done && i < sizeof s / sizeof *s; i++)
        done = add_string(md, s[i]);
    done = done && EVP_DigestUpdate(md, o->insecure ? "i" : "v", 1) == 1 &&
           EVP_DigestFinal_ex(md, t->settings, NULL) == 1;
    EVP_MD_CTX_free(md);
    return done;
}

static int set_up(cqlr_tls *t, const struct cqlr_tls_opts *o, struct cqlr_err *err)
{
    char name[CQLR__TLS_NAME + 1];
    int rc;
    if (o->server_name && (rc = cqlr__tls_name(o->server_name, name, err)) < 0)
        return rc;
    if (OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
        return cqlr__tls_error(err, "OpenSSL does not start");
    t->ctx = SSL_CTX_new(TLS_client_method());
    t->bio = cqlr__tls_wire_method();
    t->server_name = o->server_name ? strdup(o->server_name) : NULL;
    if (!o->sessions)
        t->sessions = t->own_sessions = cqlr_tls_sessions_new();
    if (!t->ctx || !t->bio || !t->sessions || (o->server_name && !t->server_name) ||
        !hash_settings(t, o))
        return no_memory(err);
    if (!set_floor(t->ctx))
        return cqlr__tls_error(err, "TLS 1.2 and newer");
    if ((rc = load_authorities(t->ctx, o, err)) < 0 ||
        (rc = load_revoked(t->ctx, o->crl_file, err)) < 0)
        return rc;
    return load_own(t->ctx, o, err);
}

cqlr_tls *cqlr_tls_new(const struct cqlr_tls_opts *opts, struct cqlr_err *err)
{
    struct cqlr_tls_opts o;
    cqlr_tls *t = calloc(1, sizeof *t);
    int rc;
    cqlr_tls_opts_init(&o, sizeof o);
    memcpy(&o, opts, opts->size < sizeof o ? opts->size : sizeof o);
    if (!t) {
        (void)no_memory(err);
        return NULL;
    }
    t->insecure = o.insecure;
    t->sessions = o.sessions;
    ERR_clear_error();
    rc = set_up(t, &o, err);
    ERR_clear_error();
    if (rc == 0)
        return t;
    cqlr_tls_free(t);
    return NULL;
}

void cqlr_tls_free(cqlr_tls *t)
{
    if (!t)
        return;
    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->bio);
    cqlr_tls_sessions_free(t->own_sessions);
    free(t->server_name);
    free(t);
}

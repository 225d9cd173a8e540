/*
 * tls_ssl_error.c - OpenSSL's reasons → one line that names the cause.
 */
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/err.h"
#include "src/net/tls_ssl.h"

void cqlr__tls_reason(char *text, size_t n)
{
    unsigned long e = ERR_get_error();
    const char *reason = ERR_reason_error_string(e);
    ERR_clear_error();
    if (e == 0)
        snprintf(text, n, "no reason is given");
    else if (ERR_SYSTEM_ERROR(e))
        snprintf(text, n, "%s", strerror(ERR_GET_REASON(e)));
    else if (reason)
        snprintf(text, n, "%s", reason);
    else
        ERR_error_string_n(e, text, n);
}

/* What an alert of the peer means for us, where its name alone leaves that open. */
static const char *alert_meaning(int alert)
{
    switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
        return " (no cipher in common, or it wants a client certificate)";
    case SSL_AD_BAD_CERTIFICATE:
        return " (it does not accept our client certificate, or wants one)";
    case SSL3_AD_NO_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REQUIRED:
        return " (it wants a client certificate)";
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_REVOKED:
        return " (it does not accept our client certificate)";
    case SSL_AD_UNRECOGNIZED_NAME:
        return " (it does not know the server name)";
    default:
        return "";
    }
}

/* OpenSSL does not know the newest by name (RFC 8446 section 6.2). */
static const char *alert_name(int alert)
{
    if (alert == SSL_AD_CERTIFICATE_REQUIRED)
        return "certificate required";
    return SSL_alert_desc_string_long(alert);
}

/* The alert that stands in the thread's queue, or -1. */
static int alert_of(unsigned long e)
{
    int alert = ERR_GET_REASON(e) - SSL_AD_REASON_OFFSET;
    bool is_one = ERR_GET_LIB(e) == ERR_LIB_SSL && !ERR_SYSTEM_ERROR(e);
    return is_one && alert >= 0 && alert <= UINT8_MAX ? alert : -1;
}

int cqlr__tls_error(struct cqlr_err *err, const char *what)
{
    int alert = alert_of(ERR_peek_error());
    char reason[200];
    cqlr__tls_reason(reason, sizeof reason);
    if (alert >= 0)
        return cqlr__err_set(err, CQLR_E_TLS, "TLS: the server refused: alert %s%s",
                             alert_name(alert), alert_meaning(alert));
    return cqlr__err_set(err, CQLR_E_TLS, "TLS: %s: %s", what, reason);
}

int cqlr__tls_broken(struct cqlr_err *err, const char *what)
{
    bool not_accepted = *alert_meaning(alert_of(ERR_peek_error())) != '\0';
    (void)cqlr__tls_error(err, what);
    if (!not_accepted)
        err->code = CQLR_E_IO;
    return err->code;
}

static void print_subject(X509 *cert, char *text, size_t n)
{
    BIO *b = BIO_new(BIO_s_mem());
    int got = 0;
    if (b && cert &&
        X509_NAME_print_ex(b, X509_get_subject_name(cert), 0,
                           XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0)
        got = BIO_read(b, text, (int)n - 1);
    text[got > 0 ? got : 0] = '\0';
    BIO_free(b);
}

void cqlr__tls_refused(X509_STORE_CTX *store, const char *name, struct cqlr_err *err)
{
    int why = X509_STORE_CTX_get_error(store);
    int depth = X509_STORE_CTX_get_error_depth(store);
    X509 *cert = X509_STORE_CTX_get_current_cert(store);
    char text[160];
    if (cert && (why == X509_V_ERR_HOSTNAME_MISMATCH || why == X509_V_ERR_IP_ADDRESS_MISMATCH)) {
        cqlr__tls_names_print(cert, text, sizeof text);
        cqlr__err_set(err, CQLR_E_TLS,
                      "TLS: certificate verification failed: it is not for \"%.100s\" but for %s",
                      name, text);
        return;
    }
    print_subject(cert, text, sizeof text);
    cqlr__err_set(err, CQLR_E_TLS, "TLS: certificate verification failed: %s (subject %s, %s)",
                  X509_verify_cert_error_string(why), *text ? text : "unknown",
                  depth == 0 ? "the server's certificate" : "an authority of its chain");
}

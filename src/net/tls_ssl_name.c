/*
 * tls_ssl_name.c - the name that a certificate must be for: as it was typed → what OpenSSL checks,
 * and what a certificate is for → text.
 *
 * A DNS name counts as a dNSName only, an address as an iPAddress only (RFC 9525); the common name
 * counts for nothing, and a wildcard stands for one whole label.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/err.h"
#include "src/net/tls_ssl.h"

#define FLAGS (X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)

static bool is_address(const char *name)
{
    uint8_t bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* To OpenSSL "" would mean that any name will do, and ".b" any name under it. */
int cqlr__tls_name(const char *typed, char name[CQLR__TLS_NAME + 1], struct cqlr_err *err)
{
    size_t n = typed ? strlen(typed) : 0;
    if (!typed)
        return cqlr__err_set(err, CQLR_E_TLS,
                             "TLS: there is no name that the certificate must be for: give a "
                             "server name");
    if (memchr(typed, ':', n)) /* an address of IPv6: its zone means something on this side only */
        n = strcspn(typed, "%");
    else if (n > 0 && typed[n - 1] == '.')
        n--;
    if (n == 0 || n > CQLR__TLS_NAME || *typed == '.')
        return cqlr__err_set(err, CQLR_E_TLS, "TLS: \"%.100s\" is no name of a server", typed);
    memcpy(name, typed, n);
    name[n] = '\0';
    return 0;
}

int cqlr__tls_expect(SSL *ssl, const char *name, struct cqlr_err *err)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    bool done;
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(param, FLAGS);
    if (is_address(name))
        done = X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    else
        done = X509_VERIFY_PARAM_set1_host(param, name, strlen(name)) == 1 &&
               SSL_set_tlsext_host_name(ssl, name) == 1;
    return done ? 0 : cqlr__tls_error(err, "server name");
}

bool cqlr__tls_names(X509 *cert, const char *name)
{
    if (is_address(name))
        return X509_check_ip_asc(cert, name, FLAGS) == 1;
    return X509_check_host(cert, name, strlen(name), FLAGS, NULL) == 1;
}

/* ---- as text ---- */

/* Bytes of a certificate: anything but printable ASCII is a question mark. */
static void print_bytes(const uint8_t *p, size_t have, char *text, size_t n)
{
    size_t i;
    for (i = 0; i < have && i + 1 < n; i++)
        text[i] = '?';
    for (size_t k = 0; k < i; k++)
        if (p[k] > 0x20 && p[k] < 0x7F)
            text[k] = (char)p[k];
    text[i] = '\0';
}

static void print_address(const ASN1_STRING *ip, char *text, size_t n)
{
    int len = ASN1_STRING_length(ip);
    int family = len == 4 ? AF_INET : AF_INET6;
    if ((len != 4 && len != 16) ||
        !inet_ntop(family, ASN1_STRING_get0_data(ip), text, (socklen_t)n))
        snprintf(text, n, "of %d bytes", len);
}

static bool print_one(const GENERAL_NAME *g, char *text, size_t n)
{
    char name[80];
    int type;
    const ASN1_STRING *s = GENERAL_NAME_get0_value(g, &type);
    if (type == GEN_DNS)
        print_bytes(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s), name, sizeof name);
    else if (type == GEN_IPADD)
        print_address(s, name, sizeof name);
    else
        return false;
    snprintf(text, n, "%s:%s", type == GEN_DNS ? "DNS" : "IP", name);
    return true;
}

void cqlr__tls_names_print(X509 *cert, char *text, size_t n)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    char one[100];
    size_t used = 0;
    snprintf(text, n, "no name");
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        if (!print_one(sk_GENERAL_NAME_value(all, i), one, sizeof one))
            continue;
        if (used + strlen(one) + sizeof ", ..." >= n) {
            snprintf(text + used, n - used, ", ...");
            break;
        }
        used += (size_t)snprintf(text + used, n - used, "%s%s", used ? ", " : "", one);
    }
    GENERAL_NAMES_free(all);
}

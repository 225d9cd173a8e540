/*
 * test_tls.c - a connection over TLS: who the server must be, bytes both ways, the end.
 */
#include "tests/unit/tls_help.h"

static void requests_go_both_ways(void **state)
{
    struct tls_host t;
    (void)state;
    tls_init(&t, "DNS:db.example");
    tls_open_all(&t);
    assert_string_equal(cqlr_conn_tls(t.h.c), "TLSv1.3, TLS_AES_256_GCM_SHA384");
    assert_string_equal(SSL_get_servername(t.ssl, TLSEXT_NAMETYPE_host_name), "db.example");
    for (int i = 0; i < 10; i++)
        tls_ask(&t);
    tls_fini(&t);
}

/* ---- names ---- */

struct name_case {
    const char *names;  /* of the certificate; NULL: a common name only */
    const char *wanted; /* as it was typed */
    const char *server_name;
    const char *asked; /* SNI; NULL = none */
    bool good;
    const char *said; /* when it is not */
};

static const struct name_case name_cases[] = {
    {"DNS:db.example", "db.example", NULL, "db.example", true, NULL},
    {"DNS:db.example", "DB.Example.", NULL, "DB.Example", true, NULL},
    {"DNS:a.example,DNS:db.example", "db.example", NULL, "db.example", true, NULL},
    {"DNS:*.example.org", "db.example.org", NULL, "db.example.org", true, NULL},
    {"DNS:*.example.org", "a.db.example.org", NULL, "a.db.example.org", false,
     "it is not for \"a.db.example.org\" but for DNS:*.example.org"},
    {"DNS:d*.example.org", "db.example.org", NULL, "db.example.org", false,
     "it is not for \"db.example.org\" but for DNS:d*.example.org"},
    {"DNS:*.example.org", "example.org", NULL, "example.org", false,
     "it is not for \"example.org\" but for DNS:*.example.org"},
    {"DNS:a.example,IP:127.0.0.1", "db.example", NULL, "db.example", false,
     "it is not for \"db.example\" but for DNS:a.example, IP:127.0.0.1"},
    {NULL, "db.example", NULL, "db.example", false,
     "it is not for \"db.example\" but for no name"}, /* its common name is that */
    {"IP:127.0.0.1", "127.0.0.1", NULL, NULL, true, NULL},
    {"IP:::1", "::1", NULL, NULL, true, NULL},
    {"IP:fe80::1", "fe80::1%eth0", NULL, NULL, true, NULL},
    {"DNS:127.0.0.1", "127.0.0.1", NULL, NULL, false,
     "it is not for \"127.0.0.1\" but for DNS:127.0.0.1"},
    {"IP:127.0.0.2", "127.0.0.1", NULL, NULL, false,
     "it is not for \"127.0.0.1\" but for IP:127.0.0.2"},
    {"DNS:db.example", "127.0.0.1", "db.example", "db.example", true, NULL},
    {"IP:127.0.0.1", "127.0.0.1", "db.example", "db.example", false,
     "it is not for \"db.example\" but for IP:127.0.0.1"},
};

static void check_name(const struct name_case *n)
{
    struct tls_host t;
    char text[150];
    tls_init(&t, n->names);
    t.h.o.tls_name = n->wanted;
    t.o.server_name = n->server_name;
    tls_connect(&t);
    assert_int_equal(tls_handshake(&t), n->good);
    if (n->asked)
        assert_string_equal(SSL_get_servername(t.ssl, TLSEXT_NAMETYPE_host_name), n->asked);
    else
        assert_null(SSL_get_servername(t.ssl, TLSEXT_NAMETYPE_host_name));
    if (!n->good) {
        snprintf(text, sizeof text, "TLS: certificate verification failed: %s", n->said);
        err_is(&t.h, CQLR_E_TLS, text);
        log_is(&t.h, "close:TLS ");
    }
    tls_fini(&t);
}

static void the_certificate_must_be_for_the_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof name_cases / sizeof *name_cases; i++)
        check_name(&name_cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_go_both_ways),
        cmocka_unit_test(the_certificate_must_be_for_the_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

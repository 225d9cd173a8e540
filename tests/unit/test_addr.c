/*
 * test_addr.c - contact points: which texts are hosts, what they resolve to, and how an address is
 * printed.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "src/net/addr.h"
#include "tests/unit/msg_help.h"

static int next(const char *text, struct cqlr__host *host, struct cqlr_err *err)
{
    struct cqlr_str list = cqlr_cstr(text);
    return cqlr__host_next(&list, 9042, host, err);
}

static void forms_of_a_host(void **state)
{
    static const struct {
        const char *text, *name;
        uint16_t port;
    } rows[] = {
        {"10.0.0.1", "10.0.0.1", 9042},
        {"10.0.0.1:1", "10.0.0.1", 1},
        {"db.example:65535", "db.example", 65535},
        {"  db\t", "db", 9042},
        {"::1", "::1", 9042},
        {"[::1]", "::1", 9042},
        {"[::1]:9043", "::1", 9043},
        {"fe80::1%eth0", "fe80::1%eth0", 9042},
        {"[fe80::1%2]:7", "fe80::1%2", 7},
        {"h:00080", "h", 80},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cqlr__host host;
        struct cqlr_err err;
        assert_int_equal(next(rows[i].text, &host, &err), 1);
        assert_str(host.name, rows[i].name);
        assert_int_equal(host.port, rows[i].port);
        assert_false(host.is_path);
    }
}

static void forms_of_a_path(void **state)
{
    struct cqlr_str list = cqlr_cstr("unix:/a b/c:1, unix:/x ,unix:7");
    struct cqlr__host host;
    struct cqlr_err err;
    (void)state;
    assert_int_equal(cqlr__host_next(&list, 9042, &host, &err), 1);
    assert_true(host.is_path);
    assert_str(host.name, "/a b/c:1");
    assert_int_equal(cqlr__host_next(&list, 9042, &host, &err), 1);
    assert_true(host.is_path);
    assert_str(host.name, "/x");
    assert_int_equal(cqlr__host_next(&list, 9042, &host, &err), 1);
    assert_false(host.is_path); /* a host of that name */
    assert_str(host.name, "unix");
    assert_int_equal(host.port, 7);
}

static void what_is_not_a_host(void **state)
{
    static const char *const rows[] = {",",       ":9042", "h:",     "h:0",      "h:65536",
                                       "h:1x",    "h:-1",  "h:+1",   "h:123456", "h: 1",
                                       "[::1",    "[]:1",  "[::1]x", "[::1]:",   "[::1]9042",
                                       "[::1]:0", " , a",  "[",      ":",        "unix:a",
                                       "unix:"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cqlr__host host;
        struct cqlr_err err;
        if (next(rows[i], &host, &err) != CQLR_E_USAGE)
            fail_msg("\"%s\" was taken", rows[i]);
        assert_non_null(strstr(err.text, "is not HOST, HOST:PORT, [ADDRESS]:PORT or unix:/PATH"));
    }
}

static void name_that_is_too_long_is_refused(void **state)
{
    char text[300];
    struct cqlr__host host;
    struct cqlr_err err;
    (void)state;
    memset(text, 'a', sizeof text);
    text[255] = '\0';
    assert_int_equal(next(text, &host, &err), 1);
    text[255] = 'a';
    text[256] = '\0';
    assert_int_equal(next(text, &host, &err), CQLR_E_USAGE);
}

static void path_that_is_too_long_is_refused(void **state)
{
    char text[200] = "unix:/";
    struct cqlr__host host;
    struct cqlr_err err;
    (void)state;
    memset(text + 6, 'p', 106);
    assert_int_equal(next(text, &host, &err), 1);
    assert_int_equal(host.name.n, 107);
    text[6 + 106] = 'p';
    assert_int_equal(next(text, &host, &err), CQLR_E_USAGE);
    assert_non_null(strstr(err.text, "at most 107 bytes, not 108"));
}

static void list_is_taken_apart(void **state)
{
    struct cqlr_str list = cqlr_cstr("a, b:2 ,[::1]:3,");
    struct cqlr__host host;
    struct cqlr_err err;
    (void)state;
    assert_int_equal(cqlr__host_next(&list, 1, &host, &err), 1);
    assert_str(host.name, "a");
    assert_int_equal(host.port, 1);
    assert_int_equal(cqlr__host_next(&list, 1, &host, &err), 1);
    assert_str(host.name, "b");
    assert_int_equal(host.port, 2);
    assert_int_equal(cqlr__host_next(&list, 1, &host, &err), 1);
    assert_str(host.name, "::1");
    assert_int_equal(host.port, 3);
    assert_int_equal(cqlr__host_next(&list, 1, &host, &err), 0);
    assert_int_equal(cqlr__host_next(&list, 1, &host, &err), 0);
}

static void assert_prints(const struct cqlr__addr *a, const char *expected)
{
    char text[CQLR__ADDR_TEXT];
    cqlr__addr_print(&a->sa.any, a->len, text);
    assert_string_equal(text, expected);
}

static void addresses_keep_their_order(void **state)
{
    struct counter c;
    struct cqlr__addrs a;
    struct cqlr_err err;
    (void)state;
    cqlr__addrs_init(&a, counter_init(&c, 0));
    assert_int_equal(cqlr__addrs_resolve(&a, "10.0.0.1, [::1]:7,unix:/s", 9042, &err), 3);
    assert_int_equal(a.count, 3);
    assert_prints(&a.list[0], "10.0.0.1:9042");
    assert_prints(&a.list[1], "[::1]:7");
    assert_prints(&a.list[2], "unix:/s");
    for (int i = 0; i < 100; i++)
        assert_int_equal(cqlr__addrs_resolve(&a, "10.0.0.3", 1, &err), 1);
    assert_int_equal(a.count, 103);
    assert_prints(&a.list[0], "10.0.0.1:9042");
    assert_prints(&a.list[102], "10.0.0.3:1");
    cqlr__addrs_fini(&a);
    assert_int_equal(c.live, 0);
    assert_int_equal(a.count, 0);
}

static void count_passed_over(void *arg, const struct cqlr_err *why)
{
    assert_int_equal(why->code, CQLR_E_RESOLVE);
    assert_memory_equal(why->text, "a..b: ", 6);
    ++*(int *)arg;
}

/* An empty label is in no name, so nobody is asked. */
static void host_that_is_not_known_is_passed_over(void **state)
{
    struct cqlr__addrs a;
    struct cqlr_err err;
    (void)state;
    int told = 0;
    cqlr__addrs_init(&a, NULL);
    a.passed_over = count_passed_over;
    a.arg = &told;
    assert_int_equal(cqlr__addrs_resolve(&a, "a..b,10.0.0.1", 9042, &err), 1);
    assert_int_equal(told, 1);
    assert_int_equal(a.count, 1);
    assert_prints(&a.list[0], "10.0.0.1:9042");
    assert_int_equal(cqlr__addrs_resolve(&a, "a..b", 9042, &err), CQLR_E_RESOLVE);
    assert_int_equal(err.code, CQLR_E_RESOLVE);
    assert_memory_equal(err.text, "a..b: ", 6);
    assert_int_equal(cqlr__addrs_resolve(&a, "10.0.0.1,:", 9042, &err), CQLR_E_USAGE);
    assert_int_equal(cqlr__addrs_resolve(&a, " ", 9042, &err), CQLR_E_USAGE);
    cqlr__addrs_fini(&a);
}

static void no_memory_is_told(void **state)
{
    struct counter c;
    struct cqlr__addrs a;
    struct cqlr_err err;
    (void)state;
    cqlr__addrs_init(&a, counter_init(&c, 1));
    assert_int_equal(cqlr__addrs_resolve(&a, "10.0.0.1", 9042, &err), CQLR_E_NOMEM);
    assert_int_equal(err.code, CQLR_E_NOMEM);
    cqlr__addrs_fini(&a);
    assert_int_equal(c.live, 0);
}

static void other_families_and_short_addresses_are_named_by_number(void **state)
{
    struct cqlr__addr a = {.len = 2};
    (void)state;
    a.sa.any.sa_family = AF_UNIX;
    assert_prints(&a, "address family 1");
    memset(a.sa.local.sun_path, 'p', sizeof a.sa.local.sun_path); /* not terminated */
    a.len = offsetof(struct sockaddr_un, sun_path) + 2;
    assert_prints(&a, "unix:pp");
    a.len = 2;
    a.sa.any.sa_family = AF_INET;
    assert_prints(&a, "address family 2");
    memset(&a, 0xFF, sizeof a);
    a.len = sizeof a.sa.v6;
    a.sa.v6.sin6_family = AF_INET6;
    assert_prints(&a, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
}

/* Where a password may go unencrypted: no name is looked up, no prefix of a text counts. */
static void what_stays_on_this_machine(void **state)
{
    static const struct {
        const char *text;
        bool local;
    } rows[] = {
        {"127.0.0.1", true},
        {"127.255.255.254", true},
        {"::1", true},
        {"::ffff:127.9.8.7", true},
        {"unix:/x", true},
        {"126.255.255.255", false},
        {"128.0.0.1", false},
        {"192.0.2.1", false},
        {"0.0.0.0", false},
        {"10.0.0.127", false},
        {"::", false},
        {"::2", false},
        {"2001:db8::1", false},
        {"fe80::1", false},
        {"::ffff:192.0.2.127", false},
        {"::127.0.0.1", false},
        {"64:ff9b::127.0.0.1", false},
        {"7f00::1", false},
    };
    struct cqlr__addr short_one = {.len = sizeof short_one.sa.v4 - 1};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cqlr__addrs a;
        struct cqlr_err err;
        cqlr__addrs_init(&a, NULL);
        assert_int_equal(cqlr__addrs_resolve(&a, rows[i].text, 9042, &err), 1);
        if (cqlr__addr_is_local(&a.list[0].sa.any, a.list[0].len) != rows[i].local)
            fail_msg("%s", rows[i].text);
        cqlr__addrs_fini(&a);
    }
    short_one.sa.v4.sin_family = AF_INET;
    short_one.sa.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_false(cqlr__addr_is_local(&short_one.sa.any, short_one.len));
    short_one.sa.any.sa_family = AF_VSOCK;
    assert_false(cqlr__addr_is_local(&short_one.sa.any, sizeof short_one.sa));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_a_host),
        cmocka_unit_test(forms_of_a_path),
        cmocka_unit_test(what_is_not_a_host),
        cmocka_unit_test(name_that_is_too_long_is_refused),
        cmocka_unit_test(path_that_is_too_long_is_refused),
        cmocka_unit_test(list_is_taken_apart),
        cmocka_unit_test(addresses_keep_their_order),
        cmocka_unit_test(host_that_is_not_known_is_passed_over),
        cmocka_unit_test(no_memory_is_told),
        cmocka_unit_test(what_stays_on_this_machine),
        cmocka_unit_test(other_families_and_short_addresses_are_named_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

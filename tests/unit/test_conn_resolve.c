/*
 * test_conn_resolve.c - contact points as text → addresses, one call each, in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include <cqlraw/conn.h>

struct seen {
    unsigned addresses, errors;
    in_port_t port[8];
    char why[CQLR_ERR_TEXT];
    int answer; /* what the callback gives back */
};

static int note(void *arg, const struct sockaddr *addr, socklen_t n, const struct cqlr_err *err)
{
    struct seen *s = arg;
    struct sockaddr_in v4;
    if (!addr) {
        s->errors++;
        memcpy(s->why, err->text, sizeof s->why);
        return s->answer;
    }
    assert_int_equal(addr->sa_family, AF_INET);
    assert_int_equal(n, sizeof v4);
    memcpy(&v4, addr, sizeof v4);
    s->port[s->addresses++] = ntohs(v4.sin_port);
    return s->answer;
}

static void each_address_is_given_and_a_name_that_is_none_is_told(void **state)
{
    struct seen s = {0};
    struct cqlr_err err = {0};
    (void)state;
    assert_int_equal(cqlr_resolve("127.0.0.1, no.such.invalid ,127.0.0.2:19", 42, note, &s, &err),
                     0);
    assert_int_equal(s.addresses, 2);
    assert_int_equal(s.port[0], 42);
    assert_int_equal(s.port[1], 19);
    assert_int_equal(s.errors, 1);
    assert_non_null(strstr(s.why, "no.such.invalid: "));
}

static void the_callback_can_end_it(void **state)
{
    struct seen s = {.answer = CQLR_E_NOMEM};
    struct cqlr_err err = {0};
    (void)state;
    assert_int_equal(cqlr_resolve("127.0.0.1,127.0.0.2", 42, note, &s, &err), CQLR_E_NOMEM);
    assert_int_equal(s.addresses, 1);
    s = (struct seen){.answer = 1}; /* what is not negative does not */
    assert_int_equal(cqlr_resolve("127.0.0.1,127.0.0.2", 42, note, &s, &err), 0);
    assert_int_equal(s.addresses, 2);
    s = (struct seen){.answer = CQLR_E_LIMIT};
    assert_int_equal(cqlr_resolve("no.such.invalid,127.0.0.2", 42, note, &s, &err), CQLR_E_LIMIT);
    assert_int_equal(s.addresses, 0);
}

static void a_text_that_is_wrong_is_refused(void **state)
{
    static const char *const wrong[] = {"", " ", "h:0", "h:x", "[::1", "a,,b"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct seen s = {0};
        struct cqlr_err err = {0};
        if (cqlr_resolve(wrong[i], 42, note, &s, &err) != CQLR_E_USAGE || !err.text[0])
            fail_msg("\"%s\" is taken", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_is_given_and_a_name_that_is_none_is_told),
        cmocka_unit_test(the_callback_can_end_it),
        cmocka_unit_test(a_text_that_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

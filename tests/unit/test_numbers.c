/*
 * test_numbers.c - sizes and rates as people write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tools/cqlraw/args/numbers.h"

static void size_is(const char *text, uint64_t want)
{
    uint64_t got = 0;
    if (size_parse(cqlr_cstr(text), &got) != NUMBER_OK || got != want)
        fail_msg("%s: %llu instead of %llu", text, (unsigned long long)got,
                 (unsigned long long)want);
}

static void sizes_are_powers_of_1024_with_iB_and_of_1000_without(void **state)
{
    (void)state;
    size_is("0", 0);
    size_is("4096", 4096);
    size_is("4096B", 4096);
    size_is("64k", 64000);
    size_is("64K", 64000);
    size_is("64KB", 64000);
    size_is("64KiB", 65536);
    size_is("64kiB", 65536);
    size_is("256MiB", UINT64_C(256) << 20);
    size_is("1.5GiB", UINT64_C(3) << 29);
    size_is("2T", UINT64_C(2000000000000));
    size_is("0.5KiB", 512);
}

static void what_is_no_size_is_refused(void **state)
{
    static const char *const bad[] = {"",       "x",      "k",  "-1",   "1.5", "64kib",
                                      "64 KiB", "64KiBs", "1i", "64iB", "1KBB"};
    uint64_t n;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (size_parse(cqlr_cstr(bad[i]), &n) != NUMBER_BAD)
            fail_msg("\"%s\" is taken", bad[i]);
    assert_int_equal(size_parse(cqlr_cstr("99999999TiB"), &n), NUMBER_RANGE);
}

static void rate_is(const char *text, double want)
{
    double got = 0;
    if (rate_parse(cqlr_cstr(text), &got) != NUMBER_OK || got < want || got > want)
        fail_msg("%s: %g instead of %g", text, got, want);
}

static void rates_may_be_fractions(void **state)
{
    (void)state;
    rate_is("1", 1);
    rate_is("0.5", 0.5);
    rate_is("50k", 50000);
    rate_is("1.25k", 1250);
    rate_is("1e6", 1e6);
    rate_is("1M", 1e6);
    rate_is("1e12", 1e12);
}

static void a_rate_is_above_zero_and_has_a_limit(void **state)
{
    static const char *const outside[] = {"0", "0.0", "0k", "2e12", "1e999", "0e999"};
    static const char *const bad[] = {"", "x", "-1", "50kk", "1/s", "50ki"};
    double r;
    (void)state;
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        if (rate_parse(cqlr_cstr(outside[i]), &r) != NUMBER_RANGE)
            fail_msg("\"%s\" is taken", outside[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (rate_parse(cqlr_cstr(bad[i]), &r) != NUMBER_BAD)
            fail_msg("\"%s\" is taken", bad[i]);
}

static void shares_are_exact(void **state)
{
    double s;
    (void)state;
    assert_int_equal(percent_parse(cqlr_cstr("29%"), &s), NUMBER_OK);
    assert_true(!(s < 0.29) && !(s > 0.29));
    assert_int_equal(percent_parse(cqlr_cstr("100%"), &s), NUMBER_OK);
    assert_true(!(s < 1) && !(s > 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_powers_of_1024_with_iB_and_of_1000_without),
        cmocka_unit_test(what_is_no_size_is_refused),
        cmocka_unit_test(rates_may_be_fractions),
        cmocka_unit_test(a_rate_is_above_zero_and_has_a_limit),
        cmocka_unit_test(shares_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Waits between repetitions: double each time up to the limit, evenly spread below it, and never an
 * overflow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/cluster/backoff.h"

#define MS UINT64_C(1000000)

static void the_limit_doubles_up_to_the_end(void **state)
{
    const uint64_t want[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
    (void)state;
    for (unsigned i = 0; i < 9; i++)
        assert_int_equal(cqlr__backoff(100 * MS, 5000 * MS, i, UINT64_MAX), want[i] * MS);
    assert_int_equal(cqlr__backoff(100 * MS, 5000 * MS, UINT32_MAX, UINT64_MAX), 5000 * MS);
    assert_int_equal(cqlr__backoff(700 * MS, 100 * MS, 0, UINT64_MAX), 100 * MS);
}

static void no_delay_stays_none(void **state)
{
    (void)state;
    assert_int_equal(cqlr__backoff(0, 5000 * MS, UINT32_MAX, UINT64_MAX), 0);
    assert_int_equal(cqlr__backoff(100, 0, 5, UINT64_MAX), 0);
    assert_int_equal(cqlr__backoff(100, 5000, 5, 0), 0);
}

static void the_largest_numbers_do_not_overflow(void **state)
{
    (void)state;
    assert_true(cqlr__backoff(UINT64_MAX, UINT64_MAX, 9, UINT64_MAX) == UINT64_MAX);
    assert_true(cqlr__backoff(1, UINT64_MAX, 64, UINT64_MAX) == UINT64_MAX);
    assert_true(cqlr__backoff(1, UINT64_MAX, 63, UINT64_MAX) == UINT64_C(1) << 63);
    assert_true(cqlr__backoff(UINT64_MAX - 1, UINT64_MAX - 1, 0, UINT64_MAX) == UINT64_MAX - 1);
    assert_true(cqlr__backoff(UINT64_MAX - 1, UINT64_MAX - 1, 0, UINT64_C(1) << 63) ==
                (UINT64_MAX >> 1));
}

/* A thousand draws fall into each tenth of the range about equally often, and another seed gives
 * others. */
static void waits_are_spread_over_the_whole_range(void **state)
{
    uint64_t a = 1, b = 2;
    unsigned tenth[10] = {0}, same = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = cqlr__backoff(999, 999, 0, cqlr__backoff_random(&a));
        uint64_t y = cqlr__backoff(999, 999, 0, cqlr__backoff_random(&b));
        assert_true(x <= 999);
        tenth[x / 100]++;
        same += x == y;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(tenth[i], 60, 140);
    assert_true(same < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_doubles_up_to_the_end),
        cmocka_unit_test(no_delay_stays_none),
        cmocka_unit_test(the_largest_numbers_do_not_overflow),
        cmocka_unit_test(waits_are_spread_over_the_whole_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Range arithmetic: units and parts cover everything once, also at the ends of 64 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/bulk/split.h"

static void units_cover_every_total_once(void **state)
{
    (void)state;
    for (uint64_t total = 0; total < 60; total++) {
        for (uint64_t block = 1; block < 65; block++) {
            uint64_t next = 0, count, n = cqlr__split_units(total, block);
            for (uint64_t u = 0; u < n; u++) {
                assert_int_equal(cqlr__split_unit(total, block, u, &count), next);
                assert_true(count >= 1 && count <= block);
                next += count;
            }
            assert_int_equal(next, total);
        }
    }
}

static void the_largest_total_does_not_overflow(void **state)
{
    uint64_t count;
    (void)state;
    assert_true(cqlr__split_units(UINT64_MAX, 1) == UINT64_MAX);
    assert_true(cqlr__split_units(UINT64_MAX, UINT64_MAX) == 1);
    assert_true(cqlr__split_units(UINT64_MAX, 256) == (UINT64_C(1) << 56));
    assert_true(cqlr__split_unit(UINT64_MAX, 256, (UINT64_C(1) << 56) - 1, &count) ==
                UINT64_MAX - 255);
    assert_int_equal(count, 255);
}

static void parts_are_equal_and_meet(void **state)
{
    const uint64_t totals[] = {0, 1, 7, 1000, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX};
    const uint64_t ns[] = {1, 2, 3, 7, 1000, 65537};
    (void)state;
    for (size_t t = 0; t < sizeof totals / sizeof *totals; t++) {
        for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
            uint64_t total = totals[t], n = ns[k], at = 0;
            for (uint64_t i = 1; i <= n; i++) {
                uint64_t next = cqlr__split_part(total, n, i);
                assert_true(next - at == total / n || next - at == total / n + 1);
                at = next;
            }
            assert_true(at == total);
        }
    }
    assert_true(cqlr__split_part(UINT64_MAX, UINT64_C(1) << 32, UINT64_C(1) << 32) == UINT64_MAX);
}

static void a_block_gives_each_process_four_units(void **state)
{
    (void)state;
    assert_int_equal(cqlr__split_block(0, 4), 1);
    assert_int_equal(cqlr__split_block(15, 4), 1);
    assert_int_equal(cqlr__split_block(160, 4), 10);
    assert_int_equal(cqlr__split_block(1000000, 4), 256);
    assert_int_equal(cqlr__split_block(UINT64_MAX, 1), 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_cover_every_total_once),
        cmocka_unit_test(the_largest_total_does_not_overflow),
        cmocka_unit_test(parts_are_equal_and_meet),
        cmocka_unit_test(a_block_gives_each_process_four_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

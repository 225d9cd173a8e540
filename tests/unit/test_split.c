/*
 * Range arithmetic: units and pieces cover everything, also at the ends of 64 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/bulk/source/split.h"

static void units_cover_every_total(void **state)
{
    (void)state;
    for (uint64_t total = 0; total < 60; total++) {
        for (uint64_t block = 1; block < 65; block++) {
            uint64_t n = cqlr__split_units(total, block);
            assert_true(n * block >= total && (n == 0 || (n - 1) * block < total));
        }
    }
    assert_true(cqlr__split_units(UINT64_MAX, 1) == UINT64_MAX);
    assert_true(cqlr__split_units(UINT64_MAX, UINT64_MAX) == 1);
    assert_true(cqlr__split_units(UINT64_MAX, 256) == (UINT64_C(1) << 56));
}

/* floor(2^64 * i / n), counted with twice the bits. */
static uint64_t piece(uint64_t n, uint64_t i)
{
    return (uint64_t)(((unsigned __int128)i << 64) / n);
}

static void pieces_of_the_ring_begin_where_division_says(void **state)
{
    const uint64_t ns[] = {1, 2, 3, 5, 7, 1000, 1024, 65537, UINT32_MAX, UINT64_C(1) << 32};
    (void)state;
    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
        uint64_t n = ns[k], step = n / 1000 + 1;
        for (uint64_t i = 0; i < n; i += step)
            assert_true(cqlr__split_ring(n, i) == piece(n, i));
        assert_true(cqlr__split_ring(n, n - 1) == piece(n, n - 1));
    }
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
        cmocka_unit_test(units_cover_every_total),
        cmocka_unit_test(pieces_of_the_ring_begin_where_division_says),
        cmocka_unit_test(a_block_gives_each_process_four_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The histogram against exact percentiles of the same values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/bulk/lane/hist.h"

#define N 20000

static struct cqlr__hist h, other;

static uint64_t rnd(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void near(uint64_t got, uint64_t want)
{
    uint64_t d = got > want ? got - want : want - got;
    assert_true(d * 1000 <= want * 4 + 1000);
}

static void percentiles_are_within_half_a_percent(void **state)
{
    static uint64_t v[N];
    const unsigned pm[] = {1, 10, 500, 900, 990, 999, 1000};
    uint64_t seed = 42;
    (void)state;
    for (unsigned shift = 20; shift <= 60; shift += 8) {
        memset(&h, 0, sizeof h);
        for (int i = 0; i < N; i++) {
            v[i] = rnd(&seed) >> (shift + (unsigned)(rnd(&seed) % 4)) >> (shift < 24 ? 4 : 0);
            v[i] &= (UINT64_C(1) << CQLR__HIST_BITS) - 1;
            cqlr__hist_add(&h, v[i]);
        }
        qsort(v, N, sizeof *v, by_value);
        for (size_t k = 0; k < sizeof pm / sizeof *pm; k++) {
            uint64_t rank = ((uint64_t)N * pm[k] + 999) / 1000;
            near(cqlr__hist_at(&h, pm[k]), v[rank - 1]);
        }
        assert_int_equal(cqlr__hist_min(&h), v[0]);
        assert_int_equal(cqlr__hist_max(&h), v[N - 1]);
    }
}

static void small_values_are_exact(void **state)
{
    (void)state;
    memset(&h, 0, sizeof h);
    for (uint64_t i = 0; i < 256; i++)
        cqlr__hist_add(&h, i);
    assert_int_equal(cqlr__hist_at(&h, 500), 127);
    assert_int_equal(cqlr__hist_at(&h, 1000), 255);
    assert_int_equal(cqlr__hist_at(&h, 1), 0);
}

static void merging_is_the_same_as_adding_all_to_one(void **state)
{
    uint64_t seed = 7;
    static struct cqlr__hist sum, all;
    (void)state;
    memset(&h, 0, sizeof h);
    memset(&other, 0, sizeof other);
    for (int i = 0; i < 5000; i++) {
        uint64_t x = rnd(&seed) >> 34;
        cqlr__hist_add(i % 3 ? &h : &other, x);
        cqlr__hist_add(&all, x);
    }
    cqlr__hist_merge(&sum, &h);
    cqlr__hist_merge(&sum, &other);
    assert_memory_equal(&sum, &all, sizeof sum);
}

static void nothing_and_extremes(void **state)
{
    (void)state;
    memset(&h, 0, sizeof h);
    assert_int_equal(cqlr__hist_at(&h, 500), 0);
    assert_int_equal(cqlr__hist_min(&h), 0);
    cqlr__hist_add(&h, UINT64_MAX);
    cqlr__hist_add(&h, 0);
    assert_int_equal(cqlr__hist_min(&h), 0);
    assert_true(cqlr__hist_max(&h) == UINT64_MAX);
    assert_true(cqlr__hist_at(&h, 1000) > UINT64_C(4000000000000));
}

static void buckets_meet_and_hold_what_is_added(void **state)
{
    uint64_t next = 0, low, high;
    (void)state;
    for (unsigned i = 0; i < CQLR__HIST_BUCKETS; i++) {
        cqlr__hist_range(i, &low, &high);
        assert_true(low == next && high >= low);
        next = high + 1;
    }
    assert_true(next == UINT64_C(1) << CQLR__HIST_BITS);
    for (uint64_t v = 0; v < UINT64_C(1) << CQLR__HIST_BITS; v = v * 5 / 4 + 1) {
        unsigned found = 0;
        cqlr__hist_clear(&h);
        assert_int_equal(cqlr__hist_at(&h, 500), 0);
        cqlr__hist_add(&h, v);
        for (unsigned i = 0; i < CQLR__HIST_BUCKETS; i++) {
            cqlr__hist_range(i, &low, &high);
            if (h.bucket[i]) {
                assert_true(low <= v && v <= high);
                found++;
            }
        }
        assert_int_equal(found, 1);
        assert_true(cqlr__hist_min(&h) == v && cqlr__hist_max(&h) == v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_within_half_a_percent),
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(merging_is_the_same_as_adding_all_to_one),
        cmocka_unit_test(nothing_and_extremes),
        cmocka_unit_test(buckets_meet_and_hold_what_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

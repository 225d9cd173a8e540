/*
 * Pieces of the token ring: together they are all of it, and none is in two. And parameters as
 * text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/bulk/source/source.h"

static struct cqlr_err err;

static cqlr_source *ring(size_t n)
{
    const struct cqlr_source_param p[] = {
        {.name = "a", .kind = CQLR_SOURCE_TOKEN_START, .count = n},
        {.name = "b", .kind = CQLR_SOURCE_TOKEN_END, .count = n},
    };
    cqlr_source *s = cqlr_source_new(p, 2, CQLR_COMBINE_PRODUCT, 1, &err);
    assert_non_null(s);
    assert_true(cqlr_source_total(s) == n);
    return s;
}

static int64_t start(const cqlr_source *s, uint64_t i)
{
    uint64_t v[2];
    cqlr__source_at(s, i, v);
    return cqlr__param_value(&s->param[0], v[0]);
}

static int64_t end(const cqlr_source *s, uint64_t i)
{
    uint64_t v[2];
    cqlr__source_at(s, i, v);
    return cqlr__param_value(&s->param[1], v[1]);
}

static void pieces_cover_the_ring_without_gap_or_overlap(void **state)
{
    const uint64_t ns[] = {1, 2, 3, 7, 1024, 65537, UINT32_MAX, UINT64_C(1) << 32};
    (void)state;
    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
        uint64_t n = ns[k], step = n / 5000 + 1;
        uint64_t least = n == 1 ? UINT64_MAX : (uint64_t)(((unsigned __int128)1 << 64) / n);
        cqlr_source *s = ring(n);
        assert_true(start(s, 0) == INT64_MIN);
        assert_true(end(s, n - 1) == INT64_MAX);
        for (uint64_t i = 0; i + 1 < n; i += step) {
            uint64_t width = (uint64_t)end(s, i) - (uint64_t)start(s, i);
            assert_true(end(s, i) == start(s, i + 1));
            assert_true(end(s, i) > start(s, i));
            assert_true(width == least || width == least + 1);
        }
        cqlr_source_free(s);
    }
}

static void four_pieces_are_the_quarters(void **state)
{
    cqlr_source *s = ring(4);
    (void)state;
    assert_true(end(s, 0) == INT64_MIN / 2);
    assert_true(end(s, 1) == 0);
    assert_true(end(s, 2) == -(INT64_MIN / 2));
    cqlr_source_free(s);
}

static void an_end_turns_with_its_start_among_other_parameters(void **state)
{
    struct cqlr_source_param p[] = {
        {.kind = CQLR_SOURCE_INT, .first = 1, .last = 2, .step = 1},
        {.kind = CQLR_SOURCE_TOKEN_START, .count = 3},
        {.kind = CQLR_SOURCE_TOKEN_END, .count = 3},
        {.kind = CQLR_SOURCE_INT, .first = 1, .last = 5, .step = 1},
    };
    cqlr_source *s = cqlr_source_new(p, 4, CQLR_COMBINE_PRODUCT, 2, &err);
    uint64_t v[4];
    (void)state;
    assert_int_equal(cqlr_source_total(s), 60);
    for (uint64_t i = 0; i < 60; i++) {
        struct cqlr_wr w;
        cqlr__source_at(s, i, v);
        assert_int_equal(v[3], i % 5);
        assert_int_equal(v[2], i / 5 % 3);
        assert_int_equal(v[1], v[2]);
        assert_int_equal(v[0], i / 15 % 2);
        cqlr_wr_init(&w, NULL, 0);
        assert_int_equal(cqlr_source_print(s, i, 0, &w), 0);
        assert_int_equal(cqlr_source_print(s, i, 3, &w), 0);
        assert_int_equal(w.p[0], '1' + (int)v[0]);
        assert_int_equal(w.p[1], '1' + (int)v[3]);
        cqlr_wr_fini(&w);
    }
    cqlr_source_free(s);
    p[2].count = 4;
    assert_null(cqlr_source_new(p, 4, CQLR_COMBINE_PRODUCT, 1, &err));
    assert_int_equal(err.code, CQLR_E_USAGE);
    assert_null(cqlr_source_new(p + 2, 1, CQLR_COMBINE_PRODUCT, 1, &err));
    p[1].count = 0;
    assert_null(cqlr_source_new(p + 1, 1, CQLR_COMBINE_PRODUCT, 1, &err));
    p[1].count = ((size_t)1 << 32) + 1;
    assert_null(cqlr_source_new(p + 1, 1, CQLR_COMBINE_PRODUCT, 1, &err));
    assert_int_equal(err.code, CQLR_E_RANGE);
}

static void prints(const cqlr_source *s, uint64_t index, size_t p, const char *want)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_raw(&w, "<", 1);
    assert_int_equal(cqlr_source_print(s, index, p, &w), 0);
    assert_int_equal(w.n, 1 + strlen(want));
    assert_memory_equal(w.p + 1, want, strlen(want));
    cqlr_wr_fini(&w);
}

static void parameters_print_as_they_read(void **state)
{
    const struct cqlr_str text[] = {{"it's", 4}, {NULL, 0}, {"", 0}};
    const struct cqlr_source_param p[] = {
        {.kind = CQLR_SOURCE_LIST, .text = text, .count = 3},
        {.kind = CQLR_SOURCE_DATE, .first = 19782, .last = 19900, .step = 1, .months = true},
        {.kind = CQLR_SOURCE_TIMESTAMP, .first = 1500, .last = 0, .step = 750},
        {.kind = CQLR_SOURCE_TOKEN_START, .count = 2},
        {.kind = CQLR_SOURCE_TOKEN_END, .count = 2},
    };
    cqlr_source *s = cqlr_source_new(p, 5, CQLR_COMBINE_PRODUCT, 2, &err);
    uint64_t sets = cqlr_source_total(s) / 2, per_text = sets / 3;
    struct cqlr_wr w;
    (void)state;
    prints(s, 0, 0, "it's");
    prints(s, per_text, 0, "");
    prints(s, 2 * per_text, 0, "");
    prints(s, sets, 0, "it's");
    prints(s, 0, 1, "2024-02-29");
    prints(s, 6, 1, "2024-03-29");
    prints(s, 2, 2, "1970-01-01T00:00:00.750Z");
    prints(s, 0, 3, "-9223372036854775808");
    prints(s, 0, 4, "0");
    prints(s, 1, 3, "0");
    prints(s, 1, 4, "9223372036854775807");
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(cqlr_source_print(s, 2 * sets, 0, &w), CQLR_E_RANGE);
    assert_int_equal(cqlr_source_print(s, 0, 5, &w), CQLR_E_RANGE);
    cqlr_source_free(s);
    s = cqlr_source_lines(0, NULL, &err);
    assert_int_equal(cqlr_source_print(s, 0, 0, &w), CQLR_E_RANGE);
    assert_int_equal(w.n, 0);
    cqlr_source_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_cover_the_ring_without_gap_or_overlap),
        cmocka_unit_test(four_pieces_are_the_quarters),
        cmocka_unit_test(an_end_turns_with_its_start_among_other_parameters),
        cmocka_unit_test(parameters_print_as_they_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

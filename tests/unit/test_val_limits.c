/*
 * test_val_limits.c - types and values at the edge of what is allowed: a caller's type that is too
 * deep or too wide, numbers too large for their text, elements that have failed.
 */
#include "tests/unit/val_help.h"

/* A list of a list of ... of int, n types in all. */
static const struct cqlr_type *nested(struct cqlr_type *t, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        t[i] = (struct cqlr_type){.id = CQLR_TYPE_LIST, .count = 1, .sub = &t[i + 1]};
    t[n - 1] = (struct cqlr_type){.id = CQLR_TYPE_INT};
    return t;
}

static void a_type_of_a_caller_nests_as_deep_as_one_of_a_server(void **state)
{
    struct cqlr_type types[CQLR_TYPE_DEPTH + 2];
    (void)state;
    for (int too_deep = 0; too_deep < 2; too_deep++) {
        const struct cqlr_type *t = nested(types, CQLR_TYPE_DEPTH + (unsigned)too_deep);
        struct cqlr_wr w;
        cqlr_wr_init(&w, NULL, 0);
        cqlr_type_write(&w, t);
        assert_int_equal(w.rc, too_deep ? CQLR_E_RANGE : 0);
        cqlr_wr_reset(&w);
        cqlr_type_print(&w, t);
        assert_int_equal(w.rc, too_deep ? CQLR_E_RANGE : 0);
        cqlr_wr_fini(&w);
    }
}

/* One value in each list, so that the innermost is reached. */
static void a_value_nests_as_deep_as_its_type_may(void **state)
{
    enum { N = CQLR_TYPE_DEPTH + 1 };
    struct cqlr_type types[N + 1];
    char text[2 * N + 2];
    char hex[16 * N + 17] = "";
    (void)state;
    for (unsigned n = N - 1; n <= N; n++) {
        const struct cqlr_type *t = nested(types, n);
        unsigned lists = n - 1;
        memset(text, '[', lists);
        text[lists] = '7';
        memset(text + lists + 1, ']', lists);
        text[2 * lists + 1] = '\0';
        hex[0] = '\0';
        for (unsigned i = lists; i-- > 0;)
            snprintf(hex + strlen(hex), 17, "00000001%08x", 8 * i + 4);
        snprintf(hex + strlen(hex), 9, "00000007");
        if (n < N) {
            assert_parses(t, text, hex);
            assert_prints(t, hex, text);
            assert_from_json(t, text, hex);
            continue;
        }
        assert_string_equal(parse_text(t, text), "!type: nested too deep");
        assert_string_equal(print_hex(t, hex, CQLR_TEXT), "!type: nested too deep");
        assert_string_equal(read_json(t, text), "!type: nested too deep");
    }
}

static void a_type_has_as_many_members_as_its_count_can_say(void **state)
{
    static struct cqlr_type members[UINT16_MAX + 1];
    struct cqlr_type tuple = {.id = CQLR_TYPE_TUPLE, .count = UINT16_MAX, .sub = members};
    struct cqlr_wr w;
    (void)state;
    for (uint32_t i = 0; i <= UINT16_MAX; i++)
        members[i].id = CQLR_TYPE_INT;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_type_write(&w, &tuple);
    assert_int_equal(w.rc, 0);
    tuple.count++;
    cqlr_type_write(&w, &tuple);
    assert_int_equal(w.rc, CQLR_E_RANGE);
    cqlr_wr_fini(&w);
}

/* More than 16 KiB of digits would take too long to turn into text: such a decimal is hex. */
static void a_decimal_that_is_too_large_for_digits_is_hex_both_ways(void **state)
{
    enum { N = 4 + 20000 };
    static uint8_t bytes[N];
    static char hex[2 * N + 3] = "0x";
    (void)state;
    memset(bytes + 4, 0x5A, N - 4);
    for (size_t i = 0; i < N; i++)
        snprintf(hex + 2 + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(print_bytes(TYPE(DECIMAL), bytes, N, CQLR_TEXT), hex);
    assert_string_equal(parse_text(TYPE(DECIMAL), hex), hex + 2);
}

static void elements_that_have_failed_stay_failed(void **state)
{
    const struct cqlr_value cut = {(const uint8_t *)"\0\0\0\2\0\0\0\1x\0\0\0\2y", 14};
    struct cqlr_elements e;
    struct cqlr_value v;
    const struct cqlr_type *t;
    struct cqlr_err err;
    (void)state;
    assert_int_equal(cqlr_elements_init(&e, SUB(LIST, 1, {.id = CQLR_TYPE_BLOB}), cut, &err), 0);
    assert_int_equal(cqlr_elements_next(&e, &v, &t), 1);
    assert_int_equal(cqlr_elements_next(&e, &v, &t), CQLR_E_PROTO);
    assert_int_equal(cqlr_elements_next(&e, &v, &t), CQLR_E_PROTO);
}

static void a_float_is_its_four_bytes(void **state)
{
    const struct cqlr_value v = {(const uint8_t *)"\x3F\xC0\0\0", 4};
    const struct cqlr_value wide = {(const uint8_t *)"\x3F\xC0\0\0\0", 5};
    float f = 0;
    (void)state;
    assert_int_equal(cqlr_value_float(v, &f), 0);
    assert_true(f == 1.5f);
    assert_int_equal(cqlr_value_float(wide, &f), CQLR_E_TYPE);
    assert_int_equal(cqlr_value_float((struct cqlr_value){NULL, CQLR_NULL}, &f), CQLR_E_TYPE);
    assert_true(f == 1.5f);
    assert_literal(TYPE(FLOAT), "7f800000", "Infinity");
    assert_parses(TYPE(FLOAT), "-inf", "ff800000");
}

/* 2^53 - 1 and a little less than a half more is rounded up to the next power of two; digits beyond
 * those that are counted still tell that there are some. */
static void a_double_is_rounded_at_the_edges(void **state)
{
    static char text[1200];
    (void)state;
    assert_parses(TYPE(DOUBLE), "18014398509481983.9", "4350000000000000");
    assert_prints(TYPE(DOUBLE), "43b0000000000000", "1.152921504606847e+18");
    assert_prints(TYPE(DOUBLE), "0010000000000000", "2.2250738585072014e-308");
    assert_prints(TYPE(FLOAT), "00800000", "1.1754944e-38");
    memset(text, '0', sizeof text - 1);
    text[0] = '1';
    text[1] = '.';
    assert_parses(TYPE(DOUBLE), text, "3ff0000000000000");
    /* 1 + 2^-53 is halfway: to the even one; with anything behind it, up. */
    memcpy(text, "1.00000000000000011102230246251565404236316680908203125", 55);
    assert_parses(TYPE(DOUBLE), text, "3ff0000000000000");
    text[sizeof text - 2] = '1';
    assert_parses(TYPE(DOUBLE), text, "3ff0000000000001");
}

static void a_duration_fits_its_parts_or_is_refused(void **state)
{
    static const char *const wrong[] = {"P99999999999Y",
                                        "P178956970Y9M",
                                        "PT1HT",
                                        "P1DT",
                                        "PT",
                                        "P1X",
                                        "P1Y1Y",
                                        "P1",
                                        "99999999999y",
                                        "178956970y9mo",
                                        "1h1h",
                                        "1",
                                        "9223372036s9h",
                                        "PT1D",
                                        "P1M1YT",
                                        "-P"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused(TYPE(DURATION), wrong[i]);
    assert_prints(TYPE(DURATION), "000100", "-1d");
    assert_prints(TYPE(DURATION), "000001", "-1ns");
    assert_prints(TYPE(DURATION), "000002", "1ns");
    assert_parses(TYPE(DURATION), "-P1DT1H", "0001fc068c61713fff");
}

/* An integer as a value: the ends of each type's range, and one behind. */
static int as_int(const struct cqlr_type *t, int64_t n)
{
    struct cqlr_wr w;
    struct cqlr_err err;
    cqlr_wr_init(&w, NULL, 0);
    int rc = cqlr_value_from_int(&w, t, n, &err);
    assert_true(rc == 0 || w.n == 0);
    cqlr_wr_fini(&w);
    return rc;
}

static void an_integer_fits_to_the_end_of_the_range(void **state)
{
    const int64_t day = INT64_C(86400000000000);
    (void)state;
    assert_int_equal(as_int(TYPE(TIME), 0), 0);
    assert_int_equal(as_int(TYPE(TIME), day - 1), 0);
    assert_int_equal(as_int(TYPE(TIME), day), CQLR_E_TYPE);
    assert_int_equal(as_int(TYPE(TIME), -1), CQLR_E_TYPE);
    assert_int_equal(as_int(TYPE(DATE), INT32_MIN), 0);
    assert_int_equal(as_int(TYPE(DATE), INT32_MAX), 0);
    assert_int_equal(as_int(TYPE(DATE), INT64_C(1) + INT32_MAX), CQLR_E_TYPE);
    assert_int_equal(as_int(TYPE(DATE), INT64_C(-1) + INT32_MIN), CQLR_E_TYPE);
    assert_int_equal(as_int(TYPE(FLOAT), 0), 0);
    assert_int_equal(as_int(TYPE(FLOAT), (1 << 24) + 1), CQLR_E_TYPE);
    assert_int_equal(as_int(TYPE(BLOB), 1), CQLR_E_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_of_a_caller_nests_as_deep_as_one_of_a_server),
        cmocka_unit_test(a_value_nests_as_deep_as_its_type_may),
        cmocka_unit_test(a_type_has_as_many_members_as_its_count_can_say),
        cmocka_unit_test(a_decimal_that_is_too_large_for_digits_is_hex_both_ways),
        cmocka_unit_test(elements_that_have_failed_stay_failed),
        cmocka_unit_test(a_float_is_its_four_bytes),
        cmocka_unit_test(a_double_is_rounded_at_the_edges),
        cmocka_unit_test(a_duration_fits_its_parts_or_is_refused),
        cmocka_unit_test(an_integer_fits_to_the_end_of_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

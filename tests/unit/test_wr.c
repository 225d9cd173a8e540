/*
 * test_wr.c - the sticky writer: layout, growth, limit, no memory, lengths that do not fit their
 * field.
 */
#include "tests/unit/msg_help.h"

static void fields_are_laid_out_as_the_protocol_says(void **state)
{
    static const uint8_t expected[] = "\xAA\xBB\xCC\x80\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"
                                      "\0\1s\0\0\0\2ls\0\1b\0\0\0\1v\0\0\0\0\xFF\xFF\xFF\xFF"
                                      "\xFF\xFF\xFF\xFE";
    struct cqlr_wr w;
    struct cqlr_bytes b = {(const uint8_t *)"b", 1};
    struct cqlr_value v = {(const uint8_t *)"v", 1};
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_u8(&w, 0xAA);
    cqlr_wr_u16(&w, 0xBBCC);
    cqlr_wr_i32(&w, INT32_MIN);
    cqlr_wr_i64(&w, -2);
    cqlr_wr_string(&w, cqlr_cstr("s"));
    cqlr_wr_long_string(&w, cqlr_cstr("ls"));
    cqlr_wr_short_bytes(&w, b);
    cqlr_wr_value(&w, v);
    cqlr_wr_value(&w, (struct cqlr_value){NULL, 0});
    cqlr_wr_value(&w, NONE);
    cqlr_wr_value(&w, (struct cqlr_value){NULL, CQLR_UNSET});
    assert_int_equal(w.rc, 0);
    assert_int_equal(w.n, sizeof expected - 1);
    assert_memory_equal(w.p, expected, w.n);
    cqlr_wr_fini(&w);
}

static void growth_doubles_and_frees_what_it_took(void **state)
{
    struct counter c;
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, counter_init(&c, 0), 0);
    assert_int_equal(c.calls, 0);
    for (int i = 0; i < 1 << 20; i++)
        cqlr_wr_u8(&w, (uint8_t)i);
    assert_int_equal(w.rc, 0);
    assert_in_range(c.calls, 1, 16);
    assert_true(w.cap <= 2u << 20);
    assert_int_equal(c.live, w.cap);
    for (size_t i = 0; i < w.n; i++)
        assert_int_equal(w.p[i], i & 0xFF);
    cqlr_wr_fini(&w);
    assert_int_equal(c.live, 0);
}

static void reset_keeps_the_memory_and_forgets_the_error(void **state)
{
    struct counter c;
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, counter_init(&c, 0), 300);
    assert_non_null(cqlr_wr_room(&w, 300));
    cqlr_wr_u8(&w, 1);
    assert_int_equal(w.rc, CQLR_E_LIMIT);
    cqlr_wr_reset(&w);
    assert_non_null(cqlr_wr_room(&w, 300));
    assert_int_equal(c.calls, 1);
    cqlr_wr_fini(&w);
}

static void limit_is_never_passed_and_the_failure_stays(void **state)
{
    struct counter c;
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, counter_init(&c, 0), 10);
    cqlr_wr_i64(&w, 1);
    cqlr_wr_i32(&w, 2);
    assert_int_equal(w.rc, CQLR_E_LIMIT);
    cqlr_wr_u8(&w, 3); /* would fit */
    assert_int_equal(w.n, 8);
    assert_true(w.cap <= 10);
    assert_null(cqlr_wr_room(&w, 1));
    cqlr_wr_string(&w, (struct cqlr_str){NULL, 65536});
    assert_int_equal(w.rc, CQLR_E_LIMIT);
    cqlr_wr_fini(&w);

    cqlr_wr_init(&w, &c.mem, 0);
    assert_null(cqlr_wr_room(&w, SIZE_MAX));
    assert_int_equal(w.rc, CQLR_E_LIMIT);
    cqlr_wr_fini(&w);
    assert_true(c.largest <= 10);
}

static void room_that_is_there_costs_nothing(void **state)
{
    struct counter c;
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, counter_init(&c, 0), 300);
    assert_int_equal(cqlr_wr_grow(&w, 10), 0);
    assert_int_equal(cqlr_wr_grow(&w, 10), 0);
    assert_int_equal(c.calls, 1);
    assert_non_null(cqlr_wr_room(&w, 290)); /* to the limit, not to double */
    assert_int_equal(w.cap, 300);
    w.rc = CQLR_E_RANGE;
    assert_int_equal(cqlr_wr_grow(&w, 1), CQLR_E_RANGE);
    cqlr_wr_fini(&w);
}

static void no_memory_leaves_what_was_written(void **state)
{
    struct counter c;
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, counter_init(&c, 2), 0);
    cqlr_wr_i32(&w, 7);
    assert_null(cqlr_wr_room(&w, 4096));
    assert_int_equal(w.rc, CQLR_E_NOMEM);
    assert_int_equal(w.n, 4);
    assert_int_equal(cqlr_be32(w.p), 7);
    cqlr_wr_fini(&w);
    assert_int_equal(c.live, 0);
}

static void lengths_that_do_not_fit_their_field(void **state)
{
    struct cqlr_wr w;
    struct cqlr_str s = {calloc(1, 65536), 65536};
    struct cqlr_span span = {65536, (const uint8_t *)s.p, 0};
    (void)state;
    assert_non_null(s.p);
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_string(&w, s);
    assert_int_equal(w.rc, CQLR_E_RANGE);
    assert_int_equal(w.n, 0);
    cqlr_wr_reset(&w);
    cqlr_wr_span(&w, span);
    assert_int_equal(w.rc, CQLR_E_RANGE);
    cqlr_wr_reset(&w);
    cqlr_wr_long_string(&w, (struct cqlr_str){s.p, (size_t)INT32_MAX + 1});
    assert_int_equal(w.rc, CQLR_E_RANGE);
    cqlr_wr_reset(&w);
    s.n = 65535;
    cqlr_wr_string(&w, s);
    assert_int_equal(w.rc, 0);
    assert_int_equal(w.n, 65537);
    cqlr_wr_fini(&w);
    free((void *)(uintptr_t)s.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_laid_out_as_the_protocol_says),
        cmocka_unit_test(growth_doubles_and_frees_what_it_took),
        cmocka_unit_test(reset_keeps_the_memory_and_forgets_the_error),
        cmocka_unit_test(limit_is_never_passed_and_the_failure_stays),
        cmocka_unit_test(room_that_is_there_costs_nothing),
        cmocka_unit_test(no_memory_leaves_what_was_written),
        cmocka_unit_test(lengths_that_do_not_fit_their_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

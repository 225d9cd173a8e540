/*
 * test_rd.c - the sticky reader: bounds, the first error, lists and maps whose counts lie.
 */
#include "tests/unit/msg_help.h"

static void integers_are_big_endian_and_signed(void **state)
{
    static const uint8_t p[] = {0xFE, 0xFE, 0xFD, 0xFF, 0xFF, 0xFF, 0xFE, 0x80,
                                0,    0,    0,    0,    0,    0,    1};
    struct body b;
    struct cqlr_rd *r = body_init(&b, p, sizeof p);
    (void)state;
    assert_int_equal(cqlr_rd_u8(r, "a"), 0xFE);
    assert_int_equal(cqlr_rd_u16(r, "b"), 0xFEFD);
    assert_int_equal(cqlr_rd_i32(r, "c"), -2);
    assert_true(cqlr_rd_i64(r, "d") == INT64_MIN + 1);
    assert_int_equal(cqlr_rd_left(r), 0);
    assert_int_equal(r->rc, 0);
    body_fini(&b);
}

static void first_error_stays_and_names_field_and_place(void **state)
{
    static const uint8_t p[] = {1, 2, 3, 4, 5};
    struct body b;
    struct cqlr_rd *r = body_init(&b, p, sizeof p);
    (void)state;
    cqlr_rd_u16(r, "first");
    assert_int_equal(cqlr_rd_i32(r, "second"), 0);
    assert_int_equal(cqlr_rd_u8(r, "third"), 0);
    assert_null(cqlr_rd_raw(r, 1, "fourth"));
    cqlr_rd_bad(r, "fifth", "wrong");
    assert_int_equal(r->rc, CQLR_E_PROTO);
    assert_string_equal(b.err.text, "second: need 4 bytes, 3 left at 2");
    assert_int_equal(b.err.offset, 2);
    assert_int_equal(cqlr_rd_left(r), 0);
    body_fini(&b);
}

static void no_bytes_at_all_can_be_read_from(void **state)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    (void)state;
    cqlr_rd_init(&r, NULL, 0, &err);
    assert_non_null(cqlr_rd_raw(&r, 0, "nothing"));
    assert_int_equal(r.rc, 0);
    assert_int_equal(cqlr_rd_u8(&r, "byte"), 0);
    assert_int_equal(r.rc, CQLR_E_PROTO);
}

static void string_longer_than_the_message(void **state)
{
    struct body b;
    struct cqlr_str s = cqlr_rd_string(body_init(&b, "\xFF\xFFxyz", 5), "name");
    (void)state;
    assert_int_equal(s.n, 0);
    assert_malformed(&b, b.r.rc, "name: need 65535 bytes, 3 left at 2");
    body_fini(&b);
}

static void null_empty_and_bytes_are_three_things(void **state)
{
    static const uint8_t p[] = {0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0,    0,    0,
                                0,    1,    'x',  0x80, 0, 0, 0, 0xFF, 0xFF, 0xFF};
    struct body b;
    struct cqlr_rd *r = body_init(&b, p, sizeof p);
    (void)state;
    assert_int_equal(cqlr_rd_bytes(r, "a").n, CQLR_NULL);
    struct cqlr_value empty = cqlr_rd_bytes(r, "b");
    assert_int_equal(empty.n, 0);
    assert_non_null(empty.p);
    struct cqlr_value x = cqlr_rd_bytes(r, "c");
    assert_int_equal(x.n, 1);
    assert_int_equal(x.p[0], 'x');
    assert_int_equal(cqlr_rd_bytes(r, "INT32_MIN is null too").n, CQLR_NULL);
    assert_int_equal(r->rc, 0);
    assert_int_equal(cqlr_rd_bytes(r, "cut").n, CQLR_NULL);
    assert_int_equal(r->rc, CQLR_E_PROTO);
    body_fini(&b);
}

static void value_may_be_unset_but_nothing_lower(void **state)
{
    static const uint8_t p[] = {0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFD};
    struct body b;
    struct cqlr_rd *r = body_init(&b, p, sizeof p);
    (void)state;
    assert_int_equal(cqlr_rd_value(r, "v").n, CQLR_UNSET);
    assert_int_equal(cqlr_rd_value(r, "v").n, CQLR_NULL);
    assert_malformed(&b, r->rc, "v: value length below -2 at 4");
    body_fini(&b);
}

static void long_string_has_no_negative_length(void **state)
{
    struct body b;
    (void)state;
    assert_str(cqlr_rd_long_string(body_init(&b, "\0\0\0\2hi", 6), "text"), "hi");
    assert_int_equal(b.r.rc, 0);
    body_fini(&b);
    cqlr_rd_long_string(body_init(&b, "\x80\0\0\0hi", 6), "text");
    assert_malformed(&b, b.r.rc, "text: negative length at 0");
    body_fini(&b);
}

static void address_is_of_4_or_16_bytes(void **state)
{
    struct body b;
    (void)state;
    assert_int_equal(cqlr_rd_inetaddr(body_init(&b, "\4\177\0\0\1", 5), "address").n, 4);
    assert_int_equal(b.r.rc, 0);
    body_fini(&b);
    cqlr_rd_inetaddr(body_init(&b, "\5\177\0\0\1\2", 6), "address");
    assert_malformed(&b, b.r.rc, "address: address size is not 4 or 16 at 0");
    body_fini(&b);
    cqlr_rd_inetaddr(body_init(&b, "", 0), "address");
    assert_malformed(&b, b.r.rc, "address: need 1 bytes, 0 left at 0");
    body_fini(&b);
}

static void lists_and_maps_are_walked_entry_by_entry(void **state)
{
    static const uint8_t p[] = "\0\2\0\1k\0\2\0\1a\0\0\0\1q\0\0"
                               "rest";
    struct body b;
    struct cqlr_rd *r = body_init(&b, p, sizeof p - 1);
    struct cqlr_span map = cqlr_rd_string_multimap(r, "options");
    struct cqlr_span list;
    struct cqlr_str s;
    (void)state;
    assert_int_equal(r->rc, 0);
    assert_int_equal(map.count, 2);
    assert_int_equal(cqlr_rd_left(r), 4);
    assert_true(cqlr_string_multimap_next(&map, &s, &list));
    assert_str(s, "k");
    assert_true(cqlr_string_list_next(&list, &s));
    assert_str(s, "a");
    assert_true(cqlr_string_list_next(&list, &s));
    assert_str(s, "");
    assert_false(cqlr_string_list_next(&list, &s));
    assert_true(cqlr_string_multimap_next(&map, &s, &list));
    assert_str(s, "q");
    assert_int_equal(list.count, 0);
    assert_false(cqlr_string_multimap_next(&map, &s, &list));
    body_fini(&b);
}

static void bytes_map_keeps_null_apart_from_empty(void **state)
{
    static const uint8_t p[] = "\0\2\0\1a\377\377\377\377\0\1b\0\0\0\0";
    struct body b;
    struct cqlr_span map = cqlr_rd_bytes_map(body_init(&b, p, sizeof p - 1), "payload");
    struct cqlr_str k;
    struct cqlr_value v;
    (void)state;
    assert_int_equal(b.r.rc, 0);
    assert_true(cqlr_bytes_map_next(&map, &k, &v));
    assert_int_equal(v.n, CQLR_NULL);
    assert_true(cqlr_bytes_map_next(&map, &k, &v));
    assert_int_equal(v.n, 0);
    assert_false(cqlr_bytes_map_next(&map, &k, &v));
    body_fini(&b);
}

static void count_of_a_list_is_bounded_by_the_bytes_left(void **state)
{
    struct body b;
    (void)state;
    struct cqlr_span s = cqlr_rd_string_list(body_init(&b, "\xFF\xFF\0\0\0\0", 6), "list");
    assert_int_equal(s.count, 0);
    assert_malformed(&b, b.r.rc, "list: need 131070 bytes, 4 left at 2");
    body_fini(&b);
    cqlr_rd_bytes_map(body_init(&b, "\0\1\0\0\0\0", 6), "map");
    assert_malformed(&b, b.r.rc, "map: need 6 bytes, 4 left at 2");
    body_fini(&b);
}

static void entry_that_runs_over_the_end_gives_no_list(void **state)
{
    struct body b;
    (void)state;
    struct cqlr_span s = cqlr_rd_string_map(body_init(&b, "\0\1\0\1k\0\5v", 8), "map");
    assert_int_equal(s.count, 0);
    assert_int_equal(s.n, 0);
    assert_malformed(&b, b.r.rc, "map: need 5 bytes, 1 left at 7");
    body_fini(&b);
}

static void hand_made_span_ends_where_its_bytes_end(void **state)
{
    static const uint8_t p[] = {0, 1, 'a', 0, 9, 'b'};
    struct cqlr_span it = {100, p, sizeof p};
    struct cqlr_str s;
    (void)state;
    assert_true(cqlr_string_list_next(&it, &s));
    assert_str(s, "a");
    assert_false(cqlr_string_list_next(&it, &s));
    assert_int_equal(it.count, 0);
    assert_false(cqlr_string_list_next(&it, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_big_endian_and_signed),
        cmocka_unit_test(first_error_stays_and_names_field_and_place),
        cmocka_unit_test(no_bytes_at_all_can_be_read_from),
        cmocka_unit_test(string_longer_than_the_message),
        cmocka_unit_test(null_empty_and_bytes_are_three_things),
        cmocka_unit_test(value_may_be_unset_but_nothing_lower),
        cmocka_unit_test(long_string_has_no_negative_length),
        cmocka_unit_test(address_is_of_4_or_16_bytes),
        cmocka_unit_test(lists_and_maps_are_walked_entry_by_entry),
        cmocka_unit_test(bytes_map_keeps_null_apart_from_empty),
        cmocka_unit_test(count_of_a_list_is_bounded_by_the_bytes_left),
        cmocka_unit_test(entry_that_runs_over_the_end_gives_no_list),
        cmocka_unit_test(hand_made_span_ends_where_its_bytes_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

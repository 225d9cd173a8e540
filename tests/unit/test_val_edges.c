/*
 * test_val_edges.c - values at the edge of what servers let through: elements that are null or of a
 * length below -1, entries that stand twice, short and long tuples, times and dates that libc has
 * no place for, numbers of any size in any place.
 */
#include "tests/unit/val_help.h"

#define INT_                                                                                       \
    {                                                                                              \
        .id = CQLR_TYPE_INT                                                                        \
    }

static const struct cqlr_type udt_subs[] = {INT_, INT_};
static const struct cqlr_str udt_fields[] = {{"a", 1}, {"b", 1}};
static const struct cqlr_type udt = {
    .id = CQLR_TYPE_UDT, .count = 2, .sub = udt_subs, .field = udt_fields, .name = {"pair", 4}};

static void an_element_of_any_negative_length_is_null(void **state)
{
    static const char *const lengths[] = {"ffffffff", "fffffffe", "80000000"};
    char hex[40];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        snprintf(hex, sizeof hex, "00000001%s", lengths[i]);
        assert_prints(SUB(LIST, 1, INT_), hex, "[null]");
        assert_prints(SUB(SET, 1, INT_), hex, "{null}");
        assert_json(SUB(SET, 1, INT_), hex, "[null]");
        snprintf(hex, sizeof hex, "00000001%s%s", lengths[i], lengths[i]);
        assert_prints(SUB(MAP, 2, INT_, INT_), hex, "{null: null}");
        assert_json(SUB(MAP, 2, INT_, INT_), hex, "{\"null\": null}");
        assert_prints(SUB(TUPLE, 2, INT_, INT_), lengths[i], "(null, null)");
    }
}

static void keys_that_stand_twice_are_kept_in_order(void **state)
{
    const char *hex = "00000003"
                      "00000004000000020000000400000001"
                      "00000004000000010000000400000002"
                      "00000004000000020000000400000003";
    (void)state;
    const struct cqlr_type *t = SUB(MAP, 2, INT_, INT_);
    assert_prints(t, hex, "{2: 1, 1: 2, 2: 3}");
    assert_parses(t, "{2: 1, 1: 2, 2: 3}", hex);
    assert_json(t, hex, "{\"2\": 1, \"1\": 2, \"2\": 3}");
    assert_from_json(t, "{\"2\": 1, \"1\": 2, \"2\": 3}", hex);
    assert_prints(SUB(SET, 1, INT_), "0000000200000004000000010000000400000001", "{1, 1}");
}

static void tuples_and_udts_may_be_short_but_not_long(void **state)
{
    (void)state;
    assert_prints(SUB(TUPLE, 2, INT_, INT_), "0000000400000001", "(1, null)");
    assert_json(SUB(TUPLE, 2, INT_, INT_), "0000000400000001", "[1, null]");
    assert_prints(&udt, "0000000400000001", "{a: 1, b: null}");
    assert_json(&udt, "0000000400000001", "{\"a\": 1, \"b\": null}");
    print_hex(&udt, "000000040000000100000004000000020000000400000003", CQLR_TEXT);
    assert_int_equal(answer.rc, CQLR_E_PROTO);
    print_hex(&udt, "0000000400000001000000040000000200", CQLR_TEXT);
    assert_int_equal(answer.rc, CQLR_E_PROTO);
}

/* A list of n elements without bytes, and a count that claims one more. */
static void counts_are_believed_to_the_last_byte(void **state)
{
    (void)state;
    assert_prints(SUB(LIST, 1, {.id = CQLR_TYPE_VARCHAR}), "000000020000000000000000", "['', '']");
    print_hex(SUB(LIST, 1, {.id = CQLR_TYPE_VARCHAR}), "000000030000000000000000", CQLR_TEXT);
    assert_int_equal(answer.rc, CQLR_E_PROTO);
    print_hex(SUB(MAP, 2, INT_, INT_), "400000000000000000000000", CQLR_TEXT); /* × 2 × 4 is 2^33 */
    assert_int_equal(answer.rc, CQLR_E_PROTO);
}

static void empty_is_not_null_in_any_style(void **state)
{
    static const enum cqlr_type_id ids[] = {
        CQLR_TYPE_INT,    CQLR_TYPE_BIGINT,    CQLR_TYPE_FLOAT,  CQLR_TYPE_DOUBLE,
        CQLR_TYPE_VARINT, CQLR_TYPE_DECIMAL,   CQLR_TYPE_UUID,   CQLR_TYPE_TIMEUUID,
        CQLR_TYPE_INET,   CQLR_TYPE_TIMESTAMP, CQLR_TYPE_BOOLEAN};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const struct cqlr_type t = {.id = ids[i]};
        assert_literal(&t, "", "''");
        assert_json(&t, "", "\"\"");
        assert_string_equal(print_bytes(&t, NULL, CQLR_NULL, CQLR_LITERAL), "null");
        assert_string_equal(print_bytes(&t, NULL, CQLR_NULL, CQLR_JSON), "null");
        assert_parses(&t, "''", "");
        assert_from_json(&t, "\"\"", "");
        assert_prints(SUB(TUPLE, 2, t, t), "00000000ffffffff", "('', null)");
        assert_parses(SUB(TUPLE, 2, t, t), "('', null)", "00000000ffffffff");
        assert_from_json(SUB(TUPLE, 2, t, t), "[\"\", null]", "00000000ffffffff");
    }
}

static void dates_and_times_at_the_ends_of_their_types(void **state)
{
    (void)state;
    assert_prints(TYPE(DATE), "00000000", "-5877641-06-23");
    assert_prints(TYPE(DATE), "ffffffff", "+5881580-07-11");
    assert_prints(TYPE(TIMESTAMP), "8000000000000000", "-292275055-05-16T16:47:04.192Z");
    assert_prints(TYPE(TIMESTAMP), "7fffffffffffffff", "+292278994-08-17T07:12:55.807Z");
    assert_prints(TYPE(TIME), "8000000000000000", "-9223372036854775808");
    assert_prints(TYPE(TIME), "7fffffffffffffff", "9223372036854775807");
    assert_prints(TYPE(TIME), "00004e94914f0000", "86400000000000"); /* one behind the last */
}

static void durations_of_nine_byte_vints(void **state)
{
    (void)state;
    /* 1, -1 and 2 in more bytes than they need */
    assert_prints(TYPE(DURATION), "ff0000000000000002ff0000000000000002ff0000000000000004",
                  "1mo1d2ns");
    assert_prints(TYPE(DURATION), "0000fffffffffffffffffe", "2562047h47m16s854ms775us807ns");
    assert_prints(TYPE(DURATION), "0000ffffffffffffffffff", "-2562047h47m16s854ms775us808ns");
    print_hex(TYPE(DURATION), "ff00000001000000000000", CQLR_TEXT); /* 2^31 months */
    assert_int_equal(answer.rc, CQLR_E_TYPE);
    print_hex(TYPE(DURATION), "00fffffffffffffffffe00", CQLR_TEXT); /* 2^63 - 1 days */
    assert_int_equal(answer.rc, CQLR_E_TYPE);
    print_hex(TYPE(DURATION), "0000ffffffffffffffff", CQLR_TEXT); /* cut */
    assert_int_equal(answer.rc, CQLR_E_TYPE);
}

/* 16,385 bytes are over what is turned into digits: 0x wherever the number stands. */
static void huge_numbers_come_back_as_0x_from_anywhere(void **state)
{
    enum { SIZE = 16385 + 4, ROOM = 4 * SIZE };
    static uint8_t bytes[4 + 4 + SIZE];
    static char hex[ROOM], text[ROOM];
    static const enum cqlr_type_id ids[] = {CQLR_TYPE_VARINT, CQLR_TYPE_DECIMAL};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct cqlr_type number = {.id = ids[i]};
        const struct cqlr_type *list = SUB(LIST, 1, number);
        cqlr_put32(bytes, 1);
        cqlr_put32(bytes + 4, SIZE);
        memset(bytes + 8, 0xA5, SIZE);
        for (size_t k = 0; k < sizeof bytes; k++)
            snprintf(hex + 2 * k, 3, "%02x", bytes[k]);
        for (int style = CQLR_TEXT; style <= CQLR_JSON; style++) {
            copy_text(text, sizeof text,
                      print_bytes(&number, bytes + 8, SIZE, (enum cqlr_text_style)style));
            assert_int_equal(strlen(text), 2 + 2 * SIZE + (style == CQLR_JSON ? 2 : 0));
            assert_string_equal(style == CQLR_JSON ? read_json(&number, text)
                                                   : parse_text(&number, text),
                                hex + 16);
            copy_text(text, sizeof text,
                      print_bytes(list, bytes, sizeof bytes, (enum cqlr_text_style)style));
            assert_string_equal(style == CQLR_JSON ? read_json(list, text) : parse_text(list, text),
                                hex);
        }
    }
}

/* Whatever scale and size: no more than 5/2 characters a byte and the zeros of a plain scale. */
static void decimals_are_never_much_longer_than_their_bytes(void **state)
{
    static uint8_t bytes[17000];
    static const int32_t scales[] = {INT32_MIN, -101, -100, -1, 0, 1, 100, 101, INT32_MAX};
    static const int32_t sizes[] = {5, 6, 20, 1000, 16388, 16389, 17000};
    (void)state;
    for (size_t s = 0; s < sizeof scales / sizeof scales[0]; s++) {
        for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
            memset(bytes, 0x9C, sizeof bytes);
            cqlr_put32(bytes, (uint32_t)scales[s]);
            const char *text = print_bytes(TYPE(DECIMAL), bytes, sizes[n], CQLR_JSON);
            assert_int_equal(answer.rc, 0);
            assert_true(strlen(text) <= (size_t)sizes[n] * 5 / 2 + 104);
        }
    }
}

static void a_decimal_without_an_integer_is_an_error(void **state)
{
    static const char *const wrong[] = {"00", "0000", "000000", "00000002"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        print_hex(TYPE(DECIMAL), wrong[i], CQLR_TEXT);
        assert_int_equal(answer.rc, CQLR_E_TYPE);
    }
    assert_refused(TYPE(DECIMAL), "0x00000002");
    print_hex(SUB(LIST, 1, {.id = CQLR_TYPE_DECIMAL}), "000000010000000400000002", CQLR_JSON);
    assert_int_equal(answer.rc, CQLR_E_TYPE);
}

static void integers_need_not_be_minimal(void **state)
{
    (void)state;
    assert_prints(TYPE(VARINT), "000000000000000000000000", "0");
    assert_prints(TYPE(VARINT), "ffffffffffffffffffffffffff", "-1");
    assert_prints(TYPE(VARINT), "00000000000000000000000080", "128");
    assert_prints(TYPE(VARINT), "ffffffffffffffffffffff7f", "-129");
    assert_prints(TYPE(DECIMAL), "000000020000000000000000007b", "1.23");
    assert_prints(TYPE(DECIMAL), "00000002ffffffffffffffffff85", "-1.23");
    assert_prints(TYPE(DECIMAL), "00000002000000", "0.00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_element_of_any_negative_length_is_null),
        cmocka_unit_test(keys_that_stand_twice_are_kept_in_order),
        cmocka_unit_test(tuples_and_udts_may_be_short_but_not_long),
        cmocka_unit_test(counts_are_believed_to_the_last_byte),
        cmocka_unit_test(empty_is_not_null_in_any_style),
        cmocka_unit_test(dates_and_times_at_the_ends_of_their_types),
        cmocka_unit_test(durations_of_nine_byte_vints),
        cmocka_unit_test(huge_numbers_come_back_as_0x_from_anywhere),
        cmocka_unit_test(decimals_are_never_much_longer_than_their_bytes),
        cmocka_unit_test(a_decimal_without_an_integer_is_an_error),
        cmocka_unit_test(integers_need_not_be_minimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

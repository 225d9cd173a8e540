/*
 * test_val_big.c - varint and decimal of any size and scale, and integers as values of other types.
 */
#include "tests/unit/val_help.h"

static void powers_of_ten_have_as_many_zeros(void **state)
{
    static char text[39460], back[100000];
    (void)state;
    for (size_t digits = 1; digits < 39457; digits = digits * 3 / 2 + 1) {
        memset(text, '0', digits);
        text[0] = '1';
        text[digits] = 0;
        copy_text(back, sizeof back, parse_text(TYPE(VARINT), text));
        assert_int_equal(answer.rc, 0);
        assert_prints(TYPE(VARINT), back, text);
    }
}

static void powers_of_two_both_signs_are_minimal(void **state)
{
    (void)state;
    assert_parses(TYPE(VARINT), "340282366920938463463374607431768211456",
                  "0100000000000000000000000000000000");
    assert_parses(TYPE(VARINT), "-170141183460469231731687303715884105728",
                  "80000000000000000000000000000000");
    assert_parses(TYPE(VARINT), "170141183460469231731687303715884105728",
                  "0080000000000000000000000000000000");
    assert_parses(TYPE(VARINT), "-170141183460469231731687303715884105729",
                  "ff7fffffffffffffffffffffffffffffff");
    assert_prints(TYPE(VARINT), "80000000000000000000000000000000",
                  "-170141183460469231731687303715884105728");
    assert_parses(TYPE(VARINT), "-4294967296", "ff00000000");
    assert_parses(TYPE(VARINT), "-0", "00");
    assert_parses(TYPE(VARINT), "+0007", "07");
}

/* Not by the library's own arithmetic: long division of the text by 256. */
static void random_varints_against_division_of_their_text(void **state)
{
    uint64_t seed = 12;
    (void)state;
    for (int i = 0; i < 3000; i++) {
        uint8_t bytes[60];
        int32_t n = 1 + (int32_t)(next_random(&seed) % sizeof bytes);
        for (int32_t k = 0; k < n; k++)
            bytes[k] = (uint8_t)next_random(&seed);
        bytes[0] &= 0x7F;
        char text[200];
        copy_text(text, sizeof text, print_bytes(TYPE(VARINT), bytes, n, CQLR_TEXT));
        for (int32_t k = n; k-- > 0;) {
            unsigned rest = 0;
            for (char *p = text; *p; p++) {
                rest = rest * 10 + (unsigned)(*p - '0');
                *p = (char)('0' + rest / 256);
                rest %= 256;
            }
            assert_int_equal(rest, bytes[k]);
        }
    }
}

static void varints_over_16_kb_are_hex(void **state)
{
    static uint8_t bytes[16385];
    static char hex[2 * sizeof bytes + 3];
    (void)state;
    memset(bytes, 0xAB, sizeof bytes);
    assert_int_equal(print_bytes(TYPE(VARINT), bytes, 16384, CQLR_TEXT)[0], '-');
    copy_text(hex, sizeof hex, print_bytes(TYPE(VARINT), bytes, 16385, CQLR_TEXT));
    assert_int_equal(strlen(hex), 2 + 2 * 16385);
    assert_memory_equal(hex, "0xabab", 6);
    assert_parses(TYPE(VARINT), hex, hex + 2);
    assert_int_equal(print_bytes(TYPE(VARINT), bytes, 16385, CQLR_JSON)[0], '"');
    assert_int_equal(print_bytes(TYPE(DECIMAL), bytes, 16385, CQLR_TEXT)[0], '-');
}

static void too_many_digits_are_refused(void **state)
{
    static char text[39500];
    (void)state;
    memset(text, '9', 39459);
    assert_refused(TYPE(VARINT), text);
    text[39457] = 0;
    parse_text(TYPE(VARINT), text);
    assert_int_equal(answer.rc, 0);
}

static void decimals_up_to_scale_100_are_plain(void **state)
{
    static const struct {
        const char *hex, *text;
    } decimals[] = {{"0000000201", "0.01"},        {"000000020064", "1.00"},
                    {"00000003ce", "-0.050"},      {"0000000200", "0.00"},
                    {"00000000ff", "-1"},          {"0000000164", "10.0"},
                    {"0000000a01", "0.0000000001"}};
    (void)state;
    for (size_t i = 0; i < sizeof decimals / sizeof decimals[0]; i++) {
        assert_prints(TYPE(DECIMAL), decimals[i].hex, decimals[i].text);
        assert_json(TYPE(DECIMAL), decimals[i].hex, decimals[i].text);
    }
    assert_prints(TYPE(DECIMAL), "fffffffe0c", "1200");
    assert_prints(TYPE(DECIMAL), "fffffffe00", "0");
    assert_prints(TYPE(DECIMAL), "0000006401",
                  "0."
                  "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
                  "00000000000000000001");
}

static void decimals_beyond_have_an_exponent(void **state)
{
    static const struct {
        const char *hex, *text;
    } decimals[] = {{"0000006501", "1E-101"},           {"ffffff9b01", "1E+101"},
                    {"000000657b", "1.23E-99"},         {"ffffff9b85", "-1.23E+103"},
                    {"7fffffff01", "1E-2147483647"},    {"8000000001", "1E+2147483648"},
                    {"800000007b", "1.23E+2147483650"}, {"8000000000", "0E+2147483648"},
                    {"7fffffff00", "0E-2147483647"}};
    (void)state;
    for (size_t i = 0; i < sizeof decimals / sizeof decimals[0]; i++) {
        assert_prints(TYPE(DECIMAL), decimals[i].hex, decimals[i].text);
        assert_parses(TYPE(DECIMAL), decimals[i].text, decimals[i].hex);
    }
}

static void forms_of_decimals_that_are_read(void **state)
{
    (void)state;
    assert_parses(TYPE(DECIMAL), "1.5e3", "fffffffe0f");
    assert_parses(TYPE(DECIMAL), "+.5", "0000000105");
    assert_parses(TYPE(DECIMAL), "5.", "0000000005");
    assert_parses(TYPE(DECIMAL), "-00.10", "00000002f6");
    assert_parses(TYPE(DECIMAL), "0.000", "0000000300");
    assert_refused(TYPE(DECIMAL), ".");
    assert_refused(TYPE(DECIMAL), "e5");
    assert_refused(TYPE(DECIMAL), "1e");
    assert_refused(TYPE(DECIMAL), "1.2.3");
    assert_refused(TYPE(DECIMAL), "NaN");
    assert_refused(TYPE(DECIMAL), "1E+2147483649");
    assert_refused(TYPE(DECIMAL), "1E-2147483648");
    assert_refused(TYPE(DECIMAL), "1E99999999999999999999");
    print_hex(TYPE(DECIMAL), "00000002", CQLR_TEXT); /* a scale and nothing else */
    assert_int_equal(answer.rc, CQLR_E_TYPE);
}

static const char *from_int(const struct cqlr_type *t, int64_t n)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    answer.rc = cqlr_value_from_int(&w, t, n, &answer.err);
    keep_answer(&w, 1);
    return answer.rc ? answer.err.text : answer.text;
}

static void an_integer_as_a_value_of_any_type_that_holds_it(void **state)
{
    (void)state;
    assert_string_equal(from_int(TYPE(TINYINT), -128), "80");
    assert_string_equal(from_int(TYPE(TINYINT), 128), "128 is not a tinyint");
    assert_string_equal(from_int(TYPE(SMALLINT), 32767), "7fff");
    assert_string_equal(from_int(TYPE(INT), INT32_MIN), "80000000");
    assert_string_equal(from_int(TYPE(INT), INT64_C(2147483648)), "2147483648 is not an int");
    assert_string_equal(from_int(TYPE(BIGINT), INT64_MIN), "8000000000000000");
    assert_string_equal(from_int(TYPE(COUNTER), 1), "0000000000000001");
    assert_string_equal(from_int(TYPE(TIMESTAMP), -1), "ffffffffffffffff");
    assert_string_equal(from_int(TYPE(VARINT), 128), "0080");
    assert_string_equal(from_int(TYPE(VARINT), INT64_MIN), "8000000000000000");
    assert_string_equal(from_int(TYPE(VARINT), 0), "00");
    assert_string_equal(from_int(TYPE(DECIMAL), -1), "00000000ff");
    assert_string_equal(from_int(TYPE(DATE), 19782), "80004d46");
    assert_string_equal(from_int(TYPE(DATE), INT64_C(2147483648)), "2147483648 is not a date");
    assert_string_equal(from_int(TYPE(TIME), 1), "0000000000000001");
    assert_string_equal(from_int(TYPE(TIME), INT64_C(86400000000000)),
                        "86400000000000 is not a time");
    assert_string_equal(from_int(TYPE(DOUBLE), INT64_C(1) << 53), "4340000000000000");
    assert_string_equal(from_int(TYPE(DOUBLE), (INT64_C(1) << 53) + 1),
                        "9007199254740993 is not a double");
    assert_string_equal(from_int(TYPE(DOUBLE), INT64_MIN), "c3e0000000000000");
    assert_string_equal(from_int(TYPE(FLOAT), 16777216), "4b800000");
    assert_string_equal(from_int(TYPE(FLOAT), 16777217), "16777217 is not a float");
    assert_string_equal(from_int(TYPE(VARCHAR), -5), "2d35");
    assert_string_equal(from_int(TYPE(UUID), 5), "5 is not a uuid");
    assert_string_equal(from_int(SUB(LIST, 1, {.id = CQLR_TYPE_INT}), 5), "5 is not a list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powers_of_ten_have_as_many_zeros),
        cmocka_unit_test(powers_of_two_both_signs_are_minimal),
        cmocka_unit_test(random_varints_against_division_of_their_text),
        cmocka_unit_test(varints_over_16_kb_are_hex),
        cmocka_unit_test(too_many_digits_are_refused),
        cmocka_unit_test(decimals_up_to_scale_100_are_plain),
        cmocka_unit_test(decimals_beyond_have_an_exponent),
        cmocka_unit_test(forms_of_decimals_that_are_read),
        cmocka_unit_test(an_integer_as_a_value_of_any_type_that_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

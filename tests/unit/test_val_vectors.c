/*
 * test_val_vectors.c - values as Cassandra's own serializers write them, in both directions: bytes
 * → text and text → the same bytes.
 */
#include "tests/unit/val_help.h"

struct vector {
    const struct cqlr_type *t;
    const char *hex;
    const char *text;
};

static void check(const struct vector *v)
{
    assert_prints(v->t, v->hex, v->text);
    assert_parses(v->t, v->text, v->hex);
    char literal[1000];
    copy_text(literal, sizeof literal, print_hex(v->t, v->hex, CQLR_LITERAL));
    if (v->t->id != CQLR_TYPE_VARCHAR && v->t->id != CQLR_TYPE_ASCII)
        assert_parses(v->t, literal, v->hex);
}

static void values_of_the_server_both_ways(void **state)
{
    const struct vector vectors[] = {
        {TYPE(VARINT), "7f", "127"},
        {TYPE(VARINT), "0080", "128"},
        {TYPE(VARINT), "ff", "-1"},
        {TYPE(VARINT), "80", "-128"},
        {TYPE(VARINT), "ff7f", "-129"},
        {TYPE(VARINT), "00", "0"},
        {TYPE(VARINT), "010000000000000000", "18446744073709551616"},
        {TYPE(DECIMAL), "000000027b", "1.23"},
        {TYPE(DECIMAL), "0000000285", "-1.23"},
        {TYPE(DECIMAL), "0000000000", "0"},
        {TYPE(DATE), "80004d46", "2024-02-29"},
        {TYPE(DATE), "80000000", "1970-01-01"},
        {TYPE(DATE), "7fffffff", "1969-12-31"},
        {TYPE(TIME), "00004e94914effff", "23:59:59.999999999"},
        {TYPE(TIMESTAMP), "ffffffffffffffff", "1969-12-31T23:59:59.999Z"},
        {TYPE(DURATION), "020406", "1mo2d3ns"},
        {TYPE(DURATION), "010305", "-1mo2d3ns"},
        {TYPE(DURATION), "808000fc068c61714000", "5y4mo1h"},
        {TYPE(DURATION), "f0fffffffef0fffffffefffffffffffffffffe",
         "178956970y7mo2147483647d2562047h47m16s854ms775us807ns"},
        {TYPE(DURATION), "f0fffffffff0ffffffffffffffffffffffffff",
         "-178956970y8mo2147483648d2562047h47m16s854ms775us808ns"},
        {SUB(LIST, 1, {.id = CQLR_TYPE_INT}), "0000000200000004000000010000000400000002", "[1, 2]"},
        {SUB(LIST, 1, {.id = CQLR_TYPE_INT}), "00000000", "[]"},
        {SUB(SET, 1, {.id = CQLR_TYPE_VARCHAR}), "000000010000000161", "{'a'}"},
        {SUB(MAP, 2, {.id = CQLR_TYPE_VARCHAR}, {.id = CQLR_TYPE_INT}),
         "0000000100000001610000000400000001", "{'a': 1}"},
        {SUB(TUPLE, 2, {.id = CQLR_TYPE_INT}, {.id = CQLR_TYPE_VARCHAR}),
         "0000000400000001ffffffff", "(1, null)"},
        {TYPE(BOOLEAN), "01", "true"},
        {TYPE(BOOLEAN), "00", "false"},
        {TYPE(TINYINT), "80", "-128"},
        {TYPE(SMALLINT), "7fff", "32767"},
        {TYPE(INT), "80000000", "-2147483648"},
        {TYPE(BIGINT), "8000000000000000", "-9223372036854775808"},
        {TYPE(COUNTER), "0000000000000005", "5"},
        {TYPE(BLOB), "00ff", "0x00ff"},
        {TYPE(BLOB), "", "0x"},
        {TYPE(ASCII), "612762", "a'b"},
        {TYPE(VARCHAR), "", ""},
        {TYPE(VARCHAR), "e282ac", "\xE2\x82\xAC"},
        {TYPE(UUID), "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"},
        {TYPE(TIMEUUID), "0123456789ab11ee80000123456789ab",
         "01234567-89ab-11ee-8000-0123456789ab"},
        {TYPE(INET), "0a000001", "10.0.0.1"},
        {TYPE(INET), "20010db8000000000000000000000001", "2001:db8::1"},
        {TYPE(FLOAT), "40400000", "3.0"},
        {TYPE(DOUBLE), "3ff8000000000000", "1.5"},
        {TYPE(CUSTOM), "0161026263", "0x0161026263"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        check(&vectors[i]);
}

static void a_decimal_with_a_negative_scale(void **state)
{
    (void)state;
    assert_parses(TYPE(DECIMAL), "1E+3", "fffffffd01");
    assert_prints(TYPE(DECIMAL), "fffffffd01", "1000");
}

static void any_byte_but_zero_is_true(void **state)
{
    (void)state;
    assert_prints(TYPE(BOOLEAN), "02", "true");
}

static void a_varint_need_not_be_minimal(void **state)
{
    (void)state;
    assert_prints(TYPE(VARINT), "00000001", "1");
    assert_prints(TYPE(VARINT), "ffffffffffffffffffffffff80", "-128");
}

static void elements_missing_at_the_end_of_a_tuple_are_null(void **state)
{
    (void)state;
    const struct cqlr_type *t = SUB(TUPLE, 2, {.id = CQLR_TYPE_INT}, {.id = CQLR_TYPE_VARCHAR});
    assert_prints(t, "0000000400000001", "(1, null)");
    assert_parses(t, "(1)", "0000000400000001");
}

/* Where the machine's registers are wider than a double, these come out wrong when they are rounded
 * to the register first. */
static void a_double_is_rounded_once_on_every_machine(void **state)
{
    (void)state;
    assert_parses(TYPE(DOUBLE), "809753440919303e-6", "41c821edb075abb9");
    assert_parses(TYPE(DOUBLE), "763735420594977e16", "46581967d524a68b");
    assert_parses(TYPE(DOUBLE), "698698796900976e-20", "3edd4e38a0f6b2af");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_the_server_both_ways),
        cmocka_unit_test(a_decimal_with_a_negative_scale),
        cmocka_unit_test(any_byte_but_zero_is_true),
        cmocka_unit_test(a_varint_need_not_be_minimal),
        cmocka_unit_test(a_double_is_rounded_once_on_every_machine),
        cmocka_unit_test(elements_missing_at_the_end_of_a_tuple_are_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

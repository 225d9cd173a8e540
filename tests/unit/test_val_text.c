/*
 * test_val_text.c - the three styles of text: null, empty, quotes and brackets; literals of nested
 * types read back; inet and uuid; what errors say.
 */
#include "tests/unit/val_help.h"

#define INT_                                                                                       \
    {                                                                                              \
        .id = CQLR_TYPE_INT                                                                        \
    }
#define TEXT_                                                                                      \
    {                                                                                              \
        .id = CQLR_TYPE_VARCHAR                                                                    \
    }
#define STR(s)                                                                                     \
    {                                                                                              \
        s, sizeof s - 1                                                                            \
    }

static const struct cqlr_str pair_fields[] = {STR("field"), STR("Other")};
static const struct cqlr_type pair_subs[] = {INT_, TEXT_};
static const struct cqlr_type pair = {
    .id = CQLR_TYPE_UDT, .count = 2, .sub = pair_subs, .field = pair_fields, .name = STR("pair")};

static const char *print_null(const struct cqlr_type *t, enum cqlr_text_style style)
{
    return print_bytes(t, NULL, CQLR_NULL, style);
}

static void null_is_nothing_as_text_and_null_elsewhere(void **state)
{
    (void)state;
    assert_string_equal(print_null(TYPE(INT), CQLR_TEXT), "");
    assert_string_equal(print_null(TYPE(INT), CQLR_LITERAL), "null");
    assert_string_equal(print_null(&pair, CQLR_JSON), "null");
    assert_prints(SUB(LIST, 1, INT_), "00000001ffffffff", "[null]");
    assert_json(SUB(LIST, 1, INT_), "00000001ffffffff", "[null]");
}

static void empty_is_not_null(void **state)
{
    (void)state;
    assert_prints(TYPE(VARCHAR), "", "");
    assert_literal(TYPE(VARCHAR), "", "''");
    assert_json(TYPE(VARCHAR), "", "\"\"");
    assert_prints(TYPE(BLOB), "", "0x");
    assert_literal(TYPE(BLOB), "", "0x");
    assert_json(TYPE(BLOB), "", "\"0x\"");
    assert_prints(TYPE(INT), "", "");
    assert_literal(TYPE(INT), "", "''");
    assert_json(TYPE(INT), "", "\"\"");
    assert_literal(&pair, "", "''");
    assert_prints(SUB(LIST, 1, INT_), "0000000100000000", "['']");
    assert_parses(SUB(LIST, 1, INT_), "['']", "0000000100000000");
    assert_parses(TYPE(INT), "", "");
    assert_parses(TYPE(INT), "''", "");
    assert_parses(&pair, "''", "");
    assert_parses(&pair, "", "");
    assert_refused(TYPE(TINYINT), "");
    assert_refused(TYPE(DATE), "");
    assert_refused(TYPE(INT), " ");
    assert_refused(SUB(LIST, 1, INT_), "");
}

static void literals_are_quoted_where_cql_wants_it(void **state)
{
    (void)state;
    assert_literal(TYPE(VARCHAR), "612762", "'a''b'");
    assert_literal(TYPE(ASCII), "61", "'a'");
    assert_literal(TYPE(TIMESTAMP), "0000000000000000", "'1970-01-01T00:00:00.000Z'");
    assert_literal(TYPE(INET), "7f000001", "'127.0.0.1'");
    assert_literal(TYPE(INT), "00000001", "1");
    assert_literal(TYPE(UUID), "00112233445566778899aabbccddeeff",
                   "00112233-4455-6677-8899-aabbccddeeff");
    assert_literal(TYPE(BLOB), "ab", "0xab");
    assert_literal(TYPE(DURATION), "020406", "1mo2d3ns");
    assert_literal(TYPE(DOUBLE), "7ff0000000000000", "Infinity");
}

static void json_is_always_valid_utf8(void **state)
{
    (void)state;
    assert_json(TYPE(VARCHAR), "225c08090a0c0d001f7f2f",
                "\"\\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u001f\x7f/\"");
    assert_json(TYPE(VARCHAR), "e282acf09f9880", "\"\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    assert_json(TYPE(VARCHAR), "61ff62",
                "\"a\xEF\xBF\xBD"
                "b\"");
    assert_json(TYPE(VARCHAR), "c080", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_json(TYPE(VARCHAR), "e282", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_json(TYPE(ASCII), "80", "\"\xEF\xBF\xBD\"");
}

static void json_numbers_are_bare_and_the_rest_strings(void **state)
{
    (void)state;
    assert_json(TYPE(DOUBLE), "7ff8000000000000", "\"NaN\"");
    assert_json(TYPE(DOUBLE), "fff0000000000000", "\"-Infinity\"");
    assert_json(TYPE(FLOAT), "7f800000", "\"Infinity\"");
    assert_json(TYPE(DOUBLE), "3ff8000000000000", "1.5");
    assert_json(TYPE(BOOLEAN), "01", "true");
    assert_json(TYPE(VARINT), "ff7f", "-129");
    assert_json(TYPE(DECIMAL), "000000007b", "123");
    assert_json(TYPE(BLOB), "00ff", "\"0x00ff\"");
    assert_json(TYPE(INET), "00000000000000000000000000000000", "\"::\"");
    assert_json(TYPE(DURATION), "000000", "\"0ns\"");
    assert_json(TYPE(CUSTOM), "00", "\"0x00\"");
}

static void json_collections(void **state)
{
    (void)state;
    assert_json(SUB(SET, 1, TEXT_),
                "00000002000000016100000001"
                "62",
                "[\"a\", \"b\"]");
    assert_json(SUB(MAP, 2, INT_, INT_), "0000000100000004000000010000000400000002", "{\"1\": 2}");
    assert_json(SUB(MAP, 2, TEXT_, INT_),
                "00000001000000012200000004"
                "00000002",
                "{\"\\\"\": 2}");
    assert_json(SUB(TUPLE, 2, INT_, TEXT_), "0000000400000001", "[1, null]");
    assert_json(&pair,
                "000000040000000100000001"
                "61",
                "{\"field\": 1, \"Other\": \"a\"}");
    /* a map as a key: its JSON, escaped */
    const struct cqlr_type list = {.id = CQLR_TYPE_LIST, .count = 1, .sub = TYPE(VARCHAR)};
    assert_json(SUB(MAP, 2, list, INT_),
                "00000001"
                "00000009"
                "000000010000000122"
                "00000004"
                "00000001",
                "{\"[\\\"\\\\\\\"\\\"]\": 1}");
}

/* {{{1: 2}: 2}: 2} and so on: a map that is a key, `levels` deep. */
static const char *print_map_of_keys(unsigned levels)
{
    struct cqlr_type sub[CQLR_TYPE_DEPTH][2];
    struct cqlr_type type = {.id = CQLR_TYPE_INT};
    uint8_t value[CQLR_TYPE_DEPTH * 16 + 4] = {0};
    size_t n = 4;
    for (unsigned i = 0; i < levels; i++) {
        memmove(value + 8, value, n);
        cqlr_put32(value, 1);
        cqlr_put32(value + 4, (uint32_t)n);
        cqlr_put32(value + 8 + n, 4);
        cqlr_put32(value + 12 + n, 2);
        n += 16;
        sub[i][0] = type;
        sub[i][1] = (struct cqlr_type){.id = CQLR_TYPE_INT};
        type = (struct cqlr_type){.id = CQLR_TYPE_MAP, .count = 2, .sub = sub[i]};
    }
    return print_bytes(&type, value, (int32_t)n, CQLR_JSON);
}

/* Without a bound, 844 bytes of a server would be 16 GB of text. */
static void keys_in_keys_do_not_double_for_ever(void **state)
{
    (void)state;
    assert_string_equal(print_map_of_keys(2), "{\"{\\\"0\\\": 2}\": 2}");
    print_map_of_keys(7);
    assert_int_equal(answer.rc, 0);
    assert_true(strlen(answer.text) < 1000);
    assert_string_equal(print_map_of_keys(8), "!type: nested too deep");
    assert_string_equal(print_map_of_keys(16), "!type: nested too deep");
}

static void nested_literals_read_back(void **state)
{
    (void)state;
    const struct cqlr_type list = {.id = CQLR_TYPE_LIST, .count = 1, .sub = TYPE(INT)};
    const struct cqlr_type *t = SUB(MAP, 2, TEXT_, list);
    const char *hex = "00000002"
                      "00000002"
                      "6127"
                      "0000000c"
                      "00000001"
                      "00000004"
                      "00000007"
                      "00000000"
                      "00000004"
                      "00000000";
    assert_prints(t, hex, "{'a''': [7], '': []}");
    assert_parses(t, "{'a''': [7], '': []}", hex);
    assert_parses(t, "  { 'a''' :[ 7 ] ,'':[]}\n", hex);
    assert_parses(SUB(LIST, 1, pair), "[{Field: 1}, {\"Other\": 'x', field: null}]",
                  "00000002"
                  "0000000c"
                  "0000000400000001ffffffff"
                  "00000009"
                  "ffffffff00000001"
                  "78");
    assert_prints(&pair, "ffffffffffffffff", "{field: null, \"Other\": null}");
    assert_parses(&pair, "{}", "ffffffffffffffff");
    assert_parses(SUB(TUPLE, 2, INT_, TEXT_), "(NULL, 'null')", "ffffffff000000046e756c6c");
    assert_parses(SUB(SET, 1, {.id = CQLR_TYPE_INET}), "{'::1', '1.2.3.4'}",
                  "00000002"
                  "00000010"
                  "00000000000000000000000000000001"
                  "00000004"
                  "01020304");
    assert_parses(SUB(LIST, 1, {.id = CQLR_TYPE_DOUBLE}), "[NaN,-Infinity,1e5]",
                  "00000003"
                  "000000087ff8000000000000"
                  "00000008fff0000000000000"
                  "0000000840f86a0000000000");
}

static void field_names_that_need_quotes_have_them(void **state)
{
    static const struct cqlr_str names[] = {STR("select"), STR("a\"b"), STR("1a"), STR("ok_1"),
                                            STR("")};
    static const struct cqlr_type subs[] = {INT_, INT_, INT_, INT_, INT_};
    const struct cqlr_type t = {.id = CQLR_TYPE_UDT, .count = 5, .sub = subs, .field = names};
    (void)state;
    assert_prints(&t, "0000000400000001",
                  "{\"select\": 1, \"a\"\"b\": null, \"1a\": null, ok_1: null, \"\": null}");
    assert_parses(&t, "{\"\": 5, ok_1: 4, \"a\"\"b\": 2}",
                  "ffffffff0000000400000002ffffffff"
                  "00000004000000040000000400000005");
}

static void wrong_literals_are_refused(void **state)
{
    static const char *const lists[] = {"[1",     "[1 2]", "[1,]",   "[,1]", "1]", "[1]]",
                                        "[1] x",  "{1}",   "[[1]]",  "[1,2", "",   "[",
                                        "['1'x]", "['1]",  "[null]", "x"};
    static const char *const maps[] = {"{1}",     "{1:}",     "{1:2",  "{1:2,}",  "{:2}",
                                       "{1:2:3}", "{1:null}", "[1:2]", "{null:1}"};
    static const char *const tuples[] = {"(1,'a',2)", "1", "(1,a)", "[1]", "(1", "('a')"};
    static const char *const udts[] = {
        "{x: 1}",    "{field: 1, field: 2}", "{field 1}",    "{field: }",    "{field: 1,}",
        "{field: 1", "{other: 'a'}",         "{field: 1 2}", "{'field': 1}", "{field: 1}}",
        "(1)",       "{field: 1]}",          "{\"field: 1}"};
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        assert_refused(SUB(LIST, 1, INT_), lists[i]);
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        assert_refused(SUB(MAP, 2, INT_, INT_), maps[i]);
    for (size_t i = 0; i < sizeof tuples / sizeof tuples[0]; i++)
        assert_refused(SUB(TUPLE, 2, INT_, TEXT_), tuples[i]);
    for (size_t i = 0; i < sizeof udts / sizeof udts[0]; i++)
        assert_refused(&pair, udts[i]);
}

static void text_must_be_what_its_type_says(void **state)
{
    (void)state;
    assert_parses(TYPE(VARCHAR), " 'as it stands' ", "20276173206974207374616e64732720");
    assert_parses(TYPE(VARCHAR), "\xF0\x9F\x98\x80", "f09f9880");
    assert_refused(TYPE(VARCHAR), "\xC0\x80");
    assert_refused(TYPE(VARCHAR), "\xED\xA0\x80");
    assert_refused(TYPE(VARCHAR), "\xF4\x90\x80\x80");
    assert_refused(TYPE(VARCHAR), "a\xE2\x82");
    assert_refused(TYPE(ASCII), "\xC3\xA4");
    assert_refused(SUB(LIST, 1, TEXT_), "['\xFF']");
    assert_refused(SUB(LIST, 1, {.id = CQLR_TYPE_ASCII}), "['\xC3\xA4']");
}

static void errors_name_the_value(void **state)
{
    (void)state;
    assert_parses(TYPE(INT), "4x", "!'4x' is not an int");
    assert_parses(TYPE(TINYINT), "128", "!'128' is not a tinyint");
    assert_parses(TYPE(BLOB), "0x0", "!'0x0' is not a blob");
    assert_parses(TYPE(BOOLEAN), "yes", "!'yes' is not a boolean");
    assert_parses(SUB(LIST, 1, INT_), "[1, b]", "!'b' is not an int");
    assert_parses(SUB(LIST, 1, TEXT_), "[b]", "!'b' is not a text: it stands in no quotes");
    assert_parses(SUB(LIST, 1, INT_), "[1", "!'[1' is not a list: its end is missing");
    assert_parses(TYPE(INT), "a\nb", "!'a b' is not an int");
    assert_prints(TYPE(INT), "000001", "!3 bytes that are not an int");
    assert_prints(TYPE(INT), "01", "!1 byte that is not an int");
    char longer[300] = "";
    memset(longer, 'x', 299);
    assert_int_equal(strlen(parse_text(TYPE(INT), longer)), strlen("!'...' is not an int") + 80);
}

static void wrong_widths_are_errors(void **state)
{
    static const struct {
        enum cqlr_type_id id;
        int32_t n;
    } widths[] = {{CQLR_TYPE_TINYINT, 1},  {CQLR_TYPE_SMALLINT, 2},  {CQLR_TYPE_INT, 4},
                  {CQLR_TYPE_BIGINT, 8},   {CQLR_TYPE_COUNTER, 8},   {CQLR_TYPE_FLOAT, 4},
                  {CQLR_TYPE_DOUBLE, 8},   {CQLR_TYPE_BOOLEAN, 1},   {CQLR_TYPE_DATE, 4},
                  {CQLR_TYPE_TIME, 8},     {CQLR_TYPE_TIMESTAMP, 8}, {CQLR_TYPE_UUID, 16},
                  {CQLR_TYPE_TIMEUUID, 16}};
    (void)state;
    const uint8_t zeros[20] = {0};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct cqlr_type t = {.id = widths[i].id};
        for (int32_t n = 1; n < 20; n++) {
            print_bytes(&t, zeros, n, CQLR_TEXT);
            assert_int_equal(answer.rc, n == widths[i].n ? 0 : CQLR_E_TYPE);
        }
    }
    for (int32_t n = 1; n < 20; n++) {
        print_bytes(TYPE(INET), zeros, n, CQLR_TEXT);
        assert_int_equal(answer.rc, n == 4 || n == 16 ? 0 : CQLR_E_TYPE);
    }
}

static void collections_that_lie_are_errors(void **state)
{
    static const char *const lists[] = {"ffffffff",
                                        "80000000",
                                        "7fffffff",
                                        "00000001",
                                        "0000000100000004000000",
                                        "000000010000000400000001ff",
                                        "00000000ff",
                                        "000000",
                                        "0000000200000004000000017fffffff"};
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        print_hex(SUB(LIST, 1, INT_), lists[i], CQLR_TEXT);
        assert_int_equal(answer.rc, CQLR_E_PROTO);
    }
    print_hex(SUB(MAP, 2, INT_, INT_), "0000000100000004000000010000", CQLR_TEXT);
    assert_int_equal(answer.rc, CQLR_E_PROTO);
    print_hex(SUB(TUPLE, 1, INT_), "0000000400000001ffffffff", CQLR_TEXT);
    assert_int_equal(answer.rc, CQLR_E_PROTO);
    print_hex(SUB(TUPLE, 1, INT_), "0000", CQLR_TEXT);
    assert_int_equal(answer.rc, CQLR_E_PROTO);
}

static void a_count_is_not_believed_before_its_bytes_are_there(void **state)
{
    const uint8_t list[] = {0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0},
                  map[] = {0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0};
    struct cqlr_elements e;
    struct cqlr_err err;
    (void)state;
    assert_int_equal(
        cqlr_elements_init(&e, SUB(LIST, 1, INT_), (struct cqlr_value){list, sizeof list}, &err),
        CQLR_E_PROTO);
    assert_int_equal(
        cqlr_elements_init(&e, SUB(MAP, 2, INT_, INT_), (struct cqlr_value){map, sizeof map}, &err),
        CQLR_E_PROTO);
    assert_int_equal(cqlr_elements_init(&e, TYPE(INT), (struct cqlr_value){list, 4}, &err),
                     CQLR_E_TYPE);
    assert_int_equal(
        cqlr_elements_init(&e, SUB(LIST, 1, INT_), (struct cqlr_value){NULL, CQLR_NULL}, &err),
        CQLR_E_TYPE);
}

static void inet_forms(void **state)
{
    static const struct {
        const char *text, *hex, *printed;
    } forms[] = {{"::", "00000000000000000000000000000000", "::"},
                 {"1::", "00010000000000000000000000000000", "1::"},
                 {"::1", "00000000000000000000000000000001", "::1"},
                 {"2001:DB8:0:0:1:0:0:1", "20010db8000000000001000000000001", "2001:db8::1:0:0:1"},
                 {"1:0:2:3:4:5:6:7", "00010000000200030004000500060007", "1:0:2:3:4:5:6:7"},
                 {"1:2:3:4:5:6:7::", "00010002000300040005000600070000", "1:2:3:4:5:6:7:0"},
                 {"::ffff:1.2.3.4", "00000000000000000000ffff01020304", "::ffff:1.2.3.4"},
                 {"::1.2.3.4", "00000000000000000000000001020304", "::1.2.3.4"},
                 {"::ffff:0:0", "00000000000000000000ffff00000000", "::ffff:0.0.0.0"},
                 {"64:ff9b::1.2.3.4", "0064ff9b000000000000000001020304", "64:ff9b::102:304"},
                 {"1:0:0:2:0:0:0:3", "00010000000000020000000000000003", "1:0:0:2::3"},
                 {"fe80::aBcD", "fe80000000000000000000000000abcd", "fe80::abcd"},
                 {"0.0.0.0", "00000000", "0.0.0.0"},
                 {"255.255.255.255", "ffffffff", "255.255.255.255"}};
    static const char *const wrong[] = {"1.2.3",
                                        "1.2.3.4.5",
                                        "256.1.1.1",
                                        "01.2.3.4",
                                        "1.2.3.4 5",
                                        ":",
                                        ":::",
                                        "1::2::3",
                                        "1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:8:9",
                                        "12345::",
                                        "::g",
                                        "1:2:3:4:5:6:7:8::",
                                        "::1%eth0",
                                        "1:",
                                        ":1",
                                        "::1.2.3",
                                        "1.2.3.4::",
                                        "1:2:3:4:5:6:7:1.2.3.4",
                                        "host",
                                        "1..2.3",
                                        "::1:",
                                        "1:::2"};
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_parses(TYPE(INET), forms[i].text, forms[i].hex);
        assert_prints(TYPE(INET), forms[i].hex, forms[i].printed);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(TYPE(INET), wrong[i]);
}

static void uuid_forms(void **state)
{
    static const char *const wrong[] = {
        "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeef",
        "00112233-4455-6677-8899-aabbccddeegf", "0011223-34455-6677-8899-aabbccddeeff",
        "{0112233-4455-6677-8899-aabbccddeef}"};
    (void)state;
    assert_parses(TYPE(UUID), "00112233-4455-6677-8899-AABBCCDDEEFF",
                  "00112233445566778899aabbccddeeff");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(TYPE(UUID), wrong[i]);
    assert_refused(TYPE(TIMEUUID), "00112233-4455-6677-8899-aabbccddeeff");
    assert_prints(TYPE(TIMEUUID), "00112233445566778899aabbccddeeff",
                  "00112233-4455-6677-8899-aabbccddeeff");
}

static void the_writer_is_left_as_it_was(void **state)
{
    struct cqlr_wr w;
    struct cqlr_err err;
    uint8_t bytes[40];
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_raw(&w, "abc", 3);
    size_t n = unhex("00000002000000040000000100000003000000", bytes);
    assert_int_equal(cqlr_value_print(&w, SUB(LIST, 1, INT_),
                                      (struct cqlr_value){bytes, (int32_t)n}, CQLR_TEXT, &err),
                     CQLR_E_TYPE);
    assert_int_equal(w.n, 3);
    assert_int_equal(cqlr_value_parse(&w, SUB(LIST, 1, INT_), cqlr_cstr("[1, 2, x]"), &err),
                     CQLR_E_TYPE);
    assert_int_equal(w.n, 3);
    assert_int_equal(w.rc, 0);
    cqlr_wr_fini(&w);
    cqlr_wr_init(&w, NULL, 5);
    assert_int_equal(
        cqlr_value_print(&w, TYPE(BLOB), (struct cqlr_value){bytes, 2}, CQLR_TEXT, &err),
        CQLR_E_LIMIT);
    assert_int_equal(w.n, 0);
    cqlr_wr_fini(&w);
}

static void readers_of_c_values_leave_out_alone_on_error(void **state)
{
    const uint8_t bytes[8] = {0x40, 0x09, 0x21, 0xFB, 0x54, 0x44, 0x2D, 0x18};
    double d = 1;
    float f = 1;
    int64_t n = 1;
    bool b = true;
    struct cqlr_duration du = {1, 1, 1};
    (void)state;
    assert_int_equal(cqlr_value_double((struct cqlr_value){bytes, 8}, &d), 0);
    assert_true(d > 3.14159265 && d < 3.14159266);
    assert_int_equal(cqlr_value_double((struct cqlr_value){NULL, CQLR_NULL}, &d), CQLR_E_TYPE);
    assert_int_equal(cqlr_value_float((struct cqlr_value){bytes, 0}, &f), CQLR_E_TYPE);
    assert_int_equal(cqlr_value_bigint((struct cqlr_value){bytes, 7}, &n), CQLR_E_TYPE);
    assert_int_equal(cqlr_value_date((struct cqlr_value){bytes, 8}, &n), CQLR_E_TYPE);
    assert_int_equal(cqlr_value_boolean((struct cqlr_value){NULL, CQLR_NULL}, &b), CQLR_E_TYPE);
    assert_int_equal(cqlr_value_duration((struct cqlr_value){NULL, CQLR_NULL}, &du), CQLR_E_TYPE);
    assert_true(f == 1 && n == 1 && b && du.months == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_nothing_as_text_and_null_elsewhere),
        cmocka_unit_test(empty_is_not_null),
        cmocka_unit_test(literals_are_quoted_where_cql_wants_it),
        cmocka_unit_test(json_is_always_valid_utf8),
        cmocka_unit_test(json_numbers_are_bare_and_the_rest_strings),
        cmocka_unit_test(json_collections),
        cmocka_unit_test(keys_in_keys_do_not_double_for_ever),
        cmocka_unit_test(nested_literals_read_back),
        cmocka_unit_test(field_names_that_need_quotes_have_them),
        cmocka_unit_test(wrong_literals_are_refused),
        cmocka_unit_test(text_must_be_what_its_type_says),
        cmocka_unit_test(errors_name_the_value),
        cmocka_unit_test(wrong_widths_are_errors),
        cmocka_unit_test(collections_that_lie_are_errors),
        cmocka_unit_test(a_count_is_not_believed_before_its_bytes_are_there),
        cmocka_unit_test(inet_forms),
        cmocka_unit_test(uuid_forms),
        cmocka_unit_test(the_writer_is_left_as_it_was),
        cmocka_unit_test(readers_of_c_values_leave_out_alone_on_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

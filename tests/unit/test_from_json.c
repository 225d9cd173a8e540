/*
 * test_from_json.c - JSON → values: what a person would write and what is refused, with its text.
 * That all which is printed comes back is shown by test_val_random.c.
 */
#include "tests/unit/val_help.h"

static const struct cqlr_str names[] = {{"id", 2}, {"A b", 3}, {"\xC3\xA4", 2}};
static const struct cqlr_type fields[] = {{.id = CQLR_TYPE_INT},
                                          {.id = CQLR_TYPE_VARCHAR},
                                          {.id = CQLR_TYPE_LIST, .count = 1, .sub = fields}};
static const struct cqlr_type udt = {
    .id = CQLR_TYPE_UDT, .count = 3, .sub = fields, .field = names, .name = {"thing", 5}};

#define assert_not(t, json, why) assert_string_equal(read_json(t, json), "!" why)

static void numbers_are_read_as_they_stand(void **state)
{
    (void)state;
    assert_from_json(TYPE(INT), " 12 ", "0000000c");
    assert_from_json(TYPE(TINYINT), "-128", "80");
    assert_from_json(TYPE(BIGINT), "9007199254740993", "0020000000000001");
    assert_from_json(TYPE(COUNTER), "-1", "ffffffffffffffff");
    assert_from_json(TYPE(VARINT), "18446744073709551616", "010000000000000000");
    assert_from_json(TYPE(DECIMAL), "1.50", "000000020096");
    assert_from_json(TYPE(DECIMAL), "15e3", "fffffffd0f");
    assert_from_json(TYPE(DOUBLE), "0.1", "3fb999999999999a");
    assert_from_json(TYPE(FLOAT), "1e3", "447a0000");
    assert_from_json(TYPE(TIMESTAMP), "-1", "ffffffffffffffff");
}

static void integers_are_exact_or_refused(void **state)
{
    (void)state;
    assert_not(TYPE(INT), "1.0", "'1.0' is not an int");
    assert_not(TYPE(INT), "1e3", "'1e3' is not an int");
    assert_not(TYPE(VARINT), "1e3", "'1e3' is not a varint");
    assert_not(TYPE(INT), "2147483648", "'2147483648' is not an int");
    assert_not(TYPE(TINYINT), "-129", "'-129' is not a tinyint");
    assert_not(TYPE(DOUBLE), "1e400", "'1e400' is not a double");
}

static void strings_hold_any_scalar(void **state)
{
    (void)state;
    assert_from_json(TYPE(INT), "\"12\"", "0000000c");
    assert_from_json(TYPE(INT), "\"\\u0031\\u0032\"", "0000000c");
    assert_from_json(TYPE(DOUBLE), "\"NaN\"", "7ff8000000000000");
    assert_from_json(TYPE(FLOAT), "\"-Infinity\"", "ff800000");
    assert_from_json(TYPE(BOOLEAN), "\"true\"", "01");
    assert_from_json(TYPE(BLOB), "\"0x00fF\"", "00ff");
    assert_from_json(TYPE(DATE), "\"1970-01-02\"", "80000001");
    assert_from_json(TYPE(UUID), "\"00000000-0000-0000-0000-0000000000ff\"",
                     "000000000000000000000000000000ff");
    assert_from_json(TYPE(INET), "\"::1\"", "00000000000000000000000000000001");
    assert_from_json(TYPE(DURATION), "\"1d\"", "000200");
    assert_from_json(TYPE(VARCHAR), "\" 'a'\\n\\ud83d\\ude00\"", "202761270af09f9880");
    assert_from_json(TYPE(ASCII), "\"\\u0041\"", "41");
    assert_not(TYPE(INT), "\"4x\"", "'4x' is not an int");
    assert_not(TYPE(INT), "\"4\\u0078\"", "'4x' is not an int");
    assert_not(TYPE(ASCII), "\"\\u00e4\"", "'\\u00e4' is not an ascii");
    assert_not(TYPE(BLOB), "\"00ff\"", "'00ff' is not a blob");
}

static void words_are_booleans_only(void **state)
{
    (void)state;
    assert_from_json(TYPE(BOOLEAN), "true", "01");
    assert_from_json(TYPE(BOOLEAN), "false", "00");
    assert_not(TYPE(BOOLEAN), "1", "'1' is not a boolean");
    assert_not(TYPE(INT), "true", "'true' is not an int");
    assert_not(TYPE(VARCHAR), "true", "'true' is not a text: it is no string");
    assert_not(TYPE(VARCHAR), "5", "'5' is not a text: it is no string");
    assert_not(TYPE(BLOB), "5", "'5' is not a blob: it is no string");
    assert_not(TYPE(INT), "null", "'null' is not an int");
    assert_not(TYPE(INT), "[1]", "'[...]' is not an int");
    assert_not(TYPE(VARCHAR), "{\"a\": 1}", "'{...}' is not a text: it is no string");
}

static void empty_strings_are_empty_values(void **state)
{
    (void)state;
    assert_from_json(TYPE(INT), "\"\"", "");
    assert_from_json(TYPE(VARCHAR), "\"\"", "");
    assert_from_json(TYPE(BLOB), "\"0x\"", "");
    assert_from_json(SUB(TUPLE, 1, {.id = CQLR_TYPE_INT}), "\"\"", "");
    assert_from_json(&udt, "\"\"", "");
    assert_not(TYPE(TINYINT), "\"\"", "'' is not a tinyint");
    assert_not(SUB(LIST, 1, {.id = CQLR_TYPE_INT}), "\"\"", "'' is not a list: it is no array");
}

static void arrays_are_lists_sets_and_tuples(void **state)
{
    const struct cqlr_type *list = SUB(LIST, 1, {.id = CQLR_TYPE_TINYINT});
    const struct cqlr_type *tuple =
        SUB(TUPLE, 2, {.id = CQLR_TYPE_TINYINT}, {.id = CQLR_TYPE_VARCHAR});
    (void)state;
    assert_from_json(list, "[]", "00000000");
    assert_from_json(list, "[1, \"2\"]",
                     "00000002"
                     "0000000101"
                     "0000000102");
    assert_from_json(SUB(SET, 1, *list), "[[], [3]]",
                     "00000002"
                     "0000000400000000"
                     "00000009"
                     "00000001"
                     "0000000103");
    assert_from_json(tuple, "[1, null]",
                     "0000000101"
                     "ffffffff");
    assert_from_json(tuple, "[null, \"a\"]",
                     "ffffffff"
                     "0000000161");
    assert_from_json(tuple, "[1]", "0000000101");
    assert_from_json(tuple, "[]", "");
    assert_not(list, "[1, null]", "'null' is not a tinyint: a collection has no nulls");
    assert_not(list, "[1, 300]", "'300' is not a tinyint");
    assert_not(list, "{}", "'{...}' is not a list: it is no array");
    assert_not(list, "1", "'1' is not a list: it is no array");
    assert_not(list, "null", "'null' is not a list");
    assert_not(tuple, "[1, \"a\", 2]", "'[...]' is not a tuple: too many values");
    assert_not(tuple, "{}", "'{...}' is not a tuple: it is no array");
}

static void keys_of_maps_are_text_or_json_in_text(void **state)
{
    const struct cqlr_type *by_text =
        SUB(MAP, 2, {.id = CQLR_TYPE_VARCHAR}, {.id = CQLR_TYPE_TINYINT});
    const struct cqlr_type *by_int =
        SUB(MAP, 2, {.id = CQLR_TYPE_TINYINT}, {.id = CQLR_TYPE_TINYINT});
    const struct cqlr_type *by_list = SUB(MAP, 2, fields[2], {.id = CQLR_TYPE_TINYINT});
    const struct cqlr_type *by_map = SUB(MAP, 2, *by_text, {.id = CQLR_TYPE_TINYINT});
    (void)state;
    assert_from_json(by_text, "{}", "00000000");
    assert_from_json(by_text, "{\"a\\\"\": 1, \"\": 2}",
                     "00000002"
                     "000000026122"
                     "0000000101"
                     "00000000"
                     "0000000102");
    assert_from_json(by_int, "{\"7\": 8}",
                     "00000001"
                     "0000000107"
                     "0000000108");
    assert_from_json(by_list, "{\"[1]\": 2}",
                     "00000001"
                     "0000000c"
                     "00000001"
                     "00000004"
                     "00000001"
                     "0000000102");
    assert_from_json(by_map, "{\"{\\\"a\\\\n\\\": 1}\": 2}",
                     "00000001"
                     "0000000f"
                     "00000001"
                     "00000002610a"
                     "0000000101"
                     "0000000102");
    assert_not(by_int, "{\"x\": 1}", "'x' is not a tinyint");
    assert_not(by_int, "{\"1\": null}", "'null' is not a tinyint: a collection has no nulls");
    assert_not(by_list, "{\"null\": 1}", "'null' is not a list: a collection has no nulls");
    assert_not(by_list, "{\"[1\": 1}", "JSON: ',' or ']' expected at 2");
    assert_not(by_list, "{\"\": 1}", "'' is not a list");
    assert_not(by_int, "[1]", "'[...]' is not a map: it is no object");
}

static void fields_stand_in_any_order(void **state)
{
    (void)state;
    static const char all[] = "0000000400000001"
                              "0000000178"
                              "0000000400000000";
    assert_from_json(&udt, "{\"id\": 1, \"A b\": \"x\", \"\xC3\xA4\": []}", all);
    assert_from_json(&udt, "{\"\\u00e4\": [], \"\\u0041 b\": \"x\", \"id\": 1}", all);
    assert_from_json(&udt, "{\"A b\": \"x\", \"\xC3\xA4\": [], \"id\": 1}", all);
    assert_from_json(&udt, "{\"A b\": null}",
                     "ffffffff"
                     "ffffffff"
                     "ffffffff");
    assert_from_json(&udt, "{\"\xC3\xA4\": [2]}",
                     "ffffffff"
                     "ffffffff"
                     "0000000c"
                     "00000001"
                     "0000000400000002");
    assert_from_json(&udt, "{}",
                     "ffffffff"
                     "ffffffff"
                     "ffffffff");
}

static void wrong_fields_are_refused(void **state)
{
    (void)state;
    assert_not(&udt, "{\"id\": 1, \"a b\": \"x\"}", "UDT thing has no field \"a b\"");
    assert_not(&udt, "{\"id\": 1, \"id\": 1}", "'{...}' is not a UDT: a field stands twice");
    assert_not(&udt, "{\"id\": 1, \"A b\": null, \"\xC3\xA4\": null, \"id\": 1}",
               "'{...}' is not a UDT: a field stands twice");
    assert_not(&udt, "{\"id\": \"x\"}", "'x' is not an int");
    assert_not(&udt, "{\"\xC3\xA4\": [null]}", "'null' is not an int: a collection has no nulls");
    assert_not(&udt, "{\"id\": 1, \"A b\": tru}", "JSON: a value expected at 17");
    assert_not(&udt, "[1]", "'[...]' is not a UDT: it is no object");
}

static void one_value_is_all_there_may_be(void **state)
{
    (void)state;
    assert_not(TYPE(INT), "", "JSON: a value expected at 0");
    assert_not(TYPE(INT), "1 2", "JSON: more text behind the value at 2");
    assert_not(TYPE(INT), "'1'", "JSON: a value expected at 0");
    assert_not(SUB(LIST, 1, {.id = CQLR_TYPE_INT}), "[1, 2,]", "JSON: a value expected at 6");
}

/* A list of lists of ... int, `depth` types deep. */
static const struct cqlr_type *deep_list(struct cqlr_type *t, unsigned depth)
{
    for (unsigned i = 0; i + 1 < depth; i++)
        t[i] = (struct cqlr_type){.id = CQLR_TYPE_LIST, .count = 1, .sub = &t[i + 1]};
    t[depth - 1] = (struct cqlr_type){.id = CQLR_TYPE_INT};
    return t;
}

static void types_nest_as_deep_as_they_may(void **state)
{
    struct cqlr_type t[CQLR_TYPE_DEPTH + 1];
    char json[2 * CQLR_TYPE_DEPTH + 2];
    (void)state;
    for (unsigned depth = CQLR_TYPE_DEPTH; depth <= CQLR_TYPE_DEPTH + 1; depth++) {
        memset(json, '[', depth - 1);
        json[depth - 1] = '1';
        memset(json + depth, ']', depth - 1);
        json[2 * depth - 1] = 0;
        read_json(deep_list(t, depth), json);
        assert_int_equal(answer.rc, depth > CQLR_TYPE_DEPTH ? CQLR_E_TYPE : 0);
    }
    assert_string_equal(answer.text, "!type: nested too deep");
}

static void a_full_writer_is_told(void **state)
{
    struct cqlr_wr w;
    struct cqlr_str json = cqlr_cstr("[1, 2, 3]");
    (void)state;
    for (size_t limit = 1; limit < 28; limit++) {
        cqlr_wr_init(&w, NULL, limit);
        assert_int_equal(
            cqlr_value_from_json(&w, SUB(LIST, 1, {.id = CQLR_TYPE_INT}), json, &answer.err),
            CQLR_E_LIMIT);
        assert_int_equal(answer.err.code, CQLR_E_LIMIT);
        assert_int_equal(w.n, 0);
        cqlr_wr_fini(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_they_stand),
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(strings_hold_any_scalar),
        cmocka_unit_test(words_are_booleans_only),
        cmocka_unit_test(empty_strings_are_empty_values),
        cmocka_unit_test(arrays_are_lists_sets_and_tuples),
        cmocka_unit_test(keys_of_maps_are_text_or_json_in_text),
        cmocka_unit_test(fields_stand_in_any_order),
        cmocka_unit_test(wrong_fields_are_refused),
        cmocka_unit_test(one_value_is_all_there_may_be),
        cmocka_unit_test(types_nest_as_deep_as_they_may),
        cmocka_unit_test(a_full_writer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

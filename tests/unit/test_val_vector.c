/*
 * test_val_vector.c - values of vectors in all three styles and back, elements of one size and
 * elements with a length in front; what does not fit the dimension is refused.
 */
#include "tests/unit/val_help.h"

/* vector<T, n> of a simple type, and of any. */
#define VECTOR(type, n)                                                                            \
    ((const struct cqlr_type[]){                                                                   \
        {.id = CQLR_TYPE_VECTOR, .count = 1, .dimension = n, .sub = TYPE(type)}})
#define VECTOR_OF(t, n)                                                                            \
    ((const struct cqlr_type[]){{.id = CQLR_TYPE_VECTOR, .count = 1, .dimension = n, .sub = t}})

static void assert_both_ways(const struct cqlr_type *t, const char *hex, const char *text,
                             const char *json)
{
    assert_prints(t, hex, text);
    assert_literal(t, hex, text);
    assert_json(t, hex, json);
    assert_parses(t, text, hex);
    assert_from_json(t, json, hex);
}

static void vectors_as_the_server_writes_them(void **state)
{
    (void)state;
    assert_both_ways(VECTOR(FLOAT, 3), "3f8000004000000040400000", "[1.0, 2.0, 3.0]",
                     "[1.0, 2.0, 3.0]");
    assert_both_ways(VECTOR(SMALLINT, 2), "020001020002", "[1, 2]", "[1, 2]");
    assert_both_ways(VECTOR(TINYINT, 2), "01010102", "[1, 2]", "[1, 2]");
    assert_both_ways(VECTOR(VARCHAR, 2), "0161026263", "['a', 'bc']", "[\"a\", \"bc\"]");
    assert_both_ways(VECTOR_OF(VECTOR(INT, 2), 2), "00000001000000020000000300000004",
                     "[[1, 2], [3, 4]]", "[[1, 2], [3, 4]]");
    assert_both_ways(VECTOR_OF(SUB(LIST, 1, {.id = CQLR_TYPE_INT}), 1),
                     "0c000000010000000400000005", "[[5]]", "[[5]]");
    assert_both_ways(VECTOR(BOOLEAN, 2), "0100", "[true, false]", "[true, false]");
    assert_both_ways(VECTOR(DATE, 1), "0480000000", "['1970-01-01']", "[\"1970-01-01\"]");
    assert_both_ways(VECTOR(TIME, 1), "080000000000000001", "['00:00:00.000000001']",
                     "[\"00:00:00.000000001\"]");
}

static void elements_of_every_type(void **state)
{
    (void)state;
    assert_both_ways(VECTOR(BIGINT, 1), "0000000000000001", "[1]", "[1]");
    assert_both_ways(VECTOR(DOUBLE, 1), "3ff8000000000000", "[1.5]", "[1.5]");
    assert_both_ways(VECTOR(TIMESTAMP, 1), "0000000000000000", "['1970-01-01T00:00:00.000Z']",
                     "[\"1970-01-01T00:00:00.000Z\"]");
    assert_both_ways(VECTOR(UUID, 1), "00112233445566778899aabbccddeeff",
                     "[00112233-4455-6677-8899-aabbccddeeff]",
                     "[\"00112233-4455-6677-8899-aabbccddeeff\"]");
    assert_both_ways(VECTOR(TIMEUUID, 1), "0123456789ab11ee80000123456789ab",
                     "[01234567-89ab-11ee-8000-0123456789ab]",
                     "[\"01234567-89ab-11ee-8000-0123456789ab\"]");
    assert_both_ways(VECTOR(COUNTER, 1), "080000000000000005", "[5]", "[5]");
    assert_both_ways(VECTOR(BLOB, 2), "0200ff00", "[0x00ff, 0x]", "[\"0x00ff\", \"0x\"]");
    assert_both_ways(VECTOR(INET, 1), "0401020304", "['1.2.3.4']", "[\"1.2.3.4\"]");
    assert_both_ways(VECTOR(VARINT, 2), "020080017f", "[128, 127]", "[128, 127]");
    assert_both_ways(VECTOR(DECIMAL, 1), "05000000027b", "[1.23]", "[1.23]");
    assert_both_ways(VECTOR(DURATION, 1), "03020406", "[1mo2d3ns]", "[\"1mo2d3ns\"]");
    assert_both_ways(VECTOR_OF(SUB(TUPLE, 2, {.id = CQLR_TYPE_INT}, {.id = CQLR_TYPE_INT}), 1),
                     "0c0000000400000001ffffffff", "[(1, null)]", "[[1, null]]");
    assert_both_ways(VECTOR_OF(VECTOR(VARCHAR, 2), 2), "04016101620401630164",
                     "[['a', 'b'], ['c', 'd']]", "[[\"a\", \"b\"], [\"c\", \"d\"]]");
    assert_both_ways(SUB(MAP, 2, {.id = CQLR_TYPE_VARCHAR}, VECTOR(SMALLINT, 1)[0]),
                     "00000001"
                     "0000000161"
                     "00000003"
                     "020007",
                     "{'a': [7]}", "{\"a\": [7]}");
}

static void a_vector_as_the_key_of_a_map(void **state)
{
    (void)state;
    const struct cqlr_type *t = SUB(MAP, 2, VECTOR(INT, 2)[0], {.id = CQLR_TYPE_INT});
    assert_both_ways(t,
                     "00000001"
                     "00000008"
                     "0000000100000002"
                     "0000000400000003",
                     "{[1, 2]: 3}", "{\"[1, 2]\": 3}");
}

/* 200 bytes: a length of two bytes; 20,000 of three. */
static void long_elements_have_long_lengths(void **state)
{
    static char hex[2 * 20000 + 20], text[20000 + 10];
    static const struct {
        int n;
        const char *length;
    } sizes[] = {{127, "7f"}, {128, "8080"}, {200, "80c8"}, {16383, "bfff"}, {16384, "c04000"}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = strlen(sizes[i].length);
        copy_text(hex, sizeof hex, sizes[i].length);
        for (int k = 0; k < sizes[i].n; k++, n += 2)
            memcpy(hex + n, "78", 3);
        memset(text, 'x', sizeof text);
        memcpy(text, "['", 2);
        memcpy(text + 2 + sizes[i].n, "']", 3);
        assert_prints(VECTOR(VARCHAR, 1), hex, text);
        assert_parses(VECTOR(VARCHAR, 1), text, hex);
    }
    /* more bytes than needed are read */
    assert_prints(VECTOR(VARCHAR, 1), "ff000000000000000161", "['a']");
    assert_prints(VECTOR(VARCHAR, 1), "800161", "['a']");
}

static void null_and_empty_vectors(void **state)
{
    (void)state;
    assert_string_equal(print_bytes(VECTOR(INT, 2), NULL, CQLR_NULL, CQLR_LITERAL), "null");
    assert_string_equal(print_bytes(VECTOR(INT, 2), NULL, CQLR_NULL, CQLR_TEXT), "");
    assert_prints(VECTOR(INT, 2), "", ""); /* no server lets it in */
    assert_json(VECTOR(INT, 2), "", "\"\"");
    assert_refused(VECTOR(INT, 2), "");
    assert_refused(VECTOR(INT, 2), "''");
    assert_refused(VECTOR(INT, 2), "[]");
    assert_refused(VECTOR(VARCHAR, 2), "[]");
    read_json(VECTOR(INT, 2), "\"\"");
    assert_int_equal(answer.rc, CQLR_E_TYPE);
}

static void elements_can_be_empty_where_they_have_a_length(void **state)
{
    (void)state;
    assert_both_ways(VECTOR(VARCHAR, 3), "00016100", "['', 'a', '']", "[\"\", \"a\", \"\"]");
    assert_both_ways(VECTOR(VARINT, 2), "000101", "['', 1]", "[\"\", 1]");
    assert_parses(VECTOR(INT, 2), "['', 1]",
                  "!'' is not an int: elements of this vector cannot be empty");
    assert_from_json(VECTOR(FLOAT, 1), "[\"\"]",
                     "!'' is not a float: elements of this vector cannot be empty");
    assert_refused(VECTOR(TINYINT, 1), "['']");
    assert_refused(VECTOR_OF(VECTOR(INT, 1), 1), "['']");
}

static void the_dimension_is_exact(void **state)
{
    (void)state;
    assert_parses(VECTOR(INT, 2), "[1]", "!'[1]' is not a vector: too few values");
    assert_parses(VECTOR(INT, 2), "[1, 2, 3]", "!'[1, 2, 3]' is not a vector: too many values");
    assert_from_json(VECTOR(INT, 2), "[1]", "!'[...]' is not a vector: too few values");
    assert_from_json(VECTOR(INT, 2), "[1, 2, 3]", "!'[...]' is not a vector: too many values");
    assert_from_json(VECTOR(INT, 2), "[]", "!'[...]' is not a vector: too few values");
    assert_from_json(VECTOR(INT, 2), "{\"1\": 2}", "!'{...}' is not a vector: it is no array");
    assert_refused(VECTOR_OF(VECTOR(INT, 2), 2), "[[1, 2], [3]]");
    assert_refused(VECTOR_OF(VECTOR(INT, 2), 2), "[[1, 2, 3], [4]]");
    assert_refused(VECTOR(INT, 1), "{1}");
    assert_refused(VECTOR(INT, 1), "(1)");
    assert_refused(VECTOR(INT, 1), "[1");
    assert_refused(VECTOR(INT, 1), "[1,]");
    assert_refused(VECTOR(INT, 1), "1");
}

static void a_vector_has_no_nulls(void **state)
{
    (void)state;
    assert_parses(VECTOR(INT, 2), "[1, null]", "!'null' is not an int: a collection has no nulls");
    assert_refused(VECTOR(VARCHAR, 1), "[null]");
    read_json(VECTOR(INT, 2), "[1, null]");
    assert_int_equal(answer.rc, CQLR_E_TYPE);
    read_json(VECTOR(VARCHAR, 1), "[null]");
    assert_int_equal(answer.rc, CQLR_E_TYPE);
}

static void bytes_that_are_not_just_the_elements_are_an_error(void **state)
{
    static const char *const ints[] = {"00", "00000001", "00000001000000", "000000010000000200"};
    static const char *const texts[] = {"01",       "0161",       "016102",
                                        "016101",   "0161016100", "ffffffffffffffffff6161",
                                        "01617f61", "80",         "0161ff80000000000000"};
    (void)state;
    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
        print_hex(VECTOR(INT, 2), ints[i], CQLR_TEXT);
        assert_int_equal(answer.rc, CQLR_E_PROTO);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        print_hex(VECTOR(VARCHAR, 2), texts[i], CQLR_TEXT);
        assert_int_equal(answer.rc, CQLR_E_PROTO);
    }
    print_hex(VECTOR(SMALLINT, 1), "0100", CQLR_TEXT); /* of the wrong width for its type */
    assert_int_equal(answer.rc, CQLR_E_TYPE);
    print_hex(VECTOR(VARCHAR, 2147483647), "0161", CQLR_TEXT);
    assert_int_equal(answer.rc, CQLR_E_PROTO);
}

static void elements_one_after_the_other(void **state)
{
    const uint8_t bytes[] = {1, 'a', 2, 'b', 'c'};
    const struct cqlr_type *t = VECTOR(VARCHAR, 2), *sub;
    struct cqlr_elements e;
    struct cqlr_value v;
    struct cqlr_err err;
    (void)state;
    assert_int_equal(cqlr_elements_init(&e, t, (struct cqlr_value){bytes, sizeof bytes}, &err), 0);
    assert_int_equal(e.count, 2);
    assert_int_equal(cqlr_elements_next(&e, &v, &sub), 1);
    assert_ptr_equal(sub, t->sub);
    assert_int_equal(v.n, 1);
    assert_ptr_equal(v.p, bytes + 1);
    assert_int_equal(cqlr_elements_next(&e, &v, &sub), 1);
    assert_int_equal(v.n, 2);
    assert_int_equal(cqlr_elements_next(&e, &v, &sub), 0);
    assert_int_equal(cqlr_elements_next(&e, &v, &sub), 0);
    assert_int_equal(cqlr_elements_init(&e, t, (struct cqlr_value){NULL, CQLR_NULL}, &err),
                     CQLR_E_TYPE);
}

/* Made by hand, as no class name gives them: widths that overflow, and no element at all. */
static void types_made_by_hand_cannot_overflow(void **state)
{
    const struct cqlr_type *t = VECTOR_OF(VECTOR_OF(VECTOR(UUID, 65536), 65536), UINT32_MAX);
    (void)state;
    print_hex(t, "00000000000000000000000000000000", CQLR_TEXT);
    assert_int_equal(answer.rc, CQLR_E_PROTO);
    print_hex(VECTOR_OF(VECTOR(UUID, 0x10000000), 16), "00", CQLR_TEXT);
    assert_int_equal(answer.rc, CQLR_E_PROTO);
    assert_parses(VECTOR(INT, 0), "[]", "");
    assert_refused(VECTOR(INT, 0), "[1]");
}

static void an_integer_is_no_vector(void **state)
{
    struct cqlr_wr w;
    struct cqlr_err err;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(cqlr_value_from_int(&w, VECTOR(INT, 1), 1, &err), CQLR_E_TYPE);
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_as_the_server_writes_them),
        cmocka_unit_test(elements_of_every_type),
        cmocka_unit_test(a_vector_as_the_key_of_a_map),
        cmocka_unit_test(long_elements_have_long_lengths),
        cmocka_unit_test(null_and_empty_vectors),
        cmocka_unit_test(elements_can_be_empty_where_they_have_a_length),
        cmocka_unit_test(the_dimension_is_exact),
        cmocka_unit_test(a_vector_has_no_nulls),
        cmocka_unit_test(bytes_that_are_not_just_the_elements_are_an_error),
        cmocka_unit_test(elements_one_after_the_other),
        cmocka_unit_test(types_made_by_hand_cannot_overflow),
        cmocka_unit_test(an_integer_is_no_vector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_json.c - the JSON tokenizer: each token of good texts, one line with the offset for bad
 * ones, and damaged texts that it may not trip over (run it under a sanitizer).
 */
#include "proto/val/json.h"
#include "tests/unit/val_help.h"

/* A copy that ends where its block does, so that a sanitizer sees a read behind it. */
static struct cqlr_str exact(const char *text, size_t n)
{
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, text, n);
    return (struct cqlr_str){copy, n};
}

/* All tokens of a text, as "{ k:a s:b n:1 } ..."; at an error "!" and its text. */
static const char *walk_bytes(const char *text, size_t size)
{
    static const char *const mark[] = {"{", "}", "[", "]", "k:", "s:", "n:", "", "", ""};
    struct cqlr_str s = exact(text, size);
    struct cqlr__json j;
    struct cqlr__json_token t;
    size_t n = 0;
    int rc;
    cqlr__json_init(&j, s, &answer.err);
    answer.text[0] = 0;
    while ((rc = cqlr__json_next(&j, &t)) == 1) {
        bool bracket = t.kind <= CQLR__JSON_ARRAY_END;
        n += (size_t)snprintf(answer.text + n, sizeof answer.text - n, "%s%s%.*s%s", n ? " " : "",
                              mark[t.kind], bracket ? 0 : (int)t.raw.n, t.raw.p,
                              t.escaped ? "\\" : "");
    }
    answer.rc = rc;
    if (rc) {
        assert_int_equal(rc, CQLR_E_TYPE);
        assert_int_equal(answer.err.code, CQLR_E_TYPE);
        assert_true(answer.err.offset <= size);
        snprintf(answer.text, sizeof answer.text, "!%s", answer.err.text);
    }
    assert_int_equal(cqlr__json_next(&j, &t), rc);
    free((char *)s.p);
    return answer.text;
}

static const char *walk(const char *text)
{
    return walk_bytes(text, strlen(text));
}

#define assert_walks(text, tokens) assert_string_equal(walk(text), tokens)
#define assert_bad(text, why)      assert_string_equal(walk(text), "!JSON: " why)

static void tokens_come_one_by_one(void **state)
{
    (void)state;
    assert_walks("1", "n:1");
    assert_walks(" null ", "null");
    assert_walks("\t\n\r true", "true");
    assert_walks("[]", "[ ]");
    assert_walks("{}", "{ }");
    assert_walks("[ [ ] , { } ]", "[ [ ] { } ]");
    assert_walks("[{},[1]]", "[ { } [ n:1 ] ]");
    assert_walks("{\"a\":1,\"b\":[true,false,null]}", "{ k:a n:1 k:b [ true false null ] }");
    assert_walks("{\"\":{\"x\":\"\"}}", "{ k: { k:x s: } }");
}

static void numbers_keep_their_text(void **state)
{
    (void)state;
    assert_walks("[0,-0,10,1.50,-0.001,1e9,1E+09,1.0e-400,123456789012345678901234567890]",
                 "[ n:0 n:-0 n:10 n:1.50 n:-0.001 n:1e9 n:1E+09 n:1.0e-400 "
                 "n:123456789012345678901234567890 ]");
    assert_bad("01", "number with a leading zero at 0");
    assert_bad("[-01]", "number with a leading zero at 1");
    assert_bad("-", "number without digits at 0");
    assert_bad("-a", "number without digits at 0");
    assert_bad("1.", "number without digits behind its point at 0");
    assert_bad("[1.e5]", "number without digits behind its point at 1");
    assert_bad("1e", "number without digits in its exponent at 0");
    assert_bad("1e+", "number without digits in its exponent at 0");
    assert_bad("+1", "a value expected at 0");
    assert_bad(".5", "a value expected at 0");
    assert_bad("NaN", "a value expected at 0");
    assert_bad("-Infinity", "number without digits at 0");
    assert_bad("0x10", "more text behind the value at 1");
}

static void wrong_structure_is_told_with_its_offset(void **state)
{
    (void)state;
    assert_bad("", "a value expected at 0");
    assert_bad("  ", "a value expected at 2");
    assert_bad("[1,]", "a value expected at 3");
    assert_bad("[,1]", "a value expected at 1");
    assert_bad("[1 2]", "',' or ']' expected at 3");
    assert_bad("[1}", "',' or ']' expected at 2");
    assert_bad("[1", "',' or ']' expected at 2");
    assert_bad("[", "a value expected at 1");
    assert_bad("]", "a value expected at 0");
    assert_bad("{\"a\":1,}", "a key expected at 7");
    assert_bad("{a:1}", "a key expected at 1");
    assert_bad("{1:1}", "a key expected at 1");
    assert_bad("{\"a\" 1}", "':' expected at 5");
    assert_bad("{\"a\":}", "a value expected at 5");
    assert_bad("{\"a\":1 \"b\":2}", "',' or '}' expected at 7");
    assert_bad("{\"a\":1", "',' or '}' expected at 6");
    assert_bad("{", "a key expected at 1");
    assert_bad("{} {}", "more text behind the value at 3");
    assert_bad("1,", "more text behind the value at 1");
    assert_bad("tru", "a value expected at 0");
    assert_bad("truely", "more text behind the value at 4");
    assert_bad("TRUE", "a value expected at 0");
    assert_bad("'a'", "a value expected at 0");
    assert_bad("[1] // one", "more text behind the value at 4");
    assert_string_equal(walk_bytes("1\0", 2), "!JSON: more text behind the value at 1");
    assert_string_equal(walk_bytes("\0", 1), "!JSON: a value expected at 0");
}

static void strings_are_checked_where_they_stand(void **state)
{
    (void)state;
    assert_walks("[\"a/b\",\"\\u00e4\\n\",\"\xC3\xA4\"]", "[ s:a/b s:\\u00e4\\n\\ s:\xC3\xA4 ]");
    assert_bad("\"", "string without its end at 0");
    assert_bad("[\"ab", "string without its end at 1");
    assert_bad("\"a\nb\"", "control character in a string at 2");
    assert_string_equal(walk_bytes("\"\0\"", 3), "!JSON: control character in a string at 1");
    assert_bad("\"\\x41\"", "not an escape at 1");
    assert_string_equal(walk_bytes("\"\\\0\"", 4), "!JSON: not an escape at 1");
    assert_bad("\"\\", "not an escape at 1");
    assert_bad("\"\\u12", "not an escape at 1");
    assert_bad("\"\\u12g4\"", "not an escape at 1");
    assert_bad("\"a\\u12\"34", "not an escape at 2");
    assert_bad("\"\\ud800\"", "not an escape at 1");
    assert_bad("\"\\ud800x\"", "not an escape at 1");
    assert_bad("\"\\ud800\\ud800\"", "not an escape at 1");
    assert_bad("\"\\ud800\\u0041\"", "not an escape at 1");
    assert_bad("\"\\udc00\"", "not an escape at 1");
    assert_bad("\"\\udc00\\udc00\"", "not an escape at 1");
    assert_bad("\"\xFF\"", "not UTF-8 at 1");
    assert_bad("\"a\xC3\"", "not UTF-8 at 2");
    assert_bad("\"\xED\xA0\x80\"", "not UTF-8 at 1");
    assert_bad("{\"\xC0\x80\":1}", "not UTF-8 at 2");
}

/* The only token of the text: a string. */
static struct cqlr__json_token only_string(const char *text)
{
    struct cqlr__json j;
    struct cqlr__json_token t;
    cqlr__json_init(&j, cqlr_cstr(text), &answer.err);
    assert_int_equal(cqlr__json_next(&j, &t), 1);
    assert_int_equal(t.kind, CQLR__JSON_STRING);
    return t;
}

static void assert_string(const char *text, const char *meant, size_t n)
{
    struct cqlr__json_token t = only_string(text);
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_u8(&w, '.');
    assert_int_equal(cqlr__json_string(&w, &t, &answer.err), 0);
    assert_int_equal(w.n, n + 1);
    assert_memory_equal(w.p + 1, meant, n);
    assert_true(cqlr__json_equal(&t, (struct cqlr_str){meant, n}));
    if (n)
        assert_false(cqlr__json_equal(&t, (struct cqlr_str){meant, n - 1}));
    cqlr_wr_u8(&w, 'x');
    assert_false(cqlr__json_equal(&t, (struct cqlr_str){(char *)w.p + 1, n + 1}));
    cqlr_wr_fini(&w);
}

static void escapes_are_taken_out(void **state)
{
    (void)state;
    assert_string("\"\"", "", 0);
    assert_string("\"plain\"", "plain", 5);
    assert_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8);
    assert_string("\"a\\u0041b\"", "aAb", 3);
    assert_string("\"\\u0000\"", "\0", 1);
    assert_string("\"\\u007f\\u0080\\u07FF\\u0800\\uffff\"",
                  "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF", 11);
    assert_string("\"\\uD83D\\uDE00\\ud800\\udc00\\udbff\\udfff\"",
                  "\xF0\x9F\x98\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 12);
    assert_string("\"\xF0\x9F\x98\x80\\\\\"", "\xF0\x9F\x98\x80\\", 5);
}

static void a_full_writer_is_told(void **state)
{
    (void)state;
    struct cqlr__json_token t = only_string("\"four\\n\"");
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 4);
    assert_int_equal(cqlr__json_string(&w, &t, &answer.err), CQLR_E_LIMIT);
    assert_int_equal(answer.err.code, CQLR_E_LIMIT);
    cqlr_wr_fini(&w);
}

static void assert_value(struct cqlr__json *j, const char *text)
{
    struct cqlr_str raw;
    assert_int_equal(cqlr__json_value(j, &raw), 1);
    assert_int_equal(raw.n, strlen(text));
    assert_memory_equal(raw.p, text, raw.n);
}

static void whole_values_are_taken(void **state)
{
    struct cqlr__json j;
    struct cqlr__json_token t;
    struct cqlr_str raw;
    (void)state;
    cqlr__json_init(&j, cqlr_cstr(" {\"a\": [1, {\"x\": []}] , \"b\":\"s\\n\",\"c\":-1.5 } "),
                    &answer.err);
    assert_int_equal(cqlr__json_next(&j, &t), 1);
    assert_int_equal(cqlr__json_next(&j, &t), 1);
    assert_true(t.kind == CQLR__JSON_KEY && cqlr__json_equal(&t, cqlr_cstr("a")));
    assert_value(&j, "[1, {\"x\": []}]");
    assert_int_equal(cqlr__json_next(&j, &t), 1);
    assert_value(&j, "\"s\\n\"");
    assert_int_equal(cqlr__json_next(&j, &t), 1);
    assert_value(&j, "-1.5");
    assert_int_equal(cqlr__json_next(&j, &t), 1);
    assert_int_equal(t.kind, CQLR__JSON_OBJECT_END);
    assert_int_equal(cqlr__json_next(&j, &t), 0);

    cqlr__json_init(&j, cqlr_cstr("[null, {\"k\" : {} }]"), &answer.err);
    assert_int_equal(cqlr__json_next(&j, &t), 1);
    assert_value(&j, "null");
    assert_value(&j, "{\"k\" : {} }");
    assert_int_equal(cqlr__json_value(&j, &raw), 0);
    assert_int_equal(cqlr__json_value(&j, &raw), 0);

    cqlr__json_init(&j, cqlr_cstr("[1, [2, ]]"), &answer.err);
    assert_int_equal(cqlr__json_value(&j, &raw), CQLR_E_TYPE);
    assert_string_equal(answer.err.text, "JSON: a value expected at 8");
}

static void nesting_has_an_end(void **state)
{
    char text[200];
    (void)state;
    memset(text, '[', CQLR_TYPE_DEPTH);
    memset(text + CQLR_TYPE_DEPTH, ']', CQLR_TYPE_DEPTH);
    walk_bytes(text, 2 * CQLR_TYPE_DEPTH);
    assert_int_equal(answer.rc, 0);
    memset(text, '[', CQLR_TYPE_DEPTH + 1);
    assert_string_equal(walk_bytes(text, CQLR_TYPE_DEPTH + 1), "!JSON: nested too deep at 64");
}

static void damaged_texts_are_walked_or_refused(void **state)
{
    static const char good[] = "{\"a\": [1.5e+3, -0, true, {\"\\u00e4\\ud83d\\ude00\": null}], "
                               "\"b\": \"x\\n\xC3\xA4\xF0\x9F\x98\x80\", \"c\": [[], {}, false]}";
    static const char alphabet[] = "[]{},:\"\\0123-+.eEuntrfalsdD \n\x80\xC3\xF0";
    uint64_t seed = 8259;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[sizeof good];
        size_t n = sizeof good - 1;
        memcpy(text, good, sizeof good);
        for (uint64_t k = 1 + next_random(&seed) % 4; k-- > 0;)
            text[next_random(&seed) % n] =
                alphabet[(next_random(&seed) >> 32) % (sizeof alphabet - 1)];
        walk_bytes(text, next_random(&seed) >> 63 ? n : (next_random(&seed) >> 32) % (n + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_one_by_one),
        cmocka_unit_test(numbers_keep_their_text),
        cmocka_unit_test(wrong_structure_is_told_with_its_offset),
        cmocka_unit_test(strings_are_checked_where_they_stand),
        cmocka_unit_test(escapes_are_taken_out),
        cmocka_unit_test(a_full_writer_is_told),
        cmocka_unit_test(whole_values_are_taken),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(damaged_texts_are_walked_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

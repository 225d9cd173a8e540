/*
 * test_err.c - the text of errors is one line, always terminated, and cut between characters.
 */
#include "tests/unit/msg_help.h"

#include "proto/base/err.h"
#include "proto/base/utf8.h"

static void set_returns_the_code_and_clears_the_rest(void **state)
{
    struct cqlr_err err;
    (void)state;
    memset(&err, 0xFF, sizeof err);
    assert_int_equal(cqlr__err_set(&err, CQLR_E_IO, "%s: %d", "read", 5), CQLR_E_IO);
    assert_int_equal(err.code, CQLR_E_IO);
    assert_int_equal(err.sys_errno, 0);
    assert_int_equal(err.server_code, 0);
    assert_int_equal(err.offset, 0);
    assert_string_equal(err.text, "read: 5");
}

static void text_is_one_line(void **state)
{
    struct cqlr_err err;
    (void)state;
    cqlr__err_set(&err, CQLR_E_SERVER,
                  "a\nb\tc\033[2Jd\177e\xC2\x9B"
                  "f\xC3\xA9");
    assert_string_equal(err.text, "a b c [2Jd e  f\xC3\xA9");
    /* Of two bytes that begin like a control character, only those that are one. */
    cqlr__err_set(&err, CQLR_E_SERVER, "\xC2\xA0 \xC2| \xC2");
    assert_string_equal(err.text, "\xC2\xA0 ?| ?");
}

static void text_is_utf8(void **state)
{
    struct cqlr_err err;
    (void)state;
    assert_int_equal(cqlr__utf8_next((const uint8_t *)"x", 0), 0);
    cqlr__err_set(&err, CQLR_E_SERVER, "a\x9B%s\xC3", "b\xED\xA0\x80\xE2\x82\xAC\xFF\xC2");
    assert_string_equal(err.text, "a?b???\xE2\x82\xAC???");
}

static void long_text_is_cut_at_a_character(void **state)
{
    static const char *const character[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    struct cqlr_err err;
    char text[2 * CQLR_ERR_TEXT];
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        size_t n = strlen(character[k]);
        for (size_t lead = 0; lead < 4; lead++) {
            memset(text, 'a', sizeof text);
            for (size_t i = lead; i + n < sizeof text; i += n)
                memcpy(text + i, character[k], n);
            text[sizeof text - 1] = '\0';
            cqlr__err_set(&err, CQLR_E_SERVER, "%s", text);
            size_t kept = strlen(err.text);
            assert_in_range(kept, CQLR_ERR_TEXT - n, CQLR_ERR_TEXT - 1);
            assert_int_equal((kept - 3 - lead) % n, 0);
            assert_string_equal(err.text + kept - 3, "...");
            assert_memory_equal(err.text, text, kept - 3);
        }
    }
}

static void cut_text_that_is_not_utf8_stays_in_bounds(void **state)
{
    struct cqlr_err err;
    char text[2 * CQLR_ERR_TEXT];
    (void)state;
    memset(text, 0x80, sizeof text);
    text[sizeof text - 1] = '\0';
    cqlr__err_set(&err, CQLR_E_SERVER, "%s", text);
    assert_int_equal(strlen(err.text), CQLR_ERR_TEXT - 1);
    assert_int_equal(cqlr__text_cut("", 0), 0);
    assert_int_equal(cqlr__text_cut("\xE2\x82", 2), 0);
}

static void text_that_fits_has_no_mark(void **state)
{
    struct cqlr_err err;
    char text[CQLR_ERR_TEXT + 1];
    (void)state;
    memset(text, 'a', sizeof text);
    text[CQLR_ERR_TEXT - 1] = '\0';
    cqlr__err_set(&err, CQLR_E_SERVER, "%s", text);
    assert_string_equal(err.text, text);
    text[CQLR_ERR_TEXT - 1] = 'a';
    text[CQLR_ERR_TEXT] = '\0';
    cqlr__err_set(&err, CQLR_E_SERVER, "%s", text);
    assert_string_equal(err.text + CQLR_ERR_TEXT - 6, "aa...");
    text[CQLR_ERR_TEXT - 4] = '\0'; /* "p: " fills the room */
    cqlr__err_set(&err, CQLR_E_SERVER, "%s", text);
    cqlr__err_prefix(&err, "p");
    assert_string_equal(err.text + CQLR_ERR_TEXT - 6, "aaaaa");
    cqlr__err_prefix(&err, "p");
    assert_string_equal(err.text + CQLR_ERR_TEXT - 6, "aa...");
}

static void prefixes_are_put_in_front(void **state)
{
    struct cqlr_err err;
    (void)state;
    cqlr__err_set(&err, CQLR_E_PROTO, "type: need 2 bytes");
    err.offset = 117;
    cqlr__err_prefix(&err, "column %d", 3);
    cqlr__err_prefix(&err, "10.0.0.1:%d", 9042);
    assert_string_equal(err.text, "10.0.0.1:9042: column 3: type: need 2 bytes");
    assert_int_equal(err.offset, 117);
    assert_int_equal(err.code, CQLR_E_PROTO);
}

static void prefix_cuts_the_end_off_a_full_text(void **state)
{
    struct cqlr_err err;
    char text[CQLR_ERR_TEXT];
    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text + CQLR_ERR_TEXT - 5, "\xE2\x82\xAC!", 5);
    cqlr__err_set(&err, CQLR_E_PROTO, "%s", text);
    assert_int_equal(strlen(err.text), CQLR_ERR_TEXT - 1);
    cqlr__err_prefix(&err, "p");
    assert_string_equal(err.text + CQLR_ERR_TEXT - 6, "aa...");
    assert_memory_equal(err.text, "p: aaa", 6);
    cqlr__err_prefix(&err, "%s", err.text);
    assert_memory_equal(err.text, "p: aaa", 6);
    assert_in_range(strlen(err.text), CQLR_ERR_TEXT - 4, CQLR_ERR_TEXT - 1);
}

static void each_code_has_text_name_and_class(void **state)
{
    (void)state;
    assert_string_equal(cqlr_errcode_text(CQLR_E_PROTO), "malformed frame or message");
    assert_string_equal(cqlr_errcode_name(CQLR_E_PROTO), "PROTO");
    assert_string_equal(cqlr_errcode_name(0), "OK");
    assert_string_equal(cqlr_errcode_name(-1), "UNKNOWN");
    assert_string_equal(cqlr_errcode_text(0), "no error");
    assert_string_equal(cqlr_errcode_text(12345), "unknown error");
#define CHECK(name, number, text)                                                                  \
    assert_string_equal(cqlr_errcode_name(number), #name);                                         \
    assert_string_equal(cqlr_errcode_text(CQLR_E_##name), text);
    CQLR_ERROR_MAP(CHECK)
#undef CHECK
    assert_int_equal(CQLR_ERR_CLASS(CQLR_E_CLOSED), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_returns_the_code_and_clears_the_rest),
        cmocka_unit_test(text_is_one_line),
        cmocka_unit_test(text_is_utf8),
        cmocka_unit_test(long_text_is_cut_at_a_character),
        cmocka_unit_test(cut_text_that_is_not_utf8_stays_in_bounds),
        cmocka_unit_test(text_that_fits_has_no_mark),
        cmocka_unit_test(prefixes_are_put_in_front),
        cmocka_unit_test(prefix_cuts_the_end_off_a_full_text),
        cmocka_unit_test(each_code_has_text_name_and_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

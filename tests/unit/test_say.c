/*
 * test_say.c - the program's texts of errors: one line of UTF-8 whatever bytes come, cut between
 * characters; and the log's lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include <cqlraw/wire.h>

#include "proto/base/utf8.h"
#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/io/log.h"
#include "tools/cqlraw/io/utf8.h"

static bool is_utf8(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0, len; i < n; i += len)
        if ((len = cqlr__utf8_next((const uint8_t *)text + i, n - i)) == 0)
            return false;
    return true;
}

static void errors_are_one_line_of_utf8(void **state)
{
    (void)state;
    struct cqlr_err err;
    assert_int_equal(err_set(&err, CQLR_E_PROTO, "a\n%s\x7F|\xC2\x85|\xC2\xA0", "\t"),
                     CQLR_E_PROTO);
    assert_string_equal(err.text, "a   |  |\xC2\xA0");
    err_set(&err, CQLR_E_PROTO, "\xE7|\xC3\xA4|\x80\xED\xA0\x80|\xF0\x9F\x94\x91|\xC2");
    assert_string_equal(err.text, "?|\xC3\xA4|????|\xF0\x9F\x94\x91|?");
}

static void errors_are_cut_between_characters(void **state)
{
    (void)state;
    static const char *const one[] = {"x", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x94\x91"};
    struct cqlr_err err;
    for (size_t len = 1; len <= 4; len++)
        for (size_t before = 0; before < 4; before++) {
            char text[800] = "";
            memset(text, '.', before);
            for (size_t n = before; n < 600; n += len)
                memcpy(text + n, one[len - 1], len);
            err_set(&err, CQLR_E_PROTO, "%s", text);
            assert_true(is_utf8(err.text));
            assert_null(strchr(err.text, '?'));
            assert_in_range(strlen(err.text), sizeof err.text - len, sizeof err.text - 1);
        }
}

static void is_same_character(const char *p)
{
    uint32_t c;
    for (size_t n = 1; n <= 4; n++)
        assert_int_equal(utf8_next(p, n, &c), cqlr__utf8_next((const uint8_t *)p, n));
}

/* Every lead and second byte, and those at the edges behind them. */
static void a_character_is_what_the_library_takes_for_one(void **state)
{
    (void)state;
    const char edge[] = {0x7F, (char)0x80, (char)0xBF, (char)0xC0};
    for (unsigned start = 0; start < 0x10000; start++)
        for (unsigned i = 0; i < 16; i++) {
            const char p[] = {(char)(start >> 8), (char)start, edge[i / 4], edge[i % 4]};
            is_same_character(p);
        }
}

static void texts_are_cut_between_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_cut(cqlr_cstr("abc"), 3).n, 3);
    assert_int_equal(utf8_cut(cqlr_cstr("abc"), 2).n, 2);
    assert_int_equal(utf8_cut(cqlr_cstr("\xF0\x9F\x94\x91"), 3).n, 0);
    assert_int_equal(utf8_cut(cqlr_cstr("a\xE2\x82\xAC"), 3).n, 1);
    assert_int_equal(utf8_cut(cqlr_cstr("a\xE2\x82\xACz"), 4).n, 4);
    assert_int_equal(utf8_cut(cqlr_cstr("\x80\x80\x80\x80\x80\x80\x80"), 6).n, 3);
    assert_int_equal(utf8_cut((struct cqlr_str){NULL, 0}, 6).n, 0);
}

static void a_line_of_the_log_has_no_passwords_of_cql(void **state)
{
    static const char end[] = " debug: prepared: ALTER USER a WITH PASSWORD '***' \n";
    struct args a = {.command = command_find("run"), .log_fd = memfd_create("log", MFD_CLOEXEC)};
    char got[300];
    (void)state;
    log_line(&a, CQLR_LOG_DEBUG, "prepared: ALTER USER a WITH PASSWORD 'hunter2'\t");
    ssize_t n = pread(a.log_fd, got, sizeof got, 0);
    assert_true(n > (ssize_t)sizeof end);
    assert_memory_equal(got + n - (sizeof end - 1), end, sizeof end - 1);
    close(a.log_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_one_line_of_utf8),
        cmocka_unit_test(errors_are_cut_between_characters),
        cmocka_unit_test(a_character_is_what_the_library_takes_for_one),
        cmocka_unit_test(texts_are_cut_between_characters),
        cmocka_unit_test(a_line_of_the_log_has_no_passwords_of_cql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_ini.c - INI text → items as ConfigParser sees them, and errors with their line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/cqlraw/config/ini.h"

/* All items as "LINE[section]key=value|..."; an error ends it as "LINE!why". */
static const char *items_of(const char *text, size_t size)
{
    static char out[1024];
    char *copy = malloc(size + 1); /* its own block, so that a sanitizer sees reads behind it */
    struct ini ini;
    struct ini_item it;
    const char *why = NULL;
    size_t n = 0;
    int rc;
    memcpy(copy, text, size);
    ini_init(&ini, (struct cqlr_str){copy, size});
    out[0] = '\0';
    while ((rc = ini_next(&ini, &it, &why)) == 1 && n < sizeof out)
        n += (size_t)snprintf(out + n, sizeof out - n, "%u[%.*s]%.*s=%.*s|", it.line,
                              CQLR_STR(it.section), CQLR_STR(it.key), CQLR_STR(it.value));
    if (rc < 0 && n < sizeof out)
        snprintf(out + n, sizeof out - n, "%u!%s", ini.line, why);
    free(copy);
    return out;
}

static void reads(const char *text, const char *want)
{
    assert_string_equal(items_of(text, strlen(text)), want);
}

static void keys_and_values_have_a_section_and_a_line(void **state)
{
    (void)state;
    reads("", "");
    reads("\n\n", "");
    reads("[a]", "");
    reads("[a]\nk = v", "2[a]k=v|");
    reads("[a]\nk = v\n\n[b c]\nx:y\nz=\n", "2[a]k=v|5[b c]x=y|6[b c]z=|");
    reads("[a]\r\nk\t=  v w \r\n", "2[a]k=v w|");
    reads("\xef\xbb\xbf[a]\nk=v", "2[a]k=v|");
    reads("  [a]\n  k = v\n  l = w\n", "2[a]k=v|3[a]l=w|");
}

static void comments_are_lines_of_their_own(void **state)
{
    (void)state;
    reads("# x\n; y\n[a]\n  # z\nk = v\n", "5[a]k=v|");
    reads("[a]\npassword = a;b #c\n", "2[a]password=a;b #c|");
    reads("[a]\nk = v\n  # no continuation\nl = w\n", "2[a]k=v|4[a]l=w|");
}

static void values_stand_as_they_are(void **state)
{
    (void)state;
    reads("[a]\nk = 100%% %(x)s \"q\" = : \\n\n", "2[a]k=100%% %(x)s \"q\" = : \\n|");
    reads("[a]\nk: a=b\nl = c:d\n", "2[a]k=a=b|3[a]l=c:d|");
}

static void an_indented_line_goes_on_with_the_value(void **state)
{
    (void)state;
    reads("[a]\nk = v\n  w\n\tx = y\nl = m\n", "2[a]k=v\n  w\n\tx = y|5[a]l=m|");
    reads("[a]\nk =\n  [b]\nl = m", "2[a]k=\n  [b]|4[a]l=m|");
}

static void errors_name_their_line(void **state)
{
    (void)state;
    reads("k = v", "1!a [SECTION] must come first");
    reads("[a]\nk = v\nnonsense\n", "2[a]k=v|3!neither [SECTION] nor KEY = VALUE");
    reads("[a]\n= v", "2!neither [SECTION] nor KEY = VALUE");
    reads("[]\n", "1!a section is [NAME]");
    reads("\n[a\nk=v", "2!a section is [NAME]");
    reads("[a] b\n", "1!a section is [NAME]");
    assert_string_equal(items_of("[a]\nk=\0v\n", 9), "2!a NUL byte");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_values_have_a_section_and_a_line),
        cmocka_unit_test(comments_are_lines_of_their_own),
        cmocka_unit_test(values_stand_as_they_are),
        cmocka_unit_test(an_indented_line_goes_on_with_the_value),
        cmocka_unit_test(errors_name_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

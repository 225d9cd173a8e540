/*
 * test_split_cql.c - where CQL statements end: not inside strings, comments, $$ bodies and batches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tools/cqlraw/query/split_cql.h"

/* `want` ends with NULL. */
static void splits(const char *text, const char *const *want)
{
    struct cqlr_str rest = cqlr_cstr(text), s;
    for (; *want; want++) {
        if (!split_cql_next(&rest, &s))
            fail_msg("%s: \"%s\" is missing", text, *want);
        if (s.n != strlen(*want) || memcmp(s.p, *want, s.n) != 0)
            fail_msg("%s: \"%.*s\" instead of \"%s\"", text, CQLR_STR(s), *want);
    }
    if (split_cql_next(&rest, &s))
        fail_msg("%s: \"%.*s\" is too much", text, CQLR_STR(s));
    assert_false(split_cql_next(&rest, &s));
}
#define SPLITS(text, ...) splits(text, (const char *const[]){__VA_ARGS__, NULL})

static void plain_statements(void **state)
{
    (void)state;
    SPLITS("SELECT 1", "SELECT 1");
    SPLITS(" a ; b;\n\tc  ", "a", "b", "c");
    SPLITS(";; a;;", "a");
    splits("", (const char *const[]){NULL});
    splits(" ; \n", (const char *const[]){NULL});
}

static void strings_hide_semicolons(void **state)
{
    (void)state;
    SPLITS("a ';' b; c", "a ';' b", "c");
    SPLITS("a 'it''s;' b; c", "a 'it''s;' b", "c");
    SPLITS("a \"x;\"\"y;\" b; c", "a \"x;\"\"y;\" b", "c");
    SPLITS("f $$ if (x) { y; } ' $$; c", "f $$ if (x) { y; } ' $$", "c");
    SPLITS("a '--;' b; c", "a '--;' b", "c");
}

static void comments_are_left_out_at_the_ends_only(void **state)
{
    (void)state;
    SPLITS("-- x; y\na; b", "a", "b");
    SPLITS("a // x; '\n; b", "a", "b");
    SPLITS("/* ; */ a /* ' ; */ b; c", "a /* ' ; */ b", "c");
    splits("-- only a comment", (const char *const[]){NULL});
    splits("/* only a comment; */", (const char *const[]){NULL});
    SPLITS("a - b; c / d", "a - b", "c / d");
}

static void what_is_not_closed_reaches_to_the_end(void **state)
{
    (void)state;
    SPLITS("a; b 'x; y", "a", "b 'x; y");
    SPLITS("b $$x; y", "b $$x; y");
    SPLITS("b $", "b $");
    SPLITS("'", "'");
    SPLITS("a /* x; y", "a");
}

static void a_batch_is_one_statement(void **state)
{
    (void)state;
    SPLITS("BEGIN BATCH a; b; APPLY BATCH; c", "BEGIN BATCH a; b; APPLY BATCH", "c");
    SPLITS("begin unlogged batch a; apply batch; c", "begin unlogged batch a; apply batch", "c");
    SPLITS("a begin batch; c", "a begin batch", "c");
    SPLITS("BEGIN /* x */ COUNTER BATCH a; 'APPLY'; APPLY BATCH; c",
           "BEGIN /* x */ COUNTER BATCH a; 'APPLY'; APPLY BATCH", "c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_statements),
        cmocka_unit_test(strings_hide_semicolons),
        cmocka_unit_test(comments_are_left_out_at_the_ends_only),
        cmocka_unit_test(what_is_not_closed_reaches_to_the_end),
        cmocka_unit_test(a_batch_is_one_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

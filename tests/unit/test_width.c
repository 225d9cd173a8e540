/*
 * test_width.c - terminal columns of text, what is escaped, and tables that stay aligned with both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tools/cqlraw/rows/out_table.h"
#include "tools/cqlraw/rows/width.h"
#include "tools/cqlraw/rows/packed_table.h"

static void prints(const char *text, const char *want, size_t columns)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    size_t got = width_print(&w, cqlr_cstr(text));
    if (got != columns || w.n != strlen(want) || (w.n && memcmp(w.p, want, w.n) != 0))
        fail_msg("%s: %zu columns, \"%.*s\"", want, got, (int)w.n, (const char *)w.p);
    cqlr_wr_fini(&w);
}

static void wide_and_combining_characters(void **state)
{
    (void)state;
    prints("abc", "abc", 3);
    prints("", "", 0);
    prints("\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9", 3);
    prints("e\xcc\x81", "e\xcc\x81", 1);
    prints("\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", 4);
    prints("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 2);
    prints("\xe2\x80\x8b", "\xe2\x80\x8b", 0);
    assert_int_equal(width_of(0xad), 1);
    assert_int_equal(width_of(0x1100), 2);
    assert_int_equal(width_of(0xff21), 2);
    assert_int_equal(width_of(0xff71), 1);
    assert_int_equal(width_of(0x10ffff), 1);
}

static void nothing_commands_the_terminal(void **state)
{
    (void)state;
    prints("a\nb\tc\r", "a\\nb\\tc\\r", 9);
    prints("\x1b[31m", "\\x1b[31m", 8);
    prints("\x7f", "\\x7f", 4);
    prints("\xc2\x9b"
           "2J",
           "\\x9b2J", 6);
    prints("\xe2\x80\xae", "\\u202e", 6);
    prints("\xff\xc3", "\\xff\\xc3", 8);
    prints("\xed\xa0\x80", "\\xed\\xa0\\x80", 12);
    prints("\xc0\xaf", "\\xc0\\xaf", 8);
    prints("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 16);
}

static void give(struct table *t, const char *a, const char *b)
{
    table_cell(t, a ? cqlr_cstr(a) : (struct cqlr_str){NULL, 0});
    table_cell(t, b ? cqlr_cstr(b) : (struct cqlr_str){NULL, 0});
}

static void is_text(const struct cqlr_wr *w, const char *want)
{
    if (w->n != strlen(want) || memcmp(w->p, want, w->n) != 0)
        fail_msg("\n%.*sinstead of\n%s", (int)w->n, (const char *)w->p, want);
}

static void a_table_is_aligned_over_its_chunks(void **state)
{
    struct table t;
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(table_init(&t, 2), 0);
    give(&t, "id", "name");
    give(&t, "1", "\xe6\x97\xa5\xe6\x9c\xac!");
    table_row_done(&t);
    give(&t, "22", NULL);
    table_row_done(&t);
    assert_int_equal(table_flush(&t, &w), 0);
    give(&t, "3", "x");
    table_row_done(&t);
    assert_int_equal(table_flush(&t, &w), 0);
    assert_int_equal(table_flush(&t, &w), 0);
    is_text(&w, " id | name\n"
                "----+-------\n"
                "  1 | \xe6\x97\xa5\xe6\x9c\xac!\n"
                " 22 |  null\n"
                "  3 |     x\n");
    table_fini(&t);
    cqlr_wr_fini(&w);
}

/* What workers packed arrives in any pieces, here byte by byte. */
static void packed_rows_survive_any_cut(void **state)
{
    static const struct cqlr_type text = {.id = CQLR_TYPE_VARCHAR};
    const struct cqlr_column col[] = {{.name = cqlr_cstr("k"), .type = &text},
                                      {.name = cqlr_cstr("v"), .type = &text}};
    const struct cqlr_columns columns = {.count = 2, .col = col};
    const struct cqlr_value cells[] = {{(const uint8_t *)"one", 3}, {NULL, CQLR_NULL}};
    const struct cqlr_row row = {&columns, cells};
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    struct packed_table t;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    packed_table_init(&t);
    packed_table_pack_names(&w, &columns);
    assert_int_equal(packed_table_pack(&w, &row, &err), 0);
    for (size_t i = 0; i < w.n; i++)
        assert_int_equal(packed_table_take(&t, w.p + i, 1), 0);
    assert_int_equal(packed_table_end(&t), 0);
    is_text(&t.text, " k   | v\n"
                     "-----+------\n"
                     " one | null\n");
    cqlr_wr_reset(&w);
    packed_table_pack_names(&w, &(struct cqlr_columns){.count = 1, .col = col});
    assert_true(packed_table_take(&t, w.p, w.n) < 0); /* a row of another width */
    packed_table_fini(&t);
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wide_and_combining_characters),
        cmocka_unit_test(nothing_commands_the_terminal),
        cmocka_unit_test(a_table_is_aligned_over_its_chunks),
        cmocka_unit_test(packed_rows_survive_any_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_csv.c - rows as CSV: null and empty text differ, quotes only where needed, one record a row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tools/cqlraw/rows/out_csv.h"

static const struct cqlr_type text = {.id = CQLR_TYPE_VARCHAR};
static const struct cqlr_type number = {.id = CQLR_TYPE_INT};

static void quotes_to(const char *field, const char *want)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_raw(&w, "x,", 2);
    cqlr_wr_raw(&w, field, strlen(field));
    csv_quote(&w, 2);
    assert_int_equal(w.rc, 0);
    if (w.n != 2 + strlen(want) || memcmp(w.p + 2, want, w.n - 2) != 0)
        fail_msg("%s became %.*s", field, (int)w.n - 2, (const char *)w.p + 2);
    assert_memory_equal(w.p, "x,", 2);
    cqlr_wr_fini(&w);
}

static void only_fields_that_need_quotes_get_them(void **state)
{
    (void)state;
    quotes_to("plain", "plain");
    quotes_to(" spaces stay ", " spaces stay ");
    quotes_to("it's", "it's");
    quotes_to("a,b", "\"a,b\"");
    quotes_to("a\nb", "\"a\nb\"");
    quotes_to("a\rb", "\"a\rb\"");
    quotes_to("\"", "\"\"\"\"");
    quotes_to("say \"hi\", \"you\"", "\"say \"\"hi\"\", \"\"you\"\"\"");
    quotes_to("", "\"\"");
}

static struct cqlr_value cell(const char *p)
{
    struct cqlr_value v = {(const uint8_t *)p, p ? (int32_t)strlen(p) : CQLR_NULL};
    return v;
}

static void null_is_empty_and_empty_text_is_quoted(void **state)
{
    const struct cqlr_column col[] = {{.name = cqlr_cstr("a"), .type = &text},
                                      {.name = cqlr_cstr("b,c"), .type = &text},
                                      {.name = cqlr_cstr("d"), .type = &text}};
    const struct cqlr_columns columns = {.count = 3, .col = col};
    const struct cqlr_value cells[] = {cell(NULL), cell(""), cell("x")};
    const struct cqlr_row row = {&columns, cells};
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    csv_header(&w, &columns);
    assert_int_equal(csv_row(&w, &row, &err), 0);
    assert_int_equal(w.n, strlen("a,\"b,c\",d\n,\"\",x\n"));
    assert_memory_equal(w.p, "a,\"b,c\",d\n,\"\",x\n", w.n);
    cqlr_wr_fini(&w);
}

static void a_cell_that_does_not_decode_names_its_column(void **state)
{
    const struct cqlr_column col[] = {{.name = cqlr_cstr("a"), .type = &text},
                                      {.name = cqlr_cstr("age"), .type = &number}};
    const struct cqlr_columns columns = {.count = 2, .col = col};
    const struct cqlr_value cells[] = {cell("x"), cell("123")}; /* an int of 3 bytes */
    const struct cqlr_row row = {&columns, cells};
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_raw(&w, "before\n", 7);
    assert_true(csv_row(&w, &row, &err) < 0);
    assert_int_equal(w.n, 7);
    assert_non_null(strstr(err.text, "column \"age\""));
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_fields_that_need_quotes_get_them),
        cmocka_unit_test(null_is_empty_and_empty_text_is_quoted),
        cmocka_unit_test(a_cell_that_does_not_decode_names_its_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

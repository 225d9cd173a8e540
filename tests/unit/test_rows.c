/*
 * test_rows.c - rows in the formats other than CSV and tables: what is escaped, what null and empty
 * text are, which rows have no such form, and how rows of several places become one output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/rows/out_expand.h"
#include "tools/cqlraw/rows/out_rows.h"

static const struct cqlr_type text = {.id = CQLR_TYPE_VARCHAR};
static const struct cqlr_type number = {.id = CQLR_TYPE_INT};
static const struct cqlr_type bigint = {.id = CQLR_TYPE_BIGINT};
static const struct cqlr_type counter = {.id = CQLR_TYPE_COUNTER};

#define MAX 4

/* A result of up to MAX columns, and one row of it. */
struct result {
    struct cqlr_column col[MAX];
    struct cqlr_value cell[MAX];
    struct cqlr_columns columns;
    struct cqlr_row row;
};

static void begin(struct result *r)
{
    *r = (struct result){.columns = {.count = 0}};
    r->columns.col = r->col;
    r->row = (struct cqlr_row){&r->columns, r->cell};
}

static void add(struct result *r, const char *table, const char *name, const struct cqlr_type *type,
                const void *p, int n)
{
    r->col[r->columns.count] = (struct cqlr_column){.keyspace = cqlr_cstr("app"),
                                                    .table = cqlr_cstr(table),
                                                    .name = cqlr_cstr(name),
                                                    .type = type};
    r->cell[r->columns.count++] = (struct cqlr_value){p, n};
}

static void add_text(struct result *r, const char *name, const char *value)
{
    add(r, "t", name, &text, value, value ? (int)strlen(value) : CQLR_NULL);
}

static void is(struct cqlr_wr *w, const char *want)
{
    assert_int_equal(w->rc, 0);
    if (w->n != strlen(want) || (w->n && memcmp(w->p, want, w->n) != 0))
        fail_msg("instead of\n%s\nthere is\n%.*s", want, (int)w->n, (const char *)w->p);
    cqlr_wr_reset(w);
}

/* Head, row and end, each checked. */
static void gives(enum row_format f, const struct result *r, const char *head, const char *row,
                  const char *end)
{
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(rows_head(f, &w, &r->columns, &err), 0);
    is(&w, head);
    assert_int_equal(rows_row(f, &w, &r->row, &err), 0);
    is(&w, row);
    rows_end(f, &w);
    is(&w, end);
    cqlr_wr_fini(&w);
}

static void tsv_escapes_what_would_break_a_line(void **state)
{
    struct result r;
    (void)state;
    begin(&r);
    add_text(&r, "a\tb", "tab\t, line\n, \r and \\");
    add_text(&r, "null", NULL);
    add_text(&r, "empty", "");
    add_text(&r, "text", "\\N");
    gives(ROWS_TSV, &r, "a\\tb\tnull\tempty\ttext\n",
          "tab\\t, line\\n, \\r and \\\\\t\\N\t\t\\\\N\n", "");
}

static void json_is_one_array(void **state)
{
    struct result r;
    (void)state;
    begin(&r);
    add_text(&r, "a\"b", "x\ny");
    add_text(&r, "null", NULL);
    gives(ROWS_JSON, &r, "[", ",\n{\"a\\\"b\":\"x\\ny\",\"null\":null}", "\n]\n");
    gives(ROWS_NDJSON, &r, "", "{\"a\\\"b\":\"x\\ny\",\"null\":null}\n", "");
}

static struct cqlr_bytes join(enum row_format f, bool *some, const char *rows)
{
    return rows_join(f, some, (const uint8_t *)rows, strlen(rows));
}

static void only_the_very_first_comma_is_dropped(void **state)
{
    bool some = false;
    (void)state;
    assert_int_equal(join(ROWS_JSON, &some, "").n, 0); /* a page without rows */
    struct cqlr_bytes b = join(ROWS_JSON, &some, ",\n{}");
    assert_int_equal(b.n, 3);
    assert_memory_equal(b.p, "\n{}", 3);
    assert_int_equal(join(ROWS_JSON, &some, "").n, 0);
    assert_int_equal(join(ROWS_JSON, &some, ",\n{}").n, 4);
    some = false;
    assert_int_equal(join(ROWS_NDJSON, &some, "{}\n").n, 3);
    assert_int_equal(join(ROWS_CSV, &some, ",\n").n, 2);
}

static void cql_writes_the_row_again(void **state)
{
    struct result r;
    (void)state;
    begin(&r);
    add(&r, "t", "id", &number, "\0\0\1\0", 4);
    add_text(&r, "Name", "it's");
    add_text(&r, "gone", NULL);
    add_text(&r, "select", "");
    gives(ROWS_CQL, &r, "",
          "INSERT INTO app.t (id, \"Name\", \"select\") VALUES (256, 'it''s', '');\n", "");
}

static void cql_writes_what_has_no_literal_as_servers_read_it(void **state)
{
    static const struct cqlr_type times = {.id = CQLR_TYPE_TIMESTAMP},
                                  blob = {.id = CQLR_TYPE_BLOB};
    struct result r;
    (void)state;
    begin(&r);
    add(&r, "t", "n", &number, "", 0);
    add(&r, "t", "b", &blob, "", 0);
    add(&r, "t", "far", &times, "\x80\0\0\0\0\0\0\0", 8);
    add(&r, "t", "near", &times, "\xff\xff\xc7\x7c\xed\xd3\x28\0", 8);
    gives(ROWS_CQL, &r, "",
          "INSERT INTO app.t (n, b, far, near) VALUES (blobAsint(0x), 0x, -9223372036854775808, "
          "'0001-01-01T00:00:00.000Z');\n",
          "");
    begin(&r);
    add(&r, "t", "before", &times, "\xff\xff\xc7\x7c\xed\xd3\x27\xff", 8);
    add(&r, "t", "last", &times, "\0\0\xe6\x77\xd2\x1f\xdb\xff", 8);
    add(&r, "t", "behind", &times, "\0\0\xe6\x77\xd2\x1f\xdc\0", 8);
    gives(ROWS_CQL, &r, "",
          "INSERT INTO app.t (before, last, behind) VALUES (-62135596800001, "
          "'9999-12-31T23:59:59.999Z', 253402300800000);\n",
          "");
}

static void refuses(const struct result *r, const char *why)
{
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(rows_head(ROWS_CQL, &w, &r->columns, &err), CQLR_E_TYPE);
    if (!strstr(err.text, why))
        fail_msg("%s", err.text);
    assert_int_equal(w.n, 0);
    cqlr_wr_fini(&w);
}

static void cql_needs_rows_of_one_table(void **state)
{
    static const struct cqlr_type vector = {.name = {"VectorType", 10}};
    static const struct cqlr_type vectors = {.id = CQLR_TYPE_LIST, .count = 1, .sub = &vector};
    static const char *const expressions[] = {"system.max(v)", "[applied]", "u.f", "m['a']"};
    struct result r;
    (void)state;
    begin(&r);
    add_text(&r, "a", "x");
    add(&r, "other", "b", &text, "x", 1);
    refuses(&r, "several tables");
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
        begin(&r);
        add_text(&r, "a", "x");
        add_text(&r, expressions[i], "x");
        refuses(&r, "is an expression");
    }
    begin(&r);
    add(&r, "t", "count", &bigint, "\0\0\0\0\0\0\0\1", 8);
    refuses(&r, "\"count\" is an expression");
    begin(&r);
    add(&r, "t", "hits", &counter, "\0\0\0\0\0\0\0\1", 8);
    refuses(&r, "\"hits\" is a counter");
    begin(&r);
    add(&r, "t", "v", &vectors, "x", 1);
    refuses(&r, "\"v\" is of type 'VectorType'");
}

static void a_cell_that_does_not_decode_leaves_no_part_of_its_row(void **state)
{
    struct result r;
    (void)state;
    begin(&r);
    add_text(&r, "a", "x");
    add(&r, "t", "age", &number, "123", 3);
    for (int f = ROWS_TABLE; f < ROWS_NONE; f++) {
        struct cqlr_err err = {0};
        struct cqlr_wr w;
        cqlr_wr_init(&w, NULL, 0);
        cqlr_wr_raw(&w, "before", 6);
        assert_true(rows_row((enum row_format)f, &w, &r.row, &err) < 0);
        assert_int_equal(w.n, 6);
        assert_non_null(strstr(err.text, "column \"age\""));
        cqlr_wr_fini(&w);
    }
}

static void formats_are_found_by_name(void **state)
{
    (void)state;
    assert_int_equal(rows_format("table"), ROWS_TABLE);
    assert_int_equal(rows_format("NDJSON"), ROWS_NDJSON);
    assert_int_equal(rows_format("none"), ROWS_NONE);
}

static void an_expanded_row_is_aligned_by_what_a_terminal_shows(void **state)
{
    struct result r;
    struct expand x;
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    (void)state;
    begin(&r);
    add_text(&r, "id", "1");
    add_text(&r, "\u6771\u4eac", "\u65e5\u672c\n"); /* four columns each, and the \n two */
    add_text(&r, "e\u0301", NULL);                  /* one column */
    expand_init(&x);
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(expand_row(&x, &w, &r.row, &err), 0);
    is(&w, "@ Row 1\n------+--------\n id   | 1\n \u6771\u4eac | \u65e5\u672c\\n\n e\u0301    | "
           "null\n\n");
    x.bold = true;
    assert_int_equal(expand_row(&x, &w, &r.row, &err), 0);
    assert_memory_equal(w.p, "\033[1m@ Row 2\033[0m\n", 16);
    cqlr_wr_fini(&w);
    expand_fini(&x);
}

/* A list of tuples whose fields but the first are missing: 8 bytes each, said as thousands. */
static void a_text_ends_at_the_limit_of_its_writer(void **state)
{
    static const enum row_format formats[] = {ROWS_TABLE, ROWS_CSV,    ROWS_TSV,
                                              ROWS_JSON,  ROWS_NDJSON, ROWS_CQL};
    enum { FIELDS = 1000, TUPLES = 100, LIMIT = 50000 };
    struct cqlr_type fields[FIELDS];
    const struct cqlr_type tuple = {.id = CQLR_TYPE_TUPLE, .count = FIELDS, .sub = fields};
    const struct cqlr_type list = {.id = CQLR_TYPE_LIST, .count = 1, .sub = &tuple};
    uint8_t value[4 + 8 * TUPLES] = {0, 0, 0, TUPLES};
    struct cqlr_err err;
    struct cqlr_wr w;
    struct result r;
    (void)state;
    for (size_t i = 0; i < FIELDS; i++)
        fields[i] = number;
    for (size_t i = 0; i < TUPLES; i++) {
        cqlr_put32(value + 4 + 8 * i, 4);
        cqlr_put32(value + 8 + 8 * i, UINT32_MAX);
    }
    begin(&r);
    add(&r, "t", "id", &number, "\0\0\0\1", 4);
    add(&r, "t", "bomb", &list, value, sizeof value);
    cqlr_wr_init(&w, NULL, LIMIT);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        assert_int_equal(rows_row(formats[i], &w, &r.row, &err), CQLR_E_LIMIT);
        assert_string_equal(err.text, "column \"bomb\": value as text: limit exceeded");
        assert_int_equal(w.n, 0);
        assert_true(w.cap <= LIMIT);
        cqlr_wr_reset(&w);
    }
    struct expand x;
    expand_init(&x);
    assert_int_equal(x.cell.limit, TEXT_LIMIT);
    x.cell.limit = LIMIT;
    assert_int_equal(expand_row(&x, &w, &r.row, &err), CQLR_E_LIMIT);
    expand_fini(&x);
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tsv_escapes_what_would_break_a_line),
        cmocka_unit_test(json_is_one_array),
        cmocka_unit_test(only_the_very_first_comma_is_dropped),
        cmocka_unit_test(cql_writes_the_row_again),
        cmocka_unit_test(cql_writes_what_has_no_literal_as_servers_read_it),
        cmocka_unit_test(cql_needs_rows_of_one_table),
        cmocka_unit_test(a_cell_that_does_not_decode_leaves_no_part_of_its_row),
        cmocka_unit_test(formats_are_found_by_name),
        cmocka_unit_test(an_expanded_row_is_aligned_by_what_a_terminal_shows),
        cmocka_unit_test(a_text_ends_at_the_limit_of_its_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

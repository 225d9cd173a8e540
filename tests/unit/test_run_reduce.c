/*
 * test_run_reduce.c - rows packed by workers, folded by the parent: exact sums, least and greatest
 * values by what they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tools/cqlraw/run/run_reduce.h"

static struct cqlr_type type;
static const struct cqlr_column column = {.name = {"c", 1}, .type = &type};
static const struct cqlr_columns columns = {.count = 1, .col = &column};

/* Values as text ("-": null) → what is left of them, as text. */
static void folds(enum cqlr_type_id id, enum reduce_op op, const char *const *values,
                  const char *want)
{
    struct cqlr_err err = {0};
    struct reduce r;
    struct cqlr_wr rows, out, one;
    type = (struct cqlr_type){.id = id};
    cqlr_wr_init(&rows, NULL, 0);
    cqlr_wr_init(&out, NULL, 0);
    cqlr_wr_init(&one, NULL, 0);
    if (reduce_init(&r, op, &columns, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; values[i]; i++) {
        struct cqlr_value v = {NULL, CQLR_NULL};
        cqlr_wr_reset(&one);
        if (strcmp(values[i], "-") != 0) {
            if (cqlr_value_parse(&one, &type, cqlr_cstr(values[i]), &err) < 0)
                fail_msg("%s", err.text);
            v = (struct cqlr_value){one.p ? one.p : (const uint8_t *)"", (int32_t)one.n};
        }
        const struct cqlr_row row = {&columns, &v};
        reduce_pack(&rows, &row);
    }
    assert_int_equal(rows.rc, 0);
    if (reduce_take(&r, rows.p, rows.n, &err) < 0)
        fail_msg("%s", err.text);
    struct cqlr_row result = reduce_result(&r);
    assert_int_equal(result.columns->count, 1);
    assert_memory_equal(result.columns->col[0].name.p, "c", 1);
    assert_int_equal(
        cqlr_value_print(&out, result.columns->col[0].type, result.cell[0], CQLR_LITERAL, &err), 0);
    if (out.n != strlen(want) || memcmp(out.p, want, out.n) != 0)
        fail_msg("%.*s, not %s", (int)out.n, (const char *)out.p, want);
    reduce_fini(&r);
    cqlr_wr_fini(&rows);
    cqlr_wr_fini(&out);
    cqlr_wr_fini(&one);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void sums_of_integers_are_exact(void **state)
{
    (void)state;
    folds(CQLR_TYPE_BIGINT, REDUCE_SUM, LIST("1", "2", "-", "39"), "42");
    folds(CQLR_TYPE_BIGINT, REDUCE_SUM, LIST("9223372036854775807", "9223372036854775807", "2"),
          "18446744073709551616");
    folds(CQLR_TYPE_BIGINT, REDUCE_SUM, LIST("-9223372036854775808", "-9223372036854775808"),
          "-18446744073709551616");
    folds(CQLR_TYPE_TINYINT, REDUCE_SUM, LIST("127", "127", "-128", "-1"), "125");
    folds(CQLR_TYPE_SMALLINT, REDUCE_SUM, LIST("-32768", "-32768"), "-65536");
    folds(CQLR_TYPE_INT, REDUCE_SUM, LIST("-"), "0");
    folds(CQLR_TYPE_COUNTER, REDUCE_SUM, LIST("5", "6"), "11");
}

static void sums_of_fractions_are_doubles(void **state)
{
    (void)state;
    folds(CQLR_TYPE_DOUBLE, REDUCE_SUM, LIST("0.5", "1e300", "-1e300"), "0.0");
    folds(CQLR_TYPE_DOUBLE, REDUCE_SUM, LIST("0.5", "0.25", "-"), "0.75");
    folds(CQLR_TYPE_FLOAT, REDUCE_SUM, LIST("1.5", "2.25"), "3.75");
    folds(CQLR_TYPE_FLOAT, REDUCE_SUM, LIST("1.5", "NaN"), "NaN");
}

static void least_and_greatest(void **state)
{
    static const struct {
        enum cqlr_type_id id;
        const char *least, *middle, *greatest;
    } row[] = {
        {CQLR_TYPE_TINYINT, "-128", "-1", "127"},
        {CQLR_TYPE_INT, "-2", "1", "300"},
        {CQLR_TYPE_BIGINT, "-9223372036854775808", "0", "9223372036854775807"},
        {CQLR_TYPE_VARINT, "-100000000000000000000", "-129", "-128"},
        {CQLR_TYPE_VARINT, "-128", "127", "128"},
        {CQLR_TYPE_VARINT, "255", "256", "100000000000000000000"},
        {CQLR_TYPE_DOUBLE, "-1e+300", "-0.5", "NaN"},
        {CQLR_TYPE_FLOAT, "-Infinity", "2.0", "Infinity"},
        {CQLR_TYPE_VARCHAR, "''", "'B'", "'a'"},
        {CQLR_TYPE_VARCHAR, "'ab'", "'abc'", "'b'"},
        {CQLR_TYPE_BLOB, "0x", "0x00", "0xff"},
        {CQLR_TYPE_BOOLEAN, "false", "false", "true"},
        {CQLR_TYPE_TIMESTAMP, "'1969-12-31T23:59:59.999Z'", "'1970-01-01T00:00:00.000Z'",
         "'2024-02-29T00:00:00.000Z'"},
        {CQLR_TYPE_DATE, "'1969-12-31'", "'1970-01-01'", "'2024-02-29'"},
        {CQLR_TYPE_TIME, "'00:00:00.000000001'", "'01:00:00.000000000'", "'23:59:59.000000000'"},
        {CQLR_TYPE_UUID, "00000000-0000-4000-8000-000000000001",
         "00000001-0000-1000-8000-000000000000", "f0000000-0000-4000-8000-000000000000"},
        {CQLR_TYPE_TIMEUUID, "ffffffff-0000-1000-8000-000000000000",
         "00000000-0001-1000-8000-000000000000", "00000000-0000-1001-8000-000000000000"},
        {CQLR_TYPE_INET, "'10.0.0.1'", "'10.0.0.2'", "'192.168.0.1'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const char *text[3] = {row[i].least, row[i].middle, row[i].greatest};
        char bare[3][64];
        for (int k = 0; k < 3; k++) { /* text stands for itself, without quotes */
            bool quoted = row[i].id == CQLR_TYPE_VARCHAR;
            snprintf(bare[k], sizeof bare[k], "%.*s", (int)strlen(text[k]) - 2 * quoted,
                     text[k] + quoted);
        }
        folds(row[i].id, REDUCE_MIN, LIST(bare[1], "-", bare[2], bare[0], bare[1]), text[0]);
        folds(row[i].id, REDUCE_MAX, LIST(bare[1], bare[2], "-", bare[0], bare[1]), text[2]);
    }
}

static void nothing_has_no_least_value(void **state)
{
    (void)state;
    folds(CQLR_TYPE_INT, REDUCE_MIN, LIST("-"), "null");
    folds(CQLR_TYPE_VARCHAR, REDUCE_MAX, LIST("-", "-"), "null");
}

static void refuses(enum cqlr_type_id id, enum reduce_op op, const char *part)
{
    struct cqlr_err err = {0};
    struct reduce r;
    type = (struct cqlr_type){.id = id};
    assert_int_equal(reduce_init(&r, op, &columns, &err), CQLR_E_TYPE);
    if (!strstr(err.text, part))
        fail_msg("%s", err.text);
    reduce_fini(&r);
}

static void what_cannot_be_folded_exactly_is_refused(void **state)
{
    (void)state;
    refuses(CQLR_TYPE_VARINT, REDUCE_SUM, "column \"c\" is of type varint, which has no exact sum");
    refuses(CQLR_TYPE_DECIMAL, REDUCE_SUM, "decimal");
    refuses(CQLR_TYPE_VARCHAR, REDUCE_SUM, "text");
    refuses(CQLR_TYPE_DECIMAL, REDUCE_MIN, "no least and greatest value");
    refuses(CQLR_TYPE_DURATION, REDUCE_MAX, "duration");
}

static void a_value_of_another_width_is_an_error(void **state)
{
    static const uint8_t three[] = {1, 2, 3};
    const struct cqlr_value v = {three, 3};
    const struct cqlr_row row = {&columns, &v};
    struct cqlr_err err = {0};
    struct reduce r;
    struct cqlr_wr rows;
    (void)state;
    type = (struct cqlr_type){.id = CQLR_TYPE_INT};
    cqlr_wr_init(&rows, NULL, 0);
    reduce_pack(&rows, &row);
    assert_int_equal(reduce_init(&r, REDUCE_SUM, &columns, &err), 0);
    assert_int_equal(reduce_take(&r, rows.p, rows.n, &err), CQLR_E_PROTO);
    assert_int_equal(reduce_take(&r, rows.p, rows.n - 1, &err), CQLR_E_PROTO);
    reduce_fini(&r);
    cqlr_wr_fini(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_integers_are_exact),
        cmocka_unit_test(sums_of_fractions_are_doubles),
        cmocka_unit_test(least_and_greatest),
        cmocka_unit_test(nothing_has_no_least_value),
        cmocka_unit_test(what_cannot_be_folded_exactly_is_refused),
        cmocka_unit_test(a_value_of_another_width_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Parameter sets by number, and what stops a run before anything is sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/bulk/source/source.h"

static struct cqlr_err err;

static cqlr_source *one(enum cqlr_source_kind kind, int64_t first, int64_t last, int64_t step,
                        bool months)
{
    const struct cqlr_source_param p = {
        .kind = kind, .first = first, .last = last, .step = step, .months = months};
    return cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
}

static void values_are(enum cqlr_source_kind kind, int64_t first, int64_t last, int64_t step,
                       bool months, const int64_t *want, size_t n)
{
    cqlr_source *s = one(kind, first, last, step, months);
    assert_non_null(s);
    assert_int_equal(cqlr_source_total(s), n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(cqlr__param_value(&s->param[0], i), want[i]);
    cqlr_source_free(s);
}

static int64_t day(int64_t y, unsigned m, unsigned d)
{
    return cqlr_days_from_date(y, m, d);
}

static void ranges_include_both_ends_and_run_both_ways(void **state)
{
    (void)state;
    values_are(CQLR_SOURCE_INT, 1, 4, 1, false, (int64_t[]){1, 2, 3, 4}, 4);
    values_are(CQLR_SOURCE_INT, 0, 10, 4, false, (int64_t[]){0, 4, 8}, 3);
    values_are(CQLR_SOURCE_INT, 5, -5, 5, false, (int64_t[]){5, 0, -5}, 3);
    values_are(CQLR_SOURCE_INT, 9, 9, 3, false, (int64_t[]){9}, 1);
    values_are(CQLR_SOURCE_INT, INT64_MIN, INT64_MAX, INT64_MAX, false,
               (int64_t[]){INT64_MIN, -1, INT64_MAX - 1}, 3);
    values_are(CQLR_SOURCE_INT, INT64_MAX, INT64_MIN, INT64_MAX, false,
               (int64_t[]){INT64_MAX, 0, -INT64_MAX}, 3);
}

static void months_keep_the_day_where_there_is_one(void **state)
{
    const int64_t ms = 86400000;
    (void)state;
    values_are(CQLR_SOURCE_DATE, day(2024, 1, 31), day(2024, 5, 1), 1, true,
               (int64_t[]){day(2024, 1, 31), day(2024, 2, 29), day(2024, 3, 31), day(2024, 4, 30)},
               4);
    values_are(CQLR_SOURCE_DATE, day(2024, 3, 31), day(2023, 12, 31), 1, true,
               (int64_t[]){day(2024, 3, 31), day(2024, 2, 29), day(2024, 1, 31), day(2023, 12, 31)},
               4);
    values_are(CQLR_SOURCE_DATE, day(1, 1, 15), day(-1, 12, 15), 12, true,
               (int64_t[]){day(1, 1, 15), day(0, 1, 15)}, 2);
    values_are(CQLR_SOURCE_TIMESTAMP, day(1969, 11, 30) * ms + 5, day(1970, 2, 28) * ms + 5, 1,
               true,
               (int64_t[]){day(1969, 11, 30) * ms + 5, day(1969, 12, 30) * ms + 5,
                           day(1970, 1, 30) * ms + 5, day(1970, 2, 28) * ms + 5},
               4);
    values_are(CQLR_SOURCE_TIMESTAMP, day(1970, 1, 30) * ms + 5, day(1970, 2, 28) * ms + 4, 1, true,
               (int64_t[]){day(1970, 1, 30) * ms + 5}, 1);
}

static void months_stay_where_they_can_be_counted(void **state)
{
    const int64_t far[] = {INT64_MIN, INT64_MAX, -(INT64_C(1) << 62) - 1, (INT64_C(1) << 62) + 1};
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        const struct cqlr_source_param p = {.name = "t",
                                            .kind =
                                                i % 2 ? CQLR_SOURCE_DATE : CQLR_SOURCE_TIMESTAMP,
                                            .first = far[i / 2],
                                            .last = far[i / 2],
                                            .step = 1,
                                            .months = true};
        assert_null(cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err));
        assert_string_equal(err.text, "parameter 1: date out of range");
    }
}

static void products_and_zips_count_like_an_odometer(void **state)
{
    const struct cqlr_str ab[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    struct cqlr_source_param p[] = {
        {.kind = CQLR_SOURCE_LIST, .text = ab, .count = 2},
        {.kind = CQLR_SOURCE_INT, .first = 10, .last = 12, .step = 1},
    };
    uint64_t v[2];
    cqlr_source *s = cqlr_source_new(p, 2, CQLR_COMBINE_PRODUCT, 3, &err);
    (void)state;
    assert_int_equal(cqlr_source_total(s), 18);
    for (uint64_t i = 0; i < 18; i++) {
        cqlr__source_at(s, i, v);
        assert_int_equal(v[0], i % 6 / 3);
        assert_int_equal(v[1], i % 3);
    }
    cqlr_source_free(s);
    assert_null(cqlr_source_new(p, 2, CQLR_COMBINE_ZIP, 1, &err));
    assert_int_equal(err.code, CQLR_E_USAGE);
    p[0].count = 3;
    s = cqlr_source_new(p, 2, CQLR_COMBINE_ZIP, 2, &err);
    assert_int_equal(cqlr_source_total(s), 6);
    cqlr__source_at(s, 4, v);
    assert_int_equal(v[0], 1);
    assert_int_equal(v[1], 1);
    cqlr_source_free(s);
}

static void no_parameter_is_one_set_and_an_empty_list_none(void **state)
{
    const struct cqlr_source_param none = {.kind = CQLR_SOURCE_LIST};
    cqlr_source *s = cqlr_source_new(NULL, 0, CQLR_COMBINE_PRODUCT, 5, &err);
    (void)state;
    assert_int_equal(cqlr_source_total(s), 5);
    cqlr_source_free(s);
    s = cqlr_source_new(&none, 1, CQLR_COMBINE_PRODUCT, 5, &err);
    assert_int_equal(cqlr_source_total(s), 0);
    cqlr_source_free(s);
}

static void what_cannot_be_counted_is_refused(void **state)
{
    const struct cqlr_source_param big[] = {
        {.kind = CQLR_SOURCE_INT, .first = 1, .last = INT64_C(1) << 40, .step = 1},
        {.kind = CQLR_SOURCE_INT, .first = 1, .last = INT64_C(1) << 40, .step = 1},
    };
    (void)state;
    assert_null(one(CQLR_SOURCE_INT, 1, 2, 0, false));
    assert_null(one(CQLR_SOURCE_INT, 1, 2, -1, false));
    assert_null(one(CQLR_SOURCE_INT, 1, 2, 1, true));
    assert_null(one(CQLR_SOURCE_INT, INT64_MIN, INT64_MAX, 1, false));
    assert_null(one(CQLR_SOURCE_DATE, INT64_MIN, 0, 1, true));
    assert_null(cqlr_source_new(big, 2, CQLR_COMBINE_PRODUCT, 1, &err));
    assert_int_equal(err.code, CQLR_E_RANGE);
    assert_null(cqlr_source_new(big, 1, CQLR_COMBINE_PRODUCT, UINT64_C(1) << 40, &err));
    assert_null(cqlr_source_new(big, 1, CQLR_COMBINE_PRODUCT, 0, &err));
}

/* ---- markers ---- */

static struct cqlr_columns *markers(size_t n, const char *const *name, const enum cqlr_type_id *id)
{
    struct cqlr_wr w;
    struct cqlr_columns *c;
    struct cqlr_spec spec = {.count = (uint32_t)n};
    cqlr_wr_init(&w, NULL, 0);
    for (size_t i = 0; i < n; i++) {
        const struct cqlr_type t = {.id = id[i]};
        cqlr_column_write(
            &w, &(struct cqlr_column){cqlr_cstr("ks"), cqlr_cstr("t"), cqlr_cstr(name[i]), &t});
    }
    spec.bytes = (struct cqlr_bytes){w.p, w.n};
    c = cqlr_columns_new(&spec, NULL, &err);
    assert_non_null(c);
    cqlr_wr_fini(&w);
    return c;
}

static int check(const struct cqlr_source_param *p, size_t n, struct cqlr_columns *c)
{
    cqlr_source *s = cqlr_source_new(p, n, CQLR_COMBINE_PRODUCT, 1, &err);
    int rc;
    assert_non_null(s);
    err.code = 0;
    rc = cqlr__source_check(s, c, &err);
    cqlr_source_free(s);
    return rc;
}

static struct cqlr_source_param ints(const char *name, int64_t first, int64_t last)
{
    return (struct cqlr_source_param){
        .name = name, .kind = CQLR_SOURCE_INT, .first = first, .last = last, .step = 1};
}

static void names_bind_first_then_the_nameless_in_order(void **state)
{
    struct cqlr_columns *c = markers(
        4, (const char *const[]){"id", "day", "id", "x"},
        (const enum cqlr_type_id[]){CQLR_TYPE_INT, CQLR_TYPE_INT, CQLR_TYPE_INT, CQLR_TYPE_INT});
    struct cqlr_source_param p[] = {ints(NULL, 1, 2), ints("id", 1, 2), ints(NULL, 1, 2),
                                    ints(NULL, 1, 2)};
    struct cqlr__plan plan;
    cqlr_source *s = cqlr_source_new(p, 3, CQLR_COMBINE_PRODUCT, 1, &err);
    (void)state;
    assert_int_equal(cqlr__plan_init(&plan, s, c, &err), 0);
    assert_int_equal(plan.param[0], 1);
    assert_int_equal(plan.param[1], 0);
    assert_int_equal(plan.param[2], 1);
    assert_int_equal(plan.param[3], 2);
    cqlr__plan_fini(&plan);
    cqlr_source_free(s);

    assert_int_equal(check(p, 2, c), CQLR_E_RANGE);
    assert_string_equal(err.text, "marker 4 (x): no parameter is given for it");
    assert_int_equal(check(p, 4, c), CQLR_E_RANGE);
    assert_non_null(strstr(err.text, "parameter 4: the statement has only 4 markers"));
    p[1].name = "idd";
    assert_int_equal(check(p, 3, c), CQLR_E_RANGE);
    assert_non_null(strstr(err.text, "parameter idd: "));
    cqlr_columns_free(c);
}

static void values_that_do_not_fit_stop_the_run_and_are_named(void **state)
{
    struct cqlr_columns *c =
        markers(1, (const char *const[]){"id"}, (const enum cqlr_type_id[]){CQLR_TYPE_INT});
    const struct cqlr_str text[] = {{"4", 1}, {NULL, 0}, {"4x", 2}};
    struct cqlr_source_param list = {
        .name = "id", .kind = CQLR_SOURCE_LIST, .text = text, .count = 3};
    struct cqlr_source_param p = ints("id", 1, INT32_MAX);
    (void)state;
    assert_int_equal(check(&p, 1, c), 0);
    p.last++;
    assert_int_equal(check(&p, 1, c), CQLR_E_TYPE);
    p = ints("id", (int64_t)INT32_MIN - 1, 0);
    assert_int_equal(check(&p, 1, c), CQLR_E_TYPE);
    assert_int_equal(check(&list, 1, c), CQLR_E_TYPE);
    assert_string_equal(err.text, "parameter id: '4x' is not an int");
    list.count = 2;
    assert_int_equal(check(&list, 1, c), 0);
    list.count = 3;
    list.checked_late = true;
    assert_int_equal(check(&list, 1, c), 0);
    p.kind = CQLR_SOURCE_DATE;
    p.first = p.last = 1;
    assert_int_equal(check(&p, 1, c), CQLR_E_TYPE);
    cqlr_columns_free(c);
}

static void dates_fit_dates_timestamps_and_text(void **state)
{
    const enum cqlr_type_id ok[] = {CQLR_TYPE_DATE, CQLR_TYPE_TIMESTAMP, CQLR_TYPE_VARCHAR};
    struct cqlr_source_param p = ints("d", 0, 40);
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct cqlr_columns *c = markers(1, (const char *const[]){"d"}, &ok[i]);
        p.kind = CQLR_SOURCE_DATE;
        assert_int_equal(check(&p, 1, c), 0);
        p.kind = CQLR_SOURCE_TIMESTAMP;
        assert_int_equal(check(&p, 1, c), i == 0 ? CQLR_E_TYPE : 0);
        cqlr_columns_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_include_both_ends_and_run_both_ways),
        cmocka_unit_test(months_keep_the_day_where_there_is_one),
        cmocka_unit_test(months_stay_where_they_can_be_counted),
        cmocka_unit_test(products_and_zips_count_like_an_odometer),
        cmocka_unit_test(no_parameter_is_one_set_and_an_empty_list_none),
        cmocka_unit_test(what_cannot_be_counted_is_refused),
        cmocka_unit_test(names_bind_first_then_the_nameless_in_order),
        cmocka_unit_test(values_that_do_not_fit_stop_the_run_and_are_named),
        cmocka_unit_test(dates_fit_dates_timestamps_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_msg_columns.c - column specs: counts that lie, nesting, names that do not fit, columns that
 * outlive their message, and metadata known from the answer before.
 */
#include "tests/unit/msg_help.h"

/* RESULT/Rows up to the column specs. */
static void rows_start(struct cqlr_wr *w, uint32_t flags, int32_t columns)
{
    cqlr_wr_init(w, NULL, 0);
    cqlr_wr_i32(w, CQLR_RESULT_ROWS);
    cqlr_wr_i32(w, (int32_t)flags);
    cqlr_wr_i32(w, columns);
}

static void int_column(struct cqlr_wr *w, const char *name)
{
    cqlr_wr_string(w, cqlr_cstr(name));
    cqlr_wr_u16(w, CQLR_TYPE_INT);
}

/* Rows of ks.t with the int columns a and b, no row; `flags` may say otherwise. */
static void two_columns(struct cqlr_wr *w, uint32_t flags)
{
    rows_start(w, flags, 2);
    cqlr_wr_string(w, cqlr_cstr("ks"));
    cqlr_wr_string(w, cqlr_cstr("t"));
    int_column(w, "a");
    int_column(w, "b");
    cqlr_wr_i32(w, 0);
}

static void billions_of_columns_in_27_bytes(void **state)
{
    static const uint32_t flags[] = {0, CQLR_META_GLOBAL_SPEC, CQLR_META_NO_METADATA,
                                     CQLR_META_GLOBAL_SPEC | CQLR_META_NO_METADATA};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct cqlr_result m;
        struct cqlr_wr w;
        struct body b;
        rows_start(&w, flags[i], INT32_MAX);
        cqlr_wr_raw(&w, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
        assert_int_equal(w.n, 27);
        int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
        assert_malformed(&b, rc,
                         flags[i] & CQLR_META_NO_METADATA ? "columns count: too many"
                                                          : "column specs: need");
        body_fini(&b);
    }
}

static void negative_columns_count_is_an_error(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    rows_start(&w, CQLR_META_NO_METADATA, -1);
    cqlr_wr_i32(&w, 0);
    int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
    assert_malformed(&b, rc, "columns count: negative count at 8");
    body_fini(&b);
}

static void columns_of_an_answer_can_not_be_made_from_a_lie(void **state)
{
    static const uint8_t few[8];
    struct cqlr_spec s = {0, INT32_MAX, {few, sizeof few}};
    struct counter c;
    struct cqlr_err err;
    (void)state;
    assert_null(cqlr_columns_new(&s, counter_init(&c, 0), &err));
    assert_int_equal(err.code, CQLR_E_PROTO);
    assert_true(c.largest < 1024);
    assert_int_equal(c.live, 0);
    s.flags = CQLR_META_NO_METADATA;
    assert_null(cqlr_columns_new(&s, &c.mem, &err));
    assert_int_equal(err.code, CQLR_E_PROTO);
    assert_true(c.largest < 1024);
    assert_int_equal(c.live, 0);
}

/* A message of a few bytes may not cost megabytes. */
static void columns_that_are_not_described_take_less_than_a_megabyte(void **state)
{
    struct cqlr_spec s = {CQLR_META_NO_METADATA, 8192, {NULL, 0}};
    struct counter c;
    struct cqlr_err err;
    (void)state;
    struct cqlr_columns *columns = cqlr_columns_new(&s, counter_init(&c, 0), &err);
    assert_non_null(columns);
    assert_true(c.largest < 1024 * 1024);
    cqlr_columns_free(columns);
    s.count++;
    assert_null(cqlr_columns_new(&s, &c.mem, &err));
    assert_int_equal(err.code, CQLR_E_PROTO);
}

static void type_nested_300000_deep_is_refused(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    rows_start(&w, CQLR_META_GLOBAL_SPEC, 1);
    cqlr_wr_string(&w, cqlr_cstr("ks"));
    cqlr_wr_string(&w, cqlr_cstr("t"));
    cqlr_wr_string(&w, cqlr_cstr("deep"));
    for (int i = 0; i < 300000; i++)
        cqlr_wr_u16(&w, CQLR_TYPE_LIST);
    cqlr_wr_u16(&w, CQLR_TYPE_INT);
    int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
    assert_malformed(&b, rc, "column 0: type");
    body_fini(&b);
}

static void error_names_the_column(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    rows_start(&w, CQLR_META_GLOBAL_SPEC, 2);
    cqlr_wr_string(&w, cqlr_cstr("ks"));
    cqlr_wr_string(&w, cqlr_cstr("t"));
    int_column(&w, "a");
    cqlr_wr_u16(&w, 300);
    cqlr_wr_raw(&w, "short", 5);
    int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
    assert_malformed(&b, rc, "column 1: name: need 300 bytes, 5 left at 26");
    assert_int_equal(b.err.offset, 26);
    body_fini(&b);
}

/* Servers write the length of a longer name modulo 65,536: what follows is garbage, not a reason to
 * read outside. */
static void name_whose_length_was_cut_to_16_bits(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    rows_start(&w, CQLR_META_GLOBAL_SPEC, 1);
    cqlr_wr_string(&w, cqlr_cstr("ks"));
    cqlr_wr_string(&w, cqlr_cstr("t"));
    cqlr_wr_u16(&w, (uint16_t)70008);
    uint8_t *name = cqlr_wr_room(&w, 70008);
    assert_non_null(name);
    memset(name, 'n', 70008);
    cqlr_wr_u16(&w, CQLR_TYPE_INT);
    cqlr_wr_i32(&w, 0);
    int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
    assert_malformed(&b, rc, "column 0: type: unknown option id");
    body_fini(&b);
}

static void columns_outlive_the_message(void **state)
{
    struct cqlr_result m;
    struct counter c;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    two_columns(&w, CQLR_META_GLOBAL_SPEC);
    assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
    struct cqlr_columns *cols = cqlr_columns_new(&m.u.rows.spec, counter_init(&c, 0), &b.err);
    body_fini(&b);
    assert_non_null(cols);
    assert_int_equal(cols->count, 2);
    assert_str(cols->col[1].keyspace, "ks");
    assert_str(cols->col[1].table, "t");
    assert_str(cols->col[1].name, "b");
    assert_int_equal(cols->col[1].type->id, CQLR_TYPE_INT);
    cqlr_columns_free(cols);
    assert_int_equal(c.live, 0);
    cqlr_columns_free(NULL);
}

static void each_allocation_of_columns_may_fail(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    unsigned fail = 1;
    (void)state;
    rows_start(&w, CQLR_META_GLOBAL_SPEC, 30);
    cqlr_wr_string(&w, cqlr_cstr("ks"));
    cqlr_wr_string(&w, cqlr_cstr("t"));
    for (int i = 0; i < 30; i++) {
        cqlr_wr_string(&w, cqlr_cstr("column"));
        cqlr_wr_u16(&w, CQLR_TYPE_MAP);
        cqlr_wr_u16(&w, CQLR_TYPE_VARCHAR);
        cqlr_wr_u16(&w, CQLR_TYPE_LIST);
        cqlr_wr_u16(&w, CQLR_TYPE_INT);
    }
    cqlr_wr_i32(&w, 0);
    assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
    for (;; fail++) {
        struct counter c;
        struct cqlr_columns *cols =
            cqlr_columns_new(&m.u.rows.spec, counter_init(&c, fail), &b.err);
        if (!cols)
            assert_int_equal(b.err.code, CQLR_E_NOMEM);
        cqlr_columns_free(cols);
        assert_int_equal(c.live, 0);
        if (cols)
            break;
    }
    assert_true(fail > 3);
    body_fini(&b);
}

static void columns_that_are_not_described_have_no_names(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    rows_start(&w, CQLR_META_NO_METADATA | CQLR_META_GLOBAL_SPEC, 3);
    cqlr_wr_i32(&w, 0);
    assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
    assert_int_equal(cqlr_rd_left(&m.u.rows.rd), 0);
    struct cqlr_columns *cols = cqlr_columns_new(&m.u.rows.spec, NULL, &b.err);
    assert_non_null(cols);
    assert_int_equal(cols->count, 3);
    assert_str(cols->col[2].name, "");
    assert_int_equal(cols->col[2].type->id, CQLR_TYPE_CUSTOM);
    assert_true(cqlr_spec_is(&m.u.rows.spec, cols));
    cqlr_columns_free(cols);
    body_fini(&b);
}

/* Reads the body with columns known from another one; true when they are found again. */
static bool found_again(struct cqlr_wr *first, struct cqlr_wr *second)
{
    struct cqlr_result m;
    struct cqlr_result m2;
    struct body b;
    struct body b2;
    assert_int_equal(cqlr_result_read(body_of(&b, first), NULL, &m), 0);
    struct cqlr_columns *cols = cqlr_columns_new(&m.u.rows.spec, NULL, &b.err);
    assert_non_null(cols);
    assert_int_equal(cqlr_result_read(body_of(&b2, second), cols, &m2), 0);
    assert_int_equal(cqlr_rd_left(&m2.u.rows.rd), 0);
    bool same = cqlr_spec_is(&m2.u.rows.spec, cols);
    cqlr_columns_free(cols);
    body_fini(&b);
    body_fini(&b2);
    return same;
}

static void same_specs_are_found_again(void **state)
{
    struct cqlr_wr a;
    struct cqlr_wr b;
    (void)state;
    two_columns(&a, CQLR_META_GLOBAL_SPEC);
    two_columns(&b, CQLR_META_GLOBAL_SPEC);
    assert_true(found_again(&a, &b));
}

static void other_specs_are_not_taken_for_the_known_ones(void **state)
{
    struct cqlr_wr a;
    struct cqlr_wr b;
    (void)state;
    two_columns(&a, CQLR_META_GLOBAL_SPEC); /* one byte of a name */
    two_columns(&b, CQLR_META_GLOBAL_SPEC);
    b.p[b.n - 7] = 'x';
    assert_false(found_again(&a, &b));

    two_columns(&a, CQLR_META_GLOBAL_SPEC); /* one column less */
    rows_start(&b, CQLR_META_GLOBAL_SPEC, 1);
    cqlr_wr_string(&b, cqlr_cstr("ks"));
    cqlr_wr_string(&b, cqlr_cstr("t"));
    int_column(&b, "a");
    cqlr_wr_i32(&b, 0);
    assert_false(found_again(&a, &b));

    rows_start(&a, CQLR_META_GLOBAL_SPEC, 1); /* one column more */
    cqlr_wr_string(&a, cqlr_cstr("ks"));
    cqlr_wr_string(&a, cqlr_cstr("t"));
    int_column(&a, "a");
    cqlr_wr_i32(&a, 0);
    two_columns(&b, CQLR_META_GLOBAL_SPEC);
    assert_false(found_again(&a, &b));

    /* known ones that are not described */
    rows_start(&a, CQLR_META_NO_METADATA | CQLR_META_GLOBAL_SPEC, 2);
    cqlr_wr_i32(&a, 0);
    two_columns(&b, CQLR_META_GLOBAL_SPEC);
    assert_false(found_again(&a, &b));

    two_columns(&a, CQLR_META_GLOBAL_SPEC); /* the other way round */
    rows_start(&b, CQLR_META_NO_METADATA, 2);
    cqlr_wr_i32(&b, 0);
    assert_false(found_again(&a, &b));

    /* the same bytes under other flags */
    rows_start(&a, CQLR_META_GLOBAL_SPEC, 1);
    cqlr_wr_string(&a, cqlr_cstr("ks"));
    cqlr_wr_string(&a, cqlr_cstr("t"));
    int_column(&a, "a");
    cqlr_wr_i32(&a, 0);
    rows_start(&b, 0, 1);
    cqlr_wr_string(&b, cqlr_cstr("ks"));
    cqlr_wr_string(&b, cqlr_cstr("t"));
    int_column(&b, "a");
    cqlr_wr_i32(&b, 0);
    assert_false(found_again(&a, &b));
}

static void known_columns_do_not_help_a_message_that_is_too_short(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    two_columns(&w, CQLR_META_GLOBAL_SPEC);
    assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
    struct cqlr_columns *cols = cqlr_columns_new(&m.u.rows.spec, NULL, &b.err);
    assert_non_null(cols);
    size_t whole = (size_t)(b.r.end - b.r.start);
    for (size_t n = 0; n < whole; n++) {
        struct body cut;
        assert_int_equal(cqlr_result_read(body_init(&cut, b.block, n), cols, &m), CQLR_E_PROTO);
        body_fini(&cut);
    }
    cqlr_columns_free(cols);
    body_fini(&b);
}

static void id_of_changed_metadata_is_not_part_of_this_version(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    two_columns(&w, CQLR_META_GLOBAL_SPEC | 0x08);
    int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
    assert_malformed(&b, rc, "METADATA_CHANGED");
    body_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(billions_of_columns_in_27_bytes),
        cmocka_unit_test(negative_columns_count_is_an_error),
        cmocka_unit_test(columns_of_an_answer_can_not_be_made_from_a_lie),
        cmocka_unit_test(columns_that_are_not_described_take_less_than_a_megabyte),
        cmocka_unit_test(type_nested_300000_deep_is_refused),
        cmocka_unit_test(error_names_the_column),
        cmocka_unit_test(name_whose_length_was_cut_to_16_bits),
        cmocka_unit_test(columns_outlive_the_message),
        cmocka_unit_test(each_allocation_of_columns_may_fail),
        cmocka_unit_test(columns_that_are_not_described_have_no_names),
        cmocka_unit_test(same_specs_are_found_again),
        cmocka_unit_test(other_specs_are_not_taken_for_the_known_ones),
        cmocka_unit_test(known_columns_do_not_help_a_message_that_is_too_short),
        cmocka_unit_test(id_of_changed_metadata_is_not_part_of_this_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

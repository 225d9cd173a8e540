/*
 * test_msg_rows.c - a page of rows: row counts and value lengths that lie, null and empty, rows
 * without columns.
 */
#include "tests/unit/msg_help.h"

/* RESULT/Rows without metadata, up to the rows. */
static void page_start(struct cqlr_wr *w, int32_t columns, int32_t rows)
{
    cqlr_wr_init(w, NULL, 0);
    cqlr_wr_i32(w, CQLR_RESULT_ROWS);
    cqlr_wr_i32(w, CQLR_META_NO_METADATA);
    cqlr_wr_i32(w, columns);
    cqlr_wr_i32(w, rows);
}

static void cell(struct cqlr_wr *w, int32_t declared, const char *bytes)
{
    cqlr_wr_i32(w, declared);
    cqlr_wr_raw(w, bytes, strlen(bytes));
}

static void every_kind_of_cell_is_given(void **state)
{
    struct cqlr_value cells[2];
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    page_start(&w, 2, 2);
    cell(&w, 3, "abc");
    cell(&w, -1, "");
    cell(&w, 0, "");
    cell(&w, INT32_MIN, "");
    cqlr_wr_raw(&w, "behind", 6);
    assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
    struct cqlr_rows rows = m.u.rows;
    assert_int_equal(rows.count, 2);
    assert_int_equal(cqlr_rows_next(&rows, cells), 1);
    assert_int_equal(cells[0].n, 3);
    assert_memory_equal(cells[0].p, "abc", 3);
    assert_int_equal(cells[1].n, CQLR_NULL);
    assert_null(cells[1].p);
    assert_int_equal(rows.left, 1);
    assert_int_equal(cqlr_rows_next(&rows, cells), 1);
    assert_int_equal(cells[0].n, 0);
    assert_non_null(cells[0].p);
    assert_int_equal(cells[1].n, CQLR_NULL);
    assert_int_equal(cqlr_rows_next(&rows, cells), 0);
    assert_int_equal(cqlr_rows_next(&rows, cells), 0);
    assert_int_equal(cqlr_rd_left(&rows.rd), 6);
    rows = m.u.rows;
    assert_int_equal(cqlr_rows_skip(&rows), 2);
    assert_int_equal(cqlr_rd_left(&rows.rd), 6);
    assert_int_equal(cqlr_rows_skip(&rows), 0);
    body_fini(&b);
}

static void skip_goes_on_where_next_stopped(void **state)
{
    struct cqlr_value cells[1];
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    page_start(&w, 1, 3);
    cell(&w, 1, "a");
    cell(&w, 1, "b");
    cell(&w, 1, "c");
    assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
    assert_int_equal(cqlr_rows_next(&m.u.rows, cells), 1);
    assert_int_equal(cqlr_rows_skip(&m.u.rows), 2);
    assert_int_equal(cqlr_rows_next(&m.u.rows, cells), 0);
    body_fini(&b);
}

static void row_count_is_bounded_by_the_bytes_left(void **state)
{
    static const struct {
        int32_t columns;
        int32_t rows;
        const char *text;
    } lie[] = {
        {1, 3, "rows: need 12 bytes, 8 left"},
        {3, 1, "rows: need 12 bytes, 8 left"},
        {1, INT32_MAX, "rows: need 8589934588 bytes, 8 left"},
        {8192, INT32_MAX, "rows: need 70368744144896 bytes, 8 left"},
        {1, -1, "rows count: negative count at 12"},
        {1, INT32_MIN, "rows count: negative count at 12"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lie / sizeof *lie; i++) {
        struct cqlr_value cells[1];
        struct cqlr_result m;
        struct cqlr_wr w;
        struct body b;
        page_start(&w, lie[i].columns, lie[i].rows);
        cell(&w, 0, "");
        cell(&w, 0, "");
        int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
        assert_malformed(&b, rc, lie[i].text);
        assert_int_equal(m.u.rows.left, 0);
        assert_int_equal(cqlr_rows_next(&m.u.rows, cells), CQLR_E_PROTO);
        body_fini(&b);
    }
}

static void rows_without_columns_have_a_bound_of_their_own(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    page_start(&w, 0, 1000 * 1000 * 1000);
    int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
    assert_malformed(&b, rc, "too many rows without columns");
    body_fini(&b);
    page_start(&w, 0, 5);
    assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
    assert_int_equal(cqlr_rows_next(&m.u.rows, NULL), 1);
    assert_int_equal(cqlr_rows_skip(&m.u.rows), 4);
    body_fini(&b);
}

/* A value may neither pass the end nor eat the lengths of the cells behind it. */
static void value_longer_than_what_is_left_for_values(void **state)
{
    static const int32_t length[] = {3, 4, 6, 7, INT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
        struct cqlr_value cells[1];
        struct cqlr_result m;
        struct cqlr_wr w;
        struct body b;
        page_start(&w, 1, 2);
        cell(&w, length[i], "ab");
        cell(&w, 0, "");
        assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
        struct cqlr_rows rows = m.u.rows;
        assert_malformed(&b, cqlr_rows_next(&rows, cells), "row value");
        assert_int_equal(b.err.offset, 16);
        assert_int_equal(cqlr_rows_next(&rows, cells), CQLR_E_PROTO);
        assert_int_equal(cqlr_rows_skip(&rows), CQLR_E_PROTO);
        memset(&b.err, 0, sizeof b.err);
        rows = m.u.rows;
        assert_malformed(&b, (int)cqlr_rows_skip(&rows), "row value");
        assert_int_equal(cqlr_rows_skip(&rows), CQLR_E_PROTO);
        body_fini(&b);
    }
}

static void next_and_skip_agree_on_any_bytes(void **state)
{
    uint32_t random = 12345;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[40];
        struct cqlr_value cells[3];
        struct cqlr_result m;
        struct cqlr_wr w;
        struct body b;
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = random >> 30 ? 0 : (uint8_t)(random >> 20);
        }
        page_start(&w, 1 + round % 3, 3);
        cqlr_wr_raw(&w, bytes, sizeof bytes);
        assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
        struct cqlr_rows rows = m.u.rows;
        struct cqlr_rows other = m.u.rows;
        int64_t count = 0;
        int rc;
        while ((rc = cqlr_rows_next(&rows, cells)) == 1)
            count++;
        assert_int_equal(cqlr_rows_skip(&other), rc < 0 ? rc : count);
        if (rc == 0)
            assert_ptr_equal(rows.rd.p, other.rd.p);
        body_fini(&b);
    }
}

static void unknown_kind_of_result_is_an_error(void **state)
{
    static const uint8_t kind[][4] = {{0, 0, 0, 0}, {0, 0, 0, 6}, {0xFF, 0xFF, 0xFF, 0xFF}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct cqlr_result m;
        struct body b;
        int rc = cqlr_result_read(body_init(&b, kind[i], 4), NULL, &m);
        assert_malformed(&b, rc, "RESULT kind: unknown");
        body_fini(&b);
    }
}

static void more_pages_need_a_paging_state(void **state)
{
    struct cqlr_result m;
    struct body b;
    (void)state;
    int rc = cqlr_result_read(body_init(&b, "\0\0\0\2\0\0\0\6\0\0\0\1\xFF\xFF\xFF\xFF\0\0\0\0", 20),
                              NULL, &m);
    assert_malformed(&b, rc, "paging state: none, but more pages are announced");
    body_fini(&b);
    rc = cqlr_result_read(body_init(&b, "\0\0\0\2\0\0\0\6\0\0\0\1\0\0\0\0\0\0\0\0", 20), NULL, &m);
    assert_malformed(&b, rc, "paging state: none, but more pages are announced");
    body_fini(&b);
    rc = cqlr_result_read(body_init(&b, "\0\0\0\2\0\0\0\6\0\0\0\1\0\0\0\5\0\0\0\0", 20), NULL, &m);
    assert_malformed(&b, rc, "paging state: need 5 bytes, 4 left");
    body_fini(&b);
}

static void counts_too_large_for_an_int_are_not_written(void **state)
{
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(cqlr_rows_write(&w, NULL, 0, 0, NONE, (uint32_t)INT32_MAX + 1), CQLR_E_RANGE);
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_cell_is_given),
        cmocka_unit_test(skip_goes_on_where_next_stopped),
        cmocka_unit_test(row_count_is_bounded_by_the_bytes_left),
        cmocka_unit_test(rows_without_columns_have_a_bound_of_their_own),
        cmocka_unit_test(value_longer_than_what_is_left_for_values),
        cmocka_unit_test(next_and_skip_agree_on_any_bytes),
        cmocka_unit_test(unknown_kind_of_result_is_an_error),
        cmocka_unit_test(more_pages_need_a_paging_state),
        cmocka_unit_test(counts_too_large_for_an_int_are_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

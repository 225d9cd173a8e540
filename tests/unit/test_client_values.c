/*
 * Values of C, bound and read back: each kind of cqlr_bound_ by the cqlr_row_ that takes it, on a
 * server that sends back what it got; what does not fit is refused, and changes nothing.
 */
#include <math.h>

#include "tests/unit/client_help.h"

enum { BIG, WIDE, NARROW, TRUTH, NAMES, COLUMNS };

static const struct cqlr_type types[COLUMNS] = {
    [BIG] = {.id = CQLR_TYPE_BIGINT},
    [WIDE] = {.id = CQLR_TYPE_DOUBLE},
    [NARROW] = {.id = CQLR_TYPE_FLOAT},
    [TRUTH] = {.id = CQLR_TYPE_BOOLEAN},
    [NAMES] = {.id = CQLR_TYPE_LIST,
               .count = 1,
               .sub = (const struct cqlr_type[]){{.id = CQLR_TYPE_VARCHAR}}},
};

static void describe(struct cqlr_column col[COLUMNS])
{
    static const char *const names[] = {"big", "wide", "narrow", "truth", "names"};
    for (int i = 0; i < COLUMNS; i++)
        col[i] = (struct cqlr_column){.keyspace = {"ks", 2},
                                      .table = {"t", 1},
                                      .name = cqlr_cstr(names[i]),
                                      .type = &types[i]};
}

static void send_back(cqlr_link *l, const struct cqlr_event *ev)
{
    struct cqlr_column col[COLUMNS];
    struct cqlr_err err;
    struct cqlr_rd r;
    struct cqlr_execute m;
    struct cqlr_value v;
    struct cqlr_wr *w = cqlr_link_begin(l);
    describe(col);
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (cqlr_execute_read(&r, &m) ||
        cqlr_rows_write(w, col, COLUMNS, 0, (struct cqlr_value){NULL, CQLR_NULL}, 1))
        _exit(4);
    while (cqlr_params_next(&m.params.values, 0, NULL, &v))
        cqlr_wr_value(w, v);
    respond(l, CQLR_OP_RESULT, ev);
}

static void mirror(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    const uint16_t pk[2] = {0, 3};
    struct cqlr_column col[COLUMNS];
    (void)shared;
    if (ev->opcode != CQLR_OP_PREPARE) {
        send_back(l, ev);
        return;
    }
    describe(col);
    if (cqlr_prepared_write(cqlr_link_begin(l), (struct cqlr_bytes){first_id, 16}, col, COLUMNS, pk,
                            2, col, COLUMNS))
        _exit(3);
    respond(l, CQLR_OP_RESULT, ev);
}

static void refused(cqlr_bound *b, int rc, int code, const char *text)
{
    assert_int_equal(rc, code);
    if (!strstr(cqlr_bound_err(b)->text, text))
        fail_msg("\"%s\" is not in: %s", text, cqlr_bound_err(b)->text);
}

static void names_are(struct cqlr_row *row, const char *first, const char *second)
{
    const char *const want[] = {first, second};
    const struct cqlr_type *t;
    struct cqlr_elements e;
    struct cqlr_err err;
    struct cqlr_value v;
    assert_int_equal(cqlr_elements_init(&e, row->columns->col[NAMES].type, row->cell[NAMES], &err),
                     0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cqlr_elements_next(&e, &v, &t), 1);
        assert_int_equal(v.n, strlen(want[i]));
        assert_memory_equal(v.p, want[i], strlen(want[i]));
    }
    assert_int_equal(cqlr_elements_next(&e, &v, &t), 0);
}

static void each_kind_comes_back(void **state)
{
    struct fixture f;
    struct cqlr_row row;
    size_t n;
    (void)state;
    start(&f, mirror, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    const uint16_t *pk = cqlr_prepared_pk(ps, &n);
    assert_int_equal(n, 2);
    assert_int_equal(pk[1], 3);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_int(b, BIG, INT64_MIN), 0);
    assert_int_equal(cqlr_bound_double(b, WIDE, -0.1), 0);
    assert_int_equal(cqlr_bound_double(b, NARROW, 1.5), 0);
    assert_int_equal(cqlr_bound_boolean(b, TRUTH, true), 0);
    assert_int_equal(cqlr_bound_text(b, NAMES, cqlr_cstr("['ann', 'bo']")), 0);
    refused(b, cqlr_bound_double(b, NARROW, 1e39), CQLR_E_TYPE, "narrow: 1e+39 is too large");
    refused(b, cqlr_bound_double(b, BIG, 1), CQLR_E_TYPE, "big");
    refused(b, cqlr_bound_boolean(b, WIDE, true), CQLR_E_TYPE, "wide");
    refused(b, cqlr_bound_text(b, NAMES, cqlr_cstr("['ann'")), CQLR_E_TYPE, "names");
    refused(b, cqlr_bound_boolean(b, COLUMNS, true), CQLR_E_RANGE, "the statement has 5");
    cqlr_reply *r = cqlr_sync_execute(f.cl, b);
    assert_non_null(r);
    assert_int_equal(cqlr_reply_next(r, &row), 1);
    assert_true(cqlr_row_int(&row, BIG) == INT64_MIN);
    assert_true(cqlr_row_double(&row, WIDE) == -0.1);
    assert_true(cqlr_row_double(&row, NARROW) == 1.5);
    assert_true(cqlr_row_boolean(&row, TRUTH));
    names_are(&row, "ann", "bo");
    assert_false(cqlr_row_boolean(&row, WIDE)); /* another width */
    assert_true(cqlr_row_double(&row, TRUTH) == 0.0);
    assert_true(cqlr_row_double(&row, COLUMNS) == 0.0); /* out of range */
    cqlr_reply_free(r);
    assert_int_equal(cqlr_bound_double(b, NARROW, (double)INFINITY),
                     0); /* one that was asked for */
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

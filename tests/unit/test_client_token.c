/*
 * The token of bound values: components are found by the positions that Prepared gave, whatever the
 * order of the markers; a statement whose positions make no key has none.
 */
#include "tests/unit/client_help.h"

static const struct cqlr_type text_type = {.id = CQLR_TYPE_VARCHAR};

/* Markers v int, b text, a int; the text of the statement lists the positions of the key: "2 1". */
static void prepares_as_told(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    struct cqlr_column col[3] = {key_column, key_column, key_column};
    struct cqlr_prepare m;
    struct cqlr_err err;
    struct cqlr_rd r;
    uint16_t pk[8];
    uint32_t pks = 0;
    (void)shared;
    col[1].type = &text_type;
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (ev->opcode != CQLR_OP_PREPARE || cqlr_prepare_read(&r, &m) < 0)
        _exit(4);
    for (size_t i = 0; i < m.cql.n; i += 2)
        pk[pks++] = (uint16_t)(m.cql.p[i] - '0');
    if (cqlr_prepared_write(cqlr_link_begin(l), (struct cqlr_bytes){first_id, 16}, col, 3, pk, pks,
                            NULL, 0) < 0)
        _exit(3);
    respond(l, CQLR_OP_RESULT, ev);
}

struct statement {
    struct fixture f;
    cqlr_prepared *ps;
    cqlr_bound *b;
};

static void prepare_pk(struct statement *s, const char *positions)
{
    start(&s->f, prepares_as_told, 5000 * MS);
    s->ps = cqlr_sync_prepare(s->f.cl, cqlr_cstr(positions));
    assert_non_null(s->ps);
    s->b = cqlr_bound_new(s->ps);
    assert_int_equal(cqlr_bound_text(s->b, 1, cqlr_cstr("a")), 0);
    assert_int_equal(cqlr_bound_int(s->b, 2, 1), 0);
}

static void statement_fini(struct statement *s)
{
    cqlr_bound_free(s->b);
    cqlr_prepared_free(s->ps);
    finish(&s->f);
}

static void the_token_is_that_of_the_components_in_the_order_of_the_key(void **state)
{
    struct statement s;
    int64_t token = 0;
    (void)state;
    prepare_pk(&s, "2 1"); /* (1, 'a') */
    assert_int_equal(cqlr_bound_token(s.b, &token), 1);
    assert_true(token == 6516349416904725244);
    assert_int_equal(cqlr_bound_text(s.b, 1, cqlr_cstr("b")), 0);
    assert_int_equal(cqlr_bound_token(s.b, &token), 1);
    assert_true(token != 6516349416904725244); /* as the values are now */
    statement_fini(&s);
}

static void one_component_is_hashed_where_it_lies(void **state)
{
    struct statement s;
    int64_t token = 0;
    (void)state;
    prepare_pk(&s, "1");
    assert_int_equal(cqlr_bound_token(s.b, &token), 1);
    assert_true(token == -8839064797231613815);
    statement_fini(&s);
}

static void a_component_without_a_value_is_an_error(void **state)
{
    struct statement s;
    int64_t token = 7;
    (void)state;
    prepare_pk(&s, "2 0");
    assert_int_equal(cqlr_bound_token(s.b, &token), CQLR_E_RANGE); /* not set */
    assert_string_equal(cqlr_bound_err(s.b)->text, "partition key: component 1 is unset");
    assert_int_equal(cqlr_bound_null(s.b, 0), 0);
    assert_int_equal(cqlr_bound_token(s.b, &token), CQLR_E_RANGE);
    assert_string_equal(cqlr_bound_err(s.b)->text, "partition key: component 1 is null");
    assert_int_equal(token, 7);
    statement_fini(&s);
}

static void positions_that_make_no_key_are_none(void **state)
{
    static const char *const none[] = {"", "1 1", "2 1 2"};
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct statement s;
        int64_t token = 7;
        size_t n = 7;
        prepare_pk(&s, none[i]);
        cqlr_prepared_pk(s.ps, &n);
        assert_int_equal(n, 0);
        assert_int_equal(cqlr_bound_token(s.b, &token), 0);
        assert_int_equal(token, 7);
        statement_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_is_that_of_the_components_in_the_order_of_the_key),
        cmocka_unit_test(one_component_is_hashed_where_it_lies),
        cmocka_unit_test(a_component_without_a_value_is_an_error),
        cmocka_unit_test(positions_that_make_no_key_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

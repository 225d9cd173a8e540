/*
 * test_msg_batch.c - BATCH in both directions: its statements, what is refused, and where.
 */
#include "tests/unit/msg_help.h"

/* Unlogged; "INSERT ..." without values, and the id 00..0f with the int 7; ONE, timestamp 1. */
static const uint8_t golden[] =
    "\1\0\2"
    "\0\0\0\0\x1aINSERT INTO t(k) VALUES(1)\0\0"
    "\1\0\x10\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\0\1\0\0\0\4\0\0\0\7"
    "\0\1\x20\0\0\0\0\0\0\0\1";
#define GOLDEN (sizeof golden - 1)

static struct cqlr_batch empty(void)
{
    struct cqlr_batch m;
    memset(&m, 0, sizeof m);
    m.consistency = CQLR_CL_ONE;
    return m;
}

static void statements_come_in_their_order_with_their_values(void **state)
{
    struct body b;
    struct cqlr_batch m;
    struct cqlr_batch_statement s;
    struct cqlr_value v;
    (void)state;
    assert_int_equal(cqlr_batch_read(body_init(&b, golden, GOLDEN), &m), 0);
    assert_int_equal(m.type, CQLR_BATCH_UNLOGGED);
    assert_int_equal(m.statements.count, 2);
    assert_int_equal(m.consistency, CQLR_CL_ONE);
    assert_int_equal(m.flags, CQLR_PARAM_TIMESTAMP);
    assert_int_equal(m.timestamp, 1);
    struct cqlr_span it = m.statements;
    assert_true(cqlr_batch_next(&it, &s));
    assert_false(s.prepared);
    assert_str(s.cql, "INSERT INTO t(k) VALUES(1)");
    assert_int_equal(s.values.count, 0);
    assert_true(cqlr_batch_next(&it, &s));
    assert_true(s.prepared);
    assert_int_equal(s.id.n, 16);
    assert_int_equal(s.id.p[15], 15);
    assert_true(cqlr_params_next(&s.values, 0, NULL, &v));
    assert_int_equal(v.n, 4);
    assert_int_equal(v.p[3], 7);
    assert_false(cqlr_params_next(&s.values, 0, NULL, &v));
    assert_false(cqlr_batch_next(&it, &s));
    body_fini(&b);
}

static void statements_written_one_by_one_give_the_same_bytes(void **state)
{
    static const uint8_t seven[] = {0, 0, 0, 4, 0, 0, 0, 7};
    static const uint8_t id[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const struct cqlr_batch_statement text = {.cql = cqlr_cstr("INSERT INTO t(k) VALUES(1)")};
    const struct cqlr_batch_statement prepared = {
        .prepared = true, .id = {id, sizeof id}, .values = {1, seven, sizeof seven}};
    struct cqlr_wr parts, w;
    (void)state;
    cqlr_wr_init(&parts, NULL, 0);
    cqlr_wr_init(&w, NULL, 0);
    cqlr_batch_statement_write(&parts, &text);
    cqlr_batch_statement_write(&parts, &prepared);
    struct cqlr_batch m = empty();
    m.type = CQLR_BATCH_UNLOGGED;
    m.statements = (struct cqlr_span){2, parts.p, parts.n};
    m.flags = CQLR_PARAM_TIMESTAMP;
    m.timestamp = 1;
    assert_int_equal(cqlr_batch_write(&w, &m), 0);
    assert_int_equal(w.n, GOLDEN);
    assert_memory_equal(w.p, golden, GOLDEN);
    cqlr_wr_fini(&parts);
    cqlr_wr_fini(&w);
}

static void cut_anywhere_it_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < GOLDEN; n++) {
        struct body b;
        struct cqlr_batch m;
        assert_int_equal(cqlr_batch_read(body_init(&b, golden, n), &m), CQLR_E_PROTO);
        assert_true(b.err.offset <= n);
        body_fini(&b);
    }
}

static void no_statements_and_serial_consistency_are_fine(void **state)
{
    struct cqlr_wr w;
    struct body b;
    struct cqlr_batch m = empty(), again;
    struct cqlr_batch_statement s;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    m.flags = CQLR_PARAM_SERIAL;
    m.serial = CQLR_CL_LOCAL_SERIAL;
    assert_int_equal(cqlr_batch_write(&w, &m), 0);
    assert_int_equal(cqlr_batch_read(body_of(&b, &w), &again), 0);
    assert_int_equal(again.serial, CQLR_CL_LOCAL_SERIAL);
    assert_false(cqlr_batch_next(&again.statements, &s));
    body_fini(&b);
}

static int written(const struct cqlr_batch *m)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    int rc = cqlr_batch_write(&w, m);
    cqlr_wr_fini(&w);
    return rc;
}

static void what_servers_refuse_is_not_written(void **state)
{
    struct cqlr_batch m = empty();
    (void)state;
    assert_int_equal(written(&m), 0);
    m.type = CQLR_BATCH_COUNTER + 1;
    assert_int_equal(written(&m), CQLR_E_RANGE);
    m = empty();
    m.flags = CQLR_PARAM_NAMES;
    assert_int_equal(written(&m), CQLR_E_RANGE);
    m = empty();
    m.flags = CQLR_PARAM_SERIAL;
    m.serial = CQLR_CL_QUORUM;
    assert_int_equal(written(&m), CQLR_E_RANGE);
    m = empty();
    m.flags = CQLR_PARAM_TIMESTAMP;
    m.timestamp = INT64_MIN;
    assert_int_equal(written(&m), CQLR_E_RANGE);
    m = empty();
    m.statements.count = 65536;
    assert_int_equal(written(&m), CQLR_E_RANGE);
}

static void malformed_parts_are_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *says;
    } rows[] = {
        {"\0\0\1\2\0\0\0\0", 8, "BATCH statement kind: neither 0 nor 1 at 3"},
        {"\0\xff\xff\1\0\0\0\0", 8, "BATCH statements: need 327675 bytes, 5 left at 3"},
        {"\0\0\0\0\1\x40", 6, "BATCH flags: unknown flag"},
        {"\0\0\0\0\1\1", 6, "BATCH flags: unknown flag"},
        {"\0\0\1\0\xff\xff\xff\xff\0\0", 10, "BATCH statement text: negative length at 4"},
        {"\0\0\1\1\0\0\xff\xff\0\0\0\0", 12, "values: need 262140 bytes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct body b;
        struct cqlr_batch m;
        int rc = cqlr_batch_read(body_init(&b, rows[i].bytes, rows[i].n), &m);
        assert_malformed(&b, rc, rows[i].says);
        body_fini(&b);
    }
}

static void a_span_made_by_hand_ends_the_iteration_early(void **state)
{
    struct cqlr_span it = {2, (const uint8_t *)"\1\0", 2};
    struct cqlr_batch_statement s;
    (void)state;
    assert_false(cqlr_batch_next(&it, &s));
    assert_int_equal(it.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_come_in_their_order_with_their_values),
        cmocka_unit_test(statements_written_one_by_one_give_the_same_bytes),
        cmocka_unit_test(cut_anywhere_it_is_refused),
        cmocka_unit_test(no_statements_and_serial_consistency_are_fine),
        cmocka_unit_test(what_servers_refuse_is_not_written),
        cmocka_unit_test(malformed_parts_are_named),
        cmocka_unit_test(a_span_made_by_hand_ends_the_iteration_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

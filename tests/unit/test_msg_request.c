/*
 * test_msg_request.c - QUERY, EXECUTE and their parameters, STARTUP, and what stands in front of a
 * message: what is refused in both directions, and what must not be.
 */
#include "tests/unit/msg_help.h"

static struct cqlr_params plain(void)
{
    struct cqlr_params p;
    memset(&p, 0, sizeof p);
    p.consistency = CQLR_CL_ONE;
    p.paging_state = NONE;
    return p;
}

static int written(const struct cqlr_params *p)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    int rc = cqlr_params_write(&w, p);
    cqlr_wr_fini(&w);
    return rc;
}

static void values_that_servers_refuse_are_not_written(void **state)
{
    struct cqlr_params p = plain();
    (void)state;
    assert_int_equal(written(&p), 0);
    p.flags = CQLR_PARAM_PAGE_SIZE;
    assert_int_equal(written(&p), CQLR_E_RANGE);
    p.page_size = -1;
    assert_int_equal(written(&p), CQLR_E_RANGE);
    p.page_size = 1;
    assert_int_equal(written(&p), 0);
    p.flags = CQLR_PARAM_TIMESTAMP;
    p.timestamp = INT64_MIN;
    assert_int_equal(written(&p), CQLR_E_RANGE);
    p.timestamp = INT64_MIN + 1;
    assert_int_equal(written(&p), 0);
    p.flags = CQLR_PARAM_SERIAL;
    p.serial = CQLR_CL_QUORUM;
    assert_int_equal(written(&p), CQLR_E_RANGE);
    p.serial = CQLR_CL_LOCAL_SERIAL;
    assert_int_equal(written(&p), 0);
    p.flags = CQLR_PARAM_NAMES;
    assert_int_equal(written(&p), CQLR_E_RANGE);
    p.flags = 0x80;
    assert_int_equal(written(&p), CQLR_E_RANGE);
}

static void null_paging_state_would_start_again_and_is_not_written(void **state)
{
    struct cqlr_params p = plain();
    (void)state;
    p.flags = CQLR_PARAM_PAGING_STATE;
    assert_int_equal(written(&p), CQLR_E_RANGE);
    p.paging_state.n = 0;
    assert_int_equal(written(&p), 0);
}

static void fields_without_their_flag_are_not_looked_at(void **state)
{
    struct cqlr_params p = plain();
    (void)state;
    p.timestamp = INT64_MIN;
    p.page_size = -5;
    p.serial = 77;
    assert_int_equal(written(&p), 0);
}

static void reading_takes_page_size_and_timestamp_as_they_are(void **state)
{
    static const uint8_t p[] = "\0\1\x24\0\0\0\0\x80\0\0\0\0\0\0\0";
    struct body b;
    struct cqlr_params m;
    (void)state;
    assert_int_equal(cqlr_params_read(body_init(&b, p, sizeof p - 1), &m), 0);
    assert_int_equal(m.page_size, 0);
    assert_true(m.timestamp == INT64_MIN);
    body_fini(&b);
}

static void flag_that_adds_an_unknown_field_is_an_error(void **state)
{
    struct body b;
    struct cqlr_params m;
    (void)state;
    int rc = cqlr_params_read(body_init(&b, "\0\1\x80\0\2ks", 7), &m);
    assert_malformed(&b, rc, "query flags: unknown flag");
    body_fini(&b);
}

static void count_of_values_is_bounded_by_the_bytes_left(void **state)
{
    struct body b;
    struct cqlr_params m;
    (void)state;
    int rc = cqlr_params_read(body_init(&b, "\0\1\1\xFF\xFF\0\0\0\0", 9), &m);
    assert_malformed(&b, rc, "values: need 262140 bytes, 4 left at 5");
    assert_int_equal(m.values.count, 0);
    body_fini(&b);
    rc = cqlr_params_read(body_init(&b, "\0\1\x41\0\1\0\0\0\0", 9), &m);
    assert_malformed(&b, rc, "values: need 6 bytes, 4 left at 5");
    body_fini(&b);
}

static void value_below_unset_is_an_error(void **state)
{
    struct body b;
    struct cqlr_params m;
    (void)state;
    int rc = cqlr_params_read(body_init(&b, "\0\1\1\0\1\xFF\xFF\xFF\xFD", 9), &m);
    assert_malformed(&b, rc, "value length below -2");
    body_fini(&b);
}

static void values_are_taken_one_by_one(void **state)
{
    static const uint8_t p[] = "\0\1\x41\0\3\0\1a\0\0\0\1x\0\0\0\0\0\0\0\1c\xFF\xFF\xFF\xFE";
    struct body b;
    struct cqlr_params m;
    struct cqlr_str name;
    struct cqlr_value v;
    (void)state;
    assert_int_equal(cqlr_params_read(body_init(&b, p, sizeof p - 1), &m), 0);
    struct cqlr_span it = m.values;
    assert_int_equal(it.count, 3);
    assert_true(cqlr_params_next(&it, m.flags, &name, &v));
    assert_str(name, "a");
    assert_int_equal(v.n, 1);
    assert_true(cqlr_params_next(&it, m.flags, NULL, &v));
    assert_int_equal(v.n, 0);
    assert_true(cqlr_params_next(&it, m.flags, &name, &v));
    assert_str(name, "c");
    assert_int_equal(v.n, CQLR_UNSET);
    assert_false(cqlr_params_next(&it, m.flags, &name, &v));
    assert_int_equal(m.values.count, 3);
    body_fini(&b);
}

static void bytes_behind_a_message_are_ignored(void **state)
{
    static const uint8_t p[] = "\0\0\0\1q\0\6\0and more";
    struct body b;
    struct cqlr_query m;
    (void)state;
    assert_int_equal(cqlr_query_read(body_init(&b, p, sizeof p - 1), &m), 0);
    assert_str(m.cql, "q");
    assert_int_equal(m.params.consistency, CQLR_CL_LOCAL_QUORUM);
    assert_int_equal(cqlr_rd_left(&b.r), 8);
    body_fini(&b);
}

static void writer_that_failed_before_keeps_its_error(void **state)
{
    struct cqlr_query m;
    struct cqlr_wr w;
    (void)state;
    memset(&m, 0, sizeof m);
    m.cql = cqlr_cstr("SELECT");
    m.params.flags = CQLR_PARAM_PAGE_SIZE;
    cqlr_wr_init(&w, NULL, 4);
    assert_int_equal(cqlr_query_write(&w, &m), CQLR_E_LIMIT);
    cqlr_wr_fini(&w);
}

static void request_carries_a_payload_but_no_trace_and_no_warnings(void **state)
{
    static const uint8_t p[] = "\0\1\0\1k\0\0\0\1v";
    const uint8_t all = CQLR_FLAG_TRACING | CQLR_FLAG_WARNING | CQLR_FLAG_PAYLOAD;
    struct cqlr_prefix prefix;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    assert_int_equal(cqlr_prefix_read(body_init(&b, p, sizeof p - 1), all, false, &prefix), 0);
    assert_false(prefix.has_trace);
    assert_int_equal(prefix.warnings.count, 0);
    assert_int_equal(prefix.payload.count, 1);
    assert_int_equal(cqlr_rd_left(&b.r), 0);
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(cqlr_prefix_write(&w, all, false, &prefix), 0);
    assert_int_equal(w.n, sizeof p - 1);
    assert_memory_equal(w.p, p, w.n);
    cqlr_wr_fini(&w);
    body_fini(&b);
}

static void prefix_of_unknown_flags_is_empty(void **state)
{
    struct cqlr_prefix prefix;
    struct body b;
    (void)state;
    assert_int_equal(cqlr_prefix_read(body_init(&b, "body", 4), 0xF1, true, &prefix), 0);
    assert_int_equal(cqlr_rd_left(&b.r), 4);
    body_fini(&b);
}

static void startup_map_with_a_wrong_count(void **state)
{
    struct cqlr_startup m;
    struct body b;
    (void)state;
    int rc = cqlr_startup_read(body_init(&b, "\0\2\0\1k\0\1v", 8), &m);
    assert_malformed(&b, rc, "STARTUP options: need 8 bytes, 6 left at 2");
    assert_int_equal(m.options.count, 0);
    body_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_servers_refuse_are_not_written),
        cmocka_unit_test(null_paging_state_would_start_again_and_is_not_written),
        cmocka_unit_test(fields_without_their_flag_are_not_looked_at),
        cmocka_unit_test(reading_takes_page_size_and_timestamp_as_they_are),
        cmocka_unit_test(flag_that_adds_an_unknown_field_is_an_error),
        cmocka_unit_test(count_of_values_is_bounded_by_the_bytes_left),
        cmocka_unit_test(value_below_unset_is_an_error),
        cmocka_unit_test(values_are_taken_one_by_one),
        cmocka_unit_test(bytes_behind_a_message_are_ignored),
        cmocka_unit_test(writer_that_failed_before_keeps_its_error),
        cmocka_unit_test(request_carries_a_payload_but_no_trace_and_no_warnings),
        cmocka_unit_test(prefix_of_unknown_flags_is_empty),
        cmocka_unit_test(startup_map_with_a_wrong_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_msg_prepared.c - Prepared and Schema_change: partition key positions that lie, and targets
 * of a later version.
 */
#include "tests/unit/msg_help.h"

/* RESULT/Prepared of id "i" up to the positions: as many int markers of ks.t follow in `finish`. */
static void prepared_start(struct cqlr_wr *w, uint32_t marker_flags, int32_t markers, int32_t pks)
{
    cqlr_wr_init(w, NULL, 0);
    cqlr_wr_i32(w, CQLR_RESULT_PREPARED);
    cqlr_wr_string(w, cqlr_cstr("i"));
    cqlr_wr_i32(w, (int32_t)marker_flags);
    cqlr_wr_i32(w, markers);
    cqlr_wr_i32(w, pks);
}

static void finish(struct cqlr_wr *w, int markers)
{
    cqlr_wr_string(w, cqlr_cstr("ks"));
    cqlr_wr_string(w, cqlr_cstr("t"));
    for (int i = 0; i < markers; i++) {
        cqlr_wr_string(w, cqlr_cstr("m"));
        cqlr_wr_u16(w, CQLR_TYPE_INT);
    }
    cqlr_wr_i32(w, CQLR_META_NO_METADATA);
    cqlr_wr_i32(w, 0);
}

static void partition_key_count_that_lies(void **state)
{
    static const int32_t pks[] = {-1, (int32_t)0x80000001u, INT32_MAX, 0x40000000, 12};
    (void)state;
    for (size_t i = 0; i < sizeof pks / sizeof *pks; i++) {
        struct cqlr_result m;
        struct cqlr_wr w;
        struct body b;
        prepared_start(&w, CQLR_META_GLOBAL_SPEC, 1, pks[i]);
        finish(&w, 1);
        int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
        assert_malformed(&b, rc,
                         pks[i] < 0 ? "partition key count: negative count at 15"
                                    : "partition key position");
        assert_int_equal(m.u.prepared.pk.count, 0);
        body_fini(&b);
    }
}

static void partition_key_position_behind_the_markers(void **state)
{
    (void)state;
    for (uint16_t at = 0; at < 4; at++) {
        struct cqlr_result m;
        struct cqlr_wr w;
        struct body b;
        prepared_start(&w, CQLR_META_GLOBAL_SPEC, 2, 1);
        cqlr_wr_u16(&w, at);
        finish(&w, 2);
        int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
        if (at < 2)
            assert_int_equal(rc, 0);
        else
            assert_malformed(&b, rc, "partition key position: no such marker");
        body_fini(&b);
    }
}

static void markers_count_that_lies(void **state)
{
    static const int32_t markers[] = {-1, INT32_MIN, INT32_MAX, 100};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct cqlr_result m;
        struct cqlr_wr w;
        struct body b;
        prepared_start(&w, CQLR_META_GLOBAL_SPEC, markers[i], 0);
        finish(&w, 1);
        int rc = cqlr_result_read(body_of(&b, &w), NULL, &m);
        assert_malformed(&b, rc, markers[i] < 0 ? "markers count: negative" : "column specs: need");
        body_fini(&b);
    }
}

/* The markers' flags know GLOBAL_TABLES_SPEC alone: another bit must not make the specs vanish. */
static void no_metadata_means_nothing_among_the_markers(void **state)
{
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    prepared_start(&w, CQLR_META_GLOBAL_SPEC | CQLR_META_NO_METADATA | 0x80000000u, 1, 0);
    finish(&w, 1);
    assert_int_equal(cqlr_result_read(body_of(&b, &w), NULL, &m), 0);
    assert_int_equal(m.u.prepared.markers.flags, CQLR_META_GLOBAL_SPEC);
    assert_int_equal(m.u.prepared.markers.count, 1);
    assert_int_equal(m.u.prepared.result.count, 0);
    assert_int_equal(cqlr_rd_left(&b.r), 0);
    body_fini(&b);
}

static void position_behind_the_markers_is_not_written(void **state)
{
    static const uint16_t pk[] = {0, 1};
    const struct cqlr_type type = {.id = CQLR_TYPE_INT};
    struct cqlr_column marker = {cqlr_cstr("ks"), cqlr_cstr("t"), cqlr_cstr("m"), &type};
    struct cqlr_bytes id = {(const uint8_t *)"i", 1};
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(cqlr_prepared_write(&w, id, &marker, 1, pk, 2, NULL, 0), CQLR_E_RANGE);
    cqlr_wr_reset(&w);
    assert_int_equal(cqlr_prepared_write(&w, id, &marker, 1, pk, 1, &marker, 1), 0);
    cqlr_wr_fini(&w);
}

static void schema_change_of_a_later_version_is_still_a_success(void **state)
{
    static const uint8_t p[] = "\0\0\0\5\0\7CREATED\0\4ROLE\0\3bob";
    struct cqlr_result m;
    struct cqlr_wr w;
    struct body b;
    (void)state;
    assert_int_equal(cqlr_result_read(body_init(&b, p, sizeof p - 1), NULL, &m), 0);
    assert_str(m.u.schema_change.change, "CREATED");
    assert_str(m.u.schema_change.target, "ROLE");
    assert_str(m.u.schema_change.keyspace, "");
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(cqlr_schema_change_write(&w, &m.u.schema_change), CQLR_E_RANGE);
    cqlr_wr_fini(&w);
    body_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partition_key_count_that_lies),
        cmocka_unit_test(partition_key_position_behind_the_markers),
        cmocka_unit_test(markers_count_that_lies),
        cmocka_unit_test(no_metadata_means_nothing_among_the_markers),
        cmocka_unit_test(position_behind_the_markers_is_not_written),
        cmocka_unit_test(schema_change_of_a_later_version_is_still_a_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

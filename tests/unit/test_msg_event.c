/*
 * test_msg_event.c - EVENT in both directions: nodes and schema, and events from servers that know
 * more than this library.
 */
#include "tests/unit/msg_help.h"

static const uint8_t up[] = "\0\x0dSTATUS_CHANGE\0\2UP\4\x7f\0\0\1\0\0\x23\x52";
static const uint8_t moved[] = "\0\x0fTOPOLOGY_CHANGE\0\x0aMOVED_NODE\x10"
                               "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\x23\x52";
static const uint8_t dropped[] = "\0\x0dSCHEMA_CHANGE\0\7DROPPED\0\x08"
                                 "FUNCTION\0\2ks\0\1f\0\2\0\3int\0\4text";

static struct cqlr_server_event event_of(struct body *b, const void *p, size_t n)
{
    struct cqlr_server_event m;
    assert_int_equal(cqlr_server_event_read(body_init(b, p, n), &m), 0);
    return m;
}

static void a_node_has_an_address_and_a_port(void **state)
{
    struct body b;
    (void)state;
    struct cqlr_server_event m = event_of(&b, up, sizeof up - 1);
    assert_str(m.type, "STATUS_CHANGE");
    assert_str(m.change, "UP");
    assert_int_equal(m.address.n, 4);
    assert_int_equal(m.address.p[0], 127);
    assert_int_equal(m.port, 9042);
    body_fini(&b);
    m = event_of(&b, moved, sizeof moved - 1);
    assert_str(m.change, "MOVED_NODE");
    assert_int_equal(m.address.n, 16);
    body_fini(&b);
}

static void a_schema_change_has_the_fields_of_its_target(void **state)
{
    struct body b;
    struct cqlr_str s;
    (void)state;
    struct cqlr_server_event m = event_of(&b, dropped, sizeof dropped - 1);
    assert_str(m.schema.change, "DROPPED");
    assert_str(m.schema.target, "FUNCTION");
    assert_str(m.schema.keyspace, "ks");
    assert_str(m.schema.name, "f");
    assert_true(cqlr_string_list_next(&m.schema.arguments, &s));
    assert_str(s, "int");
    assert_true(cqlr_string_list_next(&m.schema.arguments, &s));
    assert_str(s, "text");
    body_fini(&b);
}

static void what_was_read_is_written_the_same(void **state)
{
    const struct cqlr_bytes all[] = {
        {up, sizeof up - 1}, {moved, sizeof moved - 1}, {dropped, sizeof dropped - 1}};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct body b;
        struct cqlr_wr w;
        struct cqlr_server_event m = event_of(&b, all[i].p, all[i].n);
        cqlr_wr_init(&w, NULL, 0);
        assert_int_equal(cqlr_server_event_write(&w, &m), 0);
        assert_int_equal(w.n, all[i].n);
        assert_memory_equal(w.p, all[i].p, w.n);
        cqlr_wr_fini(&w);
        body_fini(&b);
    }
}

static void cut_anywhere_it_is_refused(void **state)
{
    const struct cqlr_bytes all[] = {{up, sizeof up - 1}, {dropped, sizeof dropped - 1}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t n = 0; n < all[i].n; n++) {
            struct body b;
            struct cqlr_server_event m;
            assert_int_equal(cqlr_server_event_read(body_init(&b, all[i].p, n), &m), CQLR_E_PROTO);
            body_fini(&b);
        }
    }
}

static void unknown_types_changes_and_targets_are_no_error(void **state)
{
    static const uint8_t type[] = "\0\x13GRACEFUL_DISCONNECTrest of any form";
    static const uint8_t change[] = "\0\x0dSTATUS_CHANGE\0\5MAYBE\4\x7f\0\0\1\0\0\x23\x52";
    static const uint8_t target[] = "\0\x0dSCHEMA_CHANGE\0\7UPDATED\0\4VIEWwhatever";
    struct body b;
    (void)state;
    struct cqlr_server_event m = event_of(&b, type, sizeof type - 1);
    assert_str(m.type, "GRACEFUL_DISCONNECT");
    assert_int_equal(m.address.n, 0);
    body_fini(&b);
    m = event_of(&b, change, sizeof change - 1);
    assert_str(m.change, "MAYBE");
    body_fini(&b);
    m = event_of(&b, target, sizeof target - 1);
    assert_str(m.schema.target, "VIEW");
    assert_int_equal(m.schema.keyspace.n, 0);
    body_fini(&b);
}

static void an_address_has_4_or_16_bytes(void **state)
{
    static const uint8_t odd[] = "\0\x0dSTATUS_CHANGE\0\2UP\5\x7f\0\0\1\1\0\0\x23\x52";
    struct body b;
    struct cqlr_server_event m;
    (void)state;
    int rc = cqlr_server_event_read(body_init(&b, odd, sizeof odd - 1), &m);
    assert_malformed(&b, rc, "EVENT address: address size is not 4 or 16 at 19");
    body_fini(&b);
}

static void what_cannot_be_an_event_is_not_written(void **state)
{
    const struct cqlr_server_event rows[] = {
        {.type = cqlr_cstr("GRACEFUL_DISCONNECT")},
        {.type = cqlr_cstr("STATUS_CHANGE"), .change = cqlr_cstr("UP")},
        {.type = cqlr_cstr("SCHEMA_CHANGE"), .schema = {.target = cqlr_cstr("VIEW")}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cqlr_wr w;
        cqlr_wr_init(&w, NULL, 0);
        assert_int_equal(cqlr_server_event_write(&w, &rows[i]), CQLR_E_RANGE);
        cqlr_wr_fini(&w);
    }
}

/* Whatever else is wrong with what is written then. */
static void a_writer_that_has_failed_keeps_its_error(void **state)
{
    const struct cqlr_server_event rows[] = {
        {.type = cqlr_cstr("GRACEFUL_DISCONNECT")},
        {.type = cqlr_cstr("STATUS_CHANGE")},
        {.type = cqlr_cstr("SCHEMA_CHANGE"), .schema = {.target = cqlr_cstr("VIEW")}},
    };
    const struct cqlr_batch batch = {.type = 9};
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    w.rc = CQLR_E_NOMEM;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(cqlr_server_event_write(&w, &rows[i]), CQLR_E_NOMEM);
    assert_int_equal(cqlr_batch_write(&w, &batch), CQLR_E_NOMEM);
    assert_int_equal(w.n, 0);
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_has_an_address_and_a_port),
        cmocka_unit_test(a_schema_change_has_the_fields_of_its_target),
        cmocka_unit_test(what_was_read_is_written_the_same),
        cmocka_unit_test(cut_anywhere_it_is_refused),
        cmocka_unit_test(unknown_types_changes_and_targets_are_no_error),
        cmocka_unit_test(an_address_has_4_or_16_bytes),
        cmocka_unit_test(what_cannot_be_an_event_is_not_written),
        cmocka_unit_test(a_writer_that_has_failed_keeps_its_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

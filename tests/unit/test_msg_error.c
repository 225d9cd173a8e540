/*
 * test_msg_error.c - ERROR: codes that are not known, fields that are cut short, and the line for
 * people.
 */
#include "tests/unit/msg_help.h"

static void unknown_code_has_code_and_message(void **state)
{
    static const uint8_t p[] = "\x7F\xFF\xFF\xFF\0\2hi\1\2\3";
    struct cqlr_error m;
    struct body b;
    (void)state;
    assert_int_equal(cqlr_error_read(body_init(&b, p, sizeof p - 1), &m), 0);
    assert_int_equal(m.code, INT32_MAX);
    assert_str(m.message, "hi");
    assert_null(cqlr_server_error_name(m.code));
    assert_int_equal(cqlr_error_fields(m.code), 0);
    body_fini(&b);
}

/* What a code adds is not optional: an ERROR that ends behind its message is malformed. */
static void known_code_without_its_fields_is_malformed(void **state)
{
    static const int32_t code[] = {0x1000, 0x1100, 0x1200, 0x1300, 0x1400,
                                   0x1500, 0x1700, 0x2400, 0x2500};
    (void)state;
    for (size_t i = 0; i < sizeof code / sizeof *code; i++) {
        struct cqlr_error m;
        struct cqlr_wr w;
        struct body b;
        cqlr_wr_init(&w, NULL, 0);
        cqlr_wr_i32(&w, code[i]);
        cqlr_wr_string(&w, cqlr_cstr("m"));
        assert_malformed(&b, cqlr_error_read(body_of(&b, &w), &m), "ERROR ");
        body_fini(&b);
    }
}

/* The line of an error; the caller's text must hold it. */
static void assert_line(const struct cqlr_error *m, const char *expected)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_error_print(&w, m);
    assert_int_equal(w.rc, 0);
    cqlr_wr_u8(&w, 0);
    assert_string_equal((char *)w.p, expected);
    cqlr_wr_fini(&w);
}

static void line_tells_what_answered(void **state)
{
    struct cqlr_error m = {.code = CQLR_SERVER_READ_TIMEOUT,
                           .message = cqlr_cstr("MESSAGE"),
                           .consistency = CQLR_CL_LOCAL_ONE,
                           .required = 1};
    (void)state;
    assert_line(&m, "Read timeout (0x1200): MESSAGE [LOCAL_ONE, 0 of 1 answered, no data]");
    m.consistency = 0x0B;
    m.data_present = true;
    m.received = -1;
    assert_line(
        &m, "Read timeout (0x1200): MESSAGE [consistency 0x000b, -1 of 1 answered, data present]");
}

static void line_tells_the_fields_of_each_code(void **state)
{
    static const uint8_t arguments[] = "\0\3int\0\4text";
    static const uint8_t id[] = {0x00, 0x9f, 0xf0};
    struct cqlr_error m = {.message = cqlr_cstr("M"),
                           .consistency = CQLR_CL_QUORUM,
                           .required = 2,
                           .received = 1,
                           .failures = 3,
                           .keyspace = cqlr_cstr("ks"),
                           .name = cqlr_cstr("f"),
                           .id = {id, sizeof id}};
    (void)state;
    m.code = CQLR_SERVER_UNAVAILABLE;
    assert_line(&m, "Unavailable (0x1000): M [QUORUM, 2 required, 1 alive]");
    m.code = CQLR_SERVER_CAS_WRITE_UNKNOWN;
    assert_line(&m, "CAS write unknown (0x1700): M [QUORUM, 1 of 2 answered]");
    m.code = CQLR_SERVER_READ_FAILURE;
    assert_line(&m, "Read failure (0x1300): M [QUORUM, 1 of 2 answered, 3 failed, no data]");
    m.write_type = cqlr_cstr("BATCH_LOG");
    m.code = CQLR_SERVER_WRITE_TIMEOUT;
    assert_line(&m, "Write timeout (0x1100): M [QUORUM, 1 of 2 answered, BATCH_LOG]");
    m.code = CQLR_SERVER_WRITE_FAILURE;
    assert_line(&m, "Write failure (0x1500): M [QUORUM, 1 of 2 answered, 3 failed, BATCH_LOG]");
    m.code = CQLR_SERVER_FUNCTION_FAILURE;
    assert_line(&m, "Function failure (0x1400): M [ks.f()]");
    m.arguments = (struct cqlr_span){2, arguments, sizeof arguments - 1};
    assert_line(&m, "Function failure (0x1400): M [ks.f(int, text)]");
    m.code = CQLR_SERVER_UNPREPARED;
    assert_line(&m, "Unprepared (0x2500): M [009ff0]");
    m.code = CQLR_SERVER_ALREADY_EXISTS;
    assert_line(&m, "Already exists (0x2400): M [ks.f]");
    m.name = cqlr_cstr("");
    assert_line(&m, "Already exists (0x2400): M [ks]");
}

static void line_is_one_line_whatever_the_server_sends(void **state)
{
    struct cqlr_error m = {.code = CQLR_SERVER_ALREADY_EXISTS,
                           .message = cqlr_cstr("a\nb\033[31m\xC2\x85z"),
                           .keyspace = cqlr_cstr("k\ns"),
                           .name = cqlr_cstr("t\r")};
    (void)state;
    assert_line(&m, "Already exists (0x2400): a b [31m  z [k s.t ]");
}

static void line_without_fields_has_no_brackets(void **state)
{
    struct cqlr_error m = {.code = -1, .message = cqlr_cstr("?")};
    (void)state;
    assert_line(&m, "Unknown error (0xffffffff): ?");
    m.code = CQLR_SERVER_SERVER_ERROR;
    m.message = cqlr_cstr("");
    assert_line(&m, "Server error (0x0000): ");
}

static void line_is_appended_and_leaves_what_was_there(void **state)
{
    struct cqlr_error m = {.code = CQLR_SERVER_INVALID, .message = cqlr_cstr("no")};
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_raw(&w, "\n", 1);
    cqlr_error_print(&w, &m);
    assert_int_equal(w.n, strlen("\nInvalid (0x2200): no"));
    assert_memory_equal(w.p, "\nInvalid (0x2200): no", w.n);
    cqlr_wr_fini(&w);
}

static void no_memory_for_the_line_is_told_by_the_writer(void **state)
{
    struct cqlr_error m = {.code = CQLR_SERVER_INVALID, .message = cqlr_cstr("no")};
    struct counter c;
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, counter_init(&c, 1), 0);
    cqlr_error_print(&w, &m);
    assert_int_equal(w.rc, CQLR_E_NOMEM);
    cqlr_wr_fini(&w);
    for (size_t limit = 1; limit < 30; limit++) {
        cqlr_wr_init(&w, NULL, limit);
        cqlr_error_print(&w, &m);
        assert_true(w.n <= limit);
        cqlr_wr_fini(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_code_has_code_and_message),
        cmocka_unit_test(known_code_without_its_fields_is_malformed),
        cmocka_unit_test(line_tells_what_answered),
        cmocka_unit_test(line_tells_the_fields_of_each_code),
        cmocka_unit_test(line_is_one_line_whatever_the_server_sends),
        cmocka_unit_test(line_without_fields_has_no_brackets),
        cmocka_unit_test(line_is_appended_and_leaves_what_was_there),
        cmocka_unit_test(no_memory_for_the_line_is_told_by_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

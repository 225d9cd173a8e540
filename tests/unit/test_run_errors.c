/*
 * test_run_errors.c - failures counted by class, and which of them a checkpoint covers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/run/run_errors.h"

static const struct params stream = {.streamed = true};

static void add(struct run_errors *e, uint64_t index, int code, int32_t server_code)
{
    struct cqlr_err err;
    (void)err_set(&err, code, "why");
    err.server_code = server_code;
    const struct cqlr_bulk_failure f = {index, &err, {"k\033", 2}};
    e->bad.bytes += 10; /* as if it had been written */
    run_errors_add(e, &stream, &f);
}

static struct run_errors none(void)
{
    struct run_errors e = {.keep_open = true};
    e.bad.out.fd = -1;
    return e;
}

static void a_checkpoint_covers_what_is_before_it_only(void **state)
{
    struct run_errors e = none();
    (void)state;
    add(&e, 3, CQLR_E_TYPE, 0);
    add(&e, 4, CQLR_E_CLOSED, 0);
    add(&e, 9, CQLR_E_TIMEOUT, 0);
    run_errors_cover(&e, 3);
    assert_int_equal(e.covered, 0);
    assert_int_equal(e.covered_bytes, 0);
    run_errors_cover(&e, 9);
    assert_int_equal(e.covered, 2);
    assert_int_equal(e.covered_bytes, 20);
    assert_int_equal(e.covered_unknown, 1);
    run_errors_cover(&e, 9);
    assert_int_equal(e.covered, 2);
    run_errors_cover(&e, 10);
    assert_int_equal(e.covered, 3);
    assert_int_equal(e.covered_bytes, 30);
    assert_int_equal(e.covered_unknown, 2);
    run_errors_fini(&e);
}

static void classes_are_the_servers_or_ours(void **state)
{
    struct run_errors e = none();
    char room[300] = "";
    struct text t = {.p = room, .size = sizeof room};
    (void)state;
    add(&e, 1, CQLR_E_SERVER, CQLR_SERVER_OVERLOADED);
    add(&e, 2, CQLR_E_SERVER, CQLR_SERVER_OVERLOADED);
    add(&e, 3, CQLR_E_SERVER, 0x7777);
    add(&e, 4, CQLR_E_TIMEOUT, 0);
    run_errors_text(&e, 100, &t);
    assert_string_equal(room, "errors 2 OVERLOADED (2.00%), 1 0x7777 (1.00%), 1 TIMEOUT (1.00%); "
                              "first: k \n");
    t.n = 0;
    run_errors_json(&e, &t);
    assert_string_equal(room, ",\"by_class\":{\"OVERLOADED\":2,\"0x7777\":1,\"TIMEOUT\":1}");
    run_errors_fini(&e);
}

static void more_classes_than_there_is_room_for_are_others(void **state)
{
    struct run_errors e = none();
    uint64_t n = 0;
    (void)state;
    for (int32_t i = 0; i < 40; i++)
        add(&e, (uint64_t)i, CQLR_E_SERVER, 0x7000 + i);
    assert_int_equal(e.classes, ERROR_CLASSES);
    for (size_t i = 0; i < e.classes; i++)
        n += e.class_of[i].n;
    assert_int_equal(n, 40);
    assert_string_equal(e.class_of[ERROR_CLASSES - 1].name, "OTHER");
    run_errors_fini(&e);
}

/* A server's message may quote the statement. */
static void the_file_of_bad_has_no_passwords_of_cql(void **state)
{
    static const char expected[] =
        "7,SYNTAX_ERROR,\"no \"\"x\"\" (WITH PASSWORD = '***' AND [5])\",k\n";
    struct bad b = {.out = {.fd = memfd_create("bad", MFD_CLOEXEC), .stop_fd = -1}};
    struct cqlr_err err;
    char got[200];
    (void)state;
    b.params = &stream;
    cqlr_wr_init(&b.line, NULL, 0);
    (void)err_set(&err, CQLR_E_SERVER, "no \"x\" (WITH PASSWORD = 'hunter2' AND [5])");
    const struct cqlr_bulk_failure f = {7, &err, {"k", 1}};
    bad_add(&b, &f, "SYNTAX_ERROR");
    assert_int_equal(pread(b.out.fd, got, sizeof got, 0), sizeof expected - 1);
    assert_memory_equal(got, expected, sizeof expected - 1);
    close(b.out.fd);
    bad_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_covers_what_is_before_it_only),
        cmocka_unit_test(classes_are_the_servers_or_ours),
        cmocka_unit_test(more_classes_than_there_is_room_for_are_others),
        cmocka_unit_test(the_file_of_bad_has_no_passwords_of_cql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

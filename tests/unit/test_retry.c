/*
 * Which answers of a server make a request worth sending again: every code there is, with and
 * without idempotence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/cluster/retry.h"

static struct cqlr_error answer(int32_t code, const char *write_type)
{
    return (struct cqlr_error){.code = code, .write_type = {write_type, strlen(write_type)}};
}

/* Codes that are not named here are never retried. */
static const struct row {
    int32_t code;
    const char *write_type;
    bool always;
} passing[] = {
    {CQLR_SERVER_SERVER_ERROR, "", false},
    {CQLR_SERVER_UNAVAILABLE, "", false},
    {CQLR_SERVER_OVERLOADED, "", false},
    {CQLR_SERVER_IS_BOOTSTRAPPING, "", true},
    {CQLR_SERVER_TRUNCATE_ERROR, "", false},
    {CQLR_SERVER_READ_TIMEOUT, "", false},
    {CQLR_SERVER_WRITE_TIMEOUT, "BATCH_LOG", false},
};

static const struct row *find(int32_t code)
{
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        if (passing[i].code == code)
            return &passing[i];
    }
    return NULL;
}

static void every_code_is_decided_as_the_table_says(void **state)
{
    (void)state;
    for (int32_t code = 0; code <= 0x10000; code++) {
        const struct row *row = find(code);
        struct cqlr_error e = answer(code, row ? row->write_type : "");
        assert_int_equal(cqlr__retry(&e, true, 0, 3), row != NULL);
        assert_int_equal(cqlr__retry(&e, false, 0, 3), row && row->always);
    }
}

/* Scylla's rate limit has a code of its own choice; whatever is not known is left alone. */
static void unknown_codes_are_not_retried(void **state)
{
    const int32_t codes[] = {0xF000, -1, INT32_MIN, INT32_MAX, 0x1099};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct cqlr_error e = answer(codes[i], "");
        assert_false(cqlr__retry(&e, true, 0, 3));
    }
}

static void a_write_that_may_still_arrive_is_not_repeated(void **state)
{
    const char *types[] = {"SIMPLE", "BATCH", "UNLOGGED_BATCH", "COUNTER",   "CAS", "VIEW",
                           "CDC",    "",      "BATCH_LO",       "BATCH_LOGX"};
    (void)state;
    for (size_t i = 0; i < 10; i++) {
        struct cqlr_error e = answer(CQLR_SERVER_WRITE_TIMEOUT, types[i]);
        assert_false(cqlr__retry(&e, true, 0, 3));
    }
}

static void no_more_often_than_asked_for(void **state)
{
    struct cqlr_error e = answer(CQLR_SERVER_OVERLOADED, "");
    (void)state;
    assert_true(cqlr__retry(&e, true, 2, 3));
    assert_false(cqlr__retry(&e, true, 3, 3));
    assert_false(cqlr__retry(&e, true, 4, 3));
    assert_false(cqlr__retry(&e, true, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_decided_as_the_table_says),
        cmocka_unit_test(unknown_codes_are_not_retried),
        cmocka_unit_test(a_write_that_may_still_arrive_is_not_repeated),
        cmocka_unit_test(no_more_often_than_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Which answers of a server make a request worth sending again: the table of src/cluster/README.md,
 * cell by cell.
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

enum { NO, AGAIN };

/* Every code of native_protocol_v4.spec section 9, and every write type that there is. */
static const struct row {
    int32_t code;
    const char *write_type;
    bool idempotent, other; /* sent again? */
} table[] = {
    {0x0000, "", AGAIN, NO},    /* Server error */
    {0x000A, "", NO, NO},       /* Protocol error */
    {0x0100, "", NO, NO},       /* Authentication error */
    {0x1000, "", AGAIN, NO},    /* Unavailable */
    {0x1001, "", AGAIN, NO},    /* Overloaded */
    {0x1002, "", AGAIN, AGAIN}, /* Is_bootstrapping */
    {0x1003, "", AGAIN, NO},    /* Truncate_error */
    {0x1100, "SIMPLE", NO, NO}, /* Write_timeout */
    {0x1100, "BATCH", NO, NO},
    {0x1100, "UNLOGGED_BATCH", NO, NO},
    {0x1100, "COUNTER", NO, NO},
    {0x1100, "BATCH_LOG", AGAIN, NO},
    {0x1100, "CAS", NO, NO},
    {0x1100, "VIEW", NO, NO},
    {0x1100, "CDC", NO, NO},
    {0x1100, "", NO, NO},
    {0x1100, "BATCH_LO", NO, NO},
    {0x1100, "BATCH_LOGX", NO, NO},
    {0x1200, "", AGAIN, NO},    /* Read_timeout */
    {0x1300, "", NO, NO},       /* Read_failure */
    {0x1400, "", NO, NO},       /* Function_failure */
    {0x1500, "SIMPLE", NO, NO}, /* Write_failure */
    {0x1500, "BATCH", NO, NO},
    {0x1500, "UNLOGGED_BATCH", NO, NO},
    {0x1500, "COUNTER", NO, NO},
    {0x1500, "BATCH_LOG", NO, NO}, /* replicas have refused it, they do so again */
    {0x1500, "CAS", NO, NO},
    {0x1500, "VIEW", NO, NO},
    {0x1500, "CDC", NO, NO},
    {0x1600, "", NO, NO}, /* of version 5: CDC write failure */
    {0x1700, "", NO, NO}, /* of version 5: CAS write unknown */
    {0x2000, "", NO, NO}, /* Syntax_error */
    {0x2100, "", NO, NO}, /* Unauthorized */
    {0x2200, "", NO, NO}, /* Invalid */
    {0x2300, "", NO, NO}, /* Config_error */
    {0x2400, "", NO, NO}, /* Already_exists */
    {0x2500, "", NO, NO}, /* Unprepared */
};

static void every_cell_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct cqlr_error e = answer(table[i].code, table[i].write_type);
        if (cqlr__retry(&e, true, 0, 3) != table[i].idempotent)
            fail_msg("0x%04X %s, idempotent", (unsigned)e.code, table[i].write_type);
        if (cqlr__retry(&e, false, 0, 3) != table[i].other)
            fail_msg("0x%04X %s, not idempotent", (unsigned)e.code, table[i].write_type);
    }
}

static bool is_in_table(int32_t code)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].code == code)
            return true;
    }
    return false;
}

static void no_other_code_is_sent_again(void **state)
{
    (void)state;
    for (int32_t code = 0; code <= 0x10000; code++) {
        struct cqlr_error e = answer(code, "BATCH_LOG");
        if (!is_in_table(code) && cqlr__retry(&e, true, 0, 3))
            fail_msg("0x%04X", (unsigned)code);
    }
}

static void the_table_holds_every_code_that_has_a_name(void **state)
{
    const int32_t named[] = {
#define ROW(name, number, text) number,
        CQLR_SERVER_ERROR_MAP(ROW)
#undef ROW
    };
    (void)state;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        assert_true(is_in_table(named[i]));
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
        cmocka_unit_test(every_cell_of_the_table),
        cmocka_unit_test(no_other_code_is_sent_again),
        cmocka_unit_test(the_table_holds_every_code_that_has_a_name),
        cmocka_unit_test(unknown_codes_are_not_retried),
        cmocka_unit_test(no_more_often_than_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_progress.c - the progress line: what is in it, and that it fits the terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tools/cqlraw/run/progress.h"

static void is(const struct cqlr_bulk_progress *b, size_t columns, const char *want)
{
    char line[256];
    size_t n = progress_line(line, sizeof line, columns, b);
    if (n != strlen(want) || memcmp(line, want, n) != 0)
        fail_msg("%.*s", (int)n, line);
}

static void tells_share_rate_and_what_is_left(void **state)
{
    const struct cqlr_bulk_progress b = {.done = 412000,
                                         .total = 1000000,
                                         .seconds = 2,
                                         .p50 = 1900000,
                                         .p99 = 6100000,
                                         .in_flight = 1024};
    (void)state;
    is(&b, 200,
       "run  41%  412k/1.0M  206k/s  p50 1.90ms p99 6.10ms  err 0  in-flight 1024  eta 00:03");
    is(&b, 20, "run  41%  412k/1.0M ");
}

static void a_total_that_is_not_known_has_no_share(void **state)
{
    const struct cqlr_bulk_progress b = {.done = 5, .total = UINT64_MAX, .seconds = 1};
    (void)state;
    is(&b, 200, "run  5  5/s  p50 0ns p99 0ns  err 0  in-flight 0");
}

static void retries_and_waiting_are_told_when_there_are_some(void **state)
{
    const struct cqlr_bulk_progress b = {
        .done = 1, .total = 10, .seconds = 1, .errors = 2, .retries = 7, .waiting = 1};
    (void)state;
    is(&b, 200,
       "run  10%  waiting for the server  1/10  1/s  p50 0ns p99 0ns  err 2  retries 7  in-flight "
       "0  eta 00:09");
}

static void errors_with_an_unknown_outcome_are_told(void **state)
{
    const struct cqlr_bulk_progress b = {
        .done = 1, .total = UINT64_MAX, .seconds = 1, .errors = 5, .unknown = 3};
    (void)state;
    is(&b, 200, "run  1  1/s  p50 0ns p99 0ns  err 5 (3 unknown)  in-flight 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_share_rate_and_what_is_left),
        cmocka_unit_test(a_total_that_is_not_known_has_no_share),
        cmocka_unit_test(retries_and_waiting_are_told_when_there_are_some),
        cmocka_unit_test(errors_with_an_unknown_outcome_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

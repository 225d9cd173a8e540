/*
 * test_conn_time.c - a connection and the clock that its host gives: requests with a time of their
 * own. No real time passes.
 */
#include "tests/unit/conn_help.h"

/* ---- a request's own time ---- */

static void each_request_has_its_own_time(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    const uint64_t start = h.now;
    assert_int_equal(submit_for(&h, 1, 0), 0);
    assert_int_equal(submit_for(&h, 2, 3 * SECOND), 0);
    assert_int_equal(submit_for(&h, 3, CQLR_NEVER), 0);
    assert_int_equal(submit_for(&h, 4, 20 * SECOND), 0);
    assert_int_equal(submit_for(&h, 5, SECOND), 0);
    assert_int_equal(cqlr_conn_deadline(h.c), start + SECOND);
    cqlr_conn_time(h.c, start + SECOND - 1);
    log_is(&h, "");
    cqlr_conn_time(h.c, start + SECOND);
    log_is(&h, "5:TIMEOUT ");
    assert_int_equal(cqlr_conn_deadline(h.c), start + 3 * SECOND);
    cqlr_conn_time(h.c, start + 3 * SECOND);
    assert_int_equal(cqlr_conn_deadline(h.c), start + 10 * SECOND);
    cqlr_conn_time(h.c, start + 10 * SECOND);
    assert_int_equal(cqlr_conn_deadline(h.c), start + 20 * SECOND);
    cqlr_conn_time(h.c, CQLR_NEVER - 1);
    log_is(&h, "2:TIMEOUT 1:TIMEOUT 4:TIMEOUT ");
    assert_int_equal(cqlr_conn_in_flight(h.c), 1);
    assert_int_equal(cqlr_conn_orphans(h.c), 4);
    host_fini(&h);
    log_is(&h, "3:CLOSED close:CLOSED ");
}

static void what_is_due_together_is_told_by_deadline_then_by_submission(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    assert_int_equal(submit_for(&h, 1, 11 * SECOND), 0);
    h.now += SECOND;
    assert_int_equal(submit_for(&h, 2, 0), 0); /* due with 1 */
    assert_int_equal(submit_for(&h, 3, 10 * SECOND), 0);
    assert_int_equal(submit_for(&h, 4, 9 * SECOND), 0);
    assert_int_equal(submit_for(&h, 5, 0), 0);
    cqlr_conn_time(h.c, h.now + 10 * SECOND);
    log_is(&h, "4:TIMEOUT 1:TIMEOUT 2:TIMEOUT 3:TIMEOUT 5:TIMEOUT ");
    assert_int_equal(submit_for(&h, 6, CQLR_NEVER), 0);
    assert_int_equal(submit_for(&h, 7, 0), 0);
    assert_int_equal(submit_for(&h, 8, SECOND), 0);
    host_fini(&h);
    log_is(&h, "8:CLOSED 7:CLOSED 6:CLOSED close:CLOSED ");
}

static void a_time_too_long_to_add_is_none(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.request_timeout = CQLR_NEVER;
    open_all(&h);
    assert_int_equal(submit_for(&h, 1, CQLR_NEVER - 2), 0);
    assert_int_equal(submit_for(&h, 2, 0), 0);
    cqlr_conn_time(h.c, CQLR_NEVER - 1);
    log_is(&h, "");
    assert_int_equal(submit_for(&h, 3, SECOND), 0);
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + SECOND);
    cqlr_conn_time(h.c, h.now + SECOND);
    log_is(&h, "3:TIMEOUT ");
    host_fini(&h);
}

static void an_answer_ends_a_request_with_its_own_time(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    assert_int_equal(submit_for(&h, 1, SECOND), 0);
    assert_int_equal(submit_for(&h, 2, 2 * SECOND), 0);
    cqlr_conn_flush(h.c);
    for (int i = 1; i <= 2; i++)
        assert_int_equal(server_request(&h), i);
    server_reply(&h, 1, CQLR_OP_RESULT, "x");
    assert_true(serve(&h, 10000));
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + 2 * SECOND);
    cqlr_conn_time(h.c, h.now + 2 * SECOND);
    log_is(&h, "1:RESULT 2:TIMEOUT ");
    host_fini(&h);
    log_is(&h, "close:CLOSED ");
}

static void submit_short(struct host *h)
{
    assert_int_equal(submit_for(h, 9, 1), 0);
}

static void a_timeout_that_submits_a_shorter_one_does_not_end_it(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    open_all(&h);
    assert_int_equal(submit_for(&h, 1, SECOND), 0);
    assert_int_equal(submit_for(&h, 2, SECOND), 0);
    h.now += SECOND;
    h.then = submit_short;
    cqlr_conn_time(h.c, h.now);
    log_is(&h, "1:TIMEOUT 2:TIMEOUT ");
    assert_int_equal(cqlr_conn_deadline(h.c), h.now + 1);
    cqlr_conn_time(h.c, h.now + 1);
    log_is(&h, "9:TIMEOUT ");
    host_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_its_own_time),
        cmocka_unit_test(what_is_due_together_is_told_by_deadline_then_by_submission),
        cmocka_unit_test(a_time_too_long_to_add_is_none),
        cmocka_unit_test(an_answer_ends_a_request_with_its_own_time),
        cmocka_unit_test(a_timeout_that_submits_a_shorter_one_does_not_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

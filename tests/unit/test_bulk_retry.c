/*
 * Refusals, lost servers and a pace, over a CQL engine that needs no server: what is asked for
 * again and what is not, that nothing is counted twice, and that no wait outlives the wish to stop.
 */
#include "tests/unit/bulk_help.h"

#define MS UINT64_C(1000000)

/* ---- refusals ---- */

/* Every fifth set's last page is refused `refusals` times. */
static void refuse(int32_t code, unsigned refusals)
{
    fake.refuses = 5;
    fake.refusals = refusals;
    fake.refuse_code = code;
    fake.many_pages = 10;
    fake.bytes = 50;
    fake.delay = 300000;
    run.o.block = 10;
    run.o.retry_delay = 2 * MS;
    run.o.retry_delay_max = 5 * MS;
    run.o.max_errors = ITEMS;
}

static void what_was_refused_is_asked_for_again_and_nothing_changes(void **state)
{
    const unsigned in_flight[] = {1, 20, 500};
    (void)state;
    for (int i = 0; i < 3; i++) {
        refuse(CQLR_SERVER_OVERLOADED, 3);
        memset((void *)seen->refused, 0, sizeof seen->refused);
        cqlr_wr_reset(&run.out);
        run.o.in_flight = in_flight[i];
        assert_int_equal(run_ints(500), 0);
        run_check(500, false);
        assert_int_equal(run.s.errors, 0);
        assert_int_equal(run.s.retries, 300);
        assert_int_equal(run.s.queries, 500);
        assert_int_equal(run.s.pages, 600);
    }
}

static void who_is_refused_too_often_fails(void **state)
{
    (void)state;
    refuse(CQLR_SERVER_UNAVAILABLE, UINT32_MAX);
    run.o.retries = 2;
    assert_int_equal(run_ints(500), 0);
    assert_int_equal(run.s.errors, 100);
    assert_int_equal(run.s.queries, 400);
    assert_int_equal(run.s.unknown, 0);
    assert_int_equal(run.s.retries, 200);
    for (int i = 0; i < 500; i += 5)
        assert_int_equal(seen->refused[i], 3);
}

static void no_retries_means_none(void **state)
{
    (void)state;
    refuse(CQLR_SERVER_OVERLOADED, 1);
    run.o.retries = 0;
    assert_int_equal(run_ints(500), 0);
    assert_int_equal(run.s.errors, 100);
    assert_int_equal(run.s.retries, 0);
}

static void a_final_answer_is_not_asked_for_again(void **state)
{
    (void)state;
    refuse(CQLR_SERVER_READ_FAILURE, 1);
    assert_int_equal(run_ints(500), 0);
    assert_int_equal(run.s.errors, 100);
    assert_int_equal(run.s.retries, 0);
}

static void only_what_was_not_begun_is_repeated_without_idempotence(void **state)
{
    (void)state;
    refuse(CQLR_SERVER_OVERLOADED, 1);
    fake.many_pages = 0;
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    assert_int_equal(run_ints(500), 0);
    assert_int_equal(run.s.errors, 100);
    assert_int_equal(run.s.retries, 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(seen->executed[i], 1);
    memset(seen, 0, sizeof *seen);
    refuse(CQLR_SERVER_IS_BOOTSTRAPPING, 1);
    assert_int_equal(run_ints(500), 0);
    assert_int_equal(run.s.errors, 0);
    assert_int_equal(run.s.retries, 100);
}

static void a_write_timeout_is_repeated_only_when_it_was_the_batch_log(void **state)
{
    (void)state;
    run.o.idempotence = CQLR_IDEMPOTENT_YES;
    refuse(CQLR_SERVER_WRITE_TIMEOUT, 1);
    fake.write_type = "SIMPLE";
    assert_int_equal(run_ints(500), 0);
    assert_int_equal(run.s.errors, 100);
    memset(seen, 0, sizeof *seen);
    fake.write_type = "BATCH_LOG";
    assert_int_equal(run_ints(500), 0);
    assert_int_equal(run.s.errors, 0);
    assert_int_equal(run.s.retries, 100);
}

/* ---- outages ---- */

static void lose_the_server(uint64_t down)
{
    fake.hangs_up = 300;
    fake.down = down;
    fake.delay = 300000;
    fake.many_pages = 7;
    run.o.block = 10;
    run.o.processes = 1; /* else those that keep their connection may do all the work */
    run.o.in_flight = 20;
    run.o.outage_wait = 20000 * MS;
    run.o.retry_delay = 10 * MS;
    run.o.retry_delay_max = 50 * MS;
}

static void work_waits_for_a_server_that_comes_back(void **state)
{
    (void)state;
    lose_the_server(400 * MS);
    assert_int_equal(run_ints(1000), 0);
    run_check(1000, false);
    assert_int_equal(run.s.queries, 1000);
    assert_int_equal(run.s.retries, 0);
    assert_int_equal(run.died, 0);
    assert_int_equal(seen->opened, 2);
    assert_in_range(seen->failed, 2, 200); /* again and again, but not without a pause */
    assert_true(run.s.outage >= 0.4);
}

static void a_server_that_stays_away_ends_the_run_with_the_reason(void **state)
{
    (void)state;
    lose_the_server(60000 * MS);
    run.o.outage_wait = 150 * MS;
    assert_int_equal(run_ints(1000), CQLR_E_CONNECT);
    assert_non_null(strstr(run.s.err.text, "no server for "));
    assert_non_null(strstr(run.s.err.text, "10.0.0.1:9042: closed"));
    assert_non_null(strstr(run.s.err.text, "10.0.0.1:9042: no"));
    run_check(1000, true);
    assert_true(run.s.queries > 0 && run.s.missing > 0);
    assert_int_equal(run.s.errors, 0);
    assert_true(run.s.outage >= 0.15);
}

static void without_a_wait_there_is_one_new_connection(void **state)
{
    (void)state;
    lose_the_server(400 * MS);
    run.o.outage_wait = 0;
    assert_int_equal(run_ints(1000), CQLR_E_CONNECT);
    assert_non_null(strstr(run.s.err.text, "and again"));
    assert_int_equal(seen->failed, 1);
}

/* Connections that are lost before anything was answered: no set's fault, and no reason to give up
 * before the time is over. */
static void connections_that_answer_nothing_are_one_outage(void **state)
{
    (void)state;
    lose_the_server(0);
    fake.flaps = 8;
    assert_int_equal(run_ints(1000), 0);
    run_check(1000, false);
    assert_int_equal(seen->opened, 10);
    assert_true(run.s.outage > 0);
    memset(seen, 0, sizeof *seen);
    run.o.outage_wait = 0;
    assert_int_equal(run_ints(1000), CQLR_E_CONNECT);
    assert_int_equal(seen->opened, 2);
}

/* The pauses would be half an hour: each outage begins with an attempt at once. */
static void a_second_outage_is_not_the_first_one_going_on(void **state)
{
    (void)state;
    lose_the_server(0);
    fake.hangs_again = 700;
    run.o.retry_delay = run.o.retry_delay_max = run.o.outage_wait = 3600 * 1000 * MS;
    assert_int_equal(run_ints(1000), 0);
    run_check(1000, false);
    assert_int_equal(seen->opened, 3);
}

static void what_was_not_sent_goes_on_after_an_outage_without_idempotence(void **state)
{
    (void)state;
    lose_the_server(100 * MS);
    fake.many_pages = 0;
    run.o.idempotence = CQLR_IDEMPOTENT_NO;
    run.o.max_errors = ITEMS;
    assert_int_equal(run_ints(1000), 0);
    assert_in_range(run.s.unknown, 1, 20);
    assert_int_equal(run.s.errors, run.s.unknown);
    assert_int_equal(run.s.queries + run.s.errors, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(seen->executed[i], 1);
}

static void several_workers_wait_together(void **state)
{
    (void)state;
    lose_the_server(400 * MS);
    fake.flaps = 2; /* all three lose their connection */
    run.o.processes = 3;
    assert_int_equal(run_ints(2000), 0);
    run_check(2000, false);
    assert_true(seen->opening_most <= 2);
    assert_true(seen->failed >= 2);
}

/* All 16 lose their connection and nobody can connect for 1.5 s: each of them alone would have
 * tried some five times by then. */
static void many_workers_are_no_storm(void **state)
{
    (void)state;
    lose_the_server(600 * MS);
    fake.flaps = 15;
    run.o.processes = 16;
    run.o.in_flight = 2;
    run.o.retry_delay = 100 * MS;
    run.o.retry_delay_max = 5000 * MS;
    assert_int_equal(run_ints(2000), 0);
    run_check(2000, false);
    assert_in_range(seen->failed, 2, 8);
    assert_true(run.s.outage >= 0.5);
}

static void the_first_connection_is_not_waited_for(void **state)
{
    (void)state;
    fake.open_code = CQLR_E_CONNECT;
    run.o.outage_wait = 20000 * MS;
    assert_int_equal(run_ints(1000), CQLR_E_CONNECT);
    assert_int_equal(seen->failed, 1);
    assert_true(run.s.outage < 1e-9);
}

/* Wrong credentials do not become right by asking again. */
static void what_cannot_pass_is_not_waited_for(void **state)
{
    (void)state;
    lose_the_server(60000 * MS);
    fake.down_code = CQLR_E_AUTH;
    assert_int_equal(run_ints(1000), CQLR_E_AUTH);
    assert_int_equal(seen->failed, 1);
}

/* ---- pace ---- */

static void no_set_begins_before_its_time(void **state)
{
    const double rates[] = {1000, 1000, 20};
    const uint64_t total[] = {300, 300, 6};
    (void)state;
    run.o.block = 5;
    for (int i = 0; i < 3; i++) {
        cqlr_wr_reset(&run.out);
        run.o.processes = i == 0 ? 1 : 8;
        run.o.rate = rates[i];
        assert_int_equal(run_ints(total[i]), 0);
        run_check(total[i], false);
        assert_true(run.s.seconds >= (double)(total[i] - 1) / rates[i] - 0.001);
    }
}

static void further_pages_and_repetitions_are_not_paced(void **state)
{
    (void)state;
    refuse(CQLR_SERVER_OVERLOADED, 2);
    fake.many_pages = 1; /* three pages each */
    run.o.rate = 5;
    run.o.processes = 2;
    run.o.in_flight = 1;
    assert_int_equal(run_ints(6), 0);
    run_check(6, false);
    assert_int_equal(run.s.pages, 18);
    assert_true(run.s.seconds < 4); /* 1 s; 4.4 if each of 22 requests took its turn */
}

/* ---- the wish to stop ---- */

static void stop_soon(void *arg, const struct cqlr_bulk_progress *p)
{
    static bool told;
    (void)arg;
    told = told && p->seconds > 0.3;
    if (p->seconds > 0.3 && !told)
        told = stop_ask();
}

static void stop_early(uint64_t total)
{
    uint64_t before = cqlr_now();
    stop_open();
    run.o.on_progress = stop_soon;
    assert_int_equal(run_ints(total), CQLR_E_INTERRUPTED);
    run_check(total, true);
    assert_true(cqlr_now() - before < 3000 * MS); /* below the 5 s after which all are killed */
    stop_close();
}

static void a_stop_does_not_wait_for_the_pace(void **state)
{
    (void)state;
    run.o.rate = 0.01;
    stop_early(100);
    assert_int_equal(run.s.queries, 1);
    assert_int_equal(run.s.missing, 99);
}

/* Every fifth set waits for days; all others, and their pages, go on. */
static void a_stop_does_not_wait_for_a_repetition(void **state)
{
    (void)state;
    refuse(CQLR_SERVER_OVERLOADED, UINT32_MAX);
    fake.many_pages = 7;
    run.o.retries = UINT32_MAX;
    run.o.retry_delay = run.o.retry_delay_max = 1000000 * 1000 * MS;
    stop_early(100);
    assert_int_equal(run.s.errors, 0);
    assert_int_equal(run.s.retries, 20);
    assert_int_equal(seen->requests, 130);
}

static void a_stop_does_not_wait_for_the_server(void **state)
{
    (void)state;
    lose_the_server(60000 * MS);
    run.o.retry_delay = run.o.retry_delay_max = 10000 * MS;
    stop_early(1000);
    assert_true(run.s.queries > 0 && run.s.missing > 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, run_setup, run_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_was_refused_is_asked_for_again_and_nothing_changes),
        T(who_is_refused_too_often_fails),
        T(no_retries_means_none),
        T(a_final_answer_is_not_asked_for_again),
        T(only_what_was_not_begun_is_repeated_without_idempotence),
        T(a_write_timeout_is_repeated_only_when_it_was_the_batch_log),
        T(work_waits_for_a_server_that_comes_back),
        T(a_server_that_stays_away_ends_the_run_with_the_reason),
        T(without_a_wait_there_is_one_new_connection),
        T(connections_that_answer_nothing_are_one_outage),
        T(a_second_outage_is_not_the_first_one_going_on),
        T(what_was_not_sent_goes_on_after_an_outage_without_idempotence),
        T(several_workers_wait_together),
        T(many_workers_are_no_storm),
        T(the_first_connection_is_not_waited_for),
        T(what_cannot_pass_is_not_waited_for),
        T(no_set_begins_before_its_time),
        T(further_pages_and_repetitions_are_not_paced),
        T(a_stop_does_not_wait_for_the_pace),
        T(a_stop_does_not_wait_for_a_repetition),
        T(a_stop_does_not_wait_for_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

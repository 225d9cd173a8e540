/*
 * A server that forgets statements: bounded, whatever it says, and within the time that a request
 * has.
 */
#include "tests/unit/pooled_help.h"

enum { MANY = 1000 };

struct forgetful {
    struct crowd_server s;
    struct watched w;
    cqlr_prepared *ps;
};

static void begin(struct forgetful *f)
{
    f->s = crowd_start();
    struct cqlr_client_opts o = watched_opts(&f->w, f->s.addr);
    o.max_orphans = 3;
    watched_connect(&f->w, &o);
    f->ps = watched_prepare(&f->w);
}

static void end(struct forgetful *f)
{
    cqlr_prepared_free(f->ps);
    cqlr_client_free(f->w.cl);
    crowd_stop(&f->s);
}

static void one_that_says_unprepared_for_ever_is_asked_twice(void **state)
{
    static struct one q[MANY];
    struct forgetful f;
    (void)state;
    begin(&f);
    f.s.crowd->forget = UINT32_MAX;
    for (int i = 0; i < MANY; i++)
        execute(&f.w, &q[i], f.ps, i);
    for (int i = 0; i < MANY; i++)
        one_done(&f.w, &q[i], CQLR_E_SERVER);
    assert_int_equal(f.s.crowd->executes, 2 * MANY);
    assert_in_range(f.s.crowd->prepares, 2, 1 + MANY / 20);
    assert_int_equal(log_count(&f.w, "preparing it again"), f.s.crowd->prepares - 1);
    assert_int_equal(f.s.crowd->accepted, 1);
    f.s.crowd->forget = 0;
    executed(&f.w, f.ps, 7, 0); /* and nothing is broken */
    end(&f);
}

static void a_thousand_that_were_forgotten_all_get_their_answers(void **state)
{
    static struct one q[MANY];
    struct forgetful f;
    (void)state;
    begin(&f);
    f.s.crowd->forget = MANY;
    for (int i = 0; i < MANY; i++)
        execute(&f.w, &q[i], f.ps, i);
    for (int i = 0; i < MANY; i++)
        one_done(&f.w, &q[i], 0);
    assert_int_equal(f.s.crowd->executes, 2 * MANY);
    end(&f);
}

static void unprepared_of_another_statement_is_refused_and_both_are_named(void **state)
{
    struct forgetful f;
    struct cqlr_row row;
    (void)state;
    begin(&f);
    cqlr_bound *b = cqlr_bound_new(f.ps);
    assert_int_equal(cqlr_bound_int(b, 0, 7), 0);
    f.s.crowd->forget = 1;
    f.s.crowd->wrong_id = 1;
    assert_null(cqlr_sync_execute(f.w.cl, b));
    assert_int_equal(cqlr_client_err(f.w.cl)->code, CQLR_E_STATE);
    assert_non_null(strstr(cqlr_client_err(f.w.cl)->text, f.s.addr));
    assert_non_null(strstr(cqlr_client_err(f.w.cl)->text, "6669727374")); /* "first" */
    assert_non_null(strstr(cqlr_client_err(f.w.cl)->text, "6f74686572")); /* "other" */
    assert_int_equal(f.s.crowd->prepares, 1);
    assert_int_equal(f.s.crowd->executes, 1);
    cqlr_reply *r = cqlr_sync_execute(f.w.cl, b);
    assert_non_null(r);
    assert_int_equal(cqlr_reply_next(r, &row), 1);
    cqlr_reply_free(r);
    cqlr_bound_free(b);
    end(&f);
}

/* ---- time ---- */

static void what_waits_for_a_prepare_keeps_its_own_deadline(void **state)
{
    struct forgetful f;
    struct one q[3];
    (void)state;
    begin(&f);
    f.s.crowd->mute_prepare = 1;
    f.s.crowd->forget = 3;
    cqlr_prepared_timeout(f.ps, 250 * MS);
    execute(&f.w, &q[0], f.ps, 0);
    cqlr_prepared_timeout(f.ps, 20 * MS);
    execute(&f.w, &q[1], f.ps, 1);
    cqlr_prepared_timeout(f.ps, CQLR_NEVER);
    execute(&f.w, &q[2], f.ps, 2);
    uint64_t began = cqlr_now();
    TURN_UNTIL(&f.w, q[1].calls);
    assert_true(cqlr_now() - began >= 15 * MS);
    assert_int_equal(q[0].calls + q[2].calls, 0);
    one_done(&f.w, &q[1], CQLR_E_TIMEOUT);
    one_done(&f.w, &q[0], CQLR_E_TIMEOUT);
    assert_true(cqlr_now() - began > 240 * MS);
    assert_true(cqlr_now() - began < 4000 * MS); /* the PREPARE's time is longer */
    turn_for(&f.w, 10 * MS);
    assert_int_equal(q[2].calls, 0);
    cqlr_client_close(f.w.cl);
    one_done(&f.w, &q[2], CQLR_E_CLOSED);
    assert_int_equal(f.s.crowd->prepares, 2);
    end(&f);
}

static void the_error_says_that_it_was_not_executed(void **state)
{
    struct forgetful f;
    (void)state;
    begin(&f);
    cqlr_bound *b = cqlr_bound_new(f.ps);
    assert_int_equal(cqlr_bound_int(b, 0, 7), 0);
    f.s.crowd->mute_prepare = f.s.crowd->forget = 1;
    cqlr_bound_timeout(b, 20 * MS);
    assert_null(cqlr_sync_execute(f.w.cl, b));
    assert_int_equal(cqlr_client_err(f.w.cl)->code, CQLR_E_TIMEOUT);
    assert_non_null(strstr(cqlr_client_err(f.w.cl)->text,
                           "preparing it again took longer than 0.02 s: not executed"));
    assert_int_equal(f.s.crowd->executes, 1);
    cqlr_bound_free(b);
    end(&f);
}

/* What waited for it is over, so its owner may free it; then the PREPARE is answered after all. */
static void a_statement_may_be_freed_while_it_is_prepared_again(void **state)
{
    struct forgetful f;
    (void)state;
    begin(&f);
    f.s.crowd->mute_prepare = f.s.crowd->forget = 1;
    cqlr_prepared_timeout(f.ps, 20 * MS);
    executed(&f.w, f.ps, 7, CQLR_E_TIMEOUT);
    cqlr_prepared_free(f.ps);
    f.s.crowd->mute_prepare = 0;
    f.s.crowd->release = 1;
    f.ps = watched_prepare(&f.w); /* answered after what was held back */
    executed(&f.w, f.ps, 8, 0);
    end(&f);
}

/* UNPREPARED takes 250 ms to come, the second EXECUTE is never answered. */
static void the_second_execute_has_what_the_first_one_left(void **state)
{
    struct forgetful f;
    struct one q;
    (void)state;
    begin(&f);
    f.s.crowd->forget = 1;
    f.s.crowd->mute = 1; /* keys that end in 0 */
    f.s.crowd->stop_ms = 250;
    cqlr_prepared_timeout(f.ps, 300 * MS);
    uint64_t began = cqlr_now();
    execute(&f.w, &q, f.ps, 0);
    one_done(&f.w, &q, CQLR_E_TIMEOUT);
    uint64_t took = cqlr_now() - began;
    assert_int_equal(f.s.crowd->executes, 2);
    assert_true(took >= 290 * MS);
    assert_true(took < 540 * MS); /* 250 + 300 when the time began anew */
    end(&f);
}

/* ---- with a connection that is replaced ---- */

static void what_the_old_connection_forgot_goes_on_over_the_new_one(void **state)
{
    struct forgetful f;
    struct one held, q[3];
    (void)state;
    begin(&f);
    execute(&f.w, &held, f.ps, HELD_KEY);
    f.s.crowd->mute = 4;
    cqlr_prepared_timeout(f.ps, 20 * MS);
    for (int i = 0; i < 3; i++)
        execute(&f.w, &q[i], f.ps, 3);
    for (int i = 0; i < 3; i++)
        one_done(&f.w, &q[i], CQLR_E_TIMEOUT);
    TURN_UNTIL(&f.w, log_count(&f.w, ": connected in ") == 2);
    f.s.crowd->unprepare = 1; /* is what the held back request gets */
    f.s.crowd->release = 1;
    TURN_UNTIL(&f.w, f.s.crowd->executes == 5 && f.s.crowd->connected == 1);
    assert_int_equal(f.s.crowd->last, 2);
    assert_int_equal(f.s.crowd->prepares, 2);
    one_done(&f.w, &held, 0);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_says_unprepared_for_ever_is_asked_twice),
        cmocka_unit_test(a_thousand_that_were_forgotten_all_get_their_answers),
        cmocka_unit_test(unprepared_of_another_statement_is_refused_and_both_are_named),
        cmocka_unit_test(what_waits_for_a_prepare_keeps_its_own_deadline),
        cmocka_unit_test(the_error_says_that_it_was_not_executed),
        cmocka_unit_test(a_statement_may_be_freed_while_it_is_prepared_again),
        cmocka_unit_test(the_second_execute_has_what_the_first_one_left),
        cmocka_unit_test(what_the_old_connection_forgot_goes_on_over_the_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The group's pace, with times made up: the sum is right for any rate and any number of workers,
 * and who was late catches up gently.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/bulk/lane/pace.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)
#define BEGIN  (77 * SECOND)

#define WORKERS 8

/* Starts within `duration` of `workers` that look every `step` ns and start all they may then. None
 * happens before its time; *most is the largest number in one look of all of them. */
static uint64_t simulate(struct cqlr__pace *p, unsigned workers, uint64_t begin, uint64_t duration,
                         uint64_t step, uint64_t *most)
{
    uint64_t due[WORKERS] = {0}, starts = 0;
    *most = 0;
    for (uint64_t now = begin; now < begin + duration; now += step) {
        uint64_t before = starts;
        for (unsigned i = 0; i < workers; i++) {
            if (!due[i])
                due[i] = cqlr__pace_take(p, now);
            for (; due[i] <= now; due[i] = cqlr__pace_take(p, now))
                starts++;
        }
        *most = starts - before > *most ? starts - before : *most;
    }
    return starts;
}

static void the_sum_is_right_for_every_rate_and_number_of_workers(void **state)
{
    const double rates[] = {0.5, 1, 3, 7, 100, 1000, 33333, 250000};
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        for (unsigned workers = 1; workers <= WORKERS; workers++) {
            struct cqlr__pace *p = cqlr__pace_new(rates[i]);
            uint64_t seconds = rates[i] < 10 ? 100 : 1, most;
            double want = rates[i] * (double)seconds;
            double n = (double)simulate(p, workers, BEGIN, seconds * SECOND, MS, &most);
            assert_true(n >= want * 0.99 && n <= want * 1.01 + 1);
            assert_true((double)most <= rates[i] * 0.006 + 1); /* steady */
            cqlr__pace_free(p);
        }
    }
}

static void the_first_start_is_made_at_once(void **state)
{
    struct cqlr__pace *p = cqlr__pace_new(0.5);
    (void)state;
    assert_int_equal(cqlr__pace_take(p, BEGIN), BEGIN);
    assert_int_equal(cqlr__pace_take(p, BEGIN), BEGIN + 2 * SECOND);
    assert_int_equal(cqlr__pace_take(p, BEGIN), BEGIN + 4 * SECOND);
    cqlr__pace_free(p);
}

/* 0.4 s are missed: everything is made up for, at no more than twice the rate. */
static void a_short_stall_is_made_up_for_without_a_burst(void **state)
{
    struct cqlr__pace *p = cqlr__pace_new(1000);
    uint64_t n, most;
    (void)state;
    n = simulate(p, 1, BEGIN, SECOND, MS, &most);
    n += simulate(p, 1, BEGIN + SECOND + 400 * MS, 200 * MS, MS, &most);
    assert_in_range(n, 1000 + 390, 1000 + 420); /* not yet */
    assert_in_range(most, 2, 8);
    n += simulate(p, 1, BEGIN + SECOND + 600 * MS, 400 * MS, MS, &most);
    assert_in_range(n, 1990, 2002);
    cqlr__pace_free(p);
}

/* An hour is not: a second's worth, and then the rate again. */
static void a_long_stall_is_mostly_forgotten(void **state)
{
    struct cqlr__pace *p = cqlr__pace_new(1000);
    uint64_t n, most;
    (void)state;
    n = simulate(p, 1, BEGIN, SECOND, MS, &most);
    n += simulate(p, 1, BEGIN + 3600 * SECOND, 10 * SECOND, MS, &most);
    assert_in_range(n, 1000 + 11000 - 20, 1000 + 11000 + 20);
    assert_in_range(most, 2, 8);
    cqlr__pace_free(p);
}

static void nothing_is_late_after_a_new_beginning(void **state)
{
    struct cqlr__pace *p = cqlr__pace_new(1000);
    uint64_t most;
    (void)state;
    simulate(p, 1, BEGIN, SECOND, MS, &most);
    cqlr__pace_begin(p);
    assert_in_range(simulate(p, 1, BEGIN + 60 * SECOND, SECOND, MS, &most), 990, 1002);
    cqlr__pace_free(p);
}

static void extreme_rates_do_not_overflow(void **state)
{
    struct cqlr__pace *slow = cqlr__pace_new(1e-300), *fast = cqlr__pace_new(1e300);
    (void)state;
    assert_int_equal(cqlr__pace_take(slow, BEGIN), BEGIN);
    for (int i = 0; i < 10; i++)
        assert_true(cqlr__pace_take(slow, BEGIN) > BEGIN + (UINT64_MAX >> 3));
    for (int i = 0; i < 1000; i++)
        assert_true(cqlr__pace_take(fast, BEGIN) <= BEGIN);
    cqlr__pace_free(slow);
    cqlr__pace_free(fast);
}

/* 4 processes take 10,000 each at the same time: no time is given out twice or left out. */
static void processes_share_one_schedule(void **state)
{
    struct cqlr__pace *p = cqlr__pace_new(1000);
    int status;
    (void)state;
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            for (int k = 0; k < 10000; k++)
                (void)cqlr__pace_take(p, BEGIN);
            _exit(0);
        }
    }
    for (int i = 0; i < 4; i++)
        assert_true(wait(&status) > 0 && status == 0);
    assert_int_equal(cqlr__pace_take(p, BEGIN), BEGIN + 40000 * MS);
    cqlr__pace_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_right_for_every_rate_and_number_of_workers),
        cmocka_unit_test(the_first_start_is_made_at_once),
        cmocka_unit_test(a_short_stall_is_made_up_for_without_a_burst),
        cmocka_unit_test(a_long_stall_is_mostly_forgotten),
        cmocka_unit_test(nothing_is_late_after_a_new_beginning),
        cmocka_unit_test(extreme_rates_do_not_overflow),
        cmocka_unit_test(processes_share_one_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

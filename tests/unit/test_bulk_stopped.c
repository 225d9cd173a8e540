/*
 * A worker that is stopped (state T) while everything waits for it is killed, and its work is done
 * by another.
 */
#include "tests/unit/bulk_help.h"

static int stop_one(struct run *r)
{
    static bool done;
    if (!done && r->out.n > 30000 && r->pid[1]) {
        kill(r->pid[1], SIGSTOP);
        done = true;
    }
    return 0;
}

static void a_stopped_worker_is_killed_and_replaced(void **state)
{
    (void)state;
    fake.delay = 500000;
    run.o.block = 10;
    run.o.in_flight = 10;
    run.each_output = stop_one;
    assert_int_equal(run_ints(10000), 0);
    run_check(10000, false);
    assert_int_equal(run.s.replaced, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stopped_worker_is_killed_and_replaced, run_setup,
                                        run_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A connection in a loop: its timer follows a deadline that moves forward, and its heartbeat.
 */
#include <poll.h>

#include "tests/unit/client_help.h"

static void silent(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    (void)l;
    (void)ev;
    shared[0]++;
}

/* As a host's own loop does it: waits for what the client asks for, then runs a turn. */
static void wait_and_turn(cqlr_client *cl)
{
    struct pollfd p = {.fd = cqlr_client_fd(cl), .events = POLLIN};
    uint64_t now = cqlr_now();
    uint64_t until = cqlr_client_deadline(cl);
    assert_true(poll(&p, 1, until > now ? (int)((until - now) / MS) + 1 : 0) >= 0);
    assert_int_equal(cqlr_client_turn(cl), 0);
}

static void ask(struct fixture *f, struct one *q, uint64_t timeout)
{
    struct cqlr_request_opts o;
    cqlr_request_opts_init(f->cl, &o, sizeof o);
    o.timeout = timeout;
    *q = (struct one){.got = -1};
    assert_int_equal(cqlr_client_query(f->cl, cqlr_cstr("x"), &o, on_one, q), 0);
}

static void a_shorter_time_moves_the_timer_forward(void **state)
{
    struct fixture f;
    struct one longer, shorter;
    (void)state;
    start(&f, silent, 60000 * MS);
    ask(&f, &longer, 3000 * MS);
    while (cqlr_client_deadline(f.cl) == 0) /* until it is sent, and the timer set */
        wait_and_turn(f.cl);
    ask(&f, &shorter, 20 * MS);
    for (int turns = 0; !shorter.calls; turns++) {
        assert_in_range(turns, 0, 4); /* none of them before its time is near */
        wait_and_turn(f.cl);
    }
    assert_int_equal(shorter.rc, CQLR_E_TIMEOUT);
    assert_int_equal(longer.calls, 0);
    finish(&f);
    assert_int_equal(longer.calls, 1);
}

static void a_silent_server_is_lost_after_the_heartbeat(void **state)
{
    struct fixture f;
    struct one q;
    struct cqlr_client_opts o;
    (void)state;
    f.server = scripted_server_start(silent);
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = f.server.addr;
    o.heartbeat_interval = 30 * MS;
    o.heartbeat_timeout = 20 * MS;
    f.cl = cqlr_client_new(&o);
    assert_int_equal(cqlr_sync_connect(f.cl), 0);
    const uint64_t start = cqlr_now();
    ask(&f, &q, 3000 * MS);
    while (!q.calls)
        wait_and_turn(f.cl);
    assert_int_equal(q.rc, CQLR_E_CLOSED);
    assert_true(cqlr_now() - start >= 50 * MS);
    assert_int_equal(f.server.shared[0], 2); /* it was asked */
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shorter_time_moves_the_timer_forward),
        cmocka_unit_test(a_silent_server_is_lost_after_the_heartbeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Which address of several gets the connection: one that nobody answers on does not hold up the
 * next, and only the peer that is reached first is told anything.
 */
#include "tests/unit/pooled_help.h"

static void open_at(struct watched *w, struct cqlr_client_opts o)
{
    w->cl = cqlr_client_new(&o);
    assert_non_null(w->cl);
    if (cqlr_client_open(w->cl, watched_opened, w) < 0)
        fail_msg("%s", cqlr_client_err(w->cl)->text);
}

static void dead_addresses_do_not_hold_up_the_next(void **state)
{
    struct crowd_server dead[2] = {crowd_start_unreachable(), crowd_start_unreachable()};
    struct crowd_server s = crowd_start();
    struct watched w;
    char hosts[220];
    (void)state;
    snprintf(hosts, sizeof hosts, "%s,%s,%s", dead[0].addr, dead[1].addr, s.addr);
    struct cqlr_client_opts o = watched_opts(&w, hosts);
    o.connect_timeout = 4000 * MS;
    w.cl = cqlr_client_new(&o);
    usleep(300000); /* its loop last woke before that */
    uint64_t began = cqlr_now();
    assert_int_equal(cqlr_sync_connect(w.cl), 0);
    uint64_t took = cqlr_now() - began;
    assert_true(took >= 500 * MS); /* each has 250 ms of its own */
    assert_true(took < 4000 * MS);
    assert_string_equal(cqlr_client_peer(w.cl), s.addr);
    assert_int_equal(s.crowd->startups, 1);
    turn_for(&w, 20 * MS);
    assert_int_equal(log_count(&w, ": connecting\n"), 3); /* and nothing more is tried */
    assert_int_equal(log_count(&w, "passed over"), 0);
    cqlr_client_free(w.cl);
    crowd_stop(&dead[0]);
    crowd_stop(&dead[1]);
    crowd_stop(&s);
}

/* Two peers are reached at the same time: their descriptors are ready in the same turn. */
static void of_two_that_are_reached_one_is_told_anything(void **state)
{
    struct crowd_server slow = crowd_start_unreachable(), s = crowd_start();
    struct watched w;
    char hosts[150];
    (void)state;
    snprintf(hosts, sizeof hosts, "%s,%s", slow.addr, s.addr);
    struct cqlr_client_opts o = watched_opts(&w, hosts);
    o.username = "u";
    o.password = "p";
    s.crowd->hold = 1;
    open_at(&w, o);
    while (log_count(&w, ": connecting\n") < 2) {
        uint64_t at = cqlr_client_deadline(w.cl), now = cqlr_now();
        if (at > now)
            usleep((useconds_t)((at - now) / 1000 + 1));
        assert_int_equal(cqlr_client_turn(w.cl), 0);
    }
    uint64_t end = cqlr_now() + 4000 * MS;
    slow.crowd->hold = 0; /* the kernel's next attempt gets there */
    while (slow.crowd->accepted < 2 && cqlr_now() < end)
        usleep(1000);
    s.crowd->hold = 0;
    TURN_UNTIL(&w, w.opened == 0);
    turn_for(&w, 20 * MS);
    assert_int_equal(slow.crowd->accepted, 2);
    assert_int_equal(s.crowd->accepted, 1);
    assert_int_equal(s.crowd->startups + slow.crowd->startups, 1);
    assert_string_equal(w.states, "+");
    cqlr_client_free(w.cl);
    crowd_stop(&slow);
    crowd_stop(&s);
}

static struct crowd_server *rescued;

/* When the log tells that the other address was passed over, this one becomes reachable. */
static void rescue(void *arg, enum cqlr_log_level level, const char *line)
{
    watched_log(arg, level, line);
    if (strstr(line, "passed over")) {
        rescued->crowd->hold = 0;
        while (rescued->crowd->accepted < 1) /* the one that filled it */
            usleep(1000);
    }
}

static void one_that_was_dropped_is_tried_again_when_the_other_fails(void **state)
{
    struct crowd_server dead = crowd_start_unreachable(), s = crowd_start();
    struct watched w;
    char hosts[150];
    (void)state;
    snprintf(hosts, sizeof hosts, "%s,%s", dead.addr, s.addr);
    rescued = &dead;
    struct cqlr_client_opts o = watched_opts(&w, hosts);
    o.log = rescue;
    s.crowd->slam = 1;
    watched_connect(&w, &o);
    assert_string_equal(cqlr_client_peer(w.cl), dead.addr);
    assert_int_equal(s.crowd->accepted, 1); /* and the one that failed is not */
    cqlr_client_free(w.cl);
    crowd_stop(&dead);
    crowd_stop(&s);
}

static void when_all_fail_the_last_reason_is_told_and_how_many_there_were(void **state)
{
    struct crowd_server dead = crowd_start_unreachable(), s = crowd_start();
    struct watched w;
    char hosts[150];
    (void)state;
    snprintf(hosts, sizeof hosts, "%s,127.0.0.1:1,%s", dead.addr, s.addr);
    struct cqlr_client_opts o = watched_opts(&w, hosts);
    o.connect_timeout = 300 * MS;
    s.crowd->no_ready = 1;
    uint64_t began = cqlr_now();
    open_at(&w, o);
    TURN_UNTIL(&w, w.opened != 1);
    /* at most connect_timeout for each, and dead, which was dropped, got two */
    assert_true(cqlr_now() - began < 2000 * MS);
    assert_int_equal(w.opened, CQLR_E_CONNECT);
    assert_non_null(
        strstr(cqlr_client_err(w.cl)->text, "none of 3 addresses answered, the last: 127.0.0.1:"));
    assert_int_equal(log_count(&w, "passed over"), 2);
    assert_int_equal(s.crowd->startups, 1);
    assert_string_equal(w.states, "");
    cqlr_client_free(w.cl);
    crowd_stop(&dead);
    crowd_stop(&s);
}

static void closing_ends_all_attempts(void **state)
{
    struct crowd_server dead[2] = {crowd_start_unreachable(), crowd_start_unreachable()};
    struct watched w;
    char hosts[150];
    (void)state;
    snprintf(hosts, sizeof hosts, "%s,%s", dead[0].addr, dead[1].addr);
    unsigned descriptors = open_descriptors();
    for (int freed = 0; freed < 2; freed++) {
        open_at(&w, watched_opts(&w, hosts));
        TURN_UNTIL(&w, log_count(&w, ": connecting\n") == 2);
        assert_string_equal(cqlr_client_peer(w.cl), dead[1].addr);
        if (!freed)
            cqlr_client_close(w.cl);
        else
            cqlr_client_free(w.cl);
        assert_int_equal(w.opened, CQLR_E_CLOSED);
        if (!freed)
            cqlr_client_free(w.cl);
        assert_int_equal(open_descriptors(), descriptors);
    }
    crowd_stop(&dead[0]);
    crowd_stop(&dead[1]);
}

static void literals_names_and_bad_names_may_be_mixed(void **state)
{
    struct crowd_server s = crowd_start_at("::1", 16, false);
    struct crowd_server t = crowd_start();
    struct watched w;
    char hosts[220], name[40];
    (void)state;
    snprintf(hosts, sizeof hosts, "[::1]:1,a..b,%s", t.addr); /* ::1 is dead, 127.0.0.1 lives */
    struct cqlr_client_opts o = watched_opts(&w, hosts);
    watched_connect(&w, &o);
    assert_string_equal(cqlr_client_peer(w.cl), t.addr);
    log_has(&w, "W address passed over: [::1]:1: connect: Connection refused\n");
    log_has(&w, "W contact point passed over: a..b: ");
    cqlr_client_free(w.cl);

    o = watched_opts(&w, s.addr);
    watched_connect(&w, &o);
    assert_string_equal(cqlr_client_peer(w.cl), s.addr);
    cqlr_client_free(w.cl);

    snprintf(name, sizeof name, "localhost:%u", t.port);
    o = watched_opts(&w, name); /* all addresses of a name */
    watched_connect(&w, &o);
    assert_string_equal(cqlr_client_peer(w.cl), t.addr);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
    crowd_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_addresses_do_not_hold_up_the_next),
        cmocka_unit_test(of_two_that_are_reached_one_is_told_anything),
        cmocka_unit_test(one_that_was_dropped_is_tried_again_when_the_other_fails),
        cmocka_unit_test(when_all_fail_the_last_reason_is_told_and_how_many_there_were),
        cmocka_unit_test(closing_ends_all_attempts),
        cmocka_unit_test(literals_names_and_bad_names_may_be_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

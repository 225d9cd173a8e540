/*
 * A client that is told to opens again by itself when its connection is lost: at once, then after
 * pauses; until that works, the credentials are refused, or it is closed.
 */
#include "src/client/internal.h"
#include "tests/unit/pooled_help.h"

static struct cqlr_client_opts options(struct watched *w, const char *hosts, uint64_t delay)
{
    struct cqlr_client_opts o = watched_opts(w, hosts);
    o.reconnect_delay = delay;
    o.reconnect_delay_max = 20 * MS;
    return o;
}

static void lose(struct watched *w, const struct crowd_server *s)
{
    size_t n = strlen(w->states);
    s->crowd->drop_all = 1;
    TURN_UNTIL(w, strlen(w->states) > n);
    assert_int_equal(w->states[n], '-');
    assert_int_equal(cqlr_client_err(w->cl)->code, CQLR_E_CLOSED);
}

static void a_connection_that_is_lost_is_opened_again(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, s.addr, 1 * MS);
    struct one held;
    (void)state;
    o.keyspace = "Ks";
    watched_connect(&w, &o);
    assert_string_equal(w.states, "+");
    cqlr_prepared *ps = watched_prepare(&w);
    for (unsigned i = 1; i <= 3; i++) {
        execute(&w, &held, ps, HELD_KEY);
        TURN_UNTIL(&w, s.crowd->executes);
        s.crowd->executes = 0;
        lose(&w, &s);
        one_done(&w, &held, CQLR_E_CLOSED); /* what was pending is told */
        assert_null(cqlr_sync_query(w.cl, cqlr_cstr("x"), NULL));
        assert_int_equal(cqlr_client_err(w.cl)->code, CQLR_E_STATE);
        TURN_UNTIL(&w, w.states[2 * i] == '+');
        s.crowd->forget = 1;
        executed(&w, ps, 7, 0); /* statements stay good, also on a server that does not know them */
        s.crowd->executes = 0;
        assert_int_equal(s.crowd->uses, i + 1);
    }
    assert_int_equal(s.crowd->before_use, 0);
    assert_string_equal((char *)s.crowd->keyspace_cql, "USE \"Ks\"");
    assert_int_equal(s.crowd->most, 1);
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    assert_string_equal(w.states, "+-+-+-+-");
    crowd_stop(&s);
}

static void it_goes_on_trying_one_at_a_time(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, s.addr, 1 * MS);
    (void)state;
    watched_connect(&w, &o);
    s.crowd->slam = 1;
    lose(&w, &s);
    TURN_UNTIL(&w, s.crowd->accepted >= 8);
    assert_true(log_count(&w, "W not connected again: ") >= 6);
    assert_true(log_count(&w, "D trying again in ") >= 6);
    assert_int_equal(cqlr_client_open(w.cl, watched_opened, &w), CQLR_E_STATE);
    s.crowd->slam = 0;
    TURN_UNTIL(&w, !strcmp(w.states, "+-+"));
    assert_int_equal(s.crowd->most_greeting, 1);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

/* All contact points, in their order. */
static void the_next_contact_point_takes_over(void **state)
{
    struct crowd_server a = crowd_start(), b = crowd_start();
    struct watched w;
    char both[140];
    snprintf(both, sizeof both, "%s,%s", a.addr, b.addr);
    struct cqlr_client_opts o = options(&w, both, 1 * MS);
    (void)state;
    watched_connect(&w, &o);
    assert_string_equal(cqlr_client_peer(w.cl), a.addr);
    a.crowd->slam = 1;
    lose(&w, &a);
    TURN_UNTIL(&w, !strcmp(w.states, "+-+"));
    assert_string_equal(cqlr_client_peer(w.cl), b.addr);
    a.crowd->slam = 0;
    lose(&w, &b);
    TURN_UNTIL(&w, !strcmp(w.states, "+-+-+"));
    assert_string_equal(cqlr_client_peer(w.cl), a.addr);
    cqlr_client_free(w.cl);
    crowd_stop(&a);
    crowd_stop(&b);
}

static void refused_credentials_end_it(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, s.addr, 1 * MS);
    (void)state;
    watched_connect(&w, &o);
    s.crowd->refuse = 1;
    lose(&w, &s);
    TURN_UNTIL(&w, log_count(&w, "; the credentials are not tried again\n"));
    assert_int_equal(cqlr_client_err(w.cl)->code, CQLR_E_AUTH);
    turn_for(&w, 30 * MS);
    assert_int_equal(s.crowd->startups, 2);
    assert_string_equal(w.states, "+-");
    s.crowd->refuse = 0; /* the host may know better ones */
    assert_int_equal(cqlr_sync_connect(w.cl), 0);
    lose(&w, &s);
    TURN_UNTIL(&w, !strcmp(w.states, "+-+-+"));
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

static void closing_ends_it(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, s.addr, 1 * MS);
    (void)state;
    watched_connect(&w, &o);
    s.crowd->no_ready = 1; /* in the middle of an attempt */
    lose(&w, &s);
    TURN_UNTIL(&w, s.crowd->startups == 2);
    cqlr_client_close(w.cl);
    TURN_UNTIL(&w, s.crowd->connected == 0);
    s.crowd->no_ready = 0;
    turn_for(&w, 30 * MS);
    assert_int_equal(s.crowd->accepted, 2);
    assert_string_equal(w.states, "+-");
    assert_int_equal(cqlr_sync_connect(w.cl), 0);
    cqlr_client_free(w.cl);

    o = options(&w, s.addr, 1000 * MS); /* and in a pause */
    o.reconnect_delay_max = 1000 * MS;
    watched_connect(&w, &o);
    s.crowd->slam = 1;
    lose(&w, &s);
    TURN_UNTIL(&w, log_count(&w, "D trying again in "));
    assert_true(cqlr_client_deadline(w.cl) != CQLR_NEVER);
    cqlr_client_close(w.cl);
    assert_int_equal(cqlr_client_deadline(w.cl), CQLR_NEVER);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

static void what_the_host_closes_stays_closed(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, s.addr, 1 * MS);
    (void)state;
    watched_connect(&w, &o);
    cqlr_client_close(w.cl);
    turn_for(&w, 20 * MS);
    assert_int_equal(s.crowd->accepted, 1);
    assert_string_equal(w.states, "+-");
    cqlr_client_free(w.cl);

    o = options(&w, s.addr, 0); /* and so does what is lost, unless the options say otherwise */
    watched_connect(&w, &o);
    lose(&w, &s);
    turn_for(&w, 20 * MS);
    assert_int_equal(s.crowd->accepted, 2);
    assert_string_equal(cqlr_client_peer(w.cl), "");
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

/* A connection that lives shortly is no success: after that the next attempt is not at once. */
static void a_server_that_ends_every_connection_is_not_stormed(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, s.addr, 10000 * MS);
    (void)state;
    o.reconnect_delay_max = 10000 * MS;
    watched_connect(&w, &o);
    for (uint64_t end = cqlr_now() + 60 * MS; cqlr_now() < end;) {
        if (w.states[strlen(w.states) - 1] == '+')
            s.crowd->drop_all = 1;
        turn_a_little(&w);
    }
    assert_in_range(s.crowd->accepted, 2, 4); /* would be dozens; at once is one */
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

/* Or all would come back at the same time. */
static void no_two_clients_draw_the_same_pauses(void **state)
{
    struct watched w[2];
    uint64_t seed[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct cqlr_client_opts o = options(&w[i], "127.0.0.1:1", 1 * MS);
        w[i].cl = cqlr_client_new(&o);
        seed[i] = w[i].cl->renew.random;
    }
    assert_true(seed[0] != seed[1]);
    for (int i = 0; i < 2; i++)
        cqlr_client_free(w[i].cl);
}

/* ---- what on_state may do ---- */

struct host {
    cqlr_client *cl;
    char log[32];
    int rc;
    bool freed;
};

static void noted(struct host *h, char what)
{
    size_t n = strlen(h->log);
    assert_true(n + 1 < sizeof h->log);
    h->log[n] = what;
}

static void close_when_open(void *arg, bool connected)
{
    struct host *h = arg;
    noted(h, connected ? '+' : '-');
    if (connected)
        cqlr_client_close(h->cl);
}

static void free_when_lost(void *arg, bool connected)
{
    struct host *h = arg;
    noted(h, connected ? '+' : '-');
    assert_false(h->freed);
    if (!connected) {
        h->freed = true;
        cqlr_client_free(h->cl);
    }
}

static void host_opened(void *arg, int rc)
{
    struct host *h = arg;
    noted(h, rc ? 'e' : 'o');
    h->rc = rc;
}

static void open_when_lost(void *arg, bool connected)
{
    struct host *h = arg;
    noted(h, connected ? '+' : '-');
    if (!connected && strlen(h->log) < 6)
        assert_int_equal(cqlr_client_open(h->cl, host_opened, h), 0);
}

static cqlr_client *hosted(struct host *h, const struct crowd_server *s,
                           void (*on_state)(void *, bool))
{
    struct cqlr_client_opts o;
    *h = (struct host){.rc = 1};
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = s->addr;
    o.on_state = on_state;
    o.state_arg = h;
    h->cl = cqlr_client_new(&o);
    assert_int_equal(cqlr_client_open(h->cl, host_opened, h), 0);
    return h->cl;
}

static void on_state_may_close_open_and_free(void **state)
{
    struct crowd_server s = crowd_start();
    struct host h;
    struct watched w = {.cl = hosted(&h, &s, close_when_open)};
    (void)state;
    TURN_UNTIL(&w, strlen(h.log) == 3);
    assert_string_equal(h.log, "o+-");
    cqlr_client_free(h.cl);

    w.cl = hosted(&h, &s, open_when_lost);
    TURN_UNTIL(&w, strlen(h.log) == 2);
    s.crowd->drop_all = 1;
    TURN_UNTIL(&w, strlen(h.log) == 5);
    cqlr_client_free(h.cl);
    assert_string_equal(h.log, "o+-o+-");

    w.cl = hosted(&h, &s, free_when_lost);
    TURN_UNTIL(&w, strlen(h.log) == 2);
    s.crowd->drop_all = 1;
    while (!h.freed)
        turn_a_little(&w);
    assert_string_equal(h.log, "o+-");
    crowd_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_is_lost_is_opened_again),
        cmocka_unit_test(it_goes_on_trying_one_at_a_time),
        cmocka_unit_test(the_next_contact_point_takes_over),
        cmocka_unit_test(refused_credentials_end_it),
        cmocka_unit_test(closing_ends_it),
        cmocka_unit_test(what_the_host_closes_stays_closed),
        cmocka_unit_test(a_server_that_ends_every_connection_is_not_stormed),
        cmocka_unit_test(no_two_clients_draw_the_same_pauses),
        cmocka_unit_test(on_state_may_close_open_and_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

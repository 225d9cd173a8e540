/*
 * A connection on which requests are never answered is replaced: the new one is opened first, the
 * old one ends with its last request.
 */
#include "tests/unit/pooled_help.h"

#define MUTE  4         /* keys that end in 3 */
#define SHORT (20 * MS) /* their time */

static struct cqlr_client_opts options(struct watched *w, const struct crowd_server *s,
                                       uint32_t max_orphans)
{
    struct cqlr_client_opts o = watched_opts(w, s->addr);
    o.max_orphans = max_orphans;
    o.reconnect_delay_max = 10 * MS;
    return o;
}

/* n requests are never answered. */
static void leave_unanswered(struct watched *w, const struct crowd_server *s, cqlr_prepared *ps,
                             unsigned n)
{
    struct one q[64];
    s->crowd->mute = MUTE;
    cqlr_prepared_timeout(ps, SHORT);
    for (unsigned i = 0; i < n; i++)
        execute(w, &q[i], ps, 3);
    cqlr_prepared_timeout(ps, 0);
    for (unsigned i = 0; i < n; i++)
        one_done(w, &q[i], CQLR_E_TIMEOUT);
}

/* ---- one in ten is never answered ---- */

enum { WINDOW = 100, TOTAL = 5000 };

struct load {
    struct watched *w;
    int32_t next;
    unsigned done, timeouts, wrong;
};

struct load_slot {
    struct load *load;
    cqlr_bound *bound;
    int32_t key;
};

static void load_submit(struct load_slot *s);

static void on_load(void *arg, cqlr_reply *r)
{
    struct load_slot *s = arg;
    struct cqlr_row row;
    int rc = cqlr_reply_rc(r);
    bool mute = s->key % 10 == 3;
    s->load->done++;
    s->load->timeouts += rc == CQLR_E_TIMEOUT;
    if (rc == 0)
        s->load->wrong += mute || cqlr_reply_next(r, &row) != 1 || cqlr_row_int(&row, 0) != s->key;
    else
        s->load->wrong += !mute || rc != CQLR_E_TIMEOUT;
    if (s->load->next < TOTAL)
        load_submit(s);
}

static void load_submit(struct load_slot *s)
{
    s->key = s->load->next++;
    cqlr_bound_reset(s->bound);
    assert_int_equal(cqlr_bound_int(s->bound, 0, s->key), 0);
    cqlr_bound_timeout(s->bound, s->key % 10 == 3 ? SHORT : 0);
    if (cqlr_client_execute(s->load->w->cl, s->bound, on_load, s) < 0) /* CQLR_E_AGAIN neither */
        fail_msg("%s", cqlr_client_err(s->load->w->cl)->text);
}

static void all_else_is_answered_when_one_in_ten_never_is(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, &s, 30);
    struct load load = {.w = &w};
    static struct load_slot slot[WINDOW];
    (void)state;
    watched_connect(&w, &o);
    cqlr_prepared *ps = watched_prepare(&w);
    s.crowd->mute = MUTE;
    for (int i = 0; i < WINDOW; i++) {
        slot[i] = (struct load_slot){.load = &load, .bound = cqlr_bound_new(ps)};
        load_submit(&slot[i]);
    }
    TURN_UNTIL(&w, load.done == TOTAL);
    assert_int_equal(load.wrong, 0);
    assert_int_equal(load.timeouts, TOTAL / 10);
    assert_int_equal(s.crowd->id_reused, 0);
    assert_int_equal(s.crowd->most_greeting, 1); /* never two at once */
    assert_in_range(s.crowd->accepted, 4, TOTAL / 10 / 30 + 2);
    assert_in_range(s.crowd->most, 2, 5);
    assert_string_equal(w.states, "+"); /* it was connected throughout */
    for (int i = 0; i < WINDOW; i++)
        cqlr_bound_free(slot[i].bound);
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

/* ---- how it goes ---- */

static void requests_stay_with_the_old_one_until_the_new_one_is_ready(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, &s, 5);
    struct one held;
    (void)state;
    o.keyspace = "my \"Keys";
    watched_connect(&w, &o);
    assert_string_equal((char *)s.crowd->keyspace_cql, "USE \"my \"\"Keys\"");
    cqlr_prepared *ps = watched_prepare(&w);
    cqlr_prepared_timeout(ps, CQLR_NEVER);
    execute(&w, &held, ps, HELD_KEY);
    cqlr_prepared_timeout(ps, 0);
    s.crowd->no_ready = 1;
    leave_unanswered(&w, &s, ps, 5);
    TURN_UNTIL(&w, s.crowd->startups == 2);
    executed(&w, ps, 10, 0);
    assert_int_equal(s.crowd->last, 1);
    log_has(&w, ": 5 requests were not answered: replacing the connection\n");
    memset((char *)s.crowd->keyspace_cql, 0, sizeof s.crowd->keyspace_cql);
    s.crowd->no_ready = 0;
    TURN_UNTIL(&w, log_count(&w, ": connected in ") == 2 && s.crowd->uses == 2);
    turn_for(&w, 5 * MS);
    assert_string_equal((char *)s.crowd->keyspace_cql, "USE \"my \"\"Keys\"");
    executed(&w, ps, 20, 0);
    assert_int_equal(s.crowd->last, 2);
    assert_int_equal(s.crowd->before_use, 0);
    assert_int_equal(s.crowd->connected, 2); /* the old one waits for its last request */
    s.crowd->release = 1;
    one_done(&w, &held, 0);
    TURN_UNTIL(&w, s.crowd->connected == 1);
    executed(&w, ps, 30, 0);
    assert_int_equal(s.crowd->accepted, 2);
    assert_string_equal(w.states, "+");
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    assert_string_equal(w.states, "+-");
    crowd_stop(&s);
}

static void without_a_limit_nothing_is_replaced(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, &s, 0);
    (void)state;
    watched_connect(&w, &o);
    cqlr_prepared *ps = watched_prepare(&w);
    leave_unanswered(&w, &s, ps, 20);
    turn_for(&w, 10 * MS);
    assert_int_equal(s.crowd->accepted, 1);
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

/* The loss of the old one is told to its requests, and to nobody else. */
static void losing_the_old_one_is_no_loss_of_the_client(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, &s, 5);
    struct one held;
    (void)state;
    watched_connect(&w, &o);
    cqlr_prepared *ps = watched_prepare(&w);
    cqlr_prepared_timeout(ps, CQLR_NEVER);
    execute(&w, &held, ps, HELD_KEY);
    cqlr_prepared_timeout(ps, 0);
    leave_unanswered(&w, &s, ps, 5);
    TURN_UNTIL(&w, log_count(&w, ": connected in ") == 2);
    s.crowd->drop = 1;
    one_done(&w, &held, CQLR_E_CLOSED);
    executed(&w, ps, 10, 0);
    turn_for(&w, 5 * MS);
    assert_int_equal(log_count(&w, "connection lost: "), 1);
    assert_string_equal(w.states, "+");
    assert_int_equal(s.crowd->accepted, 2);
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

/* ---- when it cannot be opened ---- */

static void it_is_tried_again_while_the_old_one_goes_on(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, &s, 5);
    (void)state;
    o.reconnect_delay = 2 * MS;
    watched_connect(&w, &o);
    cqlr_prepared *ps = watched_prepare(&w);
    s.crowd->slam = 1;
    leave_unanswered(&w, &s, ps, 5);
    TURN_UNTIL(&w, s.crowd->accepted >= 5);
    executed(&w, ps, 10, 0);
    assert_int_equal(s.crowd->last, 1);
    assert_true(log_count(&w, "W connection not replaced: ") >= 3);
    s.crowd->slam = 0;
    TURN_UNTIL(&w, log_count(&w, ": connected in ") == 2);
    executed(&w, ps, 20, 0);
    assert_true(s.crowd->last > 1);
    assert_string_equal(w.states, "+");
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

static void one_that_refuses_the_keyspace_is_closed_and_never_used(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, &s, 5);
    (void)state;
    o.reconnect_delay = 2 * MS;
    o.keyspace = "ks";
    watched_connect(&w, &o);
    cqlr_prepared *ps = watched_prepare(&w);
    s.crowd->no_use = 1;
    leave_unanswered(&w, &s, ps, 5);
    TURN_UNTIL(&w, s.crowd->uses >= 4);
    log_has(&w, "W connection not replaced: ");
    log_has(&w, ": USE \"ks\": ");
    executed(&w, ps, 10, 0);
    assert_int_equal(s.crowd->last, 1);
    s.crowd->no_use = 0;
    unsigned before = s.crowd->accepted;
    TURN_UNTIL(&w, s.crowd->accepted > before && s.crowd->connected == 1);
    executed(&w, ps, 20, 0);
    assert_true(s.crowd->last > 1);
    assert_int_equal(s.crowd->before_use, 0);
    assert_in_range(s.crowd->most, 2, 2);
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

static void refused_credentials_are_not_tried_again(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, &s, 5);
    (void)state;
    o.reconnect_delay = 1 * MS;
    watched_connect(&w, &o);
    cqlr_prepared *ps = watched_prepare(&w);
    s.crowd->refuse = 1;
    leave_unanswered(&w, &s, ps, 8);
    TURN_UNTIL(&w, log_count(&w, "; the credentials are not tried again\n"));
    leave_unanswered(&w, &s, ps, 8);
    executed(&w, ps, 10, 0); /* the old one goes on */
    turn_for(&w, 20 * MS);
    assert_int_equal(s.crowd->startups, 2);
    s.crowd->drop_all = 1; /* and its loss is not mended by itself */
    TURN_UNTIL(&w, !strcmp(w.states, "+-"));
    turn_for(&w, 20 * MS);
    assert_int_equal(s.crowd->startups, 2);
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

static void one_that_is_half_open_goes_with_the_connection_that_was_lost(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, &s, 5);
    (void)state;
    watched_connect(&w, &o);
    cqlr_prepared *ps = watched_prepare(&w);
    s.crowd->no_ready = 1;
    leave_unanswered(&w, &s, ps, 5);
    TURN_UNTIL(&w, s.crowd->startups == 2);
    s.crowd->drop = 1;
    TURN_UNTIL(&w, !strcmp(w.states, "+-"));
    TURN_UNTIL(&w, s.crowd->connected == 0);
    s.crowd->no_ready = 0;
    turn_for(&w, 10 * MS);
    assert_string_equal(w.states, "+-");
    assert_string_equal(cqlr_client_peer(w.cl), "");
    assert_int_equal(cqlr_sync_connect(w.cl), 0); /* when asked */
    executed(&w, ps, 10, 0);
    assert_string_equal(w.states, "+-+");
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

static void closing_ends_all_of_them(void **state)
{
    struct crowd_server s = crowd_start();
    struct watched w;
    struct cqlr_client_opts o = options(&w, &s, 5);
    struct one held[2];
    (void)state;
    watched_connect(&w, &o);
    cqlr_prepared *ps = watched_prepare(&w);
    cqlr_prepared_timeout(ps, CQLR_NEVER);
    execute(&w, &held[0], ps, HELD_KEY);
    cqlr_prepared_timeout(ps, 0);
    leave_unanswered(&w, &s, ps, 5);
    TURN_UNTIL(&w, log_count(&w, ": connected in ") == 2);
    turn_for(&w, 5 * MS);
    execute(&w, &held[1], ps, HELD_KEY);
    cqlr_client_close(w.cl);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(held[i].calls, 1);
        assert_int_equal(held[i].rc, CQLR_E_CLOSED);
        cqlr_bound_free(held[i].bound);
    }
    TURN_UNTIL(&w, s.crowd->connected == 0);
    assert_string_equal(w.states, "+-");
    assert_int_equal(log_count(&w, "lost"), 0);
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_else_is_answered_when_one_in_ten_never_is),
        cmocka_unit_test(requests_stay_with_the_old_one_until_the_new_one_is_ready),
        cmocka_unit_test(without_a_limit_nothing_is_replaced),
        cmocka_unit_test(losing_the_old_one_is_no_loss_of_the_client),
        cmocka_unit_test(it_is_tried_again_while_the_old_one_goes_on),
        cmocka_unit_test(one_that_refuses_the_keyspace_is_closed_and_never_used),
        cmocka_unit_test(refused_credentials_are_not_tried_again),
        cmocka_unit_test(one_that_is_half_open_goes_with_the_connection_that_was_lost),
        cmocka_unit_test(closing_ends_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_conn_late.c - answers that come after their request has timed out, or never, among many that
 * come in time: nobody gets another's answer, and nobody waits for ever.
 *
 * Each request carries its number, and so does its answer. The server notes which streams it owes
 * an answer on. No real time passes.
 */
#include <stdlib.h>

#include "tests/unit/conn_peer.h"

#define MS UINT64_C(1000000)

enum { MANY = 100000, WINDOW = 300, STREAMS = 32767, LATE = 150 };

struct asked {
    struct traffic *t;
    uint32_t number;
    unsigned answers;
    unsigned timeouts;
};

/* An answer that is held back until round `at`; for ever, when that is UINT32_MAX. */
struct owed {
    int stream;
    uint32_t number;
    uint32_t at;
};

struct traffic {
    struct host h;
    struct peer p;
    struct asked *asked;
    struct owed *owed; /* in the order in which they are due */
    uint32_t owed_from, owed_to;
    bool owes[STREAMS + 1]; /* by stream */
    uint32_t round, submitted, done, mismatches;
    uint32_t one_in;  /* is not answered in time */
    uint32_t late_by; /* rounds */
};

static void server_hears(struct peer *p, const struct cqlr_event *ev)
{
    struct traffic *t = p->arg;
    assert_int_equal(ev->body.n, 4);
    uint32_t number = cqlr_be32(ev->body.p);
    assert_false(t->owes[ev->stream]); /* a stream is used again only after its answer */
    if (number % t->one_in) {
        peer_answer(p, ev->stream, ev->body.p, 4);
        return;
    }
    uint32_t at = t->late_by == UINT32_MAX ? UINT32_MAX : t->round + t->late_by;
    t->owes[ev->stream] = true;
    t->owed[t->owed_to++] = (struct owed){ev->stream, number, at};
}

static void server_answers_late(struct traffic *t)
{
    for (; t->owed_from < t->owed_to && t->owed[t->owed_from].at <= t->round; t->owed_from++) {
        const struct owed *o = &t->owed[t->owed_from];
        const uint8_t body[4] = {(uint8_t)(o->number >> 24), (uint8_t)(o->number >> 16),
                                 (uint8_t)(o->number >> 8), (uint8_t)o->number};
        t->owes[o->stream] = false;
        peer_answer(&t->p, o->stream, body, 4);
    }
}

static void on_number(void *arg, int rc, const struct cqlr_event *ev)
{
    struct asked *a = arg;
    a->answers += rc == 0;
    a->timeouts += rc == CQLR_E_TIMEOUT;
    a->t->done++;
    if (rc == 0 && (ev->body.n != 4 || cqlr_be32(ev->body.p) != a->number))
        a->t->mismatches++;
}

/* Half of them with the usual time, the others with one of their own. */
static int ask(struct traffic *t)
{
    struct asked *a = &t->asked[t->submitted];
    *a = (struct asked){.t = t, .number = t->submitted};
    cqlr_wr_i32(cqlr_conn_begin(t->h.c), (int32_t)a->number);
    uint64_t timeout = a->number / 2 % 2 ? 0 : (40 + a->number % 16) * MS;
    int rc = cqlr_conn_submit(t->h.c, CQLR_OP_QUERY, 0, timeout, on_number, a, t->h.now);
    t->submitted += rc == 0;
    return rc;
}

/* A millisecond: requests leave, answers come, what is due times out. */
static void one_round(struct traffic *t)
{
    cqlr_conn_flush(t->h.c);
    peer_turn(&t->p);
    while (serve(&t->h, 0))
        peer_turn(&t->p);
    assert_in_range(++t->round, 1, 20000); /* it ends */
    t->h.now += MS;
    cqlr_conn_time(t->h.c, t->h.now);
    server_answers_late(t);
}

static struct traffic *traffic_new(uint32_t one_in, uint32_t late_by)
{
    struct traffic *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->asked = calloc(MANY + STREAMS + 1, sizeof *t->asked);
    t->owed = calloc(MANY + STREAMS + 1, sizeof *t->owed);
    assert_true(t->asked && t->owed);
    t->one_in = one_in;
    t->late_by = late_by;
    host_init(&t->h);
    t->h.o.request_timeout = 50 * MS;
    open_all(&t->h);
    peer_init(&t->p, &t->h, server_hears);
    t->p.arg = t;
    return t;
}

static void traffic_free(struct traffic *t)
{
    host_fini(&t->h);
    peer_fini(&t->p);
    free(t->asked);
    free(t->owed);
    free(t);
}

static void ask_many(struct traffic *t, uint32_t many)
{
    while (t->done < many) {
        while (t->submitted < many && cqlr_conn_in_flight(t->h.c) < WINDOW)
            assert_int_equal(ask(t), 0);
        one_round(t);
    }
}

/* Each was completed once: by its answer, or, one in so many, by its time. */
static void all_were_completed_once(const struct traffic *t, uint32_t many)
{
    assert_int_equal(t->mismatches, 0);
    for (uint32_t i = 0; i < many; i++) {
        assert_int_equal(t->asked[i].timeouts, i % t->one_in == 0);
        assert_int_equal(t->asked[i].answers, i % t->one_in != 0);
    }
}

static void late_answer_is_given_to_nobody_among_100000(void **state)
{
    (void)state;
    struct traffic *t = traffic_new(100, LATE);
    ask_many(t, MANY);
    all_were_completed_once(t, MANY);
    assert_true(cqlr_conn_orphans(t->h.c) > 0);
    for (int i = 0; i <= LATE; i++)
        one_round(t);
    assert_int_equal(t->owed_from, MANY / 100);
    assert_int_equal(cqlr_conn_orphans(t->h.c), 0);
    assert_int_equal(cqlr_conn_in_flight(t->h.c), 0);
    all_were_completed_once(t, MANY);
    assert_int_equal(cqlr_conn_err(t->h.c)->code, 0);
    traffic_free(t);
}

static void streams_that_are_never_answered_are_held_and_counted(void **state)
{
    enum { SOME = 20000 };
    (void)state;
    struct traffic *t = traffic_new(10, UINT32_MAX);
    ask_many(t, SOME);
    all_were_completed_once(t, SOME);
    assert_int_equal(cqlr_conn_orphans(t->h.c), SOME / 10);
    t->one_in = 1; /* and from now on none is */
    while (ask(t) == 0)
        continue;
    assert_int_equal(t->submitted, SOME + STREAMS - SOME / 10);
    while (cqlr_conn_in_flight(t->h.c))
        one_round(t);
    assert_int_equal(cqlr_conn_orphans(t->h.c), STREAMS);
    assert_int_equal(ask(t), CQLR_E_AGAIN);

    for (uint32_t i = 0; i < t->owed_to; i++) /* all answers come after all */
        t->owed[i].at = 0;
    t->one_in = MANY * 2;
    while (cqlr_conn_orphans(t->h.c))
        one_round(t);
    ask_many(t, MANY);
    assert_int_equal(t->mismatches, 0);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(t->asked[i].answers + t->asked[i].timeouts, 1);
    traffic_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_answer_is_given_to_nobody_among_100000),
        cmocka_unit_test(streams_that_are_never_answered_are_held_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

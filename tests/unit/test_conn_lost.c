/*
 * test_conn_lost.c - a connection that ends with requests in flight: at each stage, in each way,
 * and whatever the first callback does then, every request has exactly one callback, and none comes
 * after cqlr_conn_free has returned.
 */
#include "tests/unit/conn_help.h"

enum { N = 20, LARGE = 4 << 20 };

struct lost;
struct one {
    struct lost *l;
    unsigned calls;
    int rc;
};

/* One run: `act` is what the first callback that hears of the end does. */
struct lost {
    struct host h;
    struct one one[N];
    unsigned closes;
    bool freed;
    void (*act)(struct lost *l);
};

static void act_once(struct lost *l)
{
    void (*act)(struct lost *) = l->act;
    l->act = NULL;
    if (act)
        act(l);
}

static void on_one(void *arg, int rc, const struct cqlr_event *ev)
{
    struct one *o = arg;
    (void)ev;
    assert_false(o->l->freed);
    o->calls++;
    o->rc = rc;
    if (rc < 0 && rc != CQLR_E_TIMEOUT)
        act_once(o->l);
}

static void on_lost(void *arg, int rc)
{
    struct lost *l = arg;
    assert_true(rc < 0);
    assert_false(l->freed);
    l->closes++;
    for (int i = 0; i < N; i++) /* before the end is told, all requests were */
        assert_int_equal(l->one[i].calls, 1);
    act_once(l);
}

static void submit_n(struct lost *l, size_t large)
{
    for (int i = 0; i < N; i++) {
        struct cqlr_wr *w = cqlr_conn_begin(l->h.c);
        uint64_t timeout = (uint64_t)(i % 3) * 20 * SECOND; /* in the list and in the heap */
        l->one[i].l = l;
        if (large && i == N / 2)
            assert_non_null(cqlr_wr_room(w, large));
        assert_int_equal(cqlr_conn_submit(l->h.c, CQLR_OP_QUERY, 0, i == 2 ? SECOND : timeout,
                                          on_one, &l->one[i], l->h.now),
                         0);
    }
}

/* ---- stages: how far the requests are ---- */

static void not_sent(struct lost *l)
{
    submit_n(l, 0);
}

static void sent(struct lost *l)
{
    submit_n(l, 0);
    cqlr_conn_flush(l->h.c);
}

static void sent_in_part(struct lost *l)
{
    submit_n(l, LARGE);
    cqlr_conn_flush(l->h.c);
    assert_int_equal(cqlr_conn_wants(l->h.c), CQLR_READ | CQLR_WRITE);
}

static void answered_in_part(struct lost *l)
{
    sent(l);
    for (int i = 0; i < N; i++)
        assert_int_equal(server_request(&l->h), i + 1);
    for (int i = N; i > N / 2; i--)
        server_reply(&l->h, i, CQLR_OP_RESULT, "x");
    while (cqlr_conn_in_flight(l->h.c) > N / 2)
        assert_true(serve(&l->h, 10000));
}

static void timed_out_in_part(struct lost *l)
{
    sent(l);
    l->h.now += SECOND;
    cqlr_conn_time(l->h.c, l->h.now);
    assert_int_equal(cqlr_conn_orphans(l->h.c), 1);
}

static void half_an_answer_has_come(struct lost *l)
{
    sent(l);
    server_write(&l->h, "\x84\0\0\1\x8\0\0\0\4\0\0", 11);
    assert_true(serve(&l->h, 10000));
}

/* ---- ways: how it ends ---- */

static void until_it_ends(struct lost *l)
{
    while (!l->freed && cqlr_conn_fd(l->h.c) >= 0)
        assert_true(serve(&l->h, 10000));
}

static void server_closes(struct lost *l)
{
    server_close(&l->h);
    until_it_ends(l);
}

static void server_resets(struct lost *l)
{
    server_reset(&l->h);
    until_it_ends(l);
}

static void server_closes_and_we_write(struct lost *l)
{
    server_reset(&l->h);
    cqlr_conn_flush(l->h.c);
    until_it_ends(l);
}

static void server_lies(struct lost *l)
{
    server_write(&l->h, "\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04", 10);
    until_it_ends(l);
}

static void it_hangs_up(struct lost *l)
{
    cqlr_conn_ready(l->h.c, CQLR_HANGUP, l->h.now);
}

static void it_is_silent(struct lost *l)
{
    while (!l->freed && cqlr_conn_fd(l->h.c) >= 0) {
        l->h.now = cqlr_conn_deadline(l->h.c);
        cqlr_conn_time(l->h.c, l->h.now);
    }
}

static void we_close(struct lost *l)
{
    cqlr_conn_close(l->h.c);
}

static void we_free(struct lost *l)
{
    cqlr_conn_free(l->h.c);
    l->freed = true;
}

/* ---- acts: what the first callback of the end does ---- */

static void closes(struct lost *l)
{
    cqlr_conn_close(l->h.c);
}

static void frees(struct lost *l)
{
    if (l->freed)
        return;
    cqlr_conn_free(l->h.c);
    l->freed = true;
}

static void submits(struct lost *l)
{
    static struct one refused;
    assert_null(cqlr_conn_begin(l->h.c));
    assert_int_equal(cqlr_conn_submit(l->h.c, CQLR_OP_QUERY, 0, 0, on_one, &refused, l->h.now),
                     CQLR_E_STATE);
    cqlr_conn_flush(l->h.c);
    assert_int_equal(refused.calls, 0);
}

static void looks(struct lost *l)
{
    cqlr_conn_ready(l->h.c, CQLR_READ | CQLR_WRITE | CQLR_HANGUP, l->h.now);
    cqlr_conn_time(l->h.c, CQLR_NEVER - 1);
    assert_int_equal(cqlr_conn_wants(l->h.c), 0);
    assert_int_equal(cqlr_conn_deadline(l->h.c), CQLR_NEVER);
    assert_true(cqlr_conn_err(l->h.c)->code < 0);
}

static void one_run(void (*stage)(struct lost *), void (*way)(struct lost *),
                    void (*act)(struct lost *))
{
    static struct lost l;
    memset(&l, 0, sizeof l);
    host_init(&l.h);
    l.h.o.heartbeat_interval = 10 * SECOND;
    l.h.o.on_open = NULL;
    l.h.o.on_close = on_lost;
    l.h.o.arg = &l;
    open_conn(&l.h);
    server_accept(&l.h);
    assert_true(serve(&l.h, 10000));
    assert_int_equal(server_request(&l.h), 0);
    server_reply(&l.h, 0, CQLR_OP_READY, "");
    assert_true(serve(&l.h, 10000));
    stage(&l);
    l.act = act;
    way(&l);
    for (int i = 0; i < N; i++)
        assert_int_equal(l.one[i].calls, 1);
    assert_int_equal(l.closes, 1);
    if (l.freed)
        l.h.c = NULL;
    host_fini(&l.h);
    assert_int_equal(l.closes, 1);
}

static void every_request_is_completed_once(void **state)
{
    void (*const stages[])(struct lost *) = {
        not_sent, sent, sent_in_part, answered_in_part, timed_out_in_part, half_an_answer_has_come};
    void (*const ways[])(struct lost *) = {server_closes, server_resets, server_closes_and_we_write,
                                           server_lies,   it_hangs_up,   it_is_silent,
                                           we_close,      we_free};
    void (*const acts[])(struct lost *) = {NULL, closes, frees, submits, looks};
    (void)state;
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++)
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
            for (size_t a = 0; a < sizeof acts / sizeof *acts; a++)
                one_run(stages[s], ways[w], acts[a]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_completed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

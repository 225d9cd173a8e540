/*
 * worker.c - see worker.h. Everything the process does hangs on its loop: the stream from the
 * parent, the client's connection, five timers, and a task at the end of each turn that closes the
 * open record, tells the parent what it waits for and sends the messages. The process leaves with
 * _exit: its parent's buffers and exit handlers are not its own.
 *
 * The parent is told of new records only when it waits for them, and then not for each: when an
 * eighth of the ring is fresh, when nothing more is under way, when the ring is full, or after 20
 * ms.
 */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/bulk/worker/source_in.h"
#include "src/bulk/worker/worker.h"
#include "src/cluster/backoff.h"
#include "src/cluster/retry.h"

#define MS          UINT64_C(1000000)
#define KICK_AFTER  (20 * MS)
#define JITTER      (5 * MS)
#define LEAST_PAUSE (10 * MS) /* between attempts to connect, before it is doubled and drawn */

struct worker {
    const struct cqlr__worker_start *start;
    cqlr_loop *loop;
    struct cqlr__stream stream;
    struct cqlr_watch watch;
    struct cqlr_timer kick_timer, connect_timer, ask_timer, due_timer, silence_timer;
    struct cqlr_task end_of_turn;
    struct cqlr__window window;
    struct cqlr__source_in source_in;
    const cqlr_source *source; /* of this batch; NULL until the first has begun */
    uint64_t low; /* asks for units when fewer parameter sets than this are left to submit */
    void *engine; /* also while it is opening, when the window has none yet */
    uint64_t last_kick;
    bool snapshot_due;
    bool asked, asked_dry;  /* for units: when few were left, when none was */
    uint64_t lost_since;    /* there was no answer since; 0 = no connection was lost yet */
    unsigned attempts;      /* to connect, since then */
    uint64_t silent_since;  /* the server was asked whether it is there; 0 = it was not */
    uint64_t waiting_since; /* without a connection since; 0 = it has one, or its first is due */
    struct cqlr_err open_failed; /* code 0: it has not */
};

/* For the parent: is there a connection to wait for, and for how long was it waited. */
static void set_waiting(struct worker *k, bool waiting)
{
    struct cqlr__gauges *g = k->window.gauges;
    uint64_t now = cqlr_now(), before;
    if (waiting == (k->waiting_since != 0))
        return;
    if (!waiting) {
        before = atomic_load_explicit(&g->outage_ns, memory_order_relaxed);
        atomic_store_explicit(&g->outage_ns, before + now - k->waiting_since, memory_order_relaxed);
    }
    k->waiting_since = waiting ? now : 0;
    atomic_store_explicit(&g->waiting, waiting, memory_order_relaxed);
}

/* Tells the parent why and ends. The parent reads what is in the socket after our death; a socket
 * that takes nothing for a second is nobody's. */
static _Noreturn void fatal(struct worker *k, const struct cqlr_err *err)
{
    struct cqlr_wr w;
    struct pollfd pf = {.fd = k->stream.fd, .events = POLLOUT};
    set_waiting(k, false);
    cqlr_wr_init(&w, NULL, 0);
    cqlr__failure_write(&w, err);
    cqlr__publish_close(&k->window.pub);
    if (cqlr__stream_put(&k->stream, CQLR__UP_FATAL, w.p, w.n, NULL, 0) == 0) {
        while (cqlr__stream_flush(&k->stream) && poll(&pf, 1, 1000) > 0)
            continue;
    }
    _exit(1);
}

static _Noreturn void fatal_code(struct worker *k, int code, const char *what)
{
    struct cqlr_err err;
    cqlr__err_set(&err, code, "worker: %s: %s", what, cqlr_errcode_text(code));
    fatal(k, &err);
}

static void tell(struct worker *k, enum cqlr__message_kind kind, const void *p, size_t n)
{
    int rc = cqlr__stream_put(&k->stream, kind, p, n, NULL, 0);
    if (rc < 0)
        fatal_code(k, rc, "message to the parent");
}

/* ---- connecting ---- */

static void ask_to_connect(void *arg)
{
    struct worker *k = arg;
    tell(k, CQLR__UP_CONNECT, NULL, 0);
    cqlr_loop_defer(k->loop, &k->end_of_turn);
}

/* The engine is open and the source is known, whichever came last. */
static void begin_batch(struct worker *k)
{
    struct cqlr_err err = {0};
    if (k->source && k->start->engine->batch(k->engine, k->source, &err) < 0)
        fatal(k, &err);
}

static void on_opened(void *arg, int rc, const struct cqlr_err *err)
{
    struct worker *k = arg;
    struct cqlr_wr w;
    if (rc < 0) {
        k->open_failed = *err;
        k->open_failed.code = rc;
        cqlr_loop_defer(k->loop, &k->end_of_turn);
        return;
    }
    cqlr_wr_init(&w, NULL, CQLR__MESSAGE_MAX);
    if (k->snapshot_due && k->start->engine->snapshot(k->engine, &w) < 0)
        fatal_code(k, w.rc, "snapshot");
    k->snapshot_due = false;
    tell(k, CQLR__UP_READY, w.p, w.n);
    cqlr_wr_fini(&w);
    begin_batch(k);
    set_waiting(k, false);
    k->window.answers_before = k->window.answers;
    k->window.broken = false;
    k->window.self = k->engine;
    cqlr_loop_defer(k->loop, &k->end_of_turn);
    cqlr__window_go(&k->window);
}

static void on_answered(void *arg, size_t slot, const struct cqlr__answer *a)
{
    struct worker *k = arg;
    cqlr__window_answered(&k->window, slot, a);
    cqlr_loop_defer(k->loop, &k->end_of_turn);
}

/* ---- silence ---- */

/* The server says nothing: the connection counts as lost since it was asked. */
static void is_gone(struct worker *k, const struct cqlr_err *why)
{
    set_waiting(k, true);
    k->waiting_since = k->silent_since;
    cqlr__window_lost(&k->window, why);
    k->start->engine->drop(k->engine);
    cqlr_loop_defer(k->loop, &k->end_of_turn);
}

static void on_silence(void *arg)
{
    struct worker *k = arg;
    struct cqlr_err err;
    double waited = (double)(cqlr_loop_now(k->loop) - k->silent_since) / 1e9;
    cqlr__err_set(&err, CQLR_E_CLOSED, "%.200s; then nothing for another %.3g s",
                  k->window.lost.text, waited);
    is_gone(k, &err);
}

static void on_asked(void *arg, int rc)
{
    struct worker *k = arg;
    struct cqlr_err err = k->window.lost;
    if (!k->window.silent)
        return;
    err.code = CQLR_E_CLOSED;
    if (rc < 0)
        is_gone(k, &err);
    else
        cqlr__window_alive(&k->window);
    cqlr_loop_defer(k->loop, &k->end_of_turn);
}

/* Begins to ask, or stops to wait for the answer. */
static void ask_if_silent(struct worker *k)
{
    uint64_t wait;
    if (k->window.silent == (k->silent_since != 0))
        return;
    k->silent_since = k->window.silent ? cqlr_loop_now(k->loop) : 0;
    cqlr_loop_timer_clear(k->loop, &k->silence_timer);
    if (!k->window.silent)
        return;
    wait = k->start->engine->ask(k->engine);
    if (wait == CQLR_NEVER)
        on_asked(k, 0);
    else if (cqlr_loop_timer_set(k->loop, &k->silence_timer, k->silent_since + wait) < 0)
        fatal_code(k, CQLR_E_NOMEM, "timer");
}

/* ---- connecting, again ---- */

static void connect_now(void *arg)
{
    struct worker *k = arg;
    const struct cqlr__engine_host host = {k, on_opened, on_answered, on_asked};
    struct cqlr_err err = {0};
    k->engine = k->start->engine->open(k->start->o, k->loop, k->window.cap, &host, &err);
    if (!k->engine)
        on_opened(k, err.code, &err);
    cqlr_loop_defer(k->loop, &k->end_of_turn);
}

/* Permission came. A little later, so that workers started together do not knock together. */
static void on_may_connect(struct worker *k)
{
    uint64_t later = k->start->scout ? 0 : (uint64_t)getpid() * UINT64_C(2654435761) % JITTER;
    int rc = cqlr_loop_timer_set(k->loop, &k->connect_timer, cqlr_now() + later);
    if (rc < 0)
        fatal_code(k, rc, "timer");
}

/* The next attempt to connect: the first at once, others after pauses that grow as long as there is
 * no answer; until the time for it is over. */
static void connect_again(struct worker *k, struct cqlr_err *why)
{
    const struct cqlr_bulk_opts *o = k->start->o;
    uint64_t first = o->retry_delay > LEAST_PAUSE ? o->retry_delay : LEAST_PAUSE;
    uint64_t most = o->retry_delay_max > first ? o->retry_delay_max : first;
    uint64_t now = cqlr_loop_now(k->loop), gone = now - k->lost_since, pause = 0;
    if (gone > o->outage_wait) {
        if (o->outage_wait)
            cqlr__err_prefix(why, "no server for %.3g s", (double)gone / 1e9);
        fatal(k, why);
    }
    if (k->attempts)
        pause =
            cqlr__backoff(first, most, k->attempts - 1, cqlr__backoff_random(&k->window.random));
    if (pause > o->outage_wait - gone)
        pause = o->outage_wait - gone;
    k->attempts++;
    if (cqlr_loop_timer_set(k->loop, &k->ask_timer, now + pause) < 0)
        fatal_code(k, CQLR_E_NOMEM, "timer");
}

/* The connection is gone and every request under way has ended. */
static void reconnect(struct worker *k)
{
    struct cqlr_err err;
    cqlr__window_lost(&k->window, &k->window.lost);
    k->start->engine->close(k->engine);
    k->engine = k->window.self = NULL;
    set_waiting(k, true);
    if (!k->lost_since || k->window.answers != k->window.answers_before) {
        k->lost_since = cqlr_loop_now(k->loop);
        k->attempts = 0;
    }
    cqlr__err_set(&err, CQLR_E_CONNECT, "connection lost: %s", k->window.lost.text);
    connect_again(k, &err);
}

/* Is it worth while to try again what a new connection died of? */
static bool may_pass(const struct cqlr_err *why)
{
    const struct cqlr_error e = {.code = why->server_code};
    if (why->code == CQLR_E_SERVER) /* PREPARE was refused */
        return cqlr__retry(&e, true, 0, 1);
    return why->code == CQLR_E_CONNECT || why->code == CQLR_E_TIMEOUT ||
           why->code == CQLR_E_RESOLVE;
}

/* A worker that takes another one's place, or comes when others have connected, waits like one that
 * was connected itself. */
static void on_open_failed(struct worker *k)
{
    struct cqlr_err why = k->open_failed;
    bool had = k->lost_since != 0;
    k->open_failed.code = 0;
    if (k->engine)
        k->start->engine->close(k->engine);
    k->engine = NULL;
    if (why.code == CQLR_E_IO || why.code == CQLR_E_CLOSED)
        why.code = CQLR_E_CONNECT; /* it broke while it was being opened */
    if (had)
        cqlr__err_prefix(&why, "connection lost (%.150s), and again", k->window.lost.text);
    if (!may_pass(&why) || (!had && (k->start->scout || !k->start->o->outage_wait)))
        fatal(k, &why);
    if (!had) {
        k->lost_since = cqlr_loop_now(k->loop);
        k->window.lost = why;
    }
    set_waiting(k, true);
    tell(k, CQLR__UP_FAILED, NULL, 0);
    connect_again(k, &why);
}

/* ---- the end of a turn ---- */

static void kick_if_due(struct worker *k)
{
    struct cqlr__publisher *pub = &k->window.pub;
    uint64_t now = cqlr_loop_now(k->loop);
    if (!pub->fresh)
        return;
    if (pub->fresh < pub->ring->size / 8 && k->window.flying && !k->window.blocked &&
        now - k->last_kick < KICK_AFTER) {
        if (!k->kick_timer.slot &&
            cqlr_loop_timer_set(k->loop, &k->kick_timer, k->last_kick + KICK_AFTER) < 0)
            fatal_code(k, CQLR_E_NOMEM, "timer");
        return;
    }
    pub->fresh = 0;
    k->last_kick = now;
    if (cqlr__ring_tell_consumer(pub->ring))
        tell(k, CQLR__UP_KICK, NULL, 0);
}

static void ask_for_units(struct worker *k)
{
    uint64_t queued = k->window.queued;
    bool low = queued < k->low && !k->asked, dry = !queued && !k->asked_dry;
    if (!k->window.self || k->window.stopping || k->window.blocked || !(low || dry))
        return;
    k->asked = true;
    k->asked_dry = !queued;
    tell(k, CQLR__UP_HUNGRY, &queued, sizeof queued);
}

static void end_if_done(struct worker *k)
{
    if (!k->window.stopping || k->window.flying || k->window.blocked)
        return;
    (void)cqlr__stream_flush(&k->stream);
    set_waiting(k, false);
    if (k->engine)
        k->start->engine->close(k->engine);
    _exit(0);
}

/* The window wants to be looked at although nothing happens. */
static void on_due(void *arg)
{
    struct worker *k = arg;
    cqlr__window_go(&k->window);
    cqlr_loop_defer(k->loop, &k->end_of_turn);
}

static void go_when_due(struct worker *k)
{
    if (k->window.due == CQLR_NEVER)
        cqlr_loop_timer_clear(k->loop, &k->due_timer);
    else if (cqlr_loop_timer_set(k->loop, &k->due_timer, k->window.due) < 0)
        fatal_code(k, CQLR_E_NOMEM, "timer");
}

static void watch_stream(struct worker *k, bool write)
{
    unsigned events = write ? CQLR_READ | CQLR_WRITE : CQLR_READ;
    if (cqlr_loop_change(k->loop, &k->watch, events) < 0)
        fatal_code(k, CQLR_E_IO, "lane");
}

static void end_of_turn(void *arg)
{
    struct worker *k = arg;
    if (k->open_failed.code)
        on_open_failed(k);
    if (k->window.broken && k->window.self && !k->window.flying) {
        if (k->start->engine->lost(k->engine)) {
            reconnect(k);
        } else { /* it was only that request; the next one may find that the connection is gone */
            k->window.broken = false;
            cqlr__window_go(&k->window);
            cqlr_loop_defer(k->loop, &k->end_of_turn);
        }
    }
    ask_if_silent(k);
    cqlr__publish_close(&k->window.pub);
    atomic_store_explicit(&k->window.gauges->in_flight, (uint32_t)k->window.flying,
                          memory_order_relaxed);
    kick_if_due(k);
    ask_for_units(k);
    go_when_due(k);
    end_if_done(k);
    watch_stream(k, cqlr__stream_flush(&k->stream));
}

/* ---- from the parent ---- */

/* A batch begins: nothing of the one before is under way. */
static int on_source(struct worker *k, const struct cqlr__message *m)
{
    struct cqlr_err err = {0};
    int rc = cqlr__source_receive(&k->source_in, m->p, m->n, k->start->o->source, &err);
    if (rc < 0)
        fatal(k, &err);
    if (rc == 0)
        return 0; /* pieces follow */
    k->source = k->source_in.source;
    k->low = k->source_in.low;
    k->window.lines = cqlr__source_is_stream(k->source);
    if (k->window.self) {
        k->lost_since = 0; /* a loss while there was nothing to do is the first of its kind */
        begin_batch(k);
    }
    cqlr__source_received(&k->source_in);
    return 0;
}

static void on_message(struct worker *k, const struct cqlr__message *m)
{
    int rc = 0;
    switch (m->kind) {
    case CQLR__TO_SOURCE:
        rc = on_source(k, m);
        break;
    case CQLR__TO_CONNECT:
        on_may_connect(k);
        break;
    case CQLR__TO_UNIT:
        rc = cqlr__window_add(&k->window, m->p, m->n);
        k->asked = k->asked_dry = false;
        break;
    case CQLR__TO_STOP:
        k->window.stopping = true;
        break;
    case CQLR__TO_SPACE: /* what it is for happens after every message */
        break;
    default:
        rc = CQLR_E_PROTO;
    }
    if (rc < 0)
        fatal_code(k, rc, "message from the parent");
}

static void on_stream(void *arg, unsigned events)
{
    struct worker *k = arg;
    struct cqlr__message m;
    int rc;
    (void)events;
    rc = cqlr__stream_read(&k->stream);
    while (rc == 0 && (rc = cqlr__stream_next(&k->stream, &m)) == 1) {
        on_message(k, &m);
        rc = 0;
    }
    if (rc < 0)
        fatal_code(k, rc, "lane");
    if (k->stream.ended)
        _exit(1); /* the parent is gone */
    cqlr__window_go(&k->window);
    cqlr_loop_defer(k->loop, &k->end_of_turn);
}

static void on_kick_timer(void *arg)
{
    struct worker *k = arg;
    cqlr_loop_defer(k->loop, &k->end_of_turn);
}

static void init(struct worker *k, const struct cqlr__worker_start *start)
{
    *k = (struct worker){.start = start, .snapshot_due = start->scout};
    cqlr__stream_init(&k->stream, start->fd);
    k->window.pub.ring = start->ring;
    k->window.gauges = start->ring->extra;
    k->loop = cqlr_loop_new(NULL);
    if (!k->loop || cqlr__window_init(&k->window, start->o->in_flight) < 0)
        fatal_code(k, CQLR_E_NOMEM, "start");
    k->window.engine = start->engine;
    k->window.loop = k->loop;
    k->window.pace = start->pace;
    k->window.retries = start->o->retries;
    k->window.retry_delay = start->o->retry_delay;
    k->window.retry_delay_max = start->o->retry_delay_max;
    k->window.random = cqlr_now() ^ (uint64_t)getpid() << 32;
    k->window.due = CQLR_NEVER;
    k->watch = (struct cqlr_watch){start->fd, CQLR_READ, on_stream, k};
    k->end_of_turn = (struct cqlr_task){.fn = end_of_turn, .arg = k};
    k->kick_timer = (struct cqlr_timer){.fn = on_kick_timer, .arg = k};
    k->connect_timer = (struct cqlr_timer){.fn = connect_now, .arg = k};
    k->ask_timer = (struct cqlr_timer){.fn = ask_to_connect, .arg = k};
    k->due_timer = (struct cqlr_timer){.fn = on_due, .arg = k};
    k->silence_timer = (struct cqlr_timer){.fn = on_silence, .arg = k};
    if (cqlr_loop_add(k->loop, &k->watch) < 0)
        fatal_code(k, CQLR_E_IO, "start");
}

_Noreturn void cqlr__worker_run(const struct cqlr__worker_start *start)
{
    struct worker k;
    init(&k, start);
    ask_to_connect(&k);
    cqlr_loop_defer(k.loop, &k.end_of_turn);
    for (;;) {
        if (cqlr_loop_turn(k.loop, CQLR_NEVER) < 0)
            fatal_code(&k, CQLR_E_IO, "loop");
    }
}

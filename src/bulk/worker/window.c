/*
 * window.c - see window.h. Slots are a circular queue in the order of submission, which is the
 * order of publication: the slot at `head` is the oldest, and it alone can be published.
 *
 * A slot is FLYING between execute and its answer. Then it is DONE, or WAITING to be executed for
 * its next page (or once more, after a lost connection; or once more but not before a certain time,
 * after a refusal), or DOUBTFUL: it timed out, and whether that was the server's end or its own is
 * being found out. Its pages are published only while it is DONE or WAITING.
 */
#include <stdlib.h>

#include "proto/base/err.h"
#include "src/bulk/worker/window.h"
#include "src/bulk/worker/work.h"
#include "src/cluster/backoff.h"
#include "src/cluster/paging.h"
#include "src/cluster/retry.h"

#define MOST_TRIES   3     /* of one page, over lost connections */
#define SPARE_LENGTH 65536 /* larger buffers are freed when they are not in use */

enum slot_state { WAITING, FLYING, DOUBTFUL, DONE };

struct cqlr__slot {
    struct cqlr__work *work;
    uint64_t item, page; /* of the unit; the page that is wanted next */
    enum slot_state state;
    unsigned tries, refused; /* of this page: over lost connections; by the server */
    uint64_t not_before;     /* WAITING after a refusal: until then; else 0 */
    uint64_t submitted;
    struct cqlr_value line;
    struct cqlr_wr next;        /* paging state of `page`; n = 0: the first */
    struct cqlr__paging paging; /* does it get anywhere? */
    struct cqlr_wr out;         /* output of the pages that are not published, */
    uint64_t pages, rows;       /* so many, with so many rows */
    uint64_t item_rows;         /* rows of all its pages */
    const struct cqlr_err *err; /* DONE: why it failed, or NULL. DOUBTFUL: why it would have */
};

/* ---- units ---- */

int cqlr__window_add(struct cqlr__window *w, const uint8_t *p, size_t n)
{
    int rc;
    struct cqlr__work *k = cqlr__work_new(p, n, &rc);
    if (!k)
        return rc;
    if (w->last)
        w->last->next = k;
    else
        w->first = k;
    w->last = k;
    if (!w->submit)
        w->submit = k;
    w->queued += k->m.count - k->m.item;
    w->careful += k->m.careful != 0;
    return 0;
}

/* ---- slots ---- */

int cqlr__window_init(struct cqlr__window *w, size_t in_flight)
{
    w->in_flight = in_flight;
    w->cap = 2 * in_flight;
    w->slot = calloc(w->cap, sizeof *w->slot);
    return w->slot ? 0 : CQLR_E_NOMEM;
}

static struct cqlr__slot *slot_at(const struct cqlr__window *w, size_t i)
{
    return &w->slot[(w->head + i) % w->cap];
}

static size_t number_of(const struct cqlr__window *w, const struct cqlr__slot *s)
{
    return (size_t)(s - w->slot);
}

/* A buffer for the slot's output: with answers in order it is always the same one. */
static void buffer_get(struct cqlr__window *w, struct cqlr__slot *s)
{
    if (w->spares)
        s->out = w->spare[--w->spares];
    else
        cqlr_wr_init(&s->out, NULL, SIZE_MAX / 2);
}

static void buffer_put(struct cqlr__window *w, struct cqlr__slot *s)
{
    cqlr_wr_reset(&s->out);
    if (w->spares < CQLR__SPARE_BUFFERS && s->out.cap && s->out.cap <= SPARE_LENGTH)
        w->spare[w->spares++] = s->out;
    else
        cqlr_wr_fini(&s->out);
    memset(&s->out, 0, sizeof s->out);
}

static const struct cqlr_err no_memory = {.code = CQLR_E_NOMEM, .text = "out of memory"};

static void error_free(const struct cqlr_err *err)
{
    if (err != &no_memory)
        free((struct cqlr_err *)(uintptr_t)err);
}

/* A copy of why a slot failed; of another one when there is no memory for it. */
static const struct cqlr_err *error_keep(int rc, const struct cqlr_err *err)
{
    struct cqlr_err *why = malloc(sizeof *why);
    if (!why)
        return &no_memory;
    *why = *err;
    if (err->code >= 0)
        cqlr__err_set(why, rc, "%s", cqlr_errcode_text(rc));
    return why;
}

/* The parameter set has failed, for the reason in s->err. What of it was not published is dropped:
 * it writes nothing. */
static void slot_end(struct cqlr__window *w, struct cqlr__slot *s)
{
    s->state = DONE;
    w->held -= s->out.n;
    buffer_put(w, s);
    s->pages = s->rows = 0;
}

static void slot_fail(struct cqlr__window *w, struct cqlr__slot *s, int rc,
                      const struct cqlr_err *err)
{
    s->err = error_keep(rc, err);
    slot_end(w, s);
}

/* ---- publishing ---- */

static void slot_record(const struct cqlr__slot *s, struct cqlr__record *rec)
{
    bool done = s->state == DONE;
    *rec = (struct cqlr__record){.kind = s->err ? CQLR__RECORD_ERROR : CQLR__RECORD_PAGES,
                                 .unit = s->work->m.unit,
                                 .next_item = s->item + done,
                                 .next_page = done ? 0 : s->page,
                                 .item_rows = done ? 0 : s->item_rows,
                                 .pages = s->pages,
                                 .rows = s->rows};
    rec->queries = done && !s->err;
    rec->empty = rec->queries && !s->item_rows;
}

/* What the slot has beyond what is published. false = the ring is full. */
static bool slot_publish(struct cqlr__window *w, struct cqlr__slot *s)
{
    struct cqlr__record rec;
    if (s->state == WAITING && !s->pages)
        return true;
    if (s->err && !s->out.n) {
        buffer_get(w, s);
        cqlr__failure_write(&s->out, s->err);
        w->held += s->out.n;
    }
    slot_record(s, &rec);
    if (!cqlr__publish(&w->pub, &rec, s->out.p, s->out.n, s->next.p,
                       s->state == DONE ? 0 : s->next.n))
        return false;
    w->held -= s->out.n;
    s->pages = s->rows = 0;
    buffer_put(w, s);
    return true;
}

/* The oldest slot is published to its end: free it, and its unit when it was the last of it. */
static void pop(struct cqlr__window *w)
{
    struct cqlr__slot *s = slot_at(w, 0);
    struct cqlr__work *k = s->work;
    cqlr_wr_reset(&s->next);
    error_free(s->err);
    s->err = NULL;
    w->head = (w->head + 1) % w->cap;
    w->used--;
    if (s->item + 1 < k->m.count)
        return;
    w->first = k->next;
    if (!w->first)
        w->last = NULL;
    w->careful -= k->m.careful != 0;
    cqlr__work_free(k);
}

static void publish(struct cqlr__window *w)
{
    w->blocked = false;
    while (w->used && (slot_at(w, 0)->state == WAITING || slot_at(w, 0)->state == DONE)) {
        while (!slot_publish(w, slot_at(w, 0))) {
            if (!cqlr__ring_wait_room(w->pub.ring, w->pub.need)) {
                w->blocked = true;
                return;
            }
        }
        if (slot_at(w, 0)->state != DONE)
            return;
        pop(w);
    }
}

/* ---- executing ---- */

static inline bool may_execute(const struct cqlr__window *w)
{
    return w->self && !w->broken && !w->silent && !w->blocked && !w->again && !w->stopping &&
           w->flying < (w->careful ? 1 : w->in_flight);
}

/* A slot that is WAITING (and counted so) is executed; it stays WAITING when it cannot be now. */
static void execute(struct cqlr__window *w, struct cqlr__slot *s)
{
    struct cqlr_value state = {s->next.p, s->next.n ? (int32_t)s->next.n : CQLR_NULL};
    struct cqlr_err err = {0};
    int rc = w->engine->execute(w->self, number_of(w, s), s->work->m.first + s->item, s->line,
                                state, &err);
    if (rc == CQLR_E_AGAIN && w->flying) {
        w->again = true;
        return;
    }
    if (rc && w->engine->lost(w->self)) {
        w->broken = true;
        w->lost = err;
        return;
    }
    w->waiting--;
    if (rc) {
        slot_fail(w, s, rc, &err);
        return;
    }
    s->state = FLYING;
    s->submitted = cqlr_loop_now(w->loop);
    w->flying++;
}

/* The next parameter set of the queue gets a slot. */
static void submit_next(struct cqlr__window *w)
{
    struct cqlr__work *k = w->submit;
    struct cqlr__slot *s = slot_at(w, w->used++);
    uint64_t sent = atomic_load_explicit(&w->gauges->sent, memory_order_relaxed);
    bool resumed = k->submit == k->m.item && k->m.page;

    s->work = k;
    s->item = k->submit++;
    s->page = resumed ? k->m.page : 0;
    s->item_rows = resumed ? k->m.item_rows : 0;
    s->state = WAITING;
    s->tries = s->refused = 0;
    s->not_before = 0;
    s->pages = s->rows = 0;
    s->paging = (struct cqlr__paging){0};
    s->line =
        w->lines ? cqlr__text_next(&k->texts, &k->text_off) : (struct cqlr_value){NULL, CQLR_NULL};
    if (!s->next.mem)
        cqlr_wr_init(&s->next, NULL, 0);
    if (resumed)
        cqlr_wr_raw(&s->next, k->state.p, k->state.n);
    if (k->submit == k->m.count)
        w->submit = k->next;
    w->queued--;
    w->waiting++;
    if (!atomic_load_explicit(&w->gauges->first_submit, memory_order_relaxed))
        atomic_store_explicit(&w->gauges->first_submit, cqlr_loop_now(w->loop),
                              memory_order_relaxed);
    atomic_store_explicit(&w->gauges->sent, sent + 1, memory_order_release);
    if (s->next.rc) {
        const struct cqlr_err none = {0};
        w->waiting--;
        slot_fail(w, s, CQLR_E_NOMEM, &none);
        return;
    }
    execute(w, s);
}

static void is_due(struct cqlr__window *w, uint64_t at)
{
    w->due = at < w->due ? at : w->due;
}

/* Further pages and repetitions, oldest first. One that is not the oldest has to wait while much is
 * held. */
static void execute_waiting(struct cqlr__window *w)
{
    uint64_t now = cqlr_loop_now(w->loop);
    size_t left = w->waiting;
    for (size_t i = 0; i < w->used && left && may_execute(w); i++) {
        struct cqlr__slot *s = slot_at(w, i);
        if (s->state != WAITING)
            continue;
        left--;
        if (s->not_before > now)
            is_due(w, s->not_before);
        else if (i == 0 || w->held < w->pub.ring->size)
            execute(w, s);
    }
}

/* Is it time for another parameter set? Its time was taken from the group's schedule, so it is kept
 * until it is used. */
static bool in_pace(struct cqlr__window *w)
{
    uint64_t now = cqlr_loop_now(w->loop);
    if (!w->begin)
        w->begin = cqlr__pace_take(w->pace, now);
    if (w->begin > now) {
        is_due(w, w->begin);
        return false;
    }
    w->begin = 0;
    return true;
}

void cqlr__window_go(struct cqlr__window *w)
{
    w->due = CQLR_NEVER;
    do {
        publish(w);
        if (w->waiting)
            execute_waiting(w);
        while (may_execute(w) && w->submit && w->used < w->cap && (!w->pace || in_pace(w)))
            submit_next(w);
        /* once more when the oldest could not even be sent: the next one may have waited for it */
    } while (w->used && slot_at(w, 0)->state == DONE && !w->blocked);
}

/* ---- answers ---- */

/* Did the request end because its connection did? */
static bool is_loss(int rc)
{
    return rc == CQLR_E_CLOSED || rc == CQLR_E_IO || rc == CQLR_E_PROTO || rc == CQLR_E_TLS ||
           rc == CQLR_E_STATE;
}

/* May it be executed, after it perhaps was already? */
static bool may_repeat(const struct cqlr__slot *s, const struct cqlr__answer *a)
{
    return s->work->m.idempotent || a->unsent;
}

/* Once more on another connection? Requests that end one connection after the other are given up;
 * but one that never answered anything was not ended by this request. */
static bool another_try(const struct cqlr__window *w, struct cqlr__slot *s)
{
    s->tries += w->answers != w->answers_before;
    return s->tries < MOST_TRIES;
}

/* The server refused: once more, after a pause? */
static bool again_after_refusal(struct cqlr__window *w, struct cqlr__slot *s,
                                const struct cqlr__answer *a)
{
    uint64_t n = atomic_load_explicit(&w->gauges->retries, memory_order_relaxed);
    if (!a->error || !cqlr__retry(a->error, may_repeat(s, a), s->refused, w->retries))
        return false;
    s->not_before =
        cqlr_loop_now(w->loop) + cqlr__backoff(w->retry_delay, w->retry_delay_max, s->refused,
                                               cqlr__backoff_random(&w->random));
    s->refused++;
    atomic_store_explicit(&w->gauges->retries, n + 1, memory_order_relaxed);
    return true;
}

static void wait_again(struct cqlr__window *w, struct cqlr__slot *s)
{
    s->state = WAITING;
    w->waiting++;
}

static void is_broken(struct cqlr__window *w, const struct cqlr_err *why)
{
    if (!w->broken) /* the first reason is the reason, others follow from it */
        w->lost = *why;
    w->broken = true;
}

/* Timed out: that need not be the request's own fault. Until the server has said anything nothing
 * more is sent, and what may be executed again is not given up. */
static bool in_doubt(struct cqlr__window *w, struct cqlr__slot *s, const struct cqlr__answer *a,
                     const struct cqlr_err *err)
{
    if (a->rc != CQLR_E_TIMEOUT || !w->self)
        return false;
    if (!w->silent)
        w->lost = *err;
    w->silent = true;
    if (!may_repeat(s, a))
        return false;
    s->err = error_keep(a->rc, err);
    s->state = DOUBTFUL;
    w->doubtful++;
    return true;
}

static void on_failure(struct cqlr__window *w, struct cqlr__slot *s, const struct cqlr__answer *a)
{
    struct cqlr_err err = *a->err;
    bool loss = is_loss(a->rc);
    if (loss)
        is_broken(w, &err);
    if (loss ? another_try(w, s) && may_repeat(s, a) : again_after_refusal(w, s, a)) {
        wait_again(w, s);
        return;
    }
    if (a->unsent && (err.code == CQLR_E_CLOSED || err.code == CQLR_E_TIMEOUT)) {
        err.code = CQLR_E_CANCELLED;
        cqlr__err_prefix(&err, "not sent");
    } else if (loss && !may_repeat(s, a) && err.code != CQLR_E_CLOSED) {
        err.code = CQLR_E_CLOSED;
        cqlr__err_prefix(&err, "outcome unknown");
    }
    if (!in_doubt(w, s, a, &err))
        slot_fail(w, s, a->rc, &err);
}

/* ---- silence ---- */

void cqlr__window_alive(struct cqlr__window *w)
{
    w->silent = false;
    for (size_t i = 0; i < w->used && w->doubtful; i++) {
        struct cqlr__slot *s = slot_at(w, i);
        if (s->state != DOUBTFUL)
            continue;
        w->doubtful--;
        slot_end(w, s);
    }
    cqlr__window_go(w);
}

/* They count as requests whose connection was lost, so one that silences server after server is
 * given up, too. */
void cqlr__window_lost(struct cqlr__window *w, const struct cqlr_err *why)
{
    w->silent = false;
    is_broken(w, why);
    for (size_t i = 0; i < w->used && w->doubtful; i++) {
        struct cqlr__slot *s = slot_at(w, i);
        if (s->state != DOUBTFUL)
            continue;
        w->doubtful--;
        if (!another_try(w, s)) {
            slot_end(w, s);
            continue;
        }
        error_free(s->err);
        s->err = NULL;
        wait_again(w, s);
    }
}

static void on_page(struct cqlr__window *w, struct cqlr__slot *s, const struct cqlr__answer *a)
{
    const struct cqlr_item item = {.index = s->work->m.first + s->item,
                                   .page = s->page,
                                   .last = a->next.n <= 0,
                                   .rows_before = s->item_rows};
    struct cqlr_err err = {0};
    uint64_t rows = 0;
    size_t before = s->out.n;
    int rc;

    if (!s->out.mem)
        buffer_get(w, s);
    rc = w->engine->page(w->self, &item, a->reply, &s->out, &rows, &err);
    if (s->out.n < before)
        s->out.n = before;
    w->held += s->out.n - before;
    cqlr_wr_reset(&s->next);
    if (!item.last)
        cqlr_wr_raw(&s->next, a->next.p, (size_t)a->next.n);
    if (rc >= 0 && (s->out.rc || s->next.rc))
        rc = cqlr__err_set(&err, CQLR_E_NOMEM, "output of a page: out of memory");
    if (rc >= 0 && !cqlr__paging_step(&s->paging, a->next, rows))
        rc = cqlr__err_set(&err, CQLR_E_PROTO,
                           "no progress: %d empty pages in a row with the same paging state",
                           CQLR__PAGING_MOST);
    if (rc < 0) {
        slot_fail(w, s, rc, &err);
        return;
    }
    s->pages++;
    s->rows += rows;
    s->item_rows += rows;
    s->page++;
    s->tries = s->refused = 0;
    s->not_before = 0;
    s->state = item.last ? DONE : WAITING;
    w->waiting += !item.last;
}

void cqlr__window_answered(struct cqlr__window *w, size_t slot, const struct cqlr__answer *a)
{
    struct cqlr__slot *s = &w->slot[slot];
    uint64_t now = cqlr_loop_now(w->loop);
    w->flying--;
    w->again = false;
    if (a->rc < 0) {
        on_failure(w, s, a);
    } else {
        w->answers++;
        on_page(w, s, a);
    }
    if (a->rc >= 0 || a->rc == CQLR_E_SERVER) { /* the server has said something */
        cqlr__hist_add(&w->gauges->latency, now - s->submitted);
        atomic_store_explicit(&w->gauges->last_answer, now, memory_order_relaxed);
        if (w->silent)
            cqlr__window_alive(w);
    }
    cqlr__window_go(w);
}

/*
 * death.c - a worker has died. It loses nothing that it published: its records are kept with their
 * units, which go on behind them with another worker. What it had sent without publishing an answer
 * is executed again if the unit is idempotent; else each such parameter set becomes an error record
 * "outcome unknown" in its place, and only those that were never sent are given away. An exit
 * status of 0 is a death too, unless the worker was told to stop.
 */
#include "proto/base/err.h"
#include "src/bulk/manager/manager.h"

#define MOST_DEAD_START 5 /* workers in a row that die before they are ready */

/* The item of the unit up to which its holder had sent, which says so in `sent`. */
static uint64_t sent_until(const struct cqlr__unit *u, uint64_t sent)
{
    uint64_t n = sent > u->base ? sent - u->base : 0;
    return n < u->count - u->from ? u->from + n : u->count;
}

/* What was sent and not answered becomes "outcome unknown". */
static void save_unknown(struct cqlr__lane *l, struct cqlr__unit *u, uint64_t sent)
{
    struct cqlr__record rec = {
        .kind = CQLR__RECORD_ERROR, .unit = u->number, .slot = (uint64_t)l->slot};
    struct cqlr_err err;
    struct cqlr_wr w;
    uint64_t until = sent_until(u, sent);

    cqlr__err_set(&err, CQLR_E_CLOSED, "worker died, outcome unknown");
    cqlr_wr_init(&w, NULL, 0);
    cqlr__failure_write(&w, &err);
    rec.bytes = w.n;
    while (u->item < until && !w.rc) {
        bool had = u->saved_off < u->saved.n;
        rec.next_item = u->item + 1;
        if (cqlr__order_accept(u, l->slot, &rec, w.p) < 0 || cqlr__order_save(u, &rec, w.p) < 0)
            w.rc = CQLR_E_NOMEM;
        else
            l->m->batch.saved += !had;
    }
    if (w.rc)
        cqlr__manager_failf(l->m, CQLR_E_NOMEM, "units of a lost worker: out of memory");
    cqlr_wr_fini(&w);
}

/* The first unit that the worker had begun may be the one that killed it. After the second time it
 * is executed one request at a time, so the third names the parameter set. */
static void strike(struct cqlr__lane *l, struct cqlr__unit *u, const char *why)
{
    if (++u->strikes < CQLR__MOST_STRIKES)
        return;
    cqlr__manager_failf(l->m, CQLR_E_WORKER,
                        "%u workers died over parameter set %llu without progress, the last: %s",
                        u->strikes, (unsigned long long)(u->first + u->item), why);
}

static void take_back_units(struct cqlr__lane *l, const char *why)
{
    struct cqlr__manager *m = l->m;
    const struct cqlr__gauges *g = l->ring.extra;
    uint64_t sent = atomic_load_explicit(&g->sent, memory_order_acquire);
    bool struck = false;
    for (uint64_t i = m->order.oldest; i < m->order.next && l->units; i++) {
        struct cqlr__unit *u = cqlr__order_unit(&m->order, i);
        if (u->holder != l->slot)
            continue;
        if (!u->idempotent)
            save_unknown(l, u, sent);
        if (!struck && !m->batch.stopping && sent > u->base && u->item < u->count)
            strike(l, u, why);
        struck = true;
        l->units--;
        cqlr__order_take_back(&m->order, u);
    }
}

/* The run ends early: what this worker had sent and nobody committed may have been executed. Not
 * idempotent, it is not simply missing. */
static void count_unknown(struct cqlr__lane *l)
{
    struct cqlr__manager *m = l->m;
    const struct cqlr__gauges *g = l->ring.extra;
    uint64_t sent = atomic_load_explicit(&g->sent, memory_order_acquire);
    for (uint64_t i = m->order.oldest; i < m->order.next; i++) {
        const struct cqlr__unit *u = cqlr__order_unit(&m->order, i);
        uint64_t until = sent_until(u, sent);
        if (u->idempotent || u->holder != l->slot || until <= u->item)
            continue;
        m->batch.unknown += until - u->item;
        m->batch.errors += until - u->item;
    }
}

/* The same for the answers of workers that ended before, which will not come out any more. */
void cqlr__death_count_saved(struct cqlr__manager *m)
{
    for (uint64_t i = m->order.oldest; m->batch.saved && i < m->order.next; i++) {
        struct cqlr__unit *u = cqlr__order_unit(&m->order, i);
        struct cqlr__record rec;
        const uint8_t *p;
        while (!u->idempotent && cqlr__order_saved(u, &rec, &p)) {
            uint64_t n = rec.kind == CQLR__RECORD_ERROR ? 1 : rec.queries;
            m->batch.unknown += n;
            m->batch.errors += n;
        }
    }
}

/* A worker died on its way to being ready: the next start waits a moment, and when nothing else
 * gets on either, the run ends. */
static void died_early(struct cqlr__manager *m, const char *why)
{
    m->batch.start_deaths =
        m->batch.committed == m->batch.committed_at_death ? m->batch.start_deaths + 1 : 1;
    m->batch.committed_at_death = m->batch.committed;
    if (m->batch.start_deaths >= MOST_DEAD_START)
        cqlr__manager_failf(m, CQLR_E_WORKER,
                            "%u workers in a row died before they were connected, the last: %s",
                            m->batch.start_deaths, why);
    cqlr__supervise_pause_starts(m, CQLR__SECOND / 20);
}

/* What a worker of an earlier batch says that has no part in this one is of the time between: it is
 * only replaced. If it still holds, the new one will say so. */
static void died(struct cqlr__lane *l, bool was_ready, const char *why)
{
    struct cqlr__manager *m = l->m;
    bool now = l->born == m->batches || l->batch == m->batches;
    cqlr__supervise_event(l, CQLR_WORKER_DIED, why);
    if (l->fatal.code && now) { /* nobody takes its place */
        cqlr__commit(m);
        cqlr__manager_fail(m, &l->fatal);
        return;
    }
    m->batch.replaced++;
    m->tally[l->slot].replaced++;
    if (!was_ready)
        died_early(m, why);
}

void cqlr__death(struct cqlr__lane *l, const char *why, bool clean)
{
    struct cqlr__manager *m = l->m;
    bool was_ready = l->state == CQLR__LANE_READY, expected = m->batch.stopping || m->batch.ended;
    if (l->state == CQLR__LANE_CONNECTING)
        m->connecting--;
    m->alive--;
    m->doubt = true;
    if (!m->batch.ended) {
        cqlr__commit_save(l);
        take_back_units(l, why);
    } else if (m->batch.rc < 0) {
        count_unknown(l);
    }
    cqlr__report_add(&m->tally[l->slot].past, l->ring.extra);
    if (expected)
        cqlr__supervise_event(l, clean ? CQLR_WORKER_ENDED : CQLR_WORKER_DIED, why);
    else
        died(l, was_ready, l->fatal.code ? l->fatal.text : why);
    cqlr__process_close(l);
}

/*
 * report.c - what the host is told: progress and checkpoints while a batch runs, workers, latencies
 * and the summary at its end. What workers measure lies in shared memory beside their rings; what
 * those that have ended had measured is kept in the tally of their slot.
 */
#include <stdlib.h>

#include "src/bulk/manager/manager.h"

static uint64_t get(const _Atomic uint64_t *p)
{
    return atomic_load_explicit(p, memory_order_relaxed);
}

/* ---- what was measured ---- */

void cqlr__report_begin(struct cqlr__lane *l)
{
    struct cqlr__gauges *g = l->ring.extra;
    struct cqlr__tally *y = &l->m->tally[l->slot];
    if (y->pid) /* else it was never written to: many slots may be spare */
        memset(y, 0, sizeof *y);
    if (l->state == CQLR__LANE_OFF)
        return;
    atomic_store_explicit(&g->first_submit, 0, memory_order_relaxed);
    atomic_store_explicit(&g->last_answer, 0, memory_order_relaxed);
    atomic_store_explicit(&g->retries, 0, memory_order_relaxed);
    atomic_store_explicit(&g->outage_ns, 0, memory_order_relaxed);
    cqlr__hist_clear(&g->latency);
    y->pid = l->pid;
}

static void merge_times(struct cqlr__times *into, uint64_t first, uint64_t last)
{
    if (first && (!into->first_submit || first < into->first_submit))
        into->first_submit = first;
    if (last > into->last_answer)
        into->last_answer = last;
}

void cqlr__report_add(struct cqlr__times *into, const struct cqlr__gauges *g)
{
    merge_times(into, get(&g->first_submit), get(&g->last_answer));
    into->retries += get(&g->retries);
    into->outage_ns += get(&g->outage_ns);
    cqlr__hist_merge(&into->latency, &g->latency);
}

/* What the processes of a slot measured, those that have ended and the one that lives. They wait
 * for the same server at the same time: of their waits the longest slot's counts. */
static void add_slot(const struct cqlr__manager *m, unsigned slot, struct cqlr__times *into)
{
    const struct cqlr__times *past = &m->tally[slot].past;
    uint64_t longest = into->outage_ns;
    if (!m->tally[slot].pid)
        return;
    merge_times(into, past->first_submit, past->last_answer);
    into->retries += past->retries;
    into->outage_ns = past->outage_ns;
    cqlr__hist_merge(&into->latency, &past->latency);
    if (m->lane[slot].state != CQLR__LANE_OFF)
        cqlr__report_add(into, m->lane[slot].ring.extra);
    if (into->outage_ns < longest)
        into->outage_ns = longest;
}

/* Of all slots; free it. NULL: no memory. */
static struct cqlr__times *all_times(const struct cqlr__manager *m)
{
    struct cqlr__times *t = calloc(1, sizeof *t);
    for (unsigned i = 0; t && i < m->lanes; i++)
        add_slot(m, i, t);
    return t;
}

/* ---- while it runs ---- */

void cqlr__report_progress(struct cqlr__manager *m)
{
    const struct cqlr__batch *b = &m->batch;
    struct cqlr_bulk_progress p = {.done = b->queries + b->errors,
                                   .total = cqlr__commit_total(m),
                                   .rows = b->rows,
                                   .errors = b->errors,
                                   .unknown = b->unknown,
                                   .workers = m->alive};
    struct cqlr__times *t = all_times(m);
    if (!t)
        return; /* the next one will tell */
    for (unsigned i = 0; i < m->lanes; i++) {
        const struct cqlr__gauges *g = m->lane[i].ring.extra;
        if (m->lane[i].state == CQLR__LANE_OFF)
            continue;
        p.in_flight += atomic_load_explicit(&g->in_flight, memory_order_relaxed);
        p.waiting += atomic_load_explicit(&g->waiting, memory_order_relaxed) != 0;
    }
    p.retries = t->retries;
    p.seconds = t->first_submit ? (double)(cqlr_now() - t->first_submit) / 1e9 : 0;
    p.p50 = cqlr__hist_at(&t->latency, 500);
    p.p99 = cqlr__hist_at(&t->latency, 990);
    free(t);
    m->o.on_progress(m->o.arg, &p);
}

void cqlr__report_checkpoint(struct cqlr__manager *m, bool at_end)
{
    struct cqlr__batch *b = &m->batch;
    uint64_t now;
    if (!m->o.on_checkpoint || m->o.order != CQLR_ORDER_INPUT || m->o.out_fd < 0)
        return;
    if (!at_end && b->written.done == b->told_done)
        return;
    now = cqlr_now();
    if (!at_end && now - b->told_at < CQLR__SECOND)
        return;
    b->told_at = now;
    b->told_done = b->written.done;
    m->o.on_checkpoint(m->o.arg, b->written.done, b->written.bytes);
}

/* ---- at the end ---- */

static void tell_workers(struct cqlr__manager *m)
{
    for (unsigned i = 0; i < m->lanes && m->o.on_worker_summary; i++) {
        const struct cqlr__tally *y = &m->tally[i];
        struct cqlr_bulk_worker w = {.slot = i,
                                     .pid = y->pid,
                                     .replaced = y->replaced,
                                     .queries = y->queries,
                                     .errors = y->errors,
                                     .rows = y->rows};
        struct cqlr__times *t = y->pid ? calloc(1, sizeof *t) : NULL;
        if (t) {
            add_slot(m, i, t);
            w.answers = get(&t->latency.count);
            w.p50 = cqlr__hist_at(&t->latency, 500);
            w.p99 = cqlr__hist_at(&t->latency, 990);
            w.max = cqlr__hist_max(&t->latency);
        }
        free(t);
        if (y->pid)
            m->o.on_worker_summary(m->o.arg, &w);
    }
}

static void tell_latency(const struct cqlr__manager *m, const struct cqlr__hist *h)
{
    for (unsigned i = 0; i < CQLR__HIST_BUCKETS && m->o.on_latency; i++) {
        uint64_t low, high, n = get(&h->bucket[i]);
        if (!n)
            continue;
        cqlr__hist_range(i, &low, &high);
        m->o.on_latency(m->o.arg, low, high, n);
    }
}

static void fill_times(struct cqlr_bulk_summary *s, const struct cqlr__times *t)
{
    if (t->first_submit && t->last_answer > t->first_submit)
        s->seconds = (double)(t->last_answer - t->first_submit) / 1e9;
    s->retries = t->retries;
    s->outage = (double)t->outage_ns / 1e9;
    s->p50 = cqlr__hist_at(&t->latency, 500);
    s->p90 = cqlr__hist_at(&t->latency, 900);
    s->p99 = cqlr__hist_at(&t->latency, 990);
    s->p999 = cqlr__hist_at(&t->latency, 999);
    s->max = cqlr__hist_max(&t->latency);
    s->min = cqlr__hist_min(&t->latency);
}

void cqlr__report_end(struct cqlr__manager *m, struct cqlr_bulk_summary *s, size_t size)
{
    const struct cqlr__batch *b = &m->batch;
    struct cqlr_bulk_summary all = {.size = size,
                                    .queries = b->queries,
                                    .total = cqlr__commit_total(m),
                                    .rows = b->rows,
                                    .pages = b->pages,
                                    .empty = b->empty,
                                    .errors = b->errors,
                                    .unknown = b->unknown,
                                    .processes = b->most_alive,
                                    .replaced = b->replaced,
                                    .err = b->err};
    uint64_t known = b->total == UINT64_MAX ? b->next_index - b->first : all.total;
    struct cqlr__times *t = all_times(m);
    all.missing = known - b->queries - b->errors;
    if (t) {
        fill_times(&all, t);
        tell_latency(m, &t->latency);
    }
    tell_workers(m);
    free(t);
    memcpy(s, &all, size < sizeof all ? size : sizeof all);
}

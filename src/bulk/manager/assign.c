/*
 * assign.c - units of work → workers. Ranges become units at the moment when somebody takes them;
 * lines become units as they are read, a short one when a worker has nothing to do and the input
 * pauses.
 *
 * A worker asks when little is left to it. It then gets units, in turns with the others that ask,
 * until it has what it asks at and a little more; near the end no more than its share of what is
 * left, so that all end together. Small turns also keep the workers close to each other in
 * parameter order, which is what an ordered output needs.
 */
#include <errno.h>

#include "proto/base/err.h"
#include "src/bulk/manager/manager.h"
#include "src/bulk/source/source.h"
#include "src/bulk/source/split.h"

#define READS_AT_ONCE 16
#define TEXTS_HELD    (32u * 1024 * 1024) /* of lines in units that are not committed */

static void on_lines(void *arg, unsigned events)
{
    struct cqlr__manager *m = arg;
    (void)events;
    cqlr_loop_remove(m->loop, &m->batch.lines_watch);
    m->batch.lines_watched = false;
}

void cqlr__assign_open(struct cqlr__manager *m)
{
    cqlr__lines_init(&m->batch.lines, m->o.source);
    m->batch.lines_watch = (struct cqlr_watch){m->batch.lines.fd, CQLR_READ, on_lines, m};
}

void cqlr__assign_close(struct cqlr__manager *m)
{
    if (m->batch.lines_watched)
        on_lines(m, 0);
    cqlr__lines_fini(&m->batch.lines);
}

uint64_t cqlr__assign_low(const struct cqlr__manager *m)
{
    return m->batch.block > m->o.in_flight ? m->batch.block : m->o.in_flight;
}

/* Parameter sets that a worker gets in one turn. */
static uint64_t portion(const struct cqlr__manager *m)
{
    uint64_t part = m->o.in_flight / 4;
    return m->batch.block > part ? m->batch.block : part;
}

uint64_t cqlr__assign_work_left(struct cqlr__manager *m)
{
    uint64_t n = cqlr__order_free_count(&m->order, 4 * (uint64_t)m->batch.workers + 1);
    if (!cqlr__source_is_stream(m->o.source))
        return n + cqlr__split_units(m->batch.total - m->batch.next_index, m->batch.block);
    return n + (m->batch.lines.count > 0);
}

/* ---- lines → units ---- */

/* May all parameter sets of the unit that is made now be executed twice? */
static bool is_idempotent(const struct cqlr__manager *m)
{
    if (m->o.idempotence == CQLR_IDEMPOTENT_AUTO && m->o.source->form == CQLR__SOURCE_WORKLOAD)
        return m->batch.lines.idempotent;
    return m->idempotent;
}

/* A unit of the next `count` parameter sets. NULL: no memory; the batch has failed. */
static struct cqlr__unit *add_unit(struct cqlr__manager *m, uint64_t count, struct cqlr_wr *texts)
{
    struct cqlr__unit *u = cqlr__order_add(&m->order, m->batch.next_index, count, texts);
    if (!u) {
        cqlr__manager_failf(m, CQLR_E_NOMEM, "units of work: out of memory");
        return NULL;
    }
    u->idempotent = is_idempotent(m);
    m->batch.next_index += count;
    return u;
}

static bool add_lines(struct cqlr__manager *m)
{
    struct cqlr__lines *lines = &m->batch.lines;
    if (lines->texts.rc) {
        cqlr__manager_failf(m, lines->texts.rc, "reading parameters: out of memory");
        return false;
    }
    if (!add_unit(m, lines->count, &lines->texts))
        return false;
    lines->count = 0;
    return true;
}

/* An earlier run has done these. */
static void drop_lines(struct cqlr__manager *m)
{
    struct cqlr__batch *b = &m->batch;
    b->first = b->next_index += b->lines.count;
    b->reached.done = b->written.done = b->first;
    b->lines.count = 0;
    cqlr_wr_reset(&b->lines.texts);
}

/* Nothing is there to read: the loop will tell. A regular file cannot be waited for, and need not
 * be. */
static void watch_lines(struct cqlr__manager *m)
{
    if (cqlr_loop_add(m->loop, &m->batch.lines_watch) == 0)
        m->batch.lines_watched = true;
    else if (errno == EPERM)
        m->batch.more = true;
    else
        cqlr__manager_failf(m, CQLR_E_IO, "reading parameters: cannot wait for them");
}

static bool enough_read(struct cqlr__manager *m)
{
    return cqlr__assign_work_left(m) > 4 * (uint64_t)m->batch.workers ||
           m->order.text_bytes > TEXTS_HELD;
}

static void read_lines(struct cqlr__manager *m)
{
    struct cqlr_err err = {0};
    for (int reads = 0;
         !m->batch.lines_watched && !m->batch.ended && m->batch.total == UINT64_MAX;) {
        uint64_t skip = m->o.skip - m->batch.first, block = m->batch.block;
        bool full = cqlr__lines_gather(&m->batch.lines, skip && skip < block ? skip : block);
        int rc;
        if (skip && m->batch.lines.count && !m->batch.lines.texts.rc) {
            drop_lines(m);
            continue;
        }
        if (full || (m->batch.lines.ended && m->batch.lines.count)) {
            if (!add_lines(m))
                return;
            continue;
        }
        if (m->batch.lines.ended) {
            m->batch.total = m->batch.next_index;
            return;
        }
        if (enough_read(m))
            return;
        if (reads++ == READS_AT_ONCE) {
            m->batch.more = true;
            return;
        }
        rc = cqlr__lines_read(&m->batch.lines, &err);
        if (rc < 0)
            cqlr__manager_fail(m, &err);
        else if (rc == 0)
            watch_lines(m);
    }
}

/* ---- units → workers ---- */

/* The lowest unit that the worker may have, made if need be. */
static struct cqlr__unit *pick(struct cqlr__lane *l)
{
    struct cqlr__manager *m = l->m;
    struct cqlr__unit *u = cqlr__order_free_unit(&m->order, l->units ? l->least : 0);
    uint64_t count;
    if (u)
        return u;
    if (cqlr__source_is_stream(m->o.source)) {
        if (!m->batch.lines.count || l->queued || !add_lines(m))
            return NULL;
        return cqlr__order_unit(&m->order, m->order.next - 1);
    }
    if (m->batch.next_index == m->batch.total)
        return NULL;
    count = m->batch.total - m->batch.next_index;
    count = count < m->batch.block ? count : m->batch.block;
    return add_unit(m, count, NULL);
}

static void give(struct cqlr__lane *l, struct cqlr__unit *u)
{
    const struct cqlr__unit_message head = {.unit = u->number,
                                            .first = u->first,
                                            .count = u->count,
                                            .item = u->item,
                                            .page = u->page,
                                            .item_rows = u->item_rows,
                                            .careful = u->strikes >= CQLR__CAREFUL_FROM,
                                            .idempotent = u->idempotent,
                                            .state = (uint32_t)u->state.n,
                                            .texts = (uint32_t)u->texts.n};
    struct cqlr_wr w;
    cqlr__prepare_tell(l);
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_raw(&w, &head, sizeof head);
    cqlr_wr_raw(&w, u->state.p, u->state.n);
    if (w.rc)
        cqlr__manager_failf(l->m, CQLR_E_NOMEM, "units of work: out of memory");
    else
        cqlr__supervise_tell_two(l, CQLR__TO_UNIT, w.p, w.n, u->texts.p, u->texts.n);
    cqlr_wr_fini(&w);
    cqlr__order_give(u, l->slot, l->given);
    l->given += u->count - u->item;
    l->queued += u->count - u->item;
    l->least = u->number + 1;
    l->units++;
}

/* How many parameter sets the worker should have waiting. */
static uint64_t wanted(const struct cqlr__manager *m)
{
    uint64_t full = cqlr__assign_low(m) + portion(m), share;
    if (m->batch.total == UINT64_MAX)
        return full;
    share = (m->batch.total - m->batch.next_index) / m->batch.workers;
    share = share ? share : 1;
    return share < full ? share : full;
}

/* One turn of a hungry worker. true = it got something. */
static bool offer(struct cqlr__lane *l)
{
    uint64_t most = wanted(l->m), turn = portion(l->m), before = l->queued;
    while (l->queued < most && l->queued - before < turn && !l->m->batch.ended) {
        struct cqlr__unit *u = pick(l);
        if (!u)
            return l->queued > before;
        give(l, u);
    }
    l->hungry = l->queued < most;
    return l->queued > before;
}

void cqlr__assign(struct cqlr__manager *m)
{
    bool any = m->batch.checked && !m->batch.stopping && !m->batch.ended;
    if (cqlr__source_is_stream(m->o.source) && any)
        read_lines(m);
    while (any) {
        any = false;
        for (unsigned i = 0; i < m->lanes; i++) {
            struct cqlr__lane *l = &m->lane[(m->turn + i) % m->lanes];
            if (l->state == CQLR__LANE_READY && l->hungry)
                any = offer(l) || any;
        }
    }
}

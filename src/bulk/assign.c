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
#include "src/bulk/manager.h"
#include "src/bulk/source.h"
#include "src/bulk/split.h"

#define READS_AT_ONCE 16
#define TEXTS_HELD    (32u * 1024 * 1024) /* of lines in units that are not committed */

static void on_lines(void *arg, unsigned events)
{
    struct cqlr__manager *m = arg;
    (void)events;
    cqlr_loop_remove(m->loop, &m->lines_watch);
    m->lines_watched = false;
}

void cqlr__assign_open(struct cqlr__manager *m)
{
    m->lines_source = m->o.source->fd >= 0;
    m->total = cqlr_source_total(m->o.source);
    cqlr__lines_init(&m->lines, m->o.source->fd);
    m->lines_watch = (struct cqlr_watch){m->lines.fd, CQLR_READ, on_lines, m};
}

void cqlr__assign_close(struct cqlr__manager *m)
{
    if (m->lines_watched)
        on_lines(m, 0);
    cqlr__lines_fini(&m->lines);
}

uint64_t cqlr__assign_low(const struct cqlr__manager *m)
{
    return m->o.block > m->o.in_flight ? m->o.block : m->o.in_flight;
}

/* Parameter sets that a worker gets in one turn. */
static uint64_t portion(const struct cqlr__manager *m)
{
    uint64_t part = m->o.in_flight / 4;
    return m->o.block > part ? m->o.block : part;
}

uint64_t cqlr__assign_work_left(struct cqlr__manager *m)
{
    uint64_t n = cqlr__order_free_count(&m->order, 4 * (uint64_t)m->lanes + 1);
    if (!m->lines_source)
        return n + cqlr__split_units(m->total - m->next_index, m->o.block);
    return n + (m->lines.count > 0);
}

/* ---- lines → units ---- */

static bool add_lines(struct cqlr__manager *m)
{
    if (m->lines.texts.rc ||
        !cqlr__order_add(&m->order, m->next_index, m->lines.count, &m->lines.texts)) {
        cqlr__manager_failf(m, CQLR_E_NOMEM, "reading parameters: out of memory");
        return false;
    }
    m->next_index += m->lines.count;
    m->lines.count = 0;
    return true;
}

/* Nothing is there to read: the loop will tell. A regular file cannot be waited for, and need not
 * be. */
static void watch_lines(struct cqlr__manager *m)
{
    if (cqlr_loop_add(m->loop, &m->lines_watch) == 0)
        m->lines_watched = true;
    else if (errno == EPERM)
        m->more = true;
    else
        cqlr__manager_failf(m, CQLR_E_IO, "reading parameters: cannot wait for them");
}

static bool enough_read(struct cqlr__manager *m)
{
    return cqlr__assign_work_left(m) > 4 * (uint64_t)m->lanes || m->order.text_bytes > TEXTS_HELD;
}

static void read_lines(struct cqlr__manager *m)
{
    struct cqlr_err err = {0};
    for (int reads = 0; !m->lines_watched && !m->ended && m->total == UINT64_MAX;) {
        bool full = cqlr__lines_gather(&m->lines, m->o.block);
        int rc;
        if (full || (m->lines.ended && m->lines.count)) {
            if (!add_lines(m))
                return;
            continue;
        }
        if (m->lines.ended) {
            m->total = m->next_index;
            return;
        }
        if (enough_read(m))
            return;
        if (reads++ == READS_AT_ONCE) {
            m->more = true;
            return;
        }
        rc = cqlr__lines_read(&m->lines, &err);
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
    if (m->lines_source) {
        if (!m->lines.count || l->queued || !add_lines(m))
            return NULL;
        return cqlr__order_unit(&m->order, m->order.next - 1);
    }
    if (m->next_index == m->total)
        return NULL;
    count = m->total - m->next_index;
    count = count < m->o.block ? count : m->o.block;
    u = cqlr__order_add(&m->order, m->next_index, count, NULL);
    if (!u)
        cqlr__manager_failf(m, CQLR_E_NOMEM, "units of work: out of memory");
    else
        m->next_index += count;
    return u;
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
                                            .state = (uint32_t)u->state.n,
                                            .texts = (uint32_t)u->texts.n};
    struct cqlr_wr w;
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
    if (m->total == UINT64_MAX)
        return full;
    share = (m->total - m->next_index) / m->lanes;
    share = share ? share : 1;
    return share < full ? share : full;
}

/* One turn of a hungry worker. true = it got something. */
static bool offer(struct cqlr__lane *l)
{
    uint64_t most = wanted(l->m), turn = portion(l->m), before = l->queued;
    while (l->queued < most && l->queued - before < turn && !l->m->ended) {
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
    bool any = m->prepared && !m->stopping && !m->ended;
    if (m->lines_source && any)
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

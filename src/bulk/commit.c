/*
 * commit.c - records → counters, errors and output. With CQLR_ORDER_INPUT only the oldest unit's
 * records are taken: first those that lost workers left, then those in the ring of the worker that
 * holds it. What the other workers have ready waits in their rings, and when these are full, the
 * workers wait. While the output is blocked nothing is taken at all.
 */
#include <stdlib.h>

#include "proto/base/err.h"
#include "src/bulk/manager.h"

#define BREATH 1024 /* records in one go; then the workers are looked after */

bool cqlr__commit_complete(const struct cqlr__manager *m)
{
    return m->order.oldest == m->order.next && m->next_index == m->total;
}

/* A share is looked at from 100 parameter sets on, and at the end. */
bool cqlr__commit_too_many(const struct cqlr__manager *m, bool at_end)
{
    uint64_t done = m->queries + m->errors;
    if (m->errors <= m->o.max_errors)
        return false;
    if (m->o.max_error_share <= 0)
        return true;
    return (done >= 100 || at_end) && (double)m->errors > m->o.max_error_share * (double)done;
}

static void commit_error(struct cqlr__manager *m, uint64_t index, const uint8_t *p, size_t n)
{
    struct cqlr_err err;
    cqlr__failure_read(p, n, &err);
    m->errors++;
    m->unknown += err.code == CQLR_E_TIMEOUT || err.code == CQLR_E_CLOSED;
    if (m->o.on_error)
        m->o.on_error(m->o.arg, index, &err);
    if (cqlr__commit_too_many(m, m->queries + m->errors == m->total)) {
        err.code = CQLR_E_LIMIT;
        cqlr__err_prefix(&err, "too many errors (%llu), parameter set %llu",
                         (unsigned long long)m->errors, (unsigned long long)index);
        cqlr__manager_fail(m, &err);
    }
}

/* An accepted record of unit u. */
static void commit_record(struct cqlr__manager *m, const struct cqlr__unit *u,
                          const struct cqlr__record *rec, const uint8_t *p)
{
    size_t n = (size_t)(rec->bytes - rec->state);
    m->committed++;
    if (rec->kind == CQLR__RECORD_ERROR) {
        commit_error(m, u->first + rec->next_item - 1, p, n);
        return;
    }
    m->queries += rec->queries;
    m->empty += rec->empty;
    m->pages += rec->pages;
    m->rows += rec->rows;
    if (cqlr__out_write(&m->out, p, n) < 0)
        cqlr__manager_fail(m, m->out.err);
}

/* The holder has given all there is of the unit. */
static void let_go(struct cqlr__manager *m, struct cqlr__unit *u)
{
    if (u->item < u->count || u->holder == CQLR__NOBODY)
        return;
    m->lane[u->holder].units--;
    u->holder = CQLR__NOBODY;
}

static void tell_space(struct cqlr__lane *l)
{
    if (cqlr__ring_tell_producer(&l->ring))
        cqlr__supervise_tell(l, CQLR__TO_SPACE, NULL, 0);
}

/* The next record of a lane; `only` = it must be of this unit (NULL: any). true = one was
 * committed. */
static bool commit_from_lane(struct cqlr__lane *l, const struct cqlr__unit *only)
{
    struct cqlr__manager *m = l->m;
    struct cqlr__record rec;
    struct cqlr__unit *u;
    const uint8_t *p;
    int rc = cqlr__reader_next(&l->reader, &rec, &p);
    if (rc == 0) {
        tell_space(l); /* chunks were taken out of it */
        return false;
    }
    u = rc == 1 ? cqlr__order_unit(&m->order, rec.unit) : NULL;
    if (rc == 1)
        rc = u && (!only || u == only) ? cqlr__order_accept(u, l->slot, &rec, p) : CQLR_E_WORKER;
    if (rc == CQLR_E_NOMEM)
        cqlr__manager_failf(m, rc, "output: out of memory");
    if (rc < 0) {
        cqlr__supervise_distrust(l);
        return false;
    }
    commit_record(m, u, &rec, p);
    cqlr__reader_take(&l->reader);
    tell_space(l);
    let_go(m, u);
    cqlr__order_trim(&m->order);
    return true;
}

static bool commit_saved(struct cqlr__manager *m, struct cqlr__unit *u)
{
    struct cqlr__record rec;
    const uint8_t *p;
    if (cqlr__order_saved(u, &rec, &p) == 0)
        return false;
    commit_record(m, u, &rec, p);
    if (u->saved_off == u->saved.n) {
        m->saved--;
        cqlr_wr_fini(&u->saved);
        u->saved_off = 0;
    }
    cqlr__order_trim(&m->order);
    return true;
}

/* One record of the oldest unit. */
static bool commit_oldest(struct cqlr__manager *m)
{
    struct cqlr__unit *u = cqlr__order_unit(&m->order, m->order.oldest);
    if (!u)
        return false;
    if (commit_saved(m, u))
        return true;
    return u->holder != CQLR__NOBODY && commit_from_lane(&m->lane[u->holder], u);
}

/* One record from wherever there is one. */
static bool commit_any(struct cqlr__manager *m)
{
    for (uint64_t i = m->order.oldest; m->saved && i < m->order.next; i++) {
        if (commit_saved(m, cqlr__order_unit(&m->order, i)))
            return true;
    }
    for (unsigned i = 0; i < m->lanes; i++) {
        unsigned which = (m->turn + i) % m->lanes;
        if (m->lane[which].state != CQLR__LANE_OFF && commit_from_lane(&m->lane[which], NULL)) {
            m->turn = which + 1;
            return true;
        }
    }
    return false;
}

/* Nothing is there: be told when there is. true = something is there after all. */
static bool wait_for_data(struct cqlr__manager *m)
{
    const struct cqlr__unit *u = cqlr__order_unit(&m->order, m->order.oldest);
    bool any = false;
    for (unsigned i = 0; i < m->lanes; i++) {
        struct cqlr__lane *l = &m->lane[i];
        bool wanted = m->o.order == CQLR_ORDER_NONE || (u && u->holder == l->slot);
        if (l->state != CQLR__LANE_OFF && wanted && cqlr__ring_wait_data(&l->ring))
            any = true;
    }
    return any;
}

static void flush(struct cqlr__manager *m)
{
    int rc = cqlr__out_flush(&m->out);
    bool blocked = rc == 1;
    if (rc < 0)
        cqlr__manager_fail(m, m->out.err);
    if (blocked == m->out_watched)
        return;
    m->out_watch.fd = m->out.fd;
    m->out_watch.events = CQLR_WRITE;
    if (!blocked)
        cqlr_loop_remove(m->loop, &m->out_watch);
    else if (cqlr_loop_add(m->loop, &m->out_watch) < 0)
        cqlr__manager_failf(m, CQLR_E_OUTPUT, "output: cannot wait for it");
    m->out_watched = blocked;
}

void cqlr__commit(struct cqlr__manager *m)
{
    bool (*one)(struct cqlr__manager *) =
        m->o.order == CQLR_ORDER_INPUT ? commit_oldest : commit_any;
    unsigned left = BREATH;
    if (m->out_watched)
        flush(m);
    while (left && !m->ended && !cqlr__out_blocked(&m->out)) {
        if (one(m))
            left--;
        else if (!wait_for_data(m))
            break;
    }
    flush(m);
    m->more = !left;
}

void cqlr__commit_save(struct cqlr__lane *l)
{
    struct cqlr__manager *m = l->m;
    struct cqlr__record rec;
    const uint8_t *p;
    while (cqlr__reader_next(&l->reader, &rec, &p) == 1) {
        struct cqlr__unit *u = cqlr__order_unit(&m->order, rec.unit);
        bool had = u && u->saved_off < u->saved.n;
        if (!u || cqlr__order_accept(u, l->slot, &rec, p) < 0)
            return; /* nonsense: the rest of the ring is worth nothing */
        if (cqlr__order_save(u, &rec, p) < 0) {
            cqlr__manager_failf(m, CQLR_E_NOMEM, "output of a lost worker: out of memory");
            return;
        }
        m->saved += !had;
        cqlr__reader_take(&l->reader);
        let_go(m, u);
    }
}

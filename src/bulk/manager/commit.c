/*
 * commit.c - records → counters, errors and output. With CQLR_ORDER_INPUT only the oldest unit's
 * records are taken: first those that lost workers left, then those in the ring of the worker that
 * holds it. What the other workers have ready waits in their rings, and when these are full, the
 * workers wait. While the output is blocked nothing is taken at all.
 */
#include <stdlib.h>

#include "proto/base/err.h"
#include "src/bulk/manager/manager.h"

#define BREATH 1024 /* records in one go; then the workers are looked after */

bool cqlr__commit_complete(const struct cqlr__manager *m)
{
    return m->order.oldest == m->order.next && m->batch.next_index == m->batch.total;
}

uint64_t cqlr__commit_total(const struct cqlr__manager *m)
{
    return m->batch.total == UINT64_MAX ? UINT64_MAX : m->batch.total - m->batch.first;
}

/* A share is looked at from 100 parameter sets on, and at the end. */
bool cqlr__commit_too_many(const struct cqlr__manager *m, bool at_end)
{
    uint64_t done = m->batch.queries + m->batch.errors;
    if (m->batch.errors <= m->o.max_errors)
        return false;
    if (m->o.max_error_share <= 0)
        return true;
    return (done >= 100 || at_end) && (double)m->batch.errors > m->o.max_error_share * (double)done;
}

/* The line or record that an item of a unit came from. */
static struct cqlr_str record_of(const struct cqlr__manager *m, struct cqlr__unit *u, uint64_t item)
{
    const struct cqlr_str null = {"\\N", 2};
    struct cqlr_value text = {NULL, CQLR_NULL};
    uint64_t line;
    if (!u->texts.n)
        return (struct cqlr_str){NULL, 0};
    text = cqlr__order_text(u, item);
    if (text.n < 0 && m->o.source->form == CQLR__SOURCE_LINES)
        return null;
    return cqlr__text_record(m->o.source->form, text, &line);
}

static void commit_error(struct cqlr__manager *m, struct cqlr__unit *u, uint64_t item,
                         const uint8_t *p, size_t n)
{
    uint64_t index = u->first + item;
    struct cqlr_err err;
    cqlr__failure_read(p, n, &err);
    m->batch.errors++;
    m->batch.unknown += err.code == CQLR_E_TIMEOUT || err.code == CQLR_E_CLOSED;
    if (m->o.on_error) {
        const struct cqlr_bulk_failure f = {
            .index = index, .err = &err, .record = record_of(m, u, item)};
        m->o.on_error(m->o.arg, &f);
    }
    if (cqlr__commit_too_many(m, m->batch.queries + m->batch.errors == cqlr__commit_total(m))) {
        err.code = CQLR_E_LIMIT;
        cqlr__err_prefix(&err, "too many errors (%llu), parameter set %llu",
                         (unsigned long long)m->batch.errors, (unsigned long long)index);
        cqlr__manager_fail(m, &err);
    }
}

/* An accepted record of unit u. */
static void commit_record(struct cqlr__manager *m, struct cqlr__unit *u,
                          const struct cqlr__record *rec, const uint8_t *p)
{
    struct cqlr__batch *b = &m->batch;
    struct cqlr__tally *y = &m->tally[rec->slot];
    size_t n = (size_t)(rec->bytes - rec->state);
    b->committed++;
    if (rec->kind == CQLR__RECORD_ERROR) {
        y->errors++;
        b->reached = (struct cqlr__boundary){u->first + rec->next_item, b->given};
        commit_error(m, u, rec->next_item - 1, p, n);
        return;
    }
    b->queries += rec->queries;
    b->empty += rec->empty;
    b->pages += rec->pages;
    b->rows += rec->rows;
    y->queries += rec->queries;
    y->rows += rec->rows;
    if (rec->queries)
        b->reached = (struct cqlr__boundary){u->first + rec->next_item,
                                             b->given + (rec->next_page ? rec->whole : n)};
    b->given += n;
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
    rec.slot = (uint64_t)l->slot;
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
        m->batch.saved--;
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
    for (uint64_t i = m->order.oldest; m->batch.saved && i < m->order.next; i++) {
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

bool cqlr__commit_wait(struct cqlr__manager *m)
{
    const struct cqlr__unit *u = cqlr__order_unit(&m->order, m->order.oldest);
    bool any = false;
    for (unsigned i = 0; i < m->lanes && !cqlr__out_blocked(&m->out); i++) {
        struct cqlr__lane *l = &m->lane[i];
        bool wanted = m->o.order == CQLR_ORDER_NONE || (u && u->holder == l->slot);
        if (l->state != CQLR__LANE_OFF && wanted && cqlr__ring_wait_data(&l->ring))
            any = true;
    }
    return any;
}

static int flush(struct cqlr__manager *m)
{
    int rc = cqlr__out_flush(&m->out);
    if (rc < 0)
        cqlr__manager_fail(m, m->out.err);
    if (rc == 0)
        m->batch.written = m->batch.reached;
    return rc;
}

/* While the output is blocked: until it is writable, or for as long as it says. */
static void wait_for_output(struct cqlr__manager *m)
{
    struct cqlr__batch *b = &m->batch;
    bool blocked = cqlr__out_blocked(&m->out), watch = blocked && !m->out.pause;
    b->out_watch.fd = m->out.fd;
    b->out_watch.events = CQLR_WRITE;
    if (b->out_watched && !watch)
        cqlr_loop_remove(m->loop, &b->out_watch);
    else if (watch && !b->out_watched && cqlr_loop_add(m->loop, &b->out_watch) < 0)
        cqlr__manager_failf(m, CQLR_E_OUTPUT, "output: cannot wait for it");
    b->out_watched = watch;
    if (blocked && !watch && !m->out_timer.slot &&
        cqlr_loop_timer_set(m->loop, &m->out_timer, cqlr_now() + m->out.pause) < 0)
        cqlr__manager_failf(m, CQLR_E_NOMEM, "timer");
}

int cqlr__commit_unblock(struct cqlr__manager *m)
{
    int rc;
    if (!m->batch.out_due)
        return 0;
    m->batch.out_due = false;
    rc = flush(m);
    wait_for_output(m);
    return rc;
}

void cqlr__commit(struct cqlr__manager *m)
{
    bool (*one)(struct cqlr__manager *) =
        m->o.order == CQLR_ORDER_INPUT ? commit_oldest : commit_any;
    unsigned left = BREATH;
    if (cqlr__out_blocked(&m->out) && (!m->batch.out_due || flush(m) != 0)) {
        m->batch.out_due = false;
        wait_for_output(m);
        return;
    }
    m->batch.out_due = false;
    while (left && !m->batch.ended && !cqlr__out_blocked(&m->out) && one(m))
        left--;
    if (!cqlr__out_blocked(&m->out))
        (void)flush(m);
    wait_for_output(m);
    m->batch.more = !left;
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
        rec.slot = (uint64_t)l->slot;
        if (cqlr__order_save(u, &rec, p) < 0) {
            cqlr__manager_failf(m, CQLR_E_NOMEM, "output of a lost worker: out of memory");
            return;
        }
        m->batch.saved += !had;
        cqlr__reader_take(&l->reader);
        let_go(m, u);
    }
}

/*
 * prepare.c - what a batch needs before work is given: the statement's columns, which the scout
 * sends once in the life of a pool; a source that fits the markers; and the head of the output.
 *
 * A worker that is forked while a batch runs has the batch's source by the fork, however long its
 * lists are. One that was there before gets the source as bytes, in pieces that fit a message.
 */
#include "proto/base/err.h"
#include "src/bulk/manager/manager.h"
#include "src/bulk/source/source.h"

#define PIECE (4u * 1024 * 1024)

/* What the host writes in front of everything. */
static void write_head(struct cqlr__manager *m)
{
    struct cqlr_wr head;
    int rc = 0;
    cqlr_wr_init(&head, NULL, 0);
    if (m->o.on_prepared)
        rc = m->o.on_prepared(m->o.arg, m->markers, m->columns, &head);
    m->batch.checked = rc >= 0;
    m->batch.given = m->batch.reached.bytes = head.n;
    if (rc < 0)
        cqlr__manager_failf(m, rc, "start: %s", cqlr_errcode_text(rc));
    else if (head.rc)
        cqlr__manager_failf(m, head.rc, "head of the output: %s", cqlr_errcode_text(head.rc));
    else if (cqlr__out_write(&m->out, head.p, head.n) < 0)
        cqlr__manager_fail(m, m->out.err);
    cqlr_wr_fini(&head);
}

void cqlr__prepare_check(struct cqlr__manager *m)
{
    struct cqlr_err err = {0};
    if (cqlr__source_check(m->o.source, m->markers, &err) < 0)
        cqlr__manager_fail(m, &err);
    else
        write_head(m);
}

void cqlr__prepare_snapshot(struct cqlr__manager *m, const uint8_t *p, size_t n)
{
    struct cqlr_err err = {0};
    struct cqlr_columns *markers;
    struct cqlr_rd rd;
    cqlr_rd_init(&rd, p, n, &err);
    markers = cqlr__snapshot_read(&rd);
    m->columns = markers ? cqlr__snapshot_read(&rd) : NULL;
    if (m->columns) {
        m->markers = markers;
        cqlr__prepare_check(m);
        return;
    }
    cqlr_columns_free(markers);
    cqlr__err_prefix(&err, "snapshot of the statement");
    cqlr__manager_fail(m, &err);
}

/* ---- to the workers ---- */

/* The source as bytes, made when it is first needed. false: no memory; the batch has failed. */
static bool serialise(struct cqlr__manager *m)
{
    if (!m->batch.wire.n)
        cqlr__source_write(&m->batch.wire, m->o.source);
    if (m->batch.wire.rc)
        cqlr__manager_failf(m, m->batch.wire.rc, "parameters for a worker: %s",
                            cqlr_errcode_text(m->batch.wire.rc));
    return !m->batch.wire.rc;
}

void cqlr__prepare_tell(struct cqlr__lane *l)
{
    struct cqlr__manager *m = l->m;
    struct cqlr__source_message head = {.low = cqlr__assign_low(m)};
    const struct cqlr_wr *wire = &m->batch.wire;
    if (l->batch == m->batches)
        return;
    l->batch = m->batches;
    if (l->born == m->batches) {
        head.inherited = 1;
        cqlr__supervise_tell(l, CQLR__TO_SOURCE, &head, sizeof head);
        return;
    }
    for (size_t at = 0, n; serialise(m) && at < wire->n && !m->batch.ended; at += n) {
        n = wire->n - at < PIECE ? wire->n - at : PIECE;
        head.left = wire->n - at - n;
        cqlr__supervise_tell_two(l, CQLR__TO_SOURCE, &head, sizeof head, wire->p + at, n);
    }
}

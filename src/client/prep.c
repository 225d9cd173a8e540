/*
 * Prepared statements: PREPARE → a statement, and EXECUTE. When a server has forgotten one:
 * unprepared.c.
 */
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "proto/val/token.h"
#include "src/client/internal.h"

/* ---- preparing ---- */

static cqlr_prepared *prepared_new(cqlr_client *cl, struct cqlr_str cql)
{
    cqlr_prepared *ps = cqlr__mem_get(cl->mem, sizeof *ps);
    if (!ps)
        return NULL;
    *ps = (cqlr_prepared){.client = cl, .refs = 1, .mem = cl->mem, .cql_len = cql.n};
    ps->cql = cqlr__mem_get(cl->mem, cql.n + 1);
    if (!ps->cql) {
        cqlr__mem_free(cl->mem, ps, sizeof *ps);
        return NULL;
    }
    memcpy(ps->cql, cql.p ? cql.p : "", cql.n);
    ps->cql[cql.n] = '\0';
    return ps;
}

void cqlr_prepared_free(cqlr_prepared *ps)
{
    const struct cqlr_mem *mem;
    if (!ps || --ps->refs > 0)
        return;
    mem = ps->mem;
    cqlr__mem_free(mem, ps->cql, ps->cql_len + 1);
    cqlr__mem_free(mem, ps->id, ps->id_len);
    cqlr__mem_array_free(mem, ps->pk, ps->pk_count, sizeof *ps->pk);
    cqlr_columns_free(ps->markers);
    cqlr_columns_free(ps->columns);
    cqlr__shared_columns_unref(ps->last);
    cqlr__mem_free(mem, ps, sizeof *ps);
}

int cqlr__prepare_send(struct cqlr__request *q, const cqlr_prepared *ps)
{
    cqlr_client *cl = q->client;
    struct cqlr_prepare m = {.cql = {ps->cql, ps->cql_len}};
    struct cqlr_wr *w = cqlr_conn_begin(q->on->conn);
    int rc;
    if (w && cqlr_prepare_write(w, &m) == 0)
        rc = cqlr__request_submit(q, CQLR_OP_PREPARE, 0);
    else
        rc = cqlr__err_set(&cl->err, w ? w->rc : CQLR_E_STATE, "PREPARE not written");
    if (rc < 0)
        cqlr_conn_drop(q->on->conn);
    return rc;
}

int cqlr_client_prepare(cqlr_client *cl, struct cqlr_str cql, cqlr_reply_fn *fn, void *arg)
{
    struct cqlr__request *q = cqlr__request_get(cl, CQLR__PREPARE, fn, arg);
    int rc;
    if (!q)
        return cl->err.code;
    q->prepared = prepared_new(cl, cql);
    rc = q->prepared ? cqlr__prepare_send(q, q->prepared)
                     : cqlr__err_set(&cl->err, CQLR_E_NOMEM, "out of memory");
    if (rc < 0) {
        cqlr_prepared_free(q->prepared);
        cqlr__request_put(q);
    }
    return rc;
}

/* Positions that make no key are not copied: the statement is one without. */
static int copy_pk(cqlr_prepared *ps, struct cqlr_span pk, uint32_t markers, struct cqlr_err *err)
{
    uint32_t i;
    int rc = cqlr__pk_check(pk, markers, err);
    if (rc <= 0)
        return rc;
    ps->pk = cqlr__mem_array(ps->mem, pk.count, sizeof *ps->pk);
    if (!ps->pk)
        return cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
    ps->pk_count = pk.count;
    for (i = 0; i < pk.count; i++)
        ps->pk[i] = cqlr_be16(pk.p + (size_t)2 * i);
    return 0;
}

int cqlr__prepared_fill(cqlr_prepared *ps, const struct cqlr_prepared_result *m,
                        struct cqlr_err *err)
{
    const struct cqlr_mem *mem = ps->mem;
    int rc;
    if (m->id.n == 0)
        return cqlr__err_set(err, CQLR_E_PROTO, "Prepared: the statement id is empty");
    ps->id = cqlr__mem_get(mem, m->id.n);
    if (!ps->id)
        return cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
    ps->id_len = m->id.n;
    rc = copy_pk(ps, m->pk, m->markers.count, err);
    if (rc < 0)
        return rc;
    memcpy(ps->id, m->id.p, m->id.n);
    ps->markers = cqlr_columns_new(&m->markers, mem, err);
    if (ps->markers)
        ps->columns = cqlr_columns_new(&m->result, mem, err);
    if (ps->columns)
        ps->last = cqlr__shared_columns_new(&m->result, mem, err);
    return ps->last ? 0 : err->code;
}

void cqlr_prepared_timeout(cqlr_prepared *ps, uint64_t timeout)
{
    ps->timeout = timeout;
}

cqlr_prepared *cqlr_reply_take_prepared(cqlr_reply *r)
{
    cqlr_prepared *ps = r->prepared;
    r->prepared = NULL;
    return ps;
}

const struct cqlr_columns *cqlr_prepared_markers(const cqlr_prepared *ps)
{
    return ps->markers;
}

const struct cqlr_columns *cqlr_prepared_columns(const cqlr_prepared *ps)
{
    return ps->columns;
}

const uint16_t *cqlr_prepared_pk(const cqlr_prepared *ps, size_t *n)
{
    *n = ps->pk_count;
    return ps->pk;
}

int cqlr_prepared_marker(const cqlr_prepared *ps, struct cqlr_str name, int from)
{
    uint32_t i;
    for (i = from < 0 ? 0 : (uint32_t)from; i < ps->markers->count; i++) {
        struct cqlr_str s = ps->markers->col[i].name;
        if (cqlr_str_equal(s, name))
            return (int)i;
    }
    return -1;
}

/* ---- executing ---- */

int cqlr__execute_send(struct cqlr__request *q)
{
    cqlr_client *cl = q->client;
    struct cqlr_wr *w = cqlr_conn_begin(q->on->conn);
    int rc;
    if (!w)
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "EXECUTE not written");
    rc = cqlr__bound_write(q->bound, w);
    if (rc < 0)
        cl->err = *cqlr_bound_err(q->bound);
    else
        rc = cqlr__request_submit(q, CQLR_OP_EXECUTE,
                                  cqlr__bound_traced(q->bound) ? CQLR_FLAG_TRACING : 0);
    if (rc < 0)
        cqlr_conn_drop(q->on->conn);
    return rc;
}

int cqlr_client_execute(cqlr_client *cl, cqlr_bound *b, cqlr_reply_fn *fn, void *arg)
{
    struct cqlr__request *q = cqlr__request_get(cl, CQLR__EXECUTE, fn, arg);
    int rc;
    if (!q)
        return cl->err.code;
    q->bound = b;
    q->prepared = cqlr__bound_prepared(b);
    if (cqlr__bound_timeout(b))
        q->timeout = cqlr__bound_timeout(b);
    rc = cqlr__execute_send(q);
    if (rc < 0)
        cqlr__request_put(q);
    return rc;
}

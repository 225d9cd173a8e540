/*
 * again.c - each message in two steps: read it, write it.
 */
#include "tests/vectors/again.h"

#include <stdlib.h>

/* For a message whose struct is all there is of it. */
#define AGAIN(name)                                                                                \
    static int name##_again(struct cqlr_rd *r, struct cqlr_wr *w)                                  \
    {                                                                                              \
        struct cqlr_##name m;                                                                      \
        int rc = cqlr_##name##_read(r, &m);                                                        \
        return rc ? rc : cqlr_##name##_write(w, &m);                                               \
    }

AGAIN(startup)
AGAIN(register)
AGAIN(query)
AGAIN(prepare)
AGAIN(execute)
AGAIN(supported)
AGAIN(authenticate)
AGAIN(auth_response)
AGAIN(auth_challenge)
AGAIN(auth_success)
AGAIN(error)
AGAIN(server_event)

/* Statement by statement. */
static int batch_again(struct cqlr_rd *r, struct cqlr_wr *w)
{
    struct cqlr_batch m;
    struct cqlr_batch_statement s;
    struct cqlr_wr all;
    int rc = cqlr_batch_read(r, &m);
    if (rc)
        return rc;
    cqlr_wr_init(&all, NULL, 0);
    for (struct cqlr_span it = m.statements; cqlr_batch_next(&it, &s);)
        cqlr_batch_statement_write(&all, &s);
    m.statements = (struct cqlr_span){m.statements.count, all.p, all.n};
    rc = all.rc ? all.rc : cqlr_batch_write(w, &m);
    cqlr_wr_fini(&all);
    return rc;
}

static int prefix_again(struct cqlr_rd *r, const struct cqlr_frame *f, struct cqlr_wr *w)
{
    struct cqlr_prefix p;
    int rc = cqlr_prefix_read(r, f->flags, f->response, &p);
    return rc ? rc : cqlr_prefix_write(w, f->flags, f->response, &p);
}

static int cells_again(struct cqlr_rows *rows, const struct cqlr_columns *c, struct cqlr_wr *w)
{
    struct cqlr_value *cells = calloc(c->count + 1, sizeof *cells);
    int rc =
        cqlr_rows_write(w, c->col, c->count, rows->spec.flags, rows->paging_state, rows->count);
    while (!rc && (rc = cqlr_rows_next(rows, cells)) == 1) {
        rc = 0;
        for (uint32_t i = 0; i < c->count; i++)
            cqlr_wr_value(w, cells[i]);
    }
    free(cells);
    return rc;
}

/* Reads the result a second time as a client does that knows the columns: it must find them again.
 */
static int rows_again(struct cqlr_rd first, struct cqlr_rows *seen, struct cqlr_wr *w)
{
    struct cqlr_columns *c = cqlr_columns_new(&seen->spec, NULL, first.err);
    struct cqlr_result m;
    if (!c)
        return first.err->code;
    int rc = cqlr_result_read(&first, c, &m);
    if (!rc && !cqlr_spec_is(&m.u.rows.spec, c))
        abort();
    if (!rc)
        rc = cells_again(&m.u.rows, c, w);
    if (!rc && cqlr_rows_skip(seen) != m.u.rows.count)
        abort();
    cqlr_columns_free(c);
    return rc;
}

static int prepared_again(const struct cqlr_prepared_result *m, struct cqlr_err *err,
                          struct cqlr_wr *w)
{
    struct cqlr_columns *markers = cqlr_columns_new(&m->markers, NULL, err);
    struct cqlr_columns *columns = markers ? cqlr_columns_new(&m->result, NULL, err) : NULL;
    uint16_t *pk = calloc(m->pk.count + 1, sizeof *pk);
    int rc = columns ? 0 : err->code;
    for (uint32_t i = 0; i < m->pk.count; i++)
        pk[i] = cqlr_be16(m->pk.p + 2 * i);
    if (!rc)
        rc = cqlr_prepared_write(w, m->id, markers->col, markers->count, pk, m->pk.count,
                                 columns->col, columns->count);
    free(pk);
    cqlr_columns_free(markers);
    cqlr_columns_free(columns);
    return rc;
}

static int result_again(struct cqlr_rd *r, struct cqlr_wr *w)
{
    struct cqlr_rd first = *r;
    struct cqlr_result m;
    int rc = cqlr_result_read(r, NULL, &m);
    if (rc)
        return rc;
    switch (m.kind) {
    case CQLR_RESULT_ROWS:
        return rows_again(first, &m.u.rows, w);
    case CQLR_RESULT_SET_KEYSPACE:
        return cqlr_set_keyspace_write(w, m.u.keyspace);
    case CQLR_RESULT_PREPARED:
        return prepared_again(&m.u.prepared, r->err, w);
    case CQLR_RESULT_SCHEMA_CHANGE:
        return cqlr_schema_change_write(w, &m.u.schema_change);
    default:
        return cqlr_void_write(w);
    }
}

static int empty_again(struct cqlr_rd *r, struct cqlr_wr *w)
{
    (void)w;
    return r->rc;
}

int again(const struct cqlr_frame *f, const uint8_t *body, size_t n, struct cqlr_wr *w,
          struct cqlr_err *err)
{
    static int (*const by_opcode[])(struct cqlr_rd *, struct cqlr_wr *) = {
        [CQLR_OP_ERROR] = error_again,
        [CQLR_OP_STARTUP] = startup_again,
        [CQLR_OP_READY] = empty_again,
        [CQLR_OP_AUTHENTICATE] = authenticate_again,
        [CQLR_OP_OPTIONS] = empty_again,
        [CQLR_OP_SUPPORTED] = supported_again,
        [CQLR_OP_QUERY] = query_again,
        [CQLR_OP_RESULT] = result_again,
        [CQLR_OP_PREPARE] = prepare_again,
        [CQLR_OP_EXECUTE] = execute_again,
        [CQLR_OP_REGISTER] = register_again,
        [CQLR_OP_EVENT] = server_event_again,
        [CQLR_OP_BATCH] = batch_again,
        [CQLR_OP_AUTH_RESPONSE] = auth_response_again,
        [CQLR_OP_AUTH_CHALLENGE] = auth_challenge_again,
        [CQLR_OP_AUTH_SUCCESS] = auth_success_again,
    };
    struct cqlr_rd r;
    cqlr_rd_init(&r, body, n, err);
    if (f->opcode >= sizeof by_opcode / sizeof *by_opcode || !by_opcode[f->opcode])
        return cqlr_rd_bad(&r, "opcode", "not written again");
    int rc = prefix_again(&r, f, w);
    return rc ? rc : by_opcode[f->opcode](&r, w);
}

/*
 * Bound values → the body of EXECUTE.
 *
 * Values are laid down as [value]s one behind the other. When they were set in marker order, each
 * once, that is their form on the wire; else they are put in order when the body is written.
 */
#include <float.h>
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/client/internal.h"

#define NOT_SET SIZE_MAX

struct cqlr_bound {
    cqlr_prepared *ps;
    unsigned count;
    unsigned in_order; /* markers 0..in_order-1 lie in order from the start of `data`; count = all
                          of them and nothing else */
    bool replaced;     /* some value was set twice or out of turn */
    size_t *at;        /* where each value starts in `data`, or NOT_SET */
    struct cqlr_wr data;
    struct cqlr_wr state;    /* paging state; n = 0: none */
    struct cqlr_wr key;      /* room for a routing key of several components */
    struct cqlr_value *part; /* and for these; NULL until it is asked for */
    uint16_t consistency;
    uint16_t serial_consistency; /* 0 = the server's */
    int32_t page_size;
    bool trace;
    uint64_t timeout; /* 0 = the statement's */
    struct cqlr_err err;
};

cqlr_bound *cqlr_bound_new(cqlr_prepared *ps)
{
    const struct cqlr_mem *mem = ps->mem;
    cqlr_bound *b = cqlr__mem_get(mem, sizeof *b);
    if (!b)
        return NULL;
    memset(b, 0, sizeof *b);
    b->ps = ps;
    b->count = ps->markers->count;
    b->consistency = ps->client->o.consistency;
    b->serial_consistency = ps->client->o.serial_consistency;
    b->page_size = ps->client->o.page_size;
    cqlr_wr_init(&b->data, mem, 0);
    cqlr_wr_init(&b->state, mem, 0);
    cqlr_wr_init(&b->key, mem, 0);
    if (b->count && !(b->at = cqlr__mem_array(mem, b->count, sizeof *b->at))) {
        cqlr__mem_free(mem, b, sizeof *b);
        return NULL;
    }
    cqlr_bound_reset(b);
    return b;
}

void cqlr_bound_free(cqlr_bound *b)
{
    const struct cqlr_mem *mem;
    if (!b)
        return;
    mem = b->data.mem;
    cqlr_wr_fini(&b->data);
    cqlr_wr_fini(&b->state);
    cqlr_wr_fini(&b->key);
    if (b->part)
        cqlr__mem_array_free(mem, b->part, b->ps->pk_count, sizeof *b->part);
    cqlr__mem_array_free(mem, b->at, b->count, sizeof *b->at);
    cqlr__mem_free(mem, b, sizeof *b);
}

void cqlr_bound_reset(cqlr_bound *b)
{
    unsigned i;
    for (i = 0; i < b->count; i++)
        b->at[i] = NOT_SET;
    b->in_order = 0;
    b->replaced = false;
    cqlr_wr_reset(&b->data);
    cqlr_wr_reset(&b->state);
}

const struct cqlr_err *cqlr_bound_err(const cqlr_bound *b)
{
    return &b->err;
}

cqlr_prepared *cqlr__bound_prepared(const cqlr_bound *b)
{
    return b->ps;
}

/* ---- setting ---- */

static const struct cqlr_column *marker(const cqlr_bound *b, unsigned i)
{
    return &b->ps->markers->col[i];
}

/* Opens a value: its length comes when it is closed. */
static int begin(cqlr_bound *b, unsigned i, size_t *start)
{
    if (i >= b->count)
        return cqlr__err_set(&b->err, CQLR_E_RANGE, "marker %u: the statement has %u", i, b->count);
    *start = b->data.n;
    cqlr_wr_i32(&b->data, 0);
    return 0;
}

static int end(cqlr_bound *b, unsigned i, size_t start, int rc)
{
    if (rc == 0 && b->data.rc)
        rc = cqlr__err_set(&b->err, b->data.rc, "%s", cqlr_errcode_text(b->data.rc));
    if (rc < 0) {
        b->data.n = start;
        b->data.rc = 0;
        return rc;
    }
    cqlr_put32(b->data.p + start, (uint32_t)(b->data.n - start - 4));
    if (b->at[i] == NOT_SET && i == b->in_order && !b->replaced)
        b->in_order++;
    else
        b->replaced = true;
    b->at[i] = start;
    return 0;
}

/* A value that could not be made: the marker's name goes in front of the reason. */
static int named(cqlr_bound *b, unsigned i, int rc)
{
    if (rc < 0)
        cqlr__err_prefix(&b->err, "%.*s", CQLR_STR(marker(b, i)->name));
    return rc;
}

static int set_length(cqlr_bound *b, unsigned i, int32_t n)
{
    size_t start = 0;
    int rc = begin(b, i, &start);
    if (rc == 0)
        rc = end(b, i, start, 0);
    if (rc == 0)
        cqlr_put32(b->data.p + start, (uint32_t)n);
    return rc;
}

int cqlr_bound_null(cqlr_bound *b, unsigned i)
{
    return set_length(b, i, CQLR_NULL);
}

int cqlr_bound_unset(cqlr_bound *b, unsigned i)
{
    return set_length(b, i, CQLR_UNSET);
}

int cqlr_bound_bytes(cqlr_bound *b, unsigned i, const void *p, size_t n)
{
    size_t start;
    int rc;
    if (n > INT32_MAX)
        return cqlr__err_set(&b->err, CQLR_E_RANGE, "a value of %zu bytes", n);
    rc = begin(b, i, &start);
    if (rc < 0)
        return rc;
    cqlr_wr_raw(&b->data, p, n);
    return end(b, i, start, 0);
}

int cqlr_bound_int(cqlr_bound *b, unsigned i, int64_t v)
{
    size_t start;
    int rc = begin(b, i, &start);
    if (rc < 0)
        return rc;
    rc = cqlr_value_from_int(&b->data, marker(b, i)->type, v, &b->err);
    return end(b, i, start, named(b, i, rc));
}

int cqlr_bound_text(cqlr_bound *b, unsigned i, struct cqlr_str text)
{
    size_t start;
    int rc = begin(b, i, &start);
    if (rc < 0)
        return rc;
    rc = cqlr_value_parse(&b->data, marker(b, i)->type, text, &b->err);
    return end(b, i, start, named(b, i, rc));
}

static int wrong_type(cqlr_bound *b, unsigned i, const char *what)
{
    return cqlr__err_set(&b->err, CQLR_E_TYPE, "%.*s: not a %s", CQLR_STR(marker(b, i)->name),
                         what);
}

int cqlr_bound_double(cqlr_bound *b, unsigned i, double v)
{
    uint8_t bytes[8];
    uint64_t bits;
    uint32_t half;
    float f = (float)v;
    if (i >= b->count)
        return cqlr_bound_bytes(b, i, "", 0);
    switch (marker(b, i)->type->id) {
    case CQLR_TYPE_DOUBLE:
        memcpy(&bits, &v, sizeof bits);
        cqlr_put64(bytes, bits);
        return cqlr_bound_bytes(b, i, bytes, 8);
    case CQLR_TYPE_FLOAT:
        if ((f > FLT_MAX || f < -FLT_MAX) && v <= DBL_MAX && v >= -DBL_MAX)
            return named(b, i,
                         cqlr__err_set(&b->err, CQLR_E_TYPE, "%g is too large for a float", v));
        memcpy(&half, &f, sizeof half);
        cqlr_put32(bytes, half);
        return cqlr_bound_bytes(b, i, bytes, 4);
    default:
        return wrong_type(b, i, "double or float");
    }
}

int cqlr_bound_boolean(cqlr_bound *b, unsigned i, bool v)
{
    if (i < b->count && marker(b, i)->type->id != CQLR_TYPE_BOOLEAN)
        return wrong_type(b, i, "boolean");
    return cqlr_bound_bytes(b, i, v ? "\1" : "\0", 1);
}

void cqlr_bound_consistency(cqlr_bound *b, uint16_t consistency)
{
    b->consistency = consistency;
}

void cqlr_bound_page_size(cqlr_bound *b, int32_t rows)
{
    b->page_size = rows;
}

void cqlr_bound_serial_consistency(cqlr_bound *b, uint16_t consistency)
{
    b->serial_consistency = consistency;
}

void cqlr_bound_trace(cqlr_bound *b, bool trace)
{
    b->trace = trace;
}

bool cqlr__bound_traced(const cqlr_bound *b)
{
    return b->trace;
}

void cqlr_bound_timeout(cqlr_bound *b, uint64_t timeout)
{
    b->timeout = timeout;
}

uint64_t cqlr__bound_timeout(const cqlr_bound *b)
{
    return b->timeout ? b->timeout : b->ps->timeout;
}

int cqlr_bound_paging_state(cqlr_bound *b, struct cqlr_value state)
{
    cqlr_wr_reset(&b->state);
    if (state.n == 0) /* sent, it would mean the first page again */
        return cqlr__err_set(&b->err, CQLR_E_PROTO, "paging state is empty");
    if (state.n > 0)
        cqlr_wr_raw(&b->state, state.p, (size_t)state.n);
    return b->state.rc ? cqlr__err_set(&b->err, b->state.rc, "paging state too large") : 0;
}

struct cqlr_value cqlr_bound_value(const cqlr_bound *b, unsigned i)
{
    struct cqlr_value v = {NULL, CQLR_UNSET};
    if (i >= b->count || b->at[i] == NOT_SET)
        return v;
    v.n = (int32_t)cqlr_be32(b->data.p + b->at[i]);
    v.p = v.n >= 0 ? b->data.p + b->at[i] + 4 : NULL;
    return v;
}

int cqlr_bound_token(cqlr_bound *b, int64_t *token)
{
    struct cqlr_span in_order = {.count = (uint32_t)b->ps->pk_count};
    struct cqlr_bytes key;
    int rc;
    if (in_order.count && !b->part &&
        !(b->part = cqlr__mem_array(b->data.mem, in_order.count, sizeof *b->part)))
        return cqlr__err_set(&b->err, CQLR_E_NOMEM, "out of memory");
    for (uint32_t i = 0; i < in_order.count; i++)
        b->part[i] = cqlr_bound_value(b, b->ps->pk[i]);
    cqlr_wr_reset(&b->key);
    rc = cqlr_routing_key(&b->key, b->part, in_order.count, in_order, &key, &b->err);
    if (rc == 1)
        *token = cqlr_token_murmur3(key.p, key.n);
    return rc;
}

/* ---- writing ---- */

static size_t value_size(const cqlr_bound *b, size_t at)
{
    int32_t n = (int32_t)cqlr_be32(b->data.p + at);
    return 4 + (n > 0 ? (size_t)n : 0);
}

/* Puts the values in marker order, dropping those that were replaced. */
static int reorder(cqlr_bound *b)
{
    struct cqlr_wr sorted;
    unsigned i;
    cqlr_wr_init(&sorted, b->data.mem, 0);
    for (i = 0; i < b->count; i++) {
        if (b->at[i] == NOT_SET)
            break;
        cqlr_wr_raw(&sorted, b->data.p + b->at[i], value_size(b, b->at[i]));
    }
    if (i < b->count || sorted.rc) {
        int rc = i < b->count
                     ? cqlr__err_set(&b->err, CQLR_E_USAGE, "%.*s: value not set",
                                     CQLR_STR(marker(b, i)->name))
                     : cqlr__err_set(&b->err, sorted.rc, "%s", cqlr_errcode_text(sorted.rc));
        cqlr_wr_fini(&sorted);
        return rc;
    }
    cqlr_wr_fini(&b->data);
    b->data = sorted;
    for (size_t at = i = 0; i < b->count; i++) {
        b->at[i] = at;
        at += value_size(b, at);
    }
    b->in_order = b->count;
    b->replaced = false;
    return 0;
}

int cqlr__bound_write(cqlr_bound *b, struct cqlr_wr *w)
{
    struct cqlr_execute m;
    if (b->in_order != b->count || b->replaced) {
        int rc = reorder(b);
        if (rc < 0)
            return rc;
    }
    m.id.p = b->ps->id;
    m.id.n = b->ps->id_len;
    m.params.consistency = b->consistency;
    m.params.values.count = b->count;
    m.params.values.p = b->data.p;
    m.params.values.n = b->data.n;
    m.params.page_size = b->page_size;
    m.params.paging_state.p = b->state.p;
    m.params.paging_state.n = (int32_t)b->state.n;
    m.params.serial = b->serial_consistency;
    m.params.flags = (uint8_t)((b->count ? CQLR_PARAM_VALUES : 0) |
                               (b->page_size > 0 ? CQLR_PARAM_PAGE_SIZE : 0) |
                               (b->state.n ? CQLR_PARAM_PAGING_STATE : 0) |
                               (b->serial_consistency ? CQLR_PARAM_SERIAL : 0));
    if (cqlr_execute_write(w, &m) < 0)
        return cqlr__err_set(&b->err, w->rc, "EXECUTE not written: %s", cqlr_errcode_text(w->rc));
    return 0;
}

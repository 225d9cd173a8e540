/*
 * Replies: an answer's bytes → rc, columns, rows; and the copies that outlive the callback.
 *
 * A reply that is not kept lies on the stack of on_answer and points into the receive buffer.
 * Columns are compared with those of the statement's last answer and parsed only when they differ.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/client/internal.h"

/* ---- shared columns ---- */

struct cqlr__shared_columns *cqlr__shared_columns_new(const struct cqlr_spec *spec,
                                                      const struct cqlr_mem *mem,
                                                      struct cqlr_err *err)
{
    struct cqlr__shared_columns *s = cqlr__mem_get(mem, sizeof *s);
    if (!s) {
        (void)cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
        return NULL;
    }
    s->refs = 1;
    s->mem = mem;
    s->columns = cqlr_columns_new(spec, mem, err);
    if (!s->columns) {
        cqlr__mem_free(mem, s, sizeof *s);
        return NULL;
    }
    return s;
}

struct cqlr__shared_columns *cqlr__shared_columns_ref(struct cqlr__shared_columns *s)
{
    if (s)
        s->refs++;
    return s;
}

void cqlr__shared_columns_unref(struct cqlr__shared_columns *s)
{
    if (!s || --s->refs)
        return;
    cqlr_columns_free(s->columns);
    cqlr__mem_free(s->mem, s, sizeof *s);
}

/* ---- reading an answer ---- */

static void read_error(cqlr_reply *r, struct cqlr_rd *rd)
{
    struct cqlr_error e;
    struct cqlr_wr w;
    if ((r->rc = cqlr_error_read(rd, &e)) < 0) {
        cqlr__err_prefix(&r->err, "%s: ERROR", r->peer);
        return;
    }
    cqlr_wr_init(&w, r->mem, 0);
    cqlr_error_print(&w, &e);
    r->rc = w.rc ? cqlr__err_set(&r->err, w.rc, "out of memory")
                 : cqlr__err_set(&r->err, CQLR_E_SERVER, "%.*s", (int)w.n, (const char *)w.p);
    r->err.server_code = e.code;
    cqlr_wr_fini(&w);
}

void cqlr__reply_error(const cqlr_reply *r, struct cqlr_error *e)
{
    struct cqlr_rd rd;
    struct cqlr_err err;
    cqlr_rd_init(&rd, r->body.p, r->body.n, &err);
    if (r->opcode != CQLR_OP_ERROR || cqlr_error_read(&rd, e) < 0)
        *e = (struct cqlr_error){.code = r->err.server_code};
}

/* The columns of ROWS: the ones known, or new ones that take their place. */
static void use_columns(cqlr_reply *r, struct cqlr__shared_columns **known)
{
    const struct cqlr_spec *spec = &r->result.u.rows.spec;
    if (!*known || !cqlr_spec_is(spec, (*known)->columns)) {
        struct cqlr__shared_columns *fresh = cqlr__shared_columns_new(spec, r->mem, &r->err);
        if (!fresh) {
            r->rc = r->err.code;
            return;
        }
        cqlr__shared_columns_unref(*known);
        *known = fresh;
    }
    r->columns = *known;
}

static void read_result(cqlr_reply *r, struct cqlr_rd *rd, struct cqlr__shared_columns **known)
{
    r->rc = cqlr_result_read(rd, *known ? (*known)->columns : NULL, &r->result);
    if (r->rc < 0)
        cqlr__err_prefix(&r->err, "%s: RESULT", r->peer);
    else if (r->result.kind == CQLR_RESULT_ROWS)
        use_columns(r, known);
}

static void read_supported(cqlr_reply *r, struct cqlr_rd *rd)
{
    r->rc = cqlr_supported_read(rd, &r->supported);
    if (r->rc < 0)
        cqlr__err_prefix(&r->err, "%s: SUPPORTED", r->peer);
}

static void read_body(cqlr_reply *r, uint8_t wanted, struct cqlr__shared_columns **known)
{
    struct cqlr_rd rd;
    cqlr_rd_init(&rd, r->body.p, r->body.n, &r->err);
    cqlr__err_clear(&r->err);
    if (r->opcode == CQLR_OP_ERROR)
        read_error(r, &rd);
    else if (r->opcode != wanted)
        r->rc = cqlr__err_set(&r->err, CQLR_E_PROTO, "%s: unexpected answer, opcode 0x%02X",
                              r->peer, r->opcode);
    else if (r->opcode == CQLR_OP_RESULT)
        read_result(r, &rd, known);
    else
        read_supported(r, &rd);
}

/* Not a memset of the whole: this is the path of every answer, and the error text alone is 400
 * bytes. */
void cqlr__reply_read(cqlr_reply *r, const struct cqlr__pooled *p, const struct cqlr_event *ev,
                      uint8_t wanted, struct cqlr__shared_columns **known)
{
    cqlr_client *cl = p->client;
    r->client = cl;
    r->mem = cl->mem;
    r->peer = cqlr__pooled_peer(p);
    r->prefix = ev->prefix;
    r->result.kind = 0;
    r->columns = NULL;
    r->cells = &cl->cells;
    r->cells_cap = &cl->cells_cap;
    r->prepared = NULL;
    r->body = ev->body;
    r->opcode = ev->opcode;
    r->flags = ev->flags;
    r->kept = false;
    r->pages = NULL;
    read_body(r, wanted, known);
}

/* ---- what the user sees ---- */

int cqlr_reply_rc(const cqlr_reply *r)
{
    return r->rc;
}

const struct cqlr_err *cqlr_reply_err(const cqlr_reply *r)
{
    return &r->err;
}

const struct cqlr_result *cqlr_reply_result(const cqlr_reply *r)
{
    return r->rc == 0 && r->result.kind ? &r->result : NULL;
}

const struct cqlr_supported *cqlr_reply_supported(const cqlr_reply *r)
{
    return r->rc == 0 && r->opcode == CQLR_OP_SUPPORTED ? &r->supported : NULL;
}

static bool has_rows(const cqlr_reply *r)
{
    return r->rc == 0 && r->result.kind == CQLR_RESULT_ROWS;
}

const struct cqlr_columns *cqlr_reply_columns(const cqlr_reply *r)
{
    return has_rows(r) ? r->columns->columns : NULL;
}

const struct cqlr_prefix *cqlr_reply_prefix(const cqlr_reply *r)
{
    return &r->prefix;
}

struct cqlr_value cqlr_reply_paging_state(const cqlr_reply *r)
{
    const struct cqlr_value none = {NULL, CQLR_NULL};
    return has_rows(r) ? r->result.u.rows.paging_state : none;
}

static int room_for_cells(cqlr_reply *r, uint32_t n)
{
    const struct cqlr_mem *mem = r->mem;
    struct cqlr_value *cells;
    if (n <= *r->cells_cap)
        return 0;
    cells = cqlr__mem_array_resize(mem, *r->cells, *r->cells_cap, n, sizeof *cells);
    if (!cells)
        return cqlr__err_set(&r->err, CQLR_E_NOMEM, "out of memory");
    *r->cells = cells;
    *r->cells_cap = n;
    return 0;
}

int cqlr_reply_next(cqlr_reply *r, struct cqlr_row *row)
{
    int rc;
    for (;;) {
        if (r->rc < 0)
            return r->rc;
        if (!has_rows(r))
            return 0;
        if ((rc = room_for_cells(r, r->columns->columns->count)) < 0)
            return rc;
        rc = cqlr_rows_next(&r->result.u.rows, *r->cells);
        if (rc < 0)
            cqlr__err_prefix(&r->err, "%s: RESULT", r->peer);
        if (rc != 0 || !r->pages || cqlr_reply_paging_state(r).n < 0)
            break;
        if ((rc = cqlr__reply_next_page(r)) < 0)
            return rc;
    }
    row->columns = r->columns->columns;
    row->cell = *r->cells;
    return rc;
}

int64_t cqlr_reply_skip(cqlr_reply *r)
{
    int64_t n;
    if (r->rc < 0)
        return r->rc;
    if (!has_rows(r))
        return 0;
    n = cqlr_rows_skip(&r->result.u.rows);
    if (n < 0)
        cqlr__err_prefix(&r->err, "%s: RESULT", r->peer);
    return n;
}

/* ---- kept replies ---- */

static struct cqlr_span moved_span(struct cqlr_span s, const uint8_t *from, const uint8_t *to)
{
    if (s.count == 0) /* it may lie outside of what is copied */
        return (struct cqlr_span){0, NULL, 0};
    s.p = to + (s.p - from);
    return s;
}

/* The copy holds prefix and body in one block, so that the views can be moved over. */
static int copy_bytes(cqlr_reply *k, const cqlr_reply *r)
{
    const uint8_t *from = r->body.p;
    size_t n;
    if (r->prefix.warnings.count)
        from = r->prefix.warnings.p;
    else if (r->prefix.payload.count)
        from = r->prefix.payload.p;
    n = (size_t)(r->body.p + r->body.n - from);
    k->raw = cqlr__mem_get(r->mem, n);
    k->raw_len = n;
    if (n > 0 && !k->raw)
        return CQLR_E_NOMEM;
    if (n > 0) {
        memcpy(k->raw, from, n);
        k->body.p = k->raw + (r->body.p - from);
    }
    k->prefix.warnings = moved_span(r->prefix.warnings, from, k->raw);
    k->prefix.payload = moved_span(r->prefix.payload, from, k->raw);
    return 0;
}

/* The bytes were decoded once already: only memory can fail. */
static void read_again(cqlr_reply *k)
{
    struct cqlr__shared_columns *known = k->columns;
    struct cqlr_rd rd;
    cqlr_rd_init(&rd, k->body.p, k->body.n, &k->err);
    if (k->opcode == CQLR_OP_SUPPORTED)
        k->rc = cqlr_supported_read(&rd, &k->supported);
    else
        k->rc = cqlr_result_read(&rd, known ? known->columns : NULL, &k->result);
}

cqlr_reply *cqlr_reply_keep(const cqlr_reply *r)
{
    const struct cqlr_mem *mem = r->mem;
    cqlr_reply *k = cqlr__mem_get(mem, sizeof *k);
    if (!k)
        return NULL;
    *k = *r;
    k->kept = true;
    snprintf(k->own_peer, sizeof k->own_peer, "%s", r->peer);
    k->peer = k->own_peer;
    k->prepared = NULL;
    k->pages = NULL;
    k->own_cells = NULL;
    k->own_cells_cap = 0;
    k->cells = &k->own_cells;
    k->cells_cap = &k->own_cells_cap;
    k->columns = NULL;
    if (copy_bytes(k, r) < 0) {
        cqlr__mem_free(mem, k, sizeof *k);
        return NULL;
    }
    if (r->rc == 0) {
        k->columns = cqlr__shared_columns_ref(r->columns);
        read_again(k);
    }
    return k;
}

/* Gives back what a kept reply holds, but not the reply. */
static void clear(cqlr_reply *r)
{
    const struct cqlr_mem *mem = r->mem;
    cqlr__shared_columns_unref(r->columns);
    cqlr__mem_free(mem, r->raw, r->raw_len);
    cqlr__mem_array_free(mem, r->own_cells, r->own_cells_cap, sizeof *r->own_cells);
}

void cqlr__reply_replace(cqlr_reply *r, cqlr_reply *by)
{
    struct cqlr__next_page *pages = r->pages;
    clear(r);
    *r = *by;
    r->peer = r->own_peer;
    r->cells = &r->own_cells;
    r->cells_cap = &r->own_cells_cap;
    r->result.u.rows.rd.err = &r->err;
    r->pages = pages;
    cqlr__mem_free(r->mem, by, sizeof *by);
}

void cqlr_reply_free(cqlr_reply *r)
{
    if (!r || !r->kept)
        return;
    cqlr__pages_free(r);
    clear(r);
    cqlr__mem_free(r->mem, r, sizeof *r);
}

/* ---- cells ---- */

static struct cqlr_value cell(const struct cqlr_row *row, unsigned i)
{
    const struct cqlr_value none = {NULL, CQLR_NULL};
    return i < row->columns->count ? row->cell[i] : none;
}

struct cqlr_str cqlr_row_text(const struct cqlr_row *row, unsigned i)
{
    struct cqlr_value v = cell(row, i);
    struct cqlr_str s = {v.n > 0 ? (const char *)v.p : "", v.n > 0 ? (size_t)v.n : 0};
    return s;
}

int64_t cqlr_row_int(const struct cqlr_row *row, unsigned i)
{
    struct cqlr_value v = cell(row, i);
    switch (v.n) {
    case 1:
        return (int8_t)v.p[0];
    case 2:
        return (int16_t)cqlr_be16(v.p);
    case 4:
        return (int32_t)cqlr_be32(v.p);
    case 8:
        return (int64_t)cqlr_be64(v.p);
    default:
        return 0;
    }
}

double cqlr_row_double(const struct cqlr_row *row, unsigned i)
{
    struct cqlr_value v = cell(row, i);
    double d;
    float f;
    if (cqlr_value_double(v, &d) == 0)
        return d;
    return cqlr_value_float(v, &f) == 0 ? (double)f : 0.0;
}

bool cqlr_row_boolean(const struct cqlr_row *row, unsigned i)
{
    bool b;
    return cqlr_value_boolean(cell(row, i), &b) == 0 && b;
}

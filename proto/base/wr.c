/*
 * wr.c - the sticky writer: fields -> bytes that grow by doubling, never past `limit`
 * (native_protocol_v4.spec section 3).
 *
 * After the first error `rc` is set and every later write does nothing; `n` then counts whole
 * fields or parts of them, so a caller that goes on using the writer cuts it back itself.
 */
#include <cqlraw/wire.h>

#include "proto/base/mem.h"

#define FIRST_CAP 256

static int fail(struct cqlr_wr *w, int code)
{
    if (!w->rc)
        w->rc = code;
    return w->rc;
}

void cqlr_wr_init(struct cqlr_wr *w, const struct cqlr_mem *mem, size_t limit)
{
    w->p = NULL;
    w->n = w->cap = 0;
    w->limit = limit ? limit : (size_t)CQLR_FRAME_MAX + CQLR_FRAME_HEADER;
    w->mem = cqlr__mem(mem);
    w->rc = 0;
}

void cqlr_wr_fini(struct cqlr_wr *w)
{
    cqlr__mem_free(w->mem, w->p, w->cap);
    cqlr_wr_init(w, w->mem, w->limit);
}

int cqlr_wr_grow(struct cqlr_wr *w, size_t n)
{
    if (w->rc || w->cap - w->n >= n)
        return w->rc;
    if (n > w->limit - w->n)
        return fail(w, CQLR_E_LIMIT);

    size_t need = w->n + n;
    size_t cap = w->cap > w->limit / 2 ? w->limit : w->cap * 2;
    if (cap < FIRST_CAP)
        cap = FIRST_CAP < w->limit ? FIRST_CAP : w->limit;
    if (cap < need)
        cap = need;
    uint8_t *p = cqlr__mem_array_resize(w->mem, w->p, w->cap, cap, 1);
    if (!p)
        return fail(w, CQLR_E_NOMEM);
    w->p = p;
    w->cap = cap;
    return 0;
}

void cqlr_wr_string(struct cqlr_wr *w, struct cqlr_str s)
{
    if (s.n > UINT16_MAX) {
        fail(w, CQLR_E_RANGE);
        return;
    }
    cqlr_wr_u16(w, (uint16_t)s.n);
    cqlr_wr_raw(w, s.p, s.n);
}

void cqlr_wr_long_string(struct cqlr_wr *w, struct cqlr_str s)
{
    if (s.n > INT32_MAX) {
        fail(w, CQLR_E_RANGE);
        return;
    }
    cqlr_wr_i32(w, (int32_t)s.n);
    cqlr_wr_raw(w, s.p, s.n);
}

void cqlr_wr_short_bytes(struct cqlr_wr *w, struct cqlr_bytes b)
{
    struct cqlr_str s = {(const char *)b.p, b.n};
    cqlr_wr_string(w, s);
}

void cqlr_wr_value(struct cqlr_wr *w, struct cqlr_value v)
{
    cqlr_wr_i32(w, v.n);
    if (v.n > 0)
        cqlr_wr_raw(w, v.p, (size_t)v.n);
}

void cqlr_wr_span(struct cqlr_wr *w, struct cqlr_span s)
{
    if (s.count > UINT16_MAX) {
        fail(w, CQLR_E_RANGE);
        return;
    }
    cqlr_wr_u16(w, (uint16_t)s.count);
    cqlr_wr_raw(w, s.p, s.n);
}

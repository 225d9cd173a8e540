/*
 * source_wire.c - a source as bytes, and back: how a worker that was forked before the source was
 * known gets it. Integers as in the CQL protocol; a text is a [value]. The reader trusts no length
 * and leaves the checks of what a source may be to cqlr_source_new. Texts of lists are not copied
 * once more: they stay where they were received.
 *
 *   form, combine, repeat, total, parameters, columns
 *   parameter: kind, flags, first, last, step, count, name, and the texts of a list
 */
#include <stdlib.h>

#include "proto/base/err.h"
#include "src/bulk/source/source.h"

#define PARAM_BYTES 48 /* a parameter takes at least so many */

enum flag { NAMED = 1, MONTHS = 2, LATE = 4 };

static void write_text(struct cqlr_wr *w, struct cqlr_str s)
{
    if (s.p && s.n > INT32_MAX)
        w->rc = w->rc ? w->rc : CQLR_E_RANGE;
    else
        cqlr_wr_value(w, (struct cqlr_value){(const uint8_t *)s.p, s.p ? (int32_t)s.n : CQLR_NULL});
}

static void write_param(struct cqlr_wr *w, const struct cqlr__param *p)
{
    const struct cqlr_str none = {NULL, 0};
    cqlr_wr_i32(w, (int32_t)p->p.kind);
    cqlr_wr_i32(w, (p->p.name ? NAMED : 0) | (p->p.months ? MONTHS : 0) |
                       (p->p.checked_late ? LATE : 0));
    cqlr_wr_i64(w, p->p.first);
    cqlr_wr_i64(w, p->p.last);
    cqlr_wr_i64(w, p->p.step);
    cqlr_wr_i64(w, (int64_t)p->p.count);
    write_text(w, p->p.name ? cqlr_cstr(p->p.name) : none);
    for (size_t i = 0; p->p.kind == CQLR_SOURCE_LIST && i < p->p.count && !w->rc; i++)
        write_text(w, p->p.text[i]);
}

void cqlr__source_write(struct cqlr_wr *w, const cqlr_source *s)
{
    cqlr_wr_i32(w, (int32_t)s->form);
    cqlr_wr_i32(w, (int32_t)s->combine);
    cqlr_wr_i64(w, (int64_t)s->repeat);
    cqlr_wr_i64(w, (int64_t)s->total);
    cqlr_wr_i64(w, (int64_t)s->n);
    for (size_t i = 0; i < s->n; i++)
        write_param(w, &s->param[i]);
    cqlr_wr_i64(w, (int64_t)s->columns);
    for (size_t i = 0; i < s->columns; i++)
        write_text(w, cqlr_cstr(s->column[i]));
}

/* ---- reading ---- */

/* A count of things that take at least `least` bytes each. */
static size_t read_count(struct cqlr_rd *r, size_t least, const char *field)
{
    uint64_t n = (uint64_t)cqlr_rd_i64(r, field);
    if (!r->rc && n > cqlr_rd_left(r) / least)
        cqlr_rd_bad(r, field, "more than there are bytes for");
    return r->rc ? 0 : (size_t)n;
}

static int no_memory(struct cqlr_rd *r)
{
    r->rc = r->rc ? r->rc : cqlr__err_set(r->err, CQLR_E_NOMEM, "source: out of memory");
    return r->rc;
}

/* A string of ours, as C has them. NULL: null, or the reader has failed. */
static char *read_name(struct cqlr_rd *r, const char *field)
{
    struct cqlr_value v = cqlr_rd_bytes(r, field);
    char *name;
    if (v.n < 0)
        return NULL;
    if (memchr(v.p, '\0', (size_t)v.n)) {
        cqlr_rd_bad(r, field, "a zero byte");
        return NULL;
    }
    name = malloc((size_t)v.n + 1);
    if (!name) {
        no_memory(r);
        return NULL;
    }
    memcpy(name, v.p, (size_t)v.n);
    name[v.n] = '\0';
    return name;
}

/* The texts of a list; the caller frees the array. */
static struct cqlr_str *read_texts(struct cqlr_rd *r, size_t n)
{
    struct cqlr_str *text;
    if (n > cqlr_rd_left(r) / 4) {
        cqlr_rd_bad(r, "texts of a list", "more than there are bytes for");
        return NULL;
    }
    text = calloc(n ? n : 1, sizeof *text);
    if (!text) {
        no_memory(r);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        struct cqlr_value v = cqlr_rd_bytes(r, "text of a list");
        if (v.n >= 0)
            text[i] = (struct cqlr_str){(const char *)v.p, (size_t)v.n};
    }
    return text;
}

/* name and text of p are the caller's to free, whatever happens. */
static void read_param(struct cqlr_rd *r, struct cqlr_source_param *p)
{
    int32_t kind = cqlr_rd_i32(r, "kind"), flags = cqlr_rd_i32(r, "flags");
    if (kind < CQLR_SOURCE_INT || kind > CQLR_SOURCE_TOKEN_END)
        cqlr_rd_bad(r, "kind", "not known");
    p->kind = (enum cqlr_source_kind)kind;
    p->months = (flags & MONTHS) != 0;
    p->checked_late = (flags & LATE) != 0;
    p->first = cqlr_rd_i64(r, "first");
    p->last = cqlr_rd_i64(r, "last");
    p->step = cqlr_rd_i64(r, "step");
    p->count = (size_t)cqlr_rd_i64(r, "count");
    p->name = read_name(r, "name");
    if (!r->rc && !!p->name != !!(flags & NAMED))
        cqlr_rd_bad(r, "name", "missing or not wanted");
    if (!r->rc && kind == CQLR_SOURCE_LIST)
        p->text = read_texts(r, p->count);
}

static void read_columns(struct cqlr_rd *r, cqlr_source *s)
{
    size_t n = read_count(r, 4, "columns");
    s->column = r->rc ? NULL : calloc(n ? n : 1, sizeof *s->column);
    if (!s->column) {
        no_memory(r);
        return;
    }
    for (; s->columns < n && !r->rc; s->columns++)
        s->column[s->columns] = read_name(r, "column");
    for (size_t i = 0; i < s->columns && !r->rc; i++) {
        if (!s->column[i])
            cqlr_rd_bad(r, "column", "null");
    }
}

/* What the fixed part says, and the parameters, as a source. */
static cqlr_source *make(struct cqlr_rd *r, int32_t form, const struct cqlr_source_param *p,
                         size_t n, enum cqlr_combine combine, uint64_t repeat, uint64_t total)
{
    cqlr_source *s = r->rc ? NULL : cqlr_source_new(p, n, combine, repeat, r->err);
    for (size_t i = 0; s && i < n; i++)
        s->param[i].own_text = (struct cqlr_str *)(uintptr_t)p[i].text;
    for (size_t i = 0; !s && i < n; i++)
        free((struct cqlr_str *)(uintptr_t)p[i].text);
    if (!s)
        return NULL;
    s->form = (enum cqlr__source_form)form;
    if (s->form != CQLR__SOURCE_SETS)
        s->total = total;
    read_columns(r, s);
    if (!r->rc && cqlr_rd_left(r))
        cqlr_rd_bad(r, "source", "bytes behind it");
    if (!r->rc)
        return s;
    cqlr_source_free(s);
    return NULL;
}

cqlr_source *cqlr__source_read(const uint8_t *bytes, size_t size, struct cqlr_err *err)
{
    struct cqlr_rd r;
    struct cqlr_source_param *p;
    cqlr_source *s;
    cqlr_rd_init(&r, bytes, size, err);
    int32_t form = cqlr_rd_i32(&r, "form"), combine = cqlr_rd_i32(&r, "combine");
    uint64_t repeat = (uint64_t)cqlr_rd_i64(&r, "repeat");
    uint64_t total = (uint64_t)cqlr_rd_i64(&r, "total");
    size_t n = read_count(&r, PARAM_BYTES, "parameters"), have = 0;
    if (form < CQLR__SOURCE_SETS || form > CQLR__SOURCE_JOBS)
        cqlr_rd_bad(&r, "form", "not known");
    if (combine != CQLR_COMBINE_PRODUCT && combine != CQLR_COMBINE_ZIP)
        cqlr_rd_bad(&r, "combine", "not known");
    p = calloc(n ? n : 1, sizeof *p);
    if (!p)
        no_memory(&r);
    for (; p && have < n && !r.rc; have++)
        read_param(&r, &p[have]);
    s = make(&r, form, p, have, (enum cqlr_combine)combine, repeat, total);
    for (size_t i = 0; i < have; i++)
        free((char *)(uintptr_t)p[i].name);
    free(p);
    return s;
}

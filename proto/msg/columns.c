/*
 * columns.c - column specs: checked in place, parsed into columns that outlive the message, written
 * (native_protocol_v4.spec sections 4.2.5.2 and 4.2.5.4).
 *
 * A message's specs are only walked; they are parsed when somebody wants the columns, and then from
 * a copy that the columns keep: names are views into it, and the next message is known by it. A
 * count is believed only as far as bytes stand behind it.
 */
#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "proto/msg/meta.h"

#define METADATA_CHANGED 0x08 /* v5: an id follows, so the specs are elsewhere */

/* Columns without specs take no bytes: their number has a bound of its own. So many take half a
 * megabyte of memory, and no result has as many. */
#define COLUMNS_WITHOUT_SPEC 8192u

uint32_t cqlr__count_read(struct cqlr_rd *r, const char *field)
{
    int32_t n = cqlr_rd_i32(r, field);
    if (n >= 0)
        return (uint32_t)n;
    r->p -= 4;
    cqlr_rd_bad(r, field, "negative count");
    return 0;
}

void cqlr__count_write(struct cqlr_wr *w, uint32_t count)
{
    if (count > INT32_MAX && !w->rc)
        w->rc = CQLR_E_RANGE;
    cqlr_wr_i32(w, (int32_t)count);
}

/* The flags that tell how the specs are laid out. GLOBAL_SPEC may be set beside NO_METADATA and
 * then means nothing. */
static uint32_t layout(uint32_t flags)
{
    return flags & (flags & CQLR_META_NO_METADATA ? CQLR_META_NO_METADATA : CQLR_META_GLOBAL_SPEC);
}

/* Refuses a count that the bytes left cannot hold: a column takes a name and an option, [short]
 * each, and [string] keyspace and table unless they are global. */
static int count_check(struct cqlr_rd *r, const struct cqlr_spec *s)
{
    uint64_t each = layout(s->flags) & CQLR_META_GLOBAL_SPEC ? 4 : 8;
    if (s->flags & CQLR_META_NO_METADATA)
        return s->count > COLUMNS_WITHOUT_SPEC ? cqlr_rd_bad(r, "columns count", "too many") : 0;
    if (s->count * each > cqlr_rd_left(r))
        return cqlr_rd_short(r, s->count * each, "column specs");
    return r->rc;
}

static void table_read(struct cqlr_rd *r, struct cqlr_column *c)
{
    c->keyspace = cqlr_rd_string(r, "keyspace");
    c->table = cqlr_rd_string(r, "table");
}

/*
 * Reads s->count columns, into col and type when they are given. The first error is prefixed by the
 * column it is in.
 */
static int specs_read(struct cqlr_rd *r, const struct cqlr_spec *s, struct cqlr_arena *a,
                      struct cqlr_column *col, struct cqlr_type *type)
{
    struct cqlr_column c = {{NULL, 0}, {NULL, 0}, {NULL, 0}, NULL};
    bool global = layout(s->flags) & CQLR_META_GLOBAL_SPEC;
    struct cqlr_type ignored;
    if (global)
        table_read(r, &c);
    for (uint32_t i = 0; i < s->count && !r->rc; i++) {
        struct cqlr_type *t = type ? &type[i] : &ignored;
        if (!global)
            table_read(r, &c);
        c.name = cqlr_rd_string(r, "name");
        c.type = t;
        if (r->rc || cqlr_type_read(r, a, t))
            cqlr__err_prefix(r->err, "column %u", (unsigned)i);
        else if (col)
            col[i] = c;
    }
    return r->rc;
}

static bool is_known(const struct cqlr_spec *s, const struct cqlr_columns *c, const uint8_t *p,
                     size_t n)
{
    return c->count == s->count && c->spec_flags == layout(s->flags) && c->spec.n <= n &&
           (c->spec.n == 0 || memcmp(c->spec.p, p, c->spec.n) == 0);
}

void cqlr__spec_read(struct cqlr_rd *r, const struct cqlr_columns *known, struct cqlr_spec *s)
{
    const uint8_t *from = r->p;
    if (known && is_known(s, known, r->p, cqlr_rd_left(r))) {
        r->p += known->spec.n;
        s->bytes = known->spec; /* the same bytes: cqlr_spec_is need not compare them again */
        return;
    }
    if (count_check(r, s) == 0 && !(s->flags & CQLR_META_NO_METADATA))
        (void)specs_read(r, s, NULL, NULL, NULL); /* r keeps the error */
    if (r->rc)
        return;
    s->bytes.p = from;
    s->bytes.n = (size_t)(r->p - from);
}

void cqlr__metadata_read(struct cqlr_rd *r, const struct cqlr_columns *known, struct cqlr_spec *s,
                         struct cqlr_value *paging_state)
{
    s->flags = (uint32_t)cqlr_rd_i32(r, "metadata flags");
    s->count = cqlr__count_read(r, "columns count");
    *paging_state = (struct cqlr_value){NULL, CQLR_NULL};
    if (s->flags & CQLR_META_MORE_PAGES) {
        *paging_state = cqlr_rd_bytes(r, "paging state");
        /* with none the page would count as the last one, or the first come again */
        if (paging_state->n <= 0)
            cqlr_rd_bad(r, "paging state", "none, but more pages are announced");
    }
    if (s->flags & METADATA_CHANGED)
        cqlr_rd_bad(r, "metadata flags", "METADATA_CHANGED is not part of protocol v4");
    cqlr__spec_read(r, known, s);
}

bool cqlr_spec_is(const struct cqlr_spec *s, const struct cqlr_columns *c)
{
    bool same_place = s->bytes.p == c->spec.p && s->bytes.n > 0;
    return same_place || (s->bytes.n == c->spec.n && is_known(s, c, s->bytes.p, s->bytes.n));
}

/* ---- columns ---- */

/* Columns that the message does not describe. */
static void columns_fill_unknown(struct cqlr_column *col, uint32_t count)
{
    static const struct cqlr_type unknown = {.id = CQLR_TYPE_CUSTOM};
    for (uint32_t i = 0; i < count; i++)
        col[i].type = &unknown;
}

/* Copies the specs and parses the copy. */
static int columns_parse(struct cqlr_columns *c, const struct cqlr_spec *s, struct cqlr_err *err)
{
    bool unknown = s->flags & CQLR_META_NO_METADATA;
    struct cqlr_rd r;
    size_t col_size;
    size_t type_size;
    cqlr_rd_init(&r, s->bytes.p, s->bytes.n, err);
    if (count_check(&r, s))
        return r.rc;

    uint8_t *copy = cqlr_arena_get(&c->arena, s->bytes.n);
    struct cqlr_column *col = NULL;
    struct cqlr_type *type = NULL;
    if (cqlr__mem_size(s->count, sizeof *col, &col_size) &&
        cqlr__mem_size(unknown ? 0 : s->count, sizeof *type, &type_size)) {
        col = cqlr_arena_get(&c->arena, col_size);
        type = cqlr_arena_get(&c->arena, type_size);
    }
    if (!copy || !col || !type)
        return cqlr__err_set(err, CQLR_E_NOMEM, "no memory for %u columns", (unsigned)s->count);

    if (s->bytes.n)
        memcpy(copy, s->bytes.p, s->bytes.n);
    c->count = s->count;
    c->col = col;
    c->spec = (struct cqlr_bytes){copy, s->bytes.n};
    c->spec_flags = layout(s->flags);
    if (unknown) {
        columns_fill_unknown(col, s->count);
        return 0;
    }
    cqlr_rd_init(&r, copy, s->bytes.n, err);
    return specs_read(&r, s, &c->arena, col, type);
}

struct cqlr_columns *cqlr_columns_new(const struct cqlr_spec *s, const struct cqlr_mem *mem,
                                      struct cqlr_err *err)
{
    mem = cqlr__mem(mem);
    struct cqlr_columns *c = cqlr__mem_get(mem, sizeof *c);
    if (!c) {
        cqlr__err_set(err, CQLR_E_NOMEM, "no memory for columns");
        return NULL;
    }
    memset(c, 0, sizeof *c);
    cqlr_arena_init(&c->arena, mem);
    if (columns_parse(c, s, err)) {
        cqlr_columns_free(c);
        return NULL;
    }
    return c;
}

void cqlr_columns_free(struct cqlr_columns *c)
{
    if (!c)
        return;
    const struct cqlr_mem *mem = c->arena.mem;
    cqlr_arena_fini(&c->arena);
    cqlr__mem_free(mem, c, sizeof *c);
}

/* ---- writing ---- */

uint32_t cqlr__spec_flags(const struct cqlr_column *col, uint32_t columns)
{
    for (uint32_t i = 1; i < columns; i++)
        if (!cqlr_str_equal(col[i].keyspace, col[0].keyspace) ||
            !cqlr_str_equal(col[i].table, col[0].table))
            return 0;
    return columns ? CQLR_META_GLOBAL_SPEC : 0;
}

static void name_and_type_write(struct cqlr_wr *w, const struct cqlr_column *c)
{
    cqlr_wr_string(w, c->name);
    cqlr_type_write(w, c->type);
}

void cqlr_column_write(struct cqlr_wr *w, const struct cqlr_column *c)
{
    cqlr_wr_string(w, c->keyspace);
    cqlr_wr_string(w, c->table);
    name_and_type_write(w, c);
}

void cqlr__spec_write(struct cqlr_wr *w, const struct cqlr_column *col, uint32_t columns,
                      uint32_t flags)
{
    bool global = flags & CQLR_META_GLOBAL_SPEC;
    if (global) {
        cqlr_wr_string(w, col[0].keyspace);
        cqlr_wr_string(w, col[0].table);
    }
    for (uint32_t i = 0; i < columns; i++) {
        if (global)
            name_and_type_write(w, &col[i]);
        else
            cqlr_column_write(w, &col[i]);
    }
}

void cqlr__metadata_write(struct cqlr_wr *w, const struct cqlr_column *col, uint32_t columns,
                          uint32_t flags, struct cqlr_value paging_state)
{
    bool described = !(flags & CQLR_META_NO_METADATA);
    uint32_t f = described ? cqlr__spec_flags(col, columns)
                           : flags & (CQLR_META_NO_METADATA | CQLR_META_GLOBAL_SPEC);
    if (paging_state.n >= 0)
        f |= CQLR_META_MORE_PAGES;
    cqlr_wr_i32(w, (int32_t)f);
    cqlr__count_write(w, columns);
    if (f & CQLR_META_MORE_PAGES)
        cqlr_wr_value(w, paging_state);
    if (described)
        cqlr__spec_write(w, col, columns, f);
}

/*
 * select.c - finds the rows a SELECT asks for and writes them, a page at a time.
 *
 * A paging state is the statement's id and the number of rows already given: it is only good for
 * the statement it came from, and a made-up one is refused.
 */
#include "select.h"

#define STATE_SIZE 20 /* id, [int] rows given */

/* The value each condition asks for. Literals live in `text`, which must outlive the use. */
struct wanted {
    struct cqlr_value value[STUB_CONDITIONS_MAX];
    struct cqlr_wr text;
};

/* 'it''s' → it's, appended to w. */
static void unquote(struct cqlr_wr *w, struct cqlr_str s)
{
    for (size_t i = 1; i + 1 < s.n; i++) {
        cqlr_wr_u8(w, (uint8_t)s.p[i]);
        i += s.p[i] == '\'';
    }
}

/* A literal as the bytes of its column's type, appended to w; n is how many. */
static bool literal_value(struct cqlr_wr *w, const struct cqlr_column *col, struct cqlr_str s,
                          int32_t *n, struct stub_failure *f)
{
    struct cqlr_err err;
    size_t start = w->n;
    bool quoted = s.p[0] == '\'';
    bool is_text = col->type->id == CQLR_TYPE_VARCHAR;
    int rc = 0;
    if (quoted && is_text)
        unquote(w, s);
    else if (is_text)
        rc = CQLR_E_TYPE;
    else
        rc = cqlr_value_parse(w, col->type, s, &err); /* takes quotes where CQL has them */
    *n = (int32_t)(w->n - start);
    return !rc && !w->rc ? true
                         : stub_fail(f, CQLR_SERVER_INVALID, "stub: invalid literal for %.*s",
                                     CQLR_STR(col->name));
}

/* One condition's value: the next bound one, or the literal. A key is never null, nor empty when it
 * is text. */
static bool want_one(struct wanted *w, uint32_t i, const struct stub_statement *st,
                     struct cqlr_span *values, uint8_t flags, struct stub_failure *f)
{
    const struct stub_condition *c = &st->condition[i];
    const struct cqlr_column *col = &st->table->column[c->column];
    struct cqlr_value *v = &w->value[i];
    struct cqlr_str name;
    if (!c->bound)
        return literal_value(&w->text, col, c->literal, &v->n, f);
    if (!cqlr_params_next(values, flags, &name, v))
        return stub_fail(f, CQLR_SERVER_INVALID, "Invalid amount of bind variables");
    if (v->n < 0)
        return stub_fail(f, CQLR_SERVER_INVALID, "Invalid %s value in condition for column %.*s",
                         v->n == CQLR_NULL ? "null" : "unset", CQLR_STR(col->name));
    if (v->n == 0 && c->column < st->table->def->partition_key)
        return stub_fail(f, CQLR_SERVER_INVALID, "Key may not be empty");
    return true;
}

static bool want(struct wanted *w, const struct stub_statement *st, const struct cqlr_params *p,
                 struct stub_failure *f)
{
    struct cqlr_span values = p->values;
    uint32_t given = p->flags & CQLR_PARAM_VALUES ? values.count : 0;
    size_t at = 0;
    if (p->flags & CQLR_PARAM_NAMES)
        return stub_fail(f, CQLR_SERVER_INVALID, "stub: values with names are not served");
    if (given != st->markers)
        return stub_fail(f, CQLR_SERVER_INVALID, "Invalid amount of bind variables");
    for (uint32_t i = 0; i < st->conditions; i++)
        if (!want_one(w, i, st, &values, p->flags, f))
            return false;
    for (uint32_t i = 0; i < st->conditions; i++) /* the text has stopped moving */
        if (!st->condition[i].bound) {
            w->value[i].p = w->text.p + at;
            at += (size_t)w->value[i].n;
        }
    return true;
}

static bool row_matches(const struct stub_row *r, const struct stub_statement *st,
                        const struct wanted *w)
{
    for (uint32_t i = 0; i < st->conditions; i++) {
        const struct cqlr_value *a = &r->cell[st->condition[i].column], *b = &w->value[i];
        if (a->n != b->n || (a->n > 0 && memcmp(a->p, b->p, (size_t)a->n) != 0))
            return false;
    }
    return true;
}

static const struct stub_row *match(const struct stub_row *r, const struct stub_statement *st,
                                    const struct wanted *w)
{
    while (r && !row_matches(r, st, w))
        r = r->next;
    return r;
}

/* Which of the matching rows make up the page. */
struct page {
    uint32_t from;
    uint32_t count;
    uint32_t total;
};

static bool find_page(struct page *pg, const struct stub_statement *st, const struct wanted *w,
                      const uint8_t id[16], const struct cqlr_params *p, struct stub_failure *f)
{
    *pg = (struct page){0, 0, 0};
    if (p->flags & CQLR_PARAM_PAGE_SIZE && p->page_size == 0)
        return stub_fail(f, CQLR_SERVER_PROTOCOL_ERROR, "The page size cannot be 0");
    for (const struct stub_row *r = st->table->first; (r = match(r, st, w)); r = r->next)
        pg->total++;
    if (p->flags & CQLR_PARAM_PAGING_STATE && p->paging_state.n != CQLR_NULL) {
        const struct cqlr_value *s = &p->paging_state;
        bool ours = s->n == STATE_SIZE && memcmp(s->p, id, 16) == 0;
        pg->from = ours ? cqlr_be32(s->p + 16) : 0;
        if (pg->from == 0 || pg->from >= pg->total)
            return stub_fail(f, CQLR_SERVER_PROTOCOL_ERROR, "Invalid value for the paging state");
    }
    pg->count = pg->total - pg->from;
    if (p->flags & CQLR_PARAM_PAGE_SIZE && p->page_size > 0 && pg->count > (uint32_t)p->page_size)
        pg->count = (uint32_t)p->page_size;
    return true;
}

static void selected(const struct stub_statement *st, struct cqlr_column col[STUB_SELECTED_MAX])
{
    for (uint32_t i = 0; i < st->columns; i++)
        col[i] = st->table->column[st->column[i]];
}

static bool write_page(struct cqlr_wr *w, const struct stub_statement *st,
                       const struct wanted *wanted, const struct page *pg, const uint8_t id[16])
{
    struct cqlr_column col[STUB_SELECTED_MAX];
    uint8_t state[STATE_SIZE];
    struct cqlr_value next = {NULL, CQLR_NULL};
    const struct stub_row *r = st->table->first;
    bool more = pg->from + pg->count < pg->total;
    if (more) {
        memcpy(state, id, 16);
        cqlr_put32(state + 16, pg->from + pg->count);
        next = (struct cqlr_value){state, STATE_SIZE};
    }
    selected(st, col);
    if (cqlr_rows_write(w, col, st->columns, more ? CQLR_META_MORE_PAGES : 0, next, pg->count))
        return false;
    for (uint32_t i = 0; i < pg->from + pg->count; i++, r = r->next) {
        r = match(r, st, wanted);
        for (uint32_t c = 0; c < st->columns && i >= pg->from; c++)
            cqlr_wr_value(w, r->cell[st->column[c]]);
    }
    return !w->rc;
}

bool stub_select_rows(struct cqlr_wr *w, const struct stub_statement *st, const uint8_t id[16],
                      const struct cqlr_params *p, uint32_t *rows, struct stub_failure *f)
{
    struct wanted wanted = {0};
    struct page pg;
    cqlr_wr_init(&wanted.text, w->mem, 0);
    bool ok = want(&wanted, st, p, f) && find_page(&pg, st, &wanted, id, p, f);
    if (ok) {
        ok = write_page(w, st, &wanted, &pg, id) ||
             stub_fail(f, CQLR_SERVER_SERVER_ERROR, "stub: out of memory");
        *rows = pg.count == pg.total ? pg.total : STUB_PART_OF_ROWS;
    }
    cqlr_wr_fini(&wanted.text);
    return ok;
}

/* Where the components of the partition key stand among the markers; 0 unless all of them do. */
static uint32_t key_markers(const struct stub_statement *st, uint16_t pk[STUB_CONDITIONS_MAX])
{
    uint32_t found = 0, marker = 0;
    for (uint32_t i = 0; i < st->conditions; i++) {
        const struct stub_condition *c = &st->condition[i];
        if (c->bound && c->column < st->table->def->partition_key) {
            pk[c->column] = (uint16_t)marker;
            found++;
        }
        marker += c->bound;
    }
    return found == st->table->def->partition_key ? found : 0;
}

bool stub_select_prepared(struct cqlr_wr *w, const struct stub_statement *st, const uint8_t id[16])
{
    struct cqlr_column col[STUB_SELECTED_MAX], marker[STUB_CONDITIONS_MAX];
    uint16_t pk[STUB_CONDITIONS_MAX];
    uint32_t pks = key_markers(st, pk), markers = 0;
    for (uint32_t i = 0; i < st->conditions; i++) {
        const struct stub_condition *c = &st->condition[i];
        if (!c->bound)
            continue;
        marker[markers] = st->table->column[c->column];
        if (c->marker.n)
            marker[markers].name = c->marker;
        markers++;
    }
    selected(st, col);
    return cqlr_prepared_write(w, (struct cqlr_bytes){id, 16}, marker, markers, pk, pks, col,
                               st->columns) == 0;
}

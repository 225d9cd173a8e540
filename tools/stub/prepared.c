/*
 * prepared.c - prepared statements by id, most recently used first, each with its last answer.
 *
 * The tables never change, so an answer stays right for ever; keeping one per statement makes the
 * hot EXECUTE of a bulk read one comparison of the key and one copy.
 */
#include "prepared.h"

void stub_prepared_init(struct stub_prepared_list *l, const struct cqlr_mem *mem)
{
    *l = (struct stub_prepared_list){NULL, 0, mem ? mem : cqlr_mem_default()};
}

static void free_one(struct stub_prepared_list *l, struct stub_prepared *ps)
{
    cqlr_wr_fini(&ps->cql);
    cqlr_wr_fini(&ps->key);
    cqlr_wr_fini(&ps->body);
    l->mem->resize(l->mem->arg, ps, sizeof *ps, 0);
}

void stub_prepared_fini(struct stub_prepared_list *l)
{
    while (l->first) {
        struct stub_prepared *ps = l->first;
        l->first = ps->next;
        free_one(l, ps);
    }
}

void stub_prepared_id(uint8_t id[16], const char *keyspace, struct cqlr_str cql)
{
    const char *ks = keyspace ? keyspace : "";
    stub_hash(id, ks, strlen(ks), cql.p, cql.n);
}

struct stub_prepared *stub_prepared_find(struct stub_prepared_list *l, struct cqlr_bytes id)
{
    for (struct stub_prepared **at = &l->first; id.n == 16 && *at; at = &(*at)->next) {
        struct stub_prepared *ps = *at;
        if (memcmp(ps->id, id.p, 16) != 0)
            continue;
        *at = ps->next;
        ps->next = l->first;
        l->first = ps;
        return ps;
    }
    return NULL;
}

static void forget_last(struct stub_prepared_list *l)
{
    struct stub_prepared **at = &l->first;
    while ((*at)->next)
        at = &(*at)->next;
    free_one(l, *at);
    *at = NULL;
    l->count--;
}

static bool out_of_memory(struct stub_failure *f)
{
    return stub_fail(f, CQLR_SERVER_SERVER_ERROR, "stub: out of memory");
}

/* Copies the text and reads the statement from the copy. */
static bool fill(struct stub_prepared *ps, const struct stub_tables *ts, const char *keyspace,
                 struct cqlr_str cql, struct stub_failure *f)
{
    cqlr_wr_raw(&ps->cql, cql.p, cql.n);
    if (ps->cql.rc)
        return out_of_memory(f);
    cql.p = (const char *)ps->cql.p;
    if (!stub_statement_read(ts, keyspace, cql, &ps->statement, f))
        return false;
    return ps->statement.use ? stub_fail(f, CQLR_SERVER_INVALID, "stub: USE is not prepared here")
                             : true;
}

struct stub_prepared *stub_prepare(struct stub_prepared_list *l, const struct stub_tables *ts,
                                   const char *keyspace, struct cqlr_str cql,
                                   struct stub_failure *f)
{
    uint8_t id[16];
    stub_prepared_id(id, keyspace, cql);
    struct stub_prepared *ps = stub_prepared_find(l, (struct cqlr_bytes){id, sizeof id});
    if (ps)
        return ps;
    ps = l->mem->resize(l->mem->arg, NULL, 0, sizeof *ps);
    if (!ps) {
        out_of_memory(f);
        return NULL;
    }
    memset(ps, 0, sizeof *ps);
    memcpy(ps->id, id, sizeof id);
    cqlr_wr_init(&ps->cql, l->mem, 0);
    cqlr_wr_init(&ps->key, l->mem, 0);
    cqlr_wr_init(&ps->body, l->mem, 0);
    if (!fill(ps, ts, keyspace, cql, f)) {
        free_one(l, ps);
        return NULL;
    }
    ps->next = l->first;
    l->first = ps;
    if (++l->count > STUB_PREPARED_MAX)
        forget_last(l);
    return ps;
}

/* Would this request get the very bytes that are kept? */
static bool is_kept(const struct stub_prepared *ps, const struct cqlr_params *p)
{
    bool plain = !(p->flags & (CQLR_PARAM_NAMES | CQLR_PARAM_PAGING_STATE));
    bool one_page = !(p->flags & CQLR_PARAM_PAGE_SIZE) || p->page_size < 0 ||
                    (p->page_size > 0 && (uint32_t)p->page_size >= ps->rows);
    uint32_t given = p->flags & CQLR_PARAM_VALUES ? p->values.count : 0;
    return ps->body.n && plain && one_page && given == ps->statement.markers &&
           p->values.n == ps->key.n &&
           (!ps->key.n || memcmp(p->values.p, ps->key.p, ps->key.n) == 0);
}

static void keep(struct stub_prepared *ps, const struct cqlr_params *p, const uint8_t *body,
                 size_t n)
{
    cqlr_wr_reset(&ps->key);
    cqlr_wr_reset(&ps->body);
    cqlr_wr_raw(&ps->key, p->values.p, p->values.n);
    cqlr_wr_raw(&ps->body, body, n);
    if (ps->key.rc || ps->body.rc)
        cqlr_wr_reset(&ps->body); /* without memory it is just slower */
}

bool stub_prepared_rows(struct stub_prepared *ps, struct cqlr_wr *w, const struct cqlr_params *p,
                        struct stub_failure *f)
{
    size_t start = w->n;
    uint32_t rows;
    if (is_kept(ps, p)) {
        cqlr_wr_raw(w, ps->body.p, ps->body.n);
        return !w->rc ? true : out_of_memory(f);
    }
    if (!stub_select_rows(w, &ps->statement, ps->id, p, &rows, f))
        return false;
    if (rows != STUB_PART_OF_ROWS) {
        keep(ps, p, w->p + start, w->n - start);
        ps->rows = rows;
    }
    return true;
}

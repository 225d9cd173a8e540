/*
 * order.c - see order.h. Units live in a circular array that grows by doubling, so adding one and
 * forgetting one cost nothing in the steady state.
 */
#include <stdlib.h>

#include "src/bulk/manager/order.h"

void cqlr__order_init(struct cqlr__order *o)
{
    *o = (struct cqlr__order){0};
}

static void unit_fini(struct cqlr__unit *u)
{
    cqlr_wr_fini(&u->state);
    cqlr_wr_fini(&u->texts);
    cqlr_wr_fini(&u->saved);
}

static struct cqlr__unit *at(const struct cqlr__order *o, uint64_t number)
{
    return &o->ring[(o->head + (size_t)(number - o->oldest)) & (o->cap - 1)];
}

void cqlr__order_fini(struct cqlr__order *o)
{
    for (uint64_t i = o->oldest; i < o->next; i++)
        unit_fini(at(o, i));
    free(o->ring);
    *o = (struct cqlr__order){0};
}

static bool grow(struct cqlr__order *o)
{
    size_t cap = o->cap ? o->cap * 2 : 64;
    struct cqlr__unit *ring = calloc(cap, sizeof *ring);
    if (!ring)
        return false;
    for (uint64_t i = o->oldest; i < o->next; i++)
        ring[i - o->oldest] = *at(o, i);
    free(o->ring);
    o->ring = ring;
    o->cap = cap;
    o->head = 0;
    return true;
}

struct cqlr__unit *cqlr__order_add(struct cqlr__order *o, uint64_t first, uint64_t count,
                                   struct cqlr_wr *texts)
{
    struct cqlr__unit *u;
    if (o->next - o->oldest == o->cap && !grow(o))
        return NULL;
    u = at(o, o->next);
    *u = (struct cqlr__unit){
        .number = o->next++, .first = first, .count = count, .holder = CQLR__NOBODY};
    cqlr_wr_init(&u->state, NULL, 0);
    cqlr_wr_init(&u->texts, NULL, 0);
    if (texts) {
        u->texts = *texts;
        cqlr_wr_init(texts, texts->mem, texts->limit);
        o->text_bytes += u->texts.n;
    }
    cqlr_wr_init(&u->saved, NULL, SIZE_MAX / 2);
    return u;
}

struct cqlr__unit *cqlr__order_unit(struct cqlr__order *o, uint64_t number)
{
    return number >= o->oldest && number < o->next ? at(o, number) : NULL;
}

static bool is_free(const struct cqlr__unit *u)
{
    return u->holder == CQLR__NOBODY && u->item < u->count;
}

struct cqlr__unit *cqlr__order_free_unit(struct cqlr__order *o, uint64_t least)
{
    if (o->unheld < o->oldest)
        o->unheld = o->oldest;
    while (o->unheld < o->next && !is_free(at(o, o->unheld)))
        o->unheld++;
    for (uint64_t i = least > o->unheld ? least : o->unheld; i < o->next; i++) {
        if (is_free(at(o, i)))
            return at(o, i);
    }
    return NULL;
}

uint64_t cqlr__order_free_count(struct cqlr__order *o, uint64_t most)
{
    const struct cqlr__unit *u = cqlr__order_free_unit(o, 0);
    uint64_t n = 0;
    while (u && ++n < most)
        u = cqlr__order_free_unit(o, u->number + 1);
    return n;
}

void cqlr__order_give(struct cqlr__unit *u, int holder, uint64_t base)
{
    u->holder = holder;
    u->base = base;
    u->from = u->item;
}

void cqlr__order_take_back(struct cqlr__order *o, struct cqlr__unit *u)
{
    u->holder = CQLR__NOBODY;
    if (u->number < o->unheld)
        o->unheld = u->number;
}

static struct cqlr_value next_text(struct cqlr__unit *u)
{
    u->text_item++;
    return cqlr__text_next(&u->texts, &u->text_off);
}

struct cqlr_value cqlr__order_text(struct cqlr__unit *u, uint64_t item)
{
    if (item < u->text_item)
        u->text_item = u->text_off = 0;
    while (u->text_item < item)
        (void)next_text(u);
    return next_text(u);
}

/* Progress that goes forward, within the unit, by as many parameter sets as the record says it
 * completes. */
static bool goes_on(const struct cqlr__unit *u, const struct cqlr__record *rec)
{
    uint64_t done = rec->kind == CQLR__RECORD_ERROR ? 1 : rec->queries;
    if (rec->next_item < u->item || rec->next_item > u->count || rec->next_item - u->item != done)
        return false;
    if (rec->kind == CQLR__RECORD_ERROR &&
        (rec->queries || rec->next_page || rec->bytes < sizeof(struct cqlr__failure)))
        return false;
    if (rec->empty > rec->queries || rec->whole > rec->bytes - rec->state)
        return false;
    if (rec->next_page)
        return rec->next_item < u->count && (done || rec->next_page > u->page) && rec->state;
    return done && !rec->state;
}

int cqlr__order_accept(struct cqlr__unit *u, int holder, const struct cqlr__record *rec,
                       const uint8_t *p)
{
    if (u->holder != holder || !goes_on(u, rec))
        return CQLR_E_WORKER;
    cqlr_wr_reset(&u->state);
    cqlr_wr_raw(&u->state, p + (rec->bytes - rec->state), rec->state);
    if (u->state.rc)
        return CQLR_E_NOMEM;
    u->item = rec->next_item;
    u->page = rec->next_page;
    u->item_rows = rec->next_page ? rec->item_rows : 0;
    u->strikes = 0;
    return 0;
}

int cqlr__order_save(struct cqlr__unit *u, const struct cqlr__record *rec, const uint8_t *p)
{
    cqlr__record_write(&u->saved, rec, p);
    return u->saved.rc ? CQLR_E_NOMEM : 0;
}

int cqlr__order_saved(struct cqlr__unit *u, struct cqlr__record *rec, const uint8_t **p)
{
    return cqlr__record_read(&u->saved, &u->saved_off, rec, p);
}

void cqlr__order_trim(struct cqlr__order *o)
{
    while (o->oldest < o->next && cqlr__unit_done(at(o, o->oldest))) {
        o->text_bytes -= at(o, o->oldest)->texts.n;
        unit_fini(at(o, o->oldest));
        o->head = (o->head + 1) & (o->cap - 1);
        o->oldest++;
    }
}

/*
 * heap.c - a binary heap of timers, ordered by the time at which they fire.
 */
#include "proto/base/mem.h"
#include "src/loop/heap.h"

#define FIRST_CAP 16

void cqlr__heap_init(struct cqlr__heap *h, const struct cqlr_mem *mem)
{
    *h = (struct cqlr__heap){.mem = mem};
}

void cqlr__heap_fini(struct cqlr__heap *h)
{
    for (size_t i = 0; i < h->n; i++)
        h->v[i]->slot = 0;
    cqlr__mem_array_free(h->mem, h->v, h->cap, sizeof *h->v);
}

static void put(struct cqlr__heap *h, size_t slot, struct cqlr_timer *t)
{
    h->v[slot - 1] = t;
    t->slot = slot;
}

/* The slot is a hole, t is to go in somewhere above or below it: the timers between move by one. */
static void settle(struct cqlr__heap *h, size_t slot, struct cqlr_timer *t)
{
    while (slot > 1 && h->v[slot / 2 - 1]->at > t->at) {
        put(h, slot, h->v[slot / 2 - 1]);
        slot /= 2;
    }
    for (;;) {
        size_t child = slot * 2;
        if (child < h->n && h->v[child]->at < h->v[child - 1]->at)
            child++;
        if (child > h->n || h->v[child - 1]->at >= t->at)
            break;
        put(h, slot, h->v[child - 1]);
        slot = child;
    }
    put(h, slot, t);
}

static bool grow(struct cqlr__heap *h)
{
    size_t cap = h->cap ? h->cap * 2 : FIRST_CAP;
    void *v = cqlr__mem_array_resize(h->mem, h->v, h->cap, cap, sizeof *h->v);
    if (!v)
        return false;
    h->v = v;
    h->cap = cap;
    return true;
}

int cqlr__heap_set(struct cqlr__heap *h, struct cqlr_timer *t, uint64_t at)
{
    size_t slot = t->slot;
    if (!slot) {
        if (h->n == h->cap && !grow(h))
            return CQLR_E_NOMEM;
        slot = ++h->n;
    }
    t->at = at;
    settle(h, slot, t);
    return 0;
}

void cqlr__heap_clear(struct cqlr__heap *h, struct cqlr_timer *t)
{
    size_t slot = t->slot;
    if (!slot)
        return;
    struct cqlr_timer *last = h->v[--h->n];
    t->slot = 0;
    if (last != t)
        settle(h, slot, last);
}

struct cqlr_timer *cqlr__heap_first(const struct cqlr__heap *h)
{
    return h->n ? h->v[0] : NULL;
}

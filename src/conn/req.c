/*
 * req.c - the pool and the list of waiting requests: everything takes constant time, and nothing is
 * allocated once the pool is as large as the most requests that were ever out at once.
 */
#include "proto/base/mem.h"
#include "src/conn/req.h"

#define FIRST_CAP 32

void cqlr__reqs_init(struct cqlr__reqs *q, const struct cqlr_mem *mem)
{
    *q = (struct cqlr__reqs){.mem = mem};
}

void cqlr__reqs_fini(struct cqlr__reqs *q)
{
    cqlr__mem_array_free(q->mem, q->v, q->cap, sizeof *q->v);
}

static bool grow(struct cqlr__reqs *q)
{
    uint32_t cap = q->cap ? q->cap * 2 : FIRST_CAP; /* streams are few, so this stays small */
    struct cqlr__req *v = cqlr__mem_array_resize(q->mem, q->v, q->cap, cap, sizeof *v);
    if (!v)
        return false;
    q->v = v;
    if (q->cap == 0)
        q->v[q->cap++] = (struct cqlr__req){.next = 0, .prev = 0};
    for (uint32_t i = cap - 1; i >= q->cap; i--) {
        q->v[i].next = q->free;
        q->free = i;
    }
    q->cap = cap;
    return true;
}

uint32_t cqlr__reqs_slot(struct cqlr__reqs *q)
{
    if (!q->free && !grow(q))
        return 0;
    return q->free;
}

void cqlr__reqs_push(struct cqlr__reqs *q, const struct cqlr__req *req)
{
    uint32_t slot = q->free;
    struct cqlr__req *r = &q->v[slot];
    struct cqlr__req *ends = &q->v[0];
    q->free = r->next;
    *r = *req;
    r->next = 0;
    r->prev = ends->prev;
    q->v[ends->prev].next = slot;
    ends->prev = slot;
    q->n++;
}

struct cqlr__req cqlr__reqs_take(struct cqlr__reqs *q, uint32_t slot)
{
    struct cqlr__req *r = &q->v[slot];
    struct cqlr__req taken = *r;
    q->v[r->prev].next = r->next;
    q->v[r->next].prev = r->prev;
    r->next = q->free;
    q->free = slot;
    q->n--;
    return taken;
}

uint32_t cqlr__reqs_oldest(const struct cqlr__reqs *q)
{
    return q->v ? q->v[0].next : 0;
}

/*
 * req_heap.c - a binary heap of requests, ordered by deadline, then by submission. It holds the
 * slots of the pool, not pointers, because the pool moves when it grows.
 */
#include "src/conn/req_heap.h"

#include "proto/base/mem.h"

#define FIRST_CAP 16

bool cqlr__req_heap_room(struct cqlr__reqs *q)
{
    if (q->heap_n < q->heap_cap)
        return true;
    uint32_t cap = q->heap_cap ? q->heap_cap * 2 : FIRST_CAP;
    uint32_t *heap = cqlr__mem_array_resize(q->mem, q->heap, q->heap_cap, cap, sizeof *heap);
    if (!heap)
        return false;
    q->heap = heap;
    q->heap_cap = cap;
    return true;
}

static struct cqlr__req *at(const struct cqlr__reqs *q, uint32_t place)
{
    return &q->v[q->heap[place - 1]];
}

static void put(struct cqlr__reqs *q, uint32_t place, uint32_t slot)
{
    q->heap[place - 1] = slot;
    q->v[slot].heap = place;
}

/* The place is a hole, the slot is to go in somewhere above or below it: those between move by one.
 */
static void settle(struct cqlr__reqs *q, uint32_t place, uint32_t slot)
{
    const struct cqlr__req *r = &q->v[slot];
    while (place > 1 && cqlr__req_before(r, at(q, place / 2))) {
        put(q, place, q->heap[place / 2 - 1]);
        place /= 2;
    }
    for (;;) {
        uint32_t child = place * 2;
        if (child < q->heap_n && cqlr__req_before(at(q, child + 1), at(q, child)))
            child++;
        if (child > q->heap_n || !cqlr__req_before(at(q, child), r))
            break;
        put(q, place, q->heap[child - 1]);
        place = child;
    }
    put(q, place, slot);
}

void cqlr__req_heap_add(struct cqlr__reqs *q, uint32_t slot)
{
    settle(q, ++q->heap_n, slot);
}

void cqlr__req_heap_remove(struct cqlr__reqs *q, uint32_t slot)
{
    uint32_t place = q->v[slot].heap;
    uint32_t last = q->heap[--q->heap_n];
    q->v[slot].heap = 0;
    if (last != slot)
        settle(q, place, last);
}

/*
 * req.c - the pool and the list of waiting requests: nothing is allocated once pool and heap are as
 * large as the most requests that were ever out at once.
 *
 * The list is in the order of deadlines, whatever `now` the host gives: what would not be goes to
 * the heap.
 */
#include "proto/base/mem.h"
#include "src/conn/req_heap.h"

#define FIRST_CAP 32

void cqlr__reqs_init(struct cqlr__reqs *q, const struct cqlr_mem *mem)
{
    *q = (struct cqlr__reqs){.mem = mem};
}

void cqlr__reqs_fini(struct cqlr__reqs *q)
{
    cqlr__mem_array_free(q->mem, q->v, q->cap, sizeof *q->v);
    cqlr__mem_array_free(q->mem, q->heap, q->heap_cap, sizeof *q->heap);
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
    if (!cqlr__req_heap_room(q))
        return 0;
    return q->free;
}

static void list_append(struct cqlr__reqs *q, uint32_t slot)
{
    struct cqlr__req *ends = &q->v[0];
    q->v[slot].next = 0;
    q->v[slot].prev = ends->prev;
    q->v[ends->prev].next = slot;
    ends->prev = slot;
}

static void list_remove(struct cqlr__reqs *q, uint32_t slot)
{
    const struct cqlr__req *r = &q->v[slot];
    q->v[r->prev].next = r->next;
    q->v[r->next].prev = r->prev;
}

void cqlr__reqs_push(struct cqlr__reqs *q, const struct cqlr__req *req, bool usual)
{
    uint32_t slot = q->free;
    struct cqlr__req *r = &q->v[slot];
    uint32_t last = q->v[0].prev;
    q->free = r->next;
    *r = *req;
    r->heap = 0;
    r->number = q->number++;
    if (usual && (!last || q->v[last].deadline <= r->deadline))
        list_append(q, slot);
    else
        cqlr__req_heap_add(q, slot);
    q->n++;
}

struct cqlr__req cqlr__reqs_take(struct cqlr__reqs *q, uint32_t slot)
{
    struct cqlr__req taken = q->v[slot];
    if (taken.heap)
        cqlr__req_heap_remove(q, slot);
    else
        list_remove(q, slot);
    q->v[slot].next = q->free;
    q->free = slot;
    q->n--;
    return taken;
}

uint32_t cqlr__reqs_first(const struct cqlr__reqs *q)
{
    uint32_t listed = q->v ? q->v[0].next : 0;
    uint32_t heaped = q->heap_n ? q->heap[0] : 0;
    if (!listed || !heaped)
        return listed | heaped;
    return cqlr__req_before(&q->v[heaped], &q->v[listed]) ? heaped : listed;
}

/*
 * req_heap.h - the requests that are not in the list of req.h, the one that is due first on top: a
 * binary heap of slots. Each request knows its place, so it is put in or taken out in O(log n).
 */
#ifndef CQLRAW_SRC_CONN_REQ_HEAP_H
#define CQLRAW_SRC_CONN_REQ_HEAP_H

#include "src/conn/req.h"

/* Due earlier, or at the same time and submitted earlier. */
static inline bool cqlr__req_before(const struct cqlr__req *a, const struct cqlr__req *b)
{
    return a->deadline < b->deadline || (a->deadline == b->deadline && a->number < b->number);
}

/* Makes room for one more. False: no memory. */
bool cqlr__req_heap_room(struct cqlr__reqs *q);
/* There is room. */
void cqlr__req_heap_add(struct cqlr__reqs *q, uint32_t slot);
void cqlr__req_heap_remove(struct cqlr__reqs *q, uint32_t slot);

#endif

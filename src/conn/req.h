/*
 * req.h - the requests of a connection that wait for an answer: a callback and a deadline each. The
 * one that is due first is known at any time; of those due at the same time, the one that was
 * submitted first.
 *
 * Nearly all requests of a connection have the same time to be answered, so the order in which they
 * were submitted is that of their deadlines: they stand in a list, where everything takes constant
 * time. A request that would break this order goes to a heap instead (req_heap.c): it has a time of
 * its own, or the clock went back.
 */
#ifndef CQLRAW_SRC_CONN_REQ_H
#define CQLRAW_SRC_CONN_REQ_H

#include <cqlraw/conn.h>

struct cqlr__req {
    cqlr_conn_reply_fn *fn;
    void *arg;
    uint64_t deadline; /* CQLR_NEVER = none */
    uint64_t number;   /* given by push: how many were submitted before */
    uint32_t next;     /* the one submitted after it; of a free slot: the next free one, 0 = none */
    uint32_t prev;
    uint32_t heap; /* where it is in the heap, from 1; 0: it is in the list */
    int16_t stream;
};

/* A pool of slots, named by index: memory moves when it grows. Slot 0 is the two ends of the list,
 * so that linking needs no cases. */
struct cqlr__reqs {
    const struct cqlr_mem *mem;
    struct cqlr__req *v;
    uint32_t cap;
    uint32_t free;
    unsigned n; /* requests, in the list and in the heap */
    uint64_t number;
    uint32_t *heap; /* slots: none is due before the one at half its place */
    uint32_t heap_cap;
    uint32_t heap_n;
};

void cqlr__reqs_init(struct cqlr__reqs *q, const struct cqlr_mem *mem);
void cqlr__reqs_fini(struct cqlr__reqs *q);

/* A slot for the next cqlr__reqs_push, which takes it; asking twice gives the same one. 0: no
 * memory. */
uint32_t cqlr__reqs_slot(struct cqlr__reqs *q);
/* Puts the request in the slot that cqlr__reqs_slot gave. `usual`: it has the time that nearly all
 * have. */
void cqlr__reqs_push(struct cqlr__reqs *q, const struct cqlr__req *req, bool usual);
/* Takes a request out, and gives it. */
struct cqlr__req cqlr__reqs_take(struct cqlr__reqs *q, uint32_t slot);
/* The slot of the request that is due first, 0 = there is none. */
uint32_t cqlr__reqs_first(const struct cqlr__reqs *q);

#endif

/*
 * req.h - the requests of a connection that wait for an answer: a callback and a deadline each.
 *
 * They stand in the order in which they were submitted. All requests of a connection have the same
 * time to be answered, so this is the order of their deadlines too, and the oldest is the next that
 * can time out.
 */
#ifndef CQLRAW_SRC_CONN_REQ_H
#define CQLRAW_SRC_CONN_REQ_H

#include <cqlraw/conn.h>

struct cqlr__req {
    cqlr_conn_reply_fn *fn;
    void *arg;
    uint64_t deadline;
    uint32_t next; /* the one submitted after it; of a free slot: the next free one, 0 = none */
    uint32_t prev;
    int16_t stream;
};

/* A pool of slots, named by index: memory moves when it grows. Slot 0 is the two ends of the list,
 * so that linking needs no cases. */
struct cqlr__reqs {
    const struct cqlr_mem *mem;
    struct cqlr__req *v;
    uint32_t cap;
    uint32_t free;
    unsigned n; /* requests in the list */
};

void cqlr__reqs_init(struct cqlr__reqs *q, const struct cqlr_mem *mem);
void cqlr__reqs_fini(struct cqlr__reqs *q);

/* A slot for the next cqlr__reqs_push, which takes it; asking twice gives the same one. 0: no
 * memory. */
uint32_t cqlr__reqs_slot(struct cqlr__reqs *q);
/* Appends the request to the list, in the slot that cqlr__reqs_slot gave. */
void cqlr__reqs_push(struct cqlr__reqs *q, const struct cqlr__req *req);
/* Takes a request out, and gives it. */
struct cqlr__req cqlr__reqs_take(struct cqlr__reqs *q, uint32_t slot);
/* The slot of the oldest request, 0 = none. */
uint32_t cqlr__reqs_oldest(const struct cqlr__reqs *q);

#endif

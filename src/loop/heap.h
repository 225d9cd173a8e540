/*
 * heap.h - the timers of a loop, the earliest first: a binary heap of pointers. Each timer knows
 * its slot, so it is moved or removed in O(log n). Slots count from 1; 0 means "not in the heap".
 */
#ifndef CQLRAW_SRC_LOOP_HEAP_H
#define CQLRAW_SRC_LOOP_HEAP_H

#include <cqlraw/loop.h>

struct cqlr__heap {
    const struct cqlr_mem *mem;
    struct cqlr_timer **v; /* v[slot - 1]; no timer is due before the one in slot / 2 */
    size_t n;
    size_t cap;
};

void cqlr__heap_init(struct cqlr__heap *h, const struct cqlr_mem *mem);
void cqlr__heap_fini(struct cqlr__heap *h);

/* Puts t in with t->at = at, or moves it there. 0 or CQLR_E_NOMEM. */
int cqlr__heap_set(struct cqlr__heap *h, struct cqlr_timer *t, uint64_t at);
/* Does nothing when t is not in the heap. */
void cqlr__heap_clear(struct cqlr__heap *h, struct cqlr_timer *t);
/* The earliest timer, or NULL. */
struct cqlr_timer *cqlr__heap_first(const struct cqlr__heap *h);

#endif

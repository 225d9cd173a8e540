/*
 * work.h - a unit that a worker has: what TO_UNIT says, taken apart, and how far it is submitted.
 */
#ifndef CQLRAW_SRC_BULK_WORK_H
#define CQLRAW_SRC_BULK_WORK_H

#include "src/bulk/lane/lane.h"

struct cqlr__work {
    struct cqlr__work *next;
    struct cqlr__unit_message m;
    uint64_t submit;      /* next item to submit */
    struct cqlr_wr state; /* for the first of them */
    struct cqlr_wr texts;
    size_t text_off;
};

/* From a message's bytes, which are copied. NULL with the reason in *rc: CQLR_E_NOMEM, or
 * CQLR_E_PROTO when they are no unit. Free with cqlr__work_free. */
struct cqlr__work *cqlr__work_new(const uint8_t *p, size_t n, int *rc);
void cqlr__work_free(struct cqlr__work *k);

#endif

/*
 * publish.h - the worker's side of the ring: output and progress in, records out.
 *
 * Complete parameter sets of one unit that follow each other share a record, until it is closed (at
 * the end of a loop turn, or when it is long enough). What does not fit half of the ring leaves in
 * chunks.
 */
#ifndef CQLRAW_SRC_BULK_PUBLISH_H
#define CQLRAW_SRC_BULK_PUBLISH_H

#include "src/bulk/lane/lane.h"

struct cqlr__publisher {
    struct cqlr__ring *ring;
    struct cqlr__record
        rec; /* the open one; rec.bytes so far lie in the ring behind its header's place */
    bool open;
    size_t chunked; /* of the bytes being offered: left already */
    size_t ahead;   /* bytes of the open record that left in chunks */
    size_t need;    /* when the ring was full: room to wait for */
    size_t fresh;   /* bytes published since this was set to 0 */
};

/*
 * what: progress and what it adds; kind PAGES or ERROR; `bytes` and `state` are filled in here. n
 * bytes of output, then ns of paging state (ns > 0 exactly when what->next_page is). true = taken.
 * false = the ring is full, p->need says how much room to wait for; everything taken before is
 * published; offer the very same again.
 */
bool cqlr__publish(struct cqlr__publisher *p, const struct cqlr__record *what, const uint8_t *out,
                   size_t n, const uint8_t *state, size_t ns);
/* Closes the open record: the parent can see it. */
void cqlr__publish_close(struct cqlr__publisher *p);

#endif

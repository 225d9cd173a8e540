/*
 * paging.h - does a server that gives page after page get anywhere? Empty pages are legal, also
 * many in a row; but one that gives the same paging state with them would be asked the same for
 * ever. Pure; the state is known again by its length and a hash.
 */
#ifndef CQLRAW_SRC_CLUSTER_PAGING_H
#define CQLRAW_SRC_CLUSTER_PAGING_H

#include <cqlraw/value.h>

#define CQLR__PAGING_MOST 3 /* empty pages in a row with one and the same state */

/* Of one query; zero-initialise for its first page. */
struct cqlr__paging {
    int64_t hash;
    int32_t length;
    unsigned same; /* empty pages in a row that gave this state */
};

/* A page of so many rows came, with the state of the next one (null: it was the last). True: go on;
 * false: CQLR__PAGING_MOST empty pages in a row gave the same state. */
bool cqlr__paging_step(struct cqlr__paging *p, struct cqlr_value state, uint64_t rows);

#endif

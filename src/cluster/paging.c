/*
 * paging.c - see paging.h. Two states that happen to have the same hash would have to come three
 * times in turn, and with no row between, to be taken for one.
 */
#include <cqlraw/token.h>

#include "src/cluster/paging.h"

bool cqlr__paging_step(struct cqlr__paging *p, struct cqlr_value state, uint64_t rows)
{
    if (rows > 0 || state.n < 0) {
        p->same = 0;
        return true;
    }
    int64_t hash = cqlr_token_murmur3(state.p, (size_t)state.n);
    bool same = p->same && hash == p->hash && state.n == p->length;
    *p = (struct cqlr__paging){.hash = hash, .length = state.n, .same = same ? p->same + 1 : 1};
    return p->same < CQLR__PAGING_MOST;
}

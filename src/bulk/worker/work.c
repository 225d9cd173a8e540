/*
 * work.c - see work.h. The message is the parent's own, but its lengths are checked like anybody's.
 */
#include <stdlib.h>
#include <string.h>

#include "src/bulk/worker/work.h"

void cqlr__work_free(struct cqlr__work *k)
{
    cqlr_wr_fini(&k->state);
    cqlr_wr_fini(&k->texts);
    free(k);
}

struct cqlr__work *cqlr__work_new(const uint8_t *p, size_t n, int *rc)
{
    struct cqlr__work *k = calloc(1, sizeof *k);
    *rc = CQLR_E_PROTO;
    if (!k) {
        *rc = CQLR_E_NOMEM;
        return NULL;
    }
    cqlr_wr_init(&k->state, NULL, 0);
    cqlr_wr_init(&k->texts, NULL, 0);
    if (n >= sizeof k->m) {
        memcpy(&k->m, p, sizeof k->m);
        p += sizeof k->m;
        n -= sizeof k->m;
    }
    if (!k->m.count || k->m.item >= k->m.count || (uint64_t)k->m.state + k->m.texts != n) {
        cqlr__work_free(k);
        return NULL;
    }
    cqlr_wr_raw(&k->state, p, k->m.state);
    cqlr_wr_raw(&k->texts, p + k->m.state, k->m.texts);
    *rc = k->state.rc || k->texts.rc ? CQLR_E_NOMEM : 0;
    if (*rc) {
        cqlr__work_free(k);
        return NULL;
    }
    for (uint64_t i = 0; i < k->m.item && k->texts.n; i++)
        (void)cqlr__text_next(&k->texts, &k->text_off);
    k->submit = k->m.item;
    return k;
}

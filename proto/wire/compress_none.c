/*
 * compress_none.c - what stands in for compress.c in a library built with WITH_LZ4=0: LZ4 bodies
 * are neither read nor written, and both say so.
 */
#include <cqlraw/wire.h>

#include "proto/base/err.h"

bool cqlr_lz4_built(void)
{
    return false;
}

int cqlr_lz4_read(struct cqlr_wr *w, struct cqlr_bytes body, uint32_t max, struct cqlr_err *err)
{
    (void)w;
    (void)body;
    (void)max;
    return cqlr__err_set(err, CQLR_E_STATE, "compressed body: this library was built without LZ4");
}

int cqlr_lz4_write(struct cqlr_wr *w, struct cqlr_bytes plain)
{
    (void)plain;
    if (!w->rc)
        w->rc = CQLR_E_STATE;
    return w->rc;
}

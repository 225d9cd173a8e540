/*
 * prepared.c - RESULT/Prepared: the id, the markers with the partition key's places among them, and
 * the columns of the answer (native_protocol_v4.spec section 4.2.5.4).
 *
 * A position of the partition key is always smaller than the number of markers: a router may index
 * with it.
 */
#include "proto/msg/meta.h"

static struct cqlr_span pk_read(struct cqlr_rd *r, uint32_t markers)
{
    struct cqlr_span pk = {0, NULL, 0};
    uint32_t count = cqlr__count_read(r, "partition key count");
    const uint8_t *p = r->p;
    if ((uint64_t)count * 2 > cqlr_rd_left(r))
        cqlr_rd_short(r, (uint64_t)count * 2, "partition key positions");
    for (uint32_t i = 0; i < count && !r->rc; i++)
        if (cqlr_rd_u16(r, "partition key position") >= markers)
            cqlr_rd_bad(r, "partition key position", "no such marker");
    if (r->rc)
        return pk;
    pk.count = count;
    pk.p = p;
    pk.n = (size_t)count * 2;
    return pk;
}

void cqlr__prepared_read(struct cqlr_rd *r, struct cqlr_prepared_result *m)
{
    m->id = cqlr_rd_short_bytes(r, "prepared id");
    m->markers.flags = (uint32_t)cqlr_rd_i32(r, "marker flags") & CQLR_META_GLOBAL_SPEC;
    m->markers.count = cqlr__count_read(r, "markers count");
    m->pk = pk_read(r, m->markers.count);
    cqlr__spec_read(r, NULL, &m->markers);
    cqlr__metadata_read(r, NULL, &m->result, &m->paging_state);
}

static void pk_write(struct cqlr_wr *w, const uint16_t *pk, uint32_t pks, uint32_t markers)
{
    cqlr__count_write(w, pks);
    for (uint32_t i = 0; i < pks; i++) {
        if (pk[i] >= markers && !w->rc)
            w->rc = CQLR_E_RANGE;
        cqlr_wr_u16(w, pk[i]);
    }
}

int cqlr_prepared_write(struct cqlr_wr *w, struct cqlr_bytes id, const struct cqlr_column *marker,
                        uint32_t markers, const uint16_t *pk, uint32_t pks,
                        const struct cqlr_column *col, uint32_t columns)
{
    const struct cqlr_value no_paging = {NULL, CQLR_NULL};
    uint32_t flags = cqlr__spec_flags(marker, markers);
    cqlr_wr_i32(w, CQLR_RESULT_PREPARED);
    cqlr_wr_short_bytes(w, id);
    cqlr_wr_i32(w, (int32_t)flags);
    cqlr__count_write(w, markers);
    pk_write(w, pk, pks, markers);
    cqlr__spec_write(w, marker, markers, flags);
    cqlr__metadata_write(w, col, columns, columns ? 0 : CQLR_META_NO_METADATA, no_paging);
    return w->rc;
}

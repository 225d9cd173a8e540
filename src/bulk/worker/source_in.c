/*
 * source_in.c - see source_in.h. A piece says how many bytes follow it, so the last one is known by
 * itself; the bytes are read when all are there.
 */
#include "proto/base/err.h"
#include "src/bulk/lane/lane.h"
#include "src/bulk/worker/source_in.h"

/* The first piece, or the message that there is none. */
static void begin(struct cqlr__source_in *in)
{
    in->old = in->own;
    in->old_bytes = in->bytes;
    in->own = NULL;
    cqlr_wr_init(&in->bytes, NULL, SIZE_MAX / 2);
}

int cqlr__source_receive(struct cqlr__source_in *in, const uint8_t *p, size_t n,
                         const cqlr_source *inherited, struct cqlr_err *err)
{
    struct cqlr__source_message head;
    if (n < sizeof head)
        return cqlr__err_set(err, CQLR_E_PROTO, "parameters from the parent: cut off");
    memcpy(&head, p, sizeof head);
    if (!in->under_way)
        begin(in);
    in->low = head.low;
    in->source = inherited;
    if (head.inherited)
        return 1;
    cqlr_wr_raw(&in->bytes, p + sizeof head, n - sizeof head);
    if (in->bytes.rc)
        return cqlr__err_set(err, in->bytes.rc, "parameters from the parent: out of memory");
    in->under_way = head.left > 0;
    if (in->under_way)
        return 0;
    in->source = in->own = cqlr__source_read(in->bytes.p, in->bytes.n, err);
    return in->own ? 1 : err->code;
}

void cqlr__source_received(struct cqlr__source_in *in)
{
    cqlr_source_free(in->old);
    in->old = NULL;
    cqlr_wr_fini(&in->old_bytes);
}

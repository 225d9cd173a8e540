/*
 * pack.c - bodies of which the header's flags say more: prefix and plain body of what came
 * (native_protocol_v4.spec sections 2.2, 5), and what leaves made smaller.
 *
 * A plain body lies in a buffer of its own, which is the next one's, too: an event is over when the
 * next is asked for. So however much the received bytes stand for, one body is in memory.
 */
#include "proto/link/internal.h"

/* Empty again; memory that one large body needed goes back when the last was a small one. */
static void rewind_buffer(struct cqlr_wr *w)
{
    if (w->cap > CQLR__LINK_KEEP && w->n < w->cap / 4)
        cqlr_wr_fini(w);
    cqlr_wr_reset(w);
}

static int decompress(struct cqlr_link *l, struct cqlr_bytes *body)
{
    rewind_buffer(&l->plain);
    int rc = cqlr_lz4_read(&l->plain, *body, l->max_frame, &l->err);
    *body = (struct cqlr_bytes){l->plain.p, l->plain.n};
    l->packs = rc == 0;
    return rc;
}

int cqlr__link_unpack(struct cqlr_link *l, const struct cqlr_frame *f, const uint8_t *p,
                      struct cqlr_event *ev)
{
    struct cqlr_bytes body = {p, f->length};
    struct cqlr_rd r;
    if (f->flags & CQLR_FLAG_COMPRESSED && decompress(l, &body))
        return l->err.code;
    cqlr_rd_init(&r, body.p, body.n, &l->err);
    if (cqlr_prefix_read(&r, f->flags, l->role == CQLR_CLIENT, &ev->prefix))
        return l->err.code;
    ev->body = (struct cqlr_bytes){r.p, cqlr_rd_left(&r)};
    return 0;
}

bool cqlr__link_pack(struct cqlr_link *l)
{
    size_t start = l->out_frame + CQLR_FRAME_HEADER;
    const struct cqlr_bytes plain = {l->out.p + start, l->out.n - start};
    if (plain.n < l->compress_from)
        return false;
    rewind_buffer(&l->packed);
    if (cqlr_lz4_write(&l->packed, plain) || l->packed.n >= plain.n)
        return false; /* no smaller, or no memory to find out: a plain body is always allowed */
    memcpy(l->out.p + start, l->packed.p, l->packed.n);
    l->out.n = start + l->packed.n;
    return true;
}

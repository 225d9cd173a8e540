/*
 * compress.c - plain body ⇄ LZ4 body: [int] size of the plain body, then one LZ4 block without a
 * frame of its own (native_protocol_v4.spec section 5).
 *
 * No byte is allocated for a size that the block cannot give: LZ4 makes at most 255 bytes of one.
 * compress_none.c takes the place of this file in a library without LZ4.
 */
#include <lz4.h>

#include <cqlraw/wire.h>

#include "proto/base/err.h"

#define SIZE_FIELD 4
#define MOST_OF_1  255 /* plain bytes that one byte of a block can stand for */

bool cqlr_lz4_built(void)
{
    return true;
}

static int bad(struct cqlr_err *err, const char *why, uint32_t announced, uint64_t bound)
{
    return cqlr__err_set(err, CQLR_E_PROTO, "compressed body: %u plain bytes announced, %s %llu",
                         announced, why, (unsigned long long)bound);
}

/* The sizes alone, before anything is allocated. */
static int check_sizes(uint32_t plain, size_t block, uint32_t max, struct cqlr_err *err)
{
    if (plain > max)
        return bad(err, "the limit is", plain, max);
    if (plain > (uint64_t)block * MOST_OF_1)
        return bad(err, "the block can give at most", plain, (uint64_t)block * MOST_OF_1);
    if (block > INT32_MAX || plain > INT32_MAX) /* what LZ4 counts with */
        return bad(err, "more than can be read, in a block of", plain, block);
    return 0;
}

/* LZ4 itself refuses a block that goes on behind its last sequence, and a match that reaches in
 * front of what this block gave. */
static int read_block(uint8_t *to, uint32_t plain, struct cqlr_bytes block, struct cqlr_err *err)
{
    int got = LZ4_decompress_safe((const char *)block.p, (char *)to, (int)block.n, (int)plain);
    if (got < 0)
        return cqlr__err_set(err, CQLR_E_PROTO, "compressed body: not an LZ4 block of %u bytes",
                             plain);
    if ((uint32_t)got != plain)
        return bad(err, "the block gives", plain, (uint64_t)got);
    return 0;
}

int cqlr_lz4_read(struct cqlr_wr *w, struct cqlr_bytes body, uint32_t max, struct cqlr_err *err)
{
    struct cqlr_rd r;
    size_t before = w->n;
    cqlr_rd_init(&r, body.p, body.n, err);
    uint32_t plain = (uint32_t)cqlr_rd_i32(&r, "compressed body: size");
    struct cqlr_bytes block = {r.p, cqlr_rd_left(&r)};
    if (r.rc || check_sizes(plain, block.n, max, err))
        return CQLR_E_PROTO;
    if (cqlr_wr_grow(w, plain))
        return cqlr__err_set(err, w->rc, "compressed body: %s for %u plain bytes",
                             cqlr_errcode_text(w->rc), plain);
    uint8_t nothing[1];
    if (read_block(plain ? w->p + before : nothing, plain, block, err))
        return CQLR_E_PROTO;
    w->n = before + plain;
    return 0;
}

int cqlr_lz4_write(struct cqlr_wr *w, struct cqlr_bytes plain)
{
    if (plain.n > LZ4_MAX_INPUT_SIZE && !w->rc)
        w->rc = CQLR_E_RANGE;
    if (w->rc)
        return w->rc;
    int most = LZ4_compressBound((int)plain.n);
    cqlr_wr_i32(w, (int32_t)plain.n);
    if (cqlr_wr_grow(w, (size_t)most) == 0)
        w->n += (size_t)LZ4_compress_default(plain.n ? (const char *)plain.p : "",
                                             (char *)w->p + w->n, (int)plain.n, most);
    return w->rc;
}

/*
 * link_out.c - messages → bytes: frames are appended to one buffer, each header is put down last,
 * and what has left is dropped from the front.
 *
 * Dropping only moves an offset. The bytes are moved to the front when they are fewer than those
 * that have left, so each byte is moved at most once on average.
 */
#include <assert.h>

#include "proto/link/internal.h"

#define COMPACT_FROM ((size_t)64 * 1024)

struct cqlr_wr *cqlr_link_begin(cqlr_link *l)
{
    if (l->err.code || l->secret) /* growing would leave a copy of the password behind */
        return NULL;
    cqlr_link_drop(l);
    l->writing = true;
    l->out_frame = l->out.n;
    l->out.limit = l->out.n + CQLR_FRAME_HEADER + CQLR_FRAME_MAX;
    cqlr_wr_room(&l->out, CQLR_FRAME_HEADER); /* no memory: the writer's error is told at the end */
    return &l->out;
}

void cqlr_link_drop(cqlr_link *l)
{
    if (!l->writing)
        return;
    l->writing = false;
    l->out.n = l->out_frame;
    l->out.rc = 0;
}

static int why_not(const struct cqlr_link *l)
{
    if (l->err.code)
        return l->err.code;
    if (!l->writing)
        return CQLR_E_STATE;
    if (l->out.rc)
        return l->out.rc;
    /* The writer's limit is looked at when it grows; memory that it had already may be more. */
    if (l->out.n - l->out_frame > (size_t)CQLR_FRAME_HEADER + CQLR_FRAME_MAX)
        return CQLR_E_LIMIT;
    return 0;
}

/* 0, or why the frame that is being written cannot be sent; it is dropped then. */
static int check_frame(struct cqlr_link *l)
{
    int rc = why_not(l);
    if (rc)
        cqlr_link_drop(l);
    return rc;
}

int cqlr__link_end_frame(struct cqlr_link *l, uint8_t opcode, uint8_t flags, int16_t stream)
{
    int rc = check_frame(l);
    if (rc)
        return rc;
    const struct cqlr_frame f = {
        .response = l->role == CQLR_SERVER,
        .version = CQLR__LINK_VERSION,
        .flags = flags,
        .stream = stream,
        .opcode = opcode,
        .length = (uint32_t)(l->out.n - l->out_frame - CQLR_FRAME_HEADER),
    };
    cqlr_frame_write(l->out.p + l->out_frame, &f);
    l->writing = false;
    return 0;
}

/* Compresses the body where that was agreed on and makes it smaller; gives the header's flags. What
 * the handshake says on its own account does not come here: STARTUP is never compressed, and of a
 * password no copy is made. */
static uint8_t pack(struct cqlr_link *l, uint8_t flags)
{
    flags &= (uint8_t)~CQLR_FLAG_COMPRESSED;
    if (l->packs && cqlr__link_pack(l))
        flags |= CQLR_FLAG_COMPRESSED;
    return flags;
}

int cqlr_link_request(cqlr_link *l, uint8_t opcode, uint8_t flags, void *tag)
{
    int rc = check_frame(l);
    if (rc)
        return rc;
    int id = l->hello == CQLR__HELLO_DONE ? cqlr__streams_take(&l->streams, tag) : CQLR_E_STATE;
    if (id < 0) {
        cqlr_link_drop(l);
        return id;
    }
    rc = cqlr__link_end_frame(l, opcode, pack(l, flags), (int16_t)id);
    assert(rc == 0); /* it was checked above, and an id is never lost */
    return id;
}

int cqlr_link_heartbeat(cqlr_link *l)
{
    if (l->err.code)
        return l->err.code;
    if (l->hello != CQLR__HELLO_DONE)
        return CQLR_E_STATE;
    if (l->asked)
        return CQLR_E_AGAIN;
    (void)cqlr_link_begin(l); /* the body is empty; without memory the end says so */
    int rc = cqlr__link_end_frame(l, CQLR_OP_OPTIONS, 0, 0);
    l->asked = rc == 0;
    return rc;
}

int cqlr_link_respond(cqlr_link *l, uint8_t opcode, uint8_t flags, int16_t stream)
{
    if (l->role != CQLR_SERVER) {
        cqlr_link_drop(l);
        return CQLR_E_STATE;
    }
    int rc = check_frame(l);
    return rc ? rc : cqlr__link_end_frame(l, opcode, pack(l, flags), stream);
}

size_t cqlr_link_out(const cqlr_link *l, const uint8_t **p)
{
    size_t n = l->out.n - l->out_start;
    *p = n ? l->out.p + l->out_start : NULL;
    return n;
}

/* All of the memory, not the frame alone: bytes may have been moved to the front. */
void cqlr__link_wipe_out(struct cqlr_link *l)
{
    cqlr__mem_wipe(l->out.p, l->out.cap);
    l->secret = false;
}

/* Nothing is left to send: the next frame starts at the front, and memory that one burst needed
 * goes back. */
static void rewind_out(struct cqlr_link *l)
{
    if (l->secret)
        cqlr__link_wipe_out(l);
    if (l->out.cap > CQLR__LINK_KEEP && l->out.n < l->out.cap / 4)
        cqlr_wr_fini(&l->out);
    l->out.n = 0;
    l->out_start = 0;
}

void cqlr_link_sent(cqlr_link *l, size_t n)
{
    size_t left = l->out.n - l->out_start;
    assert(n <= left && !l->writing);
    l->out_start += n;
    left -= n;
    if (left == 0) {
        rewind_out(l);
    } else if (l->out_start >= COMPACT_FROM && l->out_start > left) {
        memmove(l->out.p, l->out.p + l->out_start, left);
        l->out.n = left;
        l->out_start = 0;
    }
}

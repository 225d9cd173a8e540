/*
 * link_lz4_help.h - what the tests of links with compression share: a client that has asked for it,
 * and frames whose bodies are compressed.
 */
#ifndef CQLRAW_TESTS_LINK_LZ4_HELP_H
#define CQLRAW_TESTS_LINK_LZ4_HELP_H

#include "tests/unit/link_help.h"

enum { LONG = 4000 }; /* a body that is worth compressing */

static const uint8_t READY_LZ4[] =
    "\x84\x01\0\0\x02\0\0\0\x05\0\0\0\0\0"; /* as Cassandra sends it */

static inline cqlr_link *lz4_client(const struct cqlr_mem *mem, uint32_t max_frame)
{
    struct cqlr_link_opts o;
    cqlr_link_opts_init(&o, sizeof o);
    o.mem = mem;
    o.compression = CQLR_COMPRESSION_LZ4;
    if (max_frame)
        o.max_frame = max_frame;
    return cqlr_link_new(&o);
}

/* A client that asked and whose server has answered READY, compressed. */
static inline cqlr_link *open_lz4(const struct cqlr_mem *mem, uint32_t max_frame)
{
    struct cqlr_event ev;
    cqlr_link *l = lz4_client(mem, max_frame);
    assert_non_null(l);
    all_sent(l);
    assert_int_equal(cqlr_link_feed(l, READY_LZ4, sizeof READY_LZ4 - 1), 0);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_OPEN);
    assert_int_equal(ev.body.n, 0);
    return l;
}

/* Feeds a frame whose body is compressed here. */
static inline void feed_packed(cqlr_link *l, uint8_t first, uint8_t flags, int stream,
                               uint8_t opcode, const void *body, size_t n)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(cqlr_lz4_write(&w, (struct cqlr_bytes){body, n}), 0);
    feed_frame(l, first, flags | CQLR_FLAG_COMPRESSED, stream, opcode, w.p, w.n);
    cqlr_wr_fini(&w);
}

/* What leaves is one frame; its header, and its body. */
static inline struct cqlr_bytes only_frame(cqlr_link *l, struct cqlr_frame *f)
{
    const uint8_t *p;
    size_t n = cqlr_link_out(l, &p);
    assert_true(n >= CQLR_FRAME_HEADER);
    cqlr_frame_read(p, f);
    assert_int_equal(f->length, n - CQLR_FRAME_HEADER);
    return (struct cqlr_bytes){p + CQLR_FRAME_HEADER, f->length};
}

static inline int send_query(cqlr_link *l, const void *body, size_t n, uint8_t flags)
{
    cqlr_wr_raw(cqlr_link_begin(l), body, n);
    return cqlr_link_request(l, CQLR_OP_QUERY, flags, NULL);
}

static inline void all_same(uint8_t *p, size_t n)
{
    memset(p, 'x', n);
}

#endif

/*
 * link_help.h - what the tests of proto/link share: frames made by hand, a link that is past its
 * handshake, and the events of a link as text.
 */
#ifndef CQLRAW_TESTS_LINK_HELP_H
#define CQLRAW_TESTS_LINK_HELP_H

#include <stdio.h>

#include <cqlraw/link.h>

#include "tests/unit/msg_help.h"

enum { RESPONSE4 = 0x84, REQUEST4 = 0x04 };

/* Appends a frame whose header says what it is told to. */
static inline void put_frame(struct cqlr_wr *w, uint8_t first, uint8_t flags, int stream,
                             uint8_t opcode, const void *body, size_t n)
{
    cqlr_wr_u8(w, first);
    cqlr_wr_u8(w, flags);
    cqlr_wr_u16(w, (uint16_t)stream);
    cqlr_wr_u8(w, opcode);
    cqlr_wr_i32(w, (int32_t)n);
    cqlr_wr_raw(w, body, n);
}

static inline void put_error(struct cqlr_wr *w, uint8_t first, int stream, int32_t code,
                             const char *message)
{
    struct cqlr_wr body;
    cqlr_wr_init(&body, NULL, 0);
    cqlr_wr_i32(&body, code);
    cqlr_wr_string(&body, cqlr_cstr(message));
    put_frame(w, first, 0, stream, CQLR_OP_ERROR, body.p, body.n);
    cqlr_wr_fini(&body);
}

static inline cqlr_link *link_of(enum cqlr_role role, const struct cqlr_mem *mem)
{
    struct cqlr_link_opts o;
    cqlr_link_opts_init(&o, sizeof o);
    o.role = role;
    o.mem = mem;
    return cqlr_link_new(&o);
}

static inline void all_sent(cqlr_link *l)
{
    const uint8_t *p;
    cqlr_link_sent(l, cqlr_link_out(l, &p));
}

static inline void feed_frame(cqlr_link *l, uint8_t first, uint8_t flags, int stream,
                              uint8_t opcode, const void *body, size_t n)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    put_frame(&w, first, flags, stream, opcode, body, n);
    assert_int_equal(cqlr_link_feed(l, w.p, w.n), 0);
    cqlr_wr_fini(&w);
}

/* A client whose STARTUP has left and was answered. */
static inline cqlr_link *open_client(const struct cqlr_mem *mem)
{
    cqlr_link *l = link_of(CQLR_CLIENT, mem);
    struct cqlr_event ev;
    assert_non_null(l);
    all_sent(l);
    feed_frame(l, RESPONSE4, 0, 0, CQLR_OP_READY, NULL, 0);
    assert_int_equal(cqlr_link_next(l, &ev), 1);
    assert_int_equal(ev.kind, CQLR_EV_OPEN);
    assert_true(cqlr_link_is_open(l));
    return l;
}

/* An OPTIONS request; its stream. */
static inline int request(cqlr_link *l, void *tag)
{
    assert_non_null(cqlr_link_begin(l));
    return cqlr_link_request(l, CQLR_OP_OPTIONS, 0, tag);
}

/* The link fails with this code, saying this; and says so again. */
static inline void assert_fails(cqlr_link *l, int code, const char *text)
{
    struct cqlr_event ev;
    size_t n;
    int rc;
    while ((rc = cqlr_link_next(l, &ev)) == 1)
        continue;
    assert_int_equal(rc, code);
    assert_int_equal(cqlr_link_err(l)->code, code);
    if (!strstr(cqlr_link_err(l)->text, text))
        fail_msg("\"%s\" does not say \"%s\"", cqlr_link_err(l)->text, text);
    assert_int_equal(cqlr_link_next(l, &ev), code);
    assert_null(cqlr_link_begin(l));
    assert_int_equal(cqlr_link_request(l, CQLR_OP_OPTIONS, 0, NULL), code);
    assert_null(cqlr_link_room(l, &n));
    assert_int_equal(cqlr_link_feed(l, "x", 1), code);
    assert_false(cqlr_link_is_open(l));
}

/* One line per event, and the error if one ends them. */
static inline void print_events(cqlr_link *l, FILE *out)
{
    static const char *const kind[] = {"OPEN", "REPLY", "PUSH", "REQUEST", "AUTH"};
    struct cqlr_event ev;
    int rc;
    while ((rc = cqlr_link_next(l, &ev)) == 1) {
        fprintf(out, "%s %s flags=%02x stream=%d tag=%p trace=%d warnings=%u payload=%u body=",
                kind[ev.kind], cqlr_opcode_name(ev.opcode), ev.flags, ev.stream, ev.tag,
                ev.prefix.has_trace, ev.prefix.warnings.count, ev.prefix.payload.count);
        for (size_t i = 0; i < ev.body.n; i++)
            fprintf(out, "%02x", ev.body.p[i]);
        fputc('\n', out);
    }
    if (rc < 0)
        fprintf(out, "%s %s\n", cqlr_errcode_name(rc), cqlr_link_err(l)->text);
}

#endif

/*
 * link_in.c - bytes → events: received bytes stay where they were put, and an event is a view of
 * one complete frame among them (or of its plain body, when it came compressed).
 *
 * A frame is judged as soon as its header is there, so a length that is refused costs no memory; a
 * body is looked at when it is complete. The buffer grows when it is nearly full of bytes that have
 * come, and starts at the front again when all of them were consumed; the front part of a frame is
 * moved there only in cqlr_link_room (native_protocol_v4.spec section 2).
 */
#include <assert.h>

#include "proto/link/internal.h"

#define FIRST_CAP ((size_t)64 * 1024)
#define SAYS_MORE (CQLR_FLAG_COMPRESSED | CQLR_FLAG_TRACING | CQLR_FLAG_PAYLOAD | CQLR_FLAG_WARNING)

/* ---- the buffer ---- */

/* The next size of a buffer that is nearly full: double, but no more than one frame of the longest
 * kind while that is enough. */
static size_t next_cap(const struct cqlr_link *l)
{
    size_t longest = (size_t)CQLR_FRAME_HEADER + l->max_frame;
    if (l->in_cap == 0)
        return FIRST_CAP;
    if (l->in_cap < longest && l->in_cap * 2 > longest)
        return longest;
    return l->in_cap * 2;
}

static void move_to_front(struct cqlr_link *l)
{
    size_t held = l->in_end - l->in_start;
    if (l->in_start == 0)
        return;
    if (held > 0)
        memmove(l->in, l->in + l->in_start, held);
    l->in_start = 0;
    l->in_end = held;
}

/* Gives memory back that one large answer needed, when all is consumed and little of it was used.
 */
static void shrink(struct cqlr_link *l)
{
    if (l->in_end > l->in_start || l->in_cap <= CQLR__LINK_KEEP || l->in_end >= l->in_cap / 4)
        return;
    uint8_t *p = cqlr__mem_get(l->mem, l->in_cap / 2);
    if (!p)
        return; /* the large one is as good */
    cqlr__mem_free(l->mem, l->in, l->in_cap);
    l->in = p;
    l->in_cap /= 2;
}

/* No room, or little room and a frame that has come in part does not fit in. */
static bool must_grow(const struct cqlr_link *l)
{
    size_t left = l->in_cap - l->in_end;
    if (left == 0)
        return true;
    if (left > l->in_cap / 4 || l->in_end < CQLR_FRAME_HEADER)
        return false;
    return (uint64_t)CQLR_FRAME_HEADER + cqlr_be32(l->in + 5) > l->in_cap;
}

uint8_t *cqlr_link_room(cqlr_link *l, size_t *n)
{
    *n = 0;
    if (l->err.code)
        return NULL;
    shrink(l);
    move_to_front(l);
    if (must_grow(l)) {
        size_t cap = next_cap(l);
        uint8_t *p = cqlr__mem_array_resize(l->mem, l->in, l->in_cap, cap, 1);
        if (p) {
            l->in = p;
            l->in_cap = cap;
        } else if (l->in_end == l->in_cap) {
            cqlr__err_set(&l->err, CQLR_E_NOMEM, "receive buffer: no memory for %zu bytes", cap);
            return NULL;
        }
    }
    *n = l->in_cap - l->in_end;
    return l->in + l->in_end;
}

void cqlr_link_fed(cqlr_link *l, size_t n)
{
    assert(n <= l->in_cap - l->in_end);
    l->in_end += n;
}

int cqlr_link_feed(cqlr_link *l, const void *p, size_t n)
{
    const uint8_t *from = p;
    while (n > 0) {
        size_t room;
        uint8_t *to = cqlr_link_room(l, &room);
        if (!to)
            return l->err.code;
        if (room > n)
            room = n;
        memcpy(to, from, room);
        cqlr_link_fed(l, room);
        from += room;
        n -= room;
    }
    return 0;
}

bool cqlr_link_mid_frame(const cqlr_link *l)
{
    size_t at = l->in_start;
    while (l->in_end - at >= CQLR_FRAME_HEADER) {
        uint64_t length = (uint64_t)CQLR_FRAME_HEADER + cqlr_be32(l->in + at + 5);
        if (length > l->in_end - at)
            return true;
        at += (size_t)length;
    }
    return l->in_end > at;
}

/* ---- judging a header ---- */

/* A rule of the header is broken: the field at `offset` of the frame. */
static int bad_header(struct cqlr_link *l, size_t offset)
{
    l->err.offset = offset;
    return l->err.code;
}

/* The first byte is not the one that every frame must have. An ERROR of another version is let pass
 * during a client's handshake: its text says what the server wants. */
static int other_first_byte(struct cqlr_link *l, uint8_t byte)
{
    bool response = (byte & CQLR__LINK_RESPONSE) != 0;
    unsigned version = byte & (CQLR__LINK_RESPONSE - 1u);
    if (response != (l->role == CQLR_CLIENT)) {
        cqlr__err_set(&l->err, CQLR_E_PROTO, "frame header: first byte 0x%02X, 0x%02X expected",
                      byte, l->first_byte);
        return bad_header(l, 0);
    }
    if (l->role == CQLR_SERVER)
        return cqlr__hello_refuse_version(l, version);
    if (l->hello == CQLR__HELLO_DONE) {
        cqlr__err_set(&l->err, CQLR_E_PROTO, "frame header: protocol version %u, %u was agreed on",
                      version, CQLR__LINK_VERSION);
        return bad_header(l, 0);
    }
    if (version < 3) { /* a header of 8 bytes, which is not read */
        cqlr__err_set(&l->err, CQLR_E_VERSION,
                      "server answers with protocol version %u, %u was asked for", version,
                      CQLR__LINK_VERSION);
        return bad_header(l, 0);
    }
    return 0;
}

static int bad_opcode(struct cqlr_link *l, uint8_t opcode)
{
    const char *name = cqlr_opcode_name(opcode);
    const char *kind = l->role == CQLR_CLIENT ? "response" : "request";
    if (name)
        cqlr__err_set(&l->err, CQLR_E_PROTO, "frame header: opcode %s is not that of a %s", name,
                      kind);
    else
        cqlr__err_set(&l->err, CQLR_E_PROTO, "frame header: unknown opcode 0x%02X", opcode);
    return bad_header(l, 4);
}

static int bad_stream(struct cqlr_link *l, const struct cqlr_frame *f)
{
    cqlr__err_set(&l->err, CQLR_E_PROTO, "frame header: %s on stream %d",
                  cqlr_opcode_name(f->opcode), f->stream);
    return bad_header(l, 2);
}

static bool has_opcode(const struct cqlr_link *l, uint8_t opcode)
{
    return opcode < 32 && (l->opcodes >> opcode & 1);
}

static int check_header(struct cqlr_link *l, const struct cqlr_frame *f)
{
    if (!has_opcode(l, f->opcode))
        return bad_opcode(l, f->opcode);
    if (f->length > l->max_frame) {
        cqlr__err_set(&l->err, CQLR_E_PROTO, "frame header: body of %u bytes, the limit is %u",
                      f->length, l->max_frame);
        return bad_header(l, 5);
    }
    if (f->flags & CQLR_FLAG_COMPRESSED && l->compression == CQLR_COMPRESSION_NONE) {
        cqlr__err_set(&l->err, CQLR_E_PROTO,
                      "frame header: compressed body, but no compression was agreed on");
        return bad_header(l, 1);
    }
    if (f->opcode == CQLR_OP_EVENT ? f->stream != -1 : f->stream < 0)
        return bad_stream(l, f);
    if (f->version != CQLR__LINK_VERSION && f->opcode != CQLR_OP_ERROR) {
        cqlr__err_set(&l->err, CQLR_E_PROTO, "frame header: %s of protocol version %u",
                      cqlr_opcode_name(f->opcode), f->version);
        return bad_header(l, 0);
    }
    return 0;
}

/* ---- events ---- */

/* An answer to nothing: the two sides do not agree about what is in flight any more, so no later
 * answer can be trusted. */
static int unknown_stream(struct cqlr_link *l, const struct cqlr_frame *f, struct cqlr_event *ev)
{
    if (f->opcode == CQLR_OP_ERROR) {
        cqlr__link_server_error(l, CQLR_E_SERVER, ev->body);
        cqlr__err_prefix(&l->err, "ERROR on stream %d, where no request is in flight", f->stream);
        return l->err.code;
    }
    cqlr__err_set(&l->err, CQLR_E_PROTO, "%s on stream %d, where no request is in flight",
                  cqlr_opcode_name(f->opcode), f->stream);
    return bad_header(l, 2);
}

static int client_frame(struct cqlr_link *l, const struct cqlr_frame *f, struct cqlr_event *ev)
{
    if (f->stream > 0) {
        ev->kind = CQLR_EV_REPLY;
        switch (cqlr__streams_finish(&l->streams, f->stream, &ev->tag)) {
        case CQLR__STREAM_PENDING:
            return 1;
        case CQLR__STREAM_FORGOTTEN:
            return 0;
        case CQLR__STREAM_FREE:
            return unknown_stream(l, f, ev);
        }
    }
    if (f->stream == 0)
        return cqlr__hello_frame(l, f, ev);
    if (l->hello != CQLR__HELLO_DONE)
        return bad_stream(l, f);
    ev->kind = CQLR_EV_PUSH;
    return 1;
}

/* One complete frame: 1 and its event, 0 when it was swallowed, or the link's error. */
static int take_frame(struct cqlr_link *l, const struct cqlr_frame *f, const uint8_t *body,
                      struct cqlr_event *ev)
{
    ev->opcode = f->opcode;
    ev->flags = f->flags;
    ev->stream = f->stream;
    ev->tag = NULL;
    ev->auth = NULL;
    if (f->flags & SAYS_MORE) {
        int rc = cqlr__link_unpack(l, f, body, ev);
        if (rc)
            return rc;
    } else {
        ev->prefix = (struct cqlr_prefix){0};
        ev->body = (struct cqlr_bytes){body, f->length};
    }
    if (f->version != CQLR__LINK_VERSION)
        return cqlr__hello_other_version(l, f->version, ev);
    if (l->role == CQLR_CLIENT)
        return client_frame(l, f, ev);
    ev->kind = CQLR_EV_REQUEST;
    return 1;
}

int cqlr_link_next(cqlr_link *l, struct cqlr_event *ev)
{
    if (l->hello > CQLR__HELLO_DONE)
        return cqlr__auth_next(l, ev);
    while (!l->err.code) {
        struct cqlr_frame f;
        size_t held = l->in_end - l->in_start;
        if (held == 0)
            return 0;
        const uint8_t *p = l->in + l->in_start;
        if (*p != l->first_byte && other_first_byte(l, *p))
            break;
        if (held < CQLR_FRAME_HEADER)
            return 0;
        cqlr_frame_read(p, &f);
        if (check_header(l, &f))
            break;
        if (held - CQLR_FRAME_HEADER < f.length)
            return 0;
        l->in_start += CQLR_FRAME_HEADER + f.length;
        int rc = take_frame(l, &f, p + CQLR_FRAME_HEADER, ev);
        if (rc)
            return rc;
    }
    return l->err.code;
}

/*
 * fuzz_link.c - a byte stream into a link, whole and in pieces: both give the same events and the
 * same error, and take no more memory than the bytes that came.
 *
 * The first bytes choose the role, compression, how the stream is cut, the longest body, how many
 * requests are in flight and which of them were given up; the rest is what the peer sends.
 */
#include <cqlraw/link.h>

#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "link";

#define CONST_MEMORY ((size_t)512 * 1024) /* two small buffers, the streams, an error's text */

struct script {
    enum cqlr_role role;
    bool open;         /* client: READY has come already */
    bool lz4;          /* was asked for, or granted */
    uint8_t cut;       /* 0: whole; up to 200: pieces of this size; else: of many sizes */
    uint8_t requests;  /* sent as soon as the link is open */
    uint8_t forgotten; /* bit i: requests i, i + 8 ... are given up */
    uint32_t max_frame;
    struct cqlr_bytes stream;
};

/* A link, and what it has told. */
struct run {
    const struct script *s;
    cqlr_link *l;
    struct fuzz_mem mem;
    struct cqlr_wr told;
    uintptr_t tag;
    int rc;
};

static void request(struct run *r)
{
    struct cqlr_wr *w = cqlr_link_begin(r->l);
    if (!w)
        return;
    uintptr_t tag = ++r->tag;
    cqlr_wr_raw(w, "body", tag % 5 % 4);
    int stream = cqlr_link_request(r->l, CQLR_OP_OPTIONS, 0, (void *)tag);
    MUST(stream >= 1, "request refused: %d", stream);
    if (r->s->forgotten >> tag % 8 & 1)
        cqlr_link_forget(r->l, (int16_t)stream);
}

/* Everything the program sees of an event, as bytes. */
static void tell(struct run *r, const struct cqlr_event *ev)
{
    struct cqlr_wr *w = &r->told;
    MUST(ev->body.n <= r->s->max_frame, "a body of %zu bytes", ev->body.n);
    cqlr_wr_u8(w, (uint8_t)ev->kind);
    cqlr_wr_u8(w, ev->opcode);
    cqlr_wr_u8(w, ev->flags);
    cqlr_wr_u16(w, (uint16_t)ev->stream);
    cqlr_wr_i64(w, (int64_t)(uintptr_t)ev->tag);
    cqlr_wr_u8(w, ev->prefix.has_trace);
    cqlr_wr_raw(w, ev->prefix.trace, sizeof ev->prefix.trace);
    cqlr_wr_span(w, ev->prefix.warnings);
    cqlr_wr_span(w, ev->prefix.payload);
    cqlr_wr_i32(w, (int32_t)ev->body.n);
    cqlr_wr_raw(w, ev->body.p, ev->body.n);
}

static void answer(struct run *r, const struct cqlr_event *ev)
{
    if (ev->kind == CQLR_EV_REPLY) {
        request(r);
    } else if (ev->kind == CQLR_EV_OPEN) {
        MUST(!(r->s->requests & 1) || cqlr_link_heartbeat(r->l) == 0, "no heartbeat");
        for (unsigned i = 0; i < r->s->requests; i++)
            request(r);
    } else if (ev->kind == CQLR_EV_REQUEST && cqlr_link_begin(r->l)) {
        MUST(cqlr_link_respond(r->l, CQLR_OP_READY, 0, ev->stream) == 0, "no answer");
    }
}

static void drain(struct run *r)
{
    const uint8_t *p;
    struct cqlr_event ev;
    while ((r->rc = cqlr_link_next(r->l, &ev)) == 1) {
        tell(r, &ev);
        answer(r, &ev);
    }
    cqlr_link_sent(r->l, cqlr_link_out(r->l, &p));
    MUST(r->rc == cqlr_link_err(r->l)->code, "next says %d", r->rc);
}

/* Into the link's own memory, as a receiving program does it. */
static void give(struct run *r, const uint8_t *p, size_t n)
{
    size_t room;
    while (n && !r->rc) {
        uint8_t *to = cqlr_link_room(r->l, &room);
        MUST(to && room, "no room");
        room = room < n ? room : n;
        memcpy(to, p, room);
        cqlr_link_fed(r->l, room);
        p += room;
        n -= room;
    }
}

static void start(struct run *r, const struct script *s)
{
    static const uint8_t ready[] = {0x84, 0, 0, 0, CQLR_OP_READY, 0, 0, 0, 0};
    struct cqlr_link_opts o;
    *r = (struct run){.s = s};
    fuzz_mem_init(&r->mem);
    cqlr_wr_init(&r->told, NULL, 0);
    cqlr_link_opts_init(&o, sizeof o);
    o.role = s->role;
    o.mem = &r->mem.mem;
    o.max_frame = s->max_frame;
    o.username = s->requests & 1 ? "user" : NULL;
    o.password = "password";
    o.compression = s->lz4 && s->role == CQLR_CLIENT ? CQLR_COMPRESSION_LZ4 : CQLR_COMPRESSION_NONE;
    o.compress_from = 1;
    r->l = cqlr_link_new(&o);
    MUST(r->l, "no link");
    if (s->role == CQLR_SERVER && s->lz4)
        MUST(cqlr_link_compress(r->l, CQLR_COMPRESSION_LZ4) == 0, "no compression");
    drain(r);
    if (s->role == CQLR_CLIENT && s->open) {
        give(r, ready, sizeof ready);
        drain(r);
        MUST(cqlr_link_is_open(r->l), "not open");
    }
}

static size_t piece(const struct script *s, size_t at)
{
    if (s->cut == 0)
        return s->stream.n;
    if (s->cut <= 200)
        return s->cut;
    return 1 + (at * 2654435761u + s->cut) % 37;
}

static void feed(struct run *r, bool whole)
{
    const struct script *s = r->s;
    for (size_t at = 0, n; at < s->stream.n && !r->rc; at += n) {
        n = whole ? s->stream.n : piece(s, at);
        n = n < s->stream.n - at ? n : s->stream.n - at;
        give(r, s->stream.p + at, n);
        drain(r);
    }
}

static void finish(struct run *r)
{
    size_t each = r->s->lz4 ? 4 + 2 * 255 : 4; /* LZ4 makes at most 255 bytes of one */
    MUST(r->mem.peak <= CONST_MEMORY + each * r->s->stream.n, "%zu bytes of memory", r->mem.peak);
    cqlr_link_free(r->l);
    MUST(r->mem.now == 0, "%zu bytes are not given back", r->mem.now);
    cqlr_wr_fini(&r->told);
}

/* A server that answers the password before it can have seen it: whether it has left by then is not
 * for the stream of bytes to say, and here it leaves after each piece. */
static bool answers_too_early(const struct cqlr_err *err)
{
    return strcmp(err->text, "AUTH_SUCCESS before AUTH_RESPONSE was sent") == 0;
}

static void compare(const struct run *a, const struct run *b)
{
    const struct cqlr_err *x = cqlr_link_err(a->l), *y = cqlr_link_err(b->l);
    if (answers_too_early(x) || answers_too_early(y))
        return;
    MUST(fuzz_same(&a->told, &b->told), "other events when cut");
    MUST(a->rc == b->rc && x->code == y->code && x->offset == y->offset &&
             x->server_code == y->server_code && strcmp(x->text, y->text) == 0,
         "other errors: \"%s\", \"%s\"", x->text, y->text);
    MUST(fuzz_is_shown(cqlr_cstr(x->text), false), "error of many lines");
    MUST(a->rc || cqlr_link_mid_frame(a->l) == cqlr_link_mid_frame(b->l), "mid frame");
    MUST(cqlr_link_in_flight(a->l) == cqlr_link_in_flight(b->l), "in flight");
    MUST(cqlr_link_orphans(a->l) == cqlr_link_orphans(b->l), "orphans");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t limits[] = {CQLR_FRAME_MAX, 100, 1000, 70000};
    struct fuzz_in in = {data, size};
    struct run whole, cut;
    struct script s;
    uint8_t choice = fuzz_u8(&in);
    s.role = choice & 1 ? CQLR_SERVER : CQLR_CLIENT;
    s.open = !(choice & 2);
    s.lz4 = choice & 16;
    s.max_frame = limits[choice >> 2 & 3];
    s.cut = fuzz_u8(&in);
    s.requests = fuzz_u8(&in) % 80;
    s.forgotten = fuzz_u8(&in);
    s.stream = (struct cqlr_bytes){in.p, in.n};
    start(&whole, &s);
    start(&cut, &s);
    feed(&whole, true);
    feed(&cut, false);
    compare(&whole, &cut);
    finish(&whole);
    finish(&cut);
    return 0;
}

/*
 * fuzz_handshake.c - a client with a password, and a server that sends anything at any time.
 *
 * The input is a script of frames that come and of what the program does meanwhile. Whatever it is:
 * OPEN comes once at most, no request is taken before it, and the password leaves once at most (or
 * as often as the program answers an authenticator with it), only after AUTHENTICATE, and is in no
 * memory when it has left.
 */
#include <cqlraw/link.h>

#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "handshake";

#define SECRET "pass:word-of-the-test"

/* The blocks that the link has: few. */
struct blocks {
    struct cqlr_mem mem;
    struct {
        void *p;
        size_t n;
    } v[64];
    size_t count;
};

struct run {
    cqlr_link *l;
    struct blocks blocks;
    struct cqlr_wr sent; /* all bytes that have left */
    bool asked;          /* bytes with AUTHENTICATE's opcode came */
    bool opened;
    bool events; /* authentication is the program's to answer */
    bool plain;  /* it was, with PLAIN */
    unsigned answers;
    struct fuzz_in *in;
    int rc;
};

static bool holds_secret(const void *p, size_t n)
{
    return n && memmem(p, n, SECRET, strlen(SECRET));
}

static void *blocks_resize(void *arg, void *p, size_t old, size_t n)
{
    struct blocks *b = arg;
    const struct cqlr_mem *heap = cqlr_mem_default();
    size_t i = 0;
    while (i < b->count && b->v[i].p != p)
        i++;
    MUST((i < b->count) == (p != NULL) && (!p || b->v[i].n == old), "no block of ours");
    MUST(!p || !holds_secret(p, old), "memory given back with the password");
    if (i == b->count)
        b->count++;
    MUST(b->count <= sizeof b->v / sizeof *b->v, "many blocks");
    uint8_t *q = heap->resize(heap->arg, p, old, n);
    if (n > old) /* what others left there does not count */
        memset(q + old, 0, n - old);
    b->v[i].p = q;
    b->v[i].n = n;
    if (!n)
        b->v[i] = b->v[--b->count];
    return q;
}

static void check_wiped(const struct run *r)
{
    for (size_t i = 0; i < r->blocks.count; i++)
        MUST(!holds_secret(r->blocks.v[i].p, r->blocks.v[i].n), "the password is still there");
}

static void send_some(struct run *r, size_t most)
{
    const uint8_t *p;
    size_t n = cqlr_link_out(r->l, &p);
    MUST(r->asked || !holds_secret(p, n), "the password, before it was asked for");
    size_t left = n;
    n = n < most ? n : most;
    cqlr_wr_raw(&r->sent, p, n);
    cqlr_link_sent(r->l, n);
    if (n == left)
        check_wiped(r);
}

static void try_request(struct run *r)
{
    struct cqlr_wr *w = cqlr_link_begin(r->l);
    if (!w)
        return;
    int stream = cqlr_link_request(r->l, CQLR_OP_QUERY, 0, r);
    MUST((stream > 0) == r->opened, "a request: %d", stream);
}

/* What the program says to an authenticator: right, wrong, or nothing for now. */
static void answer(struct run *r, const struct cqlr_auth_step *step)
{
    const struct cqlr_value token = {(const uint8_t *)SECRET, (int32_t)strlen(SECRET)};
    const struct cqlr_err why = {.code = CQLR_E_AUTH, .text = "no"};
    bool success = step->success;
    unsigned round = step->round;
    struct cqlr_event ev;
    int rc = 0;
    MUST(r->events && !r->plain && !r->opened && round <= CQLR_AUTH_ROUNDS, "round %u", round);
    MUST(cqlr_link_next(r->l, &ev) == 0, "it does not wait for the answer");
    switch (fuzz_u8(r->in) % 8) {
    case 0:
        rc = cqlr_link_authenticate_plain(r->l);
        MUST(rc == (success || round ? CQLR_E_STATE : 0), "PLAIN: %d", rc);
        r->plain = !rc;
        r->answers += !rc;
        break;
    case 1:
        rc = cqlr_link_refuse(r->l, &why);
        MUST(rc == CQLR_E_AUTH, "refused: %d", rc);
        break;
    case 2:
        break;
    case 3:
        success = !success; /* the wrong one of the two below */
        /* fall through */
    default:
        rc = success ? cqlr_link_authenticated(r->l) : cqlr_link_authenticate(r->l, token);
        MUST(rc == (success == step->success ? 0 : CQLR_E_STATE), "answer: %d", rc);
        r->answers += !rc && !success;
    }
}

static void take_events(struct run *r)
{
    struct cqlr_event ev;
    while ((r->rc = cqlr_link_next(r->l, &ev)) == 1) {
        if (ev.kind == CQLR_EV_AUTH) {
            answer(r, ev.auth);
            continue;
        }
        MUST(ev.kind == CQLR_EV_OPEN ? !r->opened : r->opened, "event %d", (int)ev.kind);
        r->opened |= ev.kind == CQLR_EV_OPEN;
    }
    MUST(cqlr_link_is_open(r->l) == (r->opened && !r->rc), "is it open?");
}

/* A frame that is well formed on the outside, or bytes as they are. */
static void receive(struct run *r, struct fuzz_in *in, bool framed)
{
    static const uint8_t opcodes[] = {CQLR_OP_READY,        CQLR_OP_AUTHENTICATE,  CQLR_OP_ERROR,
                                      CQLR_OP_AUTH_SUCCESS, CQLR_OP_SUPPORTED,     CQLR_OP_RESULT,
                                      CQLR_OP_EVENT,        CQLR_OP_AUTH_CHALLENGE};
    struct cqlr_frame f = {.response = true, .version = 4};
    uint8_t header[CQLR_FRAME_HEADER];
    struct cqlr_bytes body;
    uint8_t choice = fuzz_u8(in);
    f.opcode = opcodes[choice % 8];
    f.stream = choice & 8 ? (int16_t)fuzz_u16(in) : 0;
    f.flags = choice & 16 ? fuzz_u8(in) : 0;
    f.length = fuzz_u8(in);
    uint8_t *p = fuzz_block(in, f.length, &body);
    f.length = (uint32_t)body.n;
    cqlr_frame_write(header, &f);
    r->asked |= !framed || f.opcode == CQLR_OP_AUTHENTICATE;
    if (!r->rc && framed)
        r->rc = cqlr_link_feed(r->l, header, sizeof header);
    if (!r->rc)
        r->rc = cqlr_link_feed(r->l, body.p, body.n);
    free(p);
}

static void step(struct run *r, struct fuzz_in *in)
{
    uint8_t choice = fuzz_u8(in);
    switch (choice % 8) {
    case 0:
        send_some(r, SIZE_MAX);
        break;
    case 1:
        send_some(r, 1u + choice / 8);
        break;
    case 2:
        try_request(r);
        break;
    case 3:
        cqlr_link_forget(r->l, (int16_t)fuzz_u8(in));
        break;
    case 4:
        receive(r, in, false);
        break;
    default:
        receive(r, in, true);
        if (choice % 8 != 7)
            take_events(r);
    }
}

static void finish(struct run *r)
{
    take_events(r);
    send_some(r, SIZE_MAX);
    unsigned left = 0;
    for (size_t at = 0; at < r->sent.n && holds_secret(r->sent.p + at, r->sent.n - at); left++)
        at = (size_t)((uint8_t *)memmem(r->sent.p + at, r->sent.n - at, SECRET, strlen(SECRET)) -
                      r->sent.p) +
             1;
    MUST(left <= (r->events ? r->answers : 1), "the password left %u times", left);
    MUST(r->answers <= CQLR_AUTH_ROUNDS, "%u answers", r->answers);
    cqlr_link_free(r->l);
    MUST(r->blocks.count == 0, "memory is not given back");
    cqlr_wr_fini(&r->sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct cqlr_link_opts o;
    struct run r = {.blocks = {.mem = {blocks_resize, NULL}}, .in = &in};
    uint8_t choice = fuzz_u8(&in);
    r.blocks.mem.arg = &r.blocks;
    cqlr_wr_init(&r.sent, NULL, 0);
    cqlr_link_opts_init(&o, sizeof o);
    o.mem = &r.blocks.mem;
    o.username = "user";
    o.password = SECRET;
    o.auth_events = r.events = choice & 2;
    o.compression = choice & 1 ? CQLR_COMPRESSION_LZ4 : CQLR_COMPRESSION_NONE;
    o.compress_from = 1;
    r.l = cqlr_link_new(&o);
    MUST(r.l, "no link");
    while (in.n && !holds_secret(data, size)) /* who knows it may send it */
        step(&r, &in);
    finish(&r);
    return 0;
}

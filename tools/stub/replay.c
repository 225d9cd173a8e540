/*
 * replay.c - one connection that is answered from a recording: a frame is looked up as the bytes it
 * is, and what was recorded leaves with the stream of the request.
 *
 * It is no link: bodies may be compressed, and what a server said is said again even where it is
 * wrong. As in conn.c nothing is read while enough waits to leave.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define ENOUGH  (256 * 1024) /* bytes that wait to leave: send them before more is answered */
#define AT_ONCE (64 * 1024)  /* bytes to receive */
#define VERSION 4

struct replay {
    struct stub_member member;
    struct stub *s;
    struct cqlr_watch watch;
    struct cqlr_wr in, out;
    size_t sent; /* bytes at the front of out that have left */
    bool over;   /* nothing more will be answered; close when all has left */
};

static void replay_close(struct replay *c)
{
    const struct cqlr_mem *mem = c->s->mem;
    stub_leave(&c->member);
    cqlr_loop_remove(c->s->loop, &c->watch);
    close(c->watch.fd);
    cqlr_wr_fini(&c->in);
    cqlr_wr_fini(&c->out);
    mem->resize(mem->arg, c, sizeof *c, 0);
}

static void close_member(struct stub_member *m)
{
    replay_close((struct replay *)m);
}

/* ---- answers ---- */

static void put_frame(struct replay *c, const uint8_t *p, size_t n, int16_t stream)
{
    size_t at = c->out.n;
    cqlr_wr_raw(&c->out, p, n);
    if (!c->out.rc)
        cqlr_put16(c->out.p + at + 2, (uint16_t)stream);
}

static void put_error(struct replay *c, int16_t stream, int32_t code, const char *text)
{
    struct cqlr_error m = {.code = code, .message = cqlr_cstr(text)};
    struct cqlr_frame f = {true, VERSION, 0, stream, CQLR_OP_ERROR, 0};
    size_t at = c->out.n;
    cqlr_wr_room(&c->out, CQLR_FRAME_HEADER);
    if (c->out.rc || cqlr_error_write(&c->out, &m))
        return;
    f.length = (uint32_t)(c->out.n - at - CQLR_FRAME_HEADER);
    cqlr_frame_write(c->out.p + at, &f);
}

static void put_unknown(struct replay *c, const struct cqlr_frame *f)
{
    char text[80];
    const char *name = cqlr_opcode_name(f->opcode);
    if (name)
        snprintf(text, sizeof text, "not in the recording: %s", name);
    else
        snprintf(text, sizeof text, "not in the recording: opcode 0x%02X", f->opcode);
    put_error(c, f->stream, CQLR_SERVER_SERVER_ERROR, text);
}

/* The answer itself is on the request's stream, an EVENT behind it on its own. */
static void answer(struct replay *c, const uint8_t *frame, size_t n)
{
    struct cqlr_frame f;
    const struct stub_recorded *a = stub_recording_answer(c->s->recording, frame, n);
    cqlr_frame_read(frame, &f);
    if (!a)
        put_unknown(c, &f);
    for (int16_t stream = f.stream; a; a = a->next, stream = -1)
        put_frame(c, a->p, a->n, stream);
}

/* A frame of another version, in the words of a server, by which drivers try an older one. */
static void refuse_version(struct replay *c, unsigned version)
{
    char text[120];
    snprintf(text, sizeof text,
             "Invalid or unsupported protocol version (%u); supported versions are (4/v4)",
             version);
    put_error(c, 0, CQLR_SERVER_PROTOCOL_ERROR, text);
    c->over = true;
}

/* ---- bytes ---- */

static bool is_full(const struct replay *c)
{
    return c->out.n - c->sent >= ENOUGH;
}

/* Answers the whole frames that have come: true = stopped because enough waits to leave. */
static bool answer_some(struct replay *c)
{
    size_t at = 0;
    while (!c->over && !is_full(c) && at < c->in.n) {
        const uint8_t *p = c->in.p + at;
        struct cqlr_frame f;
        if (p[0] != VERSION) {
            refuse_version(c, p[0] & 0x7fu);
            break;
        }
        if (c->in.n - at < CQLR_FRAME_HEADER)
            break;
        cqlr_frame_read(p, &f);
        if (f.length > CQLR_FRAME_MAX)
            c->over = true;
        if (c->over || c->in.n - at - CQLR_FRAME_HEADER < f.length)
            break;
        answer(c, p, CQLR_FRAME_HEADER + f.length);
        at += CQLR_FRAME_HEADER + f.length;
    }
    c->in.n -= at;
    if (at && c->in.n)
        memmove(c->in.p, c->in.p + at, c->in.n);
    return is_full(c);
}

/* 0 or CQLR_E_IO: the peer is gone. */
static int send_some(struct replay *c)
{
    while (c->out.n > c->sent) {
        ssize_t n = send(c->watch.fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : CQLR_E_IO;
        c->sent += (size_t)n;
    }
    cqlr_wr_fini(&c->out); /* one large answer shall not keep its memory */
    c->sent = 0;
    return 0;
}

/* 0, or CQLR_E_IO: the peer is gone; CQLR_E_NOMEM. */
static int receive(struct replay *c)
{
    if (cqlr_wr_grow(&c->in, AT_ONCE))
        return CQLR_E_NOMEM;
    ssize_t got = recv(c->watch.fd, c->in.p + c->in.n, c->in.cap - c->in.n, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : CQLR_E_IO;
    c->in.n += (size_t)got;
    c->over = got == 0; /* all was answered: input is only asked for then */
    return 0;
}

/* As much as can be done without waiting. The connection may be gone when it returns. */
static void work(struct replay *c)
{
    bool more;
    do {
        more = answer_some(c);
        if (c->out.rc || send_some(c)) {
            replay_close(c);
            return;
        }
    } while (more && !is_full(c));
    bool waits = c->out.n > c->sent;
    unsigned events = (more || c->over ? 0 : CQLR_READ) | (waits ? CQLR_WRITE : 0u);
    if ((c->over && !waits) ||
        (events != c->watch.events && cqlr_loop_change(c->s->loop, &c->watch, events)))
        replay_close(c);
}

static void on_ready(void *arg, unsigned events)
{
    struct replay *c = arg;
    if (events & CQLR_HANGUP || (events & CQLR_READ && receive(c)))
        replay_close(c);
    else
        work(c);
}

void stub_replay_open(struct stub *s, int fd)
{
    struct replay *c = s->mem->resize(s->mem->arg, NULL, 0, sizeof *c);
    if (!c) {
        close(fd);
        return;
    }
    *c = (struct replay){.member = {.close = close_member}, .s = s};
    c->watch = (struct cqlr_watch){fd, CQLR_READ, on_ready, c};
    cqlr_wr_init(&c->in, s->mem, 2 * (size_t)CQLR_FRAME_MAX);
    cqlr_wr_init(&c->out, s->mem, 2 * (size_t)CQLR_FRAME_MAX);
    if (cqlr_loop_add(s->loop, &c->watch)) {
        close(fd);
        s->mem->resize(s->mem->arg, c, sizeof *c, 0);
        return;
    }
    stub_join(s, &c->member);
    s->stats->connections++;
}

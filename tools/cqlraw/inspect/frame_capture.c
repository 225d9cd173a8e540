/*
 * frame_capture.c - a capture file → connections → frames in order of time, said one by one or in
 * pairs.
 *
 * The bytes of a direction are kept until a frame is complete. Where bytes are missing, or are no
 * frame, all is passed over up to a packet that begins as a frame of that direction does. What
 * cannot be decoded on a connection (segments of v5, TLS) is told once, at its end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "frame.h"
#include "frame_pair.h"
#include "frame_talk.h"
#include "tools/capture/capture.h"
#include "tools/cqlraw/cli.h"

struct side {
    struct cqlr_wr bytes; /* of a frame that is not complete */
    uint64_t offset;      /* of these in all that was sent */
    uint64_t passed_over; /* bytes */
    bool lost;            /* what comes is not known to be a frame */
    bool found;           /* there was a frame */
};

struct wire {
    struct side side[2]; /* client, server */
    bool segments;
    bool foreign; /* of another protocol: not told */
};

struct reader {
    const struct frame_options *o;
    struct capture *capture;
    struct wire *wire; /* of each connection */
    struct talk *talk;
    struct frame_pairs *pairs; /* NULL = frames are said one by one */
    struct frame_out out;
    uint64_t start;
    bool memory; /* ran out */
};

/* A packet in front of the first one may be younger, when there are several interfaces. */
static uint64_t since_start(const struct reader *x, uint64_t time_ns)
{
    return time_ns > x->start ? time_ns - x->start : 0;
}

static const char *side_name(bool server)
{
    return server ? "server" : "client";
}

/* Could a frame of this side begin here? */
static bool is_begin(const uint8_t *p, size_t n, bool server)
{
    struct cqlr_frame f;
    if (n < CQLR_FRAME_HEADER)
        return false;
    cqlr_frame_read(p, &f);
    return f.response == server && !frame_header_fault(&f) && f.flags < 0x20 &&
           cqlr_opcode_name(f.opcode) && f.length <= CQLR_FRAME_MAX;
}

static bool is_tls(const uint8_t *p, size_t n)
{
    return n >= 3 && p[0] == 0x16 && p[1] == 0x03 && p[2] <= 4;
}

/* ---- one frame ---- */

/* Why there is no way from this header to the next, or NULL. */
static const char *fault(const struct side *s, const struct cqlr_frame *f, bool server)
{
    if (is_tls(s->bytes.p, s->bytes.n) && s->offset == 0)
        return "this is TLS, not decoded";
    if (frame_header_fault(f))
        return frame_header_fault(f);
    if (f->response != server)
        return "a frame of the other direction";
    return f->length > CQLR_FRAME_MAX ? "a frame that is longer than any may be" : NULL;
}

static void lose(struct reader *x, struct wire *w, uint32_t connection, bool server,
                 const char *why)
{
    struct side *s = &w->side[server];
    s->lost = true;
    if (!x->o->port && !w->side[0].found && !w->side[1].found)
        w->foreign = true;
    else
        frame_out_say(&x->out, "c%u %s at %llu: %s", (unsigned)connection, side_name(server),
                      (unsigned long long)s->offset, why);
}

/* A frame of which the last bytes may be missing. */
static void frame_say(struct reader *x, const struct side *s, const struct cqlr_frame *f,
                      const uint8_t *p, size_t n, const struct frame_about *about)
{
    char where[64];
    struct cqlr_bytes body = {p + CQLR_FRAME_HEADER, n - CQLR_FRAME_HEADER};
    snprintf(where, sizeof where, "c%u %s at %llu", (unsigned)about->connection,
             side_name(f->response), (unsigned long long)(s->offset + (size_t)(p - s->bytes.p)));
    if (x->pairs)
        frame_out_check(&x->out, f, body, p, about, where);
    else
        frame_out_print(&x->out, x->o, f, body, p, about, where);
}

static void frame_hear(struct reader *x, struct wire *w, struct side *s,
                       const struct capture_chunk *k, const uint8_t *p, const struct cqlr_frame *f)
{
    struct talk_frame t = {.frame = f, .body = {p + CQLR_FRAME_HEADER, f->length}};
    t.about = (struct frame_about){.captured = true,
                                   .time_ns = since_start(x, k->time_ns),
                                   .connection = k->connection,
                                   .offset = s->offset + (size_t)(p - s->bytes.p)};
    s->found = true;
    if (talk_hear(x->talk, &t))
        x->memory = true;
    else if (x->pairs && frame_pairs_hear(x->pairs, &x->out, &t))
        x->memory = true;
    else
        frame_say(x, s, f, p, CQLR_FRAME_HEADER + f->length, &t.about);
    talk_done(x->talk, t.request);
    talk_done(x->talk, t.replaced);
    w->segments = w->segments || t.segments;
}

/* The bytes so far belong to a frame that never becomes complete, or to none. */
static void side_cut(struct reader *x, struct wire *w, uint32_t connection, bool server,
                     uint64_t time_ns, const char *why)
{
    struct side *s = &w->side[server];
    struct cqlr_frame f;
    struct frame_about about = {.captured = true,
                                .time_ns = since_start(x, time_ns),
                                .connection = connection,
                                .offset = s->offset};
    if (s->bytes.n >= CQLR_FRAME_HEADER) { /* it tells itself what is missing */
        cqlr_frame_read(s->bytes.p, &f);
        frame_say(x, s, &f, s->bytes.p, s->bytes.n, &about);
        s->lost = true;
    } else if (s->bytes.n) {
        lose(x, w, connection, server, why);
    }
    s->offset += s->bytes.n;
    s->passed_over += s->bytes.n;
    cqlr_wr_reset(&s->bytes);
}

/* ---- a direction ---- */

/* Forgets the first n bytes. What is left behind frames came with the last packet, so each byte is
 * moved once. */
static void side_drop(struct side *s, size_t n)
{
    if (!n)
        return;
    memmove(s->bytes.p, s->bytes.p + n, s->bytes.n - n);
    s->bytes.n -= n;
    s->offset += n;
}

/* All frames that are complete. */
static void side_frames(struct reader *x, struct wire *w, const struct capture_chunk *k)
{
    struct side *s = &w->side[k->from_server];
    size_t at = 0;
    struct cqlr_frame f;
    while (s->bytes.n - at >= CQLR_FRAME_HEADER && !w->segments && !x->out.rc && !x->memory) {
        cqlr_frame_read(s->bytes.p + at, &f);
        const char *why = fault(s, &f, k->from_server);
        if (why) {
            side_drop(s, at);
            lose(x, w, k->connection, k->from_server, why);
            s->passed_over += s->bytes.n;
            side_drop(s, s->bytes.n);
            return;
        }
        if (s->bytes.n - at - CQLR_FRAME_HEADER < f.length)
            break;
        frame_hear(x, w, s, k, s->bytes.p + at, &f);
        at += CQLR_FRAME_HEADER + f.length;
    }
    side_drop(s, at);
}

static void chunk_hear(struct reader *x, const struct capture_chunk *k)
{
    struct wire *w = &x->wire[k->connection];
    struct side *s = &w->side[k->from_server];
    if (k->gap && s->bytes.n && !w->segments)
        side_cut(x, w, k->connection, k->from_server, k->time_ns,
                 "bytes are missing in the capture");
    if (k->end && s->bytes.n && !w->segments)
        side_cut(x, w, k->connection, k->from_server, k->time_ns,
                 "the connection ends within a frame");
    if (k->gap || s->lost) {
        s->lost = !is_begin(k->p, k->n, k->from_server);
        w->segments = w->segments || (s->lost && k->gap && frame_is_segment(k->p, k->n));
    }
    if (s->lost && !w->segments) {
        s->passed_over += k->n;
        s->offset += k->n;
        return;
    }
    cqlr_wr_raw(&s->bytes, k->p, k->n);
    x->memory = x->memory || s->bytes.rc;
    if (!w->segments)
        side_frames(x, w, k);
    if (w->segments) { /* from the next byte on, in both directions */
        s->passed_over += s->bytes.n;
        side_drop(s, s->bytes.n);
    }
}

/* ---- the end ---- */

/* A connection that was not decoded to its end, on standard output: nothing is broken. */
static void say_segments(struct reader *x, uint32_t connection, uint64_t time_ns,
                         unsigned long long bytes)
{
    char text[100], time[32];
    bool json = x->o->style.json;
    struct cqlr_wr *w = &x->out.w;
    snprintf(text, sizeof text, "protocol v5: %llu bytes in segments, not decoded", bytes);
    frame_time(time, sizeof time, since_start(x, time_ns), json);
    char line[200];
    int n = snprintf(line, sizeof line,
                     json ? "{\"time\":%s,\"connection\":%u,\"note\":\"%s\"}\n" : "%s c%u %s\n",
                     time, (unsigned)connection, text);
    cqlr_wr_raw(w, line, (size_t)n);
}

static void wire_end(struct reader *x, uint32_t i, uint64_t time_ns)
{
    struct wire *w = &x->wire[i];
    for (int server = 0; server < 2 && !w->segments; server++)
        side_cut(x, w, i, server, time_ns, "the capture ends within a frame");
    unsigned long long passed = w->side[0].passed_over + w->side[1].passed_over;
    if (w->foreign || !passed)
        return;
    if (w->segments)
        say_segments(x, i, time_ns, passed);
    else
        frame_out_say(&x->out, "c%u: %llu bytes passed over", (unsigned)i, passed);
}

static void wires_free(struct reader *x)
{
    for (uint32_t i = 0; x->wire && i < capture_connections(x->capture); i++)
        for (int side = 0; side < 2; side++)
            cqlr_wr_fini(&x->wire[i].side[side].bytes);
    free(x->wire);
}

static void capture_hear(struct reader *x)
{
    struct capture_chunk k;
    uint64_t last = x->start;
    while (!x->out.rc && !x->memory && capture_next(x->capture, &k)) {
        chunk_hear(x, &k);
        last = k.time_ns;
    }
    for (uint32_t i = 0; !x->memory && i < capture_connections(x->capture); i++)
        wire_end(x, i, last);
    if (x->pairs && !x->memory)
        frame_pairs_end(x->pairs, &x->out, x->talk);
    if (*capture_note(x->capture))
        frame_out_say(&x->out, "%s", capture_note(x->capture));
    else if (!capture_connections(x->capture))
        frame_out_say(&x->out, "there is no TCP connection in the capture");
}

int frame_capture(struct cqlr_bytes file, const struct frame_options *o)
{
    struct reader x = {.o = o};
    struct cqlr_err err;
    x.capture = capture_new(file, o->port, NULL, &err);
    if (!x.capture) {
        say(FRAME, "%s", err.text);
        return err.code == CQLR_E_NOMEM ? EXIT_INTERNAL : EXIT_ABORTED;
    }
    x.start = capture_start(x.capture);
    x.wire = calloc((size_t)capture_connections(x.capture) + 1, sizeof *x.wire);
    for (uint32_t i = 0; x.wire && i < capture_connections(x.capture); i++)
        for (int side = 0; side < 2; side++)
            cqlr_wr_init(&x.wire[i].side[side].bytes, NULL, SIZE_MAX);
    x.talk = talk_new();
    x.pairs = o->pair ? frame_pairs_new(o) : NULL;
    x.memory = !x.wire || !x.talk || (o->pair && !x.pairs);
    frame_out_init(&x.out);
    if (!x.memory)
        capture_hear(&x);
    if (x.memory)
        x.out.w.rc = CQLR_E_NOMEM;
    int rc = frame_out_fini(&x.out);
    frame_pairs_free(x.pairs);
    talk_free(x.talk);
    wires_free(&x);
    capture_free(x.capture);
    return rc;
}

/*
 * frame_decode.c - bytes → frames, one behind the other, and how frames go to standard output.
 *
 * Input that is broken is decoded as far as it goes; then one line tells where and why. Behind a
 * frame that is whole but wrong the next one is still found by its length.
 */
#include <stdarg.h>
#include <stdio.h>

#include "frame.h"
#include "tools/cqlraw/io/out.h"

#define OUTPUT_PIECE (64u * 1024)

bool frame_wanted(const struct frame_options *o, const struct cqlr_frame *f)
{
    bool opcode = !o->opcodes || (f->opcode < 32 && (o->opcodes >> f->opcode & 1));
    return opcode && (o->stream < 0 || o->stream == f->stream);
}

/* ---- output ---- */

void frame_out_init(struct frame_out *out)
{
    out->rc = 0;
    out->bad = false;
    cqlr_wr_init(&out->w, NULL, TEXT_LIMIT);
}

int frame_out_fini(struct frame_out *out)
{
    frame_out_flush(out, true);
    cqlr_wr_fini(&out->w);
    return out->rc ? out->rc : out->bad ? EXIT_ABORTED : EXIT_DONE;
}

int frame_out_flush(struct frame_out *out, bool now)
{
    if (!out->rc && out->w.rc) {
        say(FRAME, "%s", cqlr_errcode_text(out->w.rc));
        out->rc = EXIT_INTERNAL;
    }
    if (out->w.n > OUTPUT_PIECE || now) {
        if (!out->rc && out->w.n)
            out->rc = out_stdout(FRAME, (const char *)out->w.p, out->w.n);
        cqlr_wr_reset(&out->w);
    }
    return out->rc;
}

void frame_out_say(struct frame_out *out, const char *fmt, ...)
{
    char text[CQLR_ERR_TEXT + 100];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!frame_out_flush(out, true))
        say(FRAME, "%s", text);
    out->bad = true;
}

/* Appends the frame if it is `shown`, and tells what is wrong with it. */
static void take(struct frame_out *out, const struct frame_style *style, bool shown,
                 const struct cqlr_frame *f, struct cqlr_bytes body, const uint8_t *start,
                 const struct frame_about *about, const char *where)
{
    struct cqlr_err err = {0};
    size_t n = out->w.n;
    int rc = frame_print(&out->w, f, body, start, style, about, &err);
    bool too_long = out->w.rc == CQLR_E_LIMIT;
    if (too_long)
        out->w.rc = 0;
    if (too_long || !shown)
        out->w.n = n;
    if (rc == CQLR_E_NOMEM)
        out->w.rc = rc;
    else if (rc)
        frame_out_say(out, "%s: %s", where, err.text);
}

void frame_out_print(struct frame_out *out, const struct frame_options *o,
                     const struct cqlr_frame *f, struct cqlr_bytes body, const uint8_t *start,
                     const struct frame_about *about, const char *where)
{
    if (!frame_wanted(o, f))
        return;
    take(out, &o->style, true, f, body, start, about, where);
    frame_out_flush(out, false);
}

void frame_out_check(struct frame_out *out, const struct cqlr_frame *f, struct cqlr_bytes body,
                     const uint8_t *start, const struct frame_about *about, const char *where)
{
    static const struct frame_style lines = {.json = false};
    take(out, &lines, false, f, body, start, about, where);
}

/* ---- frames ---- */

/* CRC24 of native_protocol_v5.spec section 2.2: over n bytes, and the three behind are it? */
static bool crc24_fits(const uint8_t *p, size_t n)
{
    uint32_t crc = 0x875060;
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)p[i] << 16;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc & 0x800000 ? 0x1974F0Bu : 0);
    }
    return (crc & 0xFFFFFF) ==
           ((uint32_t)p[n] | (uint32_t)p[n + 1] << 8 | (uint32_t)p[n + 2] << 16);
}

/* Lengths and flags take three bytes, with LZ4 five. */
bool frame_is_segment(const uint8_t *p, size_t n)
{
    return (n >= 6 && crc24_fits(p, 3)) || (n >= 8 && crc24_fits(p, 5));
}

/* Without a header there is no way to the next frame. */
const char *frame_header_fault(const struct cqlr_frame *f)
{
    if (f->version >= 3 && f->version <= 5)
        return NULL;
    return f->version == 1 || f->version == 2 ? "protocol versions 1 and 2 are not decoded"
                                              : "this is no frame of protocol version 3, 4 or 5";
}

/* The frame at `at`; returns where the next one is. */
static size_t decode_one(struct frame_out *out, struct cqlr_bytes in, const struct frame_options *o,
                         size_t number, size_t at)
{
    struct cqlr_frame f;
    char where[64];
    const uint8_t *p = in.p + at;
    size_t left = in.n - at;
    snprintf(where, sizeof where, "frame %zu at %zu", number, at);
    if (left < CQLR_FRAME_HEADER) {
        frame_out_say(out, "%s: the input ends within a header", where);
        return in.n;
    }
    cqlr_frame_read(p, &f);
    if (frame_header_fault(&f)) {
        frame_out_say(out, "%s: %s", where,
                      frame_is_segment(p, left) ? "segments of protocol v5 are not decoded"
                                                : frame_header_fault(&f));
        return in.n;
    }
    left -= CQLR_FRAME_HEADER;
    struct cqlr_bytes body = {p + CQLR_FRAME_HEADER, f.length < left ? f.length : left};
    if (body.n > CQLR_FRAME_MAX)
        body.n = CQLR_FRAME_MAX;
    frame_out_print(out, o, &f, body, in.p, NULL, where);
    return f.length > CQLR_FRAME_MAX ? in.n : at + CQLR_FRAME_HEADER + body.n;
}

/* By its first four bytes, none of which begins a frame. */
static bool is_capture(struct cqlr_bytes in)
{
    static const uint8_t magic[][4] = {{0xD4, 0xC3, 0xB2, 0xA1},
                                       {0xA1, 0xB2, 0xC3, 0xD4},
                                       {0x4D, 0x3C, 0xB2, 0xA1},
                                       {0xA1, 0xB2, 0x3C, 0x4D},
                                       {0x0A, 0x0D, 0x0D, 0x0A}};
    for (size_t i = 0; in.n >= 4 && i < sizeof magic / sizeof *magic; i++)
        if (memcmp(in.p, magic[i], 4) == 0)
            return true;
    return false;
}

int frame_decode(struct cqlr_bytes in, const struct frame_options *o)
{
    struct frame_out out;
    size_t at = 0;
    frame_out_init(&out);
    if (!in.n)
        frame_out_say(&out, "frame 1 at 0: there is nothing");
    if (is_capture(in)) {
        frame_out_say(&out, "this is a capture file: give it with --pcap");
        at = in.n;
    }
    for (size_t number = 1; at < in.n && !out.rc; number++)
        at = decode_one(&out, in, o, number, at);
    return frame_out_fini(&out);
}

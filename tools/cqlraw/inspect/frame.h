/*
 * frame.h - what the parts of the command `frame` share: which frames are wanted, and how they go
 * to standard output.
 */
#ifndef CQLRAW_FRAME_H
#define CQLRAW_FRAME_H

#include "frame_print.h"

#define FRAME "frame" /* the command, in lines for people */

struct frame_options {
    struct frame_style style;
    bool pair;
    uint16_t port;    /* of the server in a capture; 0 = any */
    uint32_t opcodes; /* a bit for each that is wanted; 0 = all */
    int32_t stream;   /* that is wanted; -1 = all */
};

bool frame_wanted(const struct frame_options *o, const struct cqlr_frame *f);

/* Lines for standard output, written in large pieces. */
struct frame_out {
    struct cqlr_wr w;
    int rc;   /* the exit code of the first failure to write, after which nothing is written */
    bool bad; /* something was broken, and told */
};

void frame_out_init(struct frame_out *out);
/* Frees what it holds. The exit code: the one of the failure, else EXIT_ABORTED when bad, else 0.
 */
int frame_out_fini(struct frame_out *out);
/* Writes what there is when it is much, or `now`. Returns out->rc. */
int frame_out_flush(struct frame_out *out, bool now);
/* One line on stderr, behind what was printed before it; `bad` is set. */
void frame_out_say(struct frame_out *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The frame whose header is at p, as frame_print says it, unless it is not wanted; `where` is put
 * in front of what is wrong with it. */
void frame_out_print(struct frame_out *out, const struct frame_options *o,
                     const struct cqlr_frame *f, struct cqlr_bytes body, const uint8_t *start,
                     const struct frame_about *about, const char *where);

/* The same without printing it: only what is wrong with it is told. */
void frame_out_check(struct frame_out *out, const struct cqlr_frame *f, struct cqlr_bytes body,
                     const uint8_t *start, const struct frame_about *about, const char *where);

/* Do these bytes begin with a segment of protocol v5? */
bool frame_is_segment(const uint8_t *p, size_t n);

/* Why this is no header of a frame that can be decoded, or NULL. */
const char *frame_header_fault(const struct cqlr_frame *f);

/* Frames one behind the other. The exit code. */
int frame_decode(struct cqlr_bytes in, const struct frame_options *o);
/* A capture file. */
int frame_capture(struct cqlr_bytes file, const struct frame_options *o);

struct args;
int frame_encode(const struct args *a);

#endif

/*
 * hostile.h - what a server may send that no good one does, kept as text, and what must come of it.
 *
 * A file is lines (lines.h):
 *     name WORD       starts a vector: an open connection, QUERY in flight on streams 1 and 2, and
 *                     one on 3 that was given up
 *     about TEXT      one line for people
 *     handshake       the bytes come as the answer to STARTUP instead, nothing is in flight
 *     memory BYTES    what they may cost, instead of HOSTILE_MEMORY and four times their number
 *     frame BYTES     the first five bytes of a header; its length is that of the hex lines behind
 *     hex BYTES       bytes of that body
 *     raw BYTES       bytes that are no such frame
 *     > TEXT          a line of what comes of it (hostile_say.c)
 * BYTES are tokens: hex digits; DIGITS*N, N times; "text"; s"text", a [string].
 *
 * Only the protocol library and standard C are used here, so that it runs wherever that does.
 */
#ifndef CQLRAW_TESTS_HOSTILE_H
#define CQLRAW_TESTS_HOSTILE_H

#include <cqlraw/link.h>

#define HOSTILE_MEMORY (256u * 1024)

struct hostile {
    char *name;
    char *about;
    char *says; /* the lines behind "> ", each with its newline */
    uint8_t *bytes;
    size_t n;
    size_t frame; /* where the frame that hex lines go to starts, or SIZE_MAX */
    size_t memory;
    bool handshake;
};

struct hostile_set {
    struct hostile *v;
    size_t count;
};

/* 0, or -1 with the reason on stderr. Free with hostile_free in both cases. */
int hostile_load(struct hostile_set *set, const char *path);
void hostile_free(struct hostile_set *set);

/* Appends to `out` what an event says, decoded with every reader there is; columns, cells and texts
 * come from `mem`. */
void hostile_say(struct cqlr_wr *out, const struct cqlr_event *ev, const struct cqlr_mem *mem);
/* "WHAT CODE: TEXT" as a line. */
void hostile_say_error(struct cqlr_wr *out, const char *what, const struct cqlr_err *err);

#endif

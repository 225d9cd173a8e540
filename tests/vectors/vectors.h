/*
 * vectors.h - frames kept as text: what each file of vectors holds, in memory.
 *
 * A file is lines (lines.h):
 *     name WORD        starts a vector
 *     about TEXT       one line for people
 *     hex DIGITS       bytes of the frame, header included; several lines are one string of bytes
 *     plain DIGITS     the body before it was compressed, lines like those of hex. What is written
 *                      again is compared with it: compressors may differ
 *     rest N           the last N bytes of the body belong to no field: they may be missing, and
 *                      are not written again
 *     > TEXT           a line of what the frame says, as `cqlraw frame decode --show-secrets` does
 */
#ifndef CQLRAW_TESTS_VECTORS_H
#define CQLRAW_TESTS_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vector {
    char *name;
    char *about;
    char *says;     /* the lines behind "> ", each with its newline */
    uint8_t *bytes; /* the whole frame */
    size_t n;
    uint8_t *plain; /* NULL = it is not compressed */
    size_t plain_n;
    size_t rest;
};

struct vectors {
    struct vector *v;
    size_t count;
};

/* 0, or -1 with the reason on stderr. Free with vectors_free in both cases. */
int vectors_load(struct vectors *set, const char *path);
void vectors_free(struct vectors *set);

/* Each vector of these files, of which NULL is the last, is `ok` or failed; ends with the line that
 * tests/run counts. The exit code. */
int vectors_run(char **path, bool (*ok)(const struct vector *v));

#endif

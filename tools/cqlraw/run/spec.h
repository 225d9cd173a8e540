/*
 * spec.h - "NAME=SPEC" of -P, taken apart. Pure: no file is opened here.
 */
#ifndef CQLRAW_SPEC_H
#define CQLRAW_SPEC_H

#include <cqlraw/wire.h>

enum spec_kind {
    SPEC_INT,       /* 1..10:2 */
    SPEC_DATE,      /* 2024-01-01..2024-12-31:1d, as days since 1970-01-01 */
    SPEC_TIMESTAMP, /* 2024-01-01T00Z..2024-01-02T00Z:15m, as ms since the epoch */
    SPEC_LIST,      /* a,b,c: `text`, to be split by spec_list_next */
    SPEC_LITERAL,   /* ==text */
    SPEC_FILE,      /* @file: `text` is the name */
    SPEC_STDIN      /* @- */
};

struct spec {
    struct cqlr_str name;
    enum spec_kind kind;
    int64_t first, last, step; /* ranges; step > 0 */
    bool months;               /* step counts calendar months */
    struct cqlr_str text;      /* the others */
};

/* arg ("NAME=SPEC") → s, whose texts are views into arg. 0, or -1 with one line in why. */
int spec_parse(const char *arg, struct spec *s, char *why, size_t n);

/* Takes the next element off the front of a list (at first: its whole text). false when none is
 * left; *list is then NULL. */
bool spec_list_next(struct cqlr_str *list, struct cqlr_str *element);

/* "\N" is null. */
bool spec_is_null(struct cqlr_str text);

/* 2024-02-29 → days since 1970-01-01; and with a time (T or space, 00, 00:15, 00:15:30,
 * 00:15:30.250, then Z, +01, +0100 or +01:00; none = UTC) → ms since the epoch. */
bool spec_date(struct cqlr_str s, int64_t *days);
bool spec_timestamp(struct cqlr_str s, int64_t *ms);

#endif

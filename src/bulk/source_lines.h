/*
 * source_lines.h - lines from a descriptor, as they come, gathered into blocks of texts for units
 * of work.
 */
#ifndef CQLRAW_SRC_BULK_SOURCE_LINES_H
#define CQLRAW_SRC_BULK_SOURCE_LINES_H

#include <cqlraw/wire.h>

#define CQLR__LINE_MAX (16u * 1024 * 1024)

struct cqlr__lines {
    int fd;
    bool ended;           /* nothing more will be read; `texts` may still hold lines */
    struct cqlr_wr in;    /* bytes that are not lines yet */
    size_t off, scanned;  /* of `in`: taken; and known to hold no newline */
    struct cqlr_wr texts; /* lines in the form of struct cqlr__unit_message */
    uint64_t count;       /* lines in `texts` */
    uint64_t line;        /* lines so far, for errors */
};

void cqlr__lines_init(struct cqlr__lines *l, int fd);
void cqlr__lines_fini(struct cqlr__lines *l);

/* Reads once, without waiting. 1 something came (or the end), 0 nothing there now, CQLR_E_IO,
 * CQLR_E_LIMIT (a line over 16 MiB, named), CQLR_E_NOMEM. */
CQLR_MUST_USE
int cqlr__lines_read(struct cqlr__lines *l, struct cqlr_err *err);
/* Moves lines that are complete to l->texts until it holds `block` of them, or so many bytes that
 * it should go. true = it is full. */
CQLR_MUST_USE
bool cqlr__lines_gather(struct cqlr__lines *l, uint64_t block);

#endif

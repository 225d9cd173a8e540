/*
 * progress.h - the one line on a terminal's stderr that tells how far a run is.
 */
#ifndef CQLRAW_PROGRESS_H
#define CQLRAW_PROGRESS_H

#include <cqlraw/bulk.h>

struct progress {
    bool enabled;
    bool shown;    /* a line stands on the terminal */
    uint64_t last; /* when it was written, ns */
};

/* Enabled when stderr is a terminal and `wanted`. */
void progress_init(struct progress *p, bool wanted);
/* Rewrites the line, at most ten times a second. Never waits for the terminal. */
void progress_show(struct progress *p, const struct cqlr_bulk_progress *b);
/* Takes the line away, so that others can be written. */
void progress_clear(struct progress *p);

/* The line itself, at most `columns` long. Pure. */
size_t progress_line(char *out, size_t n, size_t columns, const struct cqlr_bulk_progress *b);

#endif

/*
 * checkpoint.h - the file that says how far a run is, so that another can go on behind it.
 *
 * It is replaced as a whole, never changed in place, so that it is always readable. The facts of
 * the command stand in it as text, one a line: a run goes on only where they are the same.
 */
#ifndef CQLRAW_CHECKPOINT_H
#define CQLRAW_CHECKPOINT_H

#include <cqlraw/wire.h>

enum checkpoint_state {
    CHECKPOINT_RUNNING, /* nothing is known of what came after */
    CHECKPOINT_ENDED,   /* before its end, by itself */
    CHECKPOINT_COMPLETE /* all is done, but the output may not have its name yet */
};

struct checkpoint {
    enum checkpoint_state state;
    uint64_t done;      /* parameter sets, from the first on, whose output is there */
    uint64_t bytes;     /* of the output, that hold it */
    uint64_t bad_bytes; /* of the file of --bad, that tell of them */
    uint64_t errors;    /* of them, that failed */
    uint64_t unknown;   /* parameter sets behind them that may have been executed */
};

/* One fact: a line "name value", whatever the value holds. */
void checkpoint_fact(struct cqlr_wr *facts, const char *name, struct cqlr_str value);

/* Writes path.new, syncs it and gives it the name. 0, or -1 with errno. */
int checkpoint_write(const char *path, const struct checkpoint *c, const struct cqlr_wr *facts);

/* The text of such a file. 0, or -1 with one line in why: it is none, or its facts are others.
 * Pure.
 */
int checkpoint_parse(struct cqlr_str text, const struct cqlr_wr *facts, struct checkpoint *c,
                     char *why, size_t n);
/* The text. The caller looks at w->rc. Pure. */
void checkpoint_print(struct cqlr_wr *w, const struct checkpoint *c, const struct cqlr_wr *facts);

#endif

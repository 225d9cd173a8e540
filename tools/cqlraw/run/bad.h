/*
 * bad.h - the file of --bad: a line of CSV for each parameter set that failed, with what it was, so
 * that it can be repaired and given again.
 */
#ifndef CQLRAW_BAD_H
#define CQLRAW_BAD_H

#include "params.h"
#include "tools/cqlraw/io/out.h"

struct bad {
    struct out out;
    const struct params *params; /* borrowed */
    struct cqlr_wr line;
    uint64_t bytes; /* of the file so far */
};

/* Opens path (NULL: no file, and the calls below do nothing); resume: behind its first `bytes`
 * bytes. It begins with the line of names. 0 or the exit code after one line on stderr. Free with
 * bad_fini in any case. */
int bad_open(struct bad *b, const char *command, const char *path, bool overwrite,
             const struct params *params, bool resume, uint64_t bytes);
void bad_fini(struct bad *b);
/* A parameter set that failed, with the name of its class. What cannot be written stays in
 * b->out.sys_errno. */
void bad_add(struct bad *b, const struct cqlr_bulk_failure *f, const char *class_name);

#endif

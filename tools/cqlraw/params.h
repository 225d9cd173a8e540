/*
 * params.h - all the -P of a `run` → the source of its parameter sets.
 */
#ifndef CQLRAW_PARAMS_H
#define CQLRAW_PARAMS_H

#include <cqlraw/bulk.h>

#include "args.h"

/* One -P: its values where they are texts, and the memory they lie in. */
struct param {
    char *name; /* NULL: the next ? */
    char *file; /* contents of @file */
    struct cqlr_str *text;
    size_t count, cap;
};

struct params {
    struct cqlr_source *source;
    struct param *param; /* of n */
    size_t n;
    bool from_stdin; /* streamed */
};

/* 0, or the exit code after one line on stderr. Free with params_free in any case. */
int params_open(struct params *p, const struct args *a);
void params_free(struct params *p);

#endif

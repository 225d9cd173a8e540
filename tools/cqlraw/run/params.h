/*
 * params.h - where the parameter sets of a `run` come from: -P, --token-ranges, --params-from or
 * --workload → one source.
 */
#ifndef CQLRAW_PARAMS_H
#define CQLRAW_PARAMS_H

#include "param_values.h"
#include "tools/cqlraw/args/args.h"

#define TOKEN_RANGES 1024 /* what "auto" is: the same on every machine */

struct params {
    struct cqlr_source *source;
    struct param *param; /* of n, as the source counts them; streams have none, but for the name */
    size_t n;
    bool by_name;  /* each value goes to all the markers of a name, none to one by its place */
    bool streamed; /* sets come as they are read, each with its record */
    int fd;        /* of the file they are read from; -1: none, or standard input */
};

/* 0, or the exit code after one line on stderr. Free with params_free in any case. */
int params_open(struct params *p, const struct args *a);
void params_free(struct params *p);

/* How people know parameter i: its name, or its place. */
const char *params_name(const struct params *p, size_t i);
/* "id=1 c=a": the values of set `index`, appended to w. Not for those that are streamed. */
void params_print(const struct params *p, uint64_t index, struct cqlr_wr *w);

#endif

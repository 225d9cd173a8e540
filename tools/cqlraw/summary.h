/*
 * summary.h - what a run was: the line with the number of queries, and what follows it.
 */
#ifndef CQLRAW_SUMMARY_H
#define CQLRAW_SUMMARY_H

#include <sys/types.h>

#include <cqlraw/bulk.h>

#include "args.h"

/* The workers' process ids, by slot. */
struct summary_workers {
    const pid_t *pid;
    size_t n;
};

/* Prints it: to stdout what is the output of --format none, else to stderr. interrupted: the run
 * was. 0 or the exit code of a failed write. */
int summary_print(const struct args *a, const struct cqlr_bulk_summary *s, bool interrupted,
                  struct summary_workers workers);

/* "1.91ms", "412us", "11.8ms"; "412k", "1.0M". out has room for n bytes; returns out. */
const char *short_time(char *out, size_t n, uint64_t ns);
const char *short_count(char *out, size_t n, uint64_t v);

#endif

/*
 * summary.h - what a run was: the line with the number of queries, and what follows it.
 */
#ifndef CQLRAW_SUMMARY_H
#define CQLRAW_SUMMARY_H

#include <cqlraw/bulk.h>

#include "run_errors.h"
#include "tools/cqlraw/args/args.h"

/* What the library's summary does not know. */
struct summary_facts {
    bool interrupted;
    const struct cqlr_bulk_worker *worker; /* of `workers` */
    size_t workers;
    const struct run_errors *errors;
    uint64_t resumed;       /* the run went on behind so many parameter sets, */
    uint64_t errors_before; /* of which these had failed */
};

/* Prints it: to stdout what is the output of --format none, else to stderr. 0 or the exit code of a
 * failed write. */
int summary_print(const struct args *a, const struct cqlr_bulk_summary *s,
                  const struct summary_facts *facts);

#endif

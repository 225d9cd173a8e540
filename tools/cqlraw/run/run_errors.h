/*
 * run_errors.h - the parameter sets that failed: counted by class, the first ones told, all written
 * to the file of --bad.
 */
#ifndef CQLRAW_RUN_ERRORS_H
#define CQLRAW_RUN_ERRORS_H

#include "bad.h"
#include "tools/cqlraw/io/text.h"

#define ERROR_CLASSES 32 /* kinds of errors that are told apart; the rest count as "OTHER" */

struct error_class {
    char name[32]; /* OVERLOADED, TIMEOUT ... */
    uint64_t n;
};

/* A failure that no checkpoint covers yet. */
struct open_failure {
    uint64_t index;
    uint64_t bad_bytes; /* of the file of --bad, with this one */
    bool unknown;
};

struct run_errors {
    uint64_t n;
    struct error_class class_of[ERROR_CLASSES];
    size_t classes;
    char first[400]; /* which was the first: "k=88" */
    struct bad bad;
    struct open_failure *open; /* in the order of their indices */
    size_t open_n, open_cap;
    bool keep_open; /* a checkpoint is written */
    bool out_of_memory;
    uint64_t covered; /* by the last checkpoint: how many failures, */
    uint64_t covered_unknown;
    uint64_t covered_bytes; /* and bytes of the file of --bad */
};

void run_errors_fini(struct run_errors *e);
/* One more. */
void run_errors_add(struct run_errors *e, const struct params *params,
                    const struct cqlr_bulk_failure *f);
/* A checkpoint covers the first `done` parameter sets. */
void run_errors_cover(struct run_errors *e, uint64_t done);

/* "errors 97 OVERLOADED (0.97%), 2 TIMEOUT (0.02%); first: k=88", of `sets` in all; nothing without
 * errors. */
void run_errors_text(const struct run_errors *e, uint64_t sets, struct text *t);
/* ,"by_class":{"OVERLOADED":97} */
void run_errors_json(const struct run_errors *e, struct text *t);

#endif

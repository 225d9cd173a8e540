/*
 * run.h - what the files of `cqlraw run` share: its state, of which a worker has a copy from the
 * moment it was forked.
 */
#ifndef CQLRAW_RUN_H
#define CQLRAW_RUN_H

#include <cqlraw/bulk.h>

#include "args.h"
#include "out.h"
#include "progress.h"
#include "run_table.h"

#define RUN         "run"
#define RUN_WORKERS 1024 /* as many as --processes takes */

enum run_format { RUN_CSV, RUN_TABLE, RUN_NONE };

struct run {
    const struct args *args;
    enum run_format format;
    struct out out;
    struct progress progress;
    struct run_table table;
    uint64_t errors; /* told of by on_error */
    int stop_fd;
    int signal;             /* the first one that came, or 0 */
    int signals;            /* how many came */
    pid_t pid[RUN_WORKERS]; /* by slot */
    size_t workers;
    pid_t died; /* a worker whose death is not told yet, or 0: when it is not replaced, the run's
                   own error says more */
    char why[200];
};

/* NULL after a line on stderr. The arguments are borrowed. */
struct run *run_new(const struct args *a);
void run_free(struct run *r);

/* Callbacks of struct cqlr_bulk_opts; arg is the struct run. */
int run_on_prepared(void *arg, const struct cqlr_columns *markers,
                    const struct cqlr_columns *columns, struct cqlr_wr *head);
int run_on_page(void *arg, const struct cqlr_item *item, cqlr_reply *reply, struct cqlr_wr *out,
                uint64_t *rows, struct cqlr_err *err);

/* Writes what of the table is laid out. 0, CQLR_E_OUTPUT or CQLR_E_INTERRUPTED. */
int run_write_table(struct run *r);

#endif

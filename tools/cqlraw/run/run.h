/*
 * run.h - what the files of `cqlraw run` share: its state, of which a worker has a copy from the
 * moment it was forked.
 */
#ifndef CQLRAW_RUN_H
#define CQLRAW_RUN_H

#include <cqlraw/bulk.h>

#include "checkpoint.h"
#include "hdr.h"
#include "params.h"
#include "progress.h"
#include "run_errors.h"
#include "run_params.h"
#include "run_reduce.h"
#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/rows/out_rows.h"
#include "tools/cqlraw/rows/packed_table.h"

#define RUN         "run"
#define RUN_WORKERS 1024 /* as many as --processes takes */

/* --checkpoint, --resume */
struct run_resume {
    const char *path; /* NULL: none is written */
    bool found;       /* one was there, and this run goes on behind it */
    bool begun;       /* this run has written one */
    struct checkpoint from, now;
    struct cqlr_wr facts;
    bool failed; /* it cannot be written any more, which was told */
};

struct run {
    const struct args *args;
    struct params params;
    enum row_format format;
    bool reducing;
    bool with_params;
    bool mark_empty;
    bool workload;
    bool to_terminal;       /* rows go to one */
    struct run_params wide; /* --with-params, where rows are */

    struct out out;
    bool headed; /* what stands in front of the rows is out */
    bool some;   /* rows_join */
    struct packed_table table;
    struct reduce reduce;
    struct run_resume resume;

    struct run_errors errors;
    struct out hdr_out;
    struct hdr *hdr; /* NULL: no --hdr */
    struct progress progress;
    struct cqlr_err err; /* why a callback ended the run; code 0 = none did */
    int stop_fd;
    int signal;  /* the first one that came, or 0 */
    int signals; /* how many came */
    struct cqlr_bulk_worker worker[RUN_WORKERS];
    size_t workers;
    pid_t died; /* a worker whose death is not told yet, or 0: when it is not replaced, the run's
                   own error says more */
    char why[200];
};

/* run_check.c: which options go together. 0 or EXIT_USAGE after one line on stderr. */
int run_check(const struct args *a);
/* What --retry-delay says, in ns. Likewise. */
int run_retry_delay(const struct args *a, uint64_t *first, uint64_t *most);
enum row_format run_format(const struct args *a);

/* run_rows.c: callbacks of struct cqlr_bulk_opts; arg is the struct run. */
int run_on_prepared(void *arg, const struct cqlr_columns *markers,
                    const struct cqlr_columns *columns, struct cqlr_wr *head);
int run_on_page(void *arg, const struct cqlr_item *item, cqlr_reply *reply, struct cqlr_wr *out,
                uint64_t *rows, struct cqlr_err *err);

/* run_output.c: the parent's side of formats that are not just bytes one behind another. */
bool run_is_joined(const struct run *r);
int run_on_output(void *arg, const uint8_t *p, size_t n);
/* What stands in front of the rows. 0, or a code with the reason in r->err or r->out. */
int run_output_head(struct run *r, const struct cqlr_columns *columns);
/* What stands behind them. Likewise. */
int run_output_end(struct run *r);
/* The end of a run that ended early: a table shows what came; an array without its end, or no
 * result at all, cannot be taken for the whole. Likewise. */
int run_output_cut(struct run *r);

/* run_resume.c */
/* Reads the checkpoint. 0, or an exit code after one line on stderr; *complete: there is nothing
 * left to do, and 0 or EXIT_SOME_ERRORS is the end. */
int run_resume_open(struct run *r, bool *complete);
void run_resume_fini(struct run *r);
/* The run is about to send its first request. 0, or CQLR_E_OUTPUT with the reason in r->err. */
int run_resume_begin(struct run *r);
void run_on_checkpoint(void *arg, uint64_t done, uint64_t bytes);
/* All is done, the output gets its name: before and after that. */
void run_resume_complete(struct run *r);
void run_resume_remove(struct run *r);
/* It ended early, and `unknown` parameter sets may have been executed. */
void run_resume_end(struct run *r, uint64_t unknown);

/* run_dry.c: --dry-run, up to the point where o's statement is prepared. o has its work and
 * stop_fd, and no callbacks yet. The exit code. */
int run_dry(struct run *r, struct cqlr_bulk_opts *o);

/* run_files.c: each gives an exit code after one line on stderr when it is not what went in. */
bool run_is_good(int code); /* the run is complete */
int run_files_open(struct run *r);
/* What stands behind the rows. */
int run_files_end(struct run *r, int code);
/* Files under their names. A failure takes the place of success only. */
int run_files_commit(struct run *r, int code);
int run_files_hdr(struct run *r, const struct cqlr_bulk_summary *s);
/* What becomes of files that are not complete, in the last line. */
void run_files_leave(struct run *r, uint64_t unknown);
void run_files_close(struct run *r);

/* cmd_run.c: --idempotent; what a failed run ends with; the reason was told by then. */
enum cqlr_idempotence run_idempotence(const struct args *a);
int run_failed(struct run *r, int rc, const struct cqlr_err *err);

#endif

/*
 * job.h - a job of cqlr_source_jobs in a worker. One object serves a slot of the window for ever:
 * one job after the other.
 */
#ifndef CQLRAW_SRC_BULK_JOB_H
#define CQLRAW_SRC_BULK_JOB_H

#include <cqlraw/bulk.h>

struct cqlr_job {
    uint64_t index;
    cqlr_client *client;
    cqlr_prepared *prepared;
    cqlr_loop *loop;
    struct cqlr_wr out;
    bool running;
    int rc; /* when it is done, with `err` */
    uint64_t rows;
    struct cqlr_err err;
    struct cqlr_task finish;
};

/* finished(arg) is called at the end of the turn in which a job was done, never from inside
 * cqlr__job_begin. NULL: no memory. */
cqlr_job *cqlr__job_new(cqlr_loop *loop, cqlr_client *client, cqlr_prepared *prepared,
                        void (*finished)(void *arg), void *arg);
/* No job is running that could still say that it is done. NULL is fine. */
void cqlr__job_free(cqlr_job *j);
/* Begins job `index`. 0, or on_job's code with the reason in err: it has not begun. */
CQLR_MUST_USE
int cqlr__job_begin(cqlr_job *j, uint64_t index, const struct cqlr_bulk_opts *o,
                    struct cqlr_err *err);
/* What a job that is done has made. 0, or why it failed. */
CQLR_MUST_USE
int cqlr__job_result(const cqlr_job *j, struct cqlr_wr *out, uint64_t *rows, struct cqlr_err *err);

#endif

/*
 * job.c - see job.h. A job may be done inside on_job, from inside one of its replies, or from
 * anywhere later; its end is told from the loop in all cases.
 */
#include <stdlib.h>

#include "proto/base/err.h"
#include "src/bulk/worker/job.h"

cqlr_job *cqlr__job_new(cqlr_loop *loop, cqlr_client *client, cqlr_prepared *prepared,
                        void (*finished)(void *arg), void *arg)
{
    cqlr_job *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->loop = loop;
    j->client = client;
    j->prepared = prepared;
    j->finish = (struct cqlr_task){.fn = finished, .arg = arg};
    cqlr_wr_init(&j->out, NULL, SIZE_MAX / 2);
    return j;
}

void cqlr__job_free(cqlr_job *j)
{
    if (!j)
        return;
    cqlr_loop_undefer(j->loop, &j->finish);
    cqlr_wr_fini(&j->out);
    free(j);
}

int cqlr__job_begin(cqlr_job *j, uint64_t index, const struct cqlr_bulk_opts *o,
                    struct cqlr_err *err)
{
    int rc;
    j->index = index;
    j->running = true;
    cqlr_wr_reset(&j->out);
    rc = o->on_job(o->arg, j, err);
    if (rc >= 0 || !j->running)
        return 0;
    j->running = false;
    return rc;
}

int cqlr__job_result(const cqlr_job *j, struct cqlr_wr *out, uint64_t *rows, struct cqlr_err *err)
{
    if (j->rc < 0) {
        *err = j->err;
        return j->rc;
    }
    if (j->out.rc)
        return cqlr__err_set(err, j->out.rc, "output of a job: %s", cqlr_errcode_text(j->out.rc));
    cqlr_wr_raw(out, j->out.p, j->out.n);
    *rows = j->rows;
    return 0;
}

/* ---- for the job ---- */

uint64_t cqlr_job_index(const cqlr_job *j)
{
    return j->index;
}

cqlr_client *cqlr_job_client(cqlr_job *j)
{
    return j->client;
}

cqlr_prepared *cqlr_job_prepared(cqlr_job *j)
{
    return j->prepared;
}

struct cqlr_wr *cqlr_job_out(cqlr_job *j)
{
    return &j->out;
}

void cqlr_job_done(cqlr_job *j, int rc, uint64_t rows, const struct cqlr_err *err)
{
    if (!j->running)
        return;
    j->running = false;
    j->rc = rc < 0 ? rc : 0;
    j->rows = rows;
    if (rc < 0 && err)
        j->err = *err;
    else if (rc < 0)
        cqlr__err_set(&j->err, rc, "%s", cqlr_errcode_text(rc));
    cqlr_loop_defer(j->loop, &j->finish);
}

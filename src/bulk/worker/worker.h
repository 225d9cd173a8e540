/*
 * worker.h - the life of a worker process: ask for permission to connect, connect and prepare,
 * execute the units that come, end when told or when the parent is gone.
 */
#ifndef CQLRAW_SRC_BULK_WORKER_H
#define CQLRAW_SRC_BULK_WORKER_H

#include "src/bulk/worker/window.h"

struct cqlr__worker_start {
    const struct cqlr_bulk_opts *o; /* all defaults filled in */
    const struct cqlr__engine *engine;
    struct cqlr__ring *ring;
    int fd;                  /* of the stream to the parent */
    bool scout;              /* sends the snapshot and need not wait for others */
    struct cqlr__pace *pace; /* shared by the group; NULL = as fast as it goes */
};

/* Runs in the forked child and never returns. */
_Noreturn void cqlr__worker_run(const struct cqlr__worker_start *start);

#endif

/*
 * engine.h - what a worker needs of a CQL client, and no more: connect and prepare, execute a
 * parameter set, turn an answer's page into output. The one that is used is in engine.c; tests put
 * another in its place.
 */
#ifndef CQLRAW_SRC_BULK_ENGINE_H
#define CQLRAW_SRC_BULK_ENGINE_H

#include <cqlraw/bulk.h>

/* What came back for an execution. Everything is borrowed until the callback returns. */
struct cqlr__answer {
    int rc;                         /* 0, or why there is no answer */
    const struct cqlr_err *err;     /* then the reason */
    const struct cqlr_error *error; /* and for CQLR_E_SERVER the message, or NULL: it is final */
    bool unsent; /* with rc < 0: the set was not sent, its statement could not even be prepared */
    struct cqlr_value next; /* paging state of the page behind this one; null: none */
    void *reply;            /* for `page` */
};

/* Who is told. None is called from inside a function of the engine, but for `drop`. */
struct cqlr__engine_host {
    void *arg;
    void (*opened)(void *arg, int rc, const struct cqlr_err *err); /* once */
    void (*answered)(void *arg, size_t slot,
                     const struct cqlr__answer *a); /* once for each execute that gave 0 */
    /* After `ask`: 0 the server has answered, negative the connection has ended. */
    void (*asked)(void *arg, int rc);
};

struct cqlr__engine {
    /* Starts to connect and prepare, for at most `slots` executions at a time. NULL with the reason
     * in err. */
    void *(*open)(const struct cqlr_bulk_opts *o, cqlr_loop *loop, size_t slots,
                  const struct cqlr__engine_host *host, struct cqlr_err *err);
    /* What is executed from now on: a source with which a batch begins (after `opened`, and nothing
     * is under way), borrowed until the next one or until close. 0 or a negative code with the
     * reason in err. */
    int (*batch)(void *self, const cqlr_source *source, struct cqlr_err *err);
    /* Closes without telling anyone. */
    void (*close)(void *self);
    /* true when the connection is gone: nothing can be executed any more. */
    bool (*lost)(void *self);
    /* Asks the server whether it is there, however long the answer takes. How many ns the host
     * should wait for it; CQLR_NEVER: nobody is to be given up for saying nothing. */
    uint64_t (*ask)(void *self);
    /* Ends the connection; what is under way is answered (CQLR_E_CLOSED) before this returns. */
    void (*drop)(void *self);
    /* Appends two column specs, of the markers and of the answer, as cqlr__snapshot_read takes
     * them. 0 or CQLR_E_NOMEM. */
    int (*snapshot)(void *self, struct cqlr_wr *w);
    /* Executes set `index` (`line`: its text when the source is a stream) from the page that
     * `state` names (null: the first); both are borrowed until the answer. 0, CQLR_E_AGAIN (no
     * stream is free: once more after an answer), or why the set cannot be executed. */
    int (*execute)(void *self, size_t slot, uint64_t index, struct cqlr_value line,
                   struct cqlr_value state, struct cqlr_err *err);
    /* The page's output. 0 or why the set failed. */
    int (*page)(void *self, const struct cqlr_item *item, void *reply, struct cqlr_wr *out,
                uint64_t *rows, struct cqlr_err *err);
};

extern const struct cqlr__engine cqlr__engine_client;

/* One column spec of a snapshot: written by a worker, read by the parent (which checks it). */
void cqlr__snapshot_write(struct cqlr_wr *w, const struct cqlr_columns *c);
struct cqlr_columns *cqlr__snapshot_read(struct cqlr_rd *r);

#endif

/*
 * statements.h - the statements of a workload in one worker: text → prepared statement.
 *
 * Each text is prepared once on this connection, when it is first met; who wants it meanwhile waits
 * in its list. One that the server refuses is the error of those that waited, and is forgotten: who
 * wants it later asks the server again. Of many statements the ones not used for longest are
 * forgotten.
 */
#ifndef CQLRAW_SRC_BULK_STATEMENTS_H
#define CQLRAW_SRC_BULK_STATEMENTS_H

#include "src/bulk/worker/engine.h"

#define CQLR__STATEMENTS_KEPT 1024

struct cqlr__statements;
struct cqlr__statement;

/* Who waits for a statement; it stays where it is until fn is called. */
struct cqlr__waiter {
    struct cqlr__waiter *next;
    /* Once: `st` to take at once; or NULL, and `a` says why not. */
    void (*fn)(struct cqlr__waiter *w, struct cqlr__statement *st, const struct cqlr__answer *a);
};

/* The client is borrowed. NULL: no memory. */
struct cqlr__statements *cqlr__statements_new(cqlr_client *cl);
/* The client has been closed: nothing is under way. NULL is fine. */
void cqlr__statements_free(struct cqlr__statements *all);

/* 1 and the statement, to take at once; 0 the waiter will be called, not from inside this call; or
 * why it cannot be asked for. */
CQLR_MUST_USE
int cqlr__statements_get(struct cqlr__statements *all, struct cqlr_str cql,
                         struct cqlr__waiter *waiter, struct cqlr__statement **st,
                         struct cqlr_err *err);

/* A bound statement with nothing set, and with it the right to use st until it is put back. NULL:
 * no memory. */
cqlr_bound *cqlr__statement_take(struct cqlr__statement *st);
void cqlr__statement_put(struct cqlr__statement *st, cqlr_bound *bound);
cqlr_prepared *cqlr__statement_prepared(const struct cqlr__statement *st);

#endif

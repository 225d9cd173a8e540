/*
 * The blocking calls: submit, turn the loop until the callback has run, give what it left. And the
 * further pages of their replies.
 */
#include <errno.h>
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/client/internal.h"
#include "src/cluster/paging.h"

struct waiter {
    bool done;
    int rc;
    cqlr_reply *kept;
    cqlr_prepared *prepared;
};

static int usable_here(cqlr_client *cl)
{
    if (cl->depth || cqlr_loop_in_turn(cl->loop))
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "blocking call inside a callback");
    return 0;
}

/* Turns the loop until the callback has run: it does, since every request and every attempt to
 * connect has a deadline. */
static int wait_for(cqlr_client *cl, struct waiter *w)
{
    while (!w->done) {
        int rc;
        cqlr__client_enter(cl);
        rc = cqlr_loop_turn(cl->loop, CQLR_NEVER);
        if (rc < 0) {
            rc = cqlr__err_set(&cl->err, rc, "event loop: %s", strerror(errno));
            cqlr_client_close(cl); /* runs the callback */
        }
        cqlr__client_leave(cl);
    }
    return w->rc;
}

static void on_open(void *arg, int rc)
{
    struct waiter *w = arg;
    w->done = true;
    w->rc = rc;
}

int cqlr_sync_connect(cqlr_client *cl)
{
    struct waiter w = {.rc = 0};
    int rc = usable_here(cl);
    if (rc == 0)
        rc = cqlr_client_open(cl, on_open, &w);
    return rc < 0 ? rc : wait_for(cl, &w);
}

static void on_reply(void *arg, cqlr_reply *r)
{
    struct waiter *w = arg;
    w->done = true;
    w->rc = cqlr_reply_rc(r);
    if (w->rc < 0) {
        r->client->err = *cqlr_reply_err(r);
        return;
    }
    w->prepared = cqlr_reply_take_prepared(r);
    if (w->prepared)
        return;
    w->kept = cqlr_reply_keep(r);
    if (!w->kept)
        w->rc = cqlr__err_set(&r->client->err, CQLR_E_NOMEM, "out of memory");
}

cqlr_prepared *cqlr_sync_prepare(cqlr_client *cl, struct cqlr_str cql)
{
    struct waiter w = {.rc = 0};
    if (usable_here(cl) < 0 || cqlr_client_prepare(cl, cql, on_reply, &w) < 0)
        return NULL;
    return wait_for(cl, &w) < 0 ? NULL : w.prepared;
}

cqlr_reply *cqlr_sync_options(cqlr_client *cl)
{
    struct waiter w = {.rc = 0};
    if (usable_here(cl) < 0 || cqlr_client_options(cl, on_reply, &w) < 0)
        return NULL;
    return wait_for(cl, &w) < 0 ? NULL : w.kept;
}

/* ---- pages ---- */

/* What the further pages of a reply are asked for with: the bound statement, or a copy of the
 * query. */
struct cqlr__next_page {
    struct cqlr__paging progress;
    cqlr_bound *bound;
    struct cqlr_request_opts o;
    size_t cql_len;
    char cql[];
};

static bool add_pages(cqlr_reply *r, struct cqlr_str cql, const struct cqlr_request_opts *o,
                      cqlr_bound *bound)
{
    struct cqlr__next_page *pages;
    if (cqlr_reply_paging_state(r).n < 0)
        return true;
    pages = cqlr__mem_get(r->mem, sizeof *pages + cql.n);
    if (!pages)
        return false;
    cqlr_request_opts_init(r->client, &pages->o, sizeof pages->o);
    if (o)
        memcpy(&pages->o, o, o->size < sizeof pages->o ? o->size : sizeof pages->o);
    pages->o.trace = false;
    pages->progress = (struct cqlr__paging){.same = 0};
    pages->bound = bound;
    pages->cql_len = cql.n;
    if (cql.n)
        memcpy(pages->cql, cql.p, cql.n);
    r->pages = pages;
    return true;
}

void cqlr__pages_free(cqlr_reply *r)
{
    if (r->pages)
        cqlr__mem_free(r->mem, r->pages, sizeof *r->pages + r->pages->cql_len);
    r->pages = NULL;
}

static cqlr_reply *finish(cqlr_client *cl, struct waiter *w, struct cqlr_str cql,
                          const struct cqlr_request_opts *o, cqlr_bound *bound)
{
    if (wait_for(cl, w) < 0)
        return NULL;
    if (!add_pages(w->kept, cql, o, bound)) {
        (void)cqlr__err_set(&cl->err, CQLR_E_NOMEM, "out of memory");
        cqlr_reply_free(w->kept);
        return NULL;
    }
    return w->kept;
}

cqlr_reply *cqlr_sync_query(cqlr_client *cl, struct cqlr_str cql, const struct cqlr_request_opts *o)
{
    struct waiter w = {.rc = 0};
    if (usable_here(cl) < 0 || cqlr_client_query(cl, cql, o, on_reply, &w) < 0)
        return NULL;
    return finish(cl, &w, cql, o, NULL);
}

cqlr_reply *cqlr_sync_execute(cqlr_client *cl, cqlr_bound *b)
{
    struct waiter w = {.rc = 0};
    if (usable_here(cl) < 0 || cqlr_client_execute(cl, b, on_reply, &w) < 0)
        return NULL;
    return finish(cl, &w, (struct cqlr_str){NULL, 0}, NULL, b);
}

static int query_page(cqlr_client *cl, struct cqlr__next_page *pages, struct cqlr_value state,
                      struct waiter *w)
{
    struct cqlr_str cql = {pages->cql, pages->cql_len};
    int rc;
    pages->o.paging_state = state;
    rc = cqlr_client_query(cl, cql, &pages->o, on_reply, w);
    return rc < 0 ? rc : wait_for(cl, w);
}

/* The bound statement is left as the user has it: traced again, and at its first page. */
static int execute_page(cqlr_client *cl, cqlr_bound *b, struct cqlr_value state, struct waiter *w)
{
    const struct cqlr_value first = {NULL, CQLR_NULL};
    bool traced = cqlr__bound_traced(b);
    int rc = cqlr_bound_paging_state(b, state);
    if (rc < 0) {
        cl->err = *cqlr_bound_err(b);
        return rc;
    }
    cqlr_bound_trace(b, false);
    rc = cqlr_client_execute(cl, b, on_reply, w);
    if (rc == 0)
        rc = wait_for(cl, w);
    cqlr_bound_trace(b, traced);
    (void)!cqlr_bound_paging_state(b, first); /* nothing is copied */
    return rc;
}

static int check_progress(cqlr_reply *r, struct cqlr_value state)
{
    if (cqlr__paging_step(&r->pages->progress, state, r->result.u.rows.count))
        return 0;
    return cqlr__err_set(&r->client->err, CQLR_E_PROTO,
                         "%s: no progress: %d empty pages in a row with the same paging state",
                         r->peer, CQLR__PAGING_MOST);
}

/* The page that follows takes this one's place in the reply. */
int cqlr__reply_next_page(cqlr_reply *r)
{
    cqlr_client *cl = r->client;
    struct cqlr__next_page *pages = r->pages;
    struct cqlr_value state = cqlr_reply_paging_state(r);
    struct waiter w = {.rc = 0};
    int rc = usable_here(cl);
    if (rc == 0)
        rc = check_progress(r, state);
    if (rc == 0)
        rc = pages->bound ? execute_page(cl, pages->bound, state, &w)
                          : query_page(cl, pages, state, &w);
    if (rc < 0) {
        r->err = cl->err;
        r->rc = rc;
        return rc;
    }
    cqlr__reply_replace(r, w.kept);
    return 0;
}

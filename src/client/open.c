/*
 * An attempt to get a connection: which address is tried when.
 *
 * Addresses are tried in order, but one that has not been reached after 250 ms does not hold up the
 * next, which is tried beside it (as RFC 8305 does). The first peer that is reached goes on with
 * its handshake, alone: the others are dropped before anything is sent to them, so credentials are
 * shown to one peer at a time. If that one fails, the others are tried again, and it is not.
 *
 * Invariant: `kind` is set exactly while there is an attempt, and then some connection of it is
 * under way.
 */
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/client/internal.h"

#define STAGGER UINT64_C(250000000) /* ns: the Connection Attempt Delay of RFC 8305 section 5 */

enum { UNTRIED, UNDER_WAY, FAILED };

/* ---- the addresses ---- */

static void on_unresolved(void *arg, const struct cqlr_err *why)
{
    cqlr__client_log(arg, CQLR_LOG_WARNING, "contact point passed over: %s", why->text);
}

void cqlr__opening_fini(cqlr_client *cl)
{
    struct cqlr__opening *o = &cl->opening;
    cqlr__addrs_fini(&o->addrs);
    cqlr__mem_free(cl->mem, o->state, o->count);
    o->state = NULL;
    o->count = 0;
}

static int resolve(cqlr_client *cl)
{
    struct cqlr__opening *o = &cl->opening;
    int rc;
    cqlr__opening_fini(cl);
    cqlr__addrs_init(&o->addrs, cl->mem);
    o->addrs.passed_over = on_unresolved;
    o->addrs.arg = cl;
    rc = cqlr__addrs_resolve(&o->addrs, cl->contact_points, cl->o.port, &o->err);
    if (rc < 0)
        return rc;
    o->state = cqlr__mem_get(cl->mem, o->addrs.count);
    if (!o->state)
        return cqlr__err_set(&o->err, CQLR_E_NOMEM, "out of memory");
    o->count = o->tries = o->addrs.count;
    memset(o->state, UNTRIED, o->count);
    return 0;
}

/* Only the one that the current connection goes to. */
static void one_address(cqlr_client *cl)
{
    struct cqlr__opening *o = &cl->opening;
    memset(o->state, FAILED, o->count);
    o->state[cl->current->addr] = UNTRIED;
    o->tries = 1;
}

static size_t untried(const struct cqlr__opening *o)
{
    size_t i = 0;
    while (i < o->count && o->state[i] != UNTRIED)
        i++;
    return i;
}

/* ---- the end of it ---- */

/* All connections of the attempt but one are dropped; their addresses may be tried again. */
static void drop_all_but(cqlr_client *cl, const struct cqlr__pooled *one)
{
    struct cqlr__opening *o = &cl->opening;
    for (struct cqlr__pooled *p = cl->pool; p; p = p->next) {
        if (!p->conn || !p->opening || p == one)
            continue;
        o->state[p->addr] = UNTRIED;
        o->under_way--;
        cqlr__pooled_drop(p);
    }
}

static void end(struct cqlr__opening *o, cqlr_client *cl)
{
    cqlr_loop_timer_clear(cl->loop, &o->stagger);
    o->kind = CQLR__OPENING_NONE;
    o->reached = NULL;
    o->under_way = 0;
}

void cqlr__opening_drop(cqlr_client *cl)
{
    drop_all_but(cl, NULL);
    end(&cl->opening, cl);
}

static void finish(cqlr_client *cl, int rc)
{
    struct cqlr__opening *o = &cl->opening;
    enum cqlr__opening_kind kind = o->kind;
    end(o, cl);
    if (rc < 0 && kind != CQLR__OPENING_REPLACE)
        cl->err = o->err;
    if (kind == CQLR__OPENING_ASKED)
        o->fn(o->arg, rc);
    else
        cqlr__renew_over(cl, kind, rc);
    cqlr__client_state(cl);
}

/* ---- trying ---- */

/* The address cannot be used; the reason stands in o->err. That of the last one is the caller's to
 * hear. */
static void failed(cqlr_client *cl, size_t addr)
{
    struct cqlr__opening *o = &cl->opening;
    o->state[addr] = FAILED;
    if (o->under_way || untried(o) < o->count)
        cqlr__client_log(cl, CQLR_LOG_WARNING, "address passed over: %s", o->err.text);
}

static void on_stagger(void *arg);

/* Begins with the next address that lets itself be begun with. Negative when none is left and none
 * is under way: the last reason stands in o->err. */
static int try_next(cqlr_client *cl)
{
    struct cqlr__opening *o = &cl->opening;
    size_t i;
    while ((i = untried(o)) < o->count) {
        struct cqlr__pooled *p = cqlr__pooled_open(cl, i, &o->err);
        if (!p) {
            failed(cl, i);
            continue;
        }
        o->state[i] = UNDER_WAY;
        o->under_way++;
        cqlr__client_log(cl, CQLR_LOG_DEBUG, "%s: connecting", cqlr__pooled_peer(p));
        o->stagger.fn = on_stagger;
        o->stagger.arg = cl;
        if (untried(o) < o->count) /* without memory for the timer the next one has to wait */
            (void)!cqlr_loop_timer_set(cl->loop, &o->stagger, cqlr__client_now(cl) + STAGGER);
        return 0;
    }
    if (o->under_way)
        return 0;
    if (o->tries > 1)
        cqlr__err_prefix(&o->err, "none of %zu addresses answered, the last", o->tries);
    return o->err.code;
}

static void on_stagger(void *arg)
{
    cqlr_client *cl = arg;
    cqlr__client_enter(cl);
    (void)!try_next(cl); /* others are under way */
    cqlr__client_leave(cl);
}

int cqlr__opening_begin(cqlr_client *cl, enum cqlr__opening_kind kind, cqlr_open_fn *fn, void *arg)
{
    struct cqlr__opening *o = &cl->opening;
    int rc = 0;
    if (kind == CQLR__OPENING_REPLACE)
        one_address(cl);
    else
        rc = resolve(cl);
    if (rc == 0)
        rc = try_next(cl);
    if (rc < 0)
        return rc;
    o->kind = kind;
    o->fn = fn;
    o->arg = arg;
    return 0;
}

/* ---- what its connections tell ---- */

void cqlr__opening_reached(struct cqlr__pooled *p)
{
    cqlr_client *cl = p->client;
    cqlr_loop_timer_clear(cl->loop, &cl->opening.stagger);
    cl->opening.reached = p;
    drop_all_but(cl, p);
}

void cqlr__opening_ready(struct cqlr__pooled *p)
{
    cqlr__pooled_use(p);
    finish(p->client, 0);
}

/* Credentials that one node refuses are not tried on the next: that would lock the account. And a
 * keyspace is there for all nodes or for none. */
void cqlr__opening_failed(struct cqlr__pooled *p, const struct cqlr_err *why)
{
    cqlr_client *cl = p->client;
    struct cqlr__opening *o = &cl->opening;
    int rc = why->code;
    o->err = *why;
    o->under_way--;
    if (o->reached == p)
        o->reached = NULL;
    if (rc == CQLR_E_AUTH || rc == CQLR_E_SERVER) {
        drop_all_but(cl, NULL);
    } else {
        failed(cl, p->addr);
        rc = try_next(cl);
    }
    if (rc < 0)
        finish(cl, rc);
}

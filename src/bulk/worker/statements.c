/*
 * statements.c - see statements.h. A hash table of chains finds a statement; a list in the order of
 * use says which to forget. One that is being prepared, or has bound statements out, is not
 * forgotten, so there may be more of them than are kept, for as long as they are under way.
 */
#include <stdlib.h>

#include "proto/base/err.h"
#include "src/bulk/worker/statements.h"
#include "src/client/internal.h"

#define BUCKETS 2048
#define SPARES  16 /* bound statements kept with a statement */

struct cqlr__statement {
    struct cqlr__statements *owner;
    struct cqlr__statement *chain;         /* in its bucket */
    struct cqlr__statement *newer, *older; /* in the order of use */
    uint64_t hash;
    cqlr_prepared *ps; /* NULL while it is being prepared */
    struct cqlr__waiter *first, **last;
    size_t out; /* bound statements that were taken */
    cqlr_bound *spare[SPARES];
    size_t spares;
    size_t n;
    char text[];
};

struct cqlr__statements {
    cqlr_client *cl;
    size_t count;
    struct cqlr__statement *newest, *oldest;
    struct cqlr__statement *bucket[BUCKETS];
};

struct cqlr__statements *cqlr__statements_new(cqlr_client *cl)
{
    struct cqlr__statements *all = calloc(1, sizeof *all);
    if (all)
        all->cl = cl;
    return all;
}

/* ---- the table and the order of use ---- */

/* FNV-1a */
static uint64_t hash_of(struct cqlr_str s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (uint8_t)s.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static void list_in(struct cqlr__statement *st)
{
    struct cqlr__statements *all = st->owner;
    st->newer = NULL;
    st->older = all->newest;
    if (all->newest)
        all->newest->newer = st;
    else
        all->oldest = st;
    all->newest = st;
}

static void list_out(struct cqlr__statement *st)
{
    struct cqlr__statements *all = st->owner;
    if (st->newer)
        st->newer->older = st->older;
    else
        all->newest = st->older;
    if (st->older)
        st->older->newer = st->newer;
    else
        all->oldest = st->newer;
}

static struct cqlr__statement *find(const struct cqlr__statements *all, struct cqlr_str cql,
                                    uint64_t hash)
{
    struct cqlr__statement *st = all->bucket[hash % BUCKETS];
    while (st && (st->hash != hash || st->n != cql.n || memcmp(st->text, cql.p, cql.n)))
        st = st->chain;
    return st;
}

static void insert(struct cqlr__statement *st)
{
    struct cqlr__statement **bucket = &st->owner->bucket[st->hash % BUCKETS];
    st->chain = *bucket;
    *bucket = st;
    st->owner->count++;
    list_in(st);
}

static void take_out(struct cqlr__statement *st)
{
    struct cqlr__statement **at = &st->owner->bucket[st->hash % BUCKETS];
    while (*at != st)
        at = &(*at)->chain;
    *at = st->chain;
    st->owner->count--;
    list_out(st);
}

static void statement_free(struct cqlr__statement *st)
{
    while (st->spares)
        cqlr_bound_free(st->spare[--st->spares]);
    cqlr_prepared_free(st->ps);
    free(st);
}

void cqlr__statements_free(struct cqlr__statements *all)
{
    while (all && all->newest) {
        struct cqlr__statement *st = all->newest;
        take_out(st);
        statement_free(st);
    }
    free(all);
}

static void forget_old(struct cqlr__statements *all)
{
    struct cqlr__statement *st = all->oldest, *newer;
    for (; st && all->count > CQLR__STATEMENTS_KEPT; st = newer) {
        newer = st->newer;
        if (!st->ps || st->out)
            continue;
        take_out(st);
        statement_free(st);
    }
}

/* ---- preparing ---- */

static int prepared(struct cqlr__statement *st, cqlr_reply *r, struct cqlr_err *err)
{
    const char *peer = cqlr_client_peer(st->owner->cl);
    int rc = cqlr_reply_rc(r);
    if (rc < 0) {
        *err = *cqlr_reply_err(r);
        if (rc == CQLR_E_SERVER) /* other errors name the node themselves */
            cqlr__err_prefix(err, "%s: PREPARE", peer);
        return rc;
    }
    st->ps = cqlr_reply_take_prepared(r);
    return st->ps ? 0
                  : cqlr__err_set(err, CQLR_E_PROTO, "%s: PREPARE was answered by something else",
                                  peer);
}

/* Those who are called may ask for statements, this one included. */
static void call_waiters(struct cqlr__waiter *w, struct cqlr__statement *st,
                         const struct cqlr__answer *a)
{
    while (w) {
        struct cqlr__waiter *next = w->next;
        w->fn(w, st, a);
        w = next;
    }
}

static void on_prepared(void *arg, cqlr_reply *r)
{
    struct cqlr__statement *st = arg;
    struct cqlr__statements *all = st->owner;
    struct cqlr__waiter *waiting = st->first;
    struct cqlr_err err = {0};
    struct cqlr_error error;
    struct cqlr__answer a = {
        .rc = prepared(st, r, &err), .err = &err, .unsent = true, .next = {NULL, CQLR_NULL}};
    st->first = NULL;
    if (a.rc == 0) {
        st->out++; /* it must not go away in between */
        call_waiters(waiting, st, NULL);
        st->out--;
    } else {
        if (a.rc == CQLR_E_SERVER) {
            cqlr__reply_error(r, &error);
            a.error = &error;
        }
        take_out(st);
        statement_free(st);
        call_waiters(waiting, NULL, &a);
    }
    forget_old(all);
}

static int wait_for(struct cqlr__statement *st, struct cqlr__waiter *waiter)
{
    if (!st->first)
        st->last = &st->first;
    waiter->next = NULL;
    *st->last = waiter;
    st->last = &waiter->next;
    return 0;
}

int cqlr__statements_get(struct cqlr__statements *all, struct cqlr_str cql,
                         struct cqlr__waiter *waiter, struct cqlr__statement **found,
                         struct cqlr_err *err)
{
    uint64_t hash = hash_of(cql);
    struct cqlr__statement *st = find(all, cql, hash);
    int rc;
    if (st) {
        list_out(st);
        list_in(st);
        *found = st;
        return st->ps ? 1 : wait_for(st, waiter);
    }
    st = calloc(1, sizeof *st + cql.n);
    if (!st)
        return cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
    st->owner = all;
    st->hash = hash;
    st->n = cql.n;
    if (cql.n)
        memcpy(st->text, cql.p, cql.n);
    rc = cqlr_client_prepare(all->cl, cql, on_prepared, st);
    if (rc < 0) {
        *err = *cqlr_client_err(all->cl);
        free(st);
        return rc;
    }
    insert(st);
    return wait_for(st, waiter);
}

/* ---- using ---- */

cqlr_bound *cqlr__statement_take(struct cqlr__statement *st)
{
    cqlr_bound *bound = st->spares ? st->spare[--st->spares] : cqlr_bound_new(st->ps);
    if (bound) {
        cqlr_bound_reset(bound);
        st->out++;
    }
    return bound;
}

void cqlr__statement_put(struct cqlr__statement *st, cqlr_bound *bound)
{
    if (st->spares < SPARES)
        st->spare[st->spares++] = bound;
    else
        cqlr_bound_free(bound);
    st->out--;
    if (!st->out)
        forget_old(st->owner);
}

cqlr_prepared *cqlr__statement_prepared(const struct cqlr__statement *st)
{
    return st->ps;
}

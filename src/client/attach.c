/*
 * conn ⇄ loop. A connection says what it waits for; this keeps a watch, a timer and one flush per
 * turn registered for it. Another event loop would be a sibling of this file.
 *
 * The timer is lazy: a deadline that moves back leaves it where it is until it fires; one that
 * moves forward sets it at once. A submitted request may bring one: the flush that it asks for,
 * which comes before the loop waits again, looks at it.
 */
#include "src/client/internal.h"

static void update(struct cqlr__attach *a)
{
    uint64_t at;
    if (!a->conn)
        return;
    if (a->watched && a->watch.events != cqlr_conn_wants(a->conn)) {
        if (cqlr_loop_change(a->loop, &a->watch, cqlr_conn_wants(a->conn)) < 0) {
            cqlr_conn_close(a->conn);
            return;
        }
    }
    at = cqlr_conn_deadline(a->conn);
    if (at != CQLR_NEVER && (!a->timer.slot || at < a->timer.at))
        if (cqlr_loop_timer_set(a->loop, &a->timer, at) < 0)
            cqlr_conn_close(a->conn);
}

/* Anything the connection calls may end it, or close or free the client: `a` stays until we leave.
 */
static void on_ready(void *arg, unsigned events)
{
    struct cqlr__attach *a = arg;
    cqlr_client *cl = a->pooled->client;
    cqlr__client_enter(cl);
    cqlr_conn_ready(a->conn, events, cqlr_loop_now(a->loop));
    update(a);
    cqlr__pooled_look(a->pooled);
    cqlr__client_leave(cl);
}

static void on_time(void *arg)
{
    struct cqlr__attach *a = arg;
    cqlr_client *cl = a->pooled->client;
    cqlr__client_enter(cl);
    cqlr_conn_time(a->conn, cqlr_loop_now(a->loop));
    update(a);
    cqlr__pooled_look(a->pooled);
    cqlr__client_leave(cl);
}

static void on_flush(void *arg)
{
    struct cqlr__attach *a = arg;
    cqlr_client *cl = a->pooled->client;
    cqlr__client_enter(cl);
    cqlr_conn_flush(a->conn);
    update(a);
    cqlr__pooled_look(a->pooled);
    cqlr__client_leave(cl);
}

int cqlr__attach(struct cqlr__attach *a, struct cqlr__pooled *p)
{
    cqlr_conn *conn = p->conn;
    int rc;
    *a = (struct cqlr__attach){.pooled = p, .loop = p->client->loop, .conn = conn};
    a->watch = (struct cqlr_watch){
        .fd = cqlr_conn_fd(conn), .events = cqlr_conn_wants(conn), .fn = on_ready, .arg = a};
    a->timer = (struct cqlr_timer){.fn = on_time, .arg = a};
    a->flush = (struct cqlr_task){.fn = on_flush, .arg = a};
    rc = cqlr_loop_add(a->loop, &a->watch);
    if (rc < 0)
        return rc;
    a->watched = true;
    return cqlr_loop_timer_set(a->loop, &a->timer, cqlr_conn_deadline(conn));
}

void cqlr__attach_forget(struct cqlr__attach *a)
{
    if (!a->conn)
        return;
    cqlr_loop_timer_clear(a->loop, &a->timer);
    cqlr_loop_undefer(a->loop, &a->flush);
    a->watched = false;
    a->conn = NULL;
}

void cqlr__detach(struct cqlr__attach *a)
{
    if (a->watched)
        cqlr_loop_remove(a->loop, &a->watch);
    cqlr__attach_forget(a);
}

void cqlr__attach_submitted(struct cqlr__attach *a)
{
    cqlr_loop_defer(a->loop, &a->flush);
}

/*
 * heartbeat.c - signs of life: a peer from which nothing comes is asked for some, and given up when
 * it says nothing then either.
 *
 * Every received byte is a sign of life, so a busy connection pays one timestamp per read and asks
 * nothing. The question goes out on stream 0: it needs no free stream and is no request.
 */
#include "proto/base/err.h"
#include "src/conn/internal.h"

static uint64_t after(uint64_t from, uint64_t duration)
{
    return duration ? cqlr__conn_after(from, duration) : CQLR_NEVER;
}

uint64_t cqlr__heartbeat_deadline(const struct cqlr_conn *c)
{
    if (c->asked)
        return after(c->asked_at, c->opts.heartbeat_timeout);
    return after(c->heard, c->opts.heartbeat_interval);
}

void cqlr__heartbeat_heard(struct cqlr_conn *c)
{
    c->heard = c->now;
    c->asked = false;
}

/* A question whose answer is still owed is as good as a new one. */
static void ask(struct cqlr_conn *c)
{
    int rc = cqlr_link_heartbeat(c->link);
    if (rc < 0 && rc != CQLR_E_AGAIN) {
        cqlr__err_set(&c->err, rc, "heartbeat: %s", cqlr_errcode_text(rc));
        cqlr__conn_fail(c);
        return;
    }
    c->asked = true;
    c->asked_at = c->now;
    c->flush_soon = true;
}

static void give_up(struct cqlr_conn *c)
{
    cqlr__err_set(&c->err, CQLR_E_CLOSED, "no sign of life for %.3g s: heartbeat not answered",
                  (double)(c->now - c->heard) / 1e9);
    cqlr__conn_fail(c);
}

/* A host that was away comes here before it has read: what has come meanwhile counts. */
void cqlr__heartbeat_time(struct cqlr_conn *c)
{
    if (c->now < cqlr__heartbeat_deadline(c))
        return;
    cqlr__conn_io_look(c);
    if (!cqlr__conn_alive(c) || c->now < cqlr__heartbeat_deadline(c))
        return;
    if (c->asked)
        give_up(c);
    else
        ask(c);
}

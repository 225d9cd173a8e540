/*
 * Connections that are opened without being asked for: after a loss, when the options say so, and
 * to replace one on which too many requests are never answered.
 *
 * One attempt at a time, the first at once, each further one after a pause (full jitter). None
 * after the credentials were refused: repeating them would lock the account.
 */
#include <unistd.h>

#include "src/client/internal.h"
#include "src/cluster/backoff.h"

#define FIRST_PAUSE UINT64_C(1000000000) /* ns, of replacing without reconnect_delay */

/* From the loop, not from the callbacks of the loss. */
static void begin_after(cqlr_client *cl, uint64_t pause)
{
    uint64_t now = cqlr__client_now(cl);
    if (pause)
        cqlr__client_log(cl, CQLR_LOG_DEBUG, "trying again in %.3g s", (double)pause / 1e9);
    pause = pause < CQLR_NEVER - now ? pause : CQLR_NEVER - 1 - now;
    if (cqlr_loop_timer_set(cl->loop, &cl->renew.timer, now + pause) < 0)
        cqlr__client_log(cl, CQLR_LOG_WARNING, "not trying again: out of memory");
}

static void begin(cqlr_client *cl, enum cqlr__opening_kind kind)
{
    int rc;
    cl->renew.tries++;
    rc = cqlr__opening_begin(cl, kind, NULL, NULL);
    if (rc < 0)
        cqlr__renew_over(cl, kind, rc);
}

static void on_time(void *arg)
{
    cqlr_client *cl = arg;
    cqlr__client_enter(cl);
    if (cl->current)
        cqlr__pooled_look(cl->current); /* may still have to be replaced */
    else
        begin(cl, CQLR__OPENING_AGAIN);
    cqlr__client_leave(cl);
}

void cqlr__renew_init(cqlr_client *cl)
{
    cl->renew.timer.fn = on_time;
    cl->renew.timer.arg = cl;
    cl->renew.random = (uint64_t)getpid() << 32 ^ cqlr_now() ^ (uint64_t)(uintptr_t)cl;
}

void cqlr__renew_stop(cqlr_client *cl)
{
    cqlr_loop_timer_clear(cl->loop, &cl->renew.timer);
    cl->renew.tries = 0;
    cl->renew.refused = false;
}

bool cqlr__renew_pending(const cqlr_client *cl)
{
    return cl->renew.timer.slot != 0;
}

static void begin_later(cqlr_client *cl)
{
    uint64_t first = cl->o.reconnect_delay ? cl->o.reconnect_delay : FIRST_PAUSE;
    uint64_t most = cl->o.reconnect_delay_max > first ? cl->o.reconnect_delay_max : first;
    unsigned tries = cl->renew.tries;
    uint64_t random = cqlr__backoff_random(&cl->renew.random);
    begin_after(cl, tries ? cqlr__backoff(first, most, tries - 1, random) : 0);
}

/* A connection that did not last is no reason to begin anew with trying at once. */
void cqlr__renew_lost(cqlr_client *cl, uint64_t lasted)
{
    cqlr_loop_timer_clear(cl->loop, &cl->renew.timer);
    if (!cl->o.reconnect_delay || cl->closing || cl->renew.refused)
        return;
    if (lasted >= cl->o.reconnect_delay)
        cl->renew.tries = 0;
    begin_later(cl);
}

void cqlr__renew_replace(cqlr_client *cl)
{
    if (cl->opening.kind || cqlr__renew_pending(cl) || cl->renew.refused || cl->closing)
        return;
    cqlr__client_log(cl, CQLR_LOG_WARNING,
                     "%s: %u requests were not answered: replacing the connection",
                     cqlr__pooled_peer(cl->current), cqlr_conn_orphans(cl->current->conn));
    begin(cl, CQLR__OPENING_REPLACE);
}

void cqlr__renew_over(cqlr_client *cl, enum cqlr__opening_kind kind, int rc)
{
    bool replace = kind == CQLR__OPENING_REPLACE;
    if (rc == 0) {
        if (replace)
            cl->renew.tries = 0;
        return;
    }
    cl->renew.refused = rc == CQLR_E_AUTH;
    if (!replace)
        cl->err = cl->opening.err;
    cqlr__client_log(cl, CQLR_LOG_WARNING, "%s: %s%s",
                     replace ? "connection not replaced" : "not connected again",
                     cl->opening.err.text,
                     cl->renew.refused ? "; the credentials are not tried again" : "");
    if (!cl->renew.refused)
        begin_later(cl);
}

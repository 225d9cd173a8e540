/*
 * internal.h - the inside of a connection, shared by conn.c (life, requests), conn_io.c (bytes),
 * heartbeat.c (signs of life) and conn_auth.c (authentication).
 *
 * Every public function that may call a callback runs between `enter` and `leave` of conn.c. What a
 * callback must not pull away under its caller - the descriptor, the memory - goes when the
 * outermost of them leaves, and bytes are moved only there: so a callback may close and free its
 * own connection, and the views it was given stay good until it returns.
 */
#ifndef CQLRAW_SRC_CONN_INTERNAL_H
#define CQLRAW_SRC_CONN_INTERNAL_H

#include <cqlraw/conn.h>

#include "src/conn/req.h"
#include "src/net/addr.h"
#include "src/net/io.h"

enum cqlr__conn_state {
    CQLR__CONN_NEW,
    CQLR__CONN_CONNECTING,
    CQLR__CONN_HELLO, /* connected, READY has not come yet */
    CQLR__CONN_OPEN,
    CQLR__CONN_ENDED
};

struct cqlr_conn {
    const struct cqlr_mem *mem;
    struct cqlr_conn_opts opts;
    enum cqlr__conn_state state;
    unsigned depth;    /* of enter without leave */
    bool flush_soon;   /* a flush was asked for inside a callback */
    bool blocked;      /* the socket takes no more bytes: wait until it is writable */
    bool reached;      /* on_connect was called */
    bool told;         /* on_close was called, or is not to be */
    bool doomed;       /* freed inside a callback */
    bool local;        /* the peer is on this machine */
    bool has_password; /* and a name: the link, which keeps them, could send them */
    int end_code;      /* ENDED: why */
    uint64_t connect_deadline;
    uint64_t now;      /* as the host gave it last */
    uint64_t heard;    /* when the peer's last bytes were received */
    uint64_t asked_at; /* asked: when */
    bool asked;        /* the peer was asked for a sign of life, and none came since */
    cqlr_link *link;
    struct cqlr__io io;
    struct cqlr__reqs reqs;
    struct cqlr_err err;
    char peer[CQLR__ADDR_TEXT];
};

static inline bool cqlr__conn_alive(const struct cqlr_conn *c)
{
    return c->state != CQLR__CONN_NEW && c->state != CQLR__CONN_ENDED;
}

/* When `duration` from `from` on is over. */
static inline uint64_t cqlr__conn_after(uint64_t from, uint64_t duration)
{
    return duration < CQLR_NEVER - from ? from + duration : CQLR_NEVER;
}

/* Ends the connection for the reason in c->err, which gets the peer's name in front: every pending
 * request is told its code, then on_close. */
void cqlr__conn_fail(struct cqlr_conn *c);

/* An event of the link: a reply goes to its request, OPEN and PUSH to their callbacks. */
void cqlr__conn_event(struct cqlr_conn *c, const struct cqlr_event *ev);

/* Answers CQLR_EV_AUTH; how the link fares then tells its next event. */
void cqlr__conn_authenticate(struct cqlr_conn *c, const struct cqlr_auth_step *step);

/* What conn_io.c does when the descriptor is ready, and when bytes are to leave. Only at depth 1.
 */
void cqlr__conn_io_ready(struct cqlr_conn *c, unsigned events);
void cqlr__conn_io_flush(struct cqlr_conn *c);
/* Takes what has come, as when the descriptor is readable, without being told so. */
void cqlr__conn_io_look(struct cqlr_conn *c);

/* heartbeat.c, for a connection that is OPEN: when the peer is to be asked or given up, doing that
 * (at depth 1), and that bytes have come at c->now. */
uint64_t cqlr__heartbeat_deadline(const struct cqlr_conn *c);
void cqlr__heartbeat_time(struct cqlr_conn *c);
void cqlr__heartbeat_heard(struct cqlr_conn *c);

#endif

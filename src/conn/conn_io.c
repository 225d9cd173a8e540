/*
 * conn_io.c - a connection's bytes: socket ⇄ link. Received bytes go straight into the link's
 * buffer and are decoded there; all frames that wait leave in one call.
 *
 * Reading never waits for writing, so two sides that both have much to say cannot block each other.
 * A connection reads a few times only per call, so that none starves the others.
 */
#include "proto/base/err.h"
#include "src/conn/internal.h"

#define READS 4

static void link_failed(struct cqlr_conn *c)
{
    c->err = *cqlr_link_err(c->link);
    cqlr__conn_fail(c);
}

static void drain(struct cqlr_conn *c)
{
    struct cqlr_event ev;
    int rc = 0;
    while (cqlr__conn_alive(c) && (rc = cqlr_link_next(c->link, &ev)) == 1)
        cqlr__conn_event(c, &ev);
    if (rc < 0 && cqlr__conn_alive(c))
        link_failed(c);
}

static const char *how_it_ended(const struct cqlr_conn *c)
{
    if (cqlr_link_mid_frame(c->link))
        return "connection closed in the middle of a frame";
    if (c->state != CQLR__CONN_OPEN)
        return "connection closed by the server during the handshake";
    return "connection closed by the server";
}

/* Over TLS an end that the server did not announce can be anyone's: answers may be missing. When
 * none is, it is one like any other. */
static bool truncated(const struct cqlr_conn *c)
{
    return c->io.cut_off && c->state == CQLR__CONN_OPEN &&
           (c->reqs.n > 0 || cqlr_link_mid_frame(c->link));
}

/* The end of what can be received. A server that wants TLS says nothing to who speaks plaintext. */
static void nothing_follows(struct cqlr_conn *c)
{
    if (c->state == CQLR__CONN_HELLO && !c->heard && !c->opts.tls)
        cqlr__err_prefix(&c->err, "the server said nothing (does it want TLS?)");
    cqlr__conn_fail(c);
}

static void end_of_stream(struct cqlr_conn *c)
{
    cqlr__err_set(&c->err, CQLR_E_CLOSED, "%s%s",
                  truncated(c) ? "TLS: cut off without close_notify: " : "", how_it_ended(c));
    nothing_follows(c);
}

enum received {
    RECEIVED_NONE,  /* nothing was there, or the connection has ended */
    RECEIVED_ALL,   /* all that was there */
    RECEIVED_A_PART /* as much as there was room for */
};

/* One read, and the events it brought. */
static enum received receive(struct cqlr_conn *c)
{
    size_t room;
    uint8_t *p = cqlr_link_room(c->link, &room);
    if (!p) {
        link_failed(c);
        return RECEIVED_NONE;
    }
    ssize_t n = c->io.fn->read(&c->io, p, room, &c->err);
    if (n == CQLR_E_AGAIN)
        return RECEIVED_NONE;
    if (n > 0) {
        cqlr__heartbeat_heard(c);
        cqlr_link_fed(c->link, (size_t)n);
        drain(c);
        if (!cqlr__conn_alive(c))
            return RECEIVED_NONE;
        return (size_t)n == room || c->io.holds_in ? RECEIVED_A_PART : RECEIVED_ALL;
    }
    if (n == 0)
        end_of_stream(c);
    else
        nothing_follows(c);
    return RECEIVED_NONE;
}

/* The connection is broken for writing. What the server said before counts more than that: its last
 * answers, or why it closed. */
static void broken(struct cqlr_conn *c, const struct cqlr_err *why)
{
    while (receive(c) != RECEIVED_NONE)
        continue;
    if (!cqlr__conn_alive(c))
        return;
    c->err = *why;
    cqlr__conn_fail(c);
}

void cqlr__conn_io_flush(struct cqlr_conn *c)
{
    const uint8_t *p;
    struct cqlr_err why;
    c->flush_soon = false;
    if (c->blocked || (c->state != CQLR__CONN_HELLO && c->state != CQLR__CONN_OPEN))
        return;
    size_t n = cqlr_link_out(c->link, &p);
    if (n == 0 && !c->io.holds_out)
        return;
    ssize_t sent = c->io.fn->write(&c->io, p, n, &why);
    if (sent < 0 && sent != CQLR_E_AGAIN) {
        broken(c, &why);
        return;
    }
    if (sent > 0)
        cqlr_link_sent(c->link, (size_t)sent);
    c->blocked = sent < 0 || (size_t)sent < n;
}

/* The peer is reached, and nothing was sent to it yet. */
static void tell_reached(struct cqlr_conn *c)
{
    c->reached = true;
    if (c->opts.on_connect)
        c->opts.on_connect(c->opts.arg);
}

/* Goes on with connecting. When that is done, STARTUP leaves, which the link has queued. */
static void progress(struct cqlr_conn *c)
{
    int rc = c->io.fn->progress(&c->io, &c->err);
    if (!c->reached && (rc == 0 || (rc == CQLR_E_AGAIN && c->io.reached))) {
        tell_reached(c);
        if (!cqlr__conn_alive(c))
            return;
        if (rc == CQLR_E_AGAIN)
            rc = c->io.fn->progress(&c->io, &c->err);
    }
    if (rc == CQLR_E_AGAIN)
        return;
    if (rc < 0) {
        cqlr__conn_fail(c);
        return;
    }
    c->state = CQLR__CONN_HELLO;
    cqlr__conn_io_flush(c);
}

/* The peer is gone and there is nothing to read: without an end the descriptor would be reported
 * for ever. */
static void hung_up(struct cqlr_conn *c)
{
    cqlr__err_set(&c->err, CQLR_E_CLOSED, "connection lost");
    cqlr__conn_fail(c);
}

static void read_some(struct cqlr_conn *c, unsigned events)
{
    enum received got = RECEIVED_A_PART;
    for (int i = 0; (i < READS || c->io.holds_in) && got == RECEIVED_A_PART; i++)
        got = receive(c);
    if (got == RECEIVED_NONE && events & CQLR_HANGUP && cqlr__conn_alive(c))
        got = receive(c); /* what was held is gone: is there something behind it? */
    if (got == RECEIVED_NONE && events & CQLR_HANGUP && cqlr__conn_alive(c))
        hung_up(c);
}

void cqlr__conn_io_look(struct cqlr_conn *c)
{
    read_some(c, 0);
}

void cqlr__conn_io_ready(struct cqlr_conn *c, unsigned events)
{
    if (c->state == CQLR__CONN_CONNECTING) {
        progress(c);
        if (!c->io.holds_in)
            return;
        events = CQLR_READ; /* came together with the end of the handshake */
    }
    if (!cqlr__conn_alive(c))
        return;
    bool go_on = events & c->io.wants;
    if (go_on)
        c->blocked = false;
    if (events & (CQLR_READ | CQLR_HANGUP))
        read_some(c, events);
    if (go_on || c->state == CQLR__CONN_HELLO) /* the link answers by itself there */
        cqlr__conn_io_flush(c);
}

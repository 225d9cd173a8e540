/*
 * conn.c - one connection: reads requests, answers them in their order, sends the answers.
 *
 * Nothing is read and nothing answered while more than a fixed number of bytes waits to leave, so a
 * client that sends and does not read costs a bounded amount of memory; it feels the back-pressure
 * of TCP. A connection ends when the peer is gone, or, after what was queued has left, when the
 * peer has said all it wanted or broke the protocol.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "delay.h"
#include "server.h"

#define ENOUGH      (256 * 1024)       /* bytes that may leave: send them before more is answered */
#define DELAYED_MAX (64 * 1024 * 1024) /* bytes in all, when answers are held back */
#define FRAME_MAX   (1024 * 1024)      /* longest request: statements are short */

struct stub_conn {
    struct stub_member member;
    struct stub *s;
    cqlr_link *link;
    struct cqlr_watch watch;
    struct cqlr_timer timer; /* when held-back answers become due */
    struct stub_session session;
    struct stub_delay delay;
    uint64_t sent;  /* bytes that have left */
    uint64_t hello; /* the handshake is over when so many have; 0 = not known yet */
    bool in_handshake;
    bool over; /* nothing more will be answered; close when all has left */
};

static void begin_handshake(struct stub_conn *c)
{
    struct stub_stats *st = c->s->stats;
    c->in_handshake = true;
    st->connections++;
    if (++st->handshakes > st->handshakes_most)
        st->handshakes_most = st->handshakes;
}

static void end_handshake(struct stub_conn *c)
{
    if (c->in_handshake)
        c->s->stats->handshakes--;
    c->in_handshake = false;
}

static void conn_close(struct stub_conn *c)
{
    const struct cqlr_mem *mem = c->s->mem;
    end_handshake(c);
    stub_leave(&c->member);
    cqlr_loop_timer_clear(c->s->loop, &c->timer);
    cqlr_loop_remove(c->s->loop, &c->watch);
    close(c->watch.fd);
    cqlr_link_free(c->link);
    stub_delay_fini(&c->delay);
    mem->resize(mem->arg, c, sizeof *c, 0);
}

static void close_member(struct stub_member *m)
{
    conn_close((struct stub_conn *)m);
}

/* The bytes that may leave now. */
static size_t sendable(struct stub_conn *c, const uint8_t **p)
{
    size_t n = cqlr_link_out(c->link, p);
    if (!c->s->delay)
        return n;
    return (size_t)(stub_delay_released(&c->delay, cqlr_loop_now(c->s->loop)) - c->sent);
}

static bool is_full(struct stub_conn *c)
{
    const uint8_t *p;
    return sendable(c, &p) >= ENOUGH || cqlr_link_out(c->link, &p) >= DELAYED_MAX;
}

/* What is queued by now becomes due after the delay. */
static int hold_back(struct stub_conn *c)
{
    const uint8_t *p;
    uint64_t queued = c->sent + cqlr_link_out(c->link, &p);
    return stub_delay_add(&c->delay, cqlr_loop_now(c->s->loop) + c->s->delay, queued);
}

/* Answers what has arrived: 1 stopped because enough waits to leave, 0 nothing is left to answer,
 * negative: nothing can be answered any more. */
static int answer_some(struct stub_conn *c)
{
    struct cqlr_event ev;
    const uint8_t *p;
    int rc = 1;
    while (!is_full(c)) {
        rc = cqlr_link_next(c->link, &ev);
        if (rc != 1)
            break;
        rc = stub_answer(&c->session, c->link, &ev);
        if (rc)
            break;
        if (c->session.started && !c->hello)
            c->hello = c->sent + cqlr_link_out(c->link, &p);
        rc = 1;
    }
    if (c->s->delay && hold_back(c))
        return CQLR_E_NOMEM;
    return rc;
}

/* 0 or CQLR_E_IO: the peer is gone. */
static int send_some(struct stub_conn *c)
{
    const uint8_t *p;
    size_t n;
    while ((n = sendable(c, &p)) > 0) {
        ssize_t sent = send(c->watch.fd, p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : CQLR_E_IO;
        cqlr_link_sent(c->link, (size_t)sent);
        c->sent += (uint64_t)sent;
        if (c->hello && c->sent >= c->hello)
            end_handshake(c);
    }
    return 0;
}

/* Asks the loop for what the connection waits for now. Not 0: that failed. */
static int watch_for(struct stub_conn *c, bool input)
{
    const uint8_t *p;
    unsigned events = (input ? CQLR_READ : 0u) | (sendable(c, &p) ? CQLR_WRITE : 0u);
    uint64_t due = c->s->delay ? stub_delay_next(&c->delay) : CQLR_NEVER;
    if (due != CQLR_NEVER && cqlr_loop_timer_set(c->s->loop, &c->timer, due))
        return CQLR_E_NOMEM;
    return events == c->watch.events ? 0 : cqlr_loop_change(c->s->loop, &c->watch, events);
}

/* As much as can be done without waiting. The connection may be gone when it returns. */
static void work(struct stub_conn *c)
{
    const uint8_t *p;
    int more;
    do {
        more = c->over ? 0 : answer_some(c);
        if (more < 0)
            c->over = true;
        if (send_some(c)) {
            conn_close(c);
            return;
        }
    } while (more == 1 && !is_full(c));
    bool finished = c->over && cqlr_link_out(c->link, &p) == 0;
    if (finished || watch_for(c, more == 0 && !c->over))
        conn_close(c);
}

/* 0, or CQLR_E_IO: the peer is gone. */
static int receive(struct stub_conn *c)
{
    size_t n;
    uint8_t *room = cqlr_link_room(c->link, &n);
    if (!room)
        return CQLR_E_NOMEM;
    ssize_t got = recv(c->watch.fd, room, n, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : CQLR_E_IO;
    if (got == 0)
        c->over = true; /* all was answered: input is only asked for then */
    cqlr_link_fed(c->link, (size_t)got);
    return 0;
}

static void on_ready(void *arg, unsigned events)
{
    struct stub_conn *c = arg;
    if (events & CQLR_HANGUP || (events & CQLR_READ && receive(c)))
        conn_close(c);
    else
        work(c);
}

static void on_due(void *arg)
{
    work(arg);
}

void stub_conn_open(struct stub *s, int fd)
{
    struct cqlr_link_opts o;
    struct stub_conn *c = s->mem->resize(s->mem->arg, NULL, 0, sizeof *c);
    cqlr_link_opts_init(&o, sizeof o);
    o.role = CQLR_SERVER;
    o.mem = s->mem;
    o.max_frame = FRAME_MAX;
    if (!c) {
        close(fd);
        return;
    }
    *c = (struct stub_conn){.member = {.close = close_member}, .s = s};
    c->session.store = &s->store;
    c->watch = (struct cqlr_watch){fd, CQLR_READ, on_ready, c};
    c->timer = (struct cqlr_timer){.fn = on_due, .arg = c};
    stub_delay_init(&c->delay, s->mem);
    c->link = cqlr_link_new(&o);
    if (!c->link || cqlr_loop_add(s->loop, &c->watch)) {
        cqlr_link_free(c->link);
        close(fd);
        s->mem->resize(s->mem->arg, c, sizeof *c, 0);
        return;
    }
    stub_join(s, &c->member);
    begin_handshake(c);
}

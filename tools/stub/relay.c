/*
 * relay.c - one connection of a client and its connection to the upstream server: each byte that
 * comes from one side is written to the recording first and then leaves on the other.
 *
 * A side is not read while bytes of it wait to leave, so a side that does not read is felt by the
 * one that sends, and a connection costs two buffers, however much passes. The end of one side's
 * sending is passed on when all before it has left; the other direction goes on. A reset, from
 * either side, ends both.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cqlraw/conn.h>

#include "server.h"

#define BUFFER    (64 * 1024)
#define CQL_PORT  9042
#define SEC_IN_NS UINT64_C(1000000000)

enum { CLIENT, SERVER };

struct relay;

/* One of the two sockets, and what came from it. */
struct side {
    struct relay *r;
    int fd; /* -1 = not open */
    struct cqlr_watch watch;
    bool watched;
    bool ended;      /* it says no more */
    bool passed_end; /* the other side knows */
    size_t start, n; /* what waits to leave on the other side */
    uint8_t buffer[BUFFER];
};

struct relay {
    struct stub_member member;
    struct stub *s;
    bool connected;
    unsigned tried; /* addresses of the upstream server */
    int why_not;    /* errno of the last of them */
    struct pcap_connection seen;
    struct side side[2];
};

/* ---- watching and closing ---- */

static void unwatch(struct side *d)
{
    if (d->watched)
        cqlr_loop_remove(d->r->s->loop, &d->watch);
    d->watched = false;
}

/* A side that is waited for in no way is not registered at all: its hang-up would be told again and
 * again. Not 0: that failed. */
static int watch(struct side *d, unsigned events)
{
    struct cqlr_loop *loop = d->r->s->loop;
    if (!events || !d->watched) {
        unwatch(d);
        d->watch.events = events;
        d->watch.fd = d->fd;
        d->watched = events && cqlr_loop_add(loop, &d->watch) == 0;
        return events && !d->watched ? CQLR_E_IO : 0;
    }
    return events == d->watch.events ? 0 : cqlr_loop_change(loop, &d->watch, events);
}

static void close_side(struct side *d)
{
    unwatch(d);
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
}

static void relay_close(struct relay *r)
{
    const struct cqlr_mem *mem = r->s->mem;
    stub_leave(&r->member);
    close_side(&r->side[CLIENT]);
    close_side(&r->side[SERVER]);
    mem->resize(mem->arg, r, sizeof *r, 0);
}

static void close_member(struct stub_member *m)
{
    relay_close((struct relay *)m);
}

/* ---- the recording: what cannot be written down is not passed on ---- */

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * SEC_IN_NS + (uint64_t)t.tv_nsec;
}

static int record_connect(struct relay *r)
{
    struct stub *s = r->s;
    return s->err.code ? s->err.code : pcap_connect(&s->relay.file, &r->seen, now(), &s->err);
}

static int record_data(struct side *d)
{
    struct stub *s = d->r->s;
    bool from_server = d == &d->r->side[SERVER];
    return s->err.code ? s->err.code
                       : pcap_data(&s->relay.file, &d->r->seen, from_server, d->buffer, d->n, now(),
                                   &s->err);
}

static int record_end(struct side *d, bool reset)
{
    struct stub *s = d->r->s;
    bool from_server = d == &d->r->side[SERVER];
    return s->err.code ? s->err.code
                       : pcap_end(&s->relay.file, &d->r->seen, from_server, reset, now(), &s->err);
}

/* ---- passing on; a result that is not 0 ends the connection ---- */

static struct side *other(struct side *d)
{
    return &d->r->side[d == &d->r->side[CLIENT] ? SERVER : CLIENT];
}

static int receive(struct side *d)
{
    ssize_t got = recv(d->fd, d->buffer, sizeof d->buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return 0;
    if (got < 0) {
        (void)!record_end(d, true);
        return CQLR_E_IO;
    }
    d->ended = got == 0;
    d->start = 0;
    d->n = (size_t)got;
    return d->ended ? record_end(d, false) : record_data(d);
}

/* What came from this side leaves on the other one, as far as that takes it. */
static int pass_on(struct side *d)
{
    struct side *to = other(d);
    while (d->n > 0) {
        ssize_t sent = send(to->fd, d->buffer + d->start, d->n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (sent < 0) {
            (void)!record_end(to, true);
            return CQLR_E_IO;
        }
        d->start += (size_t)sent;
        d->n -= (size_t)sent;
    }
    if (d->ended && !d->passed_end) {
        d->passed_end = true;
        (void)!shutdown(to->fd, SHUT_WR); /* gone already: its reading will tell */
    }
    return 0;
}

static int wait_for_both(struct relay *r)
{
    for (int i = CLIENT; i <= SERVER; i++) {
        struct side *d = &r->side[i];
        bool input = !d->ended && d->n == 0;
        bool output = other(d)->n > 0;
        if (watch(d, (input ? CQLR_READ : 0u) | (output ? CQLR_WRITE : 0u)))
            return CQLR_E_IO;
    }
    return 0;
}

static void work(struct relay *r)
{
    struct side *client = &r->side[CLIENT], *server = &r->side[SERVER];
    int rc = pass_on(client);
    if (!rc)
        rc = pass_on(server);
    if (rc || (client->passed_end && server->passed_end) || wait_for_both(r))
        relay_close(r);
}

/* ---- connecting ---- */

/* Begins to connect to the next address that can be: 0, or CQLR_E_CONNECT when none is left. */
static int connect_next(struct relay *r)
{
    struct side *d = &r->side[SERVER];
    while (r->tried < r->s->relay.upstreams) {
        const struct stub_address *a = &r->s->relay.upstream[r->tried++];
        close_side(d);
        d->fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (d->fd >= 0 &&
            (connect(d->fd, (const struct sockaddr *)&a->at, a->n) == 0 || errno == EINPROGRESS) &&
            watch(d, CQLR_WRITE) == 0)
            return 0;
        r->why_not = errno;
    }
    return CQLR_E_CONNECT;
}

static void give_up(struct relay *r)
{
    stub_note(r->s, "no connection to upstream %s: %s", r->s->relay.name, strerror(r->why_not));
    relay_close(r);
}

static void connect_done(struct relay *r)
{
    const int on = 1;
    int fd = r->side[SERVER].fd;
    socklen_t n = sizeof r->why_not;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &r->why_not, &n))
        r->why_not = errno;
    if (r->why_not) {
        if (connect_next(r))
            give_up(r);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only faster, and not on a path */
    r->connected = true;
    if (record_connect(r))
        relay_close(r);
    else
        work(r);
}

/* Hang-up is told in any case: reading or sending says what it is. */
static void on_ready(void *arg, unsigned events)
{
    struct side *d = arg;
    struct relay *r = d->r;
    bool input = d->watch.events & CQLR_READ && events & (CQLR_READ | CQLR_HANGUP);
    if (!r->connected)
        connect_done(r);
    else if (input && receive(d))
        relay_close(r);
    else
        work(r);
}

void stub_relay_open(struct stub *s, int fd)
{
    struct relay *r = s->err.code ? NULL : s->mem->resize(s->mem->arg, NULL, 0, sizeof *r);
    if (!r) {
        close(fd);
        return;
    }
    memset(r, 0, sizeof *r);
    r->s = s;
    r->member.close = close_member;
    for (int i = CLIENT; i <= SERVER; i++) {
        r->side[i].r = r;
        r->side[i].fd = i == CLIENT ? fd : -1;
        r->side[i].watch = (struct cqlr_watch){-1, 0, on_ready, &r->side[i]};
    }
    stub_join(s, &r->member);
    s->stats->connections++;
    if (connect_next(r))
        give_up(r);
}

/* ---- what all share ---- */

static int add_address(void *arg, const struct sockaddr *addr, socklen_t n,
                       const struct cqlr_err *err)
{
    struct stub_relay *r = arg;
    if (!addr)
        *r->why_not = *err; /* told when no other one can be resolved */
    if (addr && r->upstreams < STUB_UPSTREAM_MAX && n <= sizeof r->upstream[0].at) {
        memcpy(&r->upstream[r->upstreams].at, addr, n);
        r->upstream[r->upstreams++].n = n;
    }
    return 0;
}

static uint16_t port_of(const struct stub_address *a)
{
    if (a->at.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&a->at)->sin_port);
    if (a->at.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&a->at)->sin6_port);
    return CQL_PORT; /* a path has none */
}

int stub_relay_init(struct stub_relay *r, const struct stub_opts *o, struct cqlr_err *err)
{
    r->name = o->upstream;
    r->why_not = err;
    int rc = cqlr_resolve(o->upstream, CQL_PORT, add_address, r, err);
    if (rc || !r->upstreams)
        return rc ? rc : err->code;
    return pcap_create(&r->file, o->record, o->overwrite, port_of(&r->upstream[0]), err);
}

void stub_relay_fini(struct stub_relay *r)
{
    struct cqlr_err unheard; /* each packet was checked when it was written */
    pcap_close(&r->file, &unheard);
}

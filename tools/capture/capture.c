/*
 * capture.c - packets → segments → connections → streams, and what was left out on the way.
 */
#include "capture.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "packets.h"
#include "peers.h"
#include "segment.h"
#include "streams.h"

struct connection {
    struct peers_pair pair;
    bool server_low; /* which of the pair is the server */
};

struct capture {
    const struct cqlr_mem *mem;
    uint16_t port;
    struct peers peers;
    struct streams
        streams; /* direction 2i: from the client of connection i, 2i + 1: from the server */
    struct connection *connection;
    size_t connections, connections_cap;
    uint64_t start;
    size_t packets, links, fragments, broken, cut, others;
    uint16_t other_port; /* the first that was seen */
    char note[256];
};

/* ---- which connection ---- */

static uint16_t port_of(const struct capture_peer *p)
{
    return (uint16_t)(p->port[0] << 8 | p->port[1]);
}

static bool server_is_sender(const struct capture *c, const struct segment *s)
{
    if (c->port && port_of(&s->from) != port_of(&s->to))
        return port_of(&s->from) == c->port;
    if (s->syn)
        return s->ack;
    return port_of(&s->from) < port_of(&s->to);
}

/* A new connection with the number that *number becomes. */
static int connection_add(struct capture *c, const struct peers_pair *pair, bool server_low,
                          uint32_t *number)
{
    struct connection *v =
        memory_grow(c->mem, c->connection, c->connections, &c->connections_cap, sizeof *v);
    if (!v)
        return CQLR_E_NOMEM;
    c->connection = v;
    v[c->connections] = (struct connection){*pair, server_low};
    if (streams_open(&c->streams) || streams_open(&c->streams))
        return CQLR_E_NOMEM;
    *number = (uint32_t)c->connections++;
    return 0;
}

static int segment_add(struct capture *c, const struct segment *s, uint64_t time_ns)
{
    bool from_low = memcmp(&s->from, &s->to, sizeof s->from) < 0;
    struct peers_pair pair = {from_low ? s->from : s->to, from_low ? s->to : s->from};
    uint32_t *number = peers_find(&c->peers, &pair);
    if (!number)
        return CQLR_E_NOMEM;
    for (int again = 0; again < 2; again++) {
        bool is_new = *number == PEERS_NONE;
        bool server_low =
            is_new ? server_is_sender(c, s) == from_low : c->connection[*number].server_low;
        if (is_new && connection_add(c, &pair, server_low, number))
            return CQLR_E_NOMEM;
        uint32_t direction = 2 * *number + (server_low == from_low);
        if (!s->syn || !streams_is_anew(&c->streams, direction, s))
            return streams_add(&c->streams, direction, s, time_ns);
        *number = PEERS_NONE; /* the same ports, used once more */
    }
    return 0;
}

static int packet_add(struct capture *c, const struct packet *p)
{
    struct segment s;
    switch (segment_read(p, &s)) {
    case SEGMENT_TCP:
        break;
    case SEGMENT_LINK:
        c->links++;
        return 0;
    case SEGMENT_FRAGMENT:
        c->fragments++;
        return 0;
    case SEGMENT_BROKEN:
        c->broken++;
        return 0;
    default:
        return 0;
    }
    if (c->port && port_of(&s.from) != c->port && port_of(&s.to) != c->port) {
        if (c->others++ == 0)
            c->other_port = port_of(server_is_sender(c, &s) ? &s.from : &s.to);
        return 0;
    }
    c->cut += s.cut;
    return segment_add(c, &s, p->time_ns);
}

/* ---- what is told of it ---- */

static void note_add(struct capture *c, size_t count, const char *what)
{
    size_t n = strlen(c->note);
    if (count)
        snprintf(c->note + n, sizeof c->note - n, "%s%zu %s%s", n ? ", " : "", count,
                 count == 1 ? "packet" : "packets", what);
}

static void note_write(struct capture *c, bool broken)
{
    char other[64];
    note_add(c, c->links, " of links that are not known");
    note_add(c, c->fragments, " in fragments, not used");
    note_add(c, c->broken, " with broken headers");
    note_add(c, c->cut, " cut off by the capture");
    if (c->connections == 0) {
        snprintf(other, sizeof other, " of other TCP ports, the first of %u",
                 (unsigned)c->other_port);
        note_add(c, c->others, other);
    }
    size_t n = strlen(c->note);
    if (broken)
        snprintf(c->note + n, sizeof c->note - n,
                 "%sthe file is cut off or broken behind packet %zu", n ? ", " : "", c->packets);
}

/* ---- the whole ---- */

static int read_all(struct capture *c, struct packets *f)
{
    struct packet p;
    int rc;
    while ((rc = packets_next(f, &p)) == 1) {
        if (c->packets++ == 0)
            c->start = p.time_ns;
        rc = packet_add(c, &p);
        if (rc)
            return rc;
    }
    return rc;
}

struct capture *capture_new(struct cqlr_bytes file, uint16_t port, const struct cqlr_mem *mem,
                            struct cqlr_err *err)
{
    struct packets f;
    mem = mem ? mem : cqlr_mem_default();
    if (packets_init(&f, file, mem, err))
        return NULL;
    struct capture *c = mem->resize(mem->arg, NULL, 0, sizeof *c);
    int rc = c ? 0 : CQLR_E_NOMEM;
    if (c) {
        *c = (struct capture){.mem = mem, .port = port, .peers.mem = mem, .streams.mem = mem};
        rc = read_all(c, &f);
        note_write(c, f.broken);
    }
    packets_fini(&f);
    if (!rc) {
        streams_sort(&c->streams);
        return c;
    }
    capture_free(c);
    *err = (struct cqlr_err){.code = rc};
    snprintf(err->text, sizeof err->text, "%s", cqlr_errcode_text(rc));
    return NULL;
}

void capture_free(struct capture *c)
{
    if (!c)
        return;
    peers_fini(&c->peers);
    streams_fini(&c->streams);
    memory_free(c->mem, c->connection, c->connections_cap, sizeof *c->connection);
    c->mem->resize(c->mem->arg, c, sizeof *c, 0);
}

bool capture_next(struct capture *c, struct capture_chunk *chunk)
{
    uint32_t direction;
    if (!streams_next(&c->streams, &direction, chunk))
        return false;
    chunk->connection = direction / 2;
    chunk->from_server = direction % 2;
    return true;
}

uint32_t capture_connections(const struct capture *c)
{
    return (uint32_t)c->connections;
}

void capture_peers(const struct capture *c, uint32_t i, struct capture_peer *client,
                   struct capture_peer *server)
{
    const struct connection *n = &c->connection[i];
    *server = n->server_low ? n->pair.low : n->pair.high;
    *client = n->server_low ? n->pair.high : n->pair.low;
}

uint64_t capture_start(const struct capture *c)
{
    return c->start;
}

const char *capture_note(const struct capture *c)
{
    return c->note;
}

/*
 * ping.h - one address under measurement: connect, handshake, then rounds of OPTIONS (and of a
 * small query), all as callbacks of its connection.
 */
#ifndef CQLRAW_PING_H
#define CQLRAW_PING_H

#include <cqlraw/conn.h>

#include "tools/cqlraw/args/client_args.h"

/* The same for all addresses. Borrowed by them. */
struct ping_plan {
    struct cqlr_conn_opts conn; /* without callbacks */
    unsigned rounds;
    uint64_t interval; /* ns, from the start of a round to that of the next */
    bool query;        /* a query in each round; else in the first only, for the version */
};

enum ping_state {
    PING_CONNECTING,
    PING_BUSY,    /* a request is under way */
    PING_WAITING, /* for the next round */
    PING_DONE,    /* all rounds, or `error` says why not */
};

/* Times of round trips in ns. */
struct ping_times {
    uint64_t *ns;
    unsigned n;
};

struct ping {
    const struct ping_plan *plan;
    cqlr_conn *conn; /* NULL: there is no address */
    struct sockaddr_storage addr;
    socklen_t addr_n;
    enum ping_state state;
    char name[128];          /* "127.0.0.1:9042"; of one without an address, the host */
    uint64_t opened;         /* when */
    uint64_t connect, hello; /* ns it took; 0: did not get there */
    uint64_t round, sent;    /* when the round began, the request left */
    uint8_t opcode;          /* of the request under way */
    struct ping_times options, query;
    char version[64];         /* release_version, empty: not known */
    char error[CLIENT_ERROR]; /* empty: none */
};

/* addr NULL: there is none, for the reason in err. 0 or CQLR_E_NOMEM. Free with ping_fini in any
 * case. */
int ping_init(struct ping *p, const struct ping_plan *plan, const struct sockaddr *addr,
              socklen_t n, const struct cqlr_err *err);
void ping_fini(struct ping *p);
/* Begins to connect. What fails now and later is in p->error. */
void ping_start(struct ping *p);

/* When ping_time wants to be called. */
uint64_t ping_deadline(const struct ping *p);
void ping_time(struct ping *p, uint64_t now);
/* The connection's descriptor is ready. */
void ping_ready(struct ping *p, unsigned events, uint64_t now);

#endif

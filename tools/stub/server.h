/*
 * server.h - the inside of a stub: the listener (server.c) and its connections (conn.c).
 */
#ifndef STUB_SERVER_H
#define STUB_SERVER_H

#include "answer.h"
#include "listen.h"
#include "stub.h"

struct stub {
    const struct cqlr_mem *mem;
    cqlr_loop *loop;
    struct stub_listener listener;
    struct cqlr_watch accepting; /* the listener in the loop */
    struct cqlr_timer retry;     /* when to accept again after descriptors ran out */
    uint64_t delay;
    struct stub_store store;
    struct stub_conn *conns;
    struct stub_stats *stats; /* the host's, or our own */
    struct stub_stats own_stats;
};

/* Serves on an accepted, non-blocking socket, which it closes in the end, in any case. */
void stub_conn_open(struct stub *s, int fd);
void stub_conn_close(struct stub_conn *c);

#endif

/*
 * server.h - the inside of a stub: the listener (server.c) and its connections (conn.c).
 */
#ifndef STUB_SERVER_H
#define STUB_SERVER_H

#include "answer.h"
#include "stub.h"

#define STUB_ADDR 64 /* "[IPv6 address%scope]:port" fits */

struct stub {
    const struct cqlr_mem *mem;
    cqlr_loop *loop;
    struct cqlr_watch listener; /* fd -1 = none */
    struct cqlr_timer retry;    /* when to accept again after descriptors ran out */
    uint64_t delay;
    struct stub_store store;
    struct stub_conn *conns;
    unsigned port;
    char addr[STUB_ADDR];
};

/* Serves on an accepted, non-blocking socket, which it closes in the end, in any case. */
void stub_conn_open(struct stub *s, int fd);
void stub_conn_close(struct stub_conn *c);

#endif

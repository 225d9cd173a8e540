/*
 * peer.h - the TLS peer of the tests: what its two halves (peer.c: options and connections;
 * peer_link.c: one connection) share.
 */
#ifndef CQLRAW_TESTS_TLS_PEER_H
#define CQLRAW_TESTS_TLS_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum fault {
    FAULT_NONE,
    FAULT_STALL,  /* a flight of the handshake stops after so many bytes; the connection stays */
    FAULT_CUT,    /* ... and the stream ends */
    FAULT_FIN,    /* after so many bytes of the server the stream ends, without close_notify */
    FAULT_NOTIFY, /* ... with close_notify */
    FAULT_PLAIN,  /* no TLS at all: what arrives goes to the server as it is */
    FAULT_REKEY,  /* every so many bytes of the server: KeyUpdate, or in TLS 1.2 HelloRequest */
};

struct settings {
    SSL_CTX *ctx;
    const char *upstream; /* HOST:PORT of the server behind, numbers; NULL = none */
    enum fault fault;
    unsigned flight; /* of FAULT_STALL, FAULT_CUT; from 1 */
    uint64_t bytes;
    uint64_t step; /* at most so many bytes a send; 0 = any */
    int report;    /* descriptor: a line a connection */
    int raw;       /* descriptor: all bytes as they arrived; -1 = nowhere */
};

/* Serves one connection to its end, reports it, and closes the descriptor. */
void peer_serve(const struct settings *s, int fd, unsigned number);

#endif

/*
 * stub.h - a small CQL v4 server as a library: for `cqlraw serve`, for tests and for benches.
 *
 * It answers what a driver asks at its start and `SELECT` on its own system tables, among them the
 * one row of system.local that the main job reads; everything else is a syntax error that says so.
 * Or it passes connections on to a real server and records them, or answers from such a recording.
 * It uses one thread, one epoll loop and the library's own link in the server role. See README.md
 * for what it serves and what it does not.
 */
#ifndef CQLRAW_STUB_H
#define CQLRAW_STUB_H

#include <cqlraw/base.h>
#include <cqlraw/loop.h>

/* Of a stub's life so far. A handshake lasts from accept until READY (or AUTH_SUCCESS) has left, or
 * the connection has ended. */
struct stub_stats {
    unsigned connections;     /* accepted */
    unsigned handshakes;      /* under way now */
    unsigned handshakes_most; /* at the same time */
};

struct stub_opts {
    const char *listen;    /* "127.0.0.1:9042", "[::1]:0"; port 0 = any free one; "unix:/PATH": the
                              file must not be there yet, and is removed at the end */
    const char *port_file; /* NULL, or a file that appears (whole, by rename) with the port and a
                              newline once connections are taken; it is left behind */
    uint64_t delay_ns;     /* every answer leaves this much later than it could */
    const char *auth;      /* NULL, or "USER:PASSWORD", which clients must give (SASL PLAIN);
                              borrowed until the stub is freed */
    const char *upstream;  /* NULL, or "HOST[:PORT]" of a server (9042): connections are passed on
                              to it, and what passes is written to `record` */
    const char *record;    /* with upstream: a capture file (pcap), made anew, mode 0600: it holds
                              the passwords of clients */
    bool overwrite;        /* replace that file if it exists */
    struct cqlr_bytes replay; /* p NULL, or a capture file's bytes: connections are answered from
                                 it; borrowed for the call */
    struct stub_stats *stats; /* NULL, or where they are kept up to date; zero them before */
    int stop_fd; /* stub_run ends when it is readable or its other end is closed; -1 = none */
    void (*on_listening)(
        void *arg,
        const char *addr); /* NULL-able; addr ("127.0.0.1:34567") is borrowed for the call */
    void (*on_note)(void *arg, const char *text); /* NULL-able; hears in one line why a connection
                                                     was not passed on, or what of a recording
                                                     is not replayed */
    void *arg;
    const struct cqlr_mem *mem; /* NULL = malloc; borrowed until the stub is freed */
};

/* Listens on "127.0.0.1:0", nothing else set, stop_fd -1. */
void stub_opts_init(struct stub_opts *o);

/* Serves until stop_fd says so, then closes everything and returns 0; or negative with one line in
 * err (cannot listen, cannot write the port file or the recording, out of memory). Never touches
 * signals, stdin, stdout or stderr. */
int stub_run(const struct stub_opts *o, struct cqlr_err *err);

/* ---- the same in pieces, for a host with a loop of its own ---- */

struct stub;

/* Listens (on_listening and port_file are done when it returns; stop_fd is not looked at). NULL
 * with the reason in err. Free with stub_free. */
struct stub *stub_new(const struct stub_opts *o, struct cqlr_err *err);
/* Closes the listener and all connections. NULL is fine. In a forked child it closes the child's
 * copies only. */
void stub_free(struct stub *s);

/* Why it cannot go on: the recording could not be written. Code 0 while it can. Borrowed until
 * stub_free. */
const struct cqlr_err *stub_failure(const struct stub *s);

/* The port in use, and "ADDRESS:PORT" (borrowed until stub_free). */
unsigned stub_port(const struct stub *s);
const char *stub_addr(const struct stub *s);

/* Its loop: the stub serves while this is turned (cqlr_loop_turn). The host may register watches
 * and timers of its own there. Borrowed until stub_free. */
cqlr_loop *stub_loop(struct stub *s);

#endif

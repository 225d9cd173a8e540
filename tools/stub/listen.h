/*
 * listen.h - where a stub listens: "HOST:PORT", "[HOST]:PORT" or "unix:/PATH" → a listening socket.
 */
#ifndef STUB_LISTEN_H
#define STUB_LISTEN_H

#include <sys/socket.h>
#include <sys/types.h>

#include <cqlraw/base.h>

#define STUB_ADDR 128 /* "[IPv6 address%scope]:port" and "unix:/PATH" fit */

struct stub_listener {
    int fd;                     /* non-blocking; -1 = none */
    struct sockaddr_storage at; /* an internet address, the loopback one when it is a path */
    unsigned port;              /* 0 when it is a path */
    char text[STUB_ADDR];       /* where it listens, as one may connect to it */
    pid_t owner;                /* the process that made the socket's file, 0 = there is none */
};

/* 0, or negative with one line in err; nothing is left behind then. */
int stub_listen(struct stub_listener *l, const char *where, struct cqlr_err *err);
/* Closes the socket and removes its file, unless this is a forked child. */
void stub_listener_close(struct stub_listener *l);

/* Writes down what went wrong; "%m" is what errno says. Returns code. */
__attribute__((format(printf, 3, 4))) int stub_error(struct cqlr_err *err, int code,
                                                     const char *format, ...);

#endif

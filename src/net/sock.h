/*
 * sock.h - non-blocking stream sockets: made and connected. Descriptors are
 * close-on-exec. Errors go to err, with the errno.
 */
#ifndef CQLRAW_SRC_NET_SOCK_H
#define CQLRAW_SRC_NET_SOCK_H

#include <sys/socket.h>

#include <cqlraw/base.h>

/* The descriptor of a socket that connects, or CQLR_E_CONNECT. It is writable when
 * cqlr__sock_connected has something to tell. */
int cqlr__sock_connect(const struct sockaddr *sa, socklen_t n, struct cqlr_err *err);
/* 0: connected. CQLR_E_AGAIN: not yet. CQLR_E_CONNECT: refused, unreachable ... */
int cqlr__sock_connected(int fd, struct cqlr_err *err);

/* Records "WHAT: text of errno" and errno in err. Returns code. */
int cqlr__sock_error(struct cqlr_err *err, int code, const char *what);

#endif

/*
 * sock.c - the system calls that make sockets, and the options every connection gets.
 *
 * A connection that nobody answers on is noticed by the kernel too: keep-alive when it is idle,
 * TCP_USER_TIMEOUT when bytes are not acknowledged.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/net/sock.h"

#define UNACKNOWLEDGED_MS 30000
#define FLAGS             (SOCK_NONBLOCK | SOCK_CLOEXEC)

int cqlr__sock_error(struct cqlr_err *err, int code, const char *what)
{
    int sys = errno;
    cqlr__err_set(err, code, "%s: %s", what, strerror(sys));
    err->sys_errno = sys;
    return code;
}

/* Closes fd and keeps the error that stands. */
static int give_up(int fd, int code)
{
    close(fd);
    return code;
}

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

/* 0, or -1 with errno set. A request must not wait for the answer to the one before, so no Nagle.
 */
static int set_options(int fd, sa_family_t family)
{
    if (family != AF_INET && family != AF_INET6)
        return 0; /* a local socket has none of these */
    if (set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) || set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1))
        return -1;
    return set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
}

int cqlr__sock_connect(const struct sockaddr *sa, socklen_t n, struct cqlr_err *err)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | FLAGS, 0);
    if (fd < 0)
        return cqlr__sock_error(err, CQLR_E_CONNECT, "socket");
    if (set_options(fd, sa->sa_family))
        return give_up(fd, cqlr__sock_error(err, CQLR_E_CONNECT, "socket options"));
    /* A connect that a signal interrupts goes on in the background, as one that would block does.
     */
    if (connect(fd, sa, n) && errno != EINPROGRESS && errno != EINTR)
        return give_up(fd, cqlr__sock_error(err, CQLR_E_CONNECT, "connect"));
    return fd;
}

int cqlr__sock_connected(int fd, struct cqlr_err *err)
{
    int sys = 0;
    socklen_t n = sizeof sys;
    struct sockaddr_storage peer;
    socklen_t peer_n = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &n))
        return cqlr__sock_error(err, CQLR_E_CONNECT, "connect");
    if (sys) {
        errno = sys;
        return cqlr__sock_error(err, CQLR_E_CONNECT, "connect");
    }
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_n) == 0)
        return 0;
    return errno == ENOTCONN ? CQLR_E_AGAIN : cqlr__sock_error(err, CQLR_E_CONNECT, "connect");
}

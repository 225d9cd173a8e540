/*
 * listen.c - a text → a listening socket, and back to the text that clients may use.
 *
 * A port of 0 is chosen by the kernel. A file that is there already is never removed: it may be
 * somebody's socket.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "listen.h"

#define PATH "unix:" /* what stands before a path */

int stub_error(struct cqlr_err *err, int code, const char *format, ...)
{
    va_list ap;
    int sys = errno;
    va_start(ap, format);
    memset(err, 0, sizeof *err);
    err->code = code;
    err->sys_errno = code == CQLR_E_IO ? sys : 0;
    errno = sys;
    vsnprintf(err->text, sizeof err->text, format, ap);
    va_end(ap);
    return code;
}

/* "HOST:PORT", "[HOST]:PORT" → addresses; free with freeaddrinfo. */
static int resolve(const char *listen, struct addrinfo **list, struct cqlr_err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char host[256];
    const char *colon = strrchr(listen, ':');
    size_t n = colon ? (size_t)(colon - listen) : 0;
    bool brackets = n > 1 && listen[0] == '[' && listen[n - 1] == ']';
    if (!colon || n >= sizeof host || strncmp(listen, PATH, strlen(PATH)) == 0)
        return stub_error(err, CQLR_E_USAGE,
                          "listen address '%s': HOST:PORT or unix:/PATH expected", listen);
    snprintf(host, sizeof host, "%.*s", (int)(brackets ? n - 2 : n), listen + brackets);
    int rc = getaddrinfo(*host ? host : NULL, colon + 1, &hints, list);
    return rc ? stub_error(err, CQLR_E_RESOLVE, "listen address '%s': %s", listen, gai_strerror(rc))
              : 0;
}

/* The socket, or -1 with errno set. */
static int open_socket(const struct sockaddr *sa, socklen_t n)
{
    const int on = 1;
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) || bind(fd, sa, n) ||
        listen(fd, SOMAXCONN)) {
        int sys = errno;
        close(fd);
        errno = sys;
        return -1;
    }
    return fd;
}

/* Where it listens now: the port may have been chosen by the kernel. */
static int read_address(struct stub_listener *l, struct cqlr_err *err)
{
    char host[STUB_ADDR - 10], port[8];
    socklen_t n = sizeof l->at;
    struct sockaddr *sa = (struct sockaddr *)&l->at;
    if (getsockname(l->fd, sa, &n))
        return stub_error(err, CQLR_E_IO, "listener: %m");
    if (getnameinfo(sa, n, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV))
        return stub_error(err, CQLR_E_RESOLVE, "listener: its address has no text form");
    bool is_v6 = sa->sa_family == AF_INET6;
    l->port = ntohs(is_v6 ? ((struct sockaddr_in6 *)&l->at)->sin6_port
                          : ((struct sockaddr_in *)&l->at)->sin_port);
    snprintf(l->text, sizeof l->text, is_v6 ? "[%s]:%s" : "%s:%s", host, port);
    return 0;
}

static int listen_on_port(struct stub_listener *l, const char *where, struct cqlr_err *err)
{
    struct addrinfo *list;
    int rc = resolve(where, &list, err);
    if (rc)
        return rc;
    l->fd = open_socket(list->ai_addr, list->ai_addrlen);
    if (l->fd < 0)
        rc = stub_error(err, CQLR_E_IO, "cannot listen on '%s': %m", where);
    freeaddrinfo(list);
    return rc ? rc : read_address(l, err);
}

static int listen_on_path(struct stub_listener *l, const char *where, struct cqlr_err *err)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct sockaddr_in *shown = (struct sockaddr_in *)&l->at;
    const char *path = where + strlen(PATH);
    if (strlen(path) >= sizeof sa.sun_path)
        return stub_error(err, CQLR_E_USAGE, "listen address '%s': a path of at most %zu bytes",
                          where, sizeof sa.sun_path - 1);
    memcpy(sa.sun_path, path, strlen(path));
    l->fd = open_socket((struct sockaddr *)&sa, sizeof sa);
    if (l->fd < 0)
        return stub_error(err, CQLR_E_IO, "cannot listen on '%s': %m", where);
    l->owner = getpid();
    shown->sin_family = AF_INET;
    shown->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(l->text, sizeof l->text, "%s", where);
    return 0;
}

int stub_listen(struct stub_listener *l, const char *where, struct cqlr_err *err)
{
    bool is_path = strncmp(where, PATH "/", strlen(PATH "/")) == 0;
    *l = (struct stub_listener){.fd = -1};
    int rc = is_path ? listen_on_path(l, where, err) : listen_on_port(l, where, err);
    if (rc)
        stub_listener_close(l);
    return rc;
}

void stub_listener_close(struct stub_listener *l)
{
    if (l->fd < 0)
        return;
    close(l->fd);
    l->fd = -1;
    if (l->owner == getpid())
        unlink(l->text + strlen(PATH));
}

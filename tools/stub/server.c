/*
 * server.c - the listener of a stub, and stub_run, which turns its loop until it is told to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "server.h"

#define ACCEPT_AT_ONCE 64 /* then the connections get their turn */
#define RETRY_AFTER                                                                                \
    (100 * UINT64_C(1000000)) /* ns; without a free descriptor accept is not tried again at once   \
                               */

void stub_opts_init(struct stub_opts *o)
{
    *o = (struct stub_opts){.listen = "127.0.0.1:0", .stop_fd = -1};
}

/* Writes down what went wrong; "%m" is what errno says. Returns code. */
__attribute__((format(printf, 3, 4))) static int fail(struct cqlr_err *err, int code,
                                                      const char *format, ...)
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

/* ---- accepting ---- */

static void on_retry(void *arg)
{
    struct stub *s = arg;
    if (cqlr_loop_change(s->loop, &s->listener, CQLR_READ))
        (void)!cqlr_loop_timer_set(s->loop, &s->retry, cqlr_loop_now(s->loop) + RETRY_AFTER);
}

/* The listener stays readable while no descriptor is free: look away for a while instead of
 * spinning. */
static void pause_accepting(struct stub *s)
{
    if (cqlr_loop_timer_set(s->loop, &s->retry, cqlr_loop_now(s->loop) + RETRY_AFTER) == 0)
        (void)!cqlr_loop_change(s->loop, &s->listener, 0); /* else it spins, but works */
}

static void on_connection(void *arg, unsigned events)
{
    struct stub *s = arg;
    const int on = 1;
    (void)events;
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        int fd = accept4(s->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                pause_accepting(s);
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            return;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only faster */
        stub_conn_open(s, fd);
    }
}

/* ---- listening ---- */

/* "HOST:PORT", "[HOST]:PORT" → addresses; free with freeaddrinfo. */
static int resolve(const char *listen, struct addrinfo **list, struct cqlr_err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char host[256];
    const char *colon = strrchr(listen, ':');
    size_t n = colon ? (size_t)(colon - listen) : 0;
    bool brackets = n > 1 && listen[0] == '[' && listen[n - 1] == ']';
    if (!colon || n >= sizeof host)
        return fail(err, CQLR_E_USAGE, "listen address '%s': HOST:PORT expected", listen);
    snprintf(host, sizeof host, "%.*s", (int)(brackets ? n - 2 : n), listen + brackets);
    int rc = getaddrinfo(*host ? host : NULL, colon + 1, &hints, list);
    return rc ? fail(err, CQLR_E_RESOLVE, "listen address '%s': %s", listen, gai_strerror(rc)) : 0;
}

static int open_listener(const struct addrinfo *ai)
{
    const int on = 1;
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, SOMAXCONN)) {
        int sys = errno;
        close(fd);
        errno = sys;
        return -1;
    }
    return fd;
}

/* Where it listens now: the port may have been chosen by the kernel. */
static int read_address(struct stub *s, struct sockaddr_storage *at, struct cqlr_err *err)
{
    char host[STUB_ADDR - 10], port[8];
    socklen_t n = sizeof *at;
    struct sockaddr *sa = (struct sockaddr *)at;
    memset(at, 0, sizeof *at);
    if (getsockname(s->listener.fd, sa, &n))
        return fail(err, CQLR_E_IO, "listener: %m");
    if (getnameinfo(sa, n, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV))
        return fail(err, CQLR_E_RESOLVE, "listener: its address has no text form");
    bool is_v6 = sa->sa_family == AF_INET6;
    s->port = ntohs(is_v6 ? ((struct sockaddr_in6 *)at)->sin6_port
                          : ((struct sockaddr_in *)at)->sin_port);
    snprintf(s->addr, sizeof s->addr, is_v6 ? "[%s]:%s" : "%s:%s", host, port);
    return 0;
}

static int start_listening(struct stub *s, const char *where, struct sockaddr_storage *at,
                           struct cqlr_err *err)
{
    struct addrinfo *list;
    int rc = resolve(where, &list, err);
    if (rc)
        return rc;
    s->listener.fd = open_listener(list);
    if (s->listener.fd < 0)
        rc = fail(err, CQLR_E_IO, "cannot listen on '%s': %m", where);
    freeaddrinfo(list);
    return rc ? rc : read_address(s, at, err);
}

/* Whoever waits for the file finds all of it. */
static int write_port_file(const struct stub *s, const char *path, struct cqlr_err *err)
{
    char part[PATH_MAX], text[16];
    int n = snprintf(text, sizeof text, "%u\n", s->port);
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return fail(err, CQLR_E_USAGE, "port file: name too long");
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail(err, CQLR_E_IO, "port file '%s': %m", part);
    bool written = write(fd, text, (size_t)n) == n;
    if (close(fd) || !written || rename(part, path)) {
        fail(err, CQLR_E_IO, "port file '%s': %m", path);
        unlink(part);
        return err->code;
    }
    return 0;
}

/* ---- life ---- */

static int start(struct stub *s, const struct stub_opts *o, struct cqlr_err *err)
{
    struct sockaddr_storage at;
    int rc = start_listening(s, o->listen, &at, err);
    if (rc)
        return rc;
    if (stub_tables_init(&s->store.tables, (struct sockaddr *)&at, s->mem))
        return fail(err, CQLR_E_NOMEM, "stub: out of memory");
    s->loop = cqlr_loop_new(s->mem);
    if (!s->loop || cqlr_loop_add(s->loop, &s->listener))
        return fail(err, CQLR_E_IO, "event loop: %m");
    rc = o->port_file ? write_port_file(s, o->port_file, err) : 0;
    if (rc == 0 && o->on_listening)
        o->on_listening(o->arg, s->addr);
    return rc;
}

struct stub *stub_new(const struct stub_opts *o, struct cqlr_err *err)
{
    const struct cqlr_mem *mem = o->mem ? o->mem : cqlr_mem_default();
    struct stub *s = mem->resize(mem->arg, NULL, 0, sizeof *s);
    if (!s) {
        fail(err, CQLR_E_NOMEM, "stub: out of memory");
        return NULL;
    }
    *s = (struct stub){.mem = mem, .delay = o->delay_ns};
    s->listener = (struct cqlr_watch){-1, CQLR_READ, on_connection, s};
    s->retry = (struct cqlr_timer){.fn = on_retry, .arg = s};
    stub_prepared_init(&s->store.prepared, mem);
    if (start(s, o, err)) {
        stub_free(s);
        return NULL;
    }
    return s;
}

void stub_free(struct stub *s)
{
    if (!s)
        return;
    while (s->conns)
        stub_conn_close(s->conns);
    if (s->loop)
        cqlr_loop_free(s->loop);
    if (s->listener.fd >= 0)
        close(s->listener.fd);
    stub_prepared_fini(&s->store.prepared);
    stub_tables_fini(&s->store.tables);
    s->mem->resize(s->mem->arg, s, sizeof *s, 0);
}

unsigned stub_port(const struct stub *s)
{
    return s->port;
}

const char *stub_addr(const struct stub *s)
{
    return s->addr;
}

cqlr_loop *stub_loop(struct stub *s)
{
    return s->loop;
}

static void on_stop(void *arg, unsigned events)
{
    (void)events;
    *(bool *)arg = true;
}

int stub_run(const struct stub_opts *o, struct cqlr_err *err)
{
    bool stop = false;
    int rc = 0;
    struct cqlr_watch w = {o->stop_fd, CQLR_READ, on_stop, &stop};
    struct stub *s = stub_new(o, err);
    if (!s)
        return err->code;
    if (o->stop_fd >= 0 && cqlr_loop_add(s->loop, &w))
        rc = fail(err, CQLR_E_IO, "stop descriptor: %m");
    while (!rc && !stop)
        if (cqlr_loop_turn(s->loop, CQLR_NEVER))
            rc = fail(err, CQLR_E_IO, "event loop: %m");
    stub_free(s);
    return rc;
}

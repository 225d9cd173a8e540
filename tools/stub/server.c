/*
 * server.c - the listener of a stub, and stub_run, which turns its loop until it is told to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
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

/* ---- connections ---- */

void stub_join(struct stub *s, struct stub_member *m)
{
    m->next = s->members;
    m->prev = &s->members;
    if (m->next)
        m->next->prev = &m->next;
    s->members = m;
}

void stub_leave(struct stub_member *m)
{
    *m->prev = m->next;
    if (m->next)
        m->next->prev = m->prev;
}

void stub_note(const struct stub *s, const char *format, ...)
{
    char text[CQLR_ERR_TEXT];
    va_list ap;
    if (!s->on_note)
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    s->on_note(s->arg, text);
}

/* ---- accepting ---- */

static void on_retry(void *arg)
{
    struct stub *s = arg;
    if (cqlr_loop_change(s->loop, &s->accepting, CQLR_READ))
        (void)!cqlr_loop_timer_set(s->loop, &s->retry, cqlr_loop_now(s->loop) + RETRY_AFTER);
}

/* The listener stays readable while no descriptor is free: look away for a while instead of
 * spinning. */
static void pause_accepting(struct stub *s)
{
    if (cqlr_loop_timer_set(s->loop, &s->retry, cqlr_loop_now(s->loop) + RETRY_AFTER) == 0)
        (void)!cqlr_loop_change(s->loop, &s->accepting, 0); /* else it spins, but works */
}

static void on_connection(void *arg, unsigned events)
{
    struct stub *s = arg;
    const int on = 1;
    (void)events;
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        int fd = accept4(s->accepting.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                pause_accepting(s);
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            return;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
                   sizeof on); /* only faster, and not on a path */
        s->open(s, fd);
    }
}

/* Whoever waits for the file finds all of it. */
static int write_port_file(const struct stub *s, const char *path, struct cqlr_err *err)
{
    char part[PATH_MAX], text[16];
    int n = snprintf(text, sizeof text, "%u\n", s->listener.port);
    if (!s->listener.port)
        return stub_error(err, CQLR_E_USAGE, "port file: %s has no port", s->listener.text);
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return stub_error(err, CQLR_E_USAGE, "port file: name too long");
    (void)unlink(part); /* one that was left behind */
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return stub_error(err, CQLR_E_OUTPUT, "port file '%s': %m", part);
    bool written = write(fd, text, (size_t)n) == n;
    if (close(fd) || !written || rename(part, path)) {
        stub_error(err, CQLR_E_OUTPUT, "port file '%s': %m", path);
        unlink(part);
        return err->code;
    }
    return 0;
}

/* ---- life ---- */

/* "USER:PASSWORD"; a password may have colons. */
static int read_auth(struct stub *s, const char *auth, struct cqlr_err *err)
{
    const char *colon = auth ? strchr(auth, ':') : NULL;
    if (!auth)
        return 0;
    if (!colon || colon == auth || !colon[1])
        return stub_error(err, CQLR_E_USAGE, "user and password: USER:PASSWORD expected");
    s->store.user = (struct cqlr_str){auth, (size_t)(colon - auth)};
    s->store.password = cqlr_cstr(colon + 1);
    return 0;
}

static int start_replay(struct stub *s, struct cqlr_bytes file, struct cqlr_err *err)
{
    struct cqlr_err why;
    s->recording = stub_recording_new(file, s->mem, &why);
    if (!s->recording)
        return stub_error(err, why.code, "recording: %s", why.text);
    if (*stub_recording_note(s->recording))
        stub_note(s, "recording: %s", stub_recording_note(s->recording));
    return 0;
}

/* What connections get: the stub's own answers, those of another server, or recorded ones. */
static int start_kind(struct stub *s, const struct stub_opts *o, struct cqlr_err *err)
{
    bool own = o->auth || o->delay_ns;
    if (!o->upstream != !o->record || (o->upstream && (own || o->replay.p)) || (o->replay.p && own))
        return stub_error(err, CQLR_E_USAGE, "stub: options that do not go together");
    if (o->upstream) {
        s->open = stub_relay_open;
        return stub_relay_init(&s->relay, o, err);
    }
    if (o->replay.p) {
        s->open = stub_replay_open;
        return start_replay(s, o->replay, err);
    }
    s->open = stub_conn_open;
    return 0;
}

static int start(struct stub *s, const struct stub_opts *o, struct cqlr_err *err)
{
    int rc = stub_listen(&s->listener, o->listen, err);
    if (rc == 0)
        rc = read_auth(s, o->auth, err);
    if (rc)
        return rc;
    s->accepting.fd = s->listener.fd;
    rc = start_kind(s, o, err);
    if (rc)
        return rc;
    if (stub_tables_init(&s->store.tables, (struct sockaddr *)&s->listener.at, s->mem))
        return stub_error(err, CQLR_E_NOMEM, "stub: out of memory");
    s->loop = cqlr_loop_new(s->mem);
    if (!s->loop || cqlr_loop_add(s->loop, &s->accepting))
        return stub_error(err, CQLR_E_IO, "event loop: %m");
    rc = o->port_file ? write_port_file(s, o->port_file, err) : 0;
    if (rc == 0 && o->on_listening)
        o->on_listening(o->arg, s->listener.text);
    return rc;
}

struct stub *stub_new(const struct stub_opts *o, struct cqlr_err *err)
{
    const struct cqlr_mem *mem = o->mem ? o->mem : cqlr_mem_default();
    struct stub *s = mem->resize(mem->arg, NULL, 0, sizeof *s);
    if (!s) {
        stub_error(err, CQLR_E_NOMEM, "stub: out of memory");
        return NULL;
    }
    *s = (struct stub){.mem = mem, .delay = o->delay_ns, .on_note = o->on_note, .arg = o->arg};
    s->relay.file.fd = -1;
    s->stats = o->stats ? o->stats : &s->own_stats;
    s->listener.fd = -1;
    s->accepting = (struct cqlr_watch){-1, CQLR_READ, on_connection, s};
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
    while (s->members)
        s->members->close(s->members);
    if (s->loop)
        cqlr_loop_free(s->loop);
    stub_listener_close(&s->listener);
    stub_relay_fini(&s->relay);
    stub_recording_free(s->recording);
    stub_prepared_fini(&s->store.prepared);
    stub_tables_fini(&s->store.tables);
    s->mem->resize(s->mem->arg, s, sizeof *s, 0);
}

const struct cqlr_err *stub_failure(const struct stub *s)
{
    return &s->err;
}

unsigned stub_port(const struct stub *s)
{
    return s->listener.port;
}

const char *stub_addr(const struct stub *s)
{
    return s->listener.text;
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
        rc = stub_error(err, CQLR_E_IO, "stop descriptor: %m");
    while (!rc && !stop && !s->err.code)
        if (cqlr_loop_turn(s->loop, CQLR_NEVER))
            rc = stub_error(err, CQLR_E_IO, "event loop: %m");
    if (!rc && s->err.code) {
        *err = s->err;
        rc = err->code;
    }
    stub_free(s);
    return rc;
}

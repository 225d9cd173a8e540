/*
 * out.c - see out.h. O_NONBLOCK belongs to the open file description, which a shell and its other
 * children share: so a pipe or terminal is opened once more through /proc/self/fd, which gives a
 * description of our own.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/bulk/manager/out.h"

#define TOGETHER    16384         /* smaller pieces are collected up to this */
#define LARGE_PIPE  (1024 * 1024) /* what anyone may ask for, unless the host has changed it */
#define LEAST_PAUSE UINT64_C(1000000)
#define MOST_PAUSE  UINT64_C(16000000)

static int fail(struct cqlr__out *o, int e)
{
    int rc = cqlr__err_set(o->err, CQLR_E_OUTPUT, "output: %s", strerror(e));
    o->err->sys_errno = e;
    o->broken_pipe = o->broken_pipe || e == EPIPE;
    return rc;
}

/* A larger pipe is filled less often. It may not be possible; then it stays as it is. */
static void enlarge(struct cqlr__out *o)
{
    int n = fcntl(o->fd, F_GETPIPE_SZ);
    if (n > 0 && n < LARGE_PIPE && fcntl(o->fd, F_SETPIPE_SZ, LARGE_PIPE) > 0)
        n = fcntl(o->fd, F_GETPIPE_SZ);
    o->capacity = n > 0 ? (size_t)n : 0;
}

static void choose(struct cqlr__out *o, int fd, const struct stat *st)
{
    char path[40];
    o->fd = fd;
    if (S_ISSOCK(st->st_mode)) {
        o->kind = CQLR__OUT_SOCKET;
    } else if (S_ISFIFO(st->st_mode) || isatty(fd)) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        o->fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        o->kind = o->fd >= 0 ? CQLR__OUT_OWN : CQLR__OUT_SHARED;
        if (o->fd < 0)
            o->fd = fd;
        else if (S_ISFIFO(st->st_mode))
            enlarge(o);
    } else {
        o->kind = CQLR__OUT_PLAIN;
    }
}

int cqlr__out_open(struct cqlr__out *o, int fd, int (*call)(void *, const uint8_t *, size_t),
                   void *arg, struct cqlr_err *err)
{
    struct stat st;
    sigset_t pipe_only;
    *o = (struct cqlr__out){.kind = CQLR__OUT_CALL, .fd = -1, .call = call, .arg = arg, .err = err};
    cqlr_wr_init(&o->kept, NULL, SIZE_MAX / 2);
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &o->old_mask);
    if (fd < 0)
        return 0;
    if (fstat(fd, &st) < 0)
        return fail(o, errno);
    choose(o, fd, &st);
    return 0;
}

void cqlr__out_close(struct cqlr__out *o)
{
    const struct timespec now = {0, 0};
    sigset_t pipe_only;
    if (o->kind == CQLR__OUT_OWN)
        close(o->fd);
    cqlr_wr_fini(&o->kept);
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    if (o->broken_pipe && !sigismember(&o->old_mask, SIGPIPE))
        (void)sigtimedwait(&pipe_only, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &o->old_mask, NULL);
}

/* One attempt: bytes written, 0 = would block, negative code. */
static ssize_t attempt(struct cqlr__out *o, const uint8_t *p, size_t n)
{
    ssize_t got;
    for (;;) {
        if (o->kind == CQLR__OUT_SHARED) {
            struct pollfd pf = {.fd = o->fd, .events = POLLOUT};
            if (poll(&pf, 1, 0) == 0)
                return 0;
            n = n < PIPE_BUF ? n : PIPE_BUF;
        }
        got = o->kind == CQLR__OUT_SOCKET ? send(o->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL)
                                          : write(o->fd, p, n);
        if (got > 0)
            return got;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        return fail(o, got < 0 ? errno : EIO);
    }
}

/* It is full again. Did it take little since it was full before, the reader is slower than us, and
 * we come back later; did it take much, earlier. */
static void set_pause(struct cqlr__out *o)
{
    if (!o->capacity || !o->taken)
        return;
    if (o->taken >= o->capacity / 2)
        o->pause = o->pause > LEAST_PAUSE ? o->pause / 2 : 0;
    else if (o->pause < MOST_PAUSE)
        o->pause = o->pause ? o->pause * 2 : LEAST_PAUSE;
    o->taken = 0;
}

/* As much of p as goes; how much, or a negative code. */
static ssize_t push(struct cqlr__out *o, const uint8_t *p, size_t n)
{
    bool waits = o->kind == CQLR__OUT_OWN || o->kind == CQLR__OUT_SOCKET;
    size_t done = 0;
    while (done < n) {
        ssize_t got = attempt(o, p + done, n - done);
        if (got < 0)
            return got;
        done += (size_t)got;
        if (got == 0 || (waits && done < n)) /* it took what it could */
            break;
    }
    o->taken += done;
    o->blocked = done < n;
    if (o->blocked)
        set_pause(o);
    return (ssize_t)done;
}

int cqlr__out_flush(struct cqlr__out *o)
{
    ssize_t done;
    if (o->off == o->kept.n)
        return 0;
    done = push(o, o->kept.p + o->off, o->kept.n - o->off);
    if (done < 0)
        return (int)done;
    o->off += (size_t)done;
    if (o->off < o->kept.n)
        return 1;
    cqlr_wr_reset(&o->kept);
    o->off = 0;
    return 0;
}

int cqlr__out_write(struct cqlr__out *o, const uint8_t *p, size_t n)
{
    ssize_t done = 0;
    if (!n)
        return 0;
    if (o->kind == CQLR__OUT_CALL) {
        int rc = o->call ? o->call(o->arg, p, n) : 0;
        if (rc < 0 && !o->err->code)
            cqlr__err_set(o->err, rc, "output: %s", cqlr_errcode_text(rc));
        return rc < 0 ? rc : 0;
    }
    if (!o->blocked && n >= TOGETHER) { /* straight from where it lies, behind what is kept */
        done = cqlr__out_flush(o);
        if (done == 0)
            done = push(o, p, n);
        else if (done > 0)
            done = 0;
    }
    if (done < 0)
        return (int)done;
    cqlr_wr_raw(&o->kept, p + done, n - (size_t)done);
    if (o->kept.rc)
        return cqlr__err_set(o->err, CQLR_E_NOMEM, "output: out of memory");
    if (!o->blocked && o->kept.n - o->off >= TOGETHER) {
        int rc = cqlr__out_flush(o);
        return rc < 0 ? rc : 0;
    }
    return 0;
}

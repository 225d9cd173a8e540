/*
 * out.c - writes that cannot be half done unnoticed.
 *
 * A file appears under its name only when it is complete: rows go to FILE.part, which is renamed at
 * the end. The part is locked, so that two runs with the same FILE do not write into each other.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "out.h"

/* ---- writing ---- */

/* Waits until fd takes bytes: 0, or -1 when stop_fd became readable first. */
static int wait_writable(struct out *o)
{
    struct pollfd p[2] = {{o->fd, POLLOUT, 0}, {o->stop_fd, POLLIN, 0}};
    for (;;) {
        int n = poll(p, 2, -1);
        if (n < 0 && errno != EINTR)
            return 0; /* the write will tell */
        if (n > 0 && p[0].revents)
            return 0;
        if (n > 0 && p[1].revents) {
            o->sys_errno = EINTR;
            return -1;
        }
    }
}

int out_write(struct out *o, const void *p, size_t n)
{
    const char *next = p;
    while (n > 0) {
        /* a pipe that polls as writable takes PIPE_BUF bytes at once; more could block, and a
         * signal would go unseen */
        size_t want = o->stop_fd >= 0 && n > PIPE_BUF ? PIPE_BUF : n;
        if (o->stop_fd >= 0 && wait_writable(o) < 0)
            return -1;
        ssize_t k = write(o->fd, next, want);
        if (k >= 0) {
            next += k;
            n -= (size_t)k;
        } else if (errno == EAGAIN) {
            if (wait_writable(o) < 0)
                return -1;
        } else if (errno != EINTR) {
            o->sys_errno = errno;
            return -1;
        }
    }
    return 0;
}

int out_text(int fd, const char *command, const char *p, size_t n)
{
    struct out o = {.fd = fd, .stop_fd = -1};
    return out_write(&o, p, n) < 0 ? out_failed(&o, command) : 0;
}

int out_stdout(const char *command, const char *p, size_t n)
{
    return out_text(STDOUT_FILENO, command, p, n);
}

int out_failed(const struct out *o, const char *command)
{
    if (!o->path && o->sys_errno == EPIPE)
        return EXIT_PIPE;
    say(command, "cannot write %s: %s", o->path ? o->path : "standard output",
        strerror(o->sys_errno));
    return EXIT_OUTPUT;
}

/* ---- files ---- */

static int open_failed(struct out *o, const char *command)
{
    o->sys_errno = errno;
    int rc = out_failed(o, command);
    if (o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    free(o->part);
    o->part = NULL;
    return rc;
}

/* A run that was killed a moment ago may still have children that hold the lock: a second is
 * theirs. */
static int lock_part(const struct out *o, bool wait)
{
    const struct timespec moment = {0, 50 * 1000 * 1000};
    for (int tries = wait ? 40 : 0; flock(o->fd, LOCK_EX | LOCK_NB) < 0; tries--) {
        if (errno != EWOULDBLOCK)
            return 0; /* a file system without locks */
        if (tries <= 0)
            return -1;
        nanosleep(&moment, NULL);
    }
    return 0;
}

/* What is wrong with the part, in one line. */
static int part_failed(struct out *o, const char *command, const char *why)
{
    say(command, "cannot write %s: %s%s", o->path, why, o->part);
    if (o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    free(o->part);
    o->part = NULL;
    return EXIT_OUTPUT;
}

/* Opens the part and keeps its first `bytes` bytes. */
static int open_part(struct out *o, const char *command, uint64_t bytes)
{
    size_t n = strlen(o->path) + sizeof ".part";
    struct stat st;
    o->part = malloc(n);
    if (!o->part)
        return open_failed(o, command);
    snprintf(o->part, n, "%s.part", o->path);
    o->fd = open(o->part, O_WRONLY | (bytes ? 0 : O_CREAT) | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (o->fd < 0 && bytes && errno == ENOENT)
        return part_failed(o, command, "there is no ");
    if (o->fd < 0)
        return open_failed(o, command);
    if (lock_part(o, o->resumed) < 0)
        return part_failed(o, command, "another run is writing ");
    if (fstat(o->fd, &st) < 0)
        return open_failed(o, command);
    if ((uint64_t)st.st_size < bytes)
        return part_failed(o, command, "less than the checkpoint says is in ");
    if (ftruncate(o->fd, (off_t)bytes) < 0 || lseek(o->fd, (off_t)bytes, SEEK_SET) < 0)
        return open_failed(o, command);
    return 0;
}

int out_open(struct out *o, const char *command, const char *path, bool overwrite)
{
    struct stat st;
    *o = (struct out){.fd = STDOUT_FILENO, .overwrite = overwrite, .stop_fd = -1};
    if (!path || strcmp(path, "-") == 0)
        return 0;
    o->path = path;
    o->fd = -1;
    bool exists = stat(path, &st) == 0;
    if (exists && !S_ISREG(st.st_mode)) {
        o->fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
        return o->fd < 0 ? open_failed(o, command) : 0;
    }
    if (exists && !overwrite) {
        say(command, "%s exists (use --overwrite to replace it)", path);
        return EXIT_USAGE;
    }
    return open_part(o, command, 0);
}

int out_resume(struct out *o, const char *command, const char *path, bool overwrite, uint64_t bytes)
{
    struct stat st;
    *o = (struct out){
        .fd = -1, .path = path, .overwrite = overwrite, .resumed = true, .stop_fd = -1};
    if (stat(path, &st) == 0 && !(S_ISREG(st.st_mode) && overwrite)) {
        say(command, "%s exists%s", path,
            S_ISREG(st.st_mode) ? " (use --overwrite to replace it)" : " and is no file");
        return EXIT_USAGE;
    }
    return open_part(o, command, bytes);
}

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* Without --overwrite a file that appeared meanwhile is not replaced, where the file system can
 * promise that. The system call itself: not every C library has a function for it. */
static int rename_part(const struct out *o)
{
    if (o->overwrite)
        return rename(o->part, o->path);
    long rc = syscall(SYS_renameat2, AT_FDCWD, o->part, AT_FDCWD, o->path, RENAME_NOREPLACE);
    if (rc < 0 && (errno == EINVAL || errno == ENOSYS))
        rc = rename(o->part, o->path);
    return (int)rc;
}

/* Only files and disks can be synced: a pipe or terminal says EINVAL. */
static int sync_and_close(struct out *o)
{
    int failed = 0;
    if (fsync(o->fd) < 0 && errno != EINVAL && errno != EROFS)
        failed = errno;
    if (close(o->fd) < 0 && errno != EINTR && !failed)
        failed = errno;
    o->fd = -1;
    return failed;
}

int out_commit(struct out *o)
{
    if (!o->path)
        return 0;
    o->sys_errno = sync_and_close(o);
    if (!o->sys_errno && o->part && rename_part(o) < 0)
        o->sys_errno = errno;
    if (o->sys_errno && o->part)
        unlink(o->part);
    free(o->part);
    o->part = NULL;
    return o->sys_errno ? -1 : 0;
}

static void close_part(struct out *o)
{
    if (o->path && o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    free(o->part);
    o->part = NULL;
}

bool out_discard(struct out *o)
{
    bool had = o->part != NULL;
    if (had)
        unlink(o->part);
    close_part(o);
    return had;
}

bool out_keep(struct out *o)
{
    bool had = o->part != NULL;
    close_part(o);
    return had;
}

/*
 * out.h - output that is checked: every write, and for files also fsync and close.
 */
#ifndef CQLRAW_OUT_H
#define CQLRAW_OUT_H

#include <stddef.h>

#include "tools/cqlraw/cli.h"

/* Where rows go: stdout, or FILE by way of FILE.part. */
struct out {
    int fd;           /* -1 = closed */
    const char *path; /* NULL = stdout; borrowed */
    char *part; /* "FILE.part", or NULL: what FILE names is written directly (stdout, a device, a
                   pipe) */
    bool overwrite;
    bool resumed;  /* the part was there already */
    int stop_fd;   /* -1, or: waiting for room ends when this is readable */
    int sys_errno; /* of the first failure; EINTR = stopped by stop_fd */
};

/* path NULL or "-": stdout. 0, EXIT_USAGE (path exists, and not overwrite) or EXIT_OUTPUT, after
 * one line on stderr. */
int out_open(struct out *o, const char *command, const char *path, bool overwrite);
/* Goes on in path's part, behind its first `bytes` bytes: what lies behind them is cut off. 0,
 * EXIT_USAGE or EXIT_OUTPUT (also when the part has fewer), after one line on stderr. */
int out_resume(struct out *o, const char *command, const char *path, bool overwrite,
               uint64_t bytes);
/* All n bytes: 0, or -1 with o->sys_errno set. */
int out_write(struct out *o, const void *p, size_t n);
/* Complete: fsync, close, rename. 0 or -1 with o->sys_errno set (and the part removed). */
int out_commit(struct out *o);
/* Incomplete: the part is removed. true when there was one. */
bool out_discard(struct out *o);
/* Incomplete: the part stays, for out_resume. true when there is one. */
bool out_keep(struct out *o);
/* The failure as one line on stderr (a reader that went away is none), and the exit code for it. */
int out_failed(const struct out *o, const char *command);

/* The whole of a text to stdout, or to any descriptor. 0 or the exit code, after a line on stderr.
 */
int out_stdout(const char *command, const char *p, size_t n);
int out_text(int fd, const char *command, const char *p, size_t n);

#endif

/*
 * out.h - where the output goes: a descriptor that is written without ever blocking, or a callback.
 *
 * What the descriptor does not take at once is kept here; the owner stops giving more while
 * cqlr__out_blocked says so, so what is kept is at most what one record holds. Nothing is lost:
 * cqlr__out_flush returns 0 only when every byte has left. The open file description is shared with
 * whoever gave the descriptor and is never changed; a pipe may become larger. A reader that takes a
 * pipe's bytes in small pieces makes it writable each time: then it is left alone (`pause`) until a
 * good part of it is likely to be free. SIGPIPE is held back while an output is open,
 * and the one that a closed pipe raised is taken away again.
 */
#ifndef CQLRAW_SRC_BULK_OUT_H
#define CQLRAW_SRC_BULK_OUT_H

#include <signal.h>

#include <cqlraw/wire.h>

enum cqlr__out_kind {
    CQLR__OUT_CALL,   /* the callback */
    CQLR__OUT_PLAIN,  /* regular file or the like: write does not wait for anyone */
    CQLR__OUT_SOCKET, /* send with MSG_DONTWAIT */
    CQLR__OUT_OWN,    /* pipe or terminal, opened again as non-blocking */
    CQLR__OUT_SHARED  /* pipe or terminal that could not be opened again: poll, then PIPE_BUF bytes
                         at most */
};

struct cqlr__out {
    enum cqlr__out_kind kind;
    int fd; /* the one to write to and to wait on; -1 for CALL */
    int (*call)(void *arg, const uint8_t *p, size_t n);
    void *arg;
    struct cqlr_wr kept;
    size_t off; /* of `kept`: already written */
    bool blocked;
    size_t capacity; /* of a pipe; 0 = it is none */
    size_t taken;    /* bytes it took since it was blocked last */
    uint64_t pause;  /* ns to leave it alone when it is blocked; 0 = wait until it is writable */
    bool broken_pipe;
    sigset_t old_mask;
    struct cqlr_err *err; /* where the reason goes */
};

/* fd >= 0, or a callback (both may be absent: the bytes are dropped). err must outlive it. 0 or
 * CQLR_E_OUTPUT. */
CQLR_MUST_USE
int cqlr__out_open(struct cqlr__out *o, int fd, int (*call)(void *, const uint8_t *, size_t),
                   void *arg, struct cqlr_err *err);
void cqlr__out_close(struct cqlr__out *o);

/* Takes all n bytes, small pieces together. 0, CQLR_E_OUTPUT, CQLR_E_NOMEM, or the callback's code.
 */
CQLR_MUST_USE
int cqlr__out_write(struct cqlr__out *o, const uint8_t *p, size_t n);
/* Writes what is kept as far as it goes. 0 = all is out, 1 = blocked: wait until o->fd is writable;
 * or negative. */
CQLR_MUST_USE
int cqlr__out_flush(struct cqlr__out *o);

static inline bool cqlr__out_blocked(const struct cqlr__out *o)
{
    return o->blocked;
}

#endif

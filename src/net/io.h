/*
 * io.h - a transport: the five functions by which a connection moves its bytes. io_plain.c moves
 * them as they are.
 *
 * Nothing blocks: CQLR_E_AGAIN says that the descriptor is not ready. Every error is told in err.
 */
#ifndef CQLRAW_SRC_NET_IO_H
#define CQLRAW_SRC_NET_IO_H

#include <sys/socket.h>
#include <sys/types.h>

#include <cqlraw/base.h>

struct cqlr__io;

struct cqlr__io_fns {
    /* Begins to connect and sets io->fd. 0 or the error (nothing is left open then). */
    int (*open)(struct cqlr__io *io, const struct sockaddr *sa, socklen_t n, struct cqlr_err *err);
    /* Goes on with connecting: 0 when done, CQLR_E_AGAIN, or the error. A transport that has
     * something to say before it is done says nothing in the call in which the peer is reached:
     * that one sets io->reached and returns CQLR_E_AGAIN, and the next follows at once. */
    int (*progress)(struct cqlr__io *io, struct cqlr_err *err);
    /* Up to n bytes into p: how many (> 0), 0 at the end of the stream, CQLR_E_AGAIN, or the error.
     */
    ssize_t (*read)(struct cqlr__io *io, void *p, size_t n, struct cqlr_err *err);
    /* Up to n > 0 bytes from p: how many (> 0), CQLR_E_AGAIN, or the error. Never raises SIGPIPE.
     */
    ssize_t (*write)(struct cqlr__io *io, const void *p, size_t n, struct cqlr_err *err);
    /* Releases what the transport holds; io->fd is -1 then. Fine when nothing is open. Sends
     * nothing, so it is safe in a forked child. */
    void (*close)(struct cqlr__io *io);
};

struct cqlr__io {
    const struct cqlr__io_fns *fn;
    int fd;         /* -1 = none */
    unsigned wants; /* until `progress` is done: CQLR_READ | CQLR_WRITE, what it waits for; from
                       then on what `write` waits for */
    bool reached;   /* the peer has taken the connection; `progress` need not say so when it is done
                       with that */
    bool holds_in;  /* received bytes are held: `read` gives more although the descriptor is not
                       ready (it receives only when it holds nothing) */
    bool holds_out; /* bytes are held that must leave: when the descriptor is writable, `write`
                       again, n may be 0 */
    void *state;    /* the transport's own */
};

void cqlr__io_plain_init(struct cqlr__io *io);

#endif

/*
 * io_plain.c - the transport without encryption: a TCP or a Unix socket.
 */
#include <errno.h>
#include <unistd.h>

#include "src/net/io.h"
#include "src/net/sock.h"

static int plain_open(struct cqlr__io *io, const struct sockaddr *sa, socklen_t n,
                      struct cqlr_err *err)
{
    int fd = cqlr__sock_connect(sa, n, err);
    if (fd < 0)
        return fd;
    io->fd = fd;
    return 0;
}

static int plain_progress(struct cqlr__io *io, struct cqlr_err *err)
{
    return cqlr__sock_connected(io->fd, err);
}

static bool not_now(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static ssize_t plain_read(struct cqlr__io *io, void *p, size_t n, struct cqlr_err *err)
{
    ssize_t got = recv(io->fd, p, n, 0);
    if (got >= 0)
        return got;
    return not_now() ? CQLR_E_AGAIN : cqlr__sock_error(err, CQLR_E_IO, "receive");
}

static ssize_t plain_write(struct cqlr__io *io, const void *p, size_t n, struct cqlr_err *err)
{
    ssize_t sent = send(io->fd, p, n, MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    return not_now() ? CQLR_E_AGAIN : cqlr__sock_error(err, CQLR_E_IO, "send");
}

/* The end of the bytes says it all. */
static void plain_bye(struct cqlr__io *io)
{
    (void)io;
}

static void plain_close(struct cqlr__io *io)
{
    if (io->fd >= 0)
        close(io->fd);
    io->fd = -1;
}

void cqlr__io_plain_init(struct cqlr__io *io)
{
    static const struct cqlr__io_fns fns = {
        .open = plain_open,
        .progress = plain_progress,
        .read = plain_read,
        .write = plain_write,
        .close = plain_close,
        .bye = plain_bye,
    };
    *io = (struct cqlr__io){.fn = &fns, .fd = -1, .wants = CQLR_WRITE};
}

/*
 * tls_ssl_wire.c - the BIO under an SSL object: two buffers instead of a socket.
 *
 * What SSL wants to send is collected and leaves in one call, which never raises SIGPIPE; one
 * receive feeds many records. How much is received, and when, is the transport's to say
 * (may_receive).
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "src/net/tls_ssl.h"

static bool not_now(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* ---- in ---- */

static void note_first(struct cqlr__tls_wire *w)
{
    for (size_t i = 0; w->first_n < sizeof w->first && i < w->in_n; i++)
        w->first[w->first_n++] = w->in[w->in_at + i];
}

/* A record of TLS begins with its type, 20 to 23, and the version 3.x (RFC 8446 section 5.1). */
bool cqlr__tls_wire_is_tls(const struct cqlr__tls_wire *w)
{
    return (w->first_n < 1 || (w->first[0] >= 20 && w->first[0] <= 23)) &&
           (w->first_n < 2 || w->first[1] == 3);
}

/* A receive that filled the buffer may be followed by another one. */
static void receive(struct cqlr__tls_wire *w)
{
    ssize_t n = recv(w->fd, w->in, CQLR__TLS_IN, 0);
    w->may_receive = n == CQLR__TLS_IN;
    w->dry = n < 0 && not_now();
    if (n == 0)
        w->ended = true;
    if (n < 0 && !not_now())
        w->read_errno = errno;
    w->in_at = 0;
    w->in_n = n > 0 ? (size_t)n : 0;
    note_first(w);
}

static int wire_read(BIO *b, char *p, int want)
{
    struct cqlr__tls_wire *w = BIO_get_data(b);
    size_t n = want > 0 ? (size_t)want : 0;
    BIO_clear_retry_flags(b);
    if (w->in_n == 0 && w->may_receive && !w->ended && !w->read_errno)
        receive(w);
    if (n > w->in_n)
        n = w->in_n;
    if (n == 0) {
        if (!w->ended && !w->read_errno)
            BIO_set_retry_read(b);
        return w->ended ? 0 : -1;
    }
    memcpy(p, w->in + w->in_at, n);
    w->in_at += n;
    w->in_n -= n;
    return (int)n;
}

/* ---- out ---- */

bool cqlr__tls_wire_room(const struct cqlr__tls_wire *w)
{
    return CQLR__TLS_OUT - w->out_n >= CQLR__TLS_RECORD;
}

static int wire_write(BIO *b, const char *p, int have)
{
    struct cqlr__tls_wire *w = BIO_get_data(b);
    size_t n = have > 0 ? (size_t)have : 0;
    size_t room = CQLR__TLS_OUT - w->out_n;
    BIO_clear_retry_flags(b);
    if (room == 0) {
        BIO_set_retry_write(b);
        return -1;
    }
    if (n > room)
        n = room;
    if (w->out_at + w->out_n + n > CQLR__TLS_OUT) {
        memmove(w->out, w->out + w->out_at, w->out_n);
        w->out_at = 0;
    }
    memcpy(w->out + w->out_at + w->out_n, p, n);
    w->out_n += n;
    return (int)n;
}

int cqlr__tls_wire_send(struct cqlr__tls_wire *w)
{
    while (w->out_n > 0) {
        ssize_t n = send(w->fd, w->out + w->out_at, w->out_n, MSG_NOSIGNAL);
        if (n < 0 && not_now())
            return CQLR_E_AGAIN;
        if (n < 0) {
            w->write_errno = errno;
            w->out_n = 0;
            break;
        }
        w->out_at += (size_t)n;
        w->out_n -= (size_t)n;
    }
    w->out_at = 0;
    return w->write_errno ? CQLR_E_IO : 0;
}

/* ---- the method ---- */

static long wire_ctrl(BIO *b, int cmd, long num, void *ptr)
{
    const struct cqlr__tls_wire *w = BIO_get_data(b);
    (void)num;
    (void)ptr;
    if (cmd == BIO_CTRL_EOF)
        return w->ended && w->in_n == 0;
    return cmd == BIO_CTRL_FLUSH; /* it leaves in its own time */
}

static int wire_create(BIO *b)
{
    BIO_set_init(b, 1);
    return 1;
}

/* The type has no index of its own: OpenSSL has few, and never takes one back. */
BIO_METHOD *cqlr__tls_wire_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "cqlraw");
    if (m && BIO_meth_set_read(m, wire_read) && BIO_meth_set_write(m, wire_write) &&
        BIO_meth_set_ctrl(m, wire_ctrl) && BIO_meth_set_create(m, wire_create))
        return m;
    BIO_meth_free(m);
    return NULL;
}

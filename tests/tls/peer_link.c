/*
 * peer_link.c - one connection of the TLS peer: socket <-> TLS <-> socket of the server behind.
 *
 * OpenSSL sees memory only. Every byte on the wire passes wire_in or wire_out, which is where it is
 * counted, and where the faults are: what is reported as received has been received, whatever TLS
 * made of it. All sockets are non-blocking; a turn that moved nothing waits.
 */
#include "tests/tls/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>

enum { LINGER_MS = 10000, RECORDS_MAX = 16 };

struct half { /* bytes on their way */
    uint8_t b[16384];
    size_t at, n;
};

struct conn {
    const struct settings *set;
    int fd, up; /* the client, the server behind (-1 = not connected) */
    SSL *ssl;
    BIO *in, *out; /* the SSL's own */
    struct half to_server, to_client, wire;
    uint64_t raw_in, app_in, app_out, next_rekey;
    unsigned flight;      /* of the handshake, that is being sent */
    uint64_t flight_sent; /* bytes of it */
    bool handshaken, resumed, client_ended, over, stalled;
    uint8_t header[5]; /* of the record that arrives */
    size_t header_n, record_left;
    unsigned char records[RECORDS_MAX]; /* types of the first ones */
    unsigned records_n;
    char alert[64]; /* the last one of the client */
};

/* Notes the types of the records that arrive (RFC 8446 section 5.1: type, version, length). */
static void scan(struct conn *c, const uint8_t *p, size_t n)
{
    while (n > 0) {
        if (c->record_left > 0) {
            size_t k = n < c->record_left ? n : c->record_left;
            c->record_left -= k, p += k, n -= k;
            continue;
        }
        c->header[c->header_n++] = *p++;
        n--;
        if (c->header_n < sizeof c->header)
            continue;
        c->header_n = 0;
        c->record_left = (size_t)c->header[3] << 8 | c->header[4];
        if (c->records_n < RECORDS_MAX)
            c->records[c->records_n++] = c->header[0];
    }
}

/* Receives what is there. True when something was; at the end of the stream client_ended is set. */
static bool wire_in(struct conn *c, uint8_t *p, size_t room, size_t *n)
{
    ssize_t k = recv(c->fd, p, room, 0);
    *n = k > 0 ? (size_t)k : 0;
    if (k == 0 || (k < 0 && errno != EAGAIN && errno != EINTR))
        c->client_ended = true;
    if (k <= 0)
        return false;
    c->raw_in += *n;
    scan(c, p, *n);
    if (c->set->raw >= 0 && write(c->set->raw, p, *n) != k)
        abort();
    return true;
}

/* How many of n bytes may leave now. */
static size_t allowed(struct conn *c, size_t n)
{
    const struct settings *s = c->set;
    if (s->step > 0 && n > s->step)
        n = s->step;
    if (c->handshaken || (s->fault != FAULT_STALL && s->fault != FAULT_CUT))
        return n;
    if (c->flight < s->flight)
        return n;
    uint64_t left = s->bytes > c->flight_sent ? s->bytes - c->flight_sent : 0;
    return n < left ? n : (size_t)left;
}

/* Sends what TLS has written. Where the fault of a flight strikes, the connection is over. */
static bool wire_out(struct conn *c)
{
    struct half *w = &c->wire;
    if (w->n == 0) {
        int k = BIO_read(c->out, w->b, sizeof w->b);
        w->at = 0, w->n = k > 0 ? (size_t)k : 0;
    }
    if (w->n == 0)
        return false;
    size_t may = allowed(c, w->n);
    if (may == 0) {
        c->over = true;
        c->stalled = c->set->fault == FAULT_STALL;
        return false;
    }
    ssize_t k = send(c->fd, w->b + w->at, may, MSG_NOSIGNAL);
    if (k < 0 && errno != EAGAIN && errno != EINTR)
        c->over = true;
    if (k <= 0)
        return false;
    w->at += (size_t)k, w->n -= (size_t)k, c->flight_sent += (uint64_t)k;
    return true;
}

static bool connect_server(struct conn *c)
{
    struct sockaddr_in sa = {.sin_family = AF_INET};
    const char *colon = c->set->upstream ? strrchr(c->set->upstream, ':') : NULL;
    char host[INET_ADDRSTRLEN] = "";
    if (!colon || (size_t)(colon - c->set->upstream) >= sizeof host)
        return false;
    memcpy(host, c->set->upstream, (size_t)(colon - c->set->upstream));
    sa.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    c->up = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->up < 0 || inet_pton(AF_INET, host, &sa.sin_addr) != 1 ||
        connect(c->up, (struct sockaddr *)&sa, sizeof sa) < 0)
        return false;
    return fcntl(c->up, F_SETFL, O_NONBLOCK) == 0;
}

/* Waits until a turn can move something. */
static void rest(struct conn *c)
{
    struct pollfd p[2] = {{.fd = c->client_ended ? -1 : c->fd}, {.fd = c->up}};
    if (c->to_server.n == 0)
        p[0].events |= POLLIN;
    if (c->wire.n > 0)
        p[0].events |= POLLOUT;
    if (c->to_client.n == 0)
        p[1].events |= POLLIN;
    if (c->to_server.n > 0)
        p[1].events |= POLLOUT;
    poll(p, 2, -1);
}

/* Gives TLS what has arrived, unless what came before is still on its way to the server. */
static bool feed(struct conn *c)
{
    uint8_t b[16384];
    size_t n;
    if (c->client_ended || c->to_server.n > 0 || !wire_in(c, b, sizeof b, &n))
        return false;
    if (BIO_write(c->in, b, (int)n) != (int)n)
        abort();
    return true;
}

/* --- the handshake ------------------------------------------------------------------------------
 */

static void handshake(struct conn *c)
{
    while (!c->over && !c->handshaken) {
        int rc = SSL_accept(c->ssl);
        int error = SSL_get_error(c->ssl, rc);
        if (BIO_ctrl_pending(c->out) > 0)
            c->flight++, c->flight_sent = 0;
        while (!c->over && (BIO_ctrl_pending(c->out) > 0 || c->wire.n > 0))
            if (!wire_out(c) && !c->over)
                rest(c);
        c->handshaken = rc == 1 && !c->over;
        c->resumed = c->handshaken && SSL_session_reused(c->ssl);
        if (rc != 1 && error != SSL_ERROR_WANT_READ)
            c->over = true;
        while (rc != 1 && !c->over && !feed(c)) {
            c->over = c->client_ended;
            if (!c->over)
                rest(c);
        }
    }
}

/* --- what is passed on --------------------------------------------------------------------------
 */

static bool decrypt(struct conn *c)
{
    struct half *h = &c->to_server;
    if (h->n > 0)
        return false;
    int k = SSL_read(c->ssl, h->b, sizeof h->b);
    if (k > 0) {
        h->at = 0, h->n = (size_t)k, c->app_in += (uint64_t)k;
        return true;
    }
    int error = SSL_get_error(c->ssl, k);
    if (error != SSL_ERROR_WANT_READ || c->client_ended)
        c->over = true;
    ERR_clear_error();
    return false;
}

static bool send_on(struct conn *c)
{
    struct half *h = &c->to_server;
    if (h->n == 0)
        return false;
    ssize_t k = send(c->up, h->b + h->at, h->n, MSG_NOSIGNAL);
    if (k < 0 && errno != EAGAIN && errno != EINTR)
        c->over = true;
    if (k <= 0)
        return false;
    h->at += (size_t)k, h->n -= (size_t)k;
    return true;
}

static bool take_answer(struct conn *c)
{
    struct half *h = &c->to_client;
    if (h->n > 0)
        return false;
    ssize_t k = recv(c->up, h->b, sizeof h->b, 0);
    if (k == 0 || (k < 0 && errno != EAGAIN && errno != EINTR))
        c->over = true;
    if (k <= 0)
        return false;
    h->at = 0, h->n = (size_t)k;
    return true;
}

/* New keys, or the wish for a handshake, which a client refuses or ignores. */
static void rekey(struct conn *c)
{
    c->next_rekey += c->set->bytes;
    int rc = SSL_version(c->ssl) == TLS1_3_VERSION
                 ? SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED) && SSL_do_handshake(c->ssl)
                 : SSL_renegotiate(c->ssl) && SSL_do_handshake(c->ssl);
    if (rc != 1)
        c->over = true;
}

static bool encrypt(struct conn *c)
{
    struct half *h = &c->to_client;
    if (h->n == 0 || c->wire.n > 0 || BIO_ctrl_pending(c->out) > 0)
        return false;
    bool ends = c->set->fault == FAULT_FIN || c->set->fault == FAULT_NOTIFY;
    size_t n = h->n;
    if (ends && n > c->set->bytes - c->app_out)
        n = (size_t)(c->set->bytes - c->app_out);
    if (n > 0 && SSL_write(c->ssl, h->b + h->at, (int)n) != (int)n) {
        c->over = true;
        return false;
    }
    h->at += n, h->n -= n, c->app_out += n;
    if (c->set->fault == FAULT_REKEY && c->app_out >= c->next_rekey)
        rekey(c);
    if (ends && c->app_out == c->set->bytes) {
        if (c->set->fault == FAULT_NOTIFY)
            SSL_shutdown(c->ssl);
        c->over = true;
    }
    return true;
}

static void pass_on(struct conn *c)
{
    if (!connect_server(c))
        return;
    while (!c->over) {
        bool moved = feed(c);
        moved |= decrypt(c);
        moved |= send_on(c);
        moved |= take_answer(c);
        moved |= encrypt(c);
        moved |= wire_out(c);
        if (!moved && !c->over)
            rest(c);
    }
}

/* The same without TLS: for the server that speaks none. */
static void pass_plain(struct conn *c)
{
    if (!connect_server(c))
        return;
    while (!c->over && !c->client_ended) {
        struct half *h = &c->to_server;
        bool moved = false;
        if (h->n == 0) {
            h->at = 0;
            moved |= wire_in(c, h->b, sizeof h->b, &h->n);
        }
        moved |= send_on(c);
        moved |= take_answer(c);
        struct half *back = &c->to_client;
        ssize_t k = back->n > 0 ? send(c->fd, back->b + back->at, back->n, MSG_NOSIGNAL) : 0;
        if (k > 0)
            back->at += (size_t)k, back->n -= (size_t)k, moved = true;
        if (!moved)
            rest(c);
    }
}

/* --- its end ------------------------------------------------------------------------------------
 */

/* Sends what is left, ends the stream (not of one that stalls), and takes what the client still
 * sends, until it ends too: nothing that left it goes unreported. */
static void finish(struct conn *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLOUT};
    bool cut = c->set->fault == FAULT_CUT && !c->handshaken;
    c->over = cut || c->stalled || !c->ssl;
    while (!c->over && (wire_out(c) || c->wire.n > 0))
        c->over |= poll(&p, 1, LINGER_MS) <= 0;
    if (!c->stalled)
        shutdown(c->fd, SHUT_WR);
    p.events = POLLIN;
    uint8_t b[16384];
    size_t n;
    while (!c->client_ended && poll(&p, 1, LINGER_MS) > 0)
        while (wire_in(c, b, sizeof b, &n))
            if (c->handshaken && BIO_write(c->in, b, (int)n) == (int)n)
                while (c->to_server.n = 0, decrypt(c))
                    ;
}

static void report(struct conn *c, unsigned number)
{
    char records[RECORDS_MAX * 4 + 1] = "";
    size_t n = 0;
    for (unsigned i = 0; i < c->records_n; i++)
        n += (size_t)snprintf(records + n, sizeof records - n, "%s%u", i ? "," : "", c->records[i]);
    const char *sni = c->ssl ? SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name) : NULL;
    bool tls = c->ssl && c->handshaken;
    char line[512];
    int k = snprintf(line, sizeof line,
                     "n=%u handshake=%s version=%s resumed=%d sni=%s app=%llu raw=%llu records=%s "
                     "alert=%s\n",
                     number,
                     !c->ssl ? "none"
                     : tls   ? "done"
                             : "failed",
                     tls ? SSL_get_version(c->ssl) : "-", c->resumed, sni ? sni : "-",
                     (unsigned long long)c->app_in, (unsigned long long)c->raw_in,
                     records[0] ? records : "-", c->alert[0] ? c->alert : "-");
    if (k <= 0 || (size_t)k >= sizeof line || write(c->set->report, line, (size_t)k) != k)
        abort();
}

static void note_alert(const SSL *ssl, int where, int value)
{
    struct conn *c = SSL_get_app_data(ssl);
    if (!(where & SSL_CB_READ) || !(where & SSL_CB_ALERT))
        return;
    snprintf(c->alert, sizeof c->alert, "%s", SSL_alert_desc_string_long(value));
    for (char *p = c->alert; *p; p++)
        if (*p == ' ')
            *p = '_';
}

static void start_tls(struct conn *c)
{
    c->ssl = SSL_new(c->set->ctx);
    c->in = BIO_new(BIO_s_mem());
    c->out = BIO_new(BIO_s_mem());
    if (!c->ssl || !c->in || !c->out)
        abort();
    SSL_set_bio(c->ssl, c->in, c->out);
    SSL_set_app_data(c->ssl, c);
    SSL_set_info_callback(c->ssl, note_alert);
}

void peer_serve(const struct settings *s, int fd, unsigned number)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        abort();
    c->set = s, c->fd = fd, c->up = -1, c->next_rekey = s->bytes;
    if (s->fault == FAULT_PLAIN) {
        pass_plain(c);
    } else {
        start_tls(c);
        handshake(c);
        if (c->handshaken)
            pass_on(c);
    }
    finish(c);
    report(c, number);
    SSL_free(c->ssl);
    if (c->up >= 0)
        close(c->up);
    close(fd);
    free(c);
}

/*
 * lane.c - see lane.h: the framed stream, and the reader of a ring. A frame is a 4-byte length (of
 * kind and body), one byte of kind, the body; both ends run the same program, so numbers stay in
 * the machine's own form.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/bulk/lane/lane.h"

#define FRAME 5

void cqlr__stream_init(struct cqlr__stream *s, int fd)
{
    *s = (struct cqlr__stream){.fd = fd};
    cqlr_wr_init(&s->in, NULL, 2 * (size_t)CQLR__MESSAGE_MAX);
    cqlr_wr_init(&s->out, NULL, SIZE_MAX / 2);
}

void cqlr__stream_fini(struct cqlr__stream *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    cqlr_wr_fini(&s->in);
    cqlr_wr_fini(&s->out);
}

int cqlr__stream_put(struct cqlr__stream *s, enum cqlr__message_kind kind, const void *a, size_t an,
                     const void *b, size_t bn)
{
    uint32_t n = (uint32_t)(1 + an + bn);
    size_t start = s->out.n;
    if (an + bn > CQLR__MESSAGE_MAX - 1)
        return CQLR_E_LIMIT;
    cqlr_wr_raw(&s->out, &n, sizeof n);
    cqlr_wr_u8(&s->out, (uint8_t)kind);
    cqlr_wr_raw(&s->out, a, an);
    cqlr_wr_raw(&s->out, b, bn);
    if (s->out.rc) {
        s->out.n = start;
        s->out.rc = 0;
        return CQLR_E_NOMEM;
    }
    return 0;
}

bool cqlr__stream_flush(struct cqlr__stream *s)
{
    while (s->out_off < s->out.n && !s->ended) {
        ssize_t n =
            send(s->fd, s->out.p + s->out_off, s->out.n - s->out_off, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        if (n < 0)
            return false; /* the peer is gone; reading will say so */
        s->out_off += (size_t)n;
    }
    cqlr_wr_reset(&s->out);
    s->out_off = 0;
    return false;
}

int cqlr__stream_read(struct cqlr__stream *s)
{
    if (s->in_off) { /* what was taken makes room */
        memmove(s->in.p, s->in.p + s->in_off, s->in.n - s->in_off);
        s->in.n -= s->in_off;
        s->in_off = 0;
    }
    while (!s->ended && s->in.n < CQLR__MESSAGE_MAX + FRAME) {
        size_t room = s->in.n > 4096 ? s->in.n : 4096;
        uint8_t *p = cqlr_wr_room(&s->in, room);
        ssize_t n;
        if (!p)
            return CQLR_E_NOMEM;
        n = recv(s->fd, p, room, MSG_DONTWAIT);
        s->in.n -= room - (n > 0 ? (size_t)n : 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n <= 0)
            s->ended = true;
        else if ((size_t)n < room)
            break;
    }
    return 0;
}

int cqlr__stream_next(struct cqlr__stream *s, struct cqlr__message *m)
{
    size_t have = s->in.n - s->in_off;
    const uint8_t *p = s->in.p + s->in_off;
    uint32_t n;
    if (have < FRAME)
        return 0;
    memcpy(&n, p, sizeof n);
    if (n < 1 || n > CQLR__MESSAGE_MAX)
        return CQLR_E_PROTO;
    if (have - 4 < n)
        return 0;
    *m = (struct cqlr__message){p[4], p + FRAME, n - 1};
    s->in_off += 4 + (size_t)n;
    return 1;
}

/* The texts are our parent's, yet their lengths are not followed blindly. */
struct cqlr_value cqlr__text_next(const struct cqlr_wr *texts, size_t *off)
{
    struct cqlr_value v = {NULL, CQLR_NULL};
    int32_t n;
    if (texts->n - *off < sizeof n)
        return v;
    memcpy(&n, texts->p + *off, sizeof n);
    *off += sizeof n;
    if (n < 0 || (size_t)n > texts->n - *off)
        return v;
    v = (struct cqlr_value){texts->p + *off, n};
    *off += (size_t)n;
    return v;
}

/* ---- records ---- */

void cqlr__reader_init(struct cqlr__reader *r, struct cqlr__ring *ring)
{
    *r = (struct cqlr__reader){.ring = ring};
    cqlr_wr_init(&r->partial, NULL, SIZE_MAX / 2);
}

void cqlr__reader_fini(struct cqlr__reader *r)
{
    cqlr_wr_fini(&r->partial);
}

/* A header whose bytes lie within what is published and that says nothing impossible. */
static bool sound(const struct cqlr__record *h, size_t ready, size_t partial)
{
    if (h->bytes > ready - sizeof *h || cqlr__padded(h->bytes) > ready - sizeof *h)
        return false;
    return h->state <= h->bytes + partial && h->kind >= CQLR__RECORD_PAGES &&
           h->kind <= CQLR__RECORD_CHUNK;
}

/* The next header and its bytes, checked. 1, 0 or CQLR_E_WORKER. */
static int look(struct cqlr__reader *r)
{
    size_t ready = cqlr__ring_ready(r->ring, &r->p);
    if (ready == 0)
        return 0;
    if (ready == SIZE_MAX || ready < sizeof r->rec)
        return CQLR_E_WORKER;
    memcpy(&r->rec, r->p, sizeof r->rec); /* once: the worker could change it under us */
    if (!sound(&r->rec, ready, r->partial.n))
        return CQLR_E_WORKER;
    r->p += sizeof r->rec;
    r->held = sizeof r->rec + cqlr__padded(r->rec.bytes);
    return 1;
}

/* Moves a piece from the ring to the bytes that are collected. */
static int collect(struct cqlr__reader *r)
{
    cqlr_wr_raw(&r->partial, r->p, r->rec.bytes);
    if (r->partial.rc)
        return CQLR_E_NOMEM;
    cqlr__ring_consume(r->ring, r->held);
    r->held = 0;
    r->p = r->partial.p;
    r->rec.bytes = r->partial.n;
    return 1;
}

int cqlr__reader_next(struct cqlr__reader *r, struct cqlr__record *rec, const uint8_t **p)
{
    while (!r->given) {
        int rc = look(r);
        if (rc == 1 && (r->rec.kind == CQLR__RECORD_CHUNK || r->partial.n))
            rc = collect(r);
        if (rc < 1)
            return rc;
        r->given = r->rec.kind != CQLR__RECORD_CHUNK;
    }
    *rec = r->rec;
    *p = r->p;
    return 1;
}

void cqlr__reader_take(struct cqlr__reader *r)
{
    if (r->held)
        cqlr__ring_consume(r->ring, r->held);
    r->held = 0;
    r->given = false;
    if (r->partial.cap > CQLR__MESSAGE_MAX) { /* a giant page: give its memory back */
        cqlr_wr_fini(&r->partial);
        cqlr_wr_init(&r->partial, NULL, SIZE_MAX / 2);
    }
    cqlr_wr_reset(&r->partial);
}

int cqlr__record_read(const struct cqlr_wr *from, size_t *off, struct cqlr__record *rec,
                      const uint8_t **p)
{
    if (*off >= from->n)
        return 0;
    memcpy(rec, from->p + *off, sizeof *rec);
    *p = from->p + *off + sizeof *rec;
    *off += sizeof *rec + (size_t)rec->bytes;
    return 1;
}

void cqlr__record_write(struct cqlr_wr *to, const struct cqlr__record *rec, const uint8_t *p)
{
    size_t start = to->n;
    cqlr_wr_raw(to, rec, sizeof *rec);
    cqlr_wr_raw(to, p, rec->bytes);
    if (to->rc)
        to->n = start;
}

void cqlr__failure_write(struct cqlr_wr *w, const struct cqlr_err *err)
{
    const struct cqlr__failure f = {err->code, err->sys_errno, err->server_code};
    cqlr_wr_raw(w, &f, sizeof f);
    cqlr_wr_raw(w, err->text, strlen(err->text));
}

void cqlr__failure_read(const uint8_t *p, size_t n, struct cqlr_err *err)
{
    struct cqlr__failure f = {CQLR_E_WORKER, 0, 0};
    struct cqlr_str text = {"", 0};
    if (n >= sizeof f) {
        memcpy(&f, p, sizeof f);
        text = (struct cqlr_str){(const char *)p + sizeof f, n - sizeof f};
    }
    text.n = text.n < CQLR_ERR_TEXT ? text.n : CQLR_ERR_TEXT - 1;
    cqlr__err_set(err, f.code < 0 ? f.code : CQLR_E_WORKER, "%.*s", CQLR_STR(text));
    err->sys_errno = f.sys_errno;
    err->server_code = f.server_code;
}

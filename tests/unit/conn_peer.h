/*
 * conn_peer.h - the server's end of a connection that is open, as a link: it reads what is there,
 * gives each request to the test, and sends what fits, without ever waiting.
 */
#ifndef CQLRAW_TESTS_CONN_PEER_H
#define CQLRAW_TESTS_CONN_PEER_H

#include "tests/unit/conn_help.h"

struct peer {
    struct host *h;
    cqlr_link *l;
    bool deaf; /* does not read */
    void (*on_request)(struct peer *p, const struct cqlr_event *ev);
    void *arg;
};

static inline void peer_init(struct peer *p, struct host *h,
                             void (*on_request)(struct peer *, const struct cqlr_event *))
{
    *p = (struct peer){.h = h, .l = link_of(CQLR_SERVER, NULL), .on_request = on_request};
    assert_non_null(p->l);
}

static inline void peer_fini(struct peer *p)
{
    cqlr_link_free(p->l);
}

/* A RESULT with this body. */
static inline void peer_answer(struct peer *p, int stream, const void *body, size_t n)
{
    struct cqlr_wr *w = cqlr_link_begin(p->l);
    cqlr_wr_raw(w, body, n);
    assert_int_equal(cqlr_link_respond(p->l, CQLR_OP_RESULT, 0, (int16_t)stream), 0);
}

static inline void peer_read(struct peer *p)
{
    struct cqlr_event ev;
    ssize_t got;
    do {
        size_t room;
        uint8_t *to = cqlr_link_room(p->l, &room);
        assert_non_null(to);
        got = recv(p->h->server, to, room, MSG_DONTWAIT);
        if (got <= 0)
            break;
        cqlr_link_fed(p->l, (size_t)got);
        while (cqlr_link_next(p->l, &ev) == 1)
            p->on_request(p, &ev);
    } while (!p->deaf);
    assert_int_equal(cqlr_link_err(p->l)->code, 0);
}

static inline void peer_write(struct peer *p)
{
    const uint8_t *out;
    size_t n;
    while ((n = cqlr_link_out(p->l, &out)) > 0) {
        ssize_t sent = send(p->h->server, out, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent <= 0)
            break;
        cqlr_link_sent(p->l, (size_t)sent);
    }
}

static inline void peer_turn(struct peer *p)
{
    if (!p->deaf)
        peer_read(p);
    peer_write(p);
}

#endif

/*
 * conn.h - one connection: a socket, a link, requests with deadlines. It knows no loop.
 *
 * The host polls cqlr_conn_fd for cqlr_conn_wants, calls cqlr_conn_ready when it is ready,
 * cqlr_conn_time when cqlr_conn_deadline has passed, and cqlr_conn_flush once after it has
 * submitted requests. `now` is monotonic nanoseconds from one clock throughout.
 *
 * The promise: if cqlr_conn_submit fails, the callback never runs; else it runs exactly once, never
 * from inside submit: with the answer, or with CQLR_E_TIMEOUT, or with the code that the connection
 * was closed with. A late answer of a request that timed out is never given to another one.
 *
 * All functions may be called inside a callback; cqlr_conn_ready and cqlr_conn_time do nothing
 * there, and what they are for is still to be done afterwards. In a forked child a connection may
 * only be freed, which sends nothing, but runs the callbacks there too.
 */
#ifndef CQLRAW_CONN_H
#define CQLRAW_CONN_H

#include <sys/socket.h>

#include <cqlraw/link.h>
#include <cqlraw/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cqlr_conn cqlr_conn;

/* rc 0: ev is the answer (opcode RESULT, ERROR, SUPPORTED, READY ...), its views borrowed until the
 * callback returns. rc < 0: ev is NULL and the reason stands in cqlr_conn_err, except for
 * CQLR_E_TIMEOUT, which leaves the connection as it is. */
typedef void cqlr_conn_reply_fn(void *arg, int rc, const struct cqlr_event *ev);

struct cqlr_conn_opts {
    size_t size;                  /* set by cqlr_conn_opts_init */
    const struct cqlr_mem *mem;   /* NULL = malloc; borrowed until the connection is freed */
    uint32_t max_frame;           /* longest answer accepted, 1 .. CQLR_FRAME_MAX (default) */
    const char *application_name; /* for STARTUP; NULL = not sent */
    const char *application_version;
    const char *username; /* as in link.h; borrowed until on_open or on_close */
    const char *password;
    uint64_t connect_timeout; /* ns from open to READY; default 5 s */
    uint64_t request_timeout; /* ns from submit to answer; default 10 s; CQLR_NEVER = none */
    /* Called once each at most: the handshake is done; and the connection has ended (rc: why;
     * cqlr_conn_err has the text). Before on_close returns, every pending request has had its
     * callback. on_close runs also when opening failed later than in cqlr_conn_open itself, and not
     * when that call failed. The descriptor is still open in on_close, so that the host can take it
     * out of its loop there, and is closed before the call that ended the connection returns. */
    void (*on_open)(void *arg);
    void (*on_close)(void *arg, int rc);
    void (*on_push)(void *arg, const struct cqlr_event *ev); /* EVENT messages; ev as above */
    void *arg;             /* of these three, each of which may be NULL */
    const char *client_id; /* this and the rest: as in link.h */
    bool throw_on_overload;
    bool no_compact;
    enum cqlr_compression compression;
    uint32_t compress_from;
    cqlr_tls *tls;        /* NULL = plaintext; borrowed until the connection is freed */
    const char *tls_name; /* with tls: the name or address that the certificate must be for (unless
                             tls names one itself); borrowed until cqlr_conn_new returns */
    /* Once at most, when the peer is reached and before anything is sent to it. May close. */
    void (*on_connect)(void *arg);
    /* A peer from which nothing came for heartbeat_interval, with or without requests in flight, is
     * asked (OPTIONS on stream 0); when nothing comes for heartbeat_timeout after that either, the
     * connection ends with CQLR_E_CLOSED. A question that cannot leave counts as one that is not
     * answered, so what takes longer than both to send needs longer ones. From on_open on; ns;
     * default 10 s and 5 s; CQLR_NEVER or 0 = none. */
    uint64_t heartbeat_interval;
    uint64_t heartbeat_timeout;
    /* Answers a server's authenticator instead of SASL PLAIN; with `arg`. What it writes leaves as
     * it is, encrypted or not. NULL = PLAIN with username and password. */
    cqlr_auth_fn *on_auth;
    /* The password may leave unencrypted to other machines too. Without it that is CQLR_E_AUTH,
     * when a server asks for it; a Unix socket and addresses of the loopback are this machine. */
    bool plaintext_password;
};
CQLR_API void cqlr_conn_opts_init(struct cqlr_conn_opts *o, size_t size);

/* Owned by the caller, free with cqlr_conn_free. NULL when memory ran out or the options are wrong.
 */
CQLR_API cqlr_conn *cqlr_conn_new(const struct cqlr_conn_opts *o);
/* Closes it first, as cqlr_conn_close does. Nothing is called after this has returned. Allowed
 * inside a callback: descriptor and memory go when the callback has returned. */
CQLR_API void cqlr_conn_free(cqlr_conn *c);

/* Starts to connect, to an address of IPv4, IPv6 or AF_UNIX. 0, or CQLR_E_CONNECT or CQLR_E_STATE
 * (once per object) with the reason in cqlr_conn_err. */
CQLR_API CQLR_MUST_USE int cqlr_conn_open(cqlr_conn *c, const struct sockaddr *addr, socklen_t n,
                                          uint64_t now);
/* Ends it now: pending requests get CQLR_E_CLOSED, then on_close runs with that code. Does nothing
 * when it has ended already. Allowed inside a callback. */
CQLR_API void cqlr_conn_close(cqlr_conn *c);

CQLR_API int cqlr_conn_fd(const cqlr_conn *c);            /* -1 before open and after the end */
CQLR_API unsigned cqlr_conn_wants(const cqlr_conn *c);    /* CQLR_READ | CQLR_WRITE */
CQLR_API uint64_t cqlr_conn_deadline(const cqlr_conn *c); /* CQLR_NEVER: none */
/* Moves bytes and calls whom they concern. `events`: what the descriptor is ready for (CQLR_READ,
 * CQLR_WRITE, CQLR_HANGUP). */
CQLR_API void cqlr_conn_ready(cqlr_conn *c, unsigned events, uint64_t now);
/* Ends what should have been done by `now`: requests with CQLR_E_TIMEOUT, connecting as a whole;
 * asks a silent peer, and ends the connection when it does not answer. */
CQLR_API void cqlr_conn_time(cqlr_conn *c, uint64_t now);

/* Submitting: write the body to what begin gives (borrowed until submit or drop), then submit. 0,
 * or CQLR_E_STATE before on_open and after the end, CQLR_E_AGAIN when all streams are taken,
 * CQLR_E_NOMEM, CQLR_E_LIMIT, CQLR_E_RANGE (see cqlr_link_begin and cqlr_link_request); what was
 * written is then dropped. `timeout` in ns, 0 = request_timeout of the options, CQLR_NEVER = none.
 * Bytes leave at the next cqlr_conn_flush. Those that time out in one call are told in the order of
 * their deadlines, and with the same deadline in the order in which they were submitted; so are
 * those that the end of the connection leaves without an answer. */
CQLR_API struct cqlr_wr *cqlr_conn_begin(cqlr_conn *c);
CQLR_API CQLR_MUST_USE int cqlr_conn_submit(cqlr_conn *c, uint8_t opcode, uint8_t flags,
                                            uint64_t timeout, cqlr_conn_reply_fn *fn, void *arg,
                                            uint64_t now);
/* Drops what was written since begin, or what a failed submit has dropped already. */
CQLR_API void cqlr_conn_drop(cqlr_conn *c);
/* Sends what is waiting, in one call to the kernel when it takes it all; inside a callback, when
 * the callback has returned. Errors end the connection (on_close runs). */
CQLR_API void cqlr_conn_flush(cqlr_conn *c);

/* Requests that wait for their callback; and those that timed out and whose answer has not come:
 * each of them holds a stream id until it does. */
CQLR_API unsigned cqlr_conn_in_flight(const cqlr_conn *c);
CQLR_API unsigned cqlr_conn_orphans(const cqlr_conn *c);
/* Why it ended or was not opened; code 0 before. Borrowed until the connection is freed. */
CQLR_API const struct cqlr_err *cqlr_conn_err(const cqlr_conn *c);
/* "TLSv1.3, TLS_AES_256_GCM_SHA384" or "TLSv1.3, TLS_AES_256_GCM_SHA384, resumed" from the moment
 * on when the TLS handshake is done (and the server is who it should be) until the end; else "".
 * Borrowed likewise. */
CQLR_API const char *cqlr_conn_tls(const cqlr_conn *c);
/* "127.0.0.1:9042" of the peer, or "unix:/path"; "" before cqlr_conn_open. Borrowed likewise. */
CQLR_API const char *cqlr_conn_peer(const cqlr_conn *c);

/*
 * Contact points as text (client.h) → addresses for cqlr_conn_open: fn is called for each address
 * of each of them, in order; with addr NULL and the reason in err for one that cannot be resolved.
 * Everything is borrowed until fn returns; a negative code of fn ends it. May block in getaddrinfo.
 * 0, fn's code, or CQLR_E_USAGE or CQLR_E_NOMEM with the reason in err.
 */
typedef int cqlr_resolve_fn(void *arg, const struct sockaddr *addr, socklen_t n,
                            const struct cqlr_err *err);
CQLR_API CQLR_MUST_USE int cqlr_resolve(const char *contact_points, uint16_t port,
                                        cqlr_resolve_fn *fn, void *arg, struct cqlr_err *err);

#ifdef __cplusplus
}
#endif
#endif

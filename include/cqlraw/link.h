/*
 * link.h - one connection's protocol without its I/O: bytes in, events out.
 *
 * A link is fed the bytes that arrived and is asked for events until it has none; it is told what
 * to send and offers the bytes that must leave. It calls nothing back, knows no socket and no
 * clock, and takes either role: a server is the same code turned round. The whole driver of a link
 * is:
 *
 *     room = cqlr_link_room(l, &n);  got = recv(fd, room, n);  cqlr_link_fed(l, got);
 *     while ((rc = cqlr_link_next(l, &ev)) == 1) handle(&ev);
 *     n = cqlr_link_out(l, &p);  sent = send(fd, p, n);  cqlr_link_sent(l, sent);
 *
 * A client link queues STARTUP when it is made and gives the event OPEN when the server is READY.
 * Stream 0 is used for the handshake and the heartbeat; requests use 1..32767. A stream whose
 * request was given up (cqlr_link_forget) stays reserved until its late answer arrives, which is
 * then swallowed.
 */
#ifndef CQLRAW_LINK_H
#define CQLRAW_LINK_H

#include <cqlraw/msg.h>
#include <cqlraw/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cqlr_link cqlr_link;

enum cqlr_role { CQLR_CLIENT, CQLR_SERVER };

struct cqlr_link_opts {
    size_t size; /* set by cqlr_link_opts_init */
    enum cqlr_role role;
    const struct cqlr_mem *mem;      /* NULL = malloc; borrowed until the link is freed */
    uint32_t max_frame;              /* longest body accepted, 1 .. CQLR_FRAME_MAX (default) */
    uint16_t max_streams;            /* client: ids 1..max_streams; default and most 32767 */
    const char *application_name;    /* client: sent in STARTUP when not NULL; borrowed until
                                        cqlr_link_new returns */
    const char *application_version; /* likewise */
    const char *username; /* client: SASL PLAIN when the server sends AUTHENTICATE; NULL or empty
                             (RFC 4616 has no empty ones): that is CQLR_E_AUTH. Borrowed until OPEN
                             or the failure. */
    const char *password;
    const char *client_id;  /* client: CLIENT_ID of STARTUP, a UUID as text that all connections of
                               one program share; as application_name */
    bool throw_on_overload; /* client: THROW_ON_OVERLOAD of STARTUP: the server answers OVERLOADED
                               where it would else stop reading */
    bool no_compact;        /* client: NO_COMPACT of STARTUP, for servers before 4.0 */
    enum cqlr_compression compression; /* client: COMPRESSION of STARTUP; LZ4 makes no link when
                                          cqlr_lz4_built says false. Default none. */
    uint32_t compress_from; /* bodies of so many bytes leave compressed, once that is agreed on,
                               where it makes them smaller; default 512 */
    bool auth_events; /* client: what a server says of authentication is an event, which the host
                         answers. false: it is answered with SASL PLAIN */
};
CQLR_API void cqlr_link_opts_init(struct cqlr_link_opts *o, size_t size);

/* Owned by the caller, free with cqlr_link_free. NULL only when memory ran out or the options are
 * wrong. */
CQLR_API cqlr_link *cqlr_link_new(const struct cqlr_link_opts *o);
CQLR_API void cqlr_link_free(cqlr_link *l);

/* One step of a SASL exchange (sections 4.1.2, 4.2.6, 4.2.7). Borrowed until the callback returns.
 */
struct cqlr_auth_step {
    unsigned round;                /* 0: the server asks for authentication; then its challenges,
                                      and its success */
    struct cqlr_str authenticator; /* the class that the server named */
    struct cqlr_value challenge;   /* null in round 0; a server's may be null or empty, too */
    bool success; /* it is over: `challenge` is the server's last token, and nothing is
                     to be written; refuse it if it proves too little */
};
/* Appends the answer to `token` (overwritten when it has left; at most CQLR_FRAME_MAX - 4 bytes;
 * none is an empty token). 0, or negative: not authenticated, with the reason in err; connection
 * and link then end with CQLR_E_AUTH. At most CQLR_AUTH_ROUNDS rounds are answered. */
#define CQLR_AUTH_ROUNDS 10
typedef int cqlr_auth_fn(void *arg, const struct cqlr_auth_step *step, struct cqlr_wr *token,
                         struct cqlr_err *err);

enum cqlr_event_kind {
    CQLR_EV_OPEN,    /* client: the handshake is done, requests may be sent */
    CQLR_EV_REPLY,   /* client: the answer to the request with this stream and tag */
    CQLR_EV_PUSH,    /* client: an EVENT of the server (stream -1) */
    CQLR_EV_REQUEST, /* server: a request; answer it with cqlr_link_begin and cqlr_link_respond.
                        STARTUP comes as a request too. */
    CQLR_EV_AUTH     /* client with auth_events: AUTHENTICATE, AUTH_CHALLENGE or AUTH_SUCCESS */
};

/* What arrived. All its pointers are borrowed until the next cqlr_link_next, cqlr_link_room or
 * cqlr_link_feed. */
struct cqlr_event {
    enum cqlr_event_kind kind;
    uint8_t opcode;
    uint8_t flags; /* of the header; with CQLR_FLAG_COMPRESSED, too, prefix and body are plain */
    int16_t stream;
    void *tag;                         /* REPLY: what cqlr_link_request was given */
    struct cqlr_prefix prefix;         /* section 2.2: trace id, warnings, payload; zero without */
    struct cqlr_bytes body;            /* behind the prefix */
    const struct cqlr_auth_step *auth; /* AUTH only */
};

/* Where to put received bytes: at least 1, usually many; *n says how many fit. NULL when the link
 * has failed, which it has when there is no memory. Borrowed until cqlr_link_fed. The buffer grows
 * with the bytes received, never with a length that a peer announced. */
CQLR_API uint8_t *cqlr_link_room(cqlr_link *l, size_t *n);
/* n bytes (at most as many as fit) were put there. */
CQLR_API void cqlr_link_fed(cqlr_link *l, size_t n);
/* room + copy + fed, for those who have the bytes elsewhere. 0 or the link's error. */
CQLR_API CQLR_MUST_USE int cqlr_link_feed(cqlr_link *l, const void *p, size_t n);

/*
 * 1 and the next event; 0 when more bytes are needed; negative when the peer broke the protocol,
 * refused the handshake, or told a connection-level error (ERROR on stream 0): the link has then
 * failed for good, the reason stands in cqlr_link_err, and every later call says the same.
 */
CQLR_API CQLR_MUST_USE int cqlr_link_next(cqlr_link *l, struct cqlr_event *ev);
/* Why the link has failed; code 0 while it has not. Borrowed until the link is freed. */
CQLR_API const struct cqlr_err *cqlr_link_err(const cqlr_link *l);

/*
 * The answer to CQLR_EV_AUTH, one of these four, at once or later: until then cqlr_link_next gives
 * 0; afterwards it must be asked again. Each is 0, or CQLR_E_STATE when nothing is to be answered,
 * or the error that the link has failed with now, which cqlr_link_next gives, too.
 *
 * The token is copied, and the copy overwritten when it has left; nothing can be written until
 * then. CQLR_NULL is a null token; more than CQLR_FRAME_MAX - 4 bytes are CQLR_E_LIMIT.
 */
CQLR_API int cqlr_link_authenticate(cqlr_link *l, struct cqlr_value token);
/* Round 0: SASL PLAIN with username and password of the options. No further events of
 * authentication come: success opens, a challenge is CQLR_E_AUTH. */
CQLR_API int cqlr_link_authenticate_plain(cqlr_link *l);
/* After success: the server has proven enough; OPEN is the next event. */
CQLR_API int cqlr_link_authenticated(cqlr_link *l);
/* The link fails with the code (0: CQLR_E_AUTH) and the text of `why`. */
CQLR_API int cqlr_link_refuse(cqlr_link *l, const struct cqlr_err *why);

/* true when bytes of a frame that is not complete yet are held: an end of stream now would be a
 * truncation. */
CQLR_API bool cqlr_link_mid_frame(const cqlr_link *l);

/*
 * Sending: begin gives the writer, positioned behind the header; write the body to it (only
 * append); then end it with one of the three below. Nothing else may be called between. NULL when
 * the link has failed, and while the password waits to leave.
 */
CQLR_API struct cqlr_wr *cqlr_link_begin(cqlr_link *l);
/* Client: the frame is a request. Gives the stream (1..32767), or CQLR_E_AGAIN when all are taken,
 * CQLR_E_STATE before OPEN, or the writer's error; what was written is then dropped. `flags` as in
 * enum cqlr_frame_flag; whether a body leaves compressed is the link's to say. */
CQLR_API CQLR_MUST_USE int cqlr_link_request(cqlr_link *l, uint8_t opcode, uint8_t flags,
                                             void *tag);
/* Server: the frame answers the request that came on `stream`. 0 or the writer's error (the frame
 * is dropped). */
CQLR_API CQLR_MUST_USE int cqlr_link_respond(cqlr_link *l, uint8_t opcode, uint8_t flags,
                                             int16_t stream);
/* Drops what was written since begin. */
CQLR_API void cqlr_link_drop(cqlr_link *l);

/* Client, after OPEN: queues OPTIONS on stream 0, which every server answers, also when all streams
 * are taken. The answer is no event. 0; CQLR_E_AGAIN: the one before has no answer yet, nothing is
 * queued; CQLR_E_STATE; CQLR_E_NOMEM; or the link's error. */
CQLR_API CQLR_MUST_USE int cqlr_link_heartbeat(cqlr_link *l);

/*
 * Compression (section 5). A client asks for it in STARTUP. From then on answers may come
 * compressed, each as the server likes, READY and AUTHENTICATE included: a server that does not
 * heed the option works. One that refuses it (ERROR 0x000A) is an error that names it: whoever asks
 * for compression may have a reason, and asking which kinds there are first would cost a round
 * trip. Requests are compressed once the server has shown that it does so itself, with a first body
 * (Cassandra's READY is one): never STARTUP, and never the password.
 *
 * A plain body lies in a buffer of the link's, which holds one body, at most max_frame bytes, and
 * gives memory back that one large body needed. A compressed body that does not hold exactly what
 * it announces ends the connection.
 *
 * A server calls this when it grants what a STARTUP asked for, also between begin and respond:
 * requests may then come compressed, and answers leave so. 0, or CQLR_E_STATE: not a server, or a
 * library built without LZ4.
 */
CQLR_API CQLR_MUST_USE int cqlr_link_compress(cqlr_link *l, enum cqlr_compression compression);

/* The request on this stream is given up (timed out): its answer will be swallowed, its id is not
 * used until then. */
CQLR_API void cqlr_link_forget(cqlr_link *l, int16_t stream);

/* The bytes that must leave (0: none), and how many of them left. *p is borrowed until the next
 * cqlr_link_sent, cqlr_link_begin or cqlr_link_next. */
CQLR_API size_t cqlr_link_out(const cqlr_link *l, const uint8_t **p);
CQLR_API void cqlr_link_sent(cqlr_link *l, size_t n);

/* Client: OPEN was given and the link has not failed. */
CQLR_API bool cqlr_link_is_open(const cqlr_link *l);
/* Requests without an answer: those that were not given up, and those that were. */
CQLR_API unsigned cqlr_link_in_flight(const cqlr_link *l);
CQLR_API unsigned cqlr_link_orphans(const cqlr_link *l);

#ifdef __cplusplus
}
#endif
#endif

/*
 * internal.h - the inside of a link, shared by the files that make it: link.c (life), link_in.c
 * (bytes → events), link_out.c (messages → bytes), pack.c (prefix, compression), hello.c (the
 * handshake), auth.c (authentication in it).
 */
#ifndef CQLRAW_PROTO_LINK_INTERNAL_H
#define CQLRAW_PROTO_LINK_INTERNAL_H

#include <cqlraw/link.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "proto/link/stream.h"

#define CQLR__LINK_VERSION  4
#define CQLR__LINK_RESPONSE 0x80 /* direction bit of the first byte of a header */

/* A buffer that has become empty keeps its memory up to this size; a larger one shrinks by and by
 * when little of it is used. */
#define CQLR__LINK_KEEP ((size_t)1024 * 1024)

/* How far a client's handshake is; a server's stays at the first. */
enum cqlr__hello {
    CQLR__HELLO_STARTUP, /* STARTUP is queued */
    CQLR__HELLO_AUTH,    /* AUTH_RESPONSE is queued */
    CQLR__HELLO_DONE,
    CQLR__HELLO_ASKED, /* the host must answer CQLR_EV_AUTH; what comes meanwhile waits */
    CQLR__HELLO_PROVEN /* the host has accepted the server's success: OPEN is next */
};

struct cqlr_link {
    const struct cqlr_mem *mem;
    enum cqlr_role role;
    enum cqlr__hello hello;
    const char *username; /* client: borrowed, not looked at when the handshake is over */
    const char *password;
    bool auth_events;           /* client: authentication is told */
    struct cqlr_auth_step step; /* client: the last one; its authenticator is owned */
    uint8_t first_byte;         /* of every frame that is received: direction and version */
    uint32_t opcodes;           /* bit n: opcode n belongs to the direction that is received */
    uint32_t max_frame;
    struct cqlr_err err; /* code != 0: the link has failed for good */

    uint8_t *in; /* received bytes; in_start..in_end is not consumed yet */
    size_t in_cap;
    size_t in_start;
    size_t in_end;

    struct cqlr_wr out; /* frames; out_start..n has not left yet */
    size_t out_start;
    size_t out_frame; /* where the header of the frame being written goes */
    bool writing;     /* between begin and its end */
    bool asked;       /* client: OPTIONS is out on stream 0 */
    bool secret; /* a password is among the bytes of `out`: they are wiped when they have left */

    struct cqlr__streams streams;

    enum cqlr_compression compression; /* asked for (client) or granted (server) */
    bool packs; /* bodies leave compressed: the peer has asked for it, or has sent one */
    uint32_t compress_from;
    struct cqlr_wr plain;  /* the body of the last event that came compressed */
    struct cqlr_wr packed; /* scratch: the body that leaves */
};

/* A body that is compressed, or has a prefix → ev->prefix and ev->body. A plain one lies in
 * l->plain until the next. 0 or the link's error. */
int cqlr__link_unpack(struct cqlr_link *l, const struct cqlr_frame *f, const uint8_t *body,
                      struct cqlr_event *ev);
/* With compression: makes the body of the frame that is being written smaller. false when it stays
 * plain. */
bool cqlr__link_pack(struct cqlr_link *l);

/* Overwrites what is in the output buffer. */
void cqlr__link_wipe_out(struct cqlr_link *l);

/* Puts the header in front of what was written since cqlr_link_begin. 0 or the writer's error (the
 * frame is dropped). */
int cqlr__link_end_frame(struct cqlr_link *l, uint8_t opcode, uint8_t flags, int16_t stream);

/* Client: queues STARTUP. 0, CQLR_E_NOMEM, or CQLR_E_RANGE (a name is too long). */
int cqlr__hello_start(struct cqlr_link *l, const struct cqlr_link_opts *o);
/* Client: a frame on stream 0. 1 and OPEN in ev, 0 when the handshake goes on, or the link's error.
 */
int cqlr__hello_frame(struct cqlr_link *l, const struct cqlr_frame *f, struct cqlr_event *ev);
/* Client: nothing is left to be said: OPEN in ev, returns 1. */
int cqlr__hello_open(struct cqlr_link *l, struct cqlr_event *ev);

/* auth.c, client: what AUTHENTICATE, AUTH_CHALLENGE and AUTH_SUCCESS lead to; as cqlr__hello_frame.
 */
int cqlr__auth_asked(struct cqlr_link *l, struct cqlr_event *ev);
int cqlr__auth_challenge(struct cqlr_link *l, struct cqlr_event *ev);
int cqlr__auth_success(struct cqlr_link *l, struct cqlr_event *ev);
/* Client, ASKED or PROVEN: 0, or 1 and OPEN in ev, or the link's error. */
int cqlr__auth_next(struct cqlr_link *l, struct cqlr_event *ev);
void cqlr__auth_fini(struct cqlr_link *l);

/* Client: an ERROR in a header of another version: the server refuses ours. */
int cqlr__hello_other_version(struct cqlr_link *l, unsigned version, const struct cqlr_event *ev);
/* Server: answers a frame of another version as native_protocol_v4.spec section 2.1 wants it, and
 * fails. */
int cqlr__hello_refuse_version(struct cqlr_link *l, unsigned version);

/* Fails with `code` and the text of an ERROR message, or with the error of reading it. Returns the
 * code that stands. */
int cqlr__link_server_error(struct cqlr_link *l, int code, struct cqlr_bytes body);

#endif

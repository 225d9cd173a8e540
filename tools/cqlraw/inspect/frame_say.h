/*
 * frame_say.h - what the functions that say a message share: frame_print.c calls them by opcode.
 */
#ifndef CQLRAW_FRAME_SAY_H
#define CQLRAW_FRAME_SAY_H

#include "fields.h"
#include "frame_print.h"

struct printer {
    struct fields f;
    struct cqlr_rd r; /* the body, as it was before it was compressed */
    const struct cqlr_frame *frame;
    const struct frame_style *style;
    const struct frame_about *about; /* never NULL */
};

void say_consistency(struct fields *f, const char *key, uint16_t code);
/* Bytes that only the peers understand; those of AUTH_RESPONSE hold a password. */
void say_opaque(struct printer *p, const char *key, struct cqlr_value v);
/* CQL, or a message that may quote it: without passwords. */
void say_cql(struct printer *p, const char *key, struct cqlr_str text);
/* The rest of the body as bytes, and why. Returns 0. */
int say_undecoded(struct printer *p, const char *why);

/* Each reads what is behind the prefix, from p->r. 0 or a negative code with the reason in its err.
 */
int say_startup(struct printer *p);
int say_register(struct printer *p);
int say_query(struct printer *p);
int say_prepare(struct printer *p);
int say_execute(struct printer *p);
int say_batch(struct printer *p);
int say_token(struct printer *p); /* AUTH_RESPONSE, AUTH_CHALLENGE and AUTH_SUCCESS */
int say_authenticate(struct printer *p);
int say_supported(struct printer *p);
int say_error(struct printer *p);
int say_result(struct printer *p);
int say_event(struct printer *p);

#endif

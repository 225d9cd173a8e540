/*
 * frame_talk.h - what frames of a connection are to each other: which response answers which
 * request, which statement an EXECUTE means, which columns its rows have, how bodies are
 * compressed. Pure.
 */
#ifndef CQLRAW_FRAME_TALK_H
#define CQLRAW_FRAME_TALK_H

#include "frame_print.h"

/* A statement that was prepared anywhere in the capture: ids are the same on all servers. */
struct talk_statement {
    struct cqlr_bytes id;
    struct cqlr_str cql;
    struct cqlr_columns *markers, *columns;
};

/* A request that has no answer yet. */
struct talk_request {
    struct talk_request *before, *behind; /* in order of time */
    uint64_t key;                         /* connection and stream */
    uint64_t time_ns;
    uint32_t connection;
    struct cqlr_frame frame;
    struct cqlr_str cql; /* QUERY, PREPARE, EXECUTE of a statement that is known */
    const struct talk_statement *statement;
    enum frame_compression compression; /* STARTUP */
    char *text;                         /* private */
};

/* A frame in its place. */
struct talk_frame {
    const struct cqlr_frame *frame;
    struct cqlr_bytes body;   /* as it came, whole */
    struct cqlr_bytes plain;  /* once decompressed, valid until the next frame; p is NULL when it
                                 cannot be */
    struct frame_about about; /* in: connection, time; the rest is filled in */
    struct talk_request *request;  /* a response: which it answers, or NULL */
    struct talk_request *replaced; /* a request: one on the same stream that never was answered */
    bool segments;                 /* behind this one the connection goes on in segments of v5 */
};

struct talk;
struct talk *talk_new(void); /* NULL: no memory */
void talk_free(struct talk *t);

/* 0, or CQLR_E_NOMEM. f->request and f->replaced are the caller's to give back to talk_done. */
int talk_hear(struct talk *t, struct talk_frame *f);
void talk_done(struct talk *t, struct talk_request *r);
/* The oldest request without an answer, or NULL. */
struct talk_request *talk_waiting(const struct talk *t);

#endif

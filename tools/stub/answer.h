/*
 * answer.h - one request of a connection → one answer.
 */
#ifndef STUB_ANSWER_H
#define STUB_ANSWER_H

#include <cqlraw/link.h>

#include "prepared.h"

/* What all connections share. */
struct stub_store {
    struct stub_tables tables;
    struct stub_prepared_list prepared;
    struct cqlr_str user; /* who may come in; p NULL = everybody */
    struct cqlr_str password;
};

/* What one connection has said so far. Zero-initialise, then set store. */
struct stub_session {
    struct stub_store *store;
    bool asked;           /* AUTHENTICATE is the last word so far */
    bool started;         /* READY, or AUTH_SUCCESS */
    const char *keyspace; /* of USE, or NULL */
};

/* Queues exactly one answer in the link. 0, or negative: the connection cannot go on (out of
 * memory). */
int stub_answer(struct stub_session *s, cqlr_link *l, const struct cqlr_event *request);

#endif

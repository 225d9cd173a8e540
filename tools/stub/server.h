/*
 * server.h - the inside of a stub: the listener (server.c) and its connections, which are answered
 * by the stub itself (conn.c), passed on and recorded (relay.c), or answered from a recording
 * (replay.c).
 */
#ifndef STUB_SERVER_H
#define STUB_SERVER_H

#include "answer.h"
#include "listen.h"
#include "recording.h"
#include "relay.h"
#include "stub.h"

/* One connection of whatever kind, in the list of those that end with the stub. The first member of
 * its struct. */
struct stub_member {
    struct stub_member *next;
    struct stub_member **prev;
    void (*close)(struct stub_member *m);
};

struct stub {
    const struct cqlr_mem *mem;
    cqlr_loop *loop;
    struct stub_listener listener;
    struct cqlr_watch accepting; /* the listener in the loop */
    struct cqlr_timer retry;     /* when to accept again after descriptors ran out */
    uint64_t delay;
    void (*open)(struct stub *s, int fd); /* one of those below */
    struct stub_store store;              /* of conn.c */
    struct stub_relay relay;              /* of relay.c */
    struct stub_recording *recording;     /* of replay.c */
    struct stub_member *members;
    struct stub_stats *stats; /* the host's, or our own */
    struct stub_stats own_stats;
    void (*on_note)(void *arg, const char *text);
    void *arg;
    struct cqlr_err err; /* why it cannot go on; code 0 while it can */
};

void stub_join(struct stub *s, struct stub_member *m);
void stub_leave(struct stub_member *m);

/* One line for people, to who wants to hear it. */
__attribute__((format(printf, 2, 3))) void stub_note(const struct stub *s, const char *format, ...);

/* Serves on an accepted, non-blocking socket, which it closes in the end, in any case. */
void stub_conn_open(struct stub *s, int fd);
void stub_relay_open(struct stub *s, int fd);
void stub_replay_open(struct stub *s, int fd);

#endif

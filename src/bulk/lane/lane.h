/*
 * lane.h - the two ways between the parent and one worker: a ring of records upwards, and a framed
 * stream of messages in both directions.
 *
 * A record is output and progress: bytes for the output, and how far its unit has come with them.
 * The parent commits a record as a whole or not at all, so a worker that dies in the middle leaves
 * nothing half done: what it published is good, the rest is executed again. Whatever comes from a
 * worker is checked before it is used.
 */
#ifndef CQLRAW_SRC_BULK_LANE_H
#define CQLRAW_SRC_BULK_LANE_H

#include <cqlraw/wire.h>

#include "src/bulk/lane/hist.h"
#include "src/bulk/lane/ring.h"

/* ---- records (worker → parent, in the ring) ---- */

enum cqlr__record_kind {
    CQLR__RECORD_PAGES =
        1, /* output of complete parameter sets, the last of them perhaps only up to a page */
    CQLR__RECORD_ERROR, /* a parameter set failed: the bytes are a struct cqlr__failure */
    CQLR__RECORD_CHUNK  /* a piece of the output of the next record, which does not fit the ring */
};

struct cqlr__record {
    uint32_t kind;
    uint32_t state; /* of the bytes, this many at the end are the paging state for next_page */
    uint64_t bytes; /* that follow, padded to 8 */
    uint64_t unit;
    uint64_t next_item; /* progress when this is committed: parameter sets of the unit that are
                           complete, */
    uint64_t next_page; /* and pages of the one behind them, */
    uint64_t item_rows; /* which had so many rows */
    uint64_t queries, empty, pages, rows; /* what it adds */
    uint64_t whole; /* bytes of the output (chunks included) up to the end of its last complete
                       parameter set */
    uint64_t slot;  /* whose it is: filled in by the parent when it keeps the record */
};

/* Why a parameter set failed: the fixed part, then the text. */
struct cqlr__failure {
    int32_t code, sys_errno, server_code;
};

/* Beside the ring, written by the worker. */
struct cqlr__gauges {
    _Alignas(64) _Atomic uint64_t first_submit; /* monotonic ns; 0 = none yet */
    _Atomic uint64_t last_answer;
    _Atomic uint64_t sent;      /* parameter sets that were submitted, counted over the units in the
                                   order they were given */
    _Atomic uint64_t retries;   /* pages asked for again after a refusal */
    _Atomic uint64_t outage_ns; /* in which work waited for a server to come back */
    _Atomic uint32_t in_flight;
    _Atomic uint32_t waiting; /* 1 while it has no connection and waits for the server */
    struct cqlr__hist latency;
};

/* ---- messages ---- */

enum cqlr__message_kind {
    /* parent → worker */
    CQLR__TO_CONNECT = 1, /* open your connection */
    CQLR__TO_SOURCE,      /* a batch begins, or a piece of what it works on: source_wire.c */
    CQLR__TO_UNIT,        /* struct cqlr__unit_message, paging state, texts */
    CQLR__TO_SPACE,       /* the ring has room again */
    CQLR__TO_STOP, /* submit nothing more; when nothing is under way and all is published, end */
    /* worker → parent */
    CQLR__UP_CONNECT, /* may I? */
    CQLR__UP_FAILED,  /* it could not, and will ask again later */
    CQLR__UP_READY,   /* connected and prepared; from the scout with the snapshot */
    CQLR__UP_HUNGRY,  /* uint64_t: so many parameter sets are left to submit */
    CQLR__UP_KICK,    /* something was published */
    CQLR__UP_FATAL    /* struct cqlr__failure: cannot go on */
};

/* Behind it a piece of the source's bytes (cqlr__source_write), or nothing when the one it was
 * forked with is meant. */
struct cqlr__source_message {
    uint64_t low;  /* ask for units when fewer parameter sets than this are left to submit */
    uint64_t left; /* bytes in the pieces behind this one */
    uint64_t inherited;
};

struct cqlr__unit_message {
    uint64_t unit, first, count;
    uint64_t item, page; /* where to begin, */
    uint64_t item_rows;  /* and how many rows that item has had */
    uint32_t careful;    /* workers have died over it: one request at a time while it lasts */
    uint32_t idempotent; /* all its parameter sets may be executed twice */
    uint32_t state;      /* bytes of paging state that follow */
    uint32_t texts; /* lines: bytes of texts behind them, each a 4-byte length (CQLR_NULL: null) and
                       bytes */
};

/* The text at *off of such texts, and moves *off behind it. Null: it is null, or none is left. */
struct cqlr_value cqlr__text_next(const struct cqlr_wr *texts, size_t *off);

struct cqlr__message {
    uint8_t kind;
    const uint8_t *p; /* borrowed until the next cqlr__stream_read */
    size_t n;
};

#define CQLR__MESSAGE_MAX                                                                          \
    (64u * 1024 *                                                                                  \
     1024) /* a unit holds a line of 16 MiB at most, a snapshot a frame's worth of columns */

/* One end of the stream. */
struct cqlr__stream {
    int fd;
    bool ended; /* the peer closed, or the socket failed */
    struct cqlr_wr in, out;
    size_t in_off, out_off;
};
void cqlr__stream_init(struct cqlr__stream *s, int fd);
void cqlr__stream_fini(struct cqlr__stream *s); /* closes it */
/* Queues a message of two parts. CQLR_E_NOMEM when it cannot. */
CQLR_MUST_USE
int cqlr__stream_put(struct cqlr__stream *s, enum cqlr__message_kind kind, const void *a, size_t an,
                     const void *b, size_t bn);
/* Sends what is queued as far as it goes; true = some is left, wait until writable. */
bool cqlr__stream_flush(struct cqlr__stream *s);
/* Takes what has arrived, sets s->ended at the end. 0 or CQLR_E_NOMEM. */
CQLR_MUST_USE
int cqlr__stream_read(struct cqlr__stream *s);
/* 1 and the next message, 0 none complete, CQLR_E_PROTO: nonsense. */
CQLR_MUST_USE
int cqlr__stream_next(struct cqlr__stream *s, struct cqlr__message *m);

/* ---- the parent's side of the ring ---- */

struct cqlr__reader {
    struct cqlr__ring *ring;
    struct cqlr_wr partial; /* chunks that wait for their record */
    bool given;             /* a record is out and not taken: */
    struct cqlr__record rec;
    const uint8_t *p;
    size_t held; /* bytes in the ring that taking it frees */
};
void cqlr__reader_init(struct cqlr__reader *r, struct cqlr__ring *ring);
void cqlr__reader_fini(struct cqlr__reader *r);
/* 1 and the next complete record with all its bytes (borrowed until _take), 0 none, CQLR_E_WORKER:
 * nonsense, CQLR_E_NOMEM. Gives the same record until it is taken. */
CQLR_MUST_USE
int cqlr__reader_next(struct cqlr__reader *r, struct cqlr__record *rec, const uint8_t **p);
/* The record was committed: its room is free. */
void cqlr__reader_take(struct cqlr__reader *r);

/* A record in a buffer of records: 1 and moves *off behind it, 0 at the end. The buffer is our own.
 */
int cqlr__record_read(const struct cqlr_wr *from, size_t *off, struct cqlr__record *rec,
                      const uint8_t **p);
void cqlr__record_write(struct cqlr_wr *to, const struct cqlr__record *rec, const uint8_t *p);

/* Error ⇄ bytes. Reading tolerates any bytes. */
void cqlr__failure_write(struct cqlr_wr *w, const struct cqlr_err *err);
void cqlr__failure_read(const uint8_t *p, size_t n, struct cqlr_err *err);

static inline size_t cqlr__padded(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

#endif

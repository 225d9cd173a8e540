/*
 * What the files of this room share: the client, its one connection, and the requests under way.
 *
 * A request goes down as client → conn (which owns stream and deadline) and comes up as on_answer()
 * in request.c, which turns the event into a cqlr_reply and calls the user. Every request that conn
 * accepted comes back there exactly once.
 */
#ifndef CQLR_SRC_CLIENT_INTERNAL_H
#define CQLR_SRC_CLIENT_INTERNAL_H

#include <cqlraw/client.h>
#include <cqlraw/conn.h>

#include "src/net/addr.h"

/* conn ⇄ loop: keeps the watch, the timer and the end-of-turn flush in step with what the
 * connection wants. */
struct cqlr__attach {
    cqlr_client *client;
    cqlr_loop *loop;
    cqlr_conn *conn;
    struct cqlr_watch watch;
    struct cqlr_timer timer;
    struct cqlr_task flush;
    bool watched;
};
/* The connection must have been opened. 0 or the loop's error. */
int cqlr__attach(struct cqlr__attach *a, cqlr_client *cl, cqlr_conn *conn);
void cqlr__detach(struct cqlr__attach *a);
/* A request was submitted: flush at the end of the turn. */
void cqlr__attach_submitted(struct cqlr__attach *a);

/* Columns shared by a statement's cache and the replies that were kept. */
struct cqlr__shared_columns {
    unsigned refs;
    const struct cqlr_mem *mem;
    struct cqlr_columns *columns;
};
struct cqlr__shared_columns *cqlr__shared_columns_new(const struct cqlr_spec *spec,
                                                      const struct cqlr_mem *mem,
                                                      struct cqlr_err *err);
struct cqlr__shared_columns *cqlr__shared_columns_ref(struct cqlr__shared_columns *s);
void cqlr__shared_columns_unref(struct cqlr__shared_columns *s);

enum cqlr__request_kind {
    CQLR__QUERY,
    CQLR__PREPARE,
    CQLR__EXECUTE,
    CQLR__REPREPARE,
    CQLR__OPTIONS
};

/* One request under way, from a free list: no allocation once the list is long enough. */
struct cqlr__request {
    cqlr_client *client;
    enum cqlr__request_kind kind;
    cqlr_reply_fn *fn;
    void *arg;
    cqlr_prepared *prepared; /* EXECUTE, REPREPARE: borrowed; PREPARE: the one being made, owned */
    cqlr_bound *bound;       /* EXECUTE */
    uint64_t timeout;        /* ns, from submit to answer */
    bool again;              /* EXECUTE: already sent a second time after UNPREPARED */
    struct cqlr__request *next;
};

struct cqlr_client {
    const struct cqlr_mem *mem;
    struct cqlr_client_opts o;
    char *contact_points; /* copies of the strings in `o` */
    char *application_name;
    char *application_version;
    char *client_id;
    char *keyspace;
    char *username;
    char *password;
    struct cqlr_tls_opts *tls_opts; /* a copy; NULL = plaintext */
    cqlr_tls *tls;                  /* of them, from the first open on */
    cqlr_loop *loop;
    bool own_loop;
    uint32_t *alive; /* 1, in a page that a forked child sees as zero */
    struct cqlr_err err;

    struct cqlr__addrs addrs; /* open: what is still to be tried */
    size_t addr_next;
    uint64_t connect_start; /* of the address that is being tried */
    cqlr_open_fn *open_fn;  /* set while opening */
    void *open_arg;

    cqlr_conn *conn; /* NULL when closed */
    bool is_open;
    const struct cqlr_err *lost_for; /* why we end the connection, while we do */
    struct cqlr__attach attach;

    struct cqlr__request *free_requests;
    struct cqlr__request *resumed; /* EXECUTEs whose second PREPARE is over: to be sent or failed */
    struct cqlr__shared_columns *query_columns; /* of the last answer to a QUERY */
    struct cqlr_value *cells;                   /* one row, for replies that are not kept */
    uint32_t cells_cap;

    unsigned depth; /* callbacks and turns we are inside of */
    bool freeing;
};

struct cqlr_prepared {
    cqlr_client *client;
    const struct cqlr_mem *mem; /* the client's; freeing needs no client */
    char *cql;
    size_t cql_len;
    uint8_t *id;
    size_t id_len;
    struct cqlr_columns *markers;
    struct cqlr_columns *columns;
    uint16_t *pk;
    size_t pk_count;
    uint64_t timeout;                  /* of its executions; 0 = the client's */
    struct cqlr__shared_columns *last; /* columns of the last answer */
    struct cqlr__request *waiting;     /* EXECUTEs that wait for a second PREPARE */
};

struct cqlr_reply {
    cqlr_client *client;
    const struct cqlr_mem *mem; /* likewise */
    int rc;
    struct cqlr_err err;
    struct cqlr_prefix prefix;
    struct cqlr_result result; /* kind 0 = it is none */
    struct cqlr_supported supported;
    struct cqlr__shared_columns *columns; /* borrowed; a kept reply holds a reference */
    struct cqlr_value **cells;            /* where the row's cells are and how many fit */
    uint32_t *cells_cap;
    cqlr_prepared *prepared; /* PREPARE: to be taken */
    struct cqlr_bytes body;
    uint8_t opcode;
    uint8_t flags;

    /* kept replies only */
    bool kept;
    struct cqlr_value *own_cells;
    uint32_t own_cells_cap;
    uint8_t *raw; /* copy of the body, prefix included */
    size_t raw_len;
    struct cqlr__next_page *pages; /* how to fetch further pages, NULL = not at all */
};

/* 0, or CQLR_E_FORKED / CQLR_E_STATE with the reason in cl->err when requests can't be sent. */
int cqlr__client_usable(cqlr_client *cl);
/* In and out of anything during which the client must not go away. */
void cqlr__client_enter(cqlr_client *cl);
void cqlr__client_leave(cqlr_client *cl);
uint64_t cqlr__client_now(const cqlr_client *cl);
/* Ends a connection that cannot be trusted any more; the reason stays in cl->err. */
void cqlr__client_lose(cqlr_client *cl, const struct cqlr_err *why);
/* Tells the host's log, when it has one. */
__attribute__((format(printf, 3, 4))) void
cqlr__client_log(const cqlr_client *cl, enum cqlr_log_level level, const char *fmt, ...);

/* NULL with the reason in cl->err: the client is not usable, or there is no memory. */
struct cqlr__request *cqlr__request_get(cqlr_client *cl, enum cqlr__request_kind kind,
                                        cqlr_reply_fn *fn, void *arg);
void cqlr__request_put(struct cqlr__request *q);
/* Submits the body that was written; the request comes back in on_answer. `flags` as in enum
 * cqlr_frame_flag. On failure nothing was sent and the caller still has the request. */
int cqlr__request_submit(struct cqlr__request *q, uint8_t opcode, uint8_t flags);
/* Completes a request without an answer. */
void cqlr__request_fail(struct cqlr__request *q, int rc, const struct cqlr_err *err);

/* prep.c */
int cqlr__prepared_fill(cqlr_prepared *ps, const struct cqlr_prepared_result *m,
                        struct cqlr_err *err);
void cqlr__prepare_again(struct cqlr__request *q);
void cqlr__prepared_again(struct cqlr__request *q, cqlr_reply *r);
/* Completes the `resumed` of a client that is being freed. */
void cqlr__resumed_close(cqlr_client *cl);

/* bound.c: writes EXECUTE's body. 0, or the reason in b->err: a value was not set (CQLR_E_USAGE),
 * or the writer's. */
int cqlr__bound_write(cqlr_bound *b, struct cqlr_wr *w);
bool cqlr__bound_traced(const cqlr_bound *b);
uint64_t cqlr__bound_timeout(const cqlr_bound *b); /* its own, its statement's, or 0 */
cqlr_prepared *cqlr__bound_prepared(const cqlr_bound *b);

/* reply.c: decodes an event into a reply (rc and err set when it is an ERROR, malformed, or no
 * answer of the opcode `wanted`: RESULT or SUPPORTED). `known` may be replaced by the columns that
 * came. */
void cqlr__reply_read(cqlr_reply *r, cqlr_client *cl, const struct cqlr_event *ev, uint8_t wanted,
                      struct cqlr__shared_columns **known);
/* The ERROR of a reply whose rc is CQLR_E_SERVER: with its fields (borrowed from the reply), or
 * only its code when it answered another request, the PREPARE in between. */
void cqlr__reply_error(const cqlr_reply *r, struct cqlr_error *e);
/* A kept reply becomes another one (which is freed), keeping its way to further pages. */
void cqlr__reply_replace(cqlr_reply *r, cqlr_reply *by);

/* sync.c: the pages of a kept reply. 0 or why there is no next page, also in r->rc. */
int cqlr__reply_next_page(cqlr_reply *r);
void cqlr__pages_free(cqlr_reply *r);

#endif

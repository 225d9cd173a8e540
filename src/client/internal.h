/*
 * What the files of this room share: the client, its connections, and the requests under way.
 *
 * A request goes down as client → the current connection (which owns stream and deadline) and comes
 * up as on_answer() in request.c, which turns the event into a cqlr_reply and calls the user. Every
 * request that a connection accepted comes back there exactly once.
 */
#ifndef CQLR_SRC_CLIENT_INTERNAL_H
#define CQLR_SRC_CLIENT_INTERNAL_H

#include <cqlraw/client.h>
#include <cqlraw/conn.h>

#include "src/net/addr.h"

/* conn ⇄ loop: keeps the watch, the timer and the end-of-turn flush in step with what the
 * connection wants. */
struct cqlr__attach {
    struct cqlr__pooled *pooled;
    cqlr_loop *loop;
    cqlr_conn *conn;
    struct cqlr_watch watch;
    struct cqlr_timer timer;
    struct cqlr_task flush;
    bool watched;
};
/* The connection must have been opened. 0 or the loop's error. */
int cqlr__attach(struct cqlr__attach *a, struct cqlr__pooled *p);
void cqlr__detach(struct cqlr__attach *a);
/* The same in a forked child, which shares the descriptors' registration with its parent. */
void cqlr__attach_forget(struct cqlr__attach *a);
/* A request was submitted: flush at the end of the turn. */
void cqlr__attach_submitted(struct cqlr__attach *a);

/* A connection of the client. When it has ended its memory stays until the client is left, so that
 * whoever is being called can still look at it. */
struct cqlr__pooled {
    cqlr_client *client;
    cqlr_conn *conn; /* NULL: it has ended */
    struct cqlr__attach attach;
    size_t addr;                     /* which of the addresses */
    bool opening;                    /* of an attempt under way */
    uint64_t since;                  /* began to connect; then: took requests */
    const struct cqlr_err *lost_for; /* why we end the connection, while we do */
    struct cqlr__pooled *next;
};

enum cqlr__opening_kind {
    CQLR__OPENING_NONE,
    CQLR__OPENING_ASKED,  /* by cqlr_client_open: `fn` hears how it ends */
    CQLR__OPENING_AGAIN,  /* the connection was lost */
    CQLR__OPENING_REPLACE /* it is still used */
};

/* An attempt to get a connection that takes requests: the addresses, how far each is, and the one
 * peer that was reached first and goes on alone. */
struct cqlr__opening {
    enum cqlr__opening_kind kind;
    cqlr_open_fn *fn;
    void *arg;
    struct cqlr__addrs addrs; /* kept behind the attempt: a replacement goes to the same address */
    uint8_t *state;           /* of each of them */
    size_t count, tries;      /* how many there are; how many the attempt is about */
    unsigned under_way;
    struct cqlr__pooled *reached;
    struct cqlr_timer stagger; /* when it fires the next address is tried beside the others */
    struct cqlr_err err;       /* of the address that failed last */
};

/* When a connection is opened without being asked: see renew.c. */
struct cqlr__renew {
    struct cqlr_timer timer;
    unsigned tries; /* attempts in a row */
    uint64_t random;
    bool refused; /* our credentials: no further attempt */
};

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
    struct cqlr__pooled *on; /* the connection it goes to */
    enum cqlr__request_kind kind;
    cqlr_reply_fn *fn;
    void *arg;
    cqlr_prepared *prepared; /* EXECUTE, REPREPARE: borrowed; PREPARE: the one being made, owned */
    cqlr_bound *bound;       /* EXECUTE */
    uint64_t timeout;        /* ns, from the first submit to the callback */
    uint64_t deadline;       /* 0 before that */
    bool again;              /* EXECUTE: already sent a second time after UNPREPARED */
    struct cqlr__request *waiting; /* REPREPARE: the EXECUTEs that wait for it, last in first */
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

    struct cqlr__pooled *pool;    /* all connections, newest first: the current one, those that are
                                     opening, and replaced ones with requests under way */
    struct cqlr__pooled *current; /* takes the requests; NULL when not connected */
    struct cqlr__opening opening;
    struct cqlr__renew renew;
    unsigned closing; /* inside cqlr_client_close or cqlr_client_free */
    bool told_open;   /* what on_state was told last */

    struct cqlr__request *free_requests;
    struct cqlr__request *preparing; /* REPREPAREs under way */
    struct cqlr__request *resumed; /* EXECUTEs whose second PREPARE is over: to be sent or failed */
    struct cqlr_timer expiry;      /* of EXECUTEs that wait for one */
    struct cqlr__shared_columns *query_columns; /* of the last answer to a QUERY */
    struct cqlr_value *cells;                   /* one row, for replies that are not kept */
    uint32_t cells_cap;

    unsigned depth; /* callbacks and turns we are inside of */
    bool freeing;
};

struct cqlr_prepared {
    cqlr_client *client;
    unsigned refs;              /* its owner's, and one for each REPREPARE under way */
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
};

struct cqlr_reply {
    cqlr_client *client;
    const struct cqlr_mem *mem; /* likewise */
    const char *peer;           /* whose answer it is */
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
    char own_peer[CQLR__ADDR_TEXT];
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
/* Tells on_state when that has changed. */
void cqlr__client_state(cqlr_client *cl);
/* Tells the host's log, when it has one. */
__attribute__((format(printf, 3, 4))) void
cqlr__client_log(const cqlr_client *cl, enum cqlr_log_level level, const char *fmt, ...);

/* open.c: begins an attempt at all contact points, whose names are resolved here; or, to replace
 * the current connection, at its address alone. 0, or the reason in cl->opening.err: then there is
 * no attempt and fn is not called. */
int cqlr__opening_begin(cqlr_client *cl, enum cqlr__opening_kind kind, cqlr_open_fn *fn, void *arg);
/* Ends it without a word. */
void cqlr__opening_drop(cqlr_client *cl);
void cqlr__opening_fini(cqlr_client *cl);
/* What a connection of the attempt tells: its peer is reached, it has ended, it takes requests. */
void cqlr__opening_reached(struct cqlr__pooled *p);
void cqlr__opening_failed(struct cqlr__pooled *p, const struct cqlr_err *why);
void cqlr__opening_ready(struct cqlr__pooled *p);

/* pool.c: begins to connect to one of the addresses. NULL with the reason in err. */
struct cqlr__pooled *cqlr__pooled_open(cqlr_client *cl, size_t addr, struct cqlr_err *err);
/* Becomes the current one; the one before ends with its last request. */
void cqlr__pooled_use(struct cqlr__pooled *p);
/* Ends a connection that cannot be trusted any more, for this reason. */
void cqlr__pooled_lose(struct cqlr__pooled *p, const struct cqlr_err *why);
/* Ends one that nobody but the client knows of. */
void cqlr__pooled_drop(struct cqlr__pooled *p);
/* Something has happened to it: has it come to its end, or must it be replaced? */
void cqlr__pooled_look(struct cqlr__pooled *p);
const char *cqlr__pooled_peer(const struct cqlr__pooled *p);
/* Replaced ones that have not ended yet. */
unsigned cqlr__pool_replaced(const cqlr_client *cl);
/* Frees those that have ended; nobody is inside the client. */
void cqlr__pool_sweep(cqlr_client *cl);

/* renew.c */
void cqlr__renew_init(cqlr_client *cl);
void cqlr__renew_stop(cqlr_client *cl);
bool cqlr__renew_pending(const cqlr_client *cl);
/* The current connection was lost, after so many ns. */
void cqlr__renew_lost(cqlr_client *cl, uint64_t lasted);
/* The current connection has many requests that nobody answers. */
void cqlr__renew_replace(cqlr_client *cl);
/* An attempt that was begun here is over: 0, or the reason in cl->opening.err. */
void cqlr__renew_over(cqlr_client *cl, enum cqlr__opening_kind kind, int rc);

/* For the current connection. NULL with the reason in cl->err: the client is not usable, or there
 * is no memory. */
struct cqlr__request *cqlr__request_get(cqlr_client *cl, enum cqlr__request_kind kind,
                                        cqlr_reply_fn *fn, void *arg);
/* For this one. NULL when there is no memory. */
struct cqlr__request *cqlr__request_on(struct cqlr__pooled *p, enum cqlr__request_kind kind,
                                       cqlr_reply_fn *fn, void *arg);
/* Sends a statement on this connection: 0, or the reason in cl->err. */
int cqlr__query_on(struct cqlr__pooled *p, struct cqlr_str cql, cqlr_reply_fn *fn, void *arg);
void cqlr__request_put(struct cqlr__request *q);
/* Submits the body that was written; the request comes back in on_answer. `flags` as in enum
 * cqlr_frame_flag. On failure nothing was sent and the caller still has the request. */
int cqlr__request_submit(struct cqlr__request *q, uint8_t opcode, uint8_t flags);
/* Completes a request without an answer. */
void cqlr__request_fail(struct cqlr__request *q, int rc, const struct cqlr_err *err);

/* prep.c: submits PREPARE of ps's text as request q, or the EXECUTE q. Negative: nothing was sent,
 * the reason is in cl->err. */
int cqlr__prepare_send(struct cqlr__request *q, const cqlr_prepared *ps);
int cqlr__execute_send(struct cqlr__request *q);
int cqlr__prepared_fill(cqlr_prepared *ps, const struct cqlr_prepared_result *m,
                        struct cqlr_err *err);

/* unprepared.c: the EXECUTE q is to be sent once more when its statement has been prepared again;
 * that PREPARE p was answered. */
void cqlr__prepare_again(struct cqlr__request *q);
void cqlr__prepared_again(struct cqlr__request *p, cqlr_reply *r);
/* UNPREPARED that names another statement than the one executed: the reply becomes an error. */
bool cqlr__unprepared_other(const cqlr_prepared *ps, cqlr_reply *r);
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
void cqlr__reply_read(cqlr_reply *r, const struct cqlr__pooled *p, const struct cqlr_event *ev,
                      uint8_t wanted, struct cqlr__shared_columns **known);
/* The ERROR of a reply whose rc is CQLR_E_SERVER: with its fields (borrowed from the reply), or
 * only its code when it answered another request, the PREPARE in between. */
void cqlr__reply_error(const cqlr_reply *r, struct cqlr_error *e);
/* A kept reply becomes another one (which is freed), keeping its way to further pages. */
void cqlr__reply_replace(cqlr_reply *r, cqlr_reply *by);

/* sync.c: the pages of a kept reply. 0 or why there is no next page, also in r->rc. */
int cqlr__reply_next_page(cqlr_reply *r);
void cqlr__pages_free(cqlr_reply *r);

#endif

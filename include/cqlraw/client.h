/*
 * client.h - a Cassandra client: contact points, prepared statements, bound values, replies, pages.
 *
 * Asynchronous calls take a callback with one promise: if submit fails the callback never runs;
 * else it runs exactly once, never from inside submit; on close every pending request gets a closed
 * code. Everything here may be called inside a callback, closing and freeing too (the memory goes
 * later), but for cqlr_client_turn and the blocking calls (cqlr_sync_*): CQLR_E_STATE there.
 * CQLR_E_TIMEOUT and CQLR_E_CLOSED mean "outcome unknown": the server may have done it.
 *
 * What a client gave (statements, bound values, kept replies) is used while it lives, and may be
 * freed before or after it.
 *
 * The library starts no threads, installs no signal handlers, prints nothing. A client belongs to
 * the process that made it: in a forked child every call gives CQLR_E_FORKED and free only frees.
 */
#ifndef CQLRAW_CLIENT_H
#define CQLRAW_CLIENT_H

#include <cqlraw/link.h>
#include <cqlraw/loop.h>
#include <cqlraw/msg.h>
#include <cqlraw/tls.h>
#include <cqlraw/token.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cqlr_client cqlr_client;
typedef struct cqlr_prepared cqlr_prepared;
typedef struct cqlr_bound cqlr_bound;
typedef struct cqlr_reply cqlr_reply;

enum cqlr_log_level { CQLR_LOG_DEBUG, CQLR_LOG_INFO, CQLR_LOG_WARNING };

struct cqlr_client_opts {
    size_t size;                  /* set by cqlr_client_opts_init */
    const char *contact_points;   /* "10.0.0.1,db.example:9043,[::1]:9042,unix:/run/cql.sock"; tried
                                     in this order, all addresses of a name; one that is not reached
                                     within 250 ms does not hold up the next; default "127.0.0.1" */
    uint16_t port;                /* for those that name none; default 9042 */
    uint64_t connect_timeout;     /* ns per address, from connect to READY; default 5 s. In all at
                                     most that for each, less as far as they are tried side by side */
    uint64_t request_timeout;     /* ns; default 10 s */
    uint16_t consistency;         /* default LOCAL_ONE */
    int32_t page_size;            /* rows; default 5000; <= 0 = no paging */
    uint32_t max_frame;           /* longest answer accepted, 1 .. 256 MiB (default) */
    const char *application_name; /* told to the server in STARTUP; NULL = not */
    const struct cqlr_mem *mem; /* NULL = malloc; borrowed until all that the client gave is freed,
                                   too */
    cqlr_loop *loop; /* NULL = one of its own; else borrowed until the client is freed, and turned
                        by the host */
    uint16_t serial_consistency; /* of conditional statements: CQLR_CL_SERIAL, CQLR_CL_LOCAL_SERIAL;
                                    default 0 = the server's (SERIAL) */
    const char *username; /* SASL PLAIN, when the server asks for authentication; NULL or empty:
                             such a server is CQLR_E_AUTH */
    const char *password;
    /* Told of what happens beside the answers: connections opened and lost, addresses passed over,
     * statements prepared again. WARNING: passed over, lost, to be replaced, not opened again;
     * INFO: opened, prepared again; DEBUG: connecting, pauses, closed by this side. One line
     * without newline, borrowed until it returns; never a password or a value. It must not call the
     * client. NULL = nobody. */
    void (*log)(void *log_arg, enum cqlr_log_level level, const char *line);
    void *log_arg;
    const char *keyspace; /* of tables whose name has none: USE is sent before the client counts as
                             open, with the name as it stands (case counts). One that the server
                             refuses is CQLR_E_SERVER. NULL = none */
    const char *application_version; /* told in STARTUP, as application_name */
    const char *client_id; /* likewise: a UUID as text; the same in all clients that belong together
                              shows them as one in system_views.clients */
    bool throw_on_overload; /* a server with too much to do answers OVERLOADED, rather than read no
                               more requests */
    bool no_compact;        /* COMPACT STORAGE tables look like any other (servers before 4.0) */
    enum cqlr_compression compression; /* of what is sent and received; default none. A server that
                                          does not know it is CQLR_E_SERVER, see link.h */
    uint32_t compress_from; /* requests with shorter bodies are sent as they are; default 512 */
    const struct cqlr_tls_opts *tls; /* NULL = plaintext. Copied; its files are read by the first
                                        cqlr_client_open: CQLR_E_TLS when that fails */
    uint64_t heartbeat_interval; /* ns; a server that said nothing for so long is asked whether it
                                    is there; default 10 s; CQLR_NEVER = not */
    uint64_t heartbeat_timeout;  /* ns; one that says nothing for so long then is lost
                                    (CQLR_E_CLOSED); default 5 s */
    uint32_t max_orphans; /* requests of one connection that timed out and were not answered late
                             either: when there are so many, a new connection to the same address is
                             opened, takes the requests from then on, and the old one ends with its
                             last (at most three old ones at a time). When that fails it is tried
                             again, after pauses as below (from 1 s on when reconnect_delay is 0).
                             Default 1024; 0 = never */
    /* ns. After a connection is lost a new one is opened by itself, at once and then after pauses
     * between 0 and a limit that doubles from reconnect_delay to reconnect_delay_max (full jitter),
     * until that works, the credentials are refused (CQLR_E_AUTH), or the client is closed. Default
     * 0 = not at all. What is submitted meanwhile is CQLR_E_STATE, and so is cqlr_client_open.
     * Each attempt is one at all contact points, in their order; names are resolved anew, inside
     * the loop's turn, with a blocking getaddrinfo. A connection that did not last for
     * reconnect_delay is followed by a pause, too. */
    uint64_t reconnect_delay;
    uint64_t reconnect_delay_max; /* default 60 s */
    /* Told whenever the client has become able to take requests, and when it no longer is (opening
     * and closing by the host included; the reason is in cqlr_client_err), behind the callbacks of
     * cqlr_client_open and of the requests that were pending. */
    void (*on_state)(void *state_arg, bool connected);
    void *state_arg;
    cqlr_auth_fn *on_auth; /* answers a server's authenticator instead of SASL PLAIN (link.h) */
    void *auth_arg;
    bool plaintext_password; /* the password may leave unencrypted to other machines too; without it
                                that is CQLR_E_AUTH */
};
CQLR_API void cqlr_client_opts_init(struct cqlr_client_opts *o, size_t size);

/* Strings are copied. Nothing is opened yet. NULL when memory or descriptors ran out; wrong options
 * are told by cqlr_client_open. Owned by the caller, free with cqlr_client_free. */
CQLR_API cqlr_client *cqlr_client_new(const struct cqlr_client_opts *o);
/* Closes it first. Nobody is called after this has returned. Not from a callback that runs while a
 * blocking call on this client waits: that still needs it. */
CQLR_API void cqlr_client_free(cqlr_client *cl);

/* The last error: one line that names node, step and cause. Never NULL; code 0 when there was none.
 * Borrowed until the client is freed. */
CQLR_API const struct cqlr_err *cqlr_client_err(const cqlr_client *cl);

/* Connects to the first contact point that answers (names are resolved here, with a blocking
 * getaddrinfo), then calls fn once with 0 or the last point's error. 0 when that is under way, else
 * why not (fn is then not called): CQLR_E_USAGE wrong options, CQLR_E_RESOLVE, CQLR_E_CONNECT,
 * CQLR_E_TLS (settings), CQLR_E_NOMEM, CQLR_E_STATE open or opening already. rc of fn:
 * CQLR_E_CONNECT (timed out too), CQLR_E_TLS (a certificate that is refused is that of one host:
 * the next one is tried), CQLR_E_CLOSED, CQLR_E_IO, CQLR_E_PROTO, CQLR_E_VERSION, CQLR_E_SERVER,
 * CQLR_E_AUTH (which ends it at the first point that says so).
 *
 * Only the peer that is reached first is told anything, and the password; if it fails, the other
 * addresses are tried.
 *
 * When a connection is lost what was pending gets the reason, later requests CQLR_E_STATE, until
 * this is called anew, or (reconnect_delay) it was opened again by itself. Statements stay good. */
typedef void cqlr_open_fn(void *arg, int rc);
CQLR_API CQLR_MUST_USE int cqlr_client_open(cqlr_client *cl, cqlr_open_fn *fn, void *arg);
/* Pending requests, and an opening, get CQLR_E_CLOSED; when called from one that is being told
 * this, the rest of them after it. Fine when it is closed. */
CQLR_API void cqlr_client_close(cqlr_client *cl);

/* For hosting its loop in another one, see loop.h (the descriptor is the client's, don't close it).
 * cqlr_client_turn runs what is due without waiting: 0, CQLR_E_IO, CQLR_E_STATE in a callback. */
CQLR_API int cqlr_client_fd(const cqlr_client *cl);
CQLR_API uint64_t cqlr_client_deadline(const cqlr_client *cl);
CQLR_API CQLR_MUST_USE int cqlr_client_turn(cqlr_client *cl);

/* "127.0.0.1:9042" (or "unix:/path") of the node it is connected or connecting to, "" when none.
 * Borrowed until the connection ends. */
CQLR_API const char *cqlr_client_peer(const cqlr_client *cl);
/* What TLS of that connection came to, see cqlr_conn_tls; "" when there is none. Borrowed likewise.
 */
CQLR_API const char *cqlr_client_tls(const cqlr_client *cl);

/* ---- requests ----
 *
 * A submitting call gives 0, or with the reason in cqlr_client_err: CQLR_E_STATE not connected,
 * CQLR_E_AGAIN 32,767 requests are under way (send when one has been answered), CQLR_E_NOMEM,
 * CQLR_E_LIMIT the request is longer than a frame may be, CQLR_E_RANGE a value that no server
 * accepts, CQLR_E_USAGE a marker without a value, CQLR_E_FORKED. Bytes leave at the end of the
 * loop's turn.
 *
 * What comes in the reply: CQLR_E_SERVER an ERROR message, CQLR_E_TIMEOUT, CQLR_E_CLOSED (IO,
 * PROTO and TLS as well: outcome unknown), CQLR_E_STATE a statement that cannot be prepared again
 * as it was, CQLR_E_NOMEM. */

/* The reply is borrowed until fn returns; cqlr_reply_keep makes one that stays. */
typedef void cqlr_reply_fn(void *arg, cqlr_reply *r);

/* What may differ from the client's defaults for one request. NULL where it is taken = the
 * defaults. */
struct cqlr_request_opts {
    size_t size; /* set by cqlr_request_opts_init, which fills in the client's defaults */
    uint16_t consistency;
    int32_t page_size;
    struct cqlr_value paging_state; /* null = first page; borrowed until the call returns; see
                                       cqlr_bound_paging_state */
    uint16_t serial_consistency;    /* 0 = the server's */
    bool trace; /* the server records what it does; the id is in the reply's prefix (section 2.2) */
    uint64_t timeout; /* ns until its callback at the latest; CQLR_NEVER = none */
};
CQLR_API void cqlr_request_opts_init(const cqlr_client *cl, struct cqlr_request_opts *o,
                                     size_t size);

/* A statement without values (QUERY, section 4.1.4). The text is copied into the request. */
CQLR_API CQLR_MUST_USE int cqlr_client_query(cqlr_client *cl, struct cqlr_str cql,
                                             const struct cqlr_request_opts *o, cqlr_reply_fn *fn,
                                             void *arg);

/* Prepares (section 4.1.5); in fn, cqlr_reply_take_prepared gives the statement when cqlr_reply_rc
 * is 0. The text is copied. */
CQLR_API CQLR_MUST_USE int cqlr_client_prepare(cqlr_client *cl, struct cqlr_str cql,
                                               cqlr_reply_fn *fn, void *arg);
/* Once: owned by the caller, free with cqlr_prepared_free; NULL when the reply is not that of a
 * prepare, or is a kept one. A statement that nobody takes is freed when fn returns. */
CQLR_API cqlr_prepared *cqlr_reply_take_prepared(cqlr_reply *r);
/* Not while an execution of it is under way; its callback is the first place. */
CQLR_API void cqlr_prepared_free(cqlr_prepared *ps);

/* What these give is borrowed until the statement is freed. */
CQLR_API const struct cqlr_columns *cqlr_prepared_markers(const cqlr_prepared *ps);
CQLR_API const struct cqlr_columns *
cqlr_prepared_columns(const cqlr_prepared *ps); /* of the answer; count 0: none */
/* Positions of the partition key's components among the markers, each a different one; *n of them,
 * 0 when not all components are markers. */
CQLR_API const uint16_t *cqlr_prepared_pk(const cqlr_prepared *ps, size_t *n);
/* The first marker at or behind `from` with this name (compared as the server gave it), or -1. */
CQLR_API int cqlr_prepared_marker(const cqlr_prepared *ps, struct cqlr_str name, int from);

/*
 * Executes with bound values (section 4.1.6) of a statement of this client. b is borrowed until fn
 * is called: UNPREPARED is answered by preparing again and sending once more; a server that names
 * another id in it, then gives another one (both CQLR_E_STATE), or says UNPREPARED again, is an
 * error. All of that is within the one timeout; when it is over before the statement was sent again
 * that is CQLR_E_TIMEOUT as well, though the text says that it was not executed.
 */
CQLR_API CQLR_MUST_USE int cqlr_client_execute(cqlr_client *cl, cqlr_bound *b, cqlr_reply_fn *fn,
                                               void *arg);

/* Asks for the server's options (OPTIONS). In fn, cqlr_reply_supported gives them when
 * cqlr_reply_rc is 0. */
CQLR_API CQLR_MUST_USE int cqlr_client_options(cqlr_client *cl, cqlr_reply_fn *fn, void *arg);
/* The [string multimap] of SUPPORTED (section 4.2.4), borrowed until the reply ends; NULL when the
 * reply is not that. */
CQLR_API const struct cqlr_supported *cqlr_reply_supported(const cqlr_reply *r);

/* ---- bound values ---- */

/* Owned by the caller, free with cqlr_bound_free. All values start as "not set", which execute
 * refuses. NULL when memory ran out. The statement is borrowed until b is freed. */
CQLR_API cqlr_bound *cqlr_bound_new(cqlr_prepared *ps);
CQLR_API void cqlr_bound_free(cqlr_bound *b);
/* Forgets all values and the paging state, keeps the memory: the cheap way to use one again and
 * again. */
CQLR_API void cqlr_bound_reset(cqlr_bound *b);

/* Each gives 0, CQLR_E_RANGE (no marker i, counted from 0; or more than 2 GB), CQLR_E_TYPE (the
 * marker has another type or the value does not fit), CQLR_E_NOMEM or CQLR_E_LIMIT (all values in
 * one frame); cqlr_bound_err has one line. The value is copied. Setting it again replaces it, a
 * failure leaves it as it was. */
CQLR_API CQLR_MUST_USE int cqlr_bound_null(cqlr_bound *b, unsigned i);
/* The column keeps what it has (a null would delete it). */
CQLR_API CQLR_MUST_USE int cqlr_bound_unset(cqlr_bound *b, unsigned i);
/* Bytes as they go on the wire, not checked: text, blobs, or what a cqlr_value_ function wrote. */
CQLR_API CQLR_MUST_USE int cqlr_bound_bytes(cqlr_bound *b, unsigned i, const void *p, size_t n);
/* Any type that cqlr_value_from_int takes. */
CQLR_API CQLR_MUST_USE int cqlr_bound_int(cqlr_bound *b, unsigned i, int64_t v);
/* double; float, rounded (CQLR_E_TYPE when it is too large for one). */
CQLR_API CQLR_MUST_USE int cqlr_bound_double(cqlr_bound *b, unsigned i, double v);
CQLR_API CQLR_MUST_USE int cqlr_bound_boolean(cqlr_bound *b, unsigned i, bool v);
/* Any type, collections too, through cqlr_value_parse. */
CQLR_API CQLR_MUST_USE int cqlr_bound_text(cqlr_bound *b, unsigned i, struct cqlr_str text);
/* Why the last call on b failed, execute included; borrowed until b is freed. */
CQLR_API const struct cqlr_err *cqlr_bound_err(const cqlr_bound *b);

/* What one request may set, as in cqlr_request_opts; the client's at first. Kept by reset. */
CQLR_API void cqlr_bound_consistency(cqlr_bound *b, uint16_t consistency);
CQLR_API void cqlr_bound_page_size(cqlr_bound *b, int32_t rows);
CQLR_API void cqlr_bound_serial_consistency(cqlr_bound *b, uint16_t consistency);
CQLR_API void cqlr_bound_trace(cqlr_bound *b, bool trace);
/* ns until an execution's callback at the latest: of all executions of a statement, and of this one
 * (which goes before); 0 = as the statement, as the client; CQLR_NEVER = none. */
CQLR_API void cqlr_prepared_timeout(cqlr_prepared *ps, uint64_t timeout);
CQLR_API void cqlr_bound_timeout(cqlr_bound *b, uint64_t timeout);
/* The value marker i has, CQLR_UNSET when it has none; borrowed until the next change of b. */
CQLR_API struct cqlr_value cqlr_bound_value(const cqlr_bound *b, unsigned i);
/* The token of the partition that b asks for, on a ring of the Murmur3Partitioner: 1 and *token; 0
 * when the statement tells none (cqlr_prepared_pk has no positions); or CQLR_E_RANGE: a component
 * is not set, null, unset or too long (see cqlr_routing_key), CQLR_E_NOMEM. */
CQLR_API CQLR_MUST_USE int cqlr_bound_token(cqlr_bound *b, int64_t *token);
/* The state of the page to fetch next (copied); null = the first page. 0, CQLR_E_NOMEM, or
 * CQLR_E_PROTO for an empty one. It is good for the statement and the values it came with, and for
 * no others: bytes that are no state are CQLR_E_SERVER, but with the state of another statement
 * servers answer, and rows are missing. */
CQLR_API CQLR_MUST_USE int cqlr_bound_paging_state(cqlr_bound *b, struct cqlr_value state);

/* ---- replies ---- */

/* What these give is borrowed until the reply ends: fn has returned, or the kept one is freed. */

/* 0, or why there is no answer. */
CQLR_API int cqlr_reply_rc(const cqlr_reply *r);
/* With the server's code for CQLR_E_SERVER. */
CQLR_API const struct cqlr_err *cqlr_reply_err(const cqlr_reply *r);
/* The decoded RESULT (section 4.2.5); for ROWS take the rows with cqlr_reply_next. NULL when rc is
 * not 0, and for SUPPORTED. */
CQLR_API const struct cqlr_result *cqlr_reply_result(const cqlr_reply *r);
/* Columns of ROWS, parsed once and reused while a statement's answers carry the same. NULL when it
 * is not ROWS. */
CQLR_API const struct cqlr_columns *cqlr_reply_columns(const cqlr_reply *r);
/* Trace id, warnings, payload. */
CQLR_API const struct cqlr_prefix *cqlr_reply_prefix(const cqlr_reply *r);
/* The state for the next page, null when this is the last. */
CQLR_API struct cqlr_value cqlr_reply_paging_state(const cqlr_reply *r);

struct cqlr_row {
    const struct cqlr_columns *columns;
    const struct cqlr_value *cell; /* columns->count of them, borrowed until the next row is taken,
                                      of any reply that is not kept */
};
/* 1 a row, 0 no more, negative: malformed or (kept replies of the blocking calls, which fetch
 * further pages here) the next page did not come, or the server gets nowhere (CQLR_E_PROTO: three
 * empty pages in a row with the same paging state); cqlr_reply_err tells. */
CQLR_API CQLR_MUST_USE int cqlr_reply_next(cqlr_reply *r, struct cqlr_row *row);
/* Checks and counts the rows that are left in this page. A count or a negative code. */
CQLR_API CQLR_MUST_USE int64_t cqlr_reply_skip(cqlr_reply *r);

/* A copy, owned by the caller, free with cqlr_reply_free; rows are taken from the start of the page
 * again. NULL when memory ran out. */
CQLR_API cqlr_reply *cqlr_reply_keep(const cqlr_reply *r);
/* Of a kept reply, or one of a blocking call; a borrowed one is left alone. */
CQLR_API void cqlr_reply_free(cqlr_reply *r);

/* Cells by position; the value's "nothing" (empty text, 0, false) when null, out of range or of
 * another width. Look at row->cell[i].n for null. */
CQLR_API struct cqlr_str cqlr_row_text(const struct cqlr_row *row, unsigned i);
CQLR_API int64_t cqlr_row_int(const struct cqlr_row *row,
                              unsigned i); /* tinyint … bigint, counter, timestamp, time */
CQLR_API double cqlr_row_double(const struct cqlr_row *row, unsigned i); /* float, double */
CQLR_API bool cqlr_row_boolean(const struct cqlr_row *row, unsigned i);

/* ---- blocking calls: they turn the loop until done, so other callbacks run in them ---- */

/* As cqlr_client_open: 0 or the error, which is in cqlr_client_err. */
CQLR_API CQLR_MUST_USE int cqlr_sync_connect(cqlr_client *cl);
/* Owned by the caller, free with cqlr_prepared_free, cqlr_reply_free; NULL with the error in
 * cqlr_client_err, whether nothing was sent or an error came back. */
CQLR_API cqlr_prepared *cqlr_sync_prepare(cqlr_client *cl, struct cqlr_str cql);
CQLR_API cqlr_reply *cqlr_sync_query(cqlr_client *cl, struct cqlr_str cql,
                                     const struct cqlr_request_opts *o);
/* Further pages of its reply execute b again: it is borrowed, values and all, until the last row
 * was taken or the reply is freed. They are not traced, and leave b at its first page. */
CQLR_API cqlr_reply *cqlr_sync_execute(cqlr_client *cl, cqlr_bound *b);
CQLR_API cqlr_reply *cqlr_sync_options(cqlr_client *cl);

#ifdef __cplusplus
}
#endif
#endif

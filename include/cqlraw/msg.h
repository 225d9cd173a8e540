/*
 * msg.h - the messages of protocol v4, in both directions.
 *
 * Each message has a struct, a _write (struct → body bytes, appended to a writer) and a _read (body
 * bytes → struct). What a _read gives are views into the bytes it read; it allocates nothing and
 * trusts nothing. Bytes behind the last field of a message are ignored (native_protocol_v4.spec
 * section 1). A _read returns 0 or the reader's error; a _write returns w->rc.
 *
 * READY and OPTIONS have an empty body and so no functions.
 */
#ifndef CQLRAW_MSG_H
#define CQLRAW_MSG_H

#include <cqlraw/value.h>
#include <cqlraw/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what may stand in front of a body (section 2.2): trace id, warnings, custom payload, in this
 * order ---- */

struct cqlr_prefix {
    bool has_trace;
    uint8_t trace[16];         /* responses only */
    struct cqlr_span warnings; /* responses only: string list */
    struct cqlr_span payload;  /* bytes map */
};
/* Reads the parts that the header's flags announce. `response` tells the direction: requests carry
 * a payload only. */
CQLR_API CQLR_MUST_USE int cqlr_prefix_read(struct cqlr_rd *r, uint8_t flags, bool response,
                                            struct cqlr_prefix *p);
CQLR_API CQLR_MUST_USE int cqlr_prefix_write(struct cqlr_wr *w, uint8_t flags, bool response,
                                             const struct cqlr_prefix *p);

/* ---- STARTUP, SUPPORTED, AUTHENTICATE (sections 4.1.1, 4.2.3, 4.2.4) ---- */

struct cqlr_startup {
    struct cqlr_span options; /* string map */
};
CQLR_API CQLR_MUST_USE int cqlr_startup_read(struct cqlr_rd *r, struct cqlr_startup *m);
CQLR_API CQLR_MUST_USE int cqlr_startup_write(struct cqlr_wr *w, const struct cqlr_startup *m);

struct cqlr_supported {
    struct cqlr_span options; /* string multimap */
};
CQLR_API CQLR_MUST_USE int cqlr_supported_read(struct cqlr_rd *r, struct cqlr_supported *m);
CQLR_API CQLR_MUST_USE int cqlr_supported_write(struct cqlr_wr *w, const struct cqlr_supported *m);

struct cqlr_authenticate {
    struct cqlr_str class_name;
};
CQLR_API CQLR_MUST_USE int cqlr_authenticate_read(struct cqlr_rd *r, struct cqlr_authenticate *m);
CQLR_API CQLR_MUST_USE int cqlr_authenticate_write(struct cqlr_wr *w,
                                                   const struct cqlr_authenticate *m);

/* ---- AUTH_RESPONSE, AUTH_CHALLENGE, AUTH_SUCCESS (sections 4.1.2, 4.2.7, 4.2.8): what the tokens
 * hold is the authenticator's; null is normal in AUTH_SUCCESS ---- */

struct cqlr_auth_response {
    struct cqlr_value token;
};
CQLR_API CQLR_MUST_USE int cqlr_auth_response_read(struct cqlr_rd *r, struct cqlr_auth_response *m);
CQLR_API CQLR_MUST_USE int cqlr_auth_response_write(struct cqlr_wr *w,
                                                    const struct cqlr_auth_response *m);

struct cqlr_auth_challenge {
    struct cqlr_value token;
};
CQLR_API CQLR_MUST_USE int cqlr_auth_challenge_read(struct cqlr_rd *r,
                                                    struct cqlr_auth_challenge *m);
CQLR_API CQLR_MUST_USE int cqlr_auth_challenge_write(struct cqlr_wr *w,
                                                     const struct cqlr_auth_challenge *m);

struct cqlr_auth_success {
    struct cqlr_value token;
};
CQLR_API CQLR_MUST_USE int cqlr_auth_success_read(struct cqlr_rd *r, struct cqlr_auth_success *m);
CQLR_API CQLR_MUST_USE int cqlr_auth_success_write(struct cqlr_wr *w,
                                                   const struct cqlr_auth_success *m);

/* ---- REGISTER (section 4.1.8): drivers send it at their start; the answer is READY ---- */

struct cqlr_register {
    struct cqlr_span events; /* string list */
};
CQLR_API CQLR_MUST_USE int cqlr_register_read(struct cqlr_rd *r, struct cqlr_register *m);
CQLR_API CQLR_MUST_USE int cqlr_register_write(struct cqlr_wr *w, const struct cqlr_register *m);

/* ---- QUERY, PREPARE, EXECUTE (sections 4.1.4, 4.1.5, 4.1.6) ---- */

enum cqlr_param_flag {
    CQLR_PARAM_VALUES = 0x01,
    CQLR_PARAM_SKIP_METADATA = 0x02,
    CQLR_PARAM_PAGE_SIZE = 0x04,
    CQLR_PARAM_PAGING_STATE = 0x08,
    CQLR_PARAM_SERIAL = 0x10,
    CQLR_PARAM_TIMESTAMP = 0x20,
    CQLR_PARAM_NAMES = 0x40
};

/* <query_parameters>. A field counts only when its flag is set. */
struct cqlr_params {
    uint16_t consistency;
    uint8_t flags;                  /* enum cqlr_param_flag */
    struct cqlr_span values;        /* count × ([string] name if NAMES, [value]) */
    int32_t page_size;              /* > 0 */
    struct cqlr_value paging_state; /* opaque, as a result gave it */
    uint16_t serial;                /* SERIAL or LOCAL_SERIAL */
    int64_t timestamp;              /* microseconds since the epoch; INT64_MIN is not allowed */
};
/* Checks the form only; whether the values make sense is for the receiver to say. An unknown flag
 * is an error: what it adds cannot be skipped. */
CQLR_API CQLR_MUST_USE int cqlr_params_read(struct cqlr_rd *r, struct cqlr_params *p);
/* CQLR_E_RANGE for what no server accepts: an unknown flag, NAMES without VALUES, page_size <= 0, a
 * null paging state, a serial consistency that is none, timestamp INT64_MIN. */
CQLR_API CQLR_MUST_USE int cqlr_params_write(struct cqlr_wr *w, const struct cqlr_params *p);
/* Takes one value off the front of p->values (a copy of the span is the iterator); name is
 * NULL-able and only set with NAMES. */
CQLR_API bool cqlr_params_next(struct cqlr_span *it, uint8_t flags, struct cqlr_str *name,
                               struct cqlr_value *v);

struct cqlr_query {
    struct cqlr_str cql;
    struct cqlr_params params;
};
CQLR_API CQLR_MUST_USE int cqlr_query_read(struct cqlr_rd *r, struct cqlr_query *m);
CQLR_API CQLR_MUST_USE int cqlr_query_write(struct cqlr_wr *w, const struct cqlr_query *m);

struct cqlr_prepare {
    struct cqlr_str cql;
};
CQLR_API CQLR_MUST_USE int cqlr_prepare_read(struct cqlr_rd *r, struct cqlr_prepare *m);
CQLR_API CQLR_MUST_USE int cqlr_prepare_write(struct cqlr_wr *w, const struct cqlr_prepare *m);

struct cqlr_execute {
    struct cqlr_bytes id;
    struct cqlr_params params;
};
CQLR_API CQLR_MUST_USE int cqlr_execute_read(struct cqlr_rd *r, struct cqlr_execute *m);
CQLR_API CQLR_MUST_USE int cqlr_execute_write(struct cqlr_wr *w, const struct cqlr_execute *m);

/* ---- BATCH (section 4.1.7) ---- */

enum cqlr_batch_type { CQLR_BATCH_LOGGED = 0, CQLR_BATCH_UNLOGGED = 1, CQLR_BATCH_COUNTER = 2 };

struct cqlr_batch {
    uint8_t type;                /* enum cqlr_batch_type; read as it stands */
    struct cqlr_span statements; /* see cqlr_batch_next */
    uint16_t consistency;
    uint8_t flags;     /* CQLR_PARAM_SERIAL, CQLR_PARAM_TIMESTAMP; a field counts with its flag */
    uint16_t serial;   /* SERIAL or LOCAL_SERIAL */
    int64_t timestamp; /* microseconds since the epoch; INT64_MIN is not allowed */
};

/* A statement of a batch: a text, or the id of a prepared one. */
struct cqlr_batch_statement {
    bool prepared;
    struct cqlr_str cql;     /* when not prepared */
    struct cqlr_bytes id;    /* when prepared */
    struct cqlr_span values; /* count × [value], for cqlr_params_next with flags 0 */
};

/* Checks the form only. An unknown flag is an error, and so is NAMES: the protocol's text has it,
 * but its layout cannot be read (CASSANDRA-10246). */
CQLR_API CQLR_MUST_USE int cqlr_batch_read(struct cqlr_rd *r, struct cqlr_batch *m);
/* CQLR_E_RANGE for what no server accepts: an unknown type, another flag, a serial consistency that
 * is none, timestamp INT64_MIN. No statements at all are fine. */
CQLR_API CQLR_MUST_USE int cqlr_batch_write(struct cqlr_wr *w, const struct cqlr_batch *m);
/* Takes one statement off the front of a copy of m->statements; false when none is left. */
CQLR_API bool cqlr_batch_next(struct cqlr_span *it, struct cqlr_batch_statement *s);
/* Appends one statement in wire form; the bytes of all of them, with their number, are a span for
 * cqlr_batch.statements. */
CQLR_API void cqlr_batch_statement_write(struct cqlr_wr *w, const struct cqlr_batch_statement *s);

/* ---- columns: the metadata of a result or of a statement's markers ---- */

enum cqlr_meta_flag {
    CQLR_META_GLOBAL_SPEC = 0x01,
    CQLR_META_MORE_PAGES = 0x02,
    CQLR_META_NO_METADATA = 0x04
};

struct cqlr_column {
    struct cqlr_str keyspace;
    struct cqlr_str table;
    struct cqlr_str name;
    const struct cqlr_type *type;
};

/* Columns that outlive the message they came in: a parsed copy, with the very bytes it was parsed
 * from, so that the next message's can be compared. */
struct cqlr_columns {
    uint32_t count;
    const struct cqlr_column *col;
    struct cqlr_bytes spec;  /* a copy of the bytes of the column specs */
    uint32_t spec_flags;     /* its layout: CQLR_META_GLOBAL_SPEC, CQLR_META_NO_METADATA or 0 */
    struct cqlr_arena arena; /* private */
};

/* A message's column specs, not parsed yet: walked and checked only. */
struct cqlr_spec {
    uint32_t flags; /* all metadata flags of the message */
    uint32_t count; /* columns; correct also with NO_METADATA */
    struct cqlr_bytes
        bytes; /* as in the message; when they are those of `known`, its copy of them */
};

/* spec → columns; free with cqlr_columns_free. NULL with the reason in err (CQLR_E_PROTO,
 * CQLR_E_NOMEM). With NO_METADATA the columns have no names and type CUSTOM. */
CQLR_API struct cqlr_columns *cqlr_columns_new(const struct cqlr_spec *s,
                                               const struct cqlr_mem *mem, struct cqlr_err *err);
CQLR_API void cqlr_columns_free(struct cqlr_columns *c);

/* Appends one column spec in wire form (no GLOBAL_SPEC), for servers. */
CQLR_API void cqlr_column_write(struct cqlr_wr *w, const struct cqlr_column *c);

/* ---- RESULT (section 4.2.5) ---- */

enum cqlr_result_kind {
    CQLR_RESULT_VOID = 1,
    CQLR_RESULT_ROWS = 2,
    CQLR_RESULT_SET_KEYSPACE = 3,
    CQLR_RESULT_PREPARED = 4,
    CQLR_RESULT_SCHEMA_CHANGE = 5
};

/* Rows: a page. `left` rows are still to be taken from `rd`. */
struct cqlr_rows {
    struct cqlr_spec spec;
    struct cqlr_value paging_state; /* null without the flag MORE_PAGES; with it never empty */
    uint32_t count;                 /* rows in this page */
    uint32_t left;
    struct cqlr_rd rd; /* its err is the one given to cqlr_result_read */
};

struct cqlr_prepared_result {
    struct cqlr_bytes id;
    struct cqlr_spec markers; /* flags: GLOBAL_SPEC only */
    struct cqlr_span
        pk; /* count × [short]: positions of the partition key's components among the markers */
    struct cqlr_spec result;        /* columns of the answer; count 0 for what is not a SELECT */
    struct cqlr_value paging_state; /* of the result metadata; null in practice, present only for
                                       what a server may send */
};

struct cqlr_schema_change {
    struct cqlr_str change; /* CREATED, UPDATED, DROPPED */
    struct cqlr_str
        target; /* KEYSPACE, TABLE, TYPE, FUNCTION, AGGREGATE; with any other the rest is empty */
    struct cqlr_str keyspace;
    struct cqlr_str name;       /* empty for KEYSPACE */
    struct cqlr_span arguments; /* string list; FUNCTION and AGGREGATE */
};

struct cqlr_result {
    int32_t kind; /* enum cqlr_result_kind; an unknown kind is an error */
    union {
        struct cqlr_rows rows;
        struct cqlr_str keyspace; /* SET_KEYSPACE */
        struct cqlr_prepared_result prepared;
        struct cqlr_schema_change schema_change;
    } u;
};

/*
 * known: columns of an earlier answer of the same statement, or NULL. When the column specs are the
 * same bytes they are not walked again, and cqlr_spec_is tells so. Costs one memcmp.
 */
CQLR_API CQLR_MUST_USE int cqlr_result_read(struct cqlr_rd *r, const struct cqlr_columns *known,
                                            struct cqlr_result *m);
/* true when the spec's bytes are those `c` was made from. */
CQLR_API bool cqlr_spec_is(const struct cqlr_spec *s, const struct cqlr_columns *c);

/* Takes the next row: `cells` has room for spec.count values. 1 a row, 0 no more, negative:
 * malformed, reason in the reader's err. */
CQLR_API CQLR_MUST_USE int cqlr_rows_next(struct cqlr_rows *rows, struct cqlr_value *cells);

/* Walks all rows that are left and checks their bounds, without giving cells. Returns how many, or
 * a negative code. */
CQLR_API CQLR_MUST_USE int64_t cqlr_rows_skip(struct cqlr_rows *rows);

/*
 * Server side. For ROWS: writes kind, metadata (GLOBAL_SPEC when all columns share keyspace and
 * table; MORE_PAGES when paging_state is not null) and the row count; the caller appends rows ×
 * columns [bytes]. flags: 0, or NO_METADATA to leave the specs out (GLOBAL_SPEC beside it is sent
 * as it stands, as some servers do).
 */
CQLR_API CQLR_MUST_USE int cqlr_rows_write(struct cqlr_wr *w, const struct cqlr_column *col,
                                           uint32_t columns, uint32_t flags,
                                           struct cqlr_value paging_state, uint32_t rows);
CQLR_API CQLR_MUST_USE int cqlr_void_write(struct cqlr_wr *w);
CQLR_API CQLR_MUST_USE int cqlr_set_keyspace_write(struct cqlr_wr *w, struct cqlr_str keyspace);
CQLR_API CQLR_MUST_USE int cqlr_prepared_write(struct cqlr_wr *w, struct cqlr_bytes id,
                                               const struct cqlr_column *marker, uint32_t markers,
                                               const uint16_t *pk, uint32_t pks,
                                               const struct cqlr_column *col, uint32_t columns);
CQLR_API CQLR_MUST_USE int cqlr_schema_change_write(struct cqlr_wr *w,
                                                    const struct cqlr_schema_change *m);

/* ---- EVENT (section 4.2.6), on stream -1 ---- */

/* What a server tells unasked, after REGISTER. */
struct cqlr_server_event {
    struct cqlr_str type;      /* TOPOLOGY_CHANGE, STATUS_CHANGE, SCHEMA_CHANGE; with any other the
                                  rest is zero, and the event is best ignored */
    struct cqlr_str change;    /* of a node: NEW_NODE, REMOVED_NODE, MOVED_NODE; UP, DOWN; kept as
                                  text, unknown ones too */
    struct cqlr_bytes address; /* of the node: 4 or 16 bytes */
    int32_t port;
    struct cqlr_schema_change schema; /* SCHEMA_CHANGE */
};
CQLR_API CQLR_MUST_USE int cqlr_server_event_read(struct cqlr_rd *r, struct cqlr_server_event *m);
/* CQLR_E_RANGE for a type that is not one of the three, an address of another length and a target
 * of a schema change that is not known. */
CQLR_API CQLR_MUST_USE int cqlr_server_event_write(struct cqlr_wr *w,
                                                   const struct cqlr_server_event *m);

/* ---- ERROR (section 9) ---- */

#define CQLR_SERVER_ERROR_MAP(X)                                                                   \
    X(SERVER_ERROR, 0x0000, "Server error")                                                        \
    X(PROTOCOL_ERROR, 0x000A, "Protocol error")                                                    \
    X(BAD_CREDENTIALS, 0x0100, "Bad credentials")                                                  \
    X(UNAVAILABLE, 0x1000, "Unavailable")                                                          \
    X(OVERLOADED, 0x1001, "Overloaded")                                                            \
    X(IS_BOOTSTRAPPING, 0x1002, "Is bootstrapping")                                                \
    X(TRUNCATE_ERROR, 0x1003, "Truncate error")                                                    \
    X(WRITE_TIMEOUT, 0x1100, "Write timeout")                                                      \
    X(READ_TIMEOUT, 0x1200, "Read timeout")                                                        \
    X(READ_FAILURE, 0x1300, "Read failure")                                                        \
    X(FUNCTION_FAILURE, 0x1400, "Function failure")                                                \
    X(WRITE_FAILURE, 0x1500, "Write failure")                                                      \
    X(CDC_WRITE_FAILURE, 0x1600, "CDC write failure")                                              \
    X(CAS_WRITE_UNKNOWN, 0x1700, "CAS write unknown")                                              \
    X(SYNTAX_ERROR, 0x2000, "Syntax error")                                                        \
    X(UNAUTHORIZED, 0x2100, "Unauthorized")                                                        \
    X(INVALID, 0x2200, "Invalid")                                                                  \
    X(CONFIG_ERROR, 0x2300, "Config error")                                                        \
    X(ALREADY_EXISTS, 0x2400, "Already exists")                                                    \
    X(UNPREPARED, 0x2500, "Unprepared")

enum cqlr_server_error {
#define CQLR_SERVER_ERROR_ROW(name, number, text) CQLR_SERVER_##name = number,
    CQLR_SERVER_ERROR_MAP(CQLR_SERVER_ERROR_ROW)
#undef CQLR_SERVER_ERROR_ROW
        CQLR_SERVER_ERROR_CODES_END = 0x10000
};
/* "Read timeout", or NULL for a code that is not known. */
CQLR_API const char *cqlr_server_error_name(int32_t code);

/* What stands behind the message of an ERROR, in this order. */
enum cqlr_error_field {
    CQLR_ERROR_REPLICAS = 1, /* consistency, required, received */
    CQLR_ERROR_FAILURES = 2,
    CQLR_ERROR_DATA_PRESENT = 4,
    CQLR_ERROR_WRITE_TYPE = 8,
    CQLR_ERROR_NAMES = 16, /* keyspace, name */
    CQLR_ERROR_ARGUMENTS = 32,
    CQLR_ERROR_ID = 64
};
/* The bits of those that an ERROR of this code has; 0 for a code that is not known. */
CQLR_API unsigned cqlr_error_fields(int32_t code);

/* An ERROR message. Fields behind `message` belong to the codes named; the rest are zero. An
 * unknown code has code and message only. */
struct cqlr_error {
    int32_t code;
    struct cqlr_str message;
    uint16_t consistency;       /* UNAVAILABLE, *_TIMEOUT, *_FAILURE, CAS_WRITE_UNKNOWN */
    int32_t required;           /* UNAVAILABLE: replicas required; else: block_for */
    int32_t received;           /* UNAVAILABLE: replicas alive; else: answers received */
    int32_t failures;           /* READ_FAILURE, WRITE_FAILURE */
    bool data_present;          /* READ_TIMEOUT, READ_FAILURE */
    struct cqlr_str write_type; /* WRITE_TIMEOUT, WRITE_FAILURE; kept as text, unknown ones too */
    struct cqlr_str keyspace;   /* FUNCTION_FAILURE, ALREADY_EXISTS */
    struct cqlr_str name; /* FUNCTION_FAILURE: function; ALREADY_EXISTS: table ("" = keyspace) */
    struct cqlr_span arguments; /* FUNCTION_FAILURE: string list */
    struct cqlr_bytes id;       /* UNPREPARED */
};
CQLR_API CQLR_MUST_USE int cqlr_error_read(struct cqlr_rd *r, struct cqlr_error *m);
CQLR_API CQLR_MUST_USE int cqlr_error_write(struct cqlr_wr *w, const struct cqlr_error *m);
/* The error as one line for people: "Read timeout (0x1200): MESSAGE [LOCAL_ONE, 0 of 1 answered, no
 * data]", control characters replaced by spaces. */
CQLR_API void cqlr_error_print(struct cqlr_wr *w, const struct cqlr_error *m);

#ifdef __cplusplus
}
#endif
#endif

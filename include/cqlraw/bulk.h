/*
 * bulk.h - one statement, many parameter sets, several processes, results in parameter order.
 *
 * The calling process (the parent) forks workers. Each opens its own connection, prepares the
 * statement, and executes it for the parameter sets of the units it is given, with `in_flight`
 * requests under way; answers are processed where they are (on_page, in the worker), and what it
 * emits reaches the parent in parameter order (on_output or out_fd). The parent owns no CQL socket.
 * A worker that dies is replaced, and its units are executed again from the first page that was not
 * committed, if the statement is idempotent; else what it had sent counts as "outcome unknown". One
 * process and many are the same call with the same output.
 *
 * The parent must be single-threaded while cqlr_bulk_run runs (it forks at any time). A worker has
 * a copy of the parent's memory as it was when it was forked, `arg` and what it points to included:
 * what a callback changes there nobody else sees, so it emits it. Callbacks don't run or free a
 * pool; in workers they should not block, since all requests of the process would wait.
 */
#ifndef CQLRAW_BULK_H
#define CQLRAW_BULK_H

#include <sys/types.h>

#include <cqlraw/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- sources: where parameter sets come from ---- */

typedef struct cqlr_source cqlr_source;

enum cqlr_source_kind {
    CQLR_SOURCE_INT,       /* first..last by step: numbers */
    CQLR_SOURCE_DATE,      /* days since 1970-01-01, step in days or (months) calendar months */
    CQLR_SOURCE_TIMESTAMP, /* milliseconds since the epoch, step in ms or (months) calendar months
                            */
    CQLR_SOURCE_LIST, /* texts, converted by the marker's type (cqlr_value_parse); p NULL = null */
    /* The ring of the Murmur3 partitioner in `count` even pieces: the token in front of a piece,
     * and its last token. END stands behind a START of the same count and turns with it.
     * Over all pieces, "token(k) > :start AND token(k) <= :end" is every row once. */
    CQLR_SOURCE_TOKEN_START,
    CQLR_SOURCE_TOKEN_END
};

/* One parameter: a marker and the values it takes. Ranges include both ends and run down when first
 * > last; step > 0. */
struct cqlr_source_param {
    const char *name; /* of the marker; NULL: the next `?` in order. A name binds every marker that
                         has it. */
    enum cqlr_source_kind kind;
    int64_t first, last, step;
    bool months;                 /* step counts months */
    const struct cqlr_str *text; /* LIST: borrowed until the source is freed */
    size_t count;                /* LIST; TOKEN_START, TOKEN_END: 1 .. 2^32 */
    bool checked_late; /* LIST: a text that does not fit its type is an error of its parameter set;
                          else it stops the run before anything is sent */
};

enum cqlr_combine {
    CQLR_COMBINE_PRODUCT /* the last varies fastest */,
    CQLR_COMBINE_ZIP /* equal lengths */
};

/* All sets of the parameters, `repeat` times over (>= 1). NULL with the reason in err (no memory,
 * zip of unequal lengths, more than 2^63 sets, step < 1). Free with cqlr_source_free. */
CQLR_API cqlr_source *cqlr_source_new(const struct cqlr_source_param *p, size_t n,
                                      enum cqlr_combine combine, uint64_t repeat,
                                      struct cqlr_err *err);
/* One parameter whose values are the lines that `fd` gives until its end (streamed; "\N" is null; a
 * byte order mark in front of the first is none of it). fd is borrowed. name as above. */
CQLR_API cqlr_source *cqlr_source_lines(int fd, const char *name, struct cqlr_err *err);

enum cqlr_record_format {
    CQLR_RECORDS_CSV, /* RFC 4180; the first record names the columns; an empty cell without quotes
                         is null, "" is the empty text; cells are read by cqlr_value_parse */
    CQLR_RECORDS_NDJSON /* an object a line, keys are names; or an array, by position; values are
                           read by cqlr_value_from_json */
};
/* A parameter set a record, as they come from `fd` (borrowed, streamed). A column binds every
 * marker of its name; columns that no marker has the name of are passed over; a marker without a
 * column is an error (CSV: of the run, before anything is sent; NDJSON: of the set). For CSV this
 * waits until the first record is there. NULL with the reason in err. */
CQLR_API cqlr_source *cqlr_source_records(int fd, enum cqlr_record_format format,
                                          struct cqlr_err *err);

/* Different statements mixed: each line from `fd` is {"query": "...", "params": [...] or {...}}
 * ("params" may be left out; other keys are passed over). A worker prepares each statement once,
 * when it first meets it. `statement` of the options is empty then, and on_prepared is called with
 * no columns. */
CQLR_API cqlr_source *cqlr_source_workload(int fd, struct cqlr_err *err);

/* Work that is more than one statement: `total` jobs, for on_job of the options. */
CQLR_API cqlr_source *cqlr_source_jobs(uint64_t total, struct cqlr_err *err);

CQLR_API void cqlr_source_free(cqlr_source *s);
/* How many sets; UINT64_MAX when it is not known. */
CQLR_API uint64_t cqlr_source_total(const cqlr_source *s);
/* Parameter `p` (< n of cqlr_source_new) of set `index` as text, appended to w: numbers, dates and
 * timestamps as they print, texts as they were given, null as nothing. 0 or CQLR_E_RANGE,
 * CQLR_E_NOMEM. */
CQLR_API CQLR_MUST_USE int cqlr_source_print(const cqlr_source *s, uint64_t index, size_t p,
                                             struct cqlr_wr *w);

/* ---- the run ---- */

/* A page that arrived in a worker: of which parameter set, and which page of it. */
struct cqlr_item {
    uint64_t index;                /* of the parameter set, from 0 */
    uint64_t page;                 /* from 0 */
    bool last;                     /* no page follows */
    uint64_t rows_before;          /* rows of its earlier pages */
    const cqlr_prepared *prepared; /* the statement, with its markers; borrowed */
    const cqlr_bound *bound; /* the values it was executed with (cqlr_bound_value); borrowed */
};

/* A parameter set that failed. Everything is borrowed until the callback returns. */
struct cqlr_bulk_failure {
    uint64_t index;
    const struct cqlr_err *err; /* CQLR_E_TIMEOUT, CQLR_E_CLOSED: outcome unknown */
    struct cqlr_str record;     /* the line or record it came from, without its newline; p NULL when
                                   the source has none */
};

/* A job under way in a worker. */
typedef struct cqlr_job cqlr_job;
CQLR_API uint64_t cqlr_job_index(const cqlr_job *j);
/* The worker's client, connected; and its `statement`, prepared (NULL when the options have none).
 * Borrowed until cqlr_job_done; don't close or free them. */
CQLR_API cqlr_client *cqlr_job_client(cqlr_job *j);
CQLR_API cqlr_prepared *cqlr_job_prepared(cqlr_job *j);
/* What it writes here comes out of the parent like a page's output. Borrowed likewise. */
CQLR_API struct cqlr_wr *cqlr_job_out(cqlr_job *j);
/* Ends the job, once: rc 0 and its number of rows, or a negative code with the reason in err (may
 * be NULL). The job is gone then. Requests of it must all have had their callbacks. */
CQLR_API void cqlr_job_done(cqlr_job *j, int rc, uint64_t rows, const struct cqlr_err *err);

/* One worker, at the end. A slot whose worker was replaced is one. */
struct cqlr_bulk_worker {
    unsigned slot;
    pid_t pid; /* of the last process */
    unsigned replaced;
    uint64_t queries, errors, rows;  /* committed */
    uint64_t answers, p50, p99, max; /* latency in ns over its answers */
};

/* What is known while it runs. */
struct cqlr_bulk_progress {
    uint64_t done;  /* parameter sets completed and in the output (failed ones included) */
    uint64_t total; /* UINT64_MAX when it is not known */
    uint64_t rows;
    uint64_t errors;
    double seconds;     /* since the first request */
    uint64_t p50, p99;  /* latency in ns */
    unsigned in_flight; /* in all workers, at the last look */
    unsigned workers;
    uint64_t retries;
    unsigned waiting; /* workers without a connection that wait for the server to come back */
    uint64_t unknown; /* of the errors: outcome unknown */
};

enum cqlr_order { CQLR_ORDER_INPUT, CQLR_ORDER_NONE };
enum cqlr_idempotence {
    CQLR_IDEMPOTENT_AUTO /* SELECT yes, all else no */,
    CQLR_IDEMPOTENT_YES,
    CQLR_IDEMPOTENT_NO
};
enum cqlr_worker_event {
    CQLR_WORKER_STARTED,
    CQLR_WORKER_READY,
    CQLR_WORKER_ENDED,
    CQLR_WORKER_DIED
};

struct cqlr_bulk_opts {
    size_t size;                           /* set by cqlr_bulk_opts_init */
    const struct cqlr_client_opts *client; /* its `loop` is ignored; borrowed */
    struct cqlr_str statement;
    cqlr_source *source; /* borrowed */
    unsigned processes;  /* 0 = the cores this process may use (affinity, cgroup quota); never more
                            than there are units */
    unsigned in_flight;  /* per process; default 128; at most 32767 */
    uint64_t block; /* parameter sets per unit of work; 0 = max(1, min(256, total / 4 processes)) */
    enum cqlr_order order;
    enum cqlr_idempotence idempotence;
    uint64_t max_errors;    /* failed parameter sets that are put up with; default 0 */
    double max_error_share; /* or this share of those done so far, looked at from 100 on and at the
                               end; 0 = not used */
    unsigned connects;      /* connections being opened at a time by the whole group; default 2 */
    size_t lane_bytes; /* shared memory per worker in which results wait; default 2 MiB, rounded up
                          to pages */
    uint64_t skip; /* of each source: so many sets at its beginning are not done (an earlier run did
                      them); they are not in the summary */
    double rate; /* parameter sets started per second by the whole group; 0 = as fast as it goes */
    unsigned retries; /* how often a page is asked for again when the server refused it in a way
                         that may pass (overloaded, unavailable, bootstrapping, read timeout ...)
                         and the statement is idempotent or was not executed; default 3 */
    uint64_t retry_delay,
        retry_delay_max;  /* ns before the first repetition, twice as much each time
                             up to the second, with jitter; default 100 ms, 5 s */
    uint64_t outage_wait; /* ns for which idempotent work waits for a server that went away in the
                             middle of the run, or hangs: it answers neither requests in their time
                             nor OPTIONS within the client's heartbeat_timeout; 0 = one new
                             connection at once, then the run ends. Default 0. The first connection
                             is never waited for. */

    /* In the parent, once, before any parameter set is executed: the statement's markers and the
     * answer's columns. What it writes to `head` comes out first. Negative = end the run with this
     * code. May be NULL. */
    int (*on_prepared)(void *arg, const struct cqlr_columns *markers,
                       const struct cqlr_columns *columns, struct cqlr_wr *head);
    /* In the worker, for each page that arrived (not in order): process its rows, append to `out`
     * what shall come out of the parent in order. Negative = the parameter set failed with this
     * code (write the reason to err). NULL = rows are checked and counted. *rows: how many it had.
     */
    int (*on_page)(void *arg, const struct cqlr_item *item, cqlr_reply *r, struct cqlr_wr *out,
                   uint64_t *rows, struct cqlr_err *err);
    /* In the parent: the bytes that the pages gave, in parameter order (CQLR_ORDER_INPUT) or as
     * they come. A page's (or job's) output is never cut: a call holds one or several whole ones.
     * Used when out_fd is -1. Negative = end the run with this code. */
    int (*on_output)(void *arg, const uint8_t *p, size_t n);
    int out_fd; /* default -1; else the bytes are written there by the parent, without ever blocking
                   it */
    /* In the worker: a job of cqlr_source_jobs begins. It submits what it needs on the worker's
     * client and calls cqlr_job_done, now or later; on_page is not used. `in_flight` jobs at a
     * time. Negative = the job failed (write the reason to err; cqlr_job_done was not called). */
    int (*on_job)(void *arg, cqlr_job *job, struct cqlr_err *err);
    /* In the parent, in the same order as the output: a parameter set that failed. It writes
     * nothing, except for pages that had left before a later page failed. */
    void (*on_error)(void *arg, const struct cqlr_bulk_failure *f);
    void (*on_progress)(
        void *arg, const struct cqlr_bulk_progress *p); /* in the parent, some ten times a second */
    void (*on_worker)(void *arg, enum cqlr_worker_event ev, pid_t pid, unsigned slot,
                      const char *why); /* in the parent */
    /* In the parent, at most once a second and at the end (CQLR_ORDER_INPUT and out_fd only): the
     * first `done` sets of the source (`skip` included) are complete, and their output, the first
     * `bytes` bytes of this run's (the head included), has been taken by write(). */
    void (*on_checkpoint)(void *arg, uint64_t done, uint64_t bytes);
    /* In the parent, at the end: each worker; and the latency of all answers, bucket by bucket in
     * ascending order (`count` answers took low..high ns). */
    void (*on_worker_summary)(void *arg, const struct cqlr_bulk_worker *w);
    void (*on_latency)(void *arg, uint64_t low, uint64_t high, uint64_t count);
    /* When stop_fd (default -1) is readable, on_stop is called in the parent (it reads the
     * descriptor empty): 1 = stop sending, wait for what is under way (at most 5 s), then end; 2 =
     * end at once; 0 = go on. Without on_stop a readable stop_fd is 1. */
    int stop_fd;
    int (*on_stop)(void *arg);
    void *arg;
};
/* `client`, `statement` and `source` are empty then. */
CQLR_API void cqlr_bulk_opts_init(struct cqlr_bulk_opts *o, size_t size);

struct cqlr_bulk_summary {
    size_t size;      /* as it was given to the run */
    uint64_t queries; /* parameter sets whose execution completed with an answer, and whose result
                         is out; pages are not counted apart */
    uint64_t total;   /* parameter sets there were; UINT64_MAX when the source did not end */
    uint64_t rows;
    uint64_t pages;
    uint64_t empty;   /* queries without a row */
    uint64_t errors;  /* parameter sets that failed */
    uint64_t unknown; /* of these: outcome unknown; also, when the run ended early and the statement
                         is not idempotent, what had been sent by then and did not come out */
    uint64_t missing; /* parameter sets that were not done (interrupted, aborted) */
    double seconds;   /* from the first request to the last answer */
    unsigned processes;
    unsigned replaced; /* workers that died and were replaced */
    uint64_t p50, p90, p99, p999, max,
        min;             /* latency of a page's request in ns, over all answers */
    struct cqlr_err err; /* why the run ended early, else code 0 */
    uint64_t retries;    /* pages asked for again after a refusal */
    double outage;       /* seconds for which the worker that waited longest had no server */
};

/*
 * Runs to the end. 0 = every parameter set was executed and its result is out (some may have
 * failed: summary.errors). Negative = it ended early, summary.err says why, and what came out is a
 * gapless beginning (CQLR_ORDER_INPUT): CQLR_E_LIMIT too many errors,
 * CQLR_E_CONNECT/RESOLVE/AUTH/VERSION/SERVER/TIMEOUT could not start, CQLR_E_TYPE or CQLR_E_RANGE a
 * parameter does not fit a marker, CQLR_E_OUTPUT the output, CQLR_E_INTERRUPTED, CQLR_E_WORKER
 * workers kept dying, or a callback's code. The summary is always filled in. No child is left
 * behind.
 */
CQLR_API CQLR_MUST_USE int cqlr_bulk_run(const struct cqlr_bulk_opts *o,
                                         struct cqlr_bulk_summary *s, size_t size);

/*
 * A pool that serves many batches: workers are started when the first batch has work for them, and
 * stay, connected and prepared, until cqlr_bulk_free. cqlr_bulk_run is new, one batch, free.
 *
 * `source` of the options is not used; what they point to is borrowed until cqlr_bulk_free. NULL
 * when memory ran out. A batch is like cqlr_bulk_run. After one that gave a negative code the pool
 * is used up (CQLR_E_STATE), unless it was CQLR_E_TYPE, CQLR_E_RANGE or CQLR_E_USAGE: then nothing
 * was sent, and the next batch may come. on_prepared runs with each batch.
 */
typedef struct cqlr_bulk cqlr_bulk;
CQLR_API cqlr_bulk *cqlr_bulk_new(const struct cqlr_bulk_opts *o);
CQLR_API CQLR_MUST_USE int cqlr_bulk_batch(cqlr_bulk *b, cqlr_source *source,
                                           struct cqlr_bulk_summary *s, size_t size);
CQLR_API void cqlr_bulk_free(cqlr_bulk *b);

/* How the work of the options' source would be cut, and over how many processes: what 0 in `block`
 * and `processes` stands for. */
struct cqlr_bulk_plan {
    uint64_t sets;  /* without those that are skipped; UINT64_MAX: not known, nor are units */
    uint64_t block; /* sets in a unit; the last may be shorter */
    uint64_t units;
    unsigned processes;
};
CQLR_API void cqlr_bulk_plan_get(const struct cqlr_bulk_opts *o, struct cqlr_bulk_plan *p);
/* Is the statement of the options executed again when it is not known whether it was? */
CQLR_API bool cqlr_bulk_idempotent(const struct cqlr_bulk_opts *o);

/* How many processes `0` stands for here. */
CQLR_API unsigned cqlr_bulk_cores(void);

#ifdef __cplusplus
}
#endif
#endif

/*
 * manager.h - the parent's side: what its files share.
 *
 *   pool.c      options in; batch after batch; the end
 *   manager.c   one batch: the loop, and how it ends
 *   prepare.c   the statement's columns, the source: checked, and sent to workers
 *   process.c   one worker: fork, what the child drops, reaping
 *   supervise.c what workers say, which are started, which are stopped
 *   death.c     what becomes of a dead worker's units
 *   assign.c    units of work → workers that are hungry
 *   commit.c    records → counters, errors, output, in order
 *   report.c    what the host is told: progress, checkpoints, summary
 *
 * The parent is one loop, which turns only while a batch runs; between batches workers wait. After
 * each turn, step() commits what can be committed, hands out work, starts workers that are missing,
 * and looks whether the end has come; so callbacks only note what happened.
 */
#ifndef CQLRAW_SRC_BULK_MANAGER_H
#define CQLRAW_SRC_BULK_MANAGER_H

#include "src/bulk/lane/pace.h"
#include "src/bulk/manager/order.h"
#include "src/bulk/manager/out.h"
#include "src/bulk/source/source_lines.h"
#include "src/bulk/worker/engine.h"

#define CQLR__SECOND UINT64_C(1000000000)

struct cqlr__manager;

enum cqlr__lane_state {
    CQLR__LANE_OFF,        /* no process */
    CQLR__LANE_STARTED,    /* forked */
    CQLR__LANE_ASKS,       /* wants to connect */
    CQLR__LANE_CONNECTING, /* may; counts in the connect budget */
    CQLR__LANE_READY
};

/* A worker as the parent sees it. */
struct cqlr__lane {
    struct cqlr__manager *m;
    int slot;
    enum cqlr__lane_state state;
    pid_t pid;
    int pidfd;
    struct cqlr__ring ring;
    struct cqlr__reader reader;
    struct cqlr__stream stream;
    struct cqlr_watch stream_watch, pid_watch;
    bool hungry;
    bool told;       /* messages were queued since the last flush */
    uint64_t born;   /* number of the batch in which it was forked: it has that one's source */
    uint64_t batch;  /* number of the batch whose source it was told; 0 = none yet */
    uint64_t queued; /* parameter sets it had left to submit when it said it is hungry, and what it
                        was given since */
    uint64_t given;  /* parameter sets in all */
    uint64_t least;  /* only units from this number on may be given to it while it holds any */
    uint64_t units;  /* it holds */
    struct cqlr_err fatal; /* what it died of, in its own words; code 0: it said nothing */
    uint64_t stopped_since;
};

/* What was measured by a worker. */
struct cqlr__times {
    uint64_t first_submit, last_answer; /* 0 = none */
    uint64_t retries, outage_ns;
    struct cqlr__hist latency;
};

/* What the processes of one slot did in this batch. */
struct cqlr__tally {
    pid_t pid; /* of the last; 0 = there was none */
    unsigned replaced;
    uint64_t queries, errors, rows;
    struct cqlr__times past; /* of those that have ended */
};

/* A place where the output of whole parameter sets ends. */
struct cqlr__boundary {
    uint64_t done;  /* sets of the source in front of it */
    uint64_t bytes; /* of output */
};

/* Begins anew with each batch: all zero. */
struct cqlr__batch {
    bool checked;        /* the source fits the markers: work may be given */
    uint64_t first;      /* parameter sets that were skipped */
    uint64_t total;      /* of the source; UINT64_MAX while not known */
    uint64_t block;      /* parameter sets in a unit */
    unsigned workers;    /* at most */
    uint64_t next_index; /* parameter sets before it are in units, or skipped */
    struct cqlr_wr wire; /* the source as bytes, once somebody needs it */

    struct cqlr__lines lines;
    struct cqlr_watch lines_watch;
    bool lines_watched; /* nothing was there: the loop tells when something is */

    struct cqlr_err out_err; /* why the output failed */
    struct cqlr_watch out_watch;
    bool out_watched;
    bool out_due;                  /* blocked, and it is time to look again */
    uint64_t given;                /* bytes of output so far, and how many */
    struct cqlr__boundary reached; /* sets they hold whole; */
    struct cqlr__boundary written; /* the same when all had left last */
    uint64_t told_at, told_done;   /* the last checkpoint */

    bool more;    /* stopped for a breath: come back at once */
    size_t saved; /* units that may have saved records */
    uint64_t queries, errors, unknown, rows, pages, empty;
    unsigned replaced;
    unsigned most_alive;
    unsigned start_deaths; /* in a row, before being ready */

    unsigned stops; /* how often the host wanted an end */
    bool stopping;  /* asked to; workers were told */
    bool ended;     /* the loop is left */
    int rc;
    struct cqlr_err err;           /* why, when rc < 0 */
    uint64_t committed, looked_at; /* records so far, and at the last look at the workers */
    uint64_t fork_failing_since, fork_pause; /* 0 = the last one worked */
    uint64_t fork_not_before, committed_at_death;
};

struct cqlr__manager {
    struct cqlr_bulk_opts o; /* all defaults filled in; `source` is the batch's */
    struct {                 /* what o.client is, when it has TLS without sessions: with these */
        struct cqlr_client_opts client;
        struct cqlr_tls_opts opts;
        cqlr_tls_sessions *sessions;
    } tls;
    const struct cqlr__engine *engine;
    bool idempotent;          /* the statement is */
    struct cqlr_err unusable; /* every further batch ends with this; code 0: it is usable */
    cqlr_loop *loop;
    struct cqlr__lane *lane;
    struct cqlr__tally *tally; /* by slot */
    struct cqlr__pace *pace;   /* NULL: as fast as it goes */
    unsigned lanes;            /* at most */
    unsigned alive;            /* processes */
    unsigned connecting;
    bool doubt; /* a connection or a worker was lost since the last success: one connects first, so
                   that a password that is refused now was sent once */
    unsigned turn;                          /* lane that is offered work first */
    struct cqlr_columns *markers, *columns; /* from the scout; NULL until then */

    struct cqlr_watch stop_watch;
    struct cqlr_timer stop_timer, progress_timer, look_timer, fork_timer, out_timer;
    uint64_t batches; /* number of this one, from 1 */
    struct cqlr__order order;
    struct cqlr__out out;
    struct cqlr__batch batch;
};

/* ---- pool.c ---- */

/* What cqlr_bulk_new and cqlr_bulk_run do, with another engine. */
cqlr_bulk *cqlr__bulk_new(const struct cqlr_bulk_opts *o, const struct cqlr__engine *engine);
int cqlr__bulk_run(const struct cqlr_bulk_opts *o, const struct cqlr__engine *engine,
                   struct cqlr_bulk_summary *s, size_t size);

/* ---- manager.c ---- */

/* A batch from the first step to the last byte of output; then _close takes down what it had open.
 * The workers are left as they are. */
void cqlr__manager_run(struct cqlr__manager *m);
void cqlr__manager_close(struct cqlr__manager *m);
/* Ends the batch with this error; the first reason stays. */
void cqlr__manager_fail(struct cqlr__manager *m, const struct cqlr_err *err);
/* The same with a line of its own. */
void cqlr__manager_failf(struct cqlr__manager *m, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- prepare.c ---- */

/* The scout's columns came. */
void cqlr__prepare_snapshot(struct cqlr__manager *m, const uint8_t *p, size_t n);
/* The columns are known: does the source fit, and what does the host say? Fails the batch, or work
 * may be given. */
void cqlr__prepare_check(struct cqlr__manager *m);
/* Sends this batch's source to a worker that was not told of it yet. */
void cqlr__prepare_tell(struct cqlr__lane *l);

/* ---- process.c ---- */

/* 0 = the lane has a worker; else errno. */
int cqlr__process_start(struct cqlr__lane *l);
/* Reaps a process whose pidfd is readable (or, with `wait`, once it is). false = it still runs.
 * `why` gets a few words; *clean: exit status 0. */
bool cqlr__process_reap(struct cqlr__lane *l, bool wait, char *why, size_t n, bool *clean);
void cqlr__process_kill(const struct cqlr__lane *l);
/* Closes what the lane has open. */
void cqlr__process_close(struct cqlr__lane *l);

/* ---- supervise.c ---- */

void cqlr__supervise_on_stream(void *lane, unsigned events);
void cqlr__supervise_on_pid(void *lane, unsigned events);
/* Queues a message, of one part or two; it leaves with the next cqlr__supervise_flush. */
void cqlr__supervise_tell(struct cqlr__lane *l, enum cqlr__message_kind kind, const void *p,
                          size_t n);
void cqlr__supervise_tell_two(struct cqlr__lane *l, enum cqlr__message_kind kind, const void *a,
                              size_t an, const void *b, size_t bn);
void cqlr__supervise_flush(struct cqlr__lane *l);
/* Starts workers that are missing, as far as there is work, and lets them connect within the
 * budget. */
void cqlr__supervise_start(struct cqlr__manager *m);
/* No worker is started before this time from now. */
void cqlr__supervise_pause_starts(struct cqlr__manager *m, uint64_t ns);
/* Once a second: is the worker that everything waits for stopped? */
void cqlr__supervise_look(void *manager);
/* Tells the host what happened to a worker. */
void cqlr__supervise_event(struct cqlr__lane *l, enum cqlr_worker_event ev, const char *why);
/* A worker talks nonsense: it is killed; its death is handled when it comes. */
void cqlr__supervise_distrust(struct cqlr__lane *l);
/* Tells (rc 0) or kills all, and reaps them. */
void cqlr__supervise_end(struct cqlr__manager *m);

/* ---- death.c ---- */

/* The process is reaped: its units go back, the lane is off. */
void cqlr__death(struct cqlr__lane *l, const char *why, bool clean);
/* The batch ends early: records that are kept count as "outcome unknown" where repeating them
 * matters. */
void cqlr__death_count_saved(struct cqlr__manager *m);

/* ---- assign.c ---- */

void cqlr__assign_open(struct cqlr__manager *m);
void cqlr__assign_close(struct cqlr__manager *m);
/* Gives units to hungry workers. */
void cqlr__assign(struct cqlr__manager *m);
/* A worker asks when fewer parameter sets than this are left to it. */
uint64_t cqlr__assign_low(const struct cqlr__manager *m);
/* How many units there are that nobody has, as far as it matters. */
uint64_t cqlr__assign_work_left(struct cqlr__manager *m);

/* ---- commit.c ---- */

/* Commits what can be committed now. */
void cqlr__commit(struct cqlr__manager *m);
/* Asks the workers whose records come next to tell when there are some. true = there are already.
 * After cqlr__assign: who was just given the oldest unit is one of them. */
CQLR_MUST_USE
bool cqlr__commit_wait(struct cqlr__manager *m);
/* Writes what is kept of a blocked output, if it is time to look again. Negative: it has failed. */
int cqlr__commit_unblock(struct cqlr__manager *m);
/* The worker of this lane has died: what it published is kept with its units. */
void cqlr__commit_save(struct cqlr__lane *l);
/* More failures than the caller puts up with? */
bool cqlr__commit_too_many(const struct cqlr__manager *m, bool at_end);
/* Are all parameter sets there are committed? */
bool cqlr__commit_complete(const struct cqlr__manager *m);
/* How many parameter sets there are to do; UINT64_MAX while not known. */
uint64_t cqlr__commit_total(const struct cqlr__manager *m);

/* ---- report.c ---- */

/* What a slot did begins anew, and the gauges of a worker that lives on: it has nothing to do at
 * this moment. */
void cqlr__report_begin(struct cqlr__lane *l);
/* Adds what a worker measured. */
void cqlr__report_add(struct cqlr__times *into, const struct cqlr__gauges *g);
void cqlr__report_progress(struct cqlr__manager *m);
/* Tells how far the output is, once a second or (at_end) anyway. */
void cqlr__report_checkpoint(struct cqlr__manager *m, bool at_end);
/* At the end: workers, latencies, and the summary. */
void cqlr__report_end(struct cqlr__manager *m, struct cqlr_bulk_summary *s, size_t size);

#endif

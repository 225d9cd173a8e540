/*
 * manager.h - the parent's side of a run: what its files share.
 *
 *   manager.c   options in, summary out; the loop; how a run ends
 *   process.c   one worker: fork, what the child drops, reaping
 *   supervise.c what workers say, their death, what becomes of their units
 *   assign.c    units of work → workers that are hungry
 *   commit.c    records → counters, errors, output, in order
 *
 * The parent is one loop. After each turn, step() commits what can be committed, hands out work,
 * starts workers that are missing, and looks whether the end has come; so callbacks only note what
 * happened.
 */
#ifndef CQLRAW_SRC_BULK_MANAGER_H
#define CQLRAW_SRC_BULK_MANAGER_H

#include "src/bulk/engine.h"
#include "src/bulk/order.h"
#include "src/bulk/out.h"
#include "src/bulk/source_lines.h"

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
    uint64_t queued; /* parameter sets it had left to submit when it said it is hungry, and what it
                        was given since */
    uint64_t given;  /* parameter sets in all */
    uint64_t least;  /* only units from this number on may be given to it while it holds any */
    uint64_t units;  /* it holds */
    struct cqlr_err fatal; /* what it died of, in its own words; code 0: it said nothing */
    uint64_t stopped_since;
};

struct cqlr__manager {
    struct cqlr_bulk_opts o; /* all defaults filled in */
    const struct cqlr__engine *engine;
    bool idempotent;
    cqlr_loop *loop;
    struct cqlr__lane *lane;
    unsigned lanes; /* at most */
    unsigned alive; /* processes */
    unsigned connecting;
    bool prepared; /* the scout's snapshot is checked, the others may start */

    uint64_t total;      /* UINT64_MAX while not known */
    uint64_t next_index; /* parameter sets before it are in units */
    struct cqlr__order order;
    bool lines_source;
    struct cqlr__lines lines;
    struct cqlr_watch lines_watch;
    bool lines_watched; /* nothing was there: the loop tells when something is */
    unsigned turn;      /* lane that is offered work first */

    struct cqlr__out out;
    struct cqlr_err out_err; /* why it failed */
    struct cqlr_watch out_watch;
    bool out_watched;
    bool more;    /* commit stopped for a breath: come back at once */
    size_t saved; /* units that may have saved records */

    uint64_t queries, errors, unknown, rows, pages, empty;
    unsigned replaced;
    uint64_t first_submit, last_answer; /* of workers that have ended */
    struct cqlr__hist *latency;         /* likewise */
    unsigned start_deaths;              /* in a row, before being ready */

    struct cqlr_watch stop_watch;
    unsigned stops; /* how often the host wanted an end */
    bool stopping;  /* asked to; workers were told */
    bool ended;     /* the loop is left */
    int rc;
    struct cqlr_err err; /* why, when rc < 0 */
    struct cqlr_timer stop_timer, progress_timer, look_timer, fork_timer;
    uint64_t committed, looked_at; /* records so far, and at the last look at the workers */
    uint64_t fork_failing_since, fork_pause; /* 0 = the last one worked */
    uint64_t fork_not_before, committed_at_death;
    unsigned most_alive;
};

/* ---- manager.c ---- */

/* What cqlr_bulk_run does, with another engine. */
int cqlr__bulk_run(const struct cqlr_bulk_opts *o, const struct cqlr__engine *engine,
                   struct cqlr_bulk_summary *s, size_t size);
/* Ends the run with m->err (already written); the first reason stays. */
void cqlr__manager_fail(struct cqlr__manager *m, const struct cqlr_err *err);
/* The same with a line of its own. */
void cqlr__manager_failf(struct cqlr__manager *m, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* All histograms and times so far, into `into` (zeroed by the caller). */
void cqlr__manager_times(const struct cqlr__manager *m, struct cqlr__hist *into, uint64_t *first,
                         uint64_t *last);

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
/* Once a second: is the worker that everything waits for stopped? */
void cqlr__supervise_look(void *manager);
/* A worker talks nonsense: it is killed; its death is handled when it comes. */
void cqlr__supervise_distrust(struct cqlr__lane *l);
/* At the end: tells (rc 0) or kills all, and reaps them. */
void cqlr__supervise_end(struct cqlr__manager *m);

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
/* The worker of this lane has died: what it published is kept with its units. */
void cqlr__commit_save(struct cqlr__lane *l);
/* More failures than the caller puts up with? */
bool cqlr__commit_too_many(const struct cqlr__manager *m, bool at_end);
/* Are all parameter sets there are committed? */
bool cqlr__commit_complete(const struct cqlr__manager *m);

#endif

/*
 * cmd_run.c - `cqlraw run`: the command line → one cqlr_bulk_run, and its result → exit code, files
 * under their names, summary.
 *
 * on_page runs in the workers; all else here runs in the parent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "summary.h"
#include "tools/cqlraw/args/client_args.h"
#include "tools/cqlraw/io/signals.h"
#include "tools/cqlraw/rows/color.h"

#define ERRORS_SHOWN 10
#define LANE_LEAST   (64 * 1024)

/* ---- callbacks of the parent ---- */

static void on_error(void *arg, const struct cqlr_bulk_failure *f)
{
    struct run *r = arg;
    run_errors_add(&r->errors, &r->params, f);
    if (r->errors.n > ERRORS_SHOWN)
        return;
    progress_clear(&r->progress);
    say(RUN, "parameter set %llu: %s", (unsigned long long)f->index, f->err->text);
}

static void on_progress(void *arg, const struct cqlr_bulk_progress *p)
{
    struct run *r = arg;
    progress_show(&r->progress, p);
}

static void tell_death(struct run *r)
{
    if (!r->died)
        return;
    progress_clear(&r->progress);
    say(RUN, "worker %ld died and is replaced: %s", (long)r->died, r->why);
    r->died = 0;
}

static void on_worker(void *arg, enum cqlr_worker_event ev, pid_t pid, unsigned slot,
                      const char *why)
{
    struct run *r = arg;
    (void)slot;
    if (ev == CQLR_WORKER_STARTED)
        tell_death(r);
    if (ev == CQLR_WORKER_DIED) {
        tell_death(r);
        r->died = pid;
        snprintf(r->why, sizeof r->why, "%s", why ? why : "no reason known");
    }
}

static void on_worker_summary(void *arg, const struct cqlr_bulk_worker *w)
{
    struct run *r = arg;
    if (r->workers < RUN_WORKERS)
        r->worker[r->workers++] = *w;
}

static void on_latency(void *arg, uint64_t low, uint64_t high, uint64_t count)
{
    struct run *r = arg;
    (void)high;
    hdr_add(r->hdr, low, count);
}

/* The first signal ends sending, the second one everything. */
static int on_stop(void *arg)
{
    struct run *r = arg;
    r->signals += signals_read(r->stop_fd, &r->signal);
    return r->signals < 2 ? r->signals : 2;
}

/* ---- options ---- */

/* What an earlier run used up of --max-errors is gone. */
static uint64_t max_errors(const struct run *r)
{
    uint64_t n = r->args->v[OPT_MAX_ERRORS].n, before = r->resume.from.errors;
    return n > before ? n - before : 0;
}

static size_t lane_bytes(const struct args *a, size_t usual)
{
    uint64_t n = a->v[OPT_PROCESSES].n ? a->v[OPT_PROCESSES].n : cqlr_bulk_cores();
    uint64_t each = a->v[OPT_REORDER_MEMORY].n / n;
    if (!a->v[OPT_REORDER_MEMORY].given)
        return usual;
    return each > LANE_LEAST ? (size_t)each : LANE_LEAST;
}

enum cqlr_idempotence run_idempotence(const struct args *a)
{
    return args_is(a, OPT_IDEMPOTENT, "yes")  ? CQLR_IDEMPOTENT_YES
           : args_is(a, OPT_IDEMPOTENT, "no") ? CQLR_IDEMPOTENT_NO
                                              : CQLR_IDEMPOTENT_AUTO;
}

static void set_work(struct cqlr_bulk_opts *o, const struct run *r)
{
    const struct args *a = r->args;
    o->statement = cqlr_cstr(r->workload ? "" : a->rest[0]);
    o->source = r->params.source;
    o->skip = r->resume.from.done;
    o->processes = (unsigned)a->v[OPT_PROCESSES].n;
    o->in_flight = (unsigned)a->v[OPT_CONCURRENCY].n;
    o->block = a->v[OPT_BLOCK].n;
    o->rate = a->v[OPT_RATE].rate;
    o->order = args_is(a, OPT_ORDER, "none") ? CQLR_ORDER_NONE : CQLR_ORDER_INPUT;
    o->lane_bytes = lane_bytes(a, o->lane_bytes);
    o->idempotence = run_idempotence(a);
    o->max_errors = max_errors(r);
    o->max_error_share = a->v[OPT_MAX_ERRORS].share;
    o->retries = (unsigned)a->v[OPT_RETRIES].n;
    (void)run_retry_delay(a, &o->retry_delay, &o->retry_delay_max); /* run_check saw to it */
    o->outage_wait = a->v[OPT_OUTAGE_WAIT].n;
}

static void set_callbacks(struct cqlr_bulk_opts *o, struct run *r)
{
    o->on_prepared = run_on_prepared;
    o->on_error = on_error;
    o->on_progress = on_progress;
    o->on_worker = on_worker;
    o->on_worker_summary = on_worker_summary;
    o->on_latency = r->hdr ? on_latency : NULL;
    o->stop_fd = r->stop_fd;
    o->on_stop = on_stop;
    o->arg = r;
    if (r->format == ROWS_NONE)
        return;
    o->on_page = run_on_page;
    if (run_is_joined(r)) {
        o->on_output = run_on_output;
        return;
    }
    o->out_fd = r->out.fd;
    o->on_checkpoint = r->resume.path ? run_on_checkpoint : NULL;
}

/* ---- the end ---- */

int run_failed(struct run *r, int rc, const struct cqlr_err *err)
{
    char room[CLIENT_ERROR];
    if (rc == CQLR_E_INTERRUPTED)
        return 128 + (r->signal ? r->signal : 2);
    if (rc == CQLR_E_OUTPUT && err->sys_errno && !r->out.sys_errno)
        r->out.sys_errno = err->sys_errno;
    if (rc == CQLR_E_OUTPUT && r->out.sys_errno && !r->err.code)
        return out_failed(&r->out, RUN);
    if (rc == CQLR_E_LIMIT && r->errors.n > 0) { /* each was told as it came */
        say(RUN, "too many errors (%llu), see --max-errors", (unsigned long long)r->errors.n);
        return EXIT_ABORTED;
    }
    if (r->err.code)
        err = &r->err;
    say(RUN, "%s", err->code ? client_error(err, room) : cqlr_errcode_text(rc));
    switch (rc) {
    case CQLR_E_USAGE:
    case CQLR_E_RANGE:
    case CQLR_E_TYPE:
        return EXIT_USAGE;
    case CQLR_E_LIMIT:
        return EXIT_ABORTED;
    case CQLR_E_RESOLVE:
    case CQLR_E_CONNECT:
    case CQLR_E_VERSION:
    case CQLR_E_PROTO:
    case CQLR_E_SERVER:
    case CQLR_E_AUTH:
    case CQLR_E_TLS:
    case CQLR_E_TIMEOUT:
    case CQLR_E_CLOSED:
        return EXIT_CONNECT;
    case CQLR_E_IO:
        return r->params.streamed ? EXIT_CONNECT : EXIT_INTERNAL;
    case CQLR_E_OUTPUT:
        return EXIT_OUTPUT;
    default:
        return EXIT_INTERNAL;
    }
}

static int summarize(struct run *r, const struct cqlr_bulk_summary *s, int code)
{
    const struct summary_facts facts = {
        .interrupted = code > 128,
        .worker = r->worker,
        .workers = r->workers,
        .errors = &r->errors,
        .resumed = r->resume.from.done,
        .errors_before = r->resume.from.errors,
    };
    int written = summary_print(r->args, s, &facts);
    return run_is_good(code) && written ? written : code;
}

static int finish(struct run *r, int rc, const struct cqlr_bulk_summary *s)
{
    progress_clear(&r->progress);
    signals_read(r->stop_fd, &r->signal);
    if (r->errors.n > ERRORS_SHOWN)
        say(RUN, "%llu more parameter sets failed",
            (unsigned long long)(r->errors.n - ERRORS_SHOWN));
    bool some = s->errors > 0 || r->resume.from.errors > 0;
    int code = rc < 0 ? run_failed(r, rc, &s->err) : some ? EXIT_SOME_ERRORS : EXIT_DONE;
    if (rc == 0 && s->missing > 0) {
        say(RUN, "%llu parameter sets were not done", (unsigned long long)s->missing);
        code = EXIT_INTERNAL;
    }
    if (r->reducing && run_is_good(code) && code != EXIT_DONE)
        say(RUN, "the result leaves out %llu parameter sets", (unsigned long long)s->errors);
    code = run_files_end(r, code);
    code = run_files_commit(r, code);
    bool started = s->queries > 0 || s->errors > 0 || rc == 0 || code > 128;
    if (started && code != EXIT_USAGE && code != EXIT_PIPE) {
        int hdr = run_files_hdr(r, s);
        code = run_is_good(code) && hdr ? hdr : code;
        code = summarize(r, s, code);
    }
    run_files_leave(r, s->unknown);
    return code;
}

/* ---- the run ---- */

static int run(struct run *r)
{
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s = {.size = sizeof s};
    bool dry = r->args->v[OPT_DRY_RUN].given, complete = false;
    int rc = client_args(&client, r->args);
    if (rc)
        return rc;
    cqlr_bulk_opts_init(&o, sizeof o);
    o.client = &client;
    if (!dry) {
        rc = run_resume_open(r, &complete);
        if (rc || complete)
            return rc;
    }
    r->stop_fd = signals_open();
    if (r->stop_fd < 0) {
        say(RUN, "cannot wait for signals: %s", strerror(errno));
        return EXIT_INTERNAL;
    }
    set_work(&o, r);
    if (dry) {
        o.stop_fd = r->stop_fd;
        return run_dry(r, &o);
    }
    rc = run_files_open(r);
    if (!rc) {
        set_callbacks(&o, r);
        rc = finish(r, cqlr_bulk_run(&o, &s, sizeof s), &s);
    }
    run_files_close(r);
    return rc;
}

static struct run *run_new(const struct args *a)
{
    struct run *r = calloc(1, sizeof *r);
    if (!r) {
        say(RUN, "out of memory");
        return NULL;
    }
    r->args = a;
    r->format = run_format(a);
    r->reducing = a->v[OPT_REDUCE].given;
    r->with_params = a->v[OPT_WITH_PARAMS].given;
    r->mark_empty = args_is(a, OPT_EMPTY, "mark");
    r->workload = a->v[OPT_WORKLOAD].given;
    r->stop_fd = -1;
    r->out = r->hdr_out = r->errors.bad.out = (struct out){.fd = -1, .stop_fd = -1};
    /* rows that go to a terminal in pieces would mix with the progress line */
    bool whole = r->reducing || r->format == ROWS_TABLE || r->format == ROWS_NONE;
    r->to_terminal = !a->v[OPT_OUTPUT].given && isatty(STDOUT_FILENO);
    progress_init(&r->progress, !a->v[OPT_QUIET].given && (whole || !r->to_terminal));
    packed_table_init(&r->table);
    r->table.bold = !a->v[OPT_OUTPUT].given && color_on(a, STDOUT_FILENO);
    return r;
}

static void run_free(struct run *r)
{
    params_free(&r->params);
    packed_table_fini(&r->table);
    reduce_fini(&r->reduce);
    run_params_fini(&r->wide);
    run_resume_fini(r);
    run_errors_fini(&r->errors);
    free(r->hdr);
    if (r->stop_fd >= 0)
        close(r->stop_fd);
    free(r);
}

int cmd_run(const struct args *a)
{
    int rc = run_check(a);
    if (rc)
        return rc;
    signals_exit();
    struct run *r = run_new(a);
    if (!r)
        return EXIT_INTERNAL;
    rc = params_open(&r->params, a);
    r->wide.by_name = r->params.by_name;
    if (!rc)
        rc = run(r);
    run_free(r);
    return rc;
}

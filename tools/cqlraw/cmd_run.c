/*
 * cmd_run.c - `cqlraw run`: the command line → one cqlr_bulk_run, and its result → exit code and
 * summary.
 *
 * on_prepared, on_page: run_rows.c (on_page in the workers). All else here runs in the parent.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client_args.h"
#include "params.h"
#include "run.h"
#include "signals.h"
#include "summary.h"

#define ERRORS_SHOWN 10

/* ---- callbacks of the parent ---- */

static int on_output(void *arg, const uint8_t *p, size_t n)
{
    struct run *r = arg;
    int rc = run_table_take(&r->table, p, n);
    return rc ? rc : run_write_table(r);
}

static void on_error(void *arg, uint64_t index, const struct cqlr_err *err)
{
    struct run *r = arg;
    if (r->errors++ >= ERRORS_SHOWN)
        return;
    progress_clear(&r->progress);
    say(RUN, "parameter set %llu: %s", (unsigned long long)index, err->text);
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

/* Remembers who works where, for the summary. */
static void on_worker(void *arg, enum cqlr_worker_event ev, pid_t pid, unsigned slot,
                      const char *why)
{
    struct run *r = arg;
    if (ev == CQLR_WORKER_STARTED && slot < RUN_WORKERS) {
        tell_death(r);
        r->pid[slot] = pid;
        r->workers = slot >= r->workers ? slot + 1 : r->workers;
    }
    if (ev == CQLR_WORKER_DIED) {
        tell_death(r);
        r->died = pid;
        snprintf(r->why, sizeof r->why, "%s", why ? why : "no reason known");
    }
}

/* The first signal ends sending, the second one everything. */
static int on_stop(void *arg)
{
    struct run *r = arg;
    r->signals += signals_read(r->stop_fd, &r->signal);
    return r->signals < 2 ? r->signals : 2;
}

/* ---- the run ---- */

static void options_of(struct cqlr_bulk_opts *o, struct run *r, const struct params *p,
                       const struct cqlr_client_opts *client)
{
    const struct args *a = r->args;
    cqlr_bulk_opts_init(o, sizeof *o);
    o->client = client;
    o->statement = cqlr_cstr(a->rest[0]);
    o->source = p->source;
    o->processes = (unsigned)a->v[OPT_PROCESSES].n;
    o->in_flight = (unsigned)a->v[OPT_CONCURRENCY].n;
    o->block = a->v[OPT_BLOCK].n;
    o->order = args_is(a, OPT_ORDER, "none") ? CQLR_ORDER_NONE : CQLR_ORDER_INPUT;
    o->max_errors = a->v[OPT_MAX_ERRORS].n;
    o->max_error_share = a->v[OPT_MAX_ERRORS].share;
    o->on_error = on_error;
    o->on_progress = on_progress;
    o->on_worker = on_worker;
    o->stop_fd = r->stop_fd;
    o->on_stop = on_stop;
    o->arg = r;
    if (r->format == RUN_NONE)
        return;
    o->on_prepared = run_on_prepared;
    o->on_page = run_on_page;
    if (r->format == RUN_CSV)
        o->out_fd = r->out.fd;
    else
        o->on_output = on_output;
}

/* Why it ended early, as exit code; the reason was told by then, except for an interrupt, which the
 * summary names. */
static int failed(struct run *r, const struct params *p, int rc, const struct cqlr_err *err)
{
    if (rc == CQLR_E_INTERRUPTED)
        return 128 + (r->signal ? r->signal : 2);
    if (rc == CQLR_E_OUTPUT && err->sys_errno && !r->out.sys_errno)
        r->out.sys_errno = err->sys_errno;
    if (rc == CQLR_E_OUTPUT && r->out.sys_errno)
        return out_failed(&r->out, RUN);
    say(RUN, "%s", err->code ? err->text : cqlr_errcode_text(rc));
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
        return p->from_stdin ? EXIT_CONNECT : EXIT_INTERNAL;
    case CQLR_E_OUTPUT:
        return EXIT_OUTPUT;
    default:
        return EXIT_INTERNAL;
    }
}

/* The rest of the table, then the file under its name or gone. A failure here takes the place of
 * success only. */
static int finish_output(struct run *r, int code)
{
    bool good = code == EXIT_DONE || code == EXIT_SOME_ERRORS;
    if (r->format == RUN_TABLE && !r->out.sys_errno) {
        int rc = run_table_end(&r->table);
        if (!rc)
            rc = run_write_table(r);
        if (rc && good)
            code = rc == CQLR_E_OUTPUT ? out_failed(&r->out, RUN) : EXIT_INTERNAL;
    }
    good = code == EXIT_DONE || code == EXIT_SOME_ERRORS;
    if (good && out_commit(&r->out) < 0)
        code = out_failed(&r->out, RUN);
    return code;
}

static int finish(struct run *r, const struct params *p, int rc, const struct cqlr_bulk_summary *s)
{
    struct summary_workers workers = {r->pid, r->workers};
    progress_clear(&r->progress);
    signals_read(r->stop_fd, &r->signal);
    if (r->errors > ERRORS_SHOWN)
        say(RUN, "%llu more parameter sets failed", (unsigned long long)(r->errors - ERRORS_SHOWN));
    int code = rc < 0 ? failed(r, p, rc, &s->err) : s->errors ? EXIT_SOME_ERRORS : EXIT_DONE;
    if (rc == 0 && s->missing > 0) {
        say(RUN, "%llu parameter sets were not done", (unsigned long long)s->missing);
        code = EXIT_INTERNAL;
    }
    code = finish_output(r, code);
    bool started = s->queries > 0 || s->errors > 0 || rc == 0 || code > 128;
    if (started && code != EXIT_USAGE && code != EXIT_PIPE) {
        int written = summary_print(r->args, s, code > 128, workers);
        code = code == EXIT_DONE || code == EXIT_SOME_ERRORS ? (written ? written : code) : code;
    }
    if (out_discard(&r->out))
        say(RUN, "%s is not complete: %s.part removed", r->out.path, r->out.path);
    return code;
}

static int run(struct run *r, const struct params *p)
{
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s = {.size = sizeof s};
    client_args(&client, r->args);
    r->stop_fd = signals_open();
    if (r->stop_fd < 0) {
        say(RUN, "cannot wait for signals: %s", strerror(errno));
        return EXIT_INTERNAL;
    }
    int rc = out_open(&r->out, RUN, r->args->v[OPT_OUTPUT].text, r->args->v[OPT_OVERWRITE].given);
    if (!rc) {
        r->out.stop_fd = r->stop_fd;
        options_of(&o, r, p, &client);
        rc = finish(r, p, cqlr_bulk_run(&o, &s, sizeof s), &s);
    }
    close(r->stop_fd);
    return rc;
}

static int check(const struct args *a)
{
    if (a->rest_n == 0)
        say(RUN, "a query is needed: cqlraw run QUERY [-P NAME=SPEC]...");
    else if (a->rest_n > 1)
        say(RUN, "unexpected argument \"%s\" (the query is one argument: put it in quotes)",
            a->rest[1]);
    else if (a->v[OPT_OUTPUT].given && args_is(a, OPT_FORMAT, "none"))
        say(RUN, "--output: there is nothing to write with --format none");
    else if (a->v[OPT_OVERWRITE].given && !a->v[OPT_OUTPUT].given)
        say(RUN, "--overwrite goes with --output");
    else
        return 0;
    return EXIT_USAGE;
}

int cmd_run(const struct args *a)
{
    struct params p;
    int rc = check(a);
    if (rc)
        return rc;
    signals_exit();
    rc = params_open(&p, a);
    if (!rc) {
        struct run *r = run_new(a);
        rc = r ? run(r, &p) : EXIT_INTERNAL;
        run_free(r);
    }
    params_free(&p);
    return rc;
}

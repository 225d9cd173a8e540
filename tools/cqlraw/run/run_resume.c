/*
 * run_resume.c - --checkpoint and --resume: when the checkpoint is written, and whether a run may
 * go on behind one.
 *
 * What it claims is on the disk before it is written, so a part that is longer than it says is what
 * a run leaves that was killed, and one that is shorter has been damaged. A statement that is not
 * idempotent is not sent again where it may have been executed: a run of it that was killed, or
 * ended with unknown outcomes behind the checkpoint, cannot be resumed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"
#include "tools/cqlraw/io/file.h"

/* ---- the facts of the command ---- */

static void fact_option(struct cqlr_wr *facts, const struct args *a, enum option_id id,
                        const char *name)
{
    const struct option_value *v = &a->v[id];
    const char *text = v->text ? v->text : v->given ? "yes" : "no";
    checkpoint_fact(facts, name, cqlr_cstr(text));
}

static uint64_t hash(const char *p, size_t n) /* FNV-1a */
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)p[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* -P as they were given, and the contents of the files that they name. */
static void fact_params(struct cqlr_wr *facts, const struct run *r)
{
    char text[40];
    for (size_t i = 0; i < r->args->params_n; i++) {
        const struct param *p = &r->params.param[i];
        checkpoint_fact(facts, "-P", cqlr_cstr(r->args->params[i]));
        if (!p->file)
            continue;
        snprintf(text, sizeof text, "%zu %016llx", p->file_n,
                 (unsigned long long)hash(p->file, p->file_n));
        checkpoint_fact(facts, "file", cqlr_cstr(text));
    }
}

/* A file that is read as a stream is known by its size and the time of its last change. */
static void fact_stream(struct cqlr_wr *facts, const struct run *r)
{
    struct stat st;
    char text[80];
    if (r->params.fd < 0 || fstat(r->params.fd, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    snprintf(text, sizeof text, "%lld %lld.%09ld", (long long)st.st_size,
             (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    checkpoint_fact(facts, "input", cqlr_cstr(text));
}

static void gather_facts(struct run *r)
{
    static const struct {
        enum option_id id;
        const char *name;
    } options_of_output[] = {
        {OPT_OUTPUT, "--output"},           {OPT_BAD, "--bad"},
        {OPT_WITH_PARAMS, "--with-params"}, {OPT_EMPTY, "--empty"},
        {OPT_PARAMS_FROM, "--params-from"}, {OPT_PARAMS_FORMAT, "--params-format"},
        {OPT_WORKLOAD, "--workload"},       {OPT_TOKEN_RANGES, "--token-ranges"},
        {OPT_COMBINE, "--combine"},         {OPT_REPEAT, "--repeat"},
    };
    struct cqlr_wr *facts = &r->resume.facts;
    const struct args *a = r->args;
    checkpoint_fact(facts, "statement", cqlr_cstr(a->rest_n ? a->rest[0] : ""));
    checkpoint_fact(facts, "--format", cqlr_cstr(rows_format_name(r->format)));
    for (size_t i = 0; i < sizeof options_of_output / sizeof options_of_output[0]; i++)
        fact_option(facts, a, options_of_output[i].id, options_of_output[i].name);
    fact_params(facts, r);
    fact_stream(facts, r);
}

/* ---- going on ---- */

static bool is_idempotent(const struct args *a)
{
    struct cqlr_bulk_opts o;
    cqlr_bulk_opts_init(&o, sizeof o);
    o.statement = cqlr_cstr(a->rest_n ? a->rest[0] : "");
    o.idempotence = run_idempotence(a);
    return cqlr_bulk_idempotent(&o);
}

static int refuse_repeat(const struct run *r)
{
    const struct checkpoint *c = &r->resume.from;
    if (is_idempotent(r->args) || (c->state != CHECKPOINT_RUNNING && c->unknown == 0))
        return 0;
    if (c->state == CHECKPOINT_RUNNING)
        say(RUN,
            "--resume: %s: the run was killed, and what it sent behind parameter set %llu may "
            "have been executed; --idempotent yes sends it again",
            r->resume.path, (unsigned long long)c->done);
    else
        say(RUN,
            "--resume: %s: %llu parameter sets may have been executed; --idempotent yes sends "
            "them again",
            r->resume.path, (unsigned long long)c->unknown);
    return EXIT_USAGE;
}

/* Everything was done, and the output may even have got its name before the checkpoint went. */
static bool is_complete(const struct run *r)
{
    const char *path = r->args->v[OPT_OUTPUT].text;
    char part[4096];
    struct stat st;
    int n = snprintf(part, sizeof part, "%s.part", path);
    return r->resume.from.state == CHECKPOINT_COMPLETE && n < (int)sizeof part &&
           stat(part, &st) < 0 && stat(path, &st) == 0 &&
           (uint64_t)st.st_size == r->resume.from.bytes;
}

static int take(struct run *r, bool *complete)
{
    struct run_resume *s = &r->resume;
    char *text, why[200];
    size_t n;
    int rc = file_read(RUN, s->path, &text, &n);
    if (!rc && checkpoint_parse((struct cqlr_str){text, n}, &s->facts, &s->from, why, sizeof why)) {
        say(RUN, "--resume: %s %s", s->path, why);
        rc = EXIT_USAGE;
    }
    free(text);
    if (!rc)
        rc = refuse_repeat(r);
    if (rc)
        return rc;
    s->found = true;
    s->now = s->from;
    r->errors.covered = s->from.errors;
    r->errors.covered_bytes = s->from.bad_bytes;
    *complete = is_complete(r);
    if (*complete) {
        unlink(s->path);
        say(RUN, "%s is complete", r->args->v[OPT_OUTPUT].text);
        return s->from.errors ? EXIT_SOME_ERRORS : EXIT_DONE;
    }
    say(RUN, "resumed behind parameter set %llu", (unsigned long long)s->from.done);
    return 0;
}

int run_resume_open(struct run *r, bool *complete)
{
    struct run_resume *s = &r->resume;
    struct stat st;
    *complete = false;
    s->path = r->args->v[OPT_CHECKPOINT].text;
    if (!s->path)
        return 0;
    r->errors.keep_open = true;
    cqlr_wr_init(&s->facts, NULL, 0);
    gather_facts(r);
    bool exists = stat(s->path, &st) == 0;
    if (s->facts.rc) {
        say(RUN, "out of memory");
        return EXIT_INTERNAL;
    }
    if (exists && !r->args->v[OPT_RESUME].given) {
        say(RUN, "--checkpoint: %s exists (--resume goes on from there)", s->path);
        return EXIT_USAGE;
    }
    if (exists)
        return take(r, complete);
    if (r->args->v[OPT_RESUME].given)
        say(RUN, "--resume: there is no %s, starting anew", s->path);
    return 0;
}

void run_resume_fini(struct run *r)
{
    if (r->resume.path)
        cqlr_wr_fini(&r->resume.facts);
}

/* ---- writing ---- */

static int write_now(struct run *r)
{
    struct run_resume *s = &r->resume;
    s->now.errors = r->errors.covered;
    s->now.bad_bytes = r->errors.covered_bytes;
    return checkpoint_write(s->path, &s->now, &s->facts);
}

int run_resume_begin(struct run *r)
{
    struct run_resume *s = &r->resume;
    if (!s->path)
        return 0;
    s->now.state = CHECKPOINT_RUNNING;
    s->now.unknown = 0;
    s->begun = true;
    if (write_now(r) == 0)
        return 0;
    return err_set(&r->err, CQLR_E_OUTPUT, "cannot write %s: %s", s->path, strerror(errno));
}

static void tell_failure(struct run *r)
{
    r->resume.failed = true;
    progress_clear(&r->progress);
    say(RUN, "cannot write %s: %s (it stays as it was)", r->resume.path, strerror(errno));
}

void run_on_checkpoint(void *arg, uint64_t done, uint64_t bytes)
{
    struct run *r = arg;
    struct run_resume *s = &r->resume;
    if (!s->begun || s->failed)
        return;
    run_errors_cover(&r->errors, done);
    s->now.done = done;
    s->now.bytes = s->from.bytes + bytes;
    errno = r->errors.out_of_memory ? ENOMEM : 0;
    if (errno || fdatasync(r->out.fd) < 0 ||
        (r->errors.bad.out.fd >= 0 && fdatasync(r->errors.bad.out.fd) < 0) || write_now(r) < 0)
        tell_failure(r);
}

static void write_state(struct run *r, enum checkpoint_state state, uint64_t unknown)
{
    struct run_resume *s = &r->resume;
    if (!s->path || !s->begun || s->failed)
        return;
    s->now.state = state;
    s->now.unknown = unknown;
    if (write_now(r) < 0)
        tell_failure(r);
}

void run_resume_complete(struct run *r)
{
    write_state(r, CHECKPOINT_COMPLETE, 0);
}

void run_resume_remove(struct run *r)
{
    if (r->resume.path && unlink(r->resume.path) < 0 && errno != ENOENT)
        say(RUN, "cannot remove %s: %s", r->resume.path, strerror(errno));
}

/* Those that a checkpoint covers are not sent again. */
void run_resume_end(struct run *r, uint64_t unknown)
{
    uint64_t covered = r->errors.covered_unknown;
    write_state(r, CHECKPOINT_ENDED, unknown > covered ? unknown - covered : 0);
}

/*
 * run_files.c - the files of a run: rows, --bad, --hdr. They get their names when the run is
 * complete; else they are gone, or stay for --resume.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "run.h"

int run_files_open(struct run *r)
{
    const struct args *a = r->args;
    bool overwrite = a->v[OPT_OVERWRITE].given, resume = r->resume.found;
    const char *path = a->v[OPT_OUTPUT].text;
    int rc = resume ? out_resume(&r->out, RUN, path, overwrite, r->resume.from.bytes)
                    : out_open(&r->out, RUN, path, overwrite);
    r->out.stop_fd = r->stop_fd;
    if (!rc && r->resume.path && !r->out.part) {
        say(RUN, "--checkpoint: %s is no file that can be gone on with", path);
        rc = EXIT_USAGE;
    }
    if (!rc)
        rc = bad_open(&r->errors.bad, RUN, a->v[OPT_BAD].text, overwrite, &r->params, resume,
                      r->resume.from.bad_bytes);
    if (!rc && a->v[OPT_HDR].given) {
        rc = out_open(&r->hdr_out, RUN, a->v[OPT_HDR].text, overwrite);
        r->hdr = calloc(1, sizeof *r->hdr);
    }
    if (!rc && a->v[OPT_HDR].given && !r->hdr) {
        say(RUN, "out of memory");
        rc = EXIT_INTERNAL;
    }
    return rc;
}

void run_files_close(struct run *r)
{
    if (r->resume.found)
        out_keep(&r->out);
    out_discard(&r->out);
    if (r->resume.found)
        out_keep(&r->errors.bad.out);
    out_discard(&r->errors.bad.out);
    out_discard(&r->hdr_out);
}

bool run_is_good(int code)
{
    return code == EXIT_DONE || code == EXIT_SOME_ERRORS;
}

int run_files_end(struct run *r, int code)
{
    if (r->out.sys_errno)
        return code;
    int rc = run_is_good(code) ? run_output_end(r) : run_output_cut(r);
    return rc && run_is_good(code) ? run_failed(r, rc, &r->err) : code;
}

int run_files_hdr(struct run *r, const struct cqlr_bulk_summary *s)
{
    struct timespec now;
    struct cqlr_wr w;
    if (!r->hdr)
        return 0;
    clock_gettime(CLOCK_REALTIME, &now);
    double start = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - s->seconds;
    cqlr_wr_init(&w, NULL, 0);
    r->hdr->max = s->max;
    hdr_log(r->hdr, (uint64_t)(start * 1000), s->seconds, &w);
    if (w.rc)
        r->hdr_out.sys_errno = ENOMEM;
    bool bad = w.rc || out_write(&r->hdr_out, w.p, w.n) < 0 || out_commit(&r->hdr_out) < 0;
    cqlr_wr_fini(&w);
    return bad ? out_failed(&r->hdr_out, RUN) : 0;
}

int run_files_commit(struct run *r, int code)
{
    struct out *bad = &r->errors.bad.out;
    if (bad->sys_errno && run_is_good(code))
        code = out_failed(bad, RUN);
    if (!run_is_good(code))
        return code;
    run_resume_complete(r);
    if (out_commit(&r->out) < 0)
        code = out_failed(&r->out, RUN);
    else if (out_commit(bad) < 0)
        code = out_failed(bad, RUN);
    run_resume_remove(r); /* where it failed, the part is gone */
    return code;
}

void run_files_leave(struct run *r, uint64_t unknown)
{
    const char *path = r->out.path, *checkpoint = r->resume.path;
    struct out *bad = &r->errors.bad.out;
    if (r->out.part && (r->resume.begun || r->resume.found)) {
        run_resume_end(r, unknown);
        out_keep(&r->out);
        out_keep(bad);
        say(RUN, "%s is not complete: %s.part and %s stay, --resume goes on", path, path,
            checkpoint);
        return;
    }
    out_discard(&r->hdr_out);
    if (r->errors.n == 0 || bad->sys_errno || out_commit(bad) < 0) /* what failed stays known */
        out_discard(bad);
    if (out_discard(&r->out))
        say(RUN, "%s is not complete: %s.part removed", path, path);
}

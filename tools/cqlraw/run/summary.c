/*
 * summary.c - the end of a run as text and as JSON.
 *
 * "N queries in X seconds (Y/s)" is always printed, in this form: other programs read it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "summary.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/io/short.h"
#include "tools/cqlraw/io/text.h"

#define COMMAND "run"
#define ROOM    (16 * 1024) /* without the workers */
#define WORKER  300         /* at most, of one */

static double per_second(const struct cqlr_bulk_summary *s)
{
    return s->seconds > 0 ? (double)s->queries / s->seconds : 0;
}

static void add_line(struct text *t, const struct cqlr_bulk_summary *s, bool interrupted)
{
    text_add(t, "%llu queries in %.3f seconds (%.1f/s)%s\n", (unsigned long long)s->queries,
             s->seconds, per_second(s), interrupted ? " interrupted" : "");
}

static void add_details(struct text *t, const struct cqlr_bulk_summary *s,
                        const struct summary_facts *f)
{
    char time[4][16];
    text_add(t, "rows %llu  empty %llu  errors %llu", (unsigned long long)s->rows,
             (unsigned long long)s->empty, (unsigned long long)s->errors);
    if (s->unknown)
        text_add(t, "  unknown outcome %llu", (unsigned long long)s->unknown);
    if (s->retries)
        text_add(t, "  retries %llu", (unsigned long long)s->retries);
    if (s->replaced)
        text_add(t, "  workers replaced %u", s->replaced);
    text_add(t, "  p50 %s  p99 %s  p99.9 %s  max %s  processes %u\n",
             short_time(time[0], sizeof time[0], s->p50),
             short_time(time[1], sizeof time[1], s->p99),
             short_time(time[2], sizeof time[2], s->p999),
             short_time(time[3], sizeof time[3], s->max), s->processes);
    if (s->outage > 0)
        text_add(t, "waited %.1f seconds for the server to come back\n", s->outage);
    if (f->errors_before)
        text_add(t, "errors before it was resumed: %llu\n", (unsigned long long)f->errors_before);
    run_errors_text(f->errors, s->queries + s->errors, t);
}

/* ---- workers ---- */

static void add_workers(struct text *t, const struct summary_facts *f)
{
    char time[3][16];
    text_add(t, "%6s %8s %8s %12s %10s %12s %8s %8s %8s\n", "worker", "pid", "replaced", "queries",
             "errors", "rows", "p50", "p99", "max");
    for (size_t i = 0; i < f->workers; i++) {
        const struct cqlr_bulk_worker *w = &f->worker[i];
        text_add(t, "%6u %8ld %8u %12llu %10llu %12llu %8s %8s %8s\n", w->slot, (long)w->pid,
                 w->replaced, (unsigned long long)w->queries, (unsigned long long)w->errors,
                 (unsigned long long)w->rows, short_time(time[0], sizeof time[0], w->p50),
                 short_time(time[1], sizeof time[1], w->p99),
                 short_time(time[2], sizeof time[2], w->max));
    }
}

static void add_workers_json(struct text *t, const struct summary_facts *f)
{
    for (size_t i = 0; i < f->workers; i++) {
        const struct cqlr_bulk_worker *w = &f->worker[i];
        text_add(t, "%s{\"pid\":%ld,\"replaced\":%u,\"queries\":%llu,\"errors\":%llu,",
                 i ? "," : "", (long)w->pid, w->replaced, (unsigned long long)w->queries,
                 (unsigned long long)w->errors);
        text_add(t, "\"rows\":%llu,\"answers\":%llu,\"p50\":%llu,\"p99\":%llu,\"max\":%llu}",
                 (unsigned long long)w->rows, (unsigned long long)w->answers,
                 (unsigned long long)w->p50, (unsigned long long)w->p99,
                 (unsigned long long)w->max);
    }
}

static void add_cpu(struct text *t, const char *name, int who)
{
    struct rusage u = {0};
    getrusage(who, &u);
    text_add(t, "\"%s\":{\"user\":%.6f,\"system\":%.6f}", name,
             (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6,
             (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6);
}

static void add_json(struct text *t, const struct cqlr_bulk_summary *s,
                     const struct summary_facts *f)
{
    text_add(t,
             "{\"queries\":%llu,\"seconds\":%.6f,\"per_second\":%.1f,\"rows\":%llu,\"pages\":%llu,",
             (unsigned long long)s->queries, s->seconds, per_second(s), (unsigned long long)s->rows,
             (unsigned long long)s->pages);
    text_add(t, "\"empty\":%llu,\"missing\":%llu,\"errors\":{\"total\":%llu,\"unknown\":%llu",
             (unsigned long long)s->empty, (unsigned long long)s->missing,
             (unsigned long long)s->errors, (unsigned long long)s->unknown);
    run_errors_json(f->errors, t);
    text_add(t,
             "},\"retries\":%llu,\"outage_seconds\":%.3f,\"resumed\":%llu,\"errors_before\":%llu,",
             (unsigned long long)s->retries, s->outage, (unsigned long long)f->resumed,
             (unsigned long long)f->errors_before);
    text_add(t,
             "\"latency_ns\":{\"min\":%llu,\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,\"p99.9\":%llu,"
             "\"max\":%llu},",
             (unsigned long long)s->min, (unsigned long long)s->p50, (unsigned long long)s->p90,
             (unsigned long long)s->p99, (unsigned long long)s->p999, (unsigned long long)s->max);
    text_add(t, "\"replaced\":%u,\"processes\":[", s->replaced);
    add_workers_json(t, f);
    text_add(t, "],\"cpu_seconds\":{");
    add_cpu(t, "parent", RUSAGE_SELF);
    text_add(t, ",");
    add_cpu(t, "workers", RUSAGE_CHILDREN);
    text_add(t, "},\"interrupted\":%s,\"shard\":\"0/1\"}\n", f->interrupted ? "true" : "false");
}

int summary_print(const struct args *a, const struct cqlr_bulk_summary *s,
                  const struct summary_facts *facts)
{
    bool json = args_is(a, OPT_SUMMARY, "json");
    bool is_output = args_is(a, OPT_FORMAT, "none");
    char line_room[200];
    size_t room = ROOM + facts->workers * WORKER;
    struct text line = {.p = line_room, .size = sizeof line_room};
    struct text more = {.p = calloc(1, room), .size = room};
    if (!more.p) {
        say(COMMAND, "out of memory");
        return EXIT_INTERNAL;
    }
    add_line(&line, s, facts->interrupted);
    if (json)
        add_json(&more, s, facts);
    else if (args_is(a, OPT_SUMMARY, "text"))
        add_details(&more, s, facts);
    if (!json && a->v[OPT_PER_WORKER].given)
        add_workers(&more, facts);
    int rc = out_text(is_output && !json ? STDOUT_FILENO : STDERR_FILENO, COMMAND, line.p, line.n);
    int more_rc =
        out_text(is_output && json ? STDOUT_FILENO : STDERR_FILENO, COMMAND, more.p, more.n);
    free(more.p);
    if (is_output)
        return json ? more_rc : rc;
    return 0; /* a stderr that is closed loses the summary, not the output */
}

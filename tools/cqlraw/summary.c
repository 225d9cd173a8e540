/*
 * summary.c - the end of a run as text and as JSON.
 *
 * "N queries in X seconds (Y/s)" is always printed, in this form: other programs read it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "out.h"
#include "summary.h"
#include "text.h"

#define COMMAND "run"
#define ROOM    (24 * 1024) /* JSON: 1024 workers fit */

const char *short_time(char *out, size_t n, uint64_t ns)
{
    static const char *const unit[] = {"ns", "us", "ms", "s"};
    double v = (double)ns;
    unsigned u = 0;
    while (u < 3 && v >= 999.5) {
        v /= 1000;
        u++;
    }
    snprintf(out, n, "%.*f%s", u == 0 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2, v, unit[u]);
    return out;
}

const char *short_count(char *out, size_t n, uint64_t v)
{
    static const char *const unit[] = {"", "k", "M", "G", "T", "P", "E"};
    double d = (double)v;
    unsigned u = 0;
    while (u < 6 && d >= 999.5) {
        d /= 1000;
        u++;
    }
    snprintf(out, n, "%.*f%s", u > 0 && d < 9.95 ? 1 : 0, d, unit[u]);
    return out;
}

static double per_second(const struct cqlr_bulk_summary *s)
{
    return s->seconds > 0 ? (double)s->queries / s->seconds : 0;
}

static void add_line(struct text *t, const struct cqlr_bulk_summary *s, bool interrupted)
{
    text_add(t, "%llu queries in %.3f seconds (%.1f/s)%s\n", (unsigned long long)s->queries,
             s->seconds, per_second(s), interrupted ? " interrupted" : "");
}

static void add_details(struct text *t, const struct cqlr_bulk_summary *s)
{
    char time[4][16];
    text_add(t, "rows %llu  empty %llu  errors %llu", (unsigned long long)s->rows,
             (unsigned long long)s->empty, (unsigned long long)s->errors);
    if (s->unknown)
        text_add(t, "  unknown outcome %llu", (unsigned long long)s->unknown);
    if (s->replaced)
        text_add(t, "  workers replaced %u", s->replaced);
    text_add(t, "  p50 %s  p99 %s  p99.9 %s  max %s  processes %u\n",
             short_time(time[0], sizeof time[0], s->p50),
             short_time(time[1], sizeof time[1], s->p99),
             short_time(time[2], sizeof time[2], s->p999),
             short_time(time[3], sizeof time[3], s->max), s->processes);
}

static void add_json(struct text *t, const struct cqlr_bulk_summary *s, bool interrupted,
                     struct summary_workers workers)
{
    text_add(t,
             "{\"queries\":%llu,\"seconds\":%.6f,\"per_second\":%.1f,\"rows\":%llu,\"pages\":%llu,",
             (unsigned long long)s->queries, s->seconds, per_second(s), (unsigned long long)s->rows,
             (unsigned long long)s->pages);
    text_add(t, "\"empty\":%llu,\"missing\":%llu,\"errors\":{\"total\":%llu,\"unknown\":%llu},",
             (unsigned long long)s->empty, (unsigned long long)s->missing,
             (unsigned long long)s->errors, (unsigned long long)s->unknown);
    text_add(t,
             "\"latency_ns\":{\"min\":%llu,\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,\"p99.9\":%llu,"
             "\"max\":%llu},",
             (unsigned long long)s->min, (unsigned long long)s->p50, (unsigned long long)s->p90,
             (unsigned long long)s->p99, (unsigned long long)s->p999, (unsigned long long)s->max);
    text_add(t, "\"replaced\":%u,\"processes\":[", s->replaced);
    for (size_t i = 0; i < workers.n && t->n < t->size - 200; i++)
        text_add(t, "%s{\"pid\":%ld}", i ? "," : "", (long)workers.pid[i]);
    text_add(t, "],\"interrupted\":%s,\"shard\":\"0/1\"}\n", interrupted ? "true" : "false");
}

int summary_print(const struct args *a, const struct cqlr_bulk_summary *s, bool interrupted,
                  struct summary_workers workers)
{
    bool json = args_is(a, OPT_SUMMARY, "json");
    bool is_output = args_is(a, OPT_FORMAT, "none");
    char line_room[ROOM], more_room[ROOM];
    struct text line = {.p = line_room, .size = sizeof line_room};
    struct text more = {.p = more_room, .size = sizeof more_room};
    add_line(&line, s, interrupted);
    if (json)
        add_json(&more, s, interrupted, workers);
    else if (args_is(a, OPT_SUMMARY, "text"))
        add_details(&more, s);
    int rc = out_text(is_output && !json ? STDOUT_FILENO : STDERR_FILENO, COMMAND, line.p, line.n);
    int more_rc =
        out_text(is_output && json ? STDOUT_FILENO : STDERR_FILENO, COMMAND, more.p, more.n);
    if (is_output)
        return json ? more_rc : rc;
    return 0; /* a stderr that is closed loses the summary, not the output */
}

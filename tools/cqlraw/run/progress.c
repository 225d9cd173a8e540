/*
 * progress.c - one line, rewritten in place: run  41%  412k/1.0M  238k/s  p50 1.9ms p99 6.1ms  err
 * 0  in-flight 1024  eta 00:02
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/io/short.h"

#define INTERVAL UINT64_C(100000000)
#define CLEAR    "\r\033[K"

void progress_init(struct progress *p, bool wanted)
{
    *p = (struct progress){.enabled = wanted && isatty(STDERR_FILENO)};
}

static size_t eta(char *out, size_t n, const struct cqlr_bulk_progress *b, double rate)
{
    double left = (double)(b->total - b->done) / rate;
    unsigned long s = left < 360000 ? (unsigned long)(left + 0.5) : 360000;
    int len = s < 3600 ? snprintf(out, n, "  eta %02lu:%02lu", s / 60, s % 60)
                       : snprintf(out, n, "  eta %lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    return len < 0 ? 0 : (size_t)len;
}

size_t progress_line(char *out, size_t n, size_t columns, const struct cqlr_bulk_progress *b)
{
    char done[16], total[32] = "", share[16] = "", rate[16], p50[16], p99[16], end[32] = "";
    char retries[40] = "", waiting[60] = "", unknown[40] = "";
    bool known = b->total != UINT64_MAX && b->total > 0;
    double per_second = b->seconds > 0 ? (double)b->done / b->seconds : 0;
    if (known) {
        char t[16];
        snprintf(share, sizeof share, "  %u%%",
                 (unsigned)((double)b->done / (double)b->total * 100));
        snprintf(total, sizeof total, "/%s", short_count(t, sizeof t, b->total));
    }
    if (known && per_second > 0 && b->done <= b->total)
        eta(end, sizeof end, b, per_second);
    if (b->unknown)
        snprintf(unknown, sizeof unknown, " (%llu unknown)", (unsigned long long)b->unknown);
    if (b->retries)
        snprintf(retries, sizeof retries, "  retries %llu", (unsigned long long)b->retries);
    if (b->waiting)
        snprintf(waiting, sizeof waiting, "  waiting for the server");
    int len = snprintf(out, n, "run%s%s  %s%s  %s/s  p50 %s p99 %s  err %llu%s%s  in-flight %u%s",
                       share, waiting, short_count(done, sizeof done, b->done), total,
                       short_count(rate, sizeof rate, (uint64_t)per_second),
                       short_time(p50, sizeof p50, b->p50), short_time(p99, sizeof p99, b->p99),
                       (unsigned long long)b->errors, unknown, retries, b->in_flight, end);
    size_t fits = columns < n - 1 ? columns : n - 1;
    return len < 0 ? 0 : (size_t)len < fits ? (size_t)len : fits;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A terminal that was stopped (^S) must not stop the run: the line is left out instead. */
static void put(const char *p, size_t n)
{
    struct pollfd fd = {STDERR_FILENO, POLLOUT, 0};
    struct out o = {.fd = STDERR_FILENO, .stop_fd = -1};
    if (poll(&fd, 1, 0) == 1)
        (void)out_write(&o, p, n);
}

void progress_show(struct progress *p, const struct cqlr_bulk_progress *b)
{
    char line[256] = CLEAR;
    struct winsize size = {0};
    uint64_t t = now();
    if (!p->enabled || (p->last && t - p->last < INTERVAL))
        return;
    size_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    size_t head = sizeof CLEAR - 1;
    put(line, head + progress_line(line + head, sizeof line - head, columns - 1, b));
    p->last = t;
    p->shown = true;
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        put(CLEAR, sizeof CLEAR - 1);
    p->shown = false;
}

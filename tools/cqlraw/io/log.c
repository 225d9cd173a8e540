/*
 * log.c - see the header. A line is one write to a file that is open for appending, so that lines
 * of several worker processes do not mix. A line that cannot be written is lost: the work goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "redact.h"
#include "text.h"

#define LINE 2048

int log_open(struct args *a)
{
    const char *path = a->v[OPT_LOG].text;
    if (!path)
        return 0;
    a->log_fd = strcmp(path, "-") == 0
                    ? STDERR_FILENO
                    : open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0600);
    if (a->log_fd >= 0)
        return 0;
    say(a->command->name, "cannot write %s: %s", path, strerror(errno));
    return EXIT_OUTPUT;
}

void log_close(struct args *a)
{
    if (a->log_fd > STDERR_FILENO)
        close(a->log_fd);
    a->log_fd = -1;
}

bool log_wanted(const struct args *a)
{
    return a->log_fd >= 0 || a->v[OPT_VERBOSE].given;
}

static const char *name_of(enum cqlr_log_level level)
{
    switch (level) {
    case CQLR_LOG_DEBUG:
        return "debug";
    case CQLR_LOG_INFO:
        return "info";
    case CQLR_LOG_WARNING:
        break;
    }
    return "warning";
}

static void write_line(const struct args *a, enum cqlr_log_level level, const char *line)
{
    char room[LINE], when[32] = "";
    struct text t = {.p = room, .size = sizeof room - 1};
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
    text_add(&t, "%s.%03ldZ %s[%ld] %s: %s", when, now.tv_nsec / 1000000, a->command->name,
             (long)getpid(), name_of(level), line);
    t.n = redact(room, t.n);
    for (size_t i = 0; i < t.n; i++)
        if ((unsigned char)room[i] < 0x20 || room[i] == 0x7f)
            room[i] = ' ';
    room[t.n] = '\n';
    while (write(a->log_fd, room, t.n + 1) < 0 && errno == EINTR)
        continue;
}

void log_line(void *arg, enum cqlr_log_level level, const char *line)
{
    const struct args *a = arg;
    if (a->v[OPT_VERBOSE].given && level != CQLR_LOG_DEBUG)
        say(a->command->name, "%s", line);
    if (a->log_fd >= 0)
        write_line(a, level, line);
}

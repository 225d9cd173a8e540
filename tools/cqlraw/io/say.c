/*
 * say.c - one line for people: formatted, without the passwords of CQL it quotes, made harmless for
 * a terminal and UTF-8, written to stderr in one piece.
 *
 * stderr is written without stdio, so that nothing is buffered when the process forks, and lines of
 * several processes do not mix. What cannot be written there is lost: there is no other place to
 * tell.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "redact.h"
#include "tools/cqlraw/cli.h"
#include "utf8.h"

#define LINE 2048

/* Control characters, also U+0080..U+009F, could command a terminal or break the line: they become
 * spaces. What is not UTF-8 becomes '?'. */
static void one_line(char *p, size_t n)
{
    uint32_t c;
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_next(p + i, n - i, &c);
        if (len == 0)
            p[i] = '?';
        else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            memset(p + i, ' ', len);
        len += len == 0;
    }
}

static size_t cut(char *line, int want)
{
    static const char mark[] = "...";
    if (want < 0)
        return 0;
    if ((size_t)want < LINE - 1)
        return (size_t)want;
    memcpy(line + LINE - 2 - (sizeof mark - 1), mark, sizeof mark - 1);
    return LINE - 2;
}

static void put(char *line, size_t n)
{
    size_t done = 0;
    one_line(line, n);
    line[n++] = '\n';
    while (done < n) {
        ssize_t k = write(STDERR_FILENO, line + done, n - done);
        if (k < 0 && errno != EINTR)
            return;
        if (k > 0)
            done += (size_t)k;
    }
}

void say(const char *command, const char *fmt, ...)
{
    char text[LINE];
    char line[LINE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    text[redact(text, strlen(text))] = '\0';
    put(line, cut(line, snprintf(line, sizeof line, "cqlraw%s%s: %s", command ? " " : "",
                                 command ? command : "", text)));
}

int err_set(struct cqlr_err *err, int code, const char *fmt, ...)
{
    char text[sizeof err->text + 4]; /* one character more than is taken */
    va_list ap;
    memset(err, 0, sizeof *err);
    err->code = code;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct cqlr_str s = utf8_cut((struct cqlr_str){text, strlen(text)}, sizeof err->text - 1);
    memcpy(err->text, text, s.n);
    one_line(err->text, s.n);
    return code;
}

/*
 * checkpoint.c - see the header. The text: a line with the version, a line for each figure, then
 * the facts, in which a backslash, a newline and a carriage return are \\, \n and \r, and "end".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint.h"
#include "tools/cqlraw/args/numbers.h"
#include "tools/cqlraw/io/out.h"

#define FIRST_LINE "cqlraw checkpoint 1"
#define LAST_LINE  "end\n"

static const char *const states[] = {
    [CHECKPOINT_RUNNING] = "running",
    [CHECKPOINT_ENDED] = "ended",
    [CHECKPOINT_COMPLETE] = "complete",
};

void checkpoint_fact(struct cqlr_wr *facts, const char *name, struct cqlr_str value)
{
    cqlr_wr_raw(facts, name, strlen(name));
    cqlr_wr_u8(facts, ' ');
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        bool special = c == '\\' || c == '\n' || c == '\r';
        if (special)
            cqlr_wr_u8(facts, '\\');
        cqlr_wr_u8(facts, (uint8_t)(c == '\n' ? 'n' : c == '\r' ? 'r' : c));
    }
    cqlr_wr_u8(facts, '\n');
}

void checkpoint_print(struct cqlr_wr *w, const struct checkpoint *c, const struct cqlr_wr *facts)
{
    char head[300];
    int n = snprintf(head, sizeof head,
                     FIRST_LINE "\nstate %s\ndone %llu\nbytes %llu\nbad-bytes %llu\nerrors %llu\n"
                                "unknown %llu\n",
                     states[c->state], (unsigned long long)c->done, (unsigned long long)c->bytes,
                     (unsigned long long)c->bad_bytes, (unsigned long long)c->errors,
                     (unsigned long long)c->unknown);
    cqlr_wr_raw(w, head, (size_t)n);
    cqlr_wr_raw(w, facts->p, facts->n);
    cqlr_wr_raw(w, LAST_LINE, sizeof LAST_LINE - 1);
    if (facts->rc && !w->rc)
        w->rc = facts->rc;
}

/* ---- reading ---- */

static bool take_line(struct cqlr_str *text, struct cqlr_str *line)
{
    const char *lf = text->n ? memchr(text->p, '\n', text->n) : NULL;
    if (!lf)
        return false;
    *line = (struct cqlr_str){text->p, (size_t)(lf - text->p)};
    text->n -= line->n + 1;
    text->p = lf + 1;
    return true;
}

static bool is(struct cqlr_str s, const char *text)
{
    return cqlr_str_equal(s, cqlr_cstr(text));
}

/* The value of the next line, which must have this name. */
static bool take_value(struct cqlr_str *text, const char *name, struct cqlr_str *value)
{
    size_t n = strlen(name);
    if (!take_line(text, value) || value->n <= n || memcmp(value->p, name, n) != 0 ||
        value->p[n] != ' ')
        return false;
    value->p += n + 1;
    value->n -= n + 1;
    return true;
}

static bool take_number(struct cqlr_str *text, const char *name, uint64_t *out)
{
    struct cqlr_str value;
    int64_t v;
    if (!take_value(text, name, &value) || number_parse(value, &v) != NUMBER_OK || v < 0)
        return false;
    *out = (uint64_t)v;
    return true;
}

static bool take_state(struct cqlr_str *text, enum checkpoint_state *state)
{
    struct cqlr_str value;
    if (!take_value(text, "state", &value))
        return false;
    for (unsigned i = 0; i < sizeof states / sizeof states[0]; i++)
        if (is(value, states[i])) {
            *state = (enum checkpoint_state)i;
            return true;
        }
    return false;
}

/* The name of the first fact that differs. */
static int differs(struct cqlr_str now, struct cqlr_str then, char *why, size_t n)
{
    struct cqlr_str a = {NULL, 0}, b = {NULL, 0};
    while (take_line(&now, &a) && take_line(&then, &b))
        if (!cqlr_str_equal(a, b))
            break;
    const char *blank = a.n ? memchr(a.p, ' ', a.n) : NULL;
    snprintf(why, n, "is of another command: %.*s is not the same", blank ? (int)(blank - a.p) : 10,
             blank ? a.p : "parameters");
    return -1;
}

int checkpoint_parse(struct cqlr_str text, const struct cqlr_wr *facts, struct checkpoint *c,
                     char *why, size_t n)
{
    struct cqlr_str line, now = {(const char *)facts->p, facts->n};
    size_t last = sizeof LAST_LINE - 1;
    bool good = take_line(&text, &line) && is(line, FIRST_LINE) && take_state(&text, &c->state) &&
                take_number(&text, "done", &c->done) && take_number(&text, "bytes", &c->bytes) &&
                take_number(&text, "bad-bytes", &c->bad_bytes) &&
                take_number(&text, "errors", &c->errors) &&
                take_number(&text, "unknown", &c->unknown) && text.n >= last &&
                memcmp(text.p + text.n - last, LAST_LINE, last) == 0;
    if (!good) {
        snprintf(why, n, "is no checkpoint of this version of cqlraw");
        return -1;
    }
    text.n -= last;
    if (!cqlr_str_equal(text, now))
        return differs(now, text, why, n);
    return 0;
}

/* ---- the file ---- */

/* For its owner only: the statement and its parameters stand in it. */
static int write_synced(const char *path, const struct cqlr_wr *w)
{
    struct out o = {.stop_fd = -1};
    (void)unlink(path); /* of a run that was killed; nobody else's is written to */
    o.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0600);
    if (o.fd < 0)
        return -1;
    int failed = out_write(&o, w->p, w->n) < 0 ? o.sys_errno : fsync(o.fd) < 0 ? errno : 0;
    if (close(o.fd) < 0 && !failed)
        failed = errno;
    errno = failed;
    return failed ? -1 : 0;
}

int checkpoint_write(const char *path, const struct checkpoint *c, const struct cqlr_wr *facts)
{
    size_t n = strlen(path) + sizeof ".new";
    char *fresh = malloc(n);
    struct cqlr_wr w;
    int rc = -1;
    cqlr_wr_init(&w, NULL, 0);
    checkpoint_print(&w, c, facts);
    if (fresh && !w.rc) {
        snprintf(fresh, n, "%s.new", path);
        rc = write_synced(fresh, &w);
        if (!rc)
            rc = rename(fresh, path);
    } else {
        errno = ENOMEM;
    }
    int failed = errno;
    cqlr_wr_fini(&w);
    free(fresh);
    errno = failed;
    return rc;
}

/*
 * source_lines.c - see source_lines.h. A carriage return before the newline is dropped, a last line
 * without newline counts. A line "\N" is null. Empty lines between records are passed over, but for
 * CSV of one column, where an empty line is a cell. The descriptor's description is shared, so it
 * stays blocking: poll says whether a read would wait.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/bulk/source/source_lines.h"

#define READ_AT_ONCE 65536
#define BLOCK_BYTES  (1024u * 1024) /* of texts in one unit; a longer line goes alone */

void cqlr__lines_init(struct cqlr__lines *l, const cqlr_source *s)
{
    *l = (struct cqlr__lines){
        .fd = s->fd, .form = s->form, .blanks = s->columns == 1, .line = s->begun_line};
    cqlr_wr_init(&l->in, NULL, SIZE_MAX / 2);
    cqlr_wr_init(&l->texts, NULL, SIZE_MAX / 2);
    cqlr_wr_raw(&l->in, s->begun.p, s->begun.n); /* out of memory: the first read says so */
}

void cqlr__lines_fini(struct cqlr__lines *l)
{
    cqlr_wr_fini(&l->in);
    cqlr_wr_fini(&l->texts);
}

/* ---- the descriptor ---- */

static int failed(struct cqlr_err *err, int e)
{
    int rc = cqlr__err_set(err, CQLR_E_IO, "reading parameters: %s", strerror(e));
    err->sys_errno = e;
    return rc;
}

/* How long the next line or record is, its newline included; 0: its end is not among the first
 * `most` bytes. */
static size_t find_end(struct cqlr__lines *l, size_t most)
{
    size_t left = l->in.n - l->off, seen = l->scanned - l->off, n;
    const uint8_t *p = l->in.p + l->scanned;
    left = left < most ? left : most;
    if (left <= seen)
        return 0;
    if (l->form == CQLR__SOURCE_CSV) {
        n = cqlr__csv_split(&l->csv, p, left - seen);
    } else {
        const uint8_t *end = memchr(p, '\n', left - seen);
        n = end ? (size_t)(end - p) + 1 : 0;
    }
    return n ? seen + n : 0;
}

/* What is being read may not grow for ever. */
static int check_length(const struct cqlr__lines *l, struct cqlr_err *err)
{
    struct cqlr__lines look = *l; /* the end is found again when it is taken */
    if (l->in.n - l->off <= CQLR__LINE_MAX || find_end(&look, CQLR__LINE_MAX + 1))
        return 0;
    return cqlr__err_set(err, CQLR_E_LIMIT, "parameters, line %llu: longer than %u MiB",
                         (unsigned long long)l->line + 1, CQLR__LINE_MAX >> 20);
}

int cqlr__lines_read(struct cqlr__lines *l, struct cqlr_err *err)
{
    struct pollfd pf = {.fd = l->fd, .events = POLLIN};
    uint8_t *p;
    ssize_t n;
    int rc = poll(&pf, 1, 0);
    if (rc == 0 || (rc < 0 && errno == EINTR))
        return 0;
    if (l->off) {
        memmove(l->in.p, l->in.p + l->off, l->in.n - l->off);
        l->in.n -= l->off;
        l->scanned -= l->off;
        l->off = 0;
    }
    p = cqlr_wr_room(&l->in, READ_AT_ONCE);
    if (!p)
        return cqlr__err_set(err, CQLR_E_NOMEM, "reading parameters: out of memory");
    n = read(l->fd, p, READ_AT_ONCE);
    l->in.n -= READ_AT_ONCE - (n > 0 ? (size_t)n : 0);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : failed(err, errno);
    l->ended = n == 0;
    rc = check_length(l, err);
    return rc ? rc : 1;
}

/* ---- lines → texts ---- */

static void add_line(struct cqlr__lines *l, struct cqlr_str line)
{
    bool null = line.n == 2 && !memcmp(line.p, "\\N", 2);
    int32_t length = null ? CQLR_NULL : (int32_t)line.n;
    cqlr_wr_raw(&l->texts, &length, sizeof length);
    if (length > 0)
        cqlr_wr_raw(&l->texts, line.p, line.n);
    l->count++;
}

static void add_record(struct cqlr__lines *l, struct cqlr_str record)
{
    const uint64_t line = l->line + 1;
    int32_t length = (int32_t)(sizeof line + record.n);
    cqlr_wr_raw(&l->texts, &length, sizeof length);
    cqlr_wr_raw(&l->texts, &line, sizeof line);
    cqlr_wr_raw(&l->texts, record.p, record.n);
    l->count++;
}

struct cqlr_str cqlr__text_record(enum cqlr__source_form form, struct cqlr_value text,
                                  uint64_t *line)
{
    struct cqlr_str s = {(const char *)text.p, text.n > 0 ? (size_t)text.n : 0};
    *line = 0;
    if (text.n < 0 || form == CQLR__SOURCE_LINES)
        return text.n < 0 ? (struct cqlr_str){NULL, 0} : s;
    if (s.n < sizeof *line)
        return (struct cqlr_str){NULL, 0};
    memcpy(line, s.p, sizeof *line);
    return (struct cqlr_str){s.p + sizeof *line, s.n - sizeof *line};
}

static bool is_blank(struct cqlr_str s)
{
    while (s.n && (*s.p == ' ' || *s.p == '\t')) {
        s.p++;
        s.n--;
    }
    return s.n == 0;
}

/* A unit of a workload is all idempotent or not at all, so what may be repeated is repeated: does
 * the line go with those that are there? */
static bool fits(struct cqlr__lines *l, struct cqlr_str record)
{
    bool idempotent;
    if (l->form != CQLR__SOURCE_WORKLOAD)
        return true;
    idempotent = cqlr__workload_idempotent(record);
    if (!l->count)
        l->idempotent = idempotent;
    return l->idempotent == idempotent;
}

/* false = the texts that are there must go first. */
static bool add(struct cqlr__lines *l, struct cqlr_str record)
{
    switch (l->form) {
    case CQLR__SOURCE_CSV:
        if (record.n || l->blanks)
            add_record(l, record);
        return true;
    case CQLR__SOURCE_NDJSON:
    case CQLR__SOURCE_WORKLOAD:
        if (is_blank(record))
            return true;
        if (!fits(l, record))
            return false;
        add_record(l, record);
        return true;
    default:
        add_line(l, record);
        return true;
    }
}

bool cqlr__lines_gather(struct cqlr__lines *l, uint64_t block)
{
    while (l->count < block && l->texts.n < BLOCK_BYTES && !l->texts.rc) {
        size_t left = l->in.n - l->off, n = find_end(l, left);
        struct cqlr_str line;
        if (!n && (!l->ended || !left)) {
            l->scanned = l->in.n;
            return false;
        }
        n = n ? n : left; /* the last line has no newline */
        line = (struct cqlr_str){(const char *)l->in.p + l->off, n};
        if (!add(l, cqlr__csv_chomp(l->line ? line : cqlr__csv_unmark(line))))
            return true;
        l->line += cqlr__csv_newlines(line);
        l->off += n;
        l->scanned = l->off;
    }
    return true;
}

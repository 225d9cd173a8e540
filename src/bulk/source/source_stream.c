/*
 * source_stream.c - the sources whose sets are no product of parameters: records and workloads,
 * which come from a descriptor, and jobs, which are numbers only.
 *
 * The header of a CSV is read here, so that the statement's markers can be looked up before
 * anything is sent. Whatever was read behind it is kept for the stream.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/bulk/source/source_lines.h"

#define READ_AT_ONCE 65536

static cqlr_source *source_new(enum cqlr__source_form form, int fd, uint64_t total,
                               struct cqlr_err *err)
{
    cqlr_source *s = cqlr_source_new(NULL, 0, CQLR_COMBINE_PRODUCT, 1, err);
    if (!s)
        return NULL;
    s->form = form;
    s->fd = fd;
    s->total = total;
    return s;
}

/* ---- the header of a CSV ---- */

/* Waits for bytes. 1 some came, 0 the end, or an error. */
static int read_more(cqlr_source *s, struct cqlr_err *err)
{
    struct pollfd pf = {.fd = s->fd, .events = POLLIN};
    uint8_t *p = cqlr_wr_room(&s->begun, READ_AT_ONCE);
    ssize_t n = -1;
    int rc;
    if (!p)
        return cqlr__err_set(err, CQLR_E_NOMEM, "CSV header: out of memory");
    while (n < 0) {
        n = read(s->fd, p, READ_AT_ONCE);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            (void)poll(&pf, 1, -1);
        else if (n < 0 && errno != EINTR)
            break;
    }
    s->begun.n -= READ_AT_ONCE - (n > 0 ? (size_t)n : 0);
    if (n >= 0)
        return n > 0;
    rc = cqlr__err_set(err, CQLR_E_IO, "CSV header: %s", strerror(errno));
    err->sys_errno = errno;
    return rc;
}

/* Reads until the first record is complete. Its length, or an error. */
static int64_t read_header(cqlr_source *s, struct cqlr_err *err)
{
    struct cqlr__csv_splitter split = {0};
    size_t seen = 0;
    for (;;) {
        int rc = read_more(s, err);
        size_t n = rc < 0 ? 0 : cqlr__csv_split(&split, s->begun.p + seen, s->begun.n - seen);
        if (rc < 0)
            return rc;
        seen = n ? seen + n : s->begun.n;
        if (seen > CQLR__LINE_MAX)
            return cqlr__err_set(err, CQLR_E_LIMIT, "CSV header: longer than %u MiB",
                                 CQLR__LINE_MAX >> 20);
        if (n || !rc)
            return (int64_t)seen;
    }
}

static int add_column(cqlr_source *s, struct cqlr_str name, struct cqlr_err *err)
{
    char **grown;
    if (memchr(name.p, '\0', name.n))
        return cqlr__err_set(err, CQLR_E_TYPE, "a zero byte in a column's name");
    grown = realloc(s->column, (s->columns + 1) * sizeof *grown);
    s->column = grown ? grown : s->column;
    if (!grown || !(grown[s->columns] = strndup(name.p, name.n)))
        return cqlr__err_set(err, CQLR_E_NOMEM, "out of memory");
    s->columns++;
    return 0;
}

static int take_columns(cqlr_source *s, struct cqlr_str header, struct cqlr_err *err)
{
    struct cqlr_str record = cqlr__csv_chomp(cqlr__csv_unmark(header));
    struct cqlr__csv csv;
    struct cqlr__csv_cell cell;
    struct cqlr_wr scratch;
    int rc;
    if (!record.n)
        return cqlr__err_set(err, CQLR_E_TYPE, "CSV header: %s",
                             header.n ? "the first line is empty" : "there is none");
    cqlr_wr_init(&scratch, NULL, SIZE_MAX / 2);
    cqlr__csv_init(&csv, record, 1);
    while ((rc = cqlr__csv_next(&csv, &cell, &scratch, err)) == 1) {
        rc = add_column(s, cell.text, err);
        if (rc < 0)
            break;
    }
    cqlr_wr_fini(&scratch);
    if (rc < 0)
        cqlr__err_prefix(err, "CSV header");
    return rc;
}

static int begin_csv(cqlr_source *s, struct cqlr_err *err)
{
    struct cqlr_str header;
    int64_t n;
    int rc;
    cqlr_wr_init(&s->begun, NULL, SIZE_MAX / 2);
    n = read_header(s, err);
    if (n < 0)
        return (int)n;
    header = (struct cqlr_str){(const char *)s->begun.p, (size_t)n};
    rc = take_columns(s, header, err);
    s->begun_line = cqlr__csv_newlines(header);
    s->begun.n -= (size_t)n;
    memmove(s->begun.p, s->begun.p + n, s->begun.n);
    return rc;
}

/* ---- constructors ---- */

cqlr_source *cqlr_source_records(int fd, enum cqlr_record_format format, struct cqlr_err *err)
{
    bool csv = format == CQLR_RECORDS_CSV;
    cqlr_source *s = source_new(csv ? CQLR__SOURCE_CSV : CQLR__SOURCE_NDJSON, fd, UINT64_MAX, err);
    if (!s || !csv || begin_csv(s, err) == 0)
        return s;
    cqlr_source_free(s);
    return NULL;
}

cqlr_source *cqlr_source_workload(int fd, struct cqlr_err *err)
{
    return source_new(CQLR__SOURCE_WORKLOAD, fd, UINT64_MAX, err);
}

cqlr_source *cqlr_source_jobs(uint64_t total, struct cqlr_err *err)
{
    if (total > INT64_MAX) {
        cqlr__err_set(err, CQLR_E_RANGE, "more than 2^63 - 1 jobs");
        return NULL;
    }
    return source_new(CQLR__SOURCE_JOBS, -1, total, err);
}

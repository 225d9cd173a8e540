/*
 * source_lines.c - see source_lines.h. A carriage return before the newline is dropped, "\N" alone
 * is null, a last line without newline counts. The descriptor's description is shared, so it stays
 * blocking: poll says whether a read would wait.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "src/bulk/source_lines.h"

#define READ_AT_ONCE 65536
#define BLOCK_BYTES  (1024u * 1024) /* of texts in one unit; a longer line goes alone */

void cqlr__lines_init(struct cqlr__lines *l, int fd)
{
    *l = (struct cqlr__lines){.fd = fd};
    cqlr_wr_init(&l->in, NULL, SIZE_MAX / 2);
    cqlr_wr_init(&l->texts, NULL, SIZE_MAX / 2);
}

void cqlr__lines_fini(struct cqlr__lines *l)
{
    cqlr_wr_fini(&l->in);
    cqlr_wr_fini(&l->texts);
}

static int failed(struct cqlr_err *err, int e)
{
    int rc = cqlr__err_set(err, CQLR_E_IO, "reading parameters: %s", strerror(e));
    err->sys_errno = e;
    return rc;
}

/* The line that is being read may not grow for ever. */
static int check_length(const struct cqlr__lines *l, struct cqlr_err *err)
{
    size_t left = l->in.n - l->off;
    if (left <= CQLR__LINE_MAX || memchr(l->in.p + l->off, '\n', CQLR__LINE_MAX + 1))
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

/* One line, without its newline, as a text. */
static void add_text(struct cqlr__lines *l, const uint8_t *p, size_t n)
{
    int32_t length;
    if (n && p[n - 1] == '\r')
        n--;
    length = n == 2 && !memcmp(p, "\\N", 2) ? CQLR_NULL : (int32_t)n;
    cqlr_wr_raw(&l->texts, &length, sizeof length);
    if (length > 0)
        cqlr_wr_raw(&l->texts, p, n);
    l->count++;
    l->line++;
}

bool cqlr__lines_gather(struct cqlr__lines *l, uint64_t block)
{
    while (l->count < block && l->texts.n < BLOCK_BYTES && !l->texts.rc) {
        const uint8_t *p = l->in.p + l->off;
        const uint8_t *end =
            l->in.n > l->scanned ? memchr(l->in.p + l->scanned, '\n', l->in.n - l->scanned) : NULL;
        size_t n = end ? (size_t)(end - p) : l->in.n - l->off;
        if (!end && (!l->ended || !n)) {
            l->scanned = l->in.n;
            return false;
        }
        add_text(l, p, n);
        l->off += n + (end != NULL);
        l->scanned = l->off;
    }
    return true;
}

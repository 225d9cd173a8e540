/*
 * file.c - reads to the end; the size that a file claims to have is not asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "tools/cqlraw/cli.h"

#define FIRST_SIZE 65536

static int unreadable(const char *command, const char *path, int error)
{
    say(command, "cannot read %s: %s", path ? path : "standard input", strerror(error));
    return EXIT_CONNECT;
}

static int read_all(const char *command, int fd, const char *path, char **data, size_t *n)
{
    size_t cap = 0;
    for (;;) {
        if (*n == cap) {
            char *more = realloc(*data, cap ? cap * 2 : FIRST_SIZE);
            if (!more) {
                say(command, "out of memory");
                return EXIT_INTERNAL;
            }
            *data = more;
            cap = cap ? cap * 2 : FIRST_SIZE;
        }
        ssize_t k = read(fd, *data + *n, cap - *n);
        if (k == 0)
            return 0;
        if (k < 0 && errno != EINTR)
            return unreadable(command, path, errno);
        *n += k > 0 ? (size_t)k : 0;
    }
}

int file_read(const char *command, const char *path, char **data, size_t *n)
{
    int fd = path ? open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC) : STDIN_FILENO;
    *data = NULL;
    *n = 0;
    if (fd < 0)
        return unreadable(command, path, errno);
    int rc = read_all(command, fd, path, data, n);
    if (path)
        close(fd);
    return rc;
}

struct cqlr_str file_text(const char *data, size_t n)
{
    size_t mark = n >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    return (struct cqlr_str){data + mark, n - mark};
}

/*
 * private_file.c - see the header. Owner and mode are asked of the descriptor that is read, so what
 * was checked is what is read, also behind a symbolic link, where one is followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private_file.h"

#define SIZE_LIMIT (1 << 20)

static int read_all(struct private_file *f, int fd, size_t size)
{
    f->data = calloc(size + 1, 1);
    if (!f->data)
        return ENOMEM;
    while (f->n < size) {
        ssize_t k = read(fd, f->data + f->n, size - f->n);
        if (k < 0 && errno != EINTR)
            return errno;
        if (k == 0)
            break;
        f->n += k > 0 ? (size_t)k : 0;
    }
    return 0;
}

static int read_checked(struct private_file *f, int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode))
        return EINVAL;
    if (st.st_size > SIZE_LIMIT)
        return EFBIG;
    f->mode = st.st_mode & 07777;
    f->private_enough = !(f->mode & 077) && (st.st_uid == 0 || st.st_uid == geteuid());
    return read_all(f, fd, (size_t)st.st_size);
}

int private_file_read(struct private_file *f, const char *path, bool follow)
{
    *f = (struct private_file){0};
    /* O_NONBLOCK: a named pipe is refused, not waited for. */
    int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
    if (fd < 0)
        return errno;
    int rc = read_checked(f, fd);
    close(fd);
    return rc;
}

void private_file_free(struct private_file *f)
{
    if (f->data)
        explicit_bzero(f->data, f->n);
    free(f->data);
    *f = (struct private_file){0};
}

/*
 * private_file.h - small files that may hold a password: read with the owner and mode they have,
 * wiped when freed.
 */
#ifndef CQLRAW_PRIVATE_FILE_H
#define CQLRAW_PRIVATE_FILE_H

#include <cqlraw/base.h>

struct private_file {
    char *data; /* n bytes and a NUL behind them */
    size_t n;
    unsigned mode;       /* permission bits */
    bool private_enough; /* only its owner may read it, who is root or this user */
};

/* A regular file of at most 1 MiB; ELOOP when it is a symbolic link and these are not followed. 0
 * or an errno; free with private_file_free in any case. */
int private_file_read(struct private_file *f, const char *path, bool follow);
void private_file_free(struct private_file *f);

#endif

/*
 * password.h - the password: of the command line, the environment, a file, a descriptor, or typed.
 */
#ifndef CQLRAW_PASSWORD_H
#define CQLRAW_PASSWORD_H

#include "tools/cqlraw/args/args.h"

/* Of several sources the one of the highest rank counts (two on the command line are refused); with
 * a name and no source it is asked for on the terminal. *password is NULL when neither is there,
 * else it is borrowed until args_free. 0 or the exit code after one line on stderr. */
int password_get(const struct args *a, const char **password);

/* The first line of a file that only its owner may read, into `out` (SECRET_SIZE bytes). 0 or the
 * exit code after one line on stderr. */
int password_read_file(const struct args *a, const char *path, char *out);

#endif

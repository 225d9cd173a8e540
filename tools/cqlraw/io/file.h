/*
 * file.h - an input file as a whole.
 */
#ifndef CQLRAW_FILE_H
#define CQLRAW_FILE_H

#include <cqlraw/base.h>

/* Reads a file, or standard input when path is NULL, to its end. 0, or the exit code after one line
 * on stderr. *data is the caller's, free with free; NULL when there was nothing. */
int file_read(const char *command, const char *path, char **data, size_t *n);
/* What was read, without the byte order mark that a text of Windows begins with. */
struct cqlr_str file_text(const char *data, size_t n);

#endif

/*
 * log.h - what the client tells of its connections: to stderr with --verbose, with times to the
 * file of --log.
 */
#ifndef CQLRAW_LOG_H
#define CQLRAW_LOG_H

#include <cqlraw/client.h>

#include "tools/cqlraw/args/args.h"

/* Opens the file of --log, if any, to append to it. 0, or the exit code after one line on stderr.
 */
int log_open(struct args *a);
void log_close(struct args *a);

/* Is anything to be told? Then log_line is the client's log function, with `a` as its argument. */
bool log_wanted(const struct args *a);
void log_line(void *a, enum cqlr_log_level level, const char *line);

#endif

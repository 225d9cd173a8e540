/*
 * query_trace.h - what the server recorded about a statement, for people.
 */
#ifndef CQLRAW_QUERY_TRACE_H
#define CQLRAW_QUERY_TRACE_H

#include <cqlraw/client.h>

/*
 * Waits up to 2 s until the server has written all of the trace, then writes it to fd; `bold` is
 * for the names of the columns. 0, or the exit code of a write that failed, after a line on stderr;
 * or -1 after a warning there: it cannot be read, or was not complete; no other one should be
 * waited for then.
 */
int query_trace_print(cqlr_client *client, const uint8_t id[16], int fd, bool bold);

#endif

/*
 * client_args.h - --host, --port, --cl, --page-size, --compression, the timeouts, TLS, name and
 * password → the library's options, and who this run is.
 */
#ifndef CQLRAW_CLIENT_ARGS_H
#define CQLRAW_CLIENT_ARGS_H

#include <cqlraw/client.h>

#include "args.h"

/* Strings are borrowed from the arguments, which are also the log's. May ask for passwords. 0, or
 * the exit code after one line on stderr. */
int client_args(struct cqlr_client_opts *o, const struct args *a);

#endif

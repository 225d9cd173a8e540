/*
 * client_args.h - --host, --port, --cl, --page-size, --compression, the timeouts, name and
 * password → the library's options, and who this run is; and what the library says of them.
 */
#ifndef CQLRAW_CLIENT_ARGS_H
#define CQLRAW_CLIENT_ARGS_H

#include <cqlraw/client.h>

#include "args.h"

/* Strings are borrowed from the arguments, which are also the log's. May ask for the password. 0,
 * or the exit code after one line on stderr. */
int client_args(struct cqlr_client_opts *o, const struct args *a);

#define CLIENT_ERROR (CQLR_ERR_TEXT + 16)
/* The text of an error of connecting, in which the library's option for what a flag of ours allows
 * is named as that flag. Borrowed from err, or in room. */
const char *client_error(const struct cqlr_err *err, char room[CLIENT_ERROR]);

#endif

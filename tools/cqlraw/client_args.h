/*
 * client_args.h - --host, --port, --cl, --page-size and the timeouts → the library's options.
 */
#ifndef CQLRAW_CLIENT_ARGS_H
#define CQLRAW_CLIENT_ARGS_H

#include <cqlraw/client.h>

#include "args.h"

/* Strings are borrowed from the arguments. */
void client_args(struct cqlr_client_opts *o, const struct args *a);

#endif

/*
 * tls_args.h - --tls and what goes with it → the library's settings.
 */
#ifndef CQLRAW_TLS_ARGS_H
#define CQLRAW_TLS_ARGS_H

#include <cqlraw/tls.h>

#include "args.h"

/* *tls is NULL without --tls. Strings are borrowed from the arguments. Looks at the files, warns
 * (once a call) of what is less safe than it seems, and may ask for the password of the key. 0, or
 * the exit code after one line on stderr. */
int tls_args(const struct cqlr_tls_opts **tls, const struct args *a);

#endif

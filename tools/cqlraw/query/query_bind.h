/*
 * query_bind.h - the -P NAME=VALUE of `query` → the values of a prepared statement.
 */
#ifndef CQLRAW_QUERY_BIND_H
#define CQLRAW_QUERY_BIND_H

#include <cqlraw/client.h>

#include "tools/cqlraw/args/args.h"

/* Binds all of them and checks that no marker is left out. 0, or the exit code after one line on
 * stderr. */
int query_bind(const char *command, cqlr_bound *b, const cqlr_prepared *ps, const struct args *a);

#endif

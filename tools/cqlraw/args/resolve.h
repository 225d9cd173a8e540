/*
 * resolve.h - the options that the command line does not give.
 */
#ifndef CQLRAW_RESOLVE_H
#define CQLRAW_RESOLVE_H

#include "args.h"

/* The value of one option: of the environment, the configuration, or the default. 0 or EXIT_USAGE.
 */
int resolve_option(const struct args *a, const struct option *o, struct option_value *v);

/* Reads the configuration (for commands that connect) and resolves all options of the command. 0 or
 * the exit code, after one line on stderr. */
int resolve_all(struct args *a);

#endif

/*
 * config_show.h - what is set, and where: `cqlraw options --config`.
 */
#ifndef CQLRAW_CONFIG_SHOW_H
#define CQLRAW_CONFIG_SHOW_H

#include "tools/cqlraw/args/args.h"

/* Prints the options of all commands that have a value, with the value and its origin; no password.
 * 0 or the exit code after one line on stderr. No server is asked. */
int config_show(const struct args *a);

#endif

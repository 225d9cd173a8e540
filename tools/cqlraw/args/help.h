/*
 * help.h - the help screens, made from the tables of commands and options.
 */
#ifndef CQLRAW_HELP_H
#define CQLRAW_HELP_H

#include "tools/cqlraw/cli.h"

/* Both return an exit code: 0, or what writing gave. `all`: every option, grouped; else the main
 * ones, on one screen. */
int help_overview(int fd);
int help_command(const struct command *c, bool all);

#endif

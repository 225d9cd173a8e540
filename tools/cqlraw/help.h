/*
 * help.h - the help screens, made from the tables of commands and options.
 */
#ifndef CQLRAW_HELP_H
#define CQLRAW_HELP_H

#include "cli.h"

/* Both return an exit code: 0, or what writing gave. */
int help_overview(int fd);
int help_command(const struct command *c);

#endif

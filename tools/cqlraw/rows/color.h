/*
 * color.h - whether to decorate what is written, and with what. Decoration never carries a meaning
 * that the text alone has not.
 */
#ifndef CQLRAW_COLOR_H
#define CQLRAW_COLOR_H

#include "tools/cqlraw/args/args.h"

#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

/* --color always and never decide; auto: FORCE_COLOR set turns it on, else NO_COLOR set turns it
 * off, else it is on when fd is a terminal that is not "dumb". A variable that is empty is not set.
 */
bool color_on(const struct args *a, int fd);

#endif

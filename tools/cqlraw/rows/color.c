/*
 * color.c - see the header.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "color.h"

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

bool color_on(const struct args *a, int fd)
{
    const char *term = getenv("TERM");
    if (args_is(a, OPT_COLOR, "always") || args_is(a, OPT_COLOR, "never"))
        return args_is(a, OPT_COLOR, "always");
    if (is_set("FORCE_COLOR") || is_set("NO_COLOR"))
        return is_set("FORCE_COLOR");
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

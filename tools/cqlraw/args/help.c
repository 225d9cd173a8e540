/*
 * help.c - one screen of 80x24 for the program and for each command, and all options of a command
 * as a page; options and their defaults come from the option table, so that help and parser cannot
 * drift apart.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "help.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/io/text.h"

#define PAGE   16384
#define COLUMN 32 /* where the texts begin */

int help_overview(int fd)
{
    char room[PAGE];
    struct text p = {.p = room, .size = sizeof room};
    text_add(&p, "usage: cqlraw COMMAND [OPTIONS] [ARGUMENTS]\n\n"
                 "A Cassandra client: bulk work over all cores, and queries.\n\ncommands:\n");
    for (const struct command *c = commands; c->name; c++)
        text_add(&p, "  %-9s%s\n", c->name, c->about);
    text_add(&p, "\nexample:\n  %s\n\ncqlraw help COMMAND shows a command's options.\n",
             commands[0].example);
    return out_text(fd, NULL, p.p, p.n);
}

/* `hint` stands behind the text. A name too wide for its column has a line of its own. */
static void add_option(struct text *p, const struct option *o, const char *hint)
{
    char left[96], letter[] = {'-', o->letter, ',', ' ', '\0'};
    int n = snprintf(left, sizeof left, "  %s--%s%s%s", o->letter ? letter : "    ", o->name,
                     o->arg ? " " : "", o->arg ? o->arg : "");
    if (n < COLUMN)
        text_add(p, "%-*s%s", COLUMN, left, o->help);
    else
        text_add(p, "%s\n%*s%s", left, COLUMN, "", o->help);
    if (o->def)
        text_add(p, " [%s]", o->def);
    text_add(p, "%s\n", hint);
}

static unsigned count_options(const struct command *c, enum help_group group)
{
    unsigned n = 0;
    for (const struct option *o = options; o->name; o++)
        n += (o->commands & c->bit) && o->group == group;
    return n;
}

static void add_group(struct text *p, const struct command *c, enum help_group group,
                      const char *heading, const char *hint)
{
    if (heading && count_options(c, group))
        text_add(p, "\n%s:\n", heading);
    for (const struct option *o = options; o->name; o++)
        if ((o->commands & c->bit) && o->group == group)
            add_option(p, o, o->id == OPT_HELP ? hint : "");
}

int help_command(const struct command *c, bool all)
{
    char room[PAGE], hint[80] = "";
    struct text p = {.p = room, .size = sizeof room};
    if (!all && count_options(c, HELP_MORE) + count_options(c, HELP_CONNECTION))
        snprintf(hint, sizeof hint, "; all: cqlraw help %s --all", c->name);
    text_add(&p, "usage: cqlraw %s %s\n%s\n\n", c->name, c->usage, c->about);
    if (c->details)
        text_add(&p, "%s\n", c->details);
    add_group(&p, c, HELP_MAIN, NULL, hint);
    if (all) {
        add_group(&p, c, HELP_MORE, "more", "");
        add_group(&p, c, HELP_CONNECTION, "connection", "");
        add_group(&p, c, HELP_TLS, "TLS", "");
    }
    text_add(&p, "\nexample:\n  %s\n", c->example);
    return out_text(STDOUT_FILENO, c->name, p.p, p.n);
}

int cmd_help(const struct args *a)
{
    if (a->rest_n == 0)
        return help_overview(STDOUT_FILENO);
    if (a->rest_n > 1) {
        say("help", "unexpected argument \"%s\"", a->rest[1]);
        return EXIT_USAGE;
    }
    const struct command *c = command_find(a->rest[0]);
    if (!c) {
        say("help", "no command \"%s\"; cqlraw help lists them", a->rest[0]);
        return EXIT_USAGE;
    }
    return help_command(c, a->v[OPT_ALL].given);
}

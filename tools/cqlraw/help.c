/*
 * help.c - one screen for the program and one for each command; options and their defaults come
 * from the option table, so that help and parser cannot drift apart.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "help.h"
#include "out.h"
#include "text.h"

#define PAGE 8192

int help_overview(int fd)
{
    char room[PAGE];
    struct text p = {.p = room, .size = sizeof room};
    text_add(&p, "usage: cqlraw COMMAND [OPTIONS] [ARGUMENTS]\n\n"
                 "A Cassandra client: bulk reads over all cores, and queries.\n\ncommands:\n");
    for (const struct command *c = commands; c->name; c++)
        text_add(&p, "  %-9s%s\n", c->name, c->about);
    text_add(&p, "\nexample:\n  %s\n\ncqlraw help COMMAND shows a command's options.\n",
             commands[0].example);
    return out_text(fd, NULL, p.p, p.n);
}

static void add_option(struct text *p, const struct option *o)
{
    char left[64], letter[] = {'-', o->letter, ',', ' ', '\0'};
    snprintf(left, sizeof left, "%s--%s%s%s", o->letter ? letter : "    ", o->name,
             o->arg ? " " : "", o->arg ? o->arg : "");
    text_add(p, "  %-29s %s", left, o->help);
    if (o->def)
        text_add(p, " [%s]", o->def);
    text_add(p, "\n");
}

int help_command(const struct command *c)
{
    char room[PAGE];
    struct text p = {.p = room, .size = sizeof room};
    text_add(&p, "usage: cqlraw %s %s\n\n%s\n\n", c->name, c->usage, c->about);
    if (c->details)
        text_add(&p, "%s\n", c->details);
    for (const struct option *o = options; o->name; o++)
        if (o->commands & c->bit)
            add_option(&p, o);
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
    return help_command(c);
}

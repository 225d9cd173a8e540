/*
 * help.c - one screen for the program and one for each command; options and their defaults come
 * from the option table, so that help and parser cannot drift apart.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "help.h"
#include "out.h"

struct page {
    char text[8192];
    size_t n;
};

static void add(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct page *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(p->text + p->n, sizeof p->text - p->n, fmt, ap);
    va_end(ap);
    size_t left = sizeof p->text - 1 - p->n;
    p->n += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left;
}

int help_overview(int fd)
{
    struct page p = {.n = 0};
    add(&p, "usage: cqlraw COMMAND [OPTIONS] [ARGUMENTS]\n\n"
            "A Cassandra client: bulk reads over all cores, and queries.\n\ncommands:\n");
    for (const struct command *c = commands; c->name; c++)
        add(&p, "  %-9s%s\n", c->name, c->about);
    add(&p, "\nexample:\n  %s\n\ncqlraw help COMMAND shows a command's options.\n",
        commands[0].example);
    return out_text(fd, NULL, p.text, p.n);
}

static void add_option(struct page *p, const struct option *o)
{
    char left[64], letter[] = {'-', o->letter, ',', ' ', '\0'};
    snprintf(left, sizeof left, "%s--%s%s%s", o->letter ? letter : "    ", o->name,
             o->arg ? " " : "", o->arg ? o->arg : "");
    add(p, "  %-29s %s", left, o->help);
    if (o->def)
        add(p, " [%s]", o->def);
    add(p, "\n");
}

int help_command(const struct command *c)
{
    struct page p = {.n = 0};
    add(&p, "usage: cqlraw %s %s\n\n%s\n\n", c->name, c->usage, c->about);
    if (c->details)
        add(&p, "%s\n", c->details);
    for (const struct option *o = options; o->name; o++)
        if (o->commands & c->bit)
            add_option(&p, o);
    add(&p, "\nexample:\n  %s\n", c->example);
    return out_text(STDOUT_FILENO, c->name, p.text, p.n);
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

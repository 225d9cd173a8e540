/*
 * config_show.c - a line for each option: name, value, origin, in three aligned columns. Options of
 * other commands are resolved as those commands would; one that means something else there than in
 * another command has a line for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_show.h"
#include "tools/cqlraw/args/resolve.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/io/text.h"

#define PAGE (64 * 1024)

struct line {
    char name[48];
    const char *value;
    const char *origin;
};

/* Commands that do not connect read no files; what acts once has no value that is kept. */
static bool is_shown(const struct option *o)
{
    unsigned connect = option_find("host", 4, 0, ~0u)->commands;
    return (o->commands & connect) && o->type != TYPE_TEXTS && o->id != OPT_HELP &&
           o->id != OPT_CONFIG && o->id != OPT_ALL && o->id != OPT_JSON;
}

static const char *value_of(const struct option *o, const struct option_value *v)
{
    if (o->type == TYPE_FLAG)
        return v->given ? "true" : "false";
    return o->id == OPT_PASSWORD ? "***" : v->text;
}

static const char *origin_of(const struct option_value *v)
{
    return v->origin ? v->origin : v->from == FROM_DEFAULT ? "default" : "command line";
}

/* "format (query)": another row has the same name for other commands. */
static void name_line(struct line *l, const struct option *o)
{
    bool other = false;
    for (const struct option *p = options; p->name; p++)
        other |= p != o && p->id == o->id;
    snprintf(l->name, sizeof l->name, "%s", o->name);
    for (const struct command *c = commands; other && c->name; c++)
        if (o->commands & c->bit) {
            snprintf(l->name, sizeof l->name, "%s (%s)", o->name, c->name);
            return;
        }
}

/* How many lines there are, or a negative exit code. */
static int collect(const struct args *a, struct line *lines)
{
    int n = 0;
    for (const struct option *o = options; o->name; o++) {
        struct option_value own = {0};
        const struct option_value *v = &own;
        if (!is_shown(o))
            continue;
        if (o->commands & a->command->bit)
            v = &a->v[o->id];
        else if (resolve_option(a, o, &own))
            return -EXIT_USAGE;
        if (v->from == FROM_NOWHERE)
            continue;
        name_line(&lines[n], o);
        lines[n].value = value_of(o, v);
        lines[n++].origin = origin_of(v);
    }
    return n;
}

static int width(size_t now, const char *text)
{
    size_t n = strlen(text);
    return (int)(n > now && n <= 48 ? n : now);
}

static int print(const struct args *a, const struct line *lines, int n)
{
    char *room = malloc(PAGE);
    struct text t = {.p = room, .size = PAGE};
    int name = 0, value = 0;
    if (!room) {
        say(a->command->name, "out of memory");
        return EXIT_INTERNAL;
    }
    for (int i = 0; i < n; i++) {
        name = width((size_t)name, lines[i].name);
        value = width((size_t)value, lines[i].value);
    }
    for (int i = 0; i < n; i++)
        text_add(&t, "%-*s  %-*s  %s\n", name, lines[i].name, value, lines[i].value,
                 lines[i].origin);
    int rc = out_stdout(a->command->name, t.p, t.n);
    free(room);
    return rc;
}

int config_show(const struct args *a)
{
    size_t rows = 0;
    for (const struct option *o = options; o->name; o++)
        rows++;
    struct line *lines = calloc(rows, sizeof *lines);
    if (!lines) {
        say(a->command->name, "out of memory");
        return EXIT_INTERNAL;
    }
    int n = collect(a, lines);
    int rc = n < 0 ? -n : print(a, lines, n);
    free(lines);
    return rc;
}

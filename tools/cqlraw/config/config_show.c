/*
 * config_show.c - name, value and origin of each option, as lines in three aligned columns or as a
 * JSON object. Options of other commands are resolved as those commands would; one that means
 * something else there than in another command is there for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_show.h"
#include "tools/cqlraw/args/resolve.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/rows/out_json.h"
#include "tools/cqlraw/rows/width.h"

#define WIDE 48 /* a text wider than this does not widen its column */

struct line {
    char name[48];
    const char *value;
    const char *origin;
};

/* Commands that do not connect read no files; what acts once has no value that is kept. */
static bool is_shown(const struct option *o)
{
    return option_connects(o) && o->type != TYPE_TEXTS && o->id != OPT_HELP &&
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

/* "format (query)": another row that is shown has the same name for other commands. */
static void name_line(struct line *l, const struct option *o)
{
    bool other = false;
    for (const struct option *p = options; p->name; p++)
        other |= p != o && p->id == o->id && is_shown(p);
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

/* ---- text ---- */

static size_t put(struct cqlr_wr *w, const char *text)
{
    return width_print(w, cqlr_cstr(text));
}

/* The columns that most of the texts need. */
static size_t wider(struct cqlr_wr *scratch, size_t now, const char *text)
{
    size_t n = put(scratch, text);
    return n > now && n <= WIDE ? n : now;
}

/* Blanks up to that column, two at least. */
static void pad(struct cqlr_wr *w, size_t column, size_t at)
{
    cqlr_wr_raw(w, "  ", 2);
    for (; at < column; at++)
        cqlr_wr_u8(w, ' ');
}

static void print_text(struct cqlr_wr *w, const struct line *lines, int n)
{
    size_t name = 0, value = 0;
    for (int i = 0; i < n; i++) {
        name = wider(w, name, lines[i].name);
        value = wider(w, value, lines[i].value);
    }
    cqlr_wr_reset(w);
    for (int i = 0; i < n; i++) {
        pad(w, name, put(w, lines[i].name));
        pad(w, value, put(w, lines[i].value));
        put(w, lines[i].origin);
        cqlr_wr_u8(w, '\n');
    }
}

/* ---- JSON ---- */

static void put_json(struct cqlr_wr *w, const char *before, const char *text)
{
    cqlr_wr_raw(w, before, strlen(before));
    json_text(w, cqlr_cstr(text));
}

static void print_json(struct cqlr_wr *w, const struct line *lines, int n)
{
    for (int i = 0; i < n; i++) {
        put_json(w, i ? ",\n" : "{", lines[i].name);
        put_json(w, ":{\"value\":", lines[i].value);
        put_json(w, ",\"origin\":", lines[i].origin);
        cqlr_wr_u8(w, '}');
    }
    cqlr_wr_raw(w, "}\n", 2);
}

/* ---- all ---- */

static int print(const struct args *a, const struct line *lines, int n)
{
    struct cqlr_wr w;
    int code = EXIT_INTERNAL;
    cqlr_wr_init(&w, NULL, TEXT_LIMIT);
    (a->v[OPT_JSON].given ? print_json : print_text)(&w, lines, n);
    if (w.rc)
        say(a->command->name, "%s", cqlr_errcode_text(w.rc));
    else
        code = out_stdout(a->command->name, (const char *)w.p, w.n);
    cqlr_wr_fini(&w);
    return code;
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

/*
 * args.c - argv → struct args, driven by the table of options.c.
 *
 * The command is the first word that is not an option or an option's value, so options may stand in
 * front of it: the words are gone through twice, first for the command alone. Names compare without
 * case, "-" and "_". Every mistake is one line on stderr that names the option.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "resolve.h"
#include "suggest.h"
#include "tools/cqlraw/config/config.h"
#include "tools/cqlraw/config/secret.h"

/* The words of the command line, and how far we are. */
struct words {
    char **word;
    int n;
    int i;
    bool only_rest; /* behind "--" */
};

const struct option *option_find(const char *name, size_t n, char letter, unsigned bits)
{
    const struct option *any = NULL;
    for (const struct option *o = options; o->name; o++) {
        bool same =
            letter ? o->letter == letter
                   : name_equal(name, n, o->name) || (o->alias && name_equal(name, n, o->alias));
        if (same && (o->commands & bits))
            return o;
        if (same && !any)
            any = o;
    }
    return any;
}

bool option_connects(const struct option *o)
{
    return o->commands & option_find("host", 4, 0, ~0u)->commands;
}

static bool looks_like_option(const char *w)
{
    return w[0] == '-' && w[1] != '\0';
}

/* "--name" or "-x" exactly as some option is written: then it is not the value of the option in
 * front of it. */
static bool is_known_option(const char *w)
{
    if (!looks_like_option(w))
        return false;
    if (w[1] != '-')
        return w[2] == '\0' && option_find(NULL, 0, w[1], ~0u);
    size_t n = strcspn(w + 2, "=");
    return n > 0 && option_find(w + 2, n, 0, ~0u);
}

static const char *command_name(const struct args *a)
{
    return a->command ? a->command->name : NULL;
}

static unsigned command_bits(const struct args *a)
{
    return a->command ? (unsigned)a->command->bit : ~0u;
}

/* ---- mistakes ---- */

static int unknown_option(const struct args *a, const char *shown, const char *name, size_t n)
{
    const struct option *best = NULL;
    unsigned least = 100;
    for (const struct option *o = options; n > 1 && o->name; o++) {
        unsigned d = name_distance(name, n, o->name);
        if ((o->commands & command_bits(a)) && d < least) {
            least = d;
            best = o;
        }
    }
    if (best && name_near(least, n))
        say(command_name(a), "unknown option \"%s\" (did you mean \"--%s\"?)", shown, best->name);
    else
        say(command_name(a), "unknown option \"%s\"; see cqlraw %s%s--help", shown,
            a->command ? a->command->name : "", a->command ? " " : "");
    return EXIT_USAGE;
}

static int not_for_command(const struct args *a, const struct option *o, const char *shown)
{
    for (const struct command *c = commands; c->name; c++)
        if (o->commands & c->bit) {
            say(command_name(a), "%s is an option of \"%s\", not of \"%s\"", shown, c->name,
                a->command->name);
            break;
        }
    return EXIT_USAGE;
}

/* ---- values ---- */

static int append(const char ***list, size_t *n, const char *text)
{
    const char **p = realloc(*list, (*n + 1) * sizeof *p);
    if (!p) {
        say(NULL, "out of memory");
        return EXIT_INTERNAL;
    }
    p[(*n)++] = text;
    *list = p;
    return 0;
}

static int set(struct args *a, const struct option *o, const char *shown, char *text)
{
    struct option_value *v = &a->v[o->id];
    int rc = 0;
    if (o->type == TYPE_TEXTS) {
        bool param = o->id == OPT_PARAM;
        return append(param ? &a->params : &a->execute, param ? &a->params_n : &a->execute_n, text);
    }
    if (v->given && o->type != TYPE_FLAG) {
        say(command_name(a), "%s is given twice", shown);
        return EXIT_USAGE;
    }
    v->given = true;
    v->from = FROM_COMMAND_LINE;
    if (o->id == OPT_PASSWORD) {
        say(command_name(a),
            "warning: %s: a password on the command line is visible to other users in the process "
            "list; use --password-file",
            shown);
        rc = secret_take(a, text);
        text = a->secret;
    }
    return rc || o->type == TYPE_FLAG ? rc : option_read(o, command_name(a), shown, text, v);
}

/* Checks that the option belongs to the command, fetches its value (`inline_value`, or the next
 * word) and stores it. */
static int take(struct args *a, struct words *w, const struct option *o, const char *shown,
                char *inline_value)
{
    if (!(o->commands & command_bits(a)))
        return not_for_command(a, o, shown);
    if (o->type == TYPE_FLAG && inline_value) {
        say(command_name(a), "%s takes no value", shown);
        return EXIT_USAGE;
    }
    if (o->type != TYPE_FLAG && !inline_value) {
        if (w->i >= w->n || is_known_option(w->word[w->i])) {
            say(command_name(a), "%s needs a value (%s)", shown, o->arg);
            return EXIT_USAGE;
        }
        inline_value = w->word[w->i++];
    }
    return set(a, o, shown, inline_value);
}

static int take_long(struct args *a, struct words *w, char *word)
{
    char *name = word + 2;
    size_t n = strcspn(name, "=");
    char shown[80];
    const struct option *o = option_find(name, n, 0, command_bits(a));
    if (o)
        snprintf(shown, sizeof shown, "--%s", o->name);
    else
        snprintf(shown, sizeof shown, "--%.*s", (int)(n < 64 ? n : 64), name);
    if (!o)
        return unknown_option(a, shown, name, n);
    return take(a, w, o, shown, name[n] ? name + n + 1 : NULL);
}

/* -q -j4 -j 4 -qj4 */
static int take_letters(struct args *a, struct words *w, char *word)
{
    for (char *p = word + 1; *p; p++) {
        char shown[] = {'-', *p, '\0'};
        const struct option *o = option_find(NULL, 0, *p, command_bits(a));
        if (!o)
            return unknown_option(a, word, word + 1, strlen(word + 1));
        bool value = o->type != TYPE_FLAG;
        int rc = take(a, w, o, shown, value && p[1] ? p + 1 : NULL);
        if (rc || value)
            return rc;
    }
    return 0;
}

/* ---- the two passes ---- */

/* The index of the command among the words, or n. */
static int command_index(char **word, int n)
{
    for (int i = 0; i < n; i++) {
        const char *w = word[i];
        if (strcmp(w, "--") == 0)
            return i + 1 < n ? i + 1 : n;
        if (!looks_like_option(w))
            return i;
        if (w[1] == '-') {
            size_t len = strcspn(w + 2, "=");
            const struct option *o = option_find(w + 2, len, 0, ~0u);
            i += o && o->type != TYPE_FLAG && !w[2 + len];
            continue;
        }
        for (const char *p = w + 1; *p; p++) {
            const struct option *o = option_find(NULL, 0, *p, ~0u);
            if (o && o->type != TYPE_FLAG) {
                i += !p[1];
                break;
            }
        }
    }
    return n;
}

static int find_command(struct args *a, const char *name)
{
    const struct command *best = NULL;
    unsigned least = 100;
    a->command = command_find(name);
    if (a->command)
        return 0;
    for (const struct command *c = commands; c->name; c++) {
        unsigned d = name_distance(name, strlen(name), c->name);
        if (d < least) {
            least = d;
            best = c;
        }
    }
    if (best && name_near(least, strlen(name)))
        say(NULL, "unknown command \"%s\" (did you mean \"%s\"?). See cqlraw --help", name,
            best->name);
    else
        say(NULL, "unknown command \"%s\". See cqlraw --help", name);
    return EXIT_USAGE;
}

static int parse_words(struct args *a, struct words *w, int command)
{
    while (w->i < w->n) {
        int at = w->i++;
        char *word = w->word[at];
        int rc = 0;
        if (at == command)
            continue;
        if (w->only_rest || !looks_like_option(word))
            rc = append(&a->rest, &a->rest_n, word);
        else if (strcmp(word, "--") == 0)
            w->only_rest = true;
        else if (word[1] == '-')
            rc = take_long(a, w, word);
        else
            rc = take_letters(a, w, word);
        if (rc)
            return rc;
    }
    return 0;
}

int args_parse(struct args *a, int argc, char **argv)
{
    struct words w = {argv + (argc > 0), argc > 0 ? argc - 1 : 0, 0, false};
    memset(a, 0, sizeof *a);
    a->log_fd = -1;
    int command = command_index(w.word, w.n);
    int rc = command < w.n ? find_command(a, w.word[command]) : 0;
    if (!rc)
        rc = parse_words(a, &w, command);
    return rc || !a->command || a->v[OPT_HELP].given ? rc : resolve_all(a);
}

void args_free(struct args *a)
{
    free(a->params);
    free(a->execute);
    free(a->rest);
    config_free(a->config);
    secret_free(a);
}

bool args_is(const struct args *a, enum option_id id, const char *choice)
{
    const char *text = a->v[id].text;
    return text && name_equal(text, strlen(text), choice);
}

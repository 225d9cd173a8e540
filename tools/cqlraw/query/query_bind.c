/*
 * query_bind.c - a name binds every marker that has it; 0, 1, ... and "_" (the next one) go by
 * position. The value is text, converted by the marker's type; \N is null, NAME==VALUE takes the
 * text as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "query_bind.h"
#include "tools/cqlraw/run/spec.h"

struct binding {
    const char *command;
    cqlr_bound *bound;
    const cqlr_prepared *ps;
    bool *done; /* of each marker */
    uint32_t markers;
    uint32_t next; /* for "_" */
};

static int bind_at(struct binding *b, uint32_t i, struct cqlr_str name, struct cqlr_str text,
                   bool literal)
{
    if (i >= b->markers) {
        say(b->command, "-P %.*s: the statement has %u markers", CQLR_STR(name), b->markers);
        return EXIT_USAGE;
    }
    if (b->done[i]) {
        say(b->command, "-P %.*s: this marker has a value already", CQLR_STR(name));
        return EXIT_USAGE;
    }
    int rc = !literal && spec_is_null(text) ? cqlr_bound_null(b->bound, i)
                                            : cqlr_bound_text(b->bound, i, text);
    if (rc) {
        say(b->command, "-P %.*s: %s", CQLR_STR(name), cqlr_bound_err(b->bound)->text);
        return EXIT_USAGE;
    }
    b->done[i] = true;
    return 0;
}

static int bind_name(struct binding *b, struct cqlr_str name, struct cqlr_str text, bool literal)
{
    int i = cqlr_prepared_marker(b->ps, name, 0);
    if (i < 0) {
        say(b->command, "-P %.*s: the statement has no marker of this name", CQLR_STR(name));
        return EXIT_USAGE;
    }
    for (; i >= 0; i = cqlr_prepared_marker(b->ps, name, i + 1)) {
        int rc = bind_at(b, (uint32_t)i, name, text, literal);
        if (rc)
            return rc;
    }
    return 0;
}

/* "12" → 12; false when it is no number of a marker. */
static bool position(struct cqlr_str name, uint32_t *at)
{
    uint32_t v = 0;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] < '0' || name.p[i] > '9' || v > 65535)
            return false;
        v = v * 10 + (uint32_t)(name.p[i] - '0');
    }
    *at = v;
    return name.n > 0;
}

static int bind_one(struct binding *b, const char *arg)
{
    const char *eq = strchr(arg, '=');
    if (!eq || eq == arg) {
        say(b->command, "-P: \"%s\" is not NAME=VALUE", arg);
        return EXIT_USAGE;
    }
    struct cqlr_str name = {arg, (size_t)(eq - arg)};
    bool literal = eq[1] == '=';
    struct cqlr_str text = cqlr_cstr(eq + 1 + literal);
    uint32_t at;
    if (position(name, &at))
        return bind_at(b, at, name, text, literal);
    if (name.n == 1 && *name.p == '_')
        return bind_at(b, b->next++, name, text, literal);
    return bind_name(b, name, text, literal);
}

int query_bind(const char *command, cqlr_bound *b, const cqlr_prepared *ps, const struct args *a)
{
    const struct cqlr_columns *markers = cqlr_prepared_markers(ps);
    struct binding x = {.command = command, .bound = b, .ps = ps, .markers = markers->count};
    int rc = 0;
    x.done = calloc((size_t)x.markers + 1, sizeof *x.done);
    if (!x.done) {
        say(command, "out of memory");
        return EXIT_INTERNAL;
    }
    for (size_t i = 0; !rc && i < a->params_n; i++)
        rc = bind_one(&x, a->params[i]);
    for (uint32_t i = 0; !rc && i < x.markers; i++)
        if (!x.done[i]) {
            say(command, "marker %u (%.*s) has no value: give it with -P", i,
                CQLR_STR(markers->col[i].name));
            rc = EXIT_USAGE;
        }
    free(x.done);
    return rc;
}

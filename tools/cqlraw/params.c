/*
 * params.c - reads the files and lists behind -P and builds the source. Standard input is streamed
 * when it is the only parameter; beside others it is read whole, like a file, because it is gone
 * through many times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "params.h"
#include "spec.h"

#define COMMAND "run"

static int no_memory(void)
{
    say(COMMAND, "out of memory");
    return EXIT_INTERNAL;
}

static int add_text(struct param *p, struct cqlr_str text)
{
    if (p->count == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 16;
        struct cqlr_str *more =
            cap > SIZE_MAX / sizeof *more ? NULL : realloc(p->text, cap * sizeof *more);
        if (!more)
            return no_memory();
        p->text = more;
        p->cap = cap;
    }
    p->text[p->count++] = text;
    return 0;
}

/* ---- files ---- */

/* One value a line; the last line may lack its end; CRLF is taken as LF. */
static int add_lines(struct param *p, const char *data, size_t n)
{
    for (const char *end = data + n; data < end;) {
        const char *lf = memchr(data, '\n', (size_t)(end - data));
        size_t len = (size_t)((lf ? lf : end) - data);
        struct cqlr_str line = {data, len - (len > 0 && data[len - 1] == '\r')};
        if (spec_is_null(line))
            line.p = NULL;
        if (add_text(p, line))
            return EXIT_INTERNAL;
        data += len + (lf != NULL);
    }
    return 0;
}

static int add_file(struct param *p, const struct spec *s)
{
    bool is_stdin = s->kind == SPEC_STDIN;
    size_t n;
    int rc =
        file_read(COMMAND, is_stdin ? NULL : s->text.p, &p->file, &n); /* ends with the argument */
    return rc ? rc : add_lines(p, p->file, n);
}

static int add_list(struct param *p, struct cqlr_str list)
{
    struct cqlr_str element;
    while (spec_list_next(&list, &element)) {
        if (spec_is_null(element))
            element.p = NULL;
        if (add_text(p, element))
            return EXIT_INTERNAL;
    }
    return 0;
}

/* ---- one -P ---- */

/* NULL for "the next ?": "_", or the number of that place, which must come in order. */
static int param_name(const struct spec *s, unsigned *place, char **name)
{
    char number[16];
    *name = NULL;
    snprintf(number, sizeof number, "%u", *place);
    if (s->name.n == 1 && s->name.p[0] == '_') {
        ++*place;
        return 0;
    }
    if (s->name.p[0] < '0' || s->name.p[0] > '9') {
        *name = strndup(s->name.p, s->name.n);
        return *name ? 0 : no_memory();
    }
    if (s->name.n != strlen(number) || memcmp(s->name.p, number, s->name.n) != 0) {
        say(COMMAND, "-P %.*s=: places are given in order, the next one is %u", CQLR_STR(s->name),
            *place);
        return EXIT_USAGE;
    }
    ++*place;
    return 0;
}

static int read_values(struct param *p, const struct spec *s, struct cqlr_source_param *out)
{
    int rc = 0;
    switch (s->kind) {
    case SPEC_INT:
        out->kind = CQLR_SOURCE_INT;
        break;
    case SPEC_DATE:
        out->kind = CQLR_SOURCE_DATE;
        break;
    case SPEC_TIMESTAMP:
        out->kind = CQLR_SOURCE_TIMESTAMP;
        break;
    case SPEC_LIST:
        out->kind = CQLR_SOURCE_LIST;
        rc = add_list(p, s->text);
        break;
    case SPEC_LITERAL:
        out->kind = CQLR_SOURCE_LIST;
        rc = add_text(p, s->text);
        break;
    case SPEC_FILE:
    case SPEC_STDIN:
        out->kind = CQLR_SOURCE_LIST;
        out->checked_late = true;
        rc = add_file(p, s);
        break;
    }
    out->first = s->first;
    out->last = s->last;
    out->step = s->step;
    out->months = s->months;
    out->text = p->text;
    out->count = p->count;
    return rc;
}

/* ---- all ---- */

static int parse_all(struct spec *spec, const struct args *a)
{
    char why[512];
    unsigned stdins = 0;
    for (size_t i = 0; i < a->params_n; i++) {
        if (spec_parse(a->params[i], &spec[i], why, sizeof why) < 0) {
            say(COMMAND, "-P: %s", why);
            return EXIT_USAGE;
        }
        for (size_t k = 0; k < i; k++)
            if (spec[k].name.n == spec[i].name.n &&
                !(spec[i].name.n == 1 && *spec[i].name.p == '_') &&
                memcmp(spec[k].name.p, spec[i].name.p, spec[i].name.n) == 0) {
                say(COMMAND, "-P %.*s is given twice", CQLR_STR(spec[i].name));
                return EXIT_USAGE;
            }
        stdins += spec[i].kind == SPEC_STDIN;
    }
    if (stdins > 1) {
        say(COMMAND, "-P: standard input (@-) can be read for one parameter only");
        return EXIT_USAGE;
    }
    return 0;
}

static int build(struct params *p, const struct args *a, const struct spec *spec,
                 struct cqlr_source_param *out)
{
    struct cqlr_err err = {0};
    uint64_t repeat = a->v[OPT_REPEAT].n;
    unsigned place = 0;
    p->from_stdin = p->n == 1 && spec[0].kind == SPEC_STDIN && repeat == 1;
    for (size_t i = 0; i < p->n; i++) {
        int rc = param_name(&spec[i], &place, &p->param[i].name);
        out[i].name = p->param[i].name;
        if (!rc && !p->from_stdin)
            rc = read_values(&p->param[i], &spec[i], &out[i]);
        if (rc)
            return rc;
    }
    p->source = p->from_stdin
                    ? cqlr_source_lines(STDIN_FILENO, out[0].name, &err)
                    : cqlr_source_new(out, p->n,
                                      args_is(a, OPT_COMBINE, "zip") ? CQLR_COMBINE_ZIP
                                                                     : CQLR_COMBINE_PRODUCT,
                                      repeat, &err);
    if (p->source)
        return 0;
    say(COMMAND, "-P: %s", err.text);
    return err.code == CQLR_E_NOMEM ? EXIT_INTERNAL : EXIT_USAGE;
}

int params_open(struct params *p, const struct args *a)
{
    size_t n = a->params_n;
    *p = (struct params){.n = n};
    struct spec *spec = calloc(n + 1, sizeof *spec);
    struct cqlr_source_param *out = calloc(n + 1, sizeof *out);
    p->param = calloc(n + 1, sizeof *p->param);
    int rc = spec && out && p->param ? parse_all(spec, a) : no_memory();
    if (!rc)
        rc = build(p, a, spec, out);
    free(out);
    free(spec);
    return rc;
}

void params_free(struct params *p)
{
    cqlr_source_free(p->source);
    for (size_t i = 0; p->param && i < p->n; i++) {
        free(p->param[i].name);
        free(p->param[i].file);
        free(p->param[i].text);
    }
    free(p->param);
}

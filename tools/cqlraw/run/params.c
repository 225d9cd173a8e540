/*
 * params.c - see the header. Standard input is streamed when it is the only parameter; beside
 * others it is read whole, like a file, because it is gone through many times.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "params.h"

#define COMMAND "run"

static int no_memory(void)
{
    say(COMMAND, "out of memory");
    return EXIT_INTERNAL;
}

/* ---- -P ---- */

/* No name for "the next ?": "_", or the number of that place, which must come in order. */
static int param_name(struct param *p, const struct spec *s, unsigned *place)
{
    snprintf(p->label, sizeof p->label, "%u", *place);
    if (s->name.n == 1 && s->name.p[0] == '_') {
        ++*place;
        return 0;
    }
    if (s->name.p[0] < '0' || s->name.p[0] > '9') {
        p->name = strndup(s->name.p, s->name.n);
        return p->name ? 0 : no_memory();
    }
    if (!cqlr_str_equal(s->name, cqlr_cstr(p->label))) {
        say(COMMAND, "-P %.*s=: places are given in order, the next one is %u", CQLR_STR(s->name),
            *place);
        return EXIT_USAGE;
    }
    ++*place;
    return 0;
}

static bool same_name(const struct spec *a, const struct spec *b)
{
    bool next = a->name.n == 1 && *a->name.p == '_';
    return !next && cqlr_str_equal(a->name, b->name);
}

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
            if (same_name(&spec[i], &spec[k])) {
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

/* :start and :end, behind all others: they vary fastest. */
static int add_token_ranges(struct params *p, const struct args *a, struct cqlr_source_param *out)
{
    static const char *const name[] = {"start", "end"};
    uint64_t n = a->v[OPT_TOKEN_RANGES].n;
    if (!a->v[OPT_TOKEN_RANGES].given)
        return 0;
    for (size_t i = 0; i < 2; i++) {
        struct param *at = &p->param[p->n];
        at->name = strdup(name[i]);
        out[p->n] = (struct cqlr_source_param){
            .name = at->name,
            .kind = i == 0 ? CQLR_SOURCE_TOKEN_START : CQLR_SOURCE_TOKEN_END,
            .count = n ? (size_t)n : TOKEN_RANGES,
        };
        if (!at->name)
            return no_memory();
        p->n++;
    }
    return 0;
}

static int source_failed(const char *option, const struct cqlr_err *err)
{
    say(COMMAND, "%s: %s", option, err->text);
    return err->code == CQLR_E_NOMEM ? EXIT_INTERNAL
           : err->code == CQLR_E_IO  ? EXIT_CONNECT
                                     : EXIT_USAGE;
}

static int build(struct params *p, const struct args *a, const struct spec *spec,
                 struct cqlr_source_param *out)
{
    struct cqlr_err err = {0};
    uint64_t repeat = a->v[OPT_REPEAT].n;
    unsigned place = 0;
    bool zip = args_is(a, OPT_COMBINE, "zip"), ranges = a->v[OPT_TOKEN_RANGES].given;
    p->streamed = a->params_n == 1 && spec[0].kind == SPEC_STDIN && repeat == 1 && !ranges;
    p->by_name = true;
    for (p->n = 0; p->n < a->params_n; p->n++) {
        struct param *at = &p->param[p->n];
        int rc = param_name(at, &spec[p->n], &place);
        p->by_name = p->by_name && at->name;
        out[p->n].name = at->name;
        if (!rc && !p->streamed)
            rc = param_read(at, &spec[p->n], &out[p->n]);
        if (rc) {
            p->n++;
            return rc;
        }
    }
    int rc = add_token_ranges(p, a, out);
    if (rc)
        return rc;
    p->source = p->streamed
                    ? cqlr_source_lines(STDIN_FILENO, out[0].name, &err)
                    : cqlr_source_new(out, p->n, zip ? CQLR_COMBINE_ZIP : CQLR_COMBINE_PRODUCT,
                                      repeat, &err);
    return p->source ? 0 : source_failed(a->params_n ? "-P" : "parameters", &err);
}

static int open_params(struct params *p, const struct args *a)
{
    size_t room = a->params_n + 2;
    struct spec *spec = calloc(room, sizeof *spec);
    struct cqlr_source_param *out = calloc(room, sizeof *out);
    p->param = calloc(room, sizeof *p->param);
    int rc = spec && out && p->param ? parse_all(spec, a) : no_memory();
    if (!rc)
        rc = build(p, a, spec, out);
    free(out);
    free(spec);
    return rc;
}

/* ---- files of records ---- */

static enum cqlr_record_format record_format(const struct args *a, const char *path)
{
    const char *dot = strrchr(path, '.');
    if (a->v[OPT_PARAMS_FORMAT].given)
        return args_is(a, OPT_PARAMS_FORMAT, "ndjson") ? CQLR_RECORDS_NDJSON : CQLR_RECORDS_CSV;
    return dot && (strcasecmp(dot, ".ndjson") == 0 || strcasecmp(dot, ".jsonl") == 0)
               ? CQLR_RECORDS_NDJSON
               : CQLR_RECORDS_CSV;
}

static int open_records(struct params *p, const struct args *a, enum option_id id)
{
    const char *path = a->v[id].text;
    struct cqlr_err err = {0};
    int fd = STDIN_FILENO;
    p->streamed = true;
    if (strcmp(path, "-") != 0)
        fd = p->fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        say(COMMAND, "cannot read %s: %s", path, strerror(errno));
        return EXIT_CONNECT;
    }
    enum cqlr_record_format format = record_format(a, path);
    p->by_name = id == OPT_PARAMS_FROM && format == CQLR_RECORDS_CSV; /* JSON has arrays too */
    p->source =
        id == OPT_WORKLOAD ? cqlr_source_workload(fd, &err) : cqlr_source_records(fd, format, &err);
    return p->source ? 0 : source_failed(path, &err);
}

/* ---- all ---- */

int params_open(struct params *p, const struct args *a)
{
    *p = (struct params){.fd = -1};
    if (a->v[OPT_WORKLOAD].given)
        return open_records(p, a, OPT_WORKLOAD);
    if (a->v[OPT_PARAMS_FROM].given)
        return open_records(p, a, OPT_PARAMS_FROM);
    return open_params(p, a);
}

void params_free(struct params *p)
{
    cqlr_source_free(p->source);
    for (size_t i = 0; i < p->n; i++)
        param_free(&p->param[i]);
    free(p->param);
    if (p->fd >= 0)
        close(p->fd);
}

const char *params_name(const struct params *p, size_t i)
{
    return p->param[i].name ? p->param[i].name : p->param[i].label;
}

void params_print(const struct params *p, uint64_t index, struct cqlr_wr *w)
{
    for (size_t i = 0; i < p->n; i++) {
        if (i)
            cqlr_wr_u8(w, ' ');
        cqlr_wr_raw(w, params_name(p, i), strlen(params_name(p, i)));
        cqlr_wr_u8(w, '=');
        if (cqlr_source_print(p->source, index, i, w))
            break;
    }
}

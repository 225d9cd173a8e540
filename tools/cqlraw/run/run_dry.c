/*
 * run_dry.c - --dry-run: everything up to the first request, told instead of done. A worker
 * connects and prepares, the parameters are checked against the markers, and then the run is called
 * off.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "tools/cqlraw/io/redact.h"
#include "tools/cqlraw/io/signals.h"

struct dry {
    struct run *r;
    const struct cqlr_bulk_opts *o;
    struct cqlr_wr text;
};

static void add(struct cqlr_wr *w, const char *label, const char *text)
{
    char line[600];
    int n = snprintf(line, sizeof line, "%-11s %s", label, text);
    size_t len = redact(line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20)
            line[i] = ' ';
    cqlr_wr_raw(w, line, len);
    cqlr_wr_u8(w, '\n');
}

/* The parameter that marker i gets: the one of its name, else the next nameless one. */
static const char *comes_from(const struct run *r, const struct cqlr_columns *markers, uint32_t i,
                              size_t *nameless)
{
    const struct params *p = &r->params;
    struct cqlr_str name = markers->col[i].name;
    if (r->args->v[OPT_PARAMS_FROM].given)
        return r->args->v[OPT_PARAMS_FROM].text;
    for (size_t k = 0; k < p->n; k++)
        if (p->param[k].name && cqlr_str_equal(name, cqlr_cstr(p->param[k].name)))
            return k < r->args->params_n ? r->args->params[k] : "--token-ranges";
    for (; *nameless < p->n; ++*nameless)
        if (!p->param[*nameless].name)
            return r->args->params[(*nameless)++];
    return "";
}

static void add_columns(struct cqlr_wr *w, const struct run *r, const char *label,
                        const struct cqlr_columns *columns, bool markers)
{
    char text[500], head[16];
    size_t nameless = 0;
    for (uint32_t i = 0; i < columns->count; i++) {
        struct cqlr_wr type;
        cqlr_wr_init(&type, NULL, 0);
        cqlr_type_print(&type, columns->col[i].type);
        snprintf(text, sizeof text, "%.*s %.*s%s%s", CQLR_STR(columns->col[i].name), (int)type.n,
                 (const char *)type.p, markers ? " from " : "",
                 markers ? comes_from(r, columns, i, &nameless) : "");
        snprintf(head, sizeof head, "%s %u", label, (unsigned)i + 1);
        add(w, head, text);
        cqlr_wr_fini(&type);
    }
}

static void add_set(struct cqlr_wr *w, const struct params *p, const char *label, uint64_t index)
{
    char text[500];
    struct cqlr_wr set;
    cqlr_wr_init(&set, NULL, 0);
    params_print(p, index, &set);
    snprintf(text, sizeof text, "%.*s", (int)(set.n < 480 ? set.n : 480),
             set.n ? (const char *)set.p : "");
    if (p->n)
        add(w, label, text);
    cqlr_wr_fini(&set);
}

static void add_work(struct cqlr_wr *w, const struct run *r, const struct cqlr_bulk_opts *o)
{
    struct cqlr_bulk_plan p;
    char text[100];
    cqlr_bulk_plan_get(o, &p);
    if (p.sets == UINT64_MAX)
        snprintf(text, sizeof text, "not known before the end of the input");
    else
        snprintf(text, sizeof text, "%llu in %llu units of %llu", (unsigned long long)p.sets,
                 (unsigned long long)p.units, (unsigned long long)p.block);
    add(w, "sets", text);
    snprintf(text, sizeof text, "%u, each with %u requests in flight", p.processes, o->in_flight);
    add(w, "processes", text);
    if (p.sets == UINT64_MAX || p.sets == 0)
        return;
    add_set(w, &r->params, "first set", 0);
    add_set(w, &r->params, "last set", p.sets - 1);
}

static int on_prepared(void *arg, const struct cqlr_columns *markers,
                       const struct cqlr_columns *columns, struct cqlr_wr *head)
{
    struct dry *d = arg;
    (void)head;
    add(&d->text, "statement", d->r->args->rest[0]);
    add_columns(&d->text, d->r, "marker", markers, true);
    add_columns(&d->text, d->r, "column", columns, false);
    add_work(&d->text, d->r, d->o);
    return CQLR_E_CANCELLED;
}

static int on_stop(void *arg)
{
    struct dry *d = arg;
    signals_read(d->r->stop_fd, &d->r->signal);
    return 2;
}

int run_dry(struct run *r, struct cqlr_bulk_opts *o)
{
    struct cqlr_bulk_summary s = {.size = sizeof s};
    struct dry d = {.r = r, .o = o};
    cqlr_wr_init(&d.text, NULL, 0);
    o->on_prepared = on_prepared;
    o->on_stop = on_stop;
    o->arg = &d;
    int rc = cqlr_bulk_run(o, &s, sizeof s);
    if (rc == CQLR_E_CANCELLED)
        rc = out_stdout(RUN, (const char *)d.text.p, d.text.n);
    else
        rc = rc < 0 ? run_failed(r, rc, &s.err) : EXIT_INTERNAL;
    cqlr_wr_fini(&d.text);
    return rc;
}

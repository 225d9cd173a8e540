/*
 * run_errors.c - see the header. Failures come in the order of the parameters, but what a
 * checkpoint covers is behind them: each is kept until one does, so that the file of --bad can be
 * cut where the output is cut.
 */
#include <stdio.h>
#include <stdlib.h>

#include "run_errors.h"
#include "tools/cqlraw/io/utf8.h"

/* Names as scripts want them: OVERLOADED, READ_TIMEOUT, TIMEOUT, TYPE. */
static void class_name(const struct cqlr_err *err, char *out, size_t n)
{
    static const struct {
        int32_t code;
        const char *name;
    } names[] = {
#define NAME(name, number, text) {number, #name},
        CQLR_SERVER_ERROR_MAP(NAME)
#undef NAME
    };
    snprintf(out, n, "%s", cqlr_errcode_name(err->code));
    if (err->code != CQLR_E_SERVER)
        return;
    snprintf(out, n, "0x%04x", (unsigned)err->server_code);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == err->server_code)
            snprintf(out, n, "%s", names[i].name);
}

static void count(struct run_errors *e, const char *name)
{
    size_t i = 0;
    while (i < e->classes && strcmp(e->class_of[i].name, name) != 0)
        i++;
    if (i == e->classes && e->classes < ERROR_CLASSES) {
        bool last = e->classes++ == ERROR_CLASSES - 1;
        snprintf(e->class_of[i].name, sizeof e->class_of[i].name, "%s", last ? "OTHER" : name);
    }
    e->class_of[i < ERROR_CLASSES ? i : ERROR_CLASSES - 1].n++;
}

/* "k=88 c=x", or the record, or the number of the set. */
static void name_first(struct run_errors *e, const struct params *p,
                       const struct cqlr_bulk_failure *f)
{
    struct cqlr_err line; /* made harmless for a terminal */
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    if (p->streamed)
        cqlr_wr_raw(&w, f->record.p, f->record.n);
    else
        params_print(p, f->index, &w);
    struct cqlr_str text = utf8_cut((struct cqlr_str){(const char *)w.p, w.n}, 180);
    (void)err_set(&line, 0, "%.*s", CQLR_STR(text));
    if (w.n && !w.rc)
        snprintf(e->first, sizeof e->first, "%s", line.text);
    else
        snprintf(e->first, sizeof e->first, "parameter set %llu", (unsigned long long)f->index);
    cqlr_wr_fini(&w);
}

static void keep(struct run_errors *e, const struct cqlr_bulk_failure *f)
{
    int code = f->err->code;
    if (e->open_n == e->open_cap) {
        size_t cap = e->open_cap ? e->open_cap * 2 : 64;
        struct open_failure *more = realloc(e->open, cap * sizeof *more);
        e->out_of_memory = e->out_of_memory || !more;
        if (!more)
            return;
        e->open = more;
        e->open_cap = cap;
    }
    e->open[e->open_n++] = (struct open_failure){f->index, e->bad.bytes,
                                                 code == CQLR_E_TIMEOUT || code == CQLR_E_CLOSED};
}

void run_errors_fini(struct run_errors *e)
{
    bad_fini(&e->bad);
    free(e->open);
}

void run_errors_add(struct run_errors *e, const struct params *params,
                    const struct cqlr_bulk_failure *f)
{
    char name[32];
    class_name(f->err, name, sizeof name);
    if (e->n++ == 0)
        name_first(e, params, f);
    count(e, name);
    bad_add(&e->bad, f, name);
    if (e->keep_open)
        keep(e, f);
}

void run_errors_cover(struct run_errors *e, uint64_t done)
{
    size_t n = 0;
    while (n < e->open_n && e->open[n].index < done) {
        e->covered++;
        e->covered_unknown += e->open[n].unknown;
        e->covered_bytes = e->open[n++].bad_bytes;
    }
    e->open_n -= n;
    if (n && e->open_n)
        memmove(e->open, e->open + n, e->open_n * sizeof *e->open);
}

/* ---- what is told of them ---- */

void run_errors_text(const struct run_errors *e, uint64_t sets, struct text *t)
{
    for (size_t i = 0; i < e->classes; i++)
        text_add(t, "%s %llu %s (%.2f%%)", i ? "," : "errors", (unsigned long long)e->class_of[i].n,
                 e->class_of[i].name, sets ? 100.0 * (double)e->class_of[i].n / (double)sets : 0);
    if (e->classes)
        text_add(t, "; first: %s\n", e->first);
}

void run_errors_json(const struct run_errors *e, struct text *t)
{
    text_add(t, ",\"by_class\":{");
    for (size_t i = 0; i < e->classes; i++)
        text_add(t, "%s\"%s\":%llu", i ? "," : "", e->class_of[i].name,
                 (unsigned long long)e->class_of[i].n);
    text_add(t, "}");
}

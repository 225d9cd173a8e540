/*
 * source_print.c - the value of a parameter as text: for messages, for files of parameters that
 * failed, and for dates and timestamps that are bound to text markers.
 */
#include <stdio.h>

#include "proto/base/err.h"
#include "src/bulk/source/source.h"

int cqlr__moment_print(struct cqlr_wr *w, enum cqlr_source_kind kind, int64_t v,
                       struct cqlr_err *err)
{
    const struct cqlr_type type = {.id = kind == CQLR_SOURCE_DATE ? CQLR_TYPE_DATE
                                                                  : CQLR_TYPE_TIMESTAMP};
    struct cqlr_wr raw;
    int rc;
    cqlr_wr_init(&raw, NULL, 0);
    rc = cqlr_value_from_int(&raw, &type, v, err);
    if (!rc)
        rc = cqlr_value_print(w, &type, (struct cqlr_value){raw.p, (int32_t)raw.n}, CQLR_TEXT, err);
    cqlr_wr_fini(&raw);
    return rc;
}

static void print_number(struct cqlr_wr *w, int64_t v)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    cqlr_wr_raw(w, text, (size_t)n);
}

/* Value i of parameter p. */
static int print_value(struct cqlr_wr *w, const struct cqlr__param *p, uint64_t i)
{
    struct cqlr_err err = {0};
    int rc = 0;
    if (p->p.kind == CQLR_SOURCE_LIST)
        cqlr_wr_raw(w, p->p.text[i].p, p->p.text[i].p ? p->p.text[i].n : 0);
    else if (cqlr__is_number(p->p.kind))
        print_number(w, cqlr__param_value(p, i));
    else
        rc = cqlr__moment_print(w, p->p.kind, cqlr__param_value(p, i), &err);
    if (rc == CQLR_E_TYPE) /* a day that no CQL date has */
        rc = CQLR_E_RANGE;
    return rc ? rc : w->rc;
}

/* Which value parameter `p` has in set `index`: the wheels behind it are turned past first. */
static uint64_t value_at(const struct cqlr_source *s, uint64_t index, size_t p)
{
    uint64_t set = index % s->sets, count = s->param[p].count;
    for (size_t i = s->n; s->combine == CQLR_COMBINE_PRODUCT && --i > p;)
        set /= cqlr__param_turns_with(s, i) ? 1 : s->param[i].count;
    return set % count;
}

int cqlr_source_print(const cqlr_source *s, uint64_t index, size_t p, struct cqlr_wr *w)
{
    if (s->form != CQLR__SOURCE_SETS || p >= s->n || index >= s->total)
        return CQLR_E_RANGE;
    return print_value(w, &s->param[p], value_at(s, index, p));
}

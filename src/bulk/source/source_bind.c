/*
 * source_bind.c - parameter sets → bound values. Which parameter goes to which marker is settled
 * once (names first, then the nameless in the order of the markers that are left); numbers are
 * written straight into the bound statement; a text of a short list is encoded when it is first
 * used and its bytes are reused, so a key that is asked for a million times is parsed once in each
 * worker.
 */
#include <stdlib.h>

#include "proto/base/err.h"
#include "src/bulk/source/source_lines.h"

#define CACHED_TEXTS                                                                               \
    65536 /* longer lists are parsed at each use: their values come back seldom                    \
           */
#define UNBOUND UINT32_MAX

struct cqlr__binder {
    const struct cqlr_source *source;
    const struct cqlr_columns *markers;
    struct cqlr__plan plan;
    struct cqlr__csv_plan csv;
    uint64_t *value; /* of each parameter, in the set being bound */
    size_t **cached; /* per marker: offset + 1 of each text's bytes in `bytes`, 0 = not encoded yet;
                        NULL = not cached */
    struct cqlr_wr bytes;   /* u32 length and the bytes, one after another */
    struct cqlr_wr scratch; /* one value */
};

static bool is_name(const struct cqlr_column *c, const char *name)
{
    return cqlr_str_equal(c->name, cqlr_cstr(name));
}

/* Binds parameter p to every marker of its name, or to the first that nothing else binds. How many.
 */
static uint32_t take_markers(struct cqlr__plan *plan, const struct cqlr_columns *markers,
                             uint32_t p, const char *name)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->count && !(n && !name); i++) {
        if (plan->param[i] == UNBOUND && (!name || is_name(&markers->col[i], name))) {
            plan->param[i] = p;
            n++;
        }
    }
    return n;
}

static int plan_fill(struct cqlr__plan *plan, const struct cqlr_source *s,
                     const struct cqlr_columns *markers, struct cqlr_err *err)
{
    for (int named = 1; named >= 0; named--) {
        for (size_t i = 0; i < s->n; i++) {
            const char *name = s->param[i].p.name;
            if (!!name != named || take_markers(plan, markers, (uint32_t)i, name))
                continue;
            if (named)
                return cqlr__err_set(err, CQLR_E_RANGE,
                                     "parameter %s: no marker of this name is left to bind", name);
            return cqlr__err_set(err, CQLR_E_RANGE,
                                 "parameter %zu: the statement has only %u markers", i + 1,
                                 (unsigned)plan->count);
        }
    }
    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->param[i] == UNBOUND)
            return cqlr__err_set(err, CQLR_E_RANGE,
                                 "marker %u (%.*s): no parameter is given for it", (unsigned)i + 1,
                                 CQLR_STR(markers->col[i].name));
    }
    return 0;
}

int cqlr__plan_init(struct cqlr__plan *plan, const struct cqlr_source *s,
                    const struct cqlr_columns *markers, struct cqlr_err *err)
{
    plan->count = markers->count;
    plan->param = calloc(markers->count ? markers->count : 1, sizeof *plan->param);
    if (!plan->param)
        return cqlr__err_set(err, CQLR_E_NOMEM, "parameters: out of memory");
    for (uint32_t i = 0; i < plan->count; i++)
        plan->param[i] = UNBOUND;
    return plan_fill(plan, s, markers, err);
}

void cqlr__plan_fini(struct cqlr__plan *plan)
{
    free(plan->param);
    *plan = (struct cqlr__plan){0};
}

/* Value v of a range as the type of its marker, appended to w: numbers as they are; dates also as
 * the timestamp of their midnight; dates and timestamps also as text. */
static int range_value(struct cqlr_wr *w, enum cqlr_source_kind kind, const struct cqlr_type *t,
                       int64_t v, struct cqlr_err *err)
{
    bool date = kind == CQLR_SOURCE_DATE;
    int64_t ms;
    if (cqlr__is_number(kind) || (date && t->id == CQLR_TYPE_DATE) ||
        (!date && (t->id == CQLR_TYPE_TIMESTAMP || t->id == CQLR_TYPE_BIGINT)))
        return cqlr_value_from_int(w, t, v, err);
    if (t->id == CQLR_TYPE_VARCHAR || t->id == CQLR_TYPE_ASCII)
        return cqlr__moment_print(w, kind, v, err);
    if (date && t->id == CQLR_TYPE_TIMESTAMP) {
        if (__builtin_mul_overflow(v, INT64_C(86400000), &ms))
            return cqlr__err_set(err, CQLR_E_TYPE, "date out of range");
        return cqlr_value_from_int(w, t, ms, err);
    }
    return cqlr__err_set(err, CQLR_E_TYPE, "a %s cannot be bound to the marker's type",
                         date ? "date" : "timestamp");
}

/* The two ends of a range, or all texts of a list, against the type of one marker. */
static int check_param(const struct cqlr__param *p, const struct cqlr_type *t,
                       struct cqlr_wr *scratch, struct cqlr_err *err)
{
    int rc = 0;
    if (!p->count || p->p.checked_late)
        return 0;
    if (p->p.kind != CQLR_SOURCE_LIST) {
        rc = range_value(scratch, p->p.kind, t, cqlr__param_value(p, 0), err);
        return rc ? rc
                  : range_value(scratch, p->p.kind, t, cqlr__param_value(p, p->count - 1), err);
    }
    for (uint64_t i = 0; i < p->count && !rc; i++) {
        cqlr_wr_reset(scratch);
        if (p->p.text[i].p)
            rc = cqlr_value_parse(scratch, t, p->p.text[i], err);
    }
    return rc;
}

/* Of a CSV the header is known; of what else comes as records, nothing. */
static int check_records(const struct cqlr_source *s, const struct cqlr_columns *markers,
                         struct cqlr_err *err)
{
    struct cqlr__csv_plan plan;
    int rc;
    if (s->form != CQLR__SOURCE_CSV)
        return 0;
    rc = cqlr__csv_plan_init(&plan, s, markers, err);
    cqlr__csv_plan_fini(&plan);
    return rc;
}

static bool has_plan(const struct cqlr_source *s)
{
    return s->form == CQLR__SOURCE_SETS || s->form == CQLR__SOURCE_LINES;
}

int cqlr__source_check(const struct cqlr_source *s, const struct cqlr_columns *markers,
                       struct cqlr_err *err)
{
    struct cqlr__plan plan;
    struct cqlr_wr scratch;
    int rc;
    if (!has_plan(s))
        return check_records(s, markers, err);
    rc = cqlr__plan_init(&plan, s, markers, err);
    cqlr_wr_init(&scratch, NULL, 0);
    for (uint32_t i = 0; i < plan.count && !rc; i++) {
        rc = check_param(&s->param[plan.param[i]], markers->col[i].type, &scratch, err);
        if (rc)
            cqlr__err_prefix(err, "parameter %.*s", CQLR_STR(markers->col[i].name));
    }
    cqlr_wr_fini(&scratch);
    cqlr__plan_fini(&plan);
    return rc;
}

/* ---- in a worker ---- */

static bool make_caches(cqlr__binder *b)
{
    b->cached = calloc(b->plan.count ? b->plan.count : 1, sizeof *b->cached);
    b->value = calloc(b->source->n ? b->source->n : 1, sizeof *b->value);
    for (uint32_t i = 0; i < b->plan.count && b->cached; i++) {
        const struct cqlr__param *p = &b->source->param[b->plan.param[i]];
        if (p->p.kind != CQLR_SOURCE_LIST || !p->count || p->count > CACHED_TEXTS)
            continue;
        b->cached[i] = calloc(p->count, sizeof **b->cached);
        if (!b->cached[i])
            return false;
    }
    return b->cached && b->value;
}

static int plan_init(cqlr__binder *b, struct cqlr_err *err)
{
    if (b->source->form == CQLR__SOURCE_CSV)
        return cqlr__csv_plan_init(&b->csv, b->source, b->markers, err);
    return has_plan(b->source) ? cqlr__plan_init(&b->plan, b->source, b->markers, err) : 0;
}

cqlr__binder *cqlr__binder_new(const struct cqlr_source *s, const struct cqlr_columns *markers,
                               struct cqlr_err *err)
{
    cqlr__binder *b = calloc(1, sizeof *b);
    if (!b) {
        cqlr__err_set(err, CQLR_E_NOMEM, "parameters: out of memory");
        return NULL;
    }
    b->source = s;
    b->markers = markers;
    cqlr_wr_init(&b->bytes, NULL, SIZE_MAX / 2);
    cqlr_wr_init(&b->scratch, NULL, 0);
    if (plan_init(b, err) < 0) {
        cqlr__binder_free(b);
        return NULL;
    }
    if (!make_caches(b)) {
        cqlr__err_set(err, CQLR_E_NOMEM, "parameters: out of memory");
        cqlr__binder_free(b);
        return NULL;
    }
    return b;
}

void cqlr__binder_free(cqlr__binder *b)
{
    if (!b)
        return;
    for (uint32_t i = 0; i < b->plan.count && b->cached; i++)
        free(b->cached[i]);
    free(b->cached);
    free(b->value);
    cqlr_wr_fini(&b->bytes);
    cqlr_wr_fini(&b->scratch);
    cqlr__plan_fini(&b->plan);
    cqlr__csv_plan_fini(&b->csv);
    free(b);
}

/* A text that may come again: encoded once. */
static int bind_cached(cqlr__binder *b, cqlr_bound *to, uint32_t marker, struct cqlr_str text,
                       uint64_t value, struct cqlr_err *err)
{
    size_t *at = &b->cached[marker][value];
    uint32_t n;
    if (!*at) {
        size_t start = b->bytes.n;
        int rc;
        cqlr_wr_i32(&b->bytes, 0);
        rc = cqlr_value_parse(&b->bytes, b->markers->col[marker].type, text, err);
        if (rc || b->bytes.rc) {
            b->bytes.n = start;
            rc = rc ? rc : cqlr__err_set(err, b->bytes.rc, "parameters: out of memory");
            b->bytes.rc = 0;
            return rc;
        }
        cqlr_put32(b->bytes.p + start, (uint32_t)(b->bytes.n - start - 4));
        *at = start + 1;
    }
    n = cqlr_be32(b->bytes.p + *at - 1);
    return cqlr_bound_bytes(to, marker, b->bytes.p + *at - 1 + 4, n);
}

static int bind_text(cqlr__binder *b, cqlr_bound *to, uint32_t marker, struct cqlr_str text,
                     struct cqlr_err *err)
{
    int rc;
    cqlr_wr_reset(&b->scratch);
    rc = cqlr_value_parse(&b->scratch, b->markers->col[marker].type, text, err);
    return rc ? rc : cqlr_bound_bytes(to, marker, b->scratch.p, b->scratch.n);
}

static int bind_range(cqlr__binder *b, cqlr_bound *to, uint32_t marker, const struct cqlr__param *p,
                      uint64_t value, struct cqlr_err *err)
{
    int64_t v = cqlr__param_value(p, value);
    int rc;
    if (cqlr__is_number(p->p.kind))
        return cqlr_bound_int(to, marker, v);
    cqlr_wr_reset(&b->scratch);
    rc = range_value(&b->scratch, p->p.kind, b->markers->col[marker].type, v, err);
    return rc ? rc : cqlr_bound_bytes(to, marker, b->scratch.p, b->scratch.n);
}

static int bind_params(cqlr__binder *b, cqlr_bound *to, uint64_t index, struct cqlr_value line,
                       struct cqlr_err *err)
{
    int rc = 0;
    bool lines = cqlr__source_is_stream(b->source);
    if (!lines)
        cqlr__source_at(b->source, index, b->value);
    for (uint32_t i = 0; i < b->plan.count && !rc; i++) {
        uint32_t which = b->plan.param[i];
        const struct cqlr__param *p = &b->source->param[which];
        struct cqlr_str text = {(const char *)line.p, line.n > 0 ? (size_t)line.n : 0};
        bool null = lines && line.n < 0;

        err->code = 0;
        if (!lines && p->p.kind == CQLR_SOURCE_LIST) {
            text = p->p.text[b->value[which]];
            null = !text.p;
        }
        if (null)
            rc = cqlr_bound_null(to, i);
        else if (p->p.kind != CQLR_SOURCE_LIST)
            rc = bind_range(b, to, i, p, b->value[which], err);
        else if (b->cached[i])
            rc = bind_cached(b, to, i, text, b->value[which], err);
        else
            rc = bind_text(b, to, i, text, err);
        if (rc && !err->code)
            *err = *cqlr_bound_err(to);
        if (rc)
            cqlr__err_prefix(err, "parameter %.*s", CQLR_STR(b->markers->col[i].name));
    }
    return rc;
}

int cqlr__binder_bind(cqlr__binder *b, cqlr_bound *to, uint64_t index, struct cqlr_value line,
                      struct cqlr_err *err)
{
    struct cqlr_str record;
    uint64_t number;
    int rc;
    if (has_plan(b->source))
        return bind_params(b, to, index, line, err);
    record = cqlr__text_record(b->source->form, line, &number);
    if (b->source->form == CQLR__SOURCE_CSV)
        return cqlr__csv_bind(&b->csv, to, record, number, &b->scratch, err);
    rc = cqlr__json_bind(to, b->markers, record, &b->scratch, err);
    if (rc)
        cqlr__err_prefix(err, "line %llu", (unsigned long long)number);
    return rc;
}

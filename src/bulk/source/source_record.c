/*
 * source_record.c - records → bound values: the cells of a CSV by the names in its header, JSON by
 * key or position, and the lines of a workload, which bring their statement along.
 *
 * A record is taken apart here, in the worker, so an error in it is the error of its parameter set.
 * Only what the header of a CSV lacks is known before anything is sent.
 */
#include <stdlib.h>
#include <strings.h>

#include "proto/base/err.h"
#include "proto/val/json.h"
#include "src/bulk/source/source.h"
#include "src/data/csv.h"

#define NO_MARKER UINT32_MAX

static struct cqlr_str name_of(const struct cqlr_columns *markers, uint32_t i)
{
    return markers->col[i].name;
}

/* ---- CSV ---- */

/* The column that binds marker i. */
static int find_column(struct cqlr__csv_plan *plan, const struct cqlr_source *s,
                       const struct cqlr_columns *markers, uint32_t i, struct cqlr_err *err)
{
    size_t found = SIZE_MAX;
    for (size_t c = 0; c < s->columns; c++) {
        if (!cqlr_str_equal(cqlr_cstr(s->column[c]), name_of(markers, i)))
            continue;
        if (found != SIZE_MAX)
            return cqlr__err_set(err, CQLR_E_RANGE, "column %s stands in the CSV header twice",
                                 s->column[c]);
        found = c;
    }
    if (found == SIZE_MAX)
        return cqlr__err_set(err, CQLR_E_RANGE,
                             "marker %u (%.*s): no column of this name in the CSV header",
                             (unsigned)i + 1, CQLR_STR(name_of(markers, i)));
    plan->next[i] = plan->first[found];
    plan->first[found] = i;
    return 0;
}

int cqlr__csv_plan_init(struct cqlr__csv_plan *plan, const struct cqlr_source *s,
                        const struct cqlr_columns *markers, struct cqlr_err *err)
{
    int rc = 0;
    plan->columns = s->columns;
    plan->first = calloc(s->columns + 1, sizeof *plan->first);
    plan->next = calloc((size_t)markers->count + 1, sizeof *plan->next);
    if (!plan->first || !plan->next)
        return cqlr__err_set(err, CQLR_E_NOMEM, "parameters: out of memory");
    for (size_t c = 0; c < s->columns; c++)
        plan->first[c] = NO_MARKER;
    for (uint32_t i = markers->count; i-- > 0 && !rc;)
        rc = find_column(plan, s, markers, i, err);
    return rc;
}

void cqlr__csv_plan_fini(struct cqlr__csv_plan *plan)
{
    free(plan->first);
    free(plan->next);
    *plan = (struct cqlr__csv_plan){0};
}

static bool is_null(const struct cqlr__csv_cell *cell)
{
    return !cell->quoted &&
           (!cell->text.n || cqlr_str_equal(cell->text, (struct cqlr_str){"\\N", 2}));
}

static int bind_cell(const struct cqlr__csv_plan *plan, cqlr_bound *to, size_t column,
                     const struct cqlr__csv_cell *cell, struct cqlr_err *err)
{
    for (uint32_t i = plan->first[column]; i != NO_MARKER; i = plan->next[i]) {
        int rc = is_null(cell) ? cqlr_bound_null(to, i) : cqlr_bound_text(to, i, cell->text);
        if (rc) {
            *err = *cqlr_bound_err(to); /* it names the marker */
            return rc;
        }
    }
    return 0;
}

int cqlr__csv_bind(const struct cqlr__csv_plan *plan, cqlr_bound *to, struct cqlr_str record,
                   uint64_t line, struct cqlr_wr *scratch, struct cqlr_err *err)
{
    struct cqlr__csv csv;
    struct cqlr__csv_cell cell;
    size_t cells = 0;
    int rc = 0, bound = 0;
    cqlr__csv_init(&csv, record, line);
    while (!bound && (rc = cqlr__csv_next(&csv, &cell, scratch, err)) == 1) {
        if (cells++ < plan->columns)
            bound = bind_cell(plan, to, cells - 1, &cell, err);
    }
    if (rc < 0) /* it says its line itself */
        return rc;
    rc = bound;
    if (!rc && cells != plan->columns)
        rc = cqlr__err_set(err, CQLR_E_TYPE, "%zu cells, the header has %zu", cells, plan->columns);
    if (rc)
        cqlr__err_prefix(err, "line %llu", (unsigned long long)line);
    return rc;
}

/* ---- JSON ---- */

static int bind_json(cqlr_bound *to, const struct cqlr_columns *markers, uint32_t i,
                     struct cqlr_str json, struct cqlr_wr *scratch, struct cqlr_err *err)
{
    int rc;
    if (cqlr_bound_value(to, i).n != CQLR_UNSET)
        return cqlr__err_set(err, CQLR_E_TYPE, "its key stands there twice");
    if (cqlr_str_equal(json, (struct cqlr_str){"null", 4})) {
        rc = cqlr_bound_null(to, i);
    } else {
        cqlr_wr_reset(scratch);
        rc = cqlr_value_from_json(scratch, markers->col[i].type, json, err);
        if (rc)
            return rc;
        rc = cqlr_bound_bytes(to, i, scratch->p, scratch->n);
    }
    if (rc)
        *err = *cqlr_bound_err(to);
    return rc;
}

static int bind_value(struct cqlr__json *j, cqlr_bound *to, const struct cqlr_columns *markers,
                      uint32_t i, struct cqlr_str json, struct cqlr_wr *scratch)
{
    int rc = bind_json(to, markers, i, json, scratch, j->err);
    if (rc)
        cqlr__err_prefix(j->err, "%.*s", CQLR_STR(name_of(markers, i)));
    return rc;
}

static int bind_object(struct cqlr__json *j, cqlr_bound *to, const struct cqlr_columns *markers,
                       struct cqlr_wr *scratch)
{
    struct cqlr__json_token key;
    int rc;
    while ((rc = cqlr__json_next(j, &key)) == 1 && key.kind == CQLR__JSON_KEY) {
        struct cqlr_str value;
        rc = cqlr__json_value(j, &value);
        for (uint32_t i = 0; i < markers->count && rc >= 0; i++) {
            if (cqlr__json_equal(&key, name_of(markers, i)))
                rc = bind_value(j, to, markers, i, value, scratch);
        }
        if (rc < 0)
            return rc;
    }
    for (uint32_t i = 0; i < markers->count && rc >= 0; i++) {
        if (cqlr_bound_value(to, i).n == CQLR_UNSET)
            rc = cqlr__err_set(j->err, CQLR_E_RANGE, "no value for marker %.*s",
                               CQLR_STR(name_of(markers, i)));
    }
    return rc < 0 ? rc : 0;
}

static int bind_array(struct cqlr__json *j, cqlr_bound *to, const struct cqlr_columns *markers,
                      struct cqlr_wr *scratch)
{
    struct cqlr_str value;
    uint32_t n = 0;
    int rc;
    for (; (rc = cqlr__json_value(j, &value)) == 1; n++) {
        if (n < markers->count)
            rc = bind_value(j, to, markers, n, value, scratch);
        if (rc < 0)
            return rc;
    }
    if (rc == 0 && n != markers->count)
        rc = cqlr__err_set(j->err, CQLR_E_RANGE, "%u values, the statement has %u markers",
                           (unsigned)n, (unsigned)markers->count);
    return rc;
}

int cqlr__json_bind(cqlr_bound *to, const struct cqlr_columns *markers, struct cqlr_str record,
                    struct cqlr_wr *scratch, struct cqlr_err *err)
{
    struct cqlr__json j;
    struct cqlr__json_token t;
    int rc;
    cqlr__json_init(&j, record, err);
    rc = cqlr__json_next(&j, &t);
    if (rc < 0)
        return rc;
    if (t.kind == CQLR__JSON_OBJECT)
        rc = bind_object(&j, to, markers, scratch);
    else if (t.kind == CQLR__JSON_ARRAY)
        rc = bind_array(&j, to, markers, scratch);
    else
        rc = cqlr__err_set(err, CQLR_E_TYPE, "parameters are an object or an array");
    return rc < 0 ? rc : cqlr__json_next(&j, &t); /* nothing but the end can follow */
}

/* ---- workload ---- */

static int take_query(struct cqlr__json *j, struct cqlr_wr *query, bool *had)
{
    struct cqlr__json_token t;
    int rc = cqlr__json_next(j, &t);
    if (rc < 0)
        return rc;
    if (*had || t.kind != CQLR__JSON_STRING)
        return cqlr__err_set(j->err, CQLR_E_TYPE, "\"query\" %s",
                             *had ? "stands there twice" : "is not a string");
    *had = true;
    return cqlr__json_string(query, &t, j->err);
}

static int take_params(struct cqlr__json *j, struct cqlr_str *params)
{
    if (params->p)
        return cqlr__err_set(j->err, CQLR_E_TYPE, "\"params\" stands there twice");
    return cqlr__json_value(j, params);
}

int cqlr__workload_read(struct cqlr_str line, struct cqlr_wr *query, struct cqlr_str *params,
                        struct cqlr_err *err)
{
    struct cqlr__json j;
    struct cqlr__json_token t;
    struct cqlr_str other;
    bool had = false;
    int rc;
    *params = (struct cqlr_str){NULL, 0};
    cqlr__json_init(&j, line, err);
    rc = cqlr__json_next(&j, &t);
    if (rc == 1 && t.kind != CQLR__JSON_OBJECT)
        rc = cqlr__err_set(err, CQLR_E_TYPE, "not a JSON object");
    while (rc >= 0 && (rc = cqlr__json_next(&j, &t)) == 1) {
        if (t.kind == CQLR__JSON_OBJECT_END)
            continue; /* the end, or an error, comes next */
        if (cqlr__json_equal(&t, cqlr_cstr("query")))
            rc = take_query(&j, query, &had);
        else if (cqlr__json_equal(&t, cqlr_cstr("params")))
            rc = take_params(&j, params);
        else
            rc = cqlr__json_value(&j, &other);
    }
    if (rc == 0 && !had)
        rc = cqlr__err_set(err, CQLR_E_TYPE, "\"query\" is missing");
    if (rc == 0 && params->p && cqlr_str_equal(*params, (struct cqlr_str){"null", 4}))
        params->p = NULL;
    return rc;
}

bool cqlr__workload_idempotent(struct cqlr_str line)
{
    struct cqlr_err err;
    struct cqlr_wr query;
    struct cqlr_str params;
    bool yes;
    cqlr_wr_init(&query, NULL, 0);
    yes = cqlr__workload_read(line, &query, &params, &err) == 0 &&
          cqlr__is_select((struct cqlr_str){(const char *)query.p, query.n});
    cqlr_wr_fini(&query);
    return yes;
}

bool cqlr__is_select(struct cqlr_str s)
{
    while (s.n && (*s.p == ' ' || *s.p == '\t' || *s.p == '\n' || *s.p == '\r')) {
        s.p++;
        s.n--;
    }
    return s.n > 6 && !strncasecmp(s.p, "select", 6) && (s.p[6] <= ' ' || s.p[6] == '*');
}

/*
 * out_cql.c - names as CQL reads them back, values as literals; what has no literal is written in
 * another way that servers read.
 */
#include <stdio.h>

#include "cells.h"
#include "out_cql.h"
#include "tools/cqlraw/cli.h"

static bool has(struct cqlr_str s, char c)
{
    return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

/* system.max(v), cast(v as text), m['a'], u.field, [json]; and count(*), whose column has a name
 * like any other, but alone it is no row of a table. */
static bool is_expression(const struct cqlr_columns *columns, const struct cqlr_column *c)
{
    if (has(c->name, '(') || has(c->name, '[') || has(c->name, '.'))
        return true;
    return columns->count == 1 && c->type->id == CQLR_TYPE_BIGINT &&
           cqlr_str_equal(c->name, cqlr_cstr("count"));
}

/* Classes that are no types of CQL have literals that only they know. */
static const struct cqlr_type *find_custom(const struct cqlr_type *t)
{
    const struct cqlr_type *found = t->id == CQLR_TYPE_CUSTOM ? t : NULL;
    for (uint32_t i = 0; !found && i < t->count; i++)
        found = find_custom(&t->sub[i]);
    return found;
}

static int check_type(const struct cqlr_column *c, struct cqlr_err *err)
{
    const struct cqlr_type *custom = find_custom(c->type);
    if (c->type->id == CQLR_TYPE_COUNTER)
        return err_set(err, CQLR_E_TYPE,
                       "rows as CQL: \"%.*s\" is a counter, which INSERT cannot write",
                       CQLR_STR(c->name));
    if (custom)
        return err_set(err, CQLR_E_TYPE,
                       "rows as CQL: \"%.*s\" is of type '%.*s', whose literals are not known here",
                       CQLR_STR(c->name), CQLR_STR(custom->name));
    return 0;
}

int cql_check(const struct cqlr_columns *columns, struct cqlr_err *err)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        const struct cqlr_column *c = &columns->col[i], *first = &columns->col[0];
        if (!cqlr_str_equal(c->keyspace, first->keyspace) ||
            !cqlr_str_equal(c->table, first->table))
            return err_set(err, CQLR_E_TYPE, "rows as CQL: the columns are of several tables");
        if (is_expression(columns, c))
            return err_set(err, CQLR_E_TYPE,
                           "rows as CQL: \"%.*s\" is an expression, not a column of the table",
                           CQLR_STR(c->name));
        int rc = check_type(c, err);
        if (rc)
            return rc;
    }
    return 0;
}

static void put(struct cqlr_wr *w, const char *text)
{
    cqlr_wr_raw(w, text, strlen(text));
}

/* In double quotes where CQL needs them: the printer of types does that for the name of a UDT. */
static void put_name(struct cqlr_wr *w, struct cqlr_str name)
{
    const struct cqlr_type named = {.id = CQLR_TYPE_UDT, .name = name};
    cqlr_type_print(w, &named);
}

static void put_names(struct cqlr_wr *w, const struct cqlr_row *row)
{
    const char *between = "";
    for (uint32_t i = 0; i < row->columns->count; i++)
        if (row->cell[i].n >= 0) {
            put(w, between);
            put_name(w, row->columns->col[i].name);
            between = ", ";
        }
}

/* 0 bytes of a type whose literals all have some. */
static bool is_empty(const struct cqlr_type *t, struct cqlr_value v)
{
    bool bytes = t->id == CQLR_TYPE_VARCHAR || t->id == CQLR_TYPE_ASCII || t->id == CQLR_TYPE_BLOB;
    return v.n == 0 && t->count == 0 && !bytes;
}

/* Servers read no date in front of year 1 or behind 9999; a number of milliseconds they do. */
static bool is_far(const struct cqlr_type *t, struct cqlr_value v, int64_t *ms)
{
    const int64_t day = INT64_C(86400000);
    return t->id == CQLR_TYPE_TIMESTAMP && cqlr_value_bigint(v, ms) == 0 &&
           (*ms < cqlr_days_from_date(1, 1, 1) * day ||
            *ms >= cqlr_days_from_date(10000, 1, 1) * day);
}

static int put_value(struct cqlr_wr *w, const struct cqlr_row *row, uint32_t i,
                     struct cqlr_err *err)
{
    const struct cqlr_type *t = row->columns->col[i].type;
    char number[24];
    int64_t ms;
    if (is_empty(t, row->cell[i])) {
        put(w, "blobAs");
        cqlr_type_print(w, t);
        put(w, "(0x)");
    } else if (is_far(t, row->cell[i], &ms)) {
        snprintf(number, sizeof number, "%lld", (long long)ms);
        put(w, number);
    } else {
        return cell_print(w, row, i, CQLR_LITERAL, err);
    }
    return 0;
}

static int put_values(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    const char *between = "";
    int rc = 0;
    for (uint32_t i = 0; !rc && i < row->columns->count; i++)
        if (row->cell[i].n >= 0) {
            put(w, between);
            rc = put_value(w, row, i, err);
            between = ", ";
        }
    return rc;
}

int cql_row(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    size_t start = w->n;
    if (row->columns->count == 0)
        return 0;
    put(w, "INSERT INTO ");
    put_name(w, row->columns->col[0].keyspace);
    put(w, ".");
    put_name(w, row->columns->col[0].table);
    put(w, " (");
    put_names(w, row);
    put(w, ") VALUES (");
    int rc = put_values(w, row, err);
    if (rc) {
        w->n = start;
        return rc;
    }
    put(w, ");\n");
    return w->rc ? writer_failed(w, err) : 0;
}

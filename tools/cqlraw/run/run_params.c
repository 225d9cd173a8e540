/*
 * run_params.c - see the header. A name that is both a parameter's and a column's is the column's:
 * the parameter is then "param.NAME".
 */
#include <stdlib.h>

#include "run_params.h"

#define PREFIX "param."

static int reserve(struct run_params *p, uint64_t n)
{
    if (n <= p->cap)
        return 0;
    struct cqlr_column *col = realloc(p->col, (size_t)n * sizeof *col);
    p->col = col ? col : p->col;
    struct cqlr_value *cell = realloc(p->cell, (size_t)n * sizeof *cell);
    p->cell = cell ? cell : p->cell;
    uint32_t *marker = realloc(p->marker, (size_t)n * sizeof *marker);
    p->marker = marker ? marker : p->marker;
    if (!col || !cell || !marker)
        return CQLR_E_NOMEM;
    p->cap = (uint32_t)n;
    return 0;
}

void run_params_fini(struct run_params *p)
{
    free(p->col);
    free(p->cell);
    free(p->marker);
    cqlr_wr_fini(&p->names);
}

static bool is_among(const struct cqlr_column *col, uint32_t n, struct cqlr_str name)
{
    for (uint32_t i = 0; i < n; i++)
        if (cqlr_str_equal(col[i].name, name))
            return true;
    return false;
}

/* Room for all the names first: they must not move. */
static struct cqlr_str prefixed(struct run_params *p, struct cqlr_str name)
{
    size_t from = p->names.n;
    cqlr_wr_raw(&p->names, PREFIX, sizeof PREFIX - 1);
    cqlr_wr_raw(&p->names, name.p, name.n);
    return (struct cqlr_str){(const char *)p->names.p + from, p->names.n - from};
}

int run_params_columns(struct run_params *p, const struct cqlr_columns *markers,
                       const struct cqlr_columns *columns)
{
    size_t room = 0;
    int rc = reserve(p, (uint64_t)markers->count + columns->count + 1);
    if (rc)
        return rc;
    for (uint32_t i = 0; i < markers->count; i++)
        room += sizeof PREFIX + markers->col[i].name.n;
    if (!p->names.limit)
        cqlr_wr_init(&p->names, NULL, 0);
    cqlr_wr_reset(&p->names);
    if (cqlr_wr_grow(&p->names, room))
        return p->names.rc;
    p->markers = 0;
    for (uint32_t i = 0; i < markers->count; i++) {
        struct cqlr_column c = markers->col[i];
        if (p->by_name && is_among(markers->col, i, c.name))
            continue;
        if (is_among(columns->col, columns->count, c.name))
            c.name = prefixed(p, c.name);
        p->marker[p->markers] = i;
        p->col[p->markers++] = c;
    }
    if (columns->count)
        memcpy(p->col + p->markers, columns->col, columns->count * sizeof *p->col);
    p->columns = (struct cqlr_columns){.count = p->markers + columns->count, .col = p->col};
    return 0;
}

struct cqlr_row run_params_row(struct run_params *p, const cqlr_bound *bound,
                               const struct cqlr_row *row)
{
    static const struct cqlr_value null = {NULL, CQLR_NULL};
    for (uint32_t i = 0; i < p->columns.count; i++)
        p->cell[i] = i < p->markers ? cqlr_bound_value(bound, p->marker[i])
                     : row          ? row->cell[i - p->markers]
                                    : null;
    return (struct cqlr_row){&p->columns, p->cell};
}

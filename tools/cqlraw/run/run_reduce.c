/*
 * run_reduce.c - see the header. A row travels as its cells, each a [bytes], so the parent needs
 * only the number of columns to find their ends.
 */
#include "run_reduce.h"
#include "value_order.h"
#include "tools/cqlraw/cli.h"

static const struct cqlr_type varint = {.id = CQLR_TYPE_VARINT};
static const struct cqlr_type real = {.id = CQLR_TYPE_DOUBLE};

struct reduce_cell {
    enum cqlr_type_id id; /* of the rows */
    struct cqlr_type type;
    __int128 sum;
    double real_sum;
    uint8_t bytes[16];   /* the sum as a value */
    struct cqlr_wr best; /* of min and max */
    bool any;
};

/* ---- columns ---- */

static bool is_real(enum cqlr_type_id id)
{
    return id == CQLR_TYPE_FLOAT || id == CQLR_TYPE_DOUBLE;
}

static bool is_integer(enum cqlr_type_id id)
{
    return id == CQLR_TYPE_TINYINT || id == CQLR_TYPE_SMALLINT || id == CQLR_TYPE_INT ||
           id == CQLR_TYPE_BIGINT || id == CQLR_TYPE_COUNTER;
}

static int refuse(const struct cqlr_column *c, const char *what, struct cqlr_err *err)
{
    struct cqlr_wr type;
    cqlr_wr_init(&type, NULL, 0);
    cqlr_type_print(&type, c->type);
    int rc = err_set(err, CQLR_E_TYPE, "--reduce: column \"%.*s\" is of type %.*s, which has no %s",
                     (int)(c->name.n < 100 ? c->name.n : 100), c->name.p,
                     (int)(type.n < 100 ? type.n : 100), (const char *)type.p, what);
    cqlr_wr_fini(&type);
    return rc;
}

static struct cqlr_str copy(struct cqlr_arena *a, struct cqlr_str s)
{
    char *p = cqlr_arena_get(a, s.n + 1);
    if (p && s.n)
        memcpy(p, s.p, s.n);
    return (struct cqlr_str){p, p ? s.n : 0};
}

/* How column c is folded, and its place in the result. */
static int add_column(struct reduce *r, const struct cqlr_column *c, struct cqlr_column *out,
                      struct reduce_cell *cell, struct cqlr_err *err)
{
    enum cqlr_type_id id = c->type->id;
    bool sum = r->op == REDUCE_SUM;
    if (sum && !is_integer(id) && !is_real(id))
        return refuse(c, "exact sum here (integers, float and double have)", err);
    if (!sum && !value_has_order(id))
        return refuse(c, "least and greatest value here", err);
    cell->id = id;
    cell->type = sum ? is_real(id) ? real : varint : (struct cqlr_type){.id = id};
    cqlr_wr_init(&cell->best, NULL, 0);
    *out = (struct cqlr_column){copy(&r->arena, c->keyspace), copy(&r->arena, c->table),
                                copy(&r->arena, c->name), &cell->type};
    return out->keyspace.p && out->table.p && out->name.p
               ? 0
               : err_set(err, CQLR_E_NOMEM, "--reduce: out of memory");
}

int reduce_init(struct reduce *r, enum reduce_op op, const struct cqlr_columns *columns,
                struct cqlr_err *err)
{
    uint32_t n = columns->count;
    *r = (struct reduce){.op = op};
    cqlr_arena_init(&r->arena, NULL);
    struct cqlr_column *col = cqlr_arena_get(&r->arena, (n + 1) * sizeof *col);
    r->cell = cqlr_arena_get(&r->arena, (n + 1) * sizeof *r->cell);
    r->value = cqlr_arena_get(&r->arena, (n + 1) * sizeof *r->value);
    if (!col || !r->cell || !r->value)
        return err_set(err, CQLR_E_NOMEM, "--reduce: out of memory");
    r->columns.col = col;
    for (uint32_t i = 0; i < n; i++) {
        int rc = add_column(r, &columns->col[i], &col[i], &r->cell[i], err);
        if (rc)
            return rc;
        r->columns.count++;
    }
    return 0;
}

void reduce_fini(struct reduce *r)
{
    for (uint32_t i = 0; i < r->columns.count; i++)
        cqlr_wr_fini(&r->cell[i].best);
    cqlr_arena_fini(&r->arena);
}

/* ---- rows ---- */

void reduce_pack(struct cqlr_wr *w, const struct cqlr_row *row)
{
    for (uint32_t i = 0; i < row->columns->count; i++)
        cqlr_wr_value(w, row->cell[i]);
}

/* Big-endian two's complement of at most 8 bytes. */
static int64_t integer(struct cqlr_value v)
{
    uint64_t n = v.p[0] & 0x80 ? UINT64_MAX : 0;
    for (int32_t i = 0; i < v.n; i++)
        n = n << 8 | v.p[i];
    return (int64_t)n;
}

static int add(struct reduce_cell *c, struct cqlr_value v)
{
    float f;
    double d;
    if (!is_real(c->id))
        return __builtin_add_overflow(c->sum, integer(v), &c->sum) ? CQLR_E_RANGE : 0;
    if (c->id == CQLR_TYPE_FLOAT && cqlr_value_float(v, &f) == 0)
        c->real_sum += (double)f;
    else if (c->id == CQLR_TYPE_DOUBLE && cqlr_value_double(v, &d) == 0)
        c->real_sum += d;
    return 0;
}

static int keep_best(struct reduce_cell *c, enum reduce_op op, struct cqlr_value v)
{
    struct cqlr_value best = {c->best.p, (int32_t)c->best.n};
    int order = c->any ? value_compare(c->id, v, best) : 0;
    if (c->any && (op == REDUCE_MIN ? order >= 0 : order <= 0))
        return 0;
    c->any = true;
    cqlr_wr_reset(&c->best);
    cqlr_wr_raw(&c->best, v.p, (size_t)v.n);
    return c->best.rc;
}

static int take_cell(struct reduce *r, uint32_t i, struct cqlr_value v, struct cqlr_err *err)
{
    struct reduce_cell *c = &r->cell[i];
    struct cqlr_str name = r->columns.col[i].name;
    if (!value_is_set(c->id, v))
        return 0;
    if (!value_has_width(c->id, v))
        return err_set(err, CQLR_E_PROTO, "column \"%.*s\": a value of %d bytes", CQLR_STR(name),
                       v.n);
    int rc = r->op == REDUCE_SUM ? add(c, v) : keep_best(c, r->op, v);
    if (rc == CQLR_E_RANGE)
        return err_set(err, rc, "column \"%.*s\": the sum does not fit 128 bits", CQLR_STR(name));
    return rc ? err_set(err, rc, "--reduce: %s", cqlr_errcode_text(rc)) : 0;
}

int reduce_take(struct reduce *r, const uint8_t *p, size_t n, struct cqlr_err *err)
{
    struct cqlr_rd rd;
    cqlr_rd_init(&rd, p, n, err);
    while (cqlr_rd_left(&rd) > 0 && r->columns.count > 0) {
        for (uint32_t i = 0; i < r->columns.count; i++) {
            struct cqlr_value v = cqlr_rd_bytes(&rd, "cell");
            int rc = rd.rc ? rd.rc : take_cell(r, i, v, err);
            if (rc)
                return rc;
        }
    }
    return 0;
}

/* ---- the result ---- */

static struct cqlr_value sum_value(struct reduce_cell *c)
{
    uint8_t *p = c->bytes;
    if (is_real(c->id)) {
        uint64_t bits;
        memcpy(&bits, &c->real_sum, sizeof bits);
        cqlr_put64(p, bits);
        return (struct cqlr_value){p, 8};
    }
    cqlr_put64(p, (uint64_t)((unsigned __int128)c->sum >> 64));
    cqlr_put64(p + 8, (uint64_t)c->sum);
    return (struct cqlr_value){p, 16};
}

struct cqlr_row reduce_result(struct reduce *r)
{
    for (uint32_t i = 0; i < r->columns.count; i++) {
        struct reduce_cell *c = &r->cell[i];
        if (r->op == REDUCE_SUM)
            r->value[i] = sum_value(c);
        else
            r->value[i] = (struct cqlr_value){c->best.p, c->any ? (int32_t)c->best.n : CQLR_NULL};
    }
    return (struct cqlr_row){&r->columns, r->value};
}

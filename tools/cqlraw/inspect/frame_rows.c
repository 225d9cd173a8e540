/*
 * frame_rows.c - columns, markers, and rows cell by cell, so that a page which was cut off shows
 * what there is of it (native_protocol_v4.spec sections 4.2.5.2 and 4.2.5.4).
 */
#include "frame_rows.h"

#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/io/utf8.h"

#define NAME_SHOWN 100 /* bytes of a column's name in an error */

static void say_type(struct fields *f, const struct cqlr_type *t)
{
    cqlr_type_print(fields_scratch(f), t);
    fields_text(f, fields_scratched(f));
}

static void say_column(struct fields *f, const char *one, const struct cqlr_column *c)
{
    if (f->json) {
        fields_open(f, '{');
        field_text(f, "keyspace", c->keyspace);
        field_text(f, "table", c->table);
        field_text(f, "name", c->name);
        fields_key(f, "type");
        say_type(f, c->type);
        fields_close(f, '}');
        return;
    }
    field_begin(f, one);
    fields_text(f, c->keyspace);
    fields_plain(f, ".");
    fields_text(f, c->table);
    fields_plain(f, " ");
    fields_text(f, c->name);
    fields_plain(f, " ");
    say_type(f, c->type);
    field_end(f);
}

/* How many, and each when the message describes them. */
static void say_columns(struct fields *f, const char *key, const char *one,
                        const struct cqlr_columns *c)
{
    if (!f->json)
        field_number(f, key, c->count);
    fields_key(f, key);
    fields_open(f, '[');
    for (uint32_t i = 0; c->spec.n && i < c->count; i++)
        say_column(f, one, &c->col[i]);
    fields_close(f, ']');
}

static void say_metadata(struct fields *f, const struct cqlr_spec *s, const struct cqlr_columns *c,
                         struct cqlr_value paging_state)
{
    if (s->count && (s->flags & CQLR_META_NO_METADATA))
        field_number(f, "columns_not_described", s->count);
    else
        say_columns(f, "columns", "column", c);
    if (s->flags & CQLR_META_MORE_PAGES)
        field_value(f, "paging_state", paging_state);
}

/* ---- rows ---- */

struct row_reader {
    struct fields *f;
    struct cqlr_rd *r;
    const struct cqlr_columns *columns;
    uint32_t row;         /* from 1 */
    struct cqlr_err *err; /* the first error */
};

/* A value whose bytes don't fit its type. */
static void say_misfit(struct fields *f, struct cqlr_value v, const struct cqlr_err *why)
{
    fields_open(f, '{');
    fields_key(f, "bytes");
    fields_value(f, v);
    fields_plain(f, " (");
    fields_key(f, "broken");
    fields_text(f, cqlr_cstr(why->text));
    fields_plain(f, ")");
    fields_close(f, '}');
}

bool frame_value(struct fields *f, const struct cqlr_type *t, struct cqlr_value v,
                 struct cqlr_err *err)
{
    struct cqlr_err why = {0};
    int rc = cqlr_value_print(fields_scratch(f), t, v, f->json ? CQLR_JSON : CQLR_LITERAL, &why);
    struct cqlr_str text = fields_scratched(f);
    if (f->w->rc)
        return true; /* nothing is said any more, and it is not the value's fault */
    if (rc) {
        say_misfit(f, v, &why);
        if (err)
            *err = why;
        return false;
    }
    if (f->json)
        fields_raw(f, text);
    else
        fields_cut(f, text, v.n < 0 ? 0 : (size_t)v.n);
    return true;
}

static void say_cell(struct row_reader *rr, uint32_t i)
{
    const struct cqlr_column *c = &rr->columns->col[i];
    struct cqlr_err why;
    struct cqlr_value v = cqlr_rd_bytes(rr->r, "cell");
    if (rr->r->rc)
        return;
    fields_plain(rr->f, i ? ", " : "");
    if (!frame_value(rr->f, c->type, v, &why) && !rr->err->code) {
        size_t at = (size_t)(v.p - rr->r->start);
        struct cqlr_str name = utf8_cut(c->name, NAME_SHOWN);
        err_set(rr->err, CQLR_E_PROTO, "row %u, column \"%.*s\" at %zu: %s", (unsigned)rr->row,
                CQLR_STR(name), at, why.text);
        rr->err->offset = at;
    }
}

static void say_row(struct row_reader *rr)
{
    if (!rr->f->json)
        field_begin(rr->f, "row");
    fields_open(rr->f, '[');
    for (uint32_t i = 0; i < rr->columns->count && !rr->r->rc; i++)
        say_cell(rr, i);
    fields_close(rr->f, ']');
    field_end(rr->f);
}

/* Rows without columns have no bytes, so there is nothing to show of them. */
static void say_rows(struct row_reader *rr, uint32_t count)
{
    field_number(rr->f, "row_count", count);
    fields_key(rr->f, "rows");
    fields_open(rr->f, '[');
    for (rr->row = 1; rr->columns->count && rr->row <= count && cqlr_rd_left(rr->r); rr->row++)
        say_row(rr);
    fields_close(rr->f, ']');
}

/* r, but at what follows the specs of the columns; its errors go to err. */
static struct cqlr_rd behind(const struct cqlr_rd *r, const struct cqlr_spec *s,
                             struct cqlr_err *err)
{
    struct cqlr_rd rest = *r;
    rest.p = s->bytes.p + s->bytes.n;
    rest.rc = 0;
    rest.err = err;
    return rest;
}

int frame_rows(struct fields *f, struct cqlr_rd *r, const struct cqlr_rows *m,
               const struct cqlr_columns *known)
{
    struct cqlr_err err = {0};
    if (!m->spec.bytes.p)
        return r->rc;
    struct cqlr_columns *c = cqlr_columns_new(&m->spec, f->w->mem, &err);
    if (!c) {
        *r->err = err;
        return err.code;
    }
    say_metadata(f, &m->spec, c, m->paging_state);
    struct cqlr_rd rest = behind(r, &m->spec, &err);
    struct row_reader rr = {.f = f, .r = &rest, .columns = c, .err = &err};
    if ((m->spec.flags & CQLR_META_NO_METADATA) && known && known->count == c->count)
        rr.columns = known;
    int32_t count = cqlr_rd_i32(&rest, "rows count");
    if (!rest.rc && count >= 0)
        say_rows(&rr, (uint32_t)count);
    cqlr_columns_free(c);
    if (!r->rc && err.code) { /* what cqlr_result_read has found comes first */
        *r->err = err;
        r->rc = err.code;
    }
    r->p = rest.p;
    return r->rc;
}

/* ---- prepared ---- */

static void say_key(struct fields *f, struct cqlr_span pk)
{
    field_begin(f, "partition_key");
    fields_open(f, '[');
    for (uint32_t i = 0; i < pk.count; i++) {
        fields_plain(f, i ? " " : "");
        fields_number(f, cqlr_be16(pk.p + 2 * i));
    }
    fields_close(f, ']');
    field_end(f);
}

int frame_prepared(struct fields *f, struct cqlr_rd *r, const struct cqlr_prepared_result *m)
{
    if (!r->rc || m->id.n)
        field_bytes(f, "id", m->id.p, m->id.n);
    if (r->rc)
        return r->rc;
    struct cqlr_columns *markers = cqlr_columns_new(&m->markers, f->w->mem, r->err);
    struct cqlr_columns *columns = markers ? cqlr_columns_new(&m->result, f->w->mem, r->err) : NULL;
    if (columns) {
        say_columns(f, "markers", "marker", markers);
        say_key(f, m->pk);
        say_metadata(f, &m->result, columns, m->paging_state);
    } else {
        r->rc = r->err->code;
    }
    cqlr_columns_free(markers);
    cqlr_columns_free(columns);
    return r->rc;
}

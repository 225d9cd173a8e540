/*
 * hostile_say.c - an event of a client's link -> lines: the body taken by its reader, columns made,
 * rows taken and skipped, every cell printed as text and as JSON.
 *
 * What a line holds of the peer is cut, and bytes that are not printable ASCII are \xNN.
 */
#include <stdio.h>

#include "proto/val/json.h"
#include "tests/vectors/hostile.h"

#define SHOWN 140 /* bytes of a text */

/* ---- lines ---- */

static void put(struct cqlr_wr *out, const char *s)
{
    cqlr_wr_raw(out, s, strlen(s));
}

static void put_number(struct cqlr_wr *out, int64_t n)
{
    char s[24];
    snprintf(s, sizeof s, "%lld", (long long)n);
    put(out, s);
}

static void put_text(struct cqlr_wr *out, struct cqlr_str s)
{
    char c[8];
    for (size_t i = 0; i < s.n && i < SHOWN; i++) {
        unsigned char byte = (unsigned char)s.p[i];
        snprintf(c, sizeof c, byte < 0x20 || byte > 0x7e ? "\\x%02x" : "%c", byte);
        put(out, c);
    }
    if (s.n > SHOWN) {
        put(out, "... of ");
        put_number(out, (int64_t)s.n);
        put(out, " bytes");
    }
}

static void put_wr(struct cqlr_wr *out, const struct cqlr_wr *w)
{
    put_text(out, (struct cqlr_str){(const char *)w->p, w->n});
}

static void line_text(struct cqlr_wr *out, const char *what, struct cqlr_str s)
{
    put(out, what);
    put_text(out, s);
    put(out, "\n");
}

static void line_number(struct cqlr_wr *out, const char *what, int64_t n)
{
    put(out, what);
    put_number(out, n);
    put(out, "\n");
}

void hostile_say_error(struct cqlr_wr *out, const char *what, const struct cqlr_err *err)
{
    put(out, what);
    put(out, cqlr_errcode_name(err->code));
    line_text(out, ": ", cqlr_cstr(err->text));
}

/* ---- values ---- */

static bool is_json(const struct cqlr_wr *w)
{
    struct cqlr__json j;
    struct cqlr_err err;
    struct cqlr_str raw;
    cqlr__json_init(&j, (struct cqlr_str){(const char *)w->p, w->n}, &err);
    return cqlr__json_value(&j, &raw) == 1 && cqlr__json_value(&j, &raw) == 0;
}

static void say_cell(struct cqlr_wr *out, const struct cqlr_type *t, struct cqlr_value v,
                     const struct cqlr_mem *mem)
{
    struct cqlr_wr text, json;
    struct cqlr_err err, json_err;
    cqlr_wr_init(&text, mem, 0);
    cqlr_wr_init(&json, mem, 0);
    int rc = cqlr_value_print(&text, t, v, CQLR_TEXT, &err);
    int json_rc = cqlr_value_print(&json, t, v, CQLR_JSON, &json_err);
    if (rc != json_rc) {
        put(out, "  text and JSON disagree\n");
    } else if (rc) {
        hostile_say_error(out, "  cell refused, ", &err);
    } else if (!is_json(&json)) {
        put(out, "  the JSON is none\n");
    } else {
        put(out, "  cell ");
        put_wr(out, &text);
        put(out, " | ");
        put_wr(out, &json);
        put(out, "\n");
    }
    cqlr_wr_fini(&text);
    cqlr_wr_fini(&json);
}

static void say_columns(struct cqlr_wr *out, const char *what, const struct cqlr_columns *c,
                        const struct cqlr_mem *mem)
{
    struct cqlr_wr type;
    cqlr_wr_init(&type, mem, 0);
    for (uint32_t i = 0; c->spec.n && i < c->count && i < 20; i++) {
        cqlr_wr_reset(&type);
        cqlr_type_print(&type, c->col[i].type);
        put(out, what);
        put_text(out, c->col[i].name);
        put(out, " ");
        put_wr(out, &type);
        put(out, type.rc ? " without a type\n" : "\n");
    }
    cqlr_wr_fini(&type);
}

/* ---- RESULT ---- */

static void say_rows_of(struct cqlr_wr *out, struct cqlr_rows *rows, const struct cqlr_columns *c,
                        struct cqlr_value *cells, const struct cqlr_mem *mem)
{
    struct cqlr_rows again = *rows;
    struct cqlr_err err;
    int64_t taken = 0;
    int rc;
    while ((rc = cqlr_rows_next(rows, cells)) == 1) {
        taken++;
        for (uint32_t i = 0; i < c->count && i < 20; i++)
            say_cell(out, c->col[i].type, cells[i], mem);
    }
    if (rc < 0)
        hostile_say_error(out, "  row refused, ", rows->rd.err);
    again.rd.err = &err;
    int64_t skipped = cqlr_rows_skip(&again);
    if (rc < 0 ? skipped != rc : skipped != taken)
        put(out, "  next and skip disagree\n");
}

static void say_rows(struct cqlr_wr *out, struct cqlr_rows *rows, const struct cqlr_mem *mem)
{
    struct cqlr_err err;
    struct cqlr_columns *c = cqlr_columns_new(&rows->spec, mem, &err);
    size_t size = rows->spec.count * sizeof(struct cqlr_value);
    struct cqlr_value *cells = size ? mem->resize(mem->arg, NULL, 0, size) : NULL;
    put(out, "  rows ");
    put_number(out, rows->count);
    put(out, " of ");
    put_number(out, rows->spec.count);
    put(out, rows->paging_state.n >= 0 ? " columns, and more pages\n" : " columns\n");
    if (c) {
        say_columns(out, "  column ", c, mem);
        say_rows_of(out, rows, c, cells, mem);
    } else {
        hostile_say_error(out, "  columns refused, ", &err);
    }
    if (cells)
        mem->resize(mem->arg, cells, size, 0);
    cqlr_columns_free(c);
}

static void say_prepared(struct cqlr_wr *out, const struct cqlr_prepared_result *m,
                         const struct cqlr_mem *mem)
{
    struct cqlr_err err;
    struct cqlr_columns *markers = cqlr_columns_new(&m->markers, mem, &err);
    struct cqlr_columns *columns = markers ? cqlr_columns_new(&m->result, mem, &err) : NULL;
    line_number(out, "  prepared, bytes of the id: ", (int64_t)m->id.n);
    line_number(out, "  markers ", m->markers.count);
    line_number(out, "  columns ", m->result.count);
    put(out, "  partition key:");
    for (uint32_t i = 0; i < m->pk.count && i < 20; i++) {
        put(out, " ");
        put_number(out, cqlr_be16(m->pk.p + (size_t)2 * i));
    }
    put(out, "\n");
    if (columns) {
        say_columns(out, "  marker ", markers, mem);
        say_columns(out, "  column ", columns, mem);
    } else {
        hostile_say_error(out, "  columns refused, ", &err);
    }
    cqlr_columns_free(columns);
    cqlr_columns_free(markers);
}

static void say_schema_change(struct cqlr_wr *out, const struct cqlr_schema_change *m)
{
    struct cqlr_span it = m->arguments;
    struct cqlr_str s;
    line_text(out, "  change ", m->change);
    line_text(out, "  target ", m->target);
    if (m->keyspace.n)
        line_text(out, "  keyspace ", m->keyspace);
    if (m->name.n)
        line_text(out, "  name ", m->name);
    while (cqlr_string_list_next(&it, &s))
        line_text(out, "  argument ", s);
}

static int say_result(struct cqlr_wr *out, struct cqlr_rd *r, const struct cqlr_mem *mem)
{
    struct cqlr_result m;
    if (cqlr_result_read(r, NULL, &m))
        return r->rc;
    switch (m.kind) {
    case CQLR_RESULT_ROWS:
        say_rows(out, &m.u.rows, mem);
        break;
    case CQLR_RESULT_SET_KEYSPACE:
        line_text(out, "  keyspace ", m.u.keyspace);
        break;
    case CQLR_RESULT_PREPARED:
        say_prepared(out, &m.u.prepared, mem);
        break;
    case CQLR_RESULT_SCHEMA_CHANGE:
        say_schema_change(out, &m.u.schema_change);
        break;
    default:
        put(out, "  void\n");
    }
    return 0;
}

/* ---- the other messages ---- */

static int say_error_message(struct cqlr_wr *out, struct cqlr_rd *r, const struct cqlr_mem *mem)
{
    struct cqlr_error m;
    struct cqlr_wr line;
    if (cqlr_error_read(r, &m))
        return r->rc;
    cqlr_wr_init(&line, mem, 0);
    cqlr_error_print(&line, &m);
    put(out, "  ");
    put_wr(out, &line);
    put(out, "\n");
    cqlr_wr_fini(&line);
    return 0;
}

static int say_supported(struct cqlr_wr *out, struct cqlr_rd *r)
{
    struct cqlr_supported m;
    struct cqlr_str key, value;
    struct cqlr_span values;
    if (cqlr_supported_read(r, &m))
        return r->rc;
    while (cqlr_string_multimap_next(&m.options, &key, &values)) {
        line_text(out, "  option ", key);
        while (cqlr_string_list_next(&values, &value))
            line_text(out, "    value ", value);
    }
    return 0;
}

static void say_prefix(struct cqlr_wr *out, struct cqlr_prefix p)
{
    struct cqlr_str s;
    struct cqlr_value v;
    if (p.has_trace)
        line_text(out, "  trace ", (struct cqlr_str){(const char *)p.trace, 16});
    while (cqlr_string_list_next(&p.warnings, &s))
        line_text(out, "  warning ", s);
    while (cqlr_bytes_map_next(&p.payload, &s, &v)) {
        line_text(out, "  payload ", s);
        line_number(out, "    bytes ", v.n);
    }
}

void hostile_say(struct cqlr_wr *out, const struct cqlr_event *ev, const struct cqlr_mem *mem)
{
    const char *name = cqlr_opcode_name(ev->opcode);
    struct cqlr_err err;
    struct cqlr_rd r;
    int rc = 0;
    put(out, name ? name : "?");
    line_number(out, " on stream ", ev->stream);
    say_prefix(out, ev->prefix);
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (ev->opcode == CQLR_OP_RESULT)
        rc = say_result(out, &r, mem);
    else if (ev->opcode == CQLR_OP_ERROR)
        rc = say_error_message(out, &r, mem);
    else if (ev->opcode == CQLR_OP_SUPPORTED)
        rc = say_supported(out, &r);
    else
        line_number(out, "  body, bytes: ", (int64_t)ev->body.n);
    if (rc)
        hostile_say_error(out, "  refused, ", &err);
}

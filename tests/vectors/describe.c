/*
 * describe.c - each message in three steps: read it, say its fields, write it again.
 *
 * Bytes are shown in hex, "null", "unset" or "empty". Fields of ERROR that are zero or empty are
 * left out.
 */
#include "tests/vectors/describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- text ---- */

static void say(struct cqlr_wr *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct cqlr_wr *w, const char *fmt, ...)
{
    char s[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(s, sizeof s, fmt, ap);
    va_end(ap);
    if (n < 0 || n >= (int)sizeof s)
        abort();
    cqlr_wr_raw(w, s, (size_t)n);
}

static void say_hex(struct cqlr_wr *w, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        say(w, "%02x", p[i]);
}

static void say_value(struct cqlr_wr *w, struct cqlr_value v)
{
    if (v.n == CQLR_NULL)
        say(w, "null");
    else if (v.n == CQLR_UNSET)
        say(w, "unset");
    else if (v.n == 0)
        say(w, "empty");
    else
        say_hex(w, v.p, (size_t)v.n);
}

static void say_consistency(struct cqlr_wr *w, const char *what, uint16_t code)
{
    const char *name = cqlr_consistency_name(code);
    say(w, "%s %s\n", what, name ? name : "unknown");
}

static void say_list(struct cqlr_wr *w, const char *what, struct cqlr_span list)
{
    struct cqlr_str s;
    while (cqlr_string_list_next(&list, &s))
        say(w, "%s %.*s\n", what, CQLR_STR(s));
}

static void say_columns(struct cqlr_wr *w, const char *what, const struct cqlr_columns *c)
{
    for (uint32_t i = 0; c->spec.n && i < c->count; i++) {
        const struct cqlr_column *col = &c->col[i];
        say(w, "%s %.*s.%.*s %.*s ", what, CQLR_STR(col->keyspace), CQLR_STR(col->table),
            CQLR_STR(col->name));
        cqlr_type_print(w, col->type);
        say(w, "\n");
    }
}

/* ---- in front of the message ---- */

static int prefix(struct cqlr_rd *r, const struct cqlr_frame *f, struct cqlr_wr *text,
                  struct cqlr_wr *again)
{
    struct cqlr_prefix p;
    struct cqlr_str key;
    struct cqlr_value v;
    int rc = cqlr_prefix_read(r, f->flags, f->response, &p);
    if (rc)
        return rc;
    if (p.has_trace) {
        say(text, "trace ");
        say_hex(text, p.trace, sizeof p.trace);
        say(text, "\n");
    }
    say_list(text, "warning", p.warnings);
    for (struct cqlr_span it = p.payload; cqlr_bytes_map_next(&it, &key, &v);) {
        say(text, "payload %.*s ", CQLR_STR(key));
        say_value(text, v);
        say(text, "\n");
    }
    return cqlr_prefix_write(again, f->flags, f->response, &p);
}

/* ---- requests ---- */

static int startup(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    struct cqlr_startup m;
    struct cqlr_str key;
    struct cqlr_str v;
    int rc = cqlr_startup_read(r, &m);
    if (rc)
        return rc;
    for (struct cqlr_span it = m.options; cqlr_string_map_next(&it, &key, &v);)
        say(text, "option %.*s %.*s\n", CQLR_STR(key), CQLR_STR(v));
    return cqlr_startup_write(again, &m);
}

static int register_(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    struct cqlr_register m;
    int rc = cqlr_register_read(r, &m);
    if (rc)
        return rc;
    say_list(text, "event", m.events);
    return cqlr_register_write(again, &m);
}

static void say_params(struct cqlr_wr *w, const struct cqlr_params *p)
{
    struct cqlr_span it = p->values;
    struct cqlr_str name = {"", 0};
    struct cqlr_value v;
    say_consistency(w, "consistency", p->consistency);
    say(w, "query flags %02x\n", p->flags);
    while (cqlr_params_next(&it, p->flags, &name, &v)) {
        say(w, "value %.*s%s", CQLR_STR(name), name.n ? " " : "");
        say_value(w, v);
        say(w, "\n");
    }
    if (p->flags & CQLR_PARAM_PAGE_SIZE)
        say(w, "page size %d\n", (int)p->page_size);
    if (p->flags & CQLR_PARAM_PAGING_STATE) {
        say(w, "paging state ");
        say_value(w, p->paging_state);
        say(w, "\n");
    }
    if (p->flags & CQLR_PARAM_SERIAL)
        say_consistency(w, "serial consistency", p->serial);
    if (p->flags & CQLR_PARAM_TIMESTAMP)
        say(w, "timestamp %lld\n", (long long)p->timestamp);
}

static int query(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    struct cqlr_query m;
    int rc = cqlr_query_read(r, &m);
    if (rc)
        return rc;
    say(text, "cql %.*s\n", CQLR_STR(m.cql));
    say_params(text, &m.params);
    return cqlr_query_write(again, &m);
}

static int prepare(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    struct cqlr_prepare m;
    int rc = cqlr_prepare_read(r, &m);
    if (rc)
        return rc;
    say(text, "cql %.*s\n", CQLR_STR(m.cql));
    return cqlr_prepare_write(again, &m);
}

static int execute(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    struct cqlr_execute m;
    int rc = cqlr_execute_read(r, &m);
    if (rc)
        return rc;
    say(text, "id ");
    say_hex(text, m.id.p, m.id.n);
    say(text, "\n");
    say_params(text, &m.params);
    return cqlr_execute_write(again, &m);
}

/* ---- responses ---- */

static int supported(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    struct cqlr_supported m;
    struct cqlr_str key;
    struct cqlr_span values;
    int rc = cqlr_supported_read(r, &m);
    if (rc)
        return rc;
    for (struct cqlr_span it = m.options; cqlr_string_multimap_next(&it, &key, &values);) {
        say(text, "option %.*s\n", CQLR_STR(key));
        say_list(text, "choice", values);
    }
    return cqlr_supported_write(again, &m);
}

static int authenticate(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    struct cqlr_authenticate m;
    int rc = cqlr_authenticate_read(r, &m);
    if (rc)
        return rc;
    say(text, "class %.*s\n", CQLR_STR(m.class_name));
    return cqlr_authenticate_write(again, &m);
}

static void say_spec(struct cqlr_wr *w, const struct cqlr_spec *s, struct cqlr_value paging_state)
{
    say(w, "metadata flags %02x\ncolumns %u\n", (unsigned)s->flags, (unsigned)s->count);
    if (paging_state.n != CQLR_NULL) {
        say(w, "paging state ");
        say_value(w, paging_state);
        say(w, "\n");
    }
}

static int rows_again(struct cqlr_rows *rows, const struct cqlr_columns *c, struct cqlr_wr *text,
                      struct cqlr_wr *again)
{
    struct cqlr_value *cells = calloc(c->count + 1, sizeof *cells);
    int rc =
        cqlr_rows_write(again, c->col, c->count, rows->spec.flags, rows->paging_state, rows->count);
    while (!rc && (rc = cqlr_rows_next(rows, cells)) == 1) {
        rc = 0;
        say(text, "row");
        for (uint32_t i = 0; i < c->count; i++) {
            say(text, " ");
            say_value(text, cells[i]);
            cqlr_wr_value(again, cells[i]);
        }
        say(text, "\n");
    }
    free(cells);
    return rc;
}

/* Reads the result a second time as a client does that knows the columns: it must find them again.
 */
static int rows(struct cqlr_rd first, struct cqlr_rows *seen, struct cqlr_wr *text,
                struct cqlr_wr *again)
{
    struct cqlr_columns *c = cqlr_columns_new(&seen->spec, NULL, first.err);
    struct cqlr_result m;
    if (!c)
        return first.err->code;
    int rc = cqlr_result_read(&first, c, &m);
    if (!rc && !cqlr_spec_is(&m.u.rows.spec, c))
        abort();
    if (!rc) {
        say_spec(text, &m.u.rows.spec, m.u.rows.paging_state);
        say_columns(text, "column", c);
        say(text, "rows %u\n", (unsigned)m.u.rows.count);
        rc = rows_again(&m.u.rows, c, text, again);
    }
    if (!rc && cqlr_rows_skip(seen) != m.u.rows.count)
        abort();
    cqlr_columns_free(c);
    return rc;
}

static int prepared(const struct cqlr_prepared_result *m, struct cqlr_err *err,
                    struct cqlr_wr *text, struct cqlr_wr *again)
{
    struct cqlr_columns *markers = cqlr_columns_new(&m->markers, NULL, err);
    struct cqlr_columns *columns = markers ? cqlr_columns_new(&m->result, NULL, err) : NULL;
    uint16_t *pk = calloc(m->pk.count + 1, sizeof *pk);
    int rc = columns ? 0 : err->code;
    if (!rc) {
        say(text, "id ");
        say_hex(text, m->id.p, m->id.n);
        say(text, "\nmarker flags %02x\nmarkers %u\n", (unsigned)m->markers.flags,
            (unsigned)m->markers.count);
        for (uint32_t i = 0; i < m->pk.count; i++) {
            pk[i] = cqlr_be16(m->pk.p + 2 * i);
            say(text, "partition key %u\n", pk[i]);
        }
        say_columns(text, "marker", markers);
        say_spec(text, &m->result, m->paging_state);
        say_columns(text, "column", columns);
        rc = cqlr_prepared_write(again, m->id, markers->col, markers->count, pk, m->pk.count,
                                 columns->col, columns->count);
    }
    free(pk);
    cqlr_columns_free(markers);
    cqlr_columns_free(columns);
    return rc;
}

static int schema_change(const struct cqlr_schema_change *m, struct cqlr_wr *text,
                         struct cqlr_wr *again)
{
    say(text, "change %.*s %.*s %.*s", CQLR_STR(m->change), CQLR_STR(m->target),
        CQLR_STR(m->keyspace));
    say(text, "%s%.*s\n", m->name.n ? " " : "", CQLR_STR(m->name));
    say_list(text, "argument", m->arguments);
    return cqlr_schema_change_write(again, m);
}

static int result(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    static const char *const kind[] = {"",         "VOID",         "ROWS", "SET_KEYSPACE",
                                       "PREPARED", "SCHEMA_CHANGE"};
    struct cqlr_rd first = *r;
    struct cqlr_result m;
    int rc = cqlr_result_read(r, NULL, &m);
    if (rc)
        return rc;
    say(text, "result %s\n", kind[m.kind]);
    switch (m.kind) {
    case CQLR_RESULT_ROWS:
        return rows(first, &m.u.rows, text, again);
    case CQLR_RESULT_SET_KEYSPACE:
        say(text, "keyspace %.*s\n", CQLR_STR(m.u.keyspace));
        return cqlr_set_keyspace_write(again, m.u.keyspace);
    case CQLR_RESULT_PREPARED:
        return prepared(&m.u.prepared, r->err, text, again);
    case CQLR_RESULT_SCHEMA_CHANGE:
        return schema_change(&m.u.schema_change, text, again);
    default:
        return cqlr_void_write(again);
    }
}

static void say_field(struct cqlr_wr *w, const char *what, int32_t n)
{
    if (n)
        say(w, "%s %d\n", what, (int)n);
}

static void say_text(struct cqlr_wr *w, const char *what, struct cqlr_str s)
{
    if (s.n)
        say(w, "%s %.*s\n", what, CQLR_STR(s));
}

static int error(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    struct cqlr_error m;
    int rc = cqlr_error_read(r, &m);
    if (rc)
        return rc;
    say(text, "error %04x\nmessage %.*s\n", (unsigned)m.code, CQLR_STR(m.message));
    if (m.consistency)
        say_consistency(text, "consistency", m.consistency);
    say_field(text, "required", m.required);
    say_field(text, "received", m.received);
    say_field(text, "failures", m.failures);
    say_field(text, "data present", m.data_present);
    say_text(text, "write type", m.write_type);
    say_text(text, "keyspace", m.keyspace);
    say_text(text, "name", m.name);
    say_list(text, "argument", m.arguments);
    if (m.id.n) {
        say(text, "id ");
        say_hex(text, m.id.p, m.id.n);
        say(text, "\n");
    }
    say(text, "line ");
    cqlr_error_print(text, &m);
    say(text, "\n");
    return cqlr_error_write(again, &m);
}

static int empty(struct cqlr_rd *r, struct cqlr_wr *text, struct cqlr_wr *again)
{
    (void)text;
    (void)again;
    return r->rc;
}

int describe(const struct cqlr_frame *f, const uint8_t *body, size_t n, struct cqlr_wr *text,
             struct cqlr_wr *again, struct cqlr_err *err)
{
    static int (*const by_opcode[])(struct cqlr_rd *, struct cqlr_wr *, struct cqlr_wr *) = {
        [CQLR_OP_ERROR] = error,        [CQLR_OP_STARTUP] = startup,
        [CQLR_OP_READY] = empty,        [CQLR_OP_AUTHENTICATE] = authenticate,
        [CQLR_OP_OPTIONS] = empty,      [CQLR_OP_SUPPORTED] = supported,
        [CQLR_OP_QUERY] = query,        [CQLR_OP_RESULT] = result,
        [CQLR_OP_PREPARE] = prepare,    [CQLR_OP_EXECUTE] = execute,
        [CQLR_OP_REGISTER] = register_,
    };
    struct cqlr_rd r;
    cqlr_rd_init(&r, body, n, err);
    if (f->opcode >= sizeof by_opcode / sizeof *by_opcode || !by_opcode[f->opcode])
        return cqlr_rd_bad(&r, "opcode", "no description");
    say(text, "%s %s stream %d flags %02x body %u\n", f->response ? "response" : "request",
        cqlr_opcode_name(f->opcode), f->stream, f->flags, (unsigned)f->length);
    int rc = prefix(&r, f, text, again);
    if (!rc)
        rc = by_opcode[f->opcode](&r, text, again);
    return rc;
}

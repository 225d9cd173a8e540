/*
 * frame_print.c - one function a message, which reads it and says its fields; what was read before
 * an error is said too.
 *
 * Bodies are decoded as native_protocol_v4.spec tells. Of v3 only Prepared is another. Of v5, in
 * frames that stand outside of segments, the messages of the handshake are the same; the others are
 * shown as bytes, as is what is compressed.
 */
#include "frame_print.h"

#include <stdio.h>

#include "fields.h"
#include "frame_rows.h"
#include "tools/cqlraw/cli.h"

struct printer {
    struct fields f;
    struct cqlr_rd r; /* the body */
    const struct cqlr_frame *frame;
    const struct frame_style *style;
};

static void say_consistency(struct fields *f, const char *key, uint16_t code)
{
    const char *name = cqlr_consistency_name(code);
    char number[16];
    snprintf(number, sizeof number, "0x%04x", code);
    field_text(f, key, cqlr_cstr(name ? name : number));
}

/* Bytes that only the peers understand; those of AUTH_RESPONSE hold a password. */
static void say_opaque(struct printer *p, const char *key, struct cqlr_value v)
{
    struct fields *f = &p->f;
    if (p->frame->opcode != CQLR_OP_AUTH_RESPONSE || p->style->secrets || v.n < 0) {
        field_value(f, key, v);
        return;
    }
    field_begin(f, key);
    fields_open(f, '{');
    fields_plain(f, "length ");
    fields_key(f, "length");
    fields_number(f, v.n);
    fields_plain(f, " (--show-secrets shows it)");
    fields_close(f, '}');
    field_end(f);
}

/* All that is left of the body, as it stands. */
static void say_rest(struct printer *p, const char *key)
{
    size_t n = cqlr_rd_left(&p->r);
    if (n)
        say_opaque(p, key, (struct cqlr_value){p->r.p, (int32_t)n});
    p->r.p = p->r.end;
}

static int say_undecoded(struct printer *p, const char *why)
{
    field_text(&p->f, "note", cqlr_cstr(why));
    say_rest(p, "body");
    return 0;
}

/* ---- in front of the message ---- */

static void say_payload(struct fields *f, struct cqlr_span payload)
{
    struct cqlr_str key;
    struct cqlr_value v;
    fields_key(f, "payload");
    fields_open(f, '{');
    while (cqlr_bytes_map_next(&payload, &key, &v)) {
        field_begin_entry(f, "payload", key);
        fields_value(f, v);
        field_end(f);
    }
    fields_close(f, '}');
}

static int say_prefix(struct printer *p)
{
    struct cqlr_prefix m;
    int rc = cqlr_prefix_read(&p->r, p->frame->flags, p->frame->response, &m);
    if (m.has_trace)
        field_bytes(&p->f, "trace", m.trace, sizeof m.trace);
    if (m.warnings.count)
        field_list(&p->f, "warnings", "warning", m.warnings);
    if (m.payload.count)
        say_payload(&p->f, m.payload);
    return rc;
}

/* ---- requests ---- */

static int say_startup(struct printer *p)
{
    struct cqlr_startup m;
    struct cqlr_str key, v;
    int rc = cqlr_startup_read(&p->r, &m);
    if (rc)
        return rc;
    fields_key(&p->f, "options");
    fields_open(&p->f, '{');
    while (cqlr_string_map_next(&m.options, &key, &v)) {
        field_begin_entry(&p->f, "option", key);
        fields_text(&p->f, v);
        field_end(&p->f);
    }
    fields_close(&p->f, '}');
    return 0;
}

static int say_register(struct printer *p)
{
    struct cqlr_register m;
    int rc = cqlr_register_read(&p->r, &m);
    if (!rc)
        field_list(&p->f, "events", "event", m.events);
    return rc;
}

static void say_values(struct fields *f, struct cqlr_span values, uint8_t flags)
{
    struct cqlr_str name;
    struct cqlr_value v;
    fields_key(f, "values");
    fields_open(f, flags & CQLR_PARAM_NAMES ? '{' : '[');
    while (cqlr_params_next(&values, flags, &name, &v)) {
        if (flags & CQLR_PARAM_NAMES)
            field_begin_entry(f, "value", name);
        else if (!f->json)
            field_begin(f, "value");
        fields_value(f, v);
        field_end(f);
    }
    fields_close(f, flags & CQLR_PARAM_NAMES ? '}' : ']');
}

static void say_params(struct fields *f, const struct cqlr_params *p)
{
    say_consistency(f, "consistency", p->consistency);
    if (p->flags & CQLR_PARAM_VALUES)
        say_values(f, p->values, p->flags);
    if (p->flags & CQLR_PARAM_SKIP_METADATA)
        field_truth(f, "skip_metadata", true);
    if (p->flags & CQLR_PARAM_PAGE_SIZE)
        field_number(f, "page_size", p->page_size);
    if (p->flags & CQLR_PARAM_PAGING_STATE)
        field_value(f, "paging_state", p->paging_state);
    if (p->flags & CQLR_PARAM_SERIAL)
        say_consistency(f, "serial_consistency", p->serial);
    if (p->flags & CQLR_PARAM_TIMESTAMP)
        field_number(f, "timestamp", p->timestamp);
}

static int say_query(struct printer *p)
{
    struct cqlr_query m;
    int rc = cqlr_query_read(&p->r, &m);
    if (!rc || m.cql.n)
        field_text(&p->f, "cql", m.cql);
    if (!rc)
        say_params(&p->f, &m.params);
    return rc;
}

static int say_prepare(struct printer *p)
{
    struct cqlr_prepare m;
    int rc = cqlr_prepare_read(&p->r, &m);
    if (!rc)
        field_text(&p->f, "cql", m.cql);
    return rc;
}

static int say_execute(struct printer *p)
{
    struct cqlr_execute m;
    int rc = cqlr_execute_read(&p->r, &m);
    if (!rc || m.id.n)
        field_bytes(&p->f, "id", m.id.p, m.id.n);
    if (!rc)
        say_params(&p->f, &m.params);
    return rc;
}

/* AUTH_RESPONSE, AUTH_CHALLENGE and AUTH_SUCCESS have one form. */
static int say_token(struct printer *p)
{
    struct cqlr_auth_response m;
    int rc = cqlr_auth_response_read(&p->r, &m);
    if (!rc)
        say_opaque(p, "token", m.token);
    return rc;
}

/* ---- responses ---- */

static int say_authenticate(struct printer *p)
{
    struct cqlr_authenticate m;
    int rc = cqlr_authenticate_read(&p->r, &m);
    if (!rc)
        field_text(&p->f, "class", m.class_name);
    return rc;
}

static int say_supported(struct printer *p)
{
    struct cqlr_supported m;
    struct cqlr_str key, choice;
    struct cqlr_span choices;
    struct fields *f = &p->f;
    int rc = cqlr_supported_read(&p->r, &m);
    if (rc)
        return rc;
    fields_key(f, "options");
    fields_open(f, '{');
    while (cqlr_string_multimap_next(&m.options, &key, &choices)) {
        field_begin_entry(f, "option", key);
        fields_open(f, '[');
        while (cqlr_string_list_next(&choices, &choice)) {
            fields_text(f, choice);
            fields_plain(f, choices.count ? ", " : "");
        }
        fields_close(f, ']');
        field_end(f);
    }
    fields_close(f, '}');
    return 0;
}

/* The fields that an ERROR of this code has. */
static void say_error_fields(struct fields *f, const struct cqlr_error *m)
{
    switch (m->code) {
    case CQLR_SERVER_UNAVAILABLE:
    case CQLR_SERVER_WRITE_TIMEOUT:
    case CQLR_SERVER_READ_TIMEOUT:
    case CQLR_SERVER_READ_FAILURE:
    case CQLR_SERVER_WRITE_FAILURE:
    case CQLR_SERVER_CAS_WRITE_UNKNOWN:
        say_consistency(f, "consistency", m->consistency);
        field_number(f, "required", m->required);
        field_number(f, m->code == CQLR_SERVER_UNAVAILABLE ? "alive" : "received", m->received);
        break;
    case CQLR_SERVER_FUNCTION_FAILURE:
    case CQLR_SERVER_ALREADY_EXISTS:
        field_text(f, "keyspace", m->keyspace);
        field_text(f, "name", m->name);
        break;
    case CQLR_SERVER_UNPREPARED:
        field_bytes(f, "id", m->id.p, m->id.n);
        break;
    default:
        break;
    }
    if (m->code == CQLR_SERVER_READ_FAILURE || m->code == CQLR_SERVER_WRITE_FAILURE)
        field_number(f, "failures", m->failures);
    if (m->code == CQLR_SERVER_READ_FAILURE || m->code == CQLR_SERVER_READ_TIMEOUT)
        field_truth(f, "data_present", m->data_present);
    if (m->write_type.n)
        field_text(f, "write_type", m->write_type);
    if (m->code == CQLR_SERVER_FUNCTION_FAILURE)
        field_list(f, "arguments", "argument", m->arguments);
}

static int say_error(struct printer *p)
{
    struct cqlr_error m;
    struct fields *f = &p->f;
    char code[16];
    uint32_t number = cqlr_rd_left(&p->r) < 4 ? 0 : cqlr_be32(p->r.p);
    if (p->frame->version == 5 &&
        (number == CQLR_SERVER_READ_FAILURE || number == CQLR_SERVER_WRITE_FAILURE))
        return say_undecoded(p, "failures of protocol v5 are not decoded");
    int rc = cqlr_error_read(&p->r, &m);
    const char *name = cqlr_server_error_name(m.code);
    if (rc && !m.message.n)
        return rc;
    snprintf(code, sizeof code, "0x%04x", (unsigned)m.code);
    field_begin(f, "code");
    fields_text(f, cqlr_cstr(code));
    if (name) {
        fields_plain(f, " ");
        fields_key(f, "name");
        fields_text(f, cqlr_cstr(name));
    }
    field_end(f);
    field_text(f, "message", m.message);
    if (!rc)
        say_error_fields(f, &m);
    return rc;
}

static void say_change(struct fields *f, const struct cqlr_schema_change *m)
{
    field_text(f, "change", m->change);
    field_text(f, "target", m->target);
    if (m->keyspace.n)
        field_text(f, "keyspace", m->keyspace);
    if (m->name.n)
        field_text(f, "name", m->name);
    if (m->arguments.count)
        field_list(f, "arguments", "argument", m->arguments);
}

static int say_result(struct printer *p)
{
    static const char *const kinds[] = {"",         "VOID",         "ROWS", "SET_KEYSPACE",
                                        "PREPARED", "SCHEMA_CHANGE"};
    struct cqlr_result m;
    uint32_t kind = cqlr_rd_left(&p->r) < 4 ? 0 : cqlr_be32(p->r.p);
    if (kind > 0 && kind < sizeof kinds / sizeof *kinds)
        field_text(&p->f, "kind", cqlr_cstr(kinds[kind]));
    if (kind == CQLR_RESULT_PREPARED && p->frame->version < 4)
        return say_undecoded(p, "Prepared of protocol v3 is not decoded");
    int rc = cqlr_result_read(&p->r, NULL, &m);
    if (m.kind == CQLR_RESULT_ROWS)
        return frame_rows(&p->f, &p->r, &m.u.rows);
    if (m.kind == CQLR_RESULT_PREPARED)
        return frame_prepared(&p->f, &p->r, &m.u.prepared);
    if (!rc && m.kind == CQLR_RESULT_SET_KEYSPACE)
        field_text(&p->f, "keyspace", m.u.keyspace);
    if (!rc && m.kind == CQLR_RESULT_SCHEMA_CHANGE)
        say_change(&p->f, &m.u.schema_change);
    return rc;
}

/* ---- events (section 4.2.6) ---- */

static bool is(struct cqlr_str s, const char *word)
{
    return cqlr_str_equal(s, cqlr_cstr(word));
}

static void say_schema_event(struct fields *f, struct cqlr_rd *r)
{
    struct cqlr_schema_change m = {.change = cqlr_rd_string(r, "schema change"),
                                   .target = {NULL, 0}};
    m.target = cqlr_rd_string(r, "schema change target");
    m.keyspace = cqlr_rd_string(r, "schema change keyspace");
    if (!is(m.target, "KEYSPACE"))
        m.name = cqlr_rd_string(r, "schema change name");
    if (is(m.target, "FUNCTION") || is(m.target, "AGGREGATE"))
        m.arguments = cqlr_rd_string_list(r, "schema change arguments");
    if (!r->rc)
        say_change(f, &m);
}

static void say_node_event(struct fields *f, struct cqlr_rd *r)
{
    static const struct cqlr_type inet = {.id = CQLR_TYPE_INET};
    struct cqlr_err err;
    struct cqlr_str change = cqlr_rd_string(r, "event change");
    struct cqlr_bytes address = cqlr_rd_inetaddr(r, "event address");
    int32_t port = cqlr_rd_i32(r, "event port");
    if (r->rc)
        return;
    field_text(f, "change", change);
    cqlr_wr_reset(&f->scratch);
    if (!cqlr_value_print(&f->scratch, &inet, (struct cqlr_value){address.p, (int32_t)address.n},
                          CQLR_TEXT, &err))
        field_text(f, "address", (struct cqlr_str){(const char *)f->scratch.p, f->scratch.n});
    field_number(f, "port", port);
}

static int say_event(struct printer *p)
{
    struct cqlr_str type = cqlr_rd_string(&p->r, "event type");
    if (p->r.rc)
        return p->r.rc;
    field_text(&p->f, "event", type);
    if (is(type, "SCHEMA_CHANGE"))
        say_schema_event(&p->f, &p->r);
    else if (is(type, "STATUS_CHANGE") || is(type, "TOPOLOGY_CHANGE"))
        say_node_event(&p->f, &p->r);
    return p->r.rc;
}

/* ---- a frame ---- */

static int say_nothing(struct printer *p)
{
    return p->r.rc;
}

static int say_body(struct printer *p)
{
    static const struct {
        int (*say)(struct printer *p);
        bool in_v5; /* is the same there */
    } by_opcode[] = {
        [CQLR_OP_ERROR] = {say_error, true},
        [CQLR_OP_STARTUP] = {say_startup, true},
        [CQLR_OP_READY] = {say_nothing, true},
        [CQLR_OP_AUTHENTICATE] = {say_authenticate, true},
        [CQLR_OP_OPTIONS] = {say_nothing, true},
        [CQLR_OP_SUPPORTED] = {say_supported, true},
        [CQLR_OP_QUERY] = {say_query, false},
        [CQLR_OP_RESULT] = {say_result, false},
        [CQLR_OP_PREPARE] = {say_prepare, false},
        [CQLR_OP_EXECUTE] = {say_execute, false},
        [CQLR_OP_REGISTER] = {say_register, true},
        [CQLR_OP_EVENT] = {say_event, true},
        [CQLR_OP_AUTH_CHALLENGE] = {say_token, true},
        [CQLR_OP_AUTH_RESPONSE] = {say_token, true},
        [CQLR_OP_AUTH_SUCCESS] = {say_token, true},
    };
    uint8_t opcode = p->frame->opcode;
    if (p->frame->flags & CQLR_FLAG_COMPRESSED)
        return say_undecoded(p, "the body is compressed");
    int rc = say_prefix(p);
    if (rc)
        return rc;
    if (opcode >= sizeof by_opcode / sizeof *by_opcode || !by_opcode[opcode].say)
        return say_undecoded(p, "messages of this kind are not decoded");
    if (p->frame->version == 5 && !by_opcode[opcode].in_v5)
        return say_undecoded(p, "this message of protocol v5 is not decoded");
    rc = by_opcode[opcode].say(p);
    if (!rc)
        say_rest(p, "rest");
    return rc;
}

static void say_flags(struct fields *f, uint8_t flags)
{
    static const char *const names[] = {"compressed", "tracing", "payload", "warning"};
    char number[16];
    fields_plain(f, flags ? "" : "-");
    fields_key(f, "flags");
    fields_open(f, '[');
    for (unsigned i = 0; flags; i++, flags >>= 1) {
        if (!(flags & 1))
            continue;
        snprintf(number, sizeof number, "0x%02x", 1u << i);
        fields_text(f, cqlr_cstr(i < sizeof names / sizeof *names ? names[i] : number));
        fields_plain(f, flags >> 1 ? "," : "");
    }
    fields_close(f, ']');
}

static void say_header(struct fields *f, const struct cqlr_frame *frame, size_t offset)
{
    const char *name = cqlr_opcode_name(frame->opcode);
    char number[16];
    snprintf(number, sizeof number, "0x%02x", frame->opcode);
    if (f->json) {
        field_number(f, "offset", (int64_t)offset);
        fields_key(f, "direction");
    }
    fields_text(f, cqlr_cstr(frame->response ? "response" : "request"));
    fields_plain(f, " v");
    fields_key(f, "version");
    fields_number(f, frame->version);
    fields_plain(f, " stream ");
    fields_key(f, "stream");
    fields_number(f, frame->stream);
    fields_plain(f, " ");
    fields_key(f, "opcode");
    fields_text(f, cqlr_cstr(name ? name : number));
    fields_plain(f, " flags ");
    say_flags(f, frame->flags);
    fields_plain(f, " body ");
    fields_key(f, "length");
    fields_number(f, frame->length);
    fields_plain(f, frame->length == 1 ? " byte\n" : " bytes\n");
}

/* The input ends before the body does: that is why it could not be read. */
static int say_cut(const struct cqlr_frame *frame, size_t n, int rc, struct cqlr_err *err)
{
    struct cqlr_err why = *err;
    return err_set(err, CQLR_E_PROTO, "the body has %zu of %u bytes%s%s", n,
                   (unsigned)frame->length, rc ? ": " : "", rc ? why.text : "");
}

int frame_print(struct cqlr_wr *w, const struct cqlr_frame *frame, struct cqlr_bytes body,
                const uint8_t *start, const struct frame_style *style, struct cqlr_err *err)
{
    struct printer p = {.frame = frame, .style = style};
    fields_init(&p.f, w, style->json);
    cqlr_rd_init(&p.r, body.p, body.n, err);
    p.r.start = start;
    fields_open(&p.f, '{');
    say_header(&p.f, frame, (size_t)(body.p - start) - CQLR_FRAME_HEADER);
    int rc = say_body(&p);
    if (body.n < frame->length)
        rc = say_cut(frame, body.n, rc, err);
    if (rc && style->json)
        field_text(&p.f, "broken", cqlr_cstr(err->text));
    fields_close(&p.f, '}');
    if (style->json)
        cqlr_wr_u8(w, '\n');
    if (w->rc)
        rc = err_set(err, w->rc, "the frame as text: %s", cqlr_errcode_text(w->rc));
    fields_fini(&p.f);
    return rc;
}

/*
 * frame_responses.c - what a server sends: one function a message, which reads it and says its
 * fields; what was read before an error is said too (native_protocol_v4.spec section 4.2).
 */
#include "frame_say.h"

#include <stdio.h>

#include "frame_rows.h"

int say_authenticate(struct printer *p)
{
    struct cqlr_authenticate m;
    int rc = cqlr_authenticate_read(&p->r, &m);
    if (!rc)
        field_text(&p->f, "class", m.class_name);
    return rc;
}

int say_supported(struct printer *p)
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

static void say_error_fields(struct fields *f, const struct cqlr_error *m)
{
    unsigned has = cqlr_error_fields(m->code);
    if (has & CQLR_ERROR_REPLICAS) {
        say_consistency(f, "consistency", m->consistency);
        field_number(f, "required", m->required);
        field_number(f, m->code == CQLR_SERVER_UNAVAILABLE ? "alive" : "received", m->received);
    }
    if (has & CQLR_ERROR_FAILURES)
        field_number(f, "failures", m->failures);
    if (has & CQLR_ERROR_DATA_PRESENT)
        field_truth(f, "data_present", m->data_present);
    if (m->write_type.n)
        field_text(f, "write_type", m->write_type);
    if (has & CQLR_ERROR_NAMES) {
        field_text(f, "keyspace", m->keyspace);
        field_text(f, "name", m->name);
    }
    if (has & CQLR_ERROR_ARGUMENTS)
        field_list(f, "arguments", "argument", m->arguments);
    if (has & CQLR_ERROR_ID)
        field_bytes(f, "id", m->id.p, m->id.n);
}

int say_error(struct printer *p)
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
    say_cql(p, "message", m.message);
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

int say_result(struct printer *p)
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
        return frame_rows(&p->f, &p->r, &m.u.rows, p->about->columns);
    if (m.kind == CQLR_RESULT_PREPARED)
        return frame_prepared(&p->f, &p->r, &m.u.prepared);
    if (!rc && m.kind == CQLR_RESULT_SET_KEYSPACE)
        field_text(&p->f, "keyspace", m.u.keyspace);
    if (!rc && m.kind == CQLR_RESULT_SCHEMA_CHANGE)
        say_change(&p->f, &m.u.schema_change);
    return rc;
}

/* ---- events (section 4.2.6) ---- */

static void say_node(struct fields *f, const struct cqlr_server_event *m)
{
    static const struct cqlr_type inet = {.id = CQLR_TYPE_INET};
    struct cqlr_value address = {m->address.p, (int32_t)m->address.n};
    struct cqlr_err err;
    field_text(f, "change", m->change);
    int rc = cqlr_value_print(fields_scratch(f), &inet, address, CQLR_TEXT, &err);
    struct cqlr_str text = fields_scratched(f);
    if (!rc)
        field_text(f, "address", text);
    field_number(f, "port", m->port);
}

int say_event(struct printer *p)
{
    struct cqlr_server_event m;
    int rc = cqlr_server_event_read(&p->r, &m);
    if (!rc || m.type.n)
        field_text(&p->f, "event", m.type);
    if (rc)
        return rc;
    if (cqlr_str_equal(m.type, cqlr_cstr("SCHEMA_CHANGE")))
        say_change(&p->f, &m.schema);
    else if (m.address.n)
        say_node(&p->f, &m);
    return 0;
}

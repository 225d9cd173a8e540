/*
 * frame_requests.c - what a client sends: one function a message, which reads it and says its
 * fields; what was read before an error is said too (native_protocol_v4.spec section 4.1).
 */
#include "frame_say.h"

#include <stdio.h>

#include "frame_rows.h"

int say_startup(struct printer *p)
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

int say_register(struct printer *p)
{
    struct cqlr_register m;
    int rc = cqlr_register_read(&p->r, &m);
    if (!rc)
        field_list(&p->f, "events", "event", m.events);
    return rc;
}

/* Values, in lines labelled `one`. With the statement's markers they are what these say. */
static void say_values(struct printer *p, struct cqlr_span values, uint8_t flags,
                       const struct cqlr_columns *markers)
{
    struct fields *f = &p->f;
    bool named = flags & CQLR_PARAM_NAMES;
    struct cqlr_str name;
    struct cqlr_value v;
    if (named || (markers && markers->count != values.count))
        markers = NULL;
    fields_key(f, "values");
    fields_open(f, named ? '{' : '[');
    for (uint32_t i = 0; cqlr_params_next(&values, flags, &name, &v); i++) {
        if (named)
            field_begin_entry(f, "value", name);
        else if (!f->json && markers)
            field_begin_entry(f, "value", markers->col[i].name);
        else if (!f->json)
            field_begin(f, "value");
        if (markers && v.n != CQLR_UNSET)
            frame_value(f, markers->col[i].type, v, NULL);
        else
            fields_value(f, v);
        field_end(f);
    }
    fields_close(f, named ? '}' : ']');
}

static void say_params(struct printer *p, const struct cqlr_params *m,
                       const struct cqlr_columns *markers)
{
    struct fields *f = &p->f;
    say_consistency(f, "consistency", m->consistency);
    if (m->flags & CQLR_PARAM_VALUES)
        say_values(p, m->values, m->flags, markers);
    if (m->flags & CQLR_PARAM_SKIP_METADATA)
        field_truth(f, "skip_metadata", true);
    if (m->flags & CQLR_PARAM_PAGE_SIZE)
        field_number(f, "page_size", m->page_size);
    if (m->flags & CQLR_PARAM_PAGING_STATE)
        field_value(f, "paging_state", m->paging_state);
    if (m->flags & CQLR_PARAM_SERIAL)
        say_consistency(f, "serial_consistency", m->serial);
    if (m->flags & CQLR_PARAM_TIMESTAMP)
        field_number(f, "timestamp", m->timestamp);
}

int say_query(struct printer *p)
{
    struct cqlr_query m;
    int rc = cqlr_query_read(&p->r, &m);
    if (!rc || m.cql.n)
        say_cql(p, "cql", m.cql);
    if (!rc)
        say_params(p, &m.params, NULL);
    return rc;
}

int say_prepare(struct printer *p)
{
    struct cqlr_prepare m;
    int rc = cqlr_prepare_read(&p->r, &m);
    if (!rc)
        say_cql(p, "cql", m.cql);
    return rc;
}

int say_execute(struct printer *p)
{
    struct cqlr_execute m;
    int rc = cqlr_execute_read(&p->r, &m);
    if (!rc || m.id.n)
        field_bytes(&p->f, "id", m.id.p, m.id.n);
    if (!rc)
        say_params(p, &m.params, p->about->markers);
    return rc;
}

/* ---- BATCH ---- */

static void say_batch_type(struct fields *f, uint8_t type)
{
    static const char *const names[] = {"LOGGED", "UNLOGGED", "COUNTER"};
    char number[16];
    snprintf(number, sizeof number, "0x%02x", type);
    field_text(f, "type", cqlr_cstr(type < 3 ? names[type] : number));
}

static void say_batch_statement(struct printer *p, const struct cqlr_batch_statement *s)
{
    struct fields *f = &p->f;
    fields_open(f, '{');
    if (s->prepared)
        field_bytes(f, "id", s->id.p, s->id.n);
    else
        say_cql(p, "cql", s->cql);
    say_values(p, s->values, 0, NULL);
    fields_close(f, '}');
}

int say_batch(struct printer *p)
{
    struct fields *f = &p->f;
    struct cqlr_batch m;
    struct cqlr_batch_statement s;
    int rc = cqlr_batch_read(&p->r, &m);
    if (rc)
        return rc;
    say_batch_type(f, m.type);
    fields_key(f, "statements");
    fields_open(f, '[');
    while (cqlr_batch_next(&m.statements, &s))
        say_batch_statement(p, &s);
    fields_close(f, ']');
    say_consistency(f, "consistency", m.consistency);
    if (m.flags & CQLR_PARAM_SERIAL)
        say_consistency(f, "serial_consistency", m.serial);
    if (m.flags & CQLR_PARAM_TIMESTAMP)
        field_number(f, "timestamp", m.timestamp);
    return 0;
}

/* AUTH_RESPONSE, AUTH_CHALLENGE and AUTH_SUCCESS have one form. */
int say_token(struct printer *p)
{
    struct cqlr_auth_response m;
    int rc = cqlr_auth_response_read(&p->r, &m);
    if (!rc)
        say_opaque(p, "token", m.token);
    return rc;
}

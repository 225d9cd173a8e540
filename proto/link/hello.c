/*
 * hello.c - the handshake on stream 0: STARTUP is answered by READY, AUTHENTICATE or ERROR
 * (native_protocol_v4.spec section 4.1.1), and the two sides of a protocol version that is refused
 * (section 2.1).
 *
 * After the handshake nothing but connection-level errors may come on stream 0.
 */
#include <cqlraw/version.h>

#include "proto/link/internal.h"

#define CQL_VERSION "3.0.0"

/* The options of STARTUP as the entries of a string map. */
static struct cqlr_span write_options(struct cqlr_wr *w, const struct cqlr_link_opts *o)
{
    const struct {
        const char *key;
        const char *value;
    } rows[] = {
        {"CQL_VERSION", CQL_VERSION},
        {"DRIVER_NAME", "cqlraw"},
        {"DRIVER_VERSION", CQLRAW_VERSION},
        {"APPLICATION_NAME", o->application_name},
        {"APPLICATION_VERSION", o->application_version},
    };
    struct cqlr_span map = {0, NULL, 0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].value)
            continue;
        cqlr_wr_string(w, cqlr_cstr(rows[i].key));
        cqlr_wr_string(w, cqlr_cstr(rows[i].value));
        map.count++;
    }
    map.p = w->p;
    map.n = w->n;
    return map;
}

int cqlr__hello_start(struct cqlr_link *l, const struct cqlr_link_opts *o)
{
    struct cqlr_wr entries;
    cqlr_wr_init(&entries, l->mem, 0);
    struct cqlr_startup m = {write_options(&entries, o)};
    int rc = entries.rc;
    if (!rc) {
        rc = cqlr_startup_write(cqlr_link_begin(l), &m);
        if (!rc)
            rc = cqlr__link_end_frame(l, CQLR_OP_STARTUP, 0, 0);
    }
    cqlr_wr_fini(&entries);
    return rc;
}

static int on_ready(struct cqlr_link *l, struct cqlr_event *ev)
{
    l->open = true;
    ev->kind = CQLR_EV_OPEN;
    return 1;
}

static int on_authenticate(struct cqlr_link *l, struct cqlr_event *ev)
{
    struct cqlr_rd r;
    struct cqlr_authenticate m;
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &l->err);
    if (cqlr_authenticate_read(&r, &m))
        return l->err.code;
    return cqlr__err_set(&l->err, CQLR_E_AUTH,
                         "server asks for authentication (%.*s), which this version cannot give",
                         CQLR_STR(m.class_name));
}

static int on_error(struct cqlr_link *l, struct cqlr_event *ev)
{
    cqlr__link_server_error(l, CQLR_E_SERVER, ev->body);
    cqlr__err_prefix(&l->err, "%s", l->open ? "ERROR for the connection" : "STARTUP refused");
    return l->err.code;
}

/* The handshake is over. Stream 0 is not used any more, except by a server that has something to
 * say about the connection as a whole. */
static int after(struct cqlr_link *l, uint8_t opcode, struct cqlr_event *ev)
{
    if (opcode == CQLR_OP_ERROR)
        return on_error(l, ev);
    return cqlr__err_set(&l->err, CQLR_E_PROTO, "%s on stream 0 after the handshake",
                         cqlr_opcode_name(opcode));
}

int cqlr__hello_frame(struct cqlr_link *l, const struct cqlr_frame *f, struct cqlr_event *ev)
{
    static const struct {
        uint8_t opcode;
        int (*fn)(struct cqlr_link *l, struct cqlr_event *ev);
    } table[] = {
        {CQLR_OP_READY, on_ready},
        {CQLR_OP_AUTHENTICATE, on_authenticate},
        {CQLR_OP_ERROR, on_error},
    };
    if (l->open)
        return after(l, f->opcode, ev);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].opcode == f->opcode)
            return table[i].fn(l, ev);
    return cqlr__err_set(&l->err, CQLR_E_PROTO, "STARTUP was answered by %s",
                         cqlr_opcode_name(f->opcode));
}

int cqlr__hello_other_version(struct cqlr_link *l, unsigned version, const struct cqlr_event *ev)
{
    cqlr__link_server_error(l, CQLR_E_VERSION, ev->body);
    cqlr__err_prefix(&l->err, "server answers with protocol version %u, %u was asked for", version,
                     CQLR__LINK_VERSION);
    return l->err.code;
}

/* The words are those of Cassandra: drivers look for them. */
static int write_refusal(struct cqlr_link *l, unsigned version)
{
    struct cqlr_err text;
    cqlr__err_set(&text, CQLR_E_VERSION,
                  "Invalid or unsupported protocol version (%u); supported versions are (%u/v%u)",
                  version, CQLR__LINK_VERSION, CQLR__LINK_VERSION);
    const struct cqlr_error m = {.code = CQLR_SERVER_PROTOCOL_ERROR,
                                 .message = cqlr_cstr(text.text)};
    int rc = cqlr_error_write(cqlr_link_begin(l), &m);
    return rc ? rc : cqlr__link_end_frame(l, CQLR_OP_ERROR, 0, 0);
}

int cqlr__hello_refuse_version(struct cqlr_link *l, unsigned version)
{
    int rc = write_refusal(l, version);
    if (rc) {
        cqlr_link_drop(l);
        return cqlr__err_set(&l->err, rc, "%s", cqlr_errcode_text(rc));
    }
    return cqlr__err_set(&l->err, CQLR_E_VERSION, "client asks for protocol version %u, not %u",
                         version, CQLR__LINK_VERSION);
}

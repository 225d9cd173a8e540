/*
 * hello.c - the handshake on stream 0: STARTUP is answered by READY, AUTHENTICATE (auth.c) or ERROR
 * (native_protocol_v4.spec section 4.1.1); and the two sides of a protocol version that is refused
 * (section 2.1).
 *
 * After the handshake nothing but the answer to a heartbeat and connection-level errors may come on
 * stream 0.
 */
#include <cqlraw/version.h>

#include "proto/link/internal.h"

#define CQL_VERSION "3.0.0"
#define LZ4_NAME    "lz4"

/* The options of STARTUP as the entries of a string map. */
static struct cqlr_span write_options(struct cqlr_wr *w, const struct cqlr_link_opts *o)
{
    const struct {
        const char *key;
        const char *value;
    } rows[] = {
        {"CQL_VERSION", CQL_VERSION},
        {"COMPRESSION", o->compression == CQLR_COMPRESSION_LZ4 ? LZ4_NAME : NULL},
        {"NO_COMPACT", o->no_compact ? "true" : NULL},
        {"THROW_ON_OVERLOAD", o->throw_on_overload ? "1" : NULL},
        {"DRIVER_NAME", "cqlraw"},
        {"DRIVER_VERSION", CQLRAW_VERSION},
        {"APPLICATION_NAME", o->application_name},
        {"APPLICATION_VERSION", o->application_version},
        {"CLIENT_ID", o->client_id},
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

/* ---- the client's side ---- */

int cqlr__hello_open(struct cqlr_link *l, struct cqlr_event *ev)
{
    l->hello = CQLR__HELLO_DONE;
    ev->kind = CQLR_EV_OPEN;
    return 1;
}

/* A server that does not know the compression may say only that something is wrong. */
static bool compression_may_be_why(const struct cqlr_link *l)
{
    return l->hello == CQLR__HELLO_STARTUP && l->compression != CQLR_COMPRESSION_NONE &&
           l->err.server_code == CQLR_SERVER_PROTOCOL_ERROR;
}

/* An ERROR on stream 0, whenever it comes; bad credentials have a code of their own. */
static int on_error(struct cqlr_link *l, struct cqlr_event *ev)
{
    static const char *const what[] = {
        [CQLR__HELLO_STARTUP] = "STARTUP refused",
        [CQLR__HELLO_AUTH] = "authentication refused",
        [CQLR__HELLO_DONE] = "ERROR for the connection",
    };
    if (cqlr__link_server_error(l, CQLR_E_SERVER, ev->body) == CQLR_E_SERVER &&
        l->err.server_code == CQLR_SERVER_BAD_CREDENTIALS && l->hello != CQLR__HELLO_DONE)
        l->err.code = CQLR_E_AUTH;
    cqlr__err_prefix(&l->err, "%s%s", what[l->hello],
                     compression_may_be_why(l) ? " (it asked for COMPRESSION " LZ4_NAME ")" : "");
    return l->err.code;
}

/* No other message is expected. */
static int unexpected(struct cqlr_link *l, uint8_t opcode)
{
    const char *name = cqlr_opcode_name(opcode);
    if (l->hello == CQLR__HELLO_DONE)
        return cqlr__err_set(&l->err, CQLR_E_PROTO, "%s on stream 0 after the handshake", name);
    return cqlr__err_set(&l->err, CQLR_E_PROTO, "%s was answered by %s",
                         l->hello == CQLR__HELLO_AUTH ? "AUTH_RESPONSE" : "STARTUP", name);
}

/* The answer to a heartbeat: that it came is all it says. */
static int on_supported(struct cqlr_link *l, struct cqlr_event *ev)
{
    if (!l->asked)
        return unexpected(l, ev->opcode);
    l->asked = false;
    return 0;
}

int cqlr__hello_frame(struct cqlr_link *l, const struct cqlr_frame *f, struct cqlr_event *ev)
{
    static const struct {
        enum cqlr__hello hello;
        uint8_t opcode;
        int (*fn)(struct cqlr_link *l, struct cqlr_event *ev);
    } table[] = {
        {CQLR__HELLO_STARTUP, CQLR_OP_READY, cqlr__hello_open},
        {CQLR__HELLO_STARTUP, CQLR_OP_AUTHENTICATE, cqlr__auth_asked},
        {CQLR__HELLO_STARTUP, CQLR_OP_ERROR, on_error},
        {CQLR__HELLO_AUTH, CQLR_OP_AUTH_SUCCESS, cqlr__auth_success},
        {CQLR__HELLO_AUTH, CQLR_OP_AUTH_CHALLENGE, cqlr__auth_challenge},
        {CQLR__HELLO_AUTH, CQLR_OP_ERROR, on_error},
        {CQLR__HELLO_DONE, CQLR_OP_ERROR, on_error},
        {CQLR__HELLO_DONE, CQLR_OP_SUPPORTED, on_supported},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].hello == l->hello && table[i].opcode == f->opcode)
            return table[i].fn(l, ev);
    return unexpected(l, f->opcode);
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

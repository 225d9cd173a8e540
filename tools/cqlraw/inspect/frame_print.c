/*
 * frame_print.c - a frame: its header, what stands in front of the message, and by opcode what says
 * the message (frame_requests.c, frame_responses.c).
 *
 * Bodies are decoded as native_protocol_v4.spec tells, compressed ones once they are not. Of v3
 * only Prepared is another. Of v5, in frames that stand outside of segments, the messages of the
 * handshake are the same; the others are shown as bytes.
 */
#include "frame_say.h"

#include <stdio.h>

#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/io/redact.h"

void say_consistency(struct fields *f, const char *key, uint16_t code)
{
    const char *name = cqlr_consistency_name(code);
    char number[16];
    snprintf(number, sizeof number, "0x%04x", code);
    field_text(f, key, cqlr_cstr(name ? name : number));
}

void say_opaque(struct printer *p, const char *key, struct cqlr_value v)
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

void say_cql(struct printer *p, const char *key, struct cqlr_str text)
{
    struct cqlr_wr shown;
    if (p->style->secrets) {
        field_text(&p->f, key, text);
        return;
    }
    cqlr_wr_init(&shown, p->f.w->mem, text.n);
    redact_copy(&shown, text);
    if (shown.rc)
        p->f.w->rc = shown.rc;
    field_text(&p->f, key, (struct cqlr_str){shown.p ? (const char *)shown.p : "", shown.n});
    cqlr_wr_fini(&shown);
}

/* All that is left of the body, as it stands. */
static void say_rest(struct printer *p, const char *key)
{
    size_t n = cqlr_rd_left(&p->r);
    if (n)
        say_opaque(p, key, (struct cqlr_value){p->r.p, (int32_t)n});
    p->r.p = p->r.end;
}

int say_undecoded(struct printer *p, const char *why)
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

/* ---- the message ---- */

static int say_nothing(struct printer *p)
{
    return p->r.rc;
}

static int say_message(struct printer *p)
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
        [CQLR_OP_BATCH] = {say_batch, false},
        [CQLR_OP_AUTH_CHALLENGE] = {say_token, true},
        [CQLR_OP_AUTH_RESPONSE] = {say_token, true},
        [CQLR_OP_AUTH_SUCCESS] = {say_token, true},
    };
    uint8_t opcode = p->frame->opcode;
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

/* ---- compressed bodies (section 5) ---- */

/* Offsets in what went wrong count from the start of the plain body: say so. */
static int in_plain_body(struct printer *p, int rc)
{
    struct cqlr_err why = *p->r.err;
    return rc ? err_set(p->r.err, rc, "in the plain body: %s", why.text) : 0;
}

/* Where nothing tells how a body is compressed, it is LZ4 when it can be read as that. */
static int say_compressed(struct printer *p)
{
    enum frame_compression by = p->about->compression;
    struct cqlr_bytes body = {p->r.p, cqlr_rd_left(&p->r)};
    struct cqlr_err why = {0};
    struct cqlr_wr plain;
    if (body.n < p->frame->length)
        return say_undecoded(p, "the body is compressed, and cut off");
    if (by == FRAME_OTHER)
        return say_undecoded(p, "the body is compressed, and not with LZ4");
    cqlr_wr_init(&plain, p->f.w->mem, 0);
    int rc = cqlr_lz4_read(&plain, body, CQLR_FRAME_MAX, &why);
    if (!rc) {
        struct cqlr_err *err = p->r.err;
        field_number(&p->f, "plain_length", (int64_t)plain.n);
        cqlr_rd_init(&p->r, plain.p, plain.n, err);
        rc = in_plain_body(p, say_message(p));
    } else if (rc == CQLR_E_PROTO && by == FRAME_LZ4) {
        say_undecoded(p, "the body is compressed with LZ4");
        *p->r.err = why;
    } else if (rc == CQLR_E_PROTO || rc == CQLR_E_STATE) {
        rc = say_undecoded(p, rc == CQLR_E_STATE ? "the body is compressed, and LZ4 not built in"
                                                 : "the body is compressed, and not with LZ4");
    } else {
        err_set(p->r.err, rc, "the plain body: %s", cqlr_errcode_text(rc));
    }
    cqlr_wr_fini(&plain);
    return rc;
}

static int say_body(struct printer *p)
{
    return p->frame->flags & CQLR_FLAG_COMPRESSED ? say_compressed(p) : say_message(p);
}

/* ---- a frame ---- */

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

/* Time and connection, in captures. */
static void say_place(struct fields *f, const struct frame_about *about, bool response)
{
    char text[32];
    if (!about->captured)
        return;
    frame_time(text, sizeof text, about->time_ns, f->json);
    fields_key(f, "time");
    fields_raw(f, cqlr_cstr(text));
    fields_plain(f, " c");
    fields_key(f, "connection");
    fields_number(f, about->connection);
    fields_plain(f, response ? " < " : " > ");
}

static void say_header(struct fields *f, const struct cqlr_frame *frame, uint64_t offset)
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

void frame_time(char *text, size_t size, uint64_t ns, bool json)
{
    unsigned long long seconds = ns / 1000000000, rest = ns % 1000000000;
    if (json)
        snprintf(text, size, "%llu.%09llu", seconds, rest);
    else
        snprintf(text, size, "+%llu.%06llu", seconds, rest / 1000);
}

int frame_print(struct cqlr_wr *w, const struct cqlr_frame *frame, struct cqlr_bytes body,
                const uint8_t *start, const struct frame_style *style,
                const struct frame_about *about, struct cqlr_err *err)
{
    static const struct frame_about nothing = {.captured = false};
    struct printer p = {.frame = frame, .style = style, .about = about ? about : &nothing};
    fields_init(&p.f, w, style->json);
    cqlr_rd_init(&p.r, body.p, body.n, err);
    p.r.start = start;
    fields_open(&p.f, '{');
    say_place(&p.f, p.about, frame->response);
    say_header(&p.f, frame, p.about->offset + (size_t)(body.p - start) - CQLR_FRAME_HEADER);
    int rc = say_body(&p);
    if (body.n < frame->length && (!rc || rc == CQLR_E_PROTO))
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

/*
 * frame_pair.c - exchanges: "+0.001234 c0 s5 EXECUTE -> RESULT ROWS 3 rows 1.234 ms  SELECT ...".
 *
 * The time is that of the request's last packet in the capture, the latency lasts until the last
 * packet of the answer. A table of latencies goes to stderr at the end: exact ranks, nothing is
 * binned.
 */
#include "frame_pair.h"

#include <stdio.h>
#include <stdlib.h>

#include "fields.h"
#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/io/utf8.h"

#define OPCODES    32  /* the last one stands for all from there on */
#define TEXT_SHOWN 120 /* bytes of a statement or message in lines */

struct latencies {
    uint64_t *ns;
    size_t n, cap;
};

struct frame_pairs {
    const struct frame_options *o;
    struct latencies by_opcode[OPCODES]; /* of the request */
    size_t unanswered, unasked;
};

struct frame_pairs *frame_pairs_new(const struct frame_options *o)
{
    struct frame_pairs *p = calloc(1, sizeof *p);
    if (p)
        p->o = o;
    return p;
}

void frame_pairs_free(struct frame_pairs *p)
{
    for (size_t i = 0; p && i < OPCODES; i++)
        free(p->by_opcode[i].ns);
    free(p);
}

static int latency_add(struct latencies *l, uint64_t ns)
{
    if (l->n == l->cap) {
        size_t cap = l->cap * 2 + 64;
        uint64_t *v = realloc(l->ns, cap * sizeof *v);
        if (!v)
            return CQLR_E_NOMEM;
        l->ns = v;
        l->cap = cap;
    }
    l->ns[l->n++] = ns;
    return 0;
}

/* ---- a line ---- */

static void say_opcode(struct fields *f, const char *key, uint8_t opcode)
{
    const char *name = cqlr_opcode_name(opcode);
    char number[16];
    snprintf(number, sizeof number, "0x%02x", opcode);
    fields_key(f, key);
    fields_text(f, cqlr_cstr(name ? name : number));
}

/* Time, connection, stream. */
static void say_head(struct fields *f, uint64_t time_ns, uint32_t connection, int16_t stream)
{
    char text[32];
    frame_time(text, sizeof text, time_ns, f->json);
    fields_open(f, '{');
    fields_key(f, "time");
    fields_raw(f, cqlr_cstr(text));
    fields_plain(f, " c");
    fields_key(f, "connection");
    fields_number(f, connection);
    fields_plain(f, " s");
    fields_key(f, "stream");
    fields_number(f, stream);
    fields_plain(f, " ");
}

static void say_milliseconds(struct fields *f, uint64_t ns)
{
    char text[48];
    snprintf(text, sizeof text, "%llu.%03llu", (unsigned long long)(ns / 1000000),
             (unsigned long long)(ns / 1000 % 1000));
    fields_plain(f, " ");
    fields_key(f, "latency_ms");
    fields_raw(f, cqlr_cstr(text));
    fields_plain(f, " ms");
}

/* Only the first bytes of a long text, in lines. */
static void say_text(struct fields *f, const char *key, struct cqlr_str text)
{
    bool cut = !f->json && text.n > TEXT_SHOWN;
    fields_key(f, key);
    fields_text(f, cut ? utf8_cut(text, TEXT_SHOWN) : text);
    fields_plain(f, cut ? "..." : "");
}

static void say_cql(struct fields *f, struct cqlr_str cql)
{
    if (!cql.n)
        return;
    fields_plain(f, "  ");
    say_text(f, "cql", cql);
}

static void say_end(struct fields *f)
{
    fields_close(f, '}');
    cqlr_wr_u8(f->w, '\n');
    fields_fini(f);
}

/* What kind of RESULT, and how many rows. */
static void say_result(struct fields *f, struct cqlr_rd *r, uint8_t version)
{
    static const char *const kinds[] = {"VOID", "ROWS", "SET_KEYSPACE", "PREPARED",
                                        "SCHEMA_CHANGE"};
    struct cqlr_result m;
    uint32_t kind = cqlr_rd_left(r) < 4 ? 0 : cqlr_be32(r->p);
    if (kind < 1 || kind > 5)
        return;
    fields_plain(f, " ");
    fields_key(f, "kind");
    fields_text(f, cqlr_cstr(kinds[kind - 1]));
    if (kind != CQLR_RESULT_ROWS || version == 5 || cqlr_result_read(r, NULL, &m))
        return;
    fields_plain(f, " ");
    fields_key(f, "rows");
    fields_number(f, m.u.rows.count);
    fields_plain(f, m.u.rows.count == 1 ? " row" : " rows");
    if (!(m.u.rows.spec.flags & CQLR_META_MORE_PAGES))
        return;
    fields_plain(f, ", more to come");
    fields_key(f, "more_pages");
    if (f->json)
        fields_raw(f, cqlr_cstr("true"));
}

static void say_error(struct fields *f, struct cqlr_rd *r)
{
    struct cqlr_error m;
    char code[16];
    int rc = cqlr_error_read(r, &m);
    const char *name = cqlr_server_error_name(m.code);
    if (rc && !m.message.n)
        return;
    snprintf(code, sizeof code, "0x%04x", (unsigned)m.code);
    fields_plain(f, " ");
    fields_key(f, "code");
    fields_text(f, cqlr_cstr(code));
    if (name) {
        fields_plain(f, " ");
        fields_key(f, "name");
        fields_text(f, cqlr_cstr(name));
    }
    fields_plain(f, " \"");
    say_text(f, "message", m.message);
    fields_plain(f, "\"");
}

static void say_event_type(struct fields *f, struct cqlr_rd *r)
{
    struct cqlr_server_event m;
    int rc = cqlr_server_event_read(r, &m);
    struct cqlr_str change = m.schema.change.n ? m.schema.change : m.change;
    if (rc)
        return;
    fields_plain(f, " ");
    fields_key(f, "event");
    fields_text(f, m.type);
    fields_plain(f, " ");
    fields_key(f, "change");
    fields_text(f, change);
}

static void say_response(struct fields *f, const struct talk_frame *t)
{
    struct cqlr_rd r;
    struct cqlr_err err;
    struct cqlr_prefix prefix;
    uint8_t opcode = t->frame->opcode;
    say_opcode(f, "response", opcode);
    cqlr_rd_init(&r, t->plain.p, t->plain.n, &err);
    if (!t->plain.p || cqlr_prefix_read(&r, t->frame->flags, true, &prefix))
        return;
    if (opcode == CQLR_OP_RESULT)
        say_result(f, &r, t->frame->version);
    else if (opcode == CQLR_OP_ERROR)
        say_error(f, &r);
    else if (opcode == CQLR_OP_EVENT)
        say_event_type(f, &r);
}

/* ---- exchanges ---- */

static void say_unanswered(struct frame_pairs *p, struct frame_out *out,
                           const struct talk_request *r)
{
    struct fields f;
    p->unanswered++;
    if (!frame_wanted(p->o, &r->frame))
        return;
    fields_init(&f, &out->w, p->o->style.json);
    say_head(&f, r->time_ns, r->connection, r->frame.stream);
    say_opcode(&f, "request", r->frame.opcode);
    fields_plain(&f, " -> no answer");
    fields_key(&f, "response");
    if (f.json)
        fields_raw(&f, cqlr_cstr("null"));
    say_cql(&f, r->cql);
    say_end(&f);
    frame_out_flush(out, false);
}

/* A response, with its request if it has one. */
static void say_pair(struct frame_pairs *p, struct frame_out *out, const struct talk_frame *t,
                     uint64_t latency)
{
    const struct talk_request *r = t->request;
    struct fields f;
    fields_init(&f, &out->w, p->o->style.json);
    say_head(&f, r ? r->time_ns : t->about.time_ns, t->about.connection, t->frame->stream);
    if (r) {
        say_opcode(&f, "request", r->frame.opcode);
    } else if (t->frame->opcode != CQLR_OP_EVENT || f.json) {
        fields_plain(&f, "no request");
        fields_key(&f, "request");
        if (f.json)
            fields_raw(&f, cqlr_cstr("null"));
    }
    fields_plain(&f, r || t->frame->opcode != CQLR_OP_EVENT ? " -> " : "");
    say_response(&f, t);
    if (r) {
        say_milliseconds(&f, latency);
        say_cql(&f, r->cql);
    }
    say_end(&f);
    frame_out_flush(out, false);
}

int frame_pairs_hear(struct frame_pairs *p, struct frame_out *out, const struct talk_frame *t)
{
    const struct talk_request *r = t->request;
    if (t->replaced)
        say_unanswered(p, out, t->replaced);
    if (!t->frame->response)
        return 0;
    bool wanted = frame_wanted(p->o, t->frame) || (r && frame_wanted(p->o, &r->frame));
    uint64_t latency = r && t->about.time_ns > r->time_ns ? t->about.time_ns - r->time_ns : 0;
    if (!r && t->frame->opcode != CQLR_OP_EVENT)
        p->unasked++;
    if (!wanted)
        return 0;
    say_pair(p, out, t, latency);
    uint8_t opcode = r ? r->frame.opcode : 0;
    return r ? latency_add(&p->by_opcode[opcode < OPCODES ? opcode : OPCODES - 1], latency) : 0;
}

/* ---- the summary ---- */

static int ns_order(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The smallest that at least so many of a hundred do not pass. */
static double percentile(const struct latencies *l, size_t hundredths)
{
    size_t rank = (l->n * hundredths + 99) / 100;
    return (double)l->ns[rank ? rank - 1 : 0] / 1e6;
}

static void summary_line(struct latencies *l, uint8_t opcode)
{
    const char *name = cqlr_opcode_name(opcode);
    if (!l->n)
        return;
    qsort(l->ns, l->n, sizeof *l->ns, ns_order);
    fprintf(stderr, "%-14s %9zu %12.3f %12.3f %12.3f\n", name ? name : "other", l->n,
            percentile(l, 50), percentile(l, 99), percentile(l, 100));
}

void frame_pairs_end(struct frame_pairs *p, struct frame_out *out, struct talk *t)
{
    for (struct talk_request *r; (r = talk_waiting(t)) != NULL; talk_done(t, r))
        say_unanswered(p, out, r);
    if (frame_out_flush(out, true))
        return;
    fprintf(stderr, "%-14s %9s %12s %12s %12s\n", "request", "count", "p50 ms", "p99 ms", "max ms");
    for (size_t i = 0; i < OPCODES; i++)
        summary_line(&p->by_opcode[i], (uint8_t)i);
    if (p->unanswered || p->unasked)
        fprintf(stderr, "requests without an answer %zu, responses without a request %zu\n",
                p->unanswered, p->unasked);
}

/*
 * fuzz_message.c - every message but RESULT, both ways: what was read is written, and what was
 * written is read as the same struct. Two structs are the same when `frame decode` says the same of
 * them and they are written as the same bytes.
 *
 * The first byte is the opcode, the second the flags (what stands in front of a body).
 */
#include "tests/fuzz/fuzz.h"

#include "tools/cqlraw/inspect/frame_print.h"

const char fuzz_name[] = "message";

static void walk_list(struct cqlr_span it)
{
    struct cqlr_str s;
    uint32_t n = 0, count = it.count;
    while (cqlr_string_list_next(&it, &s))
        n++;
    MUST(n == count && it.n == 0, "%u of %u strings, %zu bytes left", n, count, it.n);
}

static void walk_map(struct cqlr_span it)
{
    struct cqlr_str k, v;
    uint32_t n = 0, count = it.count;
    while (cqlr_string_map_next(&it, &k, &v))
        n++;
    MUST(n == count && it.n == 0, "%u of %u entries", n, count);
}

static void walk_multimap(struct cqlr_span it)
{
    struct cqlr_str k;
    struct cqlr_span v;
    uint32_t n = 0, count = it.count;
    for (; cqlr_string_multimap_next(&it, &k, &v); n++)
        walk_list(v);
    MUST(n == count && it.n == 0, "%u of %u entries", n, count);
}

static void walk_bytes_map(struct cqlr_span it)
{
    struct cqlr_str k;
    struct cqlr_value v;
    uint32_t n = 0, count = it.count;
    while (cqlr_bytes_map_next(&it, &k, &v))
        n++;
    MUST(n == count && it.n == 0, "%u of %u entries", n, count);
}

static void walk_values(struct cqlr_span it, uint8_t flags)
{
    struct cqlr_str name;
    struct cqlr_value v;
    uint32_t n = 0, count = it.count;
    while (cqlr_params_next(&it, flags, &name, &v))
        n++;
    MUST(n == count && it.n == 0, "%u of %u values", n, count);
}

static void walk_statements(const struct cqlr_batch *m, struct cqlr_wr *again)
{
    struct cqlr_span it = m->statements;
    struct cqlr_batch_statement s;
    uint32_t n = 0;
    for (; cqlr_batch_next(&it, &s); n++) {
        walk_values(s.values, 0);
        cqlr_batch_statement_write(again, &s);
    }
    MUST(n == m->statements.count && it.n == 0, "%u of %u statements", n, m->statements.count);
    MUST(again->n == m->statements.n, "statements of another length");
}

/* One line for people. */
static void check_line(const struct cqlr_error *m)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_error_print(&w, m);
    MUST(w.rc == 0 && w.n, "no line");
    for (size_t i = 0; i < w.n; i++) {
        bool c1 = w.p[i] == 0xC2 && i + 1 < w.n && w.p[i + 1] >= 0x80 && w.p[i + 1] < 0xA0;
        MUST(w.p[i] >= 0x20 && w.p[i] != 0x7F && !c1, "a control character in an error");
    }
    cqlr_wr_fini(&w);
}

/* ---- read, look at everything, write ---- */

#define ROUND(name, look)                                                                          \
    static int name##_round(struct cqlr_rd *r, struct cqlr_wr *w)                                  \
    {                                                                                              \
        struct cqlr_##name m;                                                                      \
        int rc = cqlr_##name##_read(r, &m);                                                        \
        if (rc)                                                                                    \
            return rc;                                                                             \
        look;                                                                                      \
        MUST(cqlr_##name##_write(w, &m) == w->rc, "another result");                               \
        return 0;                                                                                  \
    }

ROUND(startup, walk_map(m.options))
ROUND(supported, walk_multimap(m.options))
ROUND(authenticate, )
ROUND(auth_response, )
ROUND(auth_challenge, )
ROUND(auth_success, )
ROUND(register, walk_list(m.events))
ROUND(query, walk_values(m.params.values, m.params.flags))
ROUND(prepare, )
ROUND(execute, walk_values(m.params.values, m.params.flags))
ROUND(server_event, walk_list(m.schema.arguments))
ROUND(error, walk_list(m.arguments); check_line(&m))

static int batch_round(struct cqlr_rd *r, struct cqlr_wr *w)
{
    struct cqlr_batch m;
    struct cqlr_wr statements;
    int rc = cqlr_batch_read(r, &m);
    if (rc)
        return rc;
    cqlr_wr_init(&statements, NULL, 0);
    walk_statements(&m, &statements);
    m.statements.p = statements.p; /* null lengths are written one way only */
    MUST(cqlr_batch_write(w, &m) == w->rc, "another result");
    cqlr_wr_fini(&statements);
    return 0;
}

static int empty_round(struct cqlr_rd *r, struct cqlr_wr *w)
{
    (void)w;
    return r->rc;
}

static int (*const rounds[])(struct cqlr_rd *r, struct cqlr_wr *w) = {
    [CQLR_OP_ERROR] = error_round,
    [CQLR_OP_STARTUP] = startup_round,
    [CQLR_OP_READY] = empty_round,
    [CQLR_OP_AUTHENTICATE] = authenticate_round,
    [CQLR_OP_OPTIONS] = empty_round,
    [CQLR_OP_SUPPORTED] = supported_round,
    [CQLR_OP_QUERY] = query_round,
    [CQLR_OP_PREPARE] = prepare_round,
    [CQLR_OP_EXECUTE] = execute_round,
    [CQLR_OP_REGISTER] = register_round,
    [CQLR_OP_EVENT] = server_event_round,
    [CQLR_OP_BATCH] = batch_round,
    [CQLR_OP_AUTH_CHALLENGE] = auth_challenge_round,
    [CQLR_OP_AUTH_RESPONSE] = auth_response_round,
    [CQLR_OP_AUTH_SUCCESS] = auth_success_round,
};

static bool is_request(uint8_t opcode)
{
    const uint32_t requests = 1u << CQLR_OP_STARTUP | 1u << CQLR_OP_OPTIONS | 1u << CQLR_OP_QUERY |
                              1u << CQLR_OP_PREPARE | 1u << CQLR_OP_EXECUTE |
                              1u << CQLR_OP_REGISTER | 1u << CQLR_OP_BATCH |
                              1u << CQLR_OP_AUTH_RESPONSE;
    return requests >> opcode & 1;
}

/* A body and what may stand in front of it. How many bytes of it count is in *used. */
static int read_write(const struct cqlr_frame *f, struct cqlr_bytes b, struct cqlr_wr *w,
                      size_t *used, struct cqlr_err *err)
{
    struct cqlr_rd r;
    struct cqlr_prefix p;
    cqlr_rd_init(&r, b.p, b.n, err);
    int rc = cqlr_prefix_read(&r, f->flags, f->response, &p);
    if (!rc) {
        walk_list(p.warnings);
        walk_bytes_map(p.payload);
        rc = cqlr_prefix_write(w, f->flags, f->response, &p);
        MUST(rc == 0, "prefix not written: %d", rc);
        rc = rounds[f->opcode](&r, w);
    }
    *used = b.n - cqlr_rd_left(&r);
    return rc;
}

/* The frame with this body, as JSON. */
static int say(struct cqlr_wr *w, struct cqlr_frame f, struct cqlr_bytes body)
{
    const struct frame_style style = {.json = true, .secrets = true};
    struct cqlr_err err = {0};
    struct cqlr_wr frame;
    f.length = (uint32_t)body.n;
    cqlr_wr_init(&frame, NULL, 0);
    cqlr_frame_write(cqlr_wr_room(&frame, CQLR_FRAME_HEADER), &f);
    cqlr_wr_raw(&frame, body.p, body.n);
    cqlr_wr_init(w, NULL, 0);
    body.p = frame.p + CQLR_FRAME_HEADER;
    int rc = frame_print(w, &f, body, frame.p, &style, NULL, &err);
    cqlr_wr_fini(&frame);
    return rc;
}

/* `w` is what was written of the first `used` bytes of `body`. */
static void check_written(const struct cqlr_frame *f, struct cqlr_bytes body, size_t used,
                          const struct cqlr_wr *w)
{
    struct cqlr_wr again, said, said_again;
    struct cqlr_bytes written = {w->p, w->n};
    struct cqlr_err err = {0};
    size_t all;
    cqlr_wr_init(&again, NULL, 0);
    MUST(w->n == used, "%zu bytes written of %zu", w->n, used);
    int rc = read_write(f, written, &again, &all, &err);
    MUST(rc == 0 && all == w->n, "what was written is not read: %s", err.text);
    MUST(again.rc == 0 && fuzz_same(w, &again), "written otherwise");
    rc = say(&said, *f, (struct cqlr_bytes){body.p, used});
    MUST(rc == 0 && say(&said_again, *f, written) == 0, "not said: %d", rc);
    MUST(fuzz_same(&said, &said_again), "%.*s\n%.*s", (int)said.n, (char *)said.p,
         (int)said_again.n, (char *)said_again.p);
    cqlr_wr_fini(&again);
    cqlr_wr_fini(&said);
    cqlr_wr_fini(&said_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct cqlr_frame f = {.version = 4, .stream = 1};
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    size_t used;
    f.opcode = fuzz_u8(&in) % (sizeof rounds / sizeof *rounds);
    f.flags = fuzz_u8(&in) & (CQLR_FLAG_TRACING | CQLR_FLAG_PAYLOAD | CQLR_FLAG_WARNING);
    f.response = !is_request(f.opcode);
    if (!rounds[f.opcode])
        return 0;
    struct cqlr_bytes body = {in.p, in.n};
    cqlr_wr_init(&w, NULL, 0);
    int rc = read_write(&f, body, &w, &used, &err);
    MUST(rc ? rc == CQLR_E_PROTO && err.code == rc && err.text[0] && err.offset <= in.n
            : w.rc == 0 || w.rc == CQLR_E_RANGE,
         "read %d, written %d", rc, w.rc);
    if (!rc && !w.rc)
        check_written(&f, body, used, &w);
    cqlr_wr_fini(&w);
    return 0;
}

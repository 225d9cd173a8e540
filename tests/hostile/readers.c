/*
 * readers.c - one damaged frame through the link, the message readers and writers, columns and
 * cells in all styles, and what `frame decode` says, as lines and as JSON.
 *
 * What any of them returns is right, as long as an error has a text, JSON is JSON, and lines have
 * no control characters.
 */
#include "tests/hostile/readers.h"

#include <cqlraw/link.h>

#include "proto/val/json.h"
#include "tests/vectors/again.h"
#include "tools/cqlraw/inspect/frame_print.h"

#define TEXT_MAX (64u * 1024) /* of a cell */

static bool is_told(int rc, const struct cqlr_err *err)
{
    return rc >= 0 || (err->code == rc && err->text[0]);
}

/* ---- the link ---- */

static int feed(cqlr_link *l, const uint8_t *p, size_t n)
{
    struct cqlr_event ev;
    int rc = cqlr_link_feed(l, p, n);
    while (rc >= 0 && (rc = cqlr_link_next(l, &ev)) == 1)
        continue;
    return rc;
}

static void all_sent(cqlr_link *l)
{
    const uint8_t *p;
    cqlr_link_sent(l, cqlr_link_out(l, &p));
}

/* A client as far as it is when this frame may come; nothing to do for a server. */
static void get_ready(cqlr_link *l, const struct origin *o)
{
    static const uint8_t ready[] = {0x84, 0, 0, 0, CQLR_OP_READY, 0, 0, 0, 0};
    static const uint8_t authenticate[] = {0x84, 0, 0, 0,  CQLR_OP_AUTHENTICATE, 0, 0, 0,
                                           3,    0, 1, 'A'};
    all_sent(l);
    if (o->opcode == CQLR_OP_AUTH_SUCCESS || o->opcode == CQLR_OP_AUTH_CHALLENGE)
        (void)feed(l, authenticate, sizeof authenticate);
    else if (o->stream != 0)
        (void)feed(l, ready, sizeof ready);
    all_sent(l);
    if (o->stream > 0 && cqlr_link_begin(l) && cqlr_link_request(l, CQLR_OP_OPTIONS, 0, NULL) == 1)
        all_sent(l);
}

static const char *run_link(const struct origin *o, const uint8_t *p, size_t n,
                            const struct cqlr_mem *mem)
{
    struct cqlr_link_opts opts;
    cqlr_link_opts_init(&opts, sizeof opts);
    opts.role = o->response ? CQLR_CLIENT : CQLR_SERVER;
    opts.mem = mem;
    opts.username = "user";
    opts.password = "password";
    opts.compression = o->compressed ? CQLR_COMPRESSION_LZ4 : CQLR_COMPRESSION_NONE;
    cqlr_link *l = cqlr_link_new(&opts);
    if (!l)
        return "no link";
    if (o->response)
        get_ready(l, o);
    else if (o->compressed && cqlr_link_compress(l, CQLR_COMPRESSION_LZ4))
        return "no compression";
    int rc = feed(l, p, n);
    bool told = is_told(rc, cqlr_link_err(l));
    cqlr_link_free(l);
    if (rc == 0 && n >= CQLR_FRAME_HEADER && cqlr_be32(p + 5) > CQLR_FRAME_MAX)
        return "the link waits for a body that is too long";
    return told ? NULL : "the link fails without a word";
}

/* ---- rows ---- */

static const char *run_cell(const struct cqlr_type *t, struct cqlr_value v, struct cqlr_wr *w)
{
    static const enum cqlr_text_style styles[] = {CQLR_TEXT, CQLR_LITERAL, CQLR_JSON};
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        struct cqlr_err err = {0};
        cqlr_wr_reset(w);
        int rc = cqlr_value_print(w, t, v, styles[i], &err);
        if (!is_told(rc, &err) || (rc && w->n))
            return "a value fails without a word";
    }
    return NULL;
}

static const char *run_page(struct cqlr_rows *rows, const struct cqlr_columns *c,
                            struct cqlr_value *cells, struct cqlr_wr *w)
{
    struct cqlr_rows all = *rows;
    const char *why = NULL;
    int64_t taken = 0;
    int rc;
    for (; !why && (rc = cqlr_rows_next(rows, cells)) == 1; taken++)
        for (uint32_t i = 0; i < c->count && !why; i++)
            why = run_cell(c->col[i].type, cells[i], w);
    if (why)
        return why;
    int64_t skipped = cqlr_rows_skip(&all);
    return skipped == (rc < 0 ? rc : taken) ? NULL : "other rows when they are skipped";
}

/* `m` was read from a message. */
static const char *run_rows(struct cqlr_rows *m, const struct cqlr_mem *mem)
{
    struct cqlr_err err = {0};
    struct cqlr_columns *c = cqlr_columns_new(&m->spec, mem, &err);
    if (!c)
        return "columns that were checked cannot be read";
    size_t n = m->spec.count * sizeof(struct cqlr_value);
    struct cqlr_value *cells = n && m->count ? mem->resize(mem->arg, NULL, 0, n) : NULL;
    struct cqlr_wr w;
    cqlr_wr_init(&w, mem, TEXT_MAX);
    const char *why = run_page(m, c, cells, &w);
    cqlr_wr_fini(&w);
    if (cells)
        mem->resize(mem->arg, cells, n, 0);
    cqlr_columns_free(c);
    return why;
}

static const char *run_columns(const struct cqlr_spec *s, const struct cqlr_mem *mem)
{
    struct cqlr_err err = {0};
    struct cqlr_columns *c = cqlr_columns_new(s, mem, &err);
    cqlr_columns_free(c);
    return c ? NULL : "columns that were checked cannot be read";
}

static const char *run_result(const struct cqlr_frame *f, struct cqlr_bytes body,
                              const struct cqlr_mem *mem)
{
    struct cqlr_err err = {0};
    struct cqlr_prefix prefix;
    struct cqlr_result m;
    struct cqlr_rd r;
    cqlr_rd_init(&r, body.p, body.n, &err);
    if (f->opcode != CQLR_OP_RESULT || cqlr_prefix_read(&r, f->flags, true, &prefix) ||
        cqlr_result_read(&r, NULL, &m))
        return is_told(r.rc, &err) ? NULL : "a result fails without a word";
    if (m.kind == CQLR_RESULT_ROWS)
        return run_rows(&m.u.rows, mem);
    if (m.kind != CQLR_RESULT_PREPARED)
        return NULL;
    const char *why = run_columns(&m.u.prepared.markers, mem);
    return why ? why : run_columns(&m.u.prepared.result, mem);
}

/* ---- messages, and what is said of them ---- */

static const char *run_again(const struct cqlr_frame *f, struct cqlr_bytes body,
                             const struct cqlr_mem *mem)
{
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    cqlr_wr_init(&w, mem, 0);
    int rc = again(f, body.p, body.n, &w, &err);
    cqlr_wr_fini(&w);
    bool is_writer = rc == CQLR_E_RANGE; /* read, but not to be sent */
    return is_writer || is_told(rc, &err) ? NULL : "a message fails without a word";
}

static bool is_json(const struct cqlr_wr *w)
{
    struct cqlr_err err;
    struct cqlr__json j;
    struct cqlr_str raw;
    cqlr__json_init(&j, (struct cqlr_str){(const char *)w->p, w->n}, &err);
    return cqlr__json_value(&j, &raw) == 1 && cqlr__json_value(&j, &raw) == 0;
}

static bool is_lines(const struct cqlr_wr *w)
{
    for (size_t i = 0; i < w->n; i++)
        if ((w->p[i] < 0x20 && w->p[i] != '\n') || w->p[i] == 0x7F)
            return false;
    return true;
}

static const char *run_say(const struct cqlr_frame *f, struct cqlr_bytes body, const uint8_t *start,
                           const struct cqlr_mem *mem)
{
    static const struct frame_about about = {.compression = FRAME_LZ4};
    const struct frame_style styles[] = {{.json = false}, {.json = true}};
    const char *why = NULL;
    struct cqlr_wr w;
    cqlr_wr_init(&w, mem, 0);
    for (size_t i = 0; i < 2 && !why; i++) {
        struct cqlr_err err = {0};
        cqlr_wr_reset(&w);
        int rc = frame_print(&w, f, body, start, &styles[i], &about, &err);
        if (!is_told(rc, &err))
            why = "a frame fails without a word";
        else if (styles[i].json ? !is_json(&w) : !is_lines(&w))
            why = styles[i].json ? "its JSON is none" : "its lines have control characters";
    }
    cqlr_wr_fini(&w);
    return why;
}

const char *readers_run(const struct origin *o, const uint8_t *p, size_t n,
                        const struct cqlr_mem *mem)
{
    const char *why = run_link(o, p, n, mem);
    if (why || n < CQLR_FRAME_HEADER)
        return why;
    struct cqlr_frame f;
    cqlr_frame_read(p, &f);
    n -= CQLR_FRAME_HEADER;
    struct cqlr_bytes body = {p + CQLR_FRAME_HEADER, f.length < n ? f.length : n};
    if ((why = run_result(&f, body, mem)) || (why = run_again(&f, body, mem)))
        return why;
    return run_say(&f, body, p, mem);
}

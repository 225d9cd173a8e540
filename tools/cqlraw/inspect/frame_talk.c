/*
 * frame_talk.c - two trees: requests by connection and stream, statements by id. What cannot be
 * read is passed over here; frame_print.c tells what is wrong with it.
 */
#include "frame_talk.h"

#include <search.h>
#include <stdlib.h>

struct talk_connection {
    enum frame_compression compression;
};

struct talk {
    void *requests, *statements; /* trees */
    struct talk_request *first, *last;
    struct talk_connection *connection;
    size_t connections;
    struct cqlr_wr plain;
};

struct talk *talk_new(void)
{
    struct talk *t = calloc(1, sizeof *t);
    if (t)
        cqlr_wr_init(&t->plain, NULL, 0);
    return t;
}

static void statement_free(void *p)
{
    struct talk_statement *s = p;
    cqlr_columns_free(s->markers);
    cqlr_columns_free(s->columns);
    free((void *)(uintptr_t)s->id.p);
    free(s);
}

void talk_free(struct talk *t)
{
    if (!t)
        return;
    while (t->first)
        talk_done(t, t->first);
    tdestroy(t->statements, statement_free);
    cqlr_wr_fini(&t->plain);
    free(t->connection);
    free(t);
}

static struct talk_connection *connection_of(struct talk *t, uint32_t i)
{
    if (i >= t->connections) {
        size_t n = (size_t)i + i / 2 + 4;
        struct talk_connection *v = realloc(t->connection, n * sizeof *v);
        if (!v)
            return NULL;
        memset(v + t->connections, 0, (n - t->connections) * sizeof *v);
        t->connection = v;
        t->connections = n;
    }
    return &t->connection[i];
}

/* ---- requests ---- */

static int request_order(const void *a, const void *b)
{
    uint64_t x = ((const struct talk_request *)a)->key, y = ((const struct talk_request *)b)->key;
    return x < y ? -1 : x > y;
}

static uint64_t key_of(const struct talk_frame *f)
{
    return (uint64_t)f->about.connection << 16 | (uint16_t)f->frame->stream;
}

static struct talk_request *request_find(const struct talk *t, uint64_t key)
{
    struct talk_request like = {.key = key};
    void *node = tfind(&like, &t->requests, request_order);
    return node ? *(struct talk_request **)node : NULL;
}

/* Out of the tree and the list. */
static void request_take(struct talk *t, struct talk_request *r)
{
    tdelete(r, &t->requests, request_order);
    *(r->before ? &r->before->behind : &t->first) = r->behind;
    *(r->behind ? &r->behind->before : &t->last) = r->before;
    r->before = r->behind = NULL;
}

void talk_done(struct talk *t, struct talk_request *r)
{
    if (!r)
        return;
    if (r->before || r->behind || t->first == r)
        request_take(t, r);
    free(r->text);
    free(r);
}

struct talk_request *talk_waiting(const struct talk *t)
{
    return t->first;
}

/* ---- statements ---- */

static int statement_order(const void *a, const void *b)
{
    const struct talk_statement *x = a, *y = b;
    if (x->id.n != y->id.n)
        return x->id.n < y->id.n ? -1 : 1;
    return x->id.n ? memcmp(x->id.p, y->id.p, x->id.n) : 0;
}

static struct talk_statement *statement_find(const struct talk *t, struct cqlr_bytes id)
{
    struct talk_statement like = {.id = id};
    void *node = tfind(&like, &t->statements, statement_order);
    return node ? *(struct talk_statement **)node : NULL;
}

/* Takes both columns. A statement that is prepared again stays where it is. */
static int statement_put(struct talk *t, struct cqlr_bytes id, struct cqlr_str cql,
                         struct cqlr_columns *markers, struct cqlr_columns *columns)
{
    struct talk_statement *s = statement_find(t, id);
    if (s) {
        cqlr_columns_free(s->markers);
        cqlr_columns_free(s->columns);
        s->markers = markers;
        s->columns = columns;
        return 0;
    }
    uint8_t *copy = malloc(id.n + cql.n + 1);
    s = malloc(sizeof *s);
    if (s && copy) {
        if (id.n)
            memcpy(copy, id.p, id.n);
        if (cql.n)
            memcpy(copy + id.n, cql.p, cql.n);
        *s = (struct talk_statement){
            {copy, id.n}, {(const char *)copy + id.n, cql.n}, markers, columns};
        if (tsearch(s, &t->statements, statement_order))
            return 0;
    }
    free(copy);
    free(s);
    cqlr_columns_free(markers);
    cqlr_columns_free(columns);
    return CQLR_E_NOMEM;
}

/* ---- bodies ---- */

static int body_plain(struct talk *t, struct talk_frame *f)
{
    struct cqlr_err err;
    f->plain = f->body;
    if (!(f->frame->flags & CQLR_FLAG_COMPRESSED))
        return 0;
    f->plain = (struct cqlr_bytes){NULL, 0};
    cqlr_wr_reset(&t->plain);
    int rc = f->about.compression == FRAME_OTHER
                 ? CQLR_E_PROTO
                 : cqlr_lz4_read(&t->plain, f->body, CQLR_FRAME_MAX, &err);
    if (!rc)
        f->plain = (struct cqlr_bytes){t->plain.p ? t->plain.p : f->body.p, t->plain.n};
    return rc == CQLR_E_NOMEM ? rc : 0;
}

/* At the message, behind what stands in front of it; false when that cannot be. */
static bool message_begin(const struct talk_frame *f, struct cqlr_rd *r, struct cqlr_err *err)
{
    struct cqlr_prefix prefix;
    if (!f->plain.p || f->frame->version == 5)
        return false;
    cqlr_rd_init(r, f->plain.p, f->plain.n, err);
    return cqlr_prefix_read(r, f->frame->flags, f->frame->response, &prefix) == 0;
}

static enum frame_compression compression_of(struct cqlr_span options)
{
    struct cqlr_str key, v;
    while (cqlr_string_map_next(&options, &key, &v))
        if (cqlr_str_equal(key, cqlr_cstr("COMPRESSION")))
            return v.n == 3 && (v.p[0] | 32) == 'l' && (v.p[1] | 32) == 'z' && v.p[2] == '4'
                       ? FRAME_LZ4
                       : FRAME_OTHER;
    return FRAME_NOT_TOLD;
}

static int text_keep(struct talk_request *r, struct cqlr_str cql)
{
    r->text = malloc(cql.n + 1);
    if (!r->text)
        return CQLR_E_NOMEM;
    if (cql.n)
        memcpy(r->text, cql.p, cql.n);
    r->cql = (struct cqlr_str){r->text, cql.n};
    return 0;
}

/* What of a request matters for its answer. */
static int request_read(struct talk *t, struct talk_frame *f, struct talk_request *r)
{
    union {
        struct cqlr_query query;
        struct cqlr_prepare prepare;
        struct cqlr_execute execute;
    } m;
    struct cqlr_rd rd;
    struct cqlr_err err;
    if (!message_begin(f, &rd, &err))
        return 0;
    switch (f->frame->opcode) {
    case CQLR_OP_QUERY:
        return cqlr_query_read(&rd, &m.query) ? 0 : text_keep(r, m.query.cql);
    case CQLR_OP_PREPARE:
        return cqlr_prepare_read(&rd, &m.prepare) ? 0 : text_keep(r, m.prepare.cql);
    case CQLR_OP_EXECUTE:
        r->statement = cqlr_execute_read(&rd, &m.execute) ? NULL : statement_find(t, m.execute.id);
        break;
    default:
        break;
    }
    if (r->statement) {
        r->cql = r->statement->cql;
        f->about.markers = r->statement->markers;
    }
    return 0;
}

/* STARTUP is the same in every version. */
static void startup_read(const struct talk_frame *f, struct talk_request *r)
{
    struct cqlr_startup m;
    struct cqlr_rd rd;
    struct cqlr_err err;
    cqlr_rd_init(&rd, f->plain.p, f->plain.n, &err);
    if (f->frame->opcode == CQLR_OP_STARTUP && f->plain.p && !cqlr_startup_read(&rd, &m))
        r->compression = compression_of(m.options);
}

static int hear_request(struct talk *t, struct talk_frame *f)
{
    struct talk_request *r = calloc(1, sizeof *r);
    if (!r)
        return CQLR_E_NOMEM;
    f->replaced = request_find(t, key_of(f));
    if (f->replaced)
        request_take(t, f->replaced);
    r->key = key_of(f);
    r->time_ns = f->about.time_ns;
    r->connection = f->about.connection;
    r->frame = *f->frame;
    startup_read(f, r);
    if (!tsearch(r, &t->requests, request_order)) {
        free(r);
        return CQLR_E_NOMEM;
    }
    r->before = t->last;
    *(t->last ? &t->last->behind : &t->first) = r;
    t->last = r;
    return request_read(t, f, r);
}

/* ---- responses ---- */

static int prepared_keep(struct talk *t, const struct talk_frame *f)
{
    struct cqlr_result m;
    struct cqlr_rd rd;
    struct cqlr_err err = {0};
    if (f->frame->version != 4 || !message_begin(f, &rd, &err) || cqlr_result_read(&rd, NULL, &m) ||
        m.kind != CQLR_RESULT_PREPARED)
        return 0;
    struct cqlr_columns *markers = cqlr_columns_new(&m.u.prepared.markers, NULL, &err);
    struct cqlr_columns *columns =
        markers ? cqlr_columns_new(&m.u.prepared.result, NULL, &err) : NULL;
    if (columns)
        return statement_put(t, m.u.prepared.id, f->request->cql, markers, columns);
    cqlr_columns_free(markers);
    return err.code == CQLR_E_NOMEM ? err.code : 0;
}

static int hear_response(struct talk *t, struct talk_frame *f, struct talk_connection *c)
{
    struct talk_request *r = f->frame->opcode == CQLR_OP_EVENT ? NULL : request_find(t, key_of(f));
    f->request = r;
    if (!r)
        return 0;
    request_take(t, r);
    if (r->statement)
        f->about.columns = r->statement->columns;
    if (r->frame.opcode == CQLR_OP_STARTUP &&
        (f->frame->opcode == CQLR_OP_READY || f->frame->opcode == CQLR_OP_AUTHENTICATE)) {
        c->compression = r->compression;
        f->segments = f->frame->version == 5;
    }
    bool prepared = r->frame.opcode == CQLR_OP_PREPARE && f->frame->opcode == CQLR_OP_RESULT;
    return prepared ? prepared_keep(t, f) : 0;
}

int talk_hear(struct talk *t, struct talk_frame *f)
{
    struct talk_connection *c = connection_of(t, f->about.connection);
    if (!c)
        return CQLR_E_NOMEM;
    f->about.compression = c->compression;
    f->request = f->replaced = NULL;
    f->segments = false;
    int rc = body_plain(t, f);
    if (rc)
        return rc;
    return f->frame->response ? hear_response(t, f, c) : hear_request(t, f);
}

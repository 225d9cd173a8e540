/*
 * recording.c - the streams of a capture file → frames → requests with their answers.
 *
 * Frames come in order of time, so an answer belongs to the last request on its stream that has
 * none yet (native_protocol_v4.spec section 2.3). A direction is read no further behind a gap,
 * another version of the protocol or a length that no frame has. The file is not trusted: what is
 * kept is what was there, once, and a small struct a frame.
 */
#include <stdio.h>
#include <string.h>

#include <cqlraw/msg.h>

#include "listen.h"
#include "recording.h"
#include "tools/capture/capture.h"

#define BUCKETS 65536u
#define REQUEST 0x04u /* first byte of a request of version 4 */
#define ANSWER  0x84u

/* What makes two requests the same. */
struct key {
    uint8_t opcode, flags;
    struct cqlr_bytes rest;
    uint64_t hash;
};

/* A request that was seen, once for each time; without an answer until that was seen, too. */
struct exchange {
    struct exchange *next;         /* of the same request */
    struct exchange *next_waiting; /* in the same bucket */
    uint32_t connection;
    int16_t stream;
    struct stub_recorded *answer, *last;
};

struct request {
    struct request *next; /* in the same bucket */
    struct key key;
    struct exchange *first, *last;
    struct exchange *given;   /* the last answer that was given; NULL = none yet */
    struct exchange *to_come; /* the next one, answered or not */
};

struct direction {
    struct cqlr_wr part; /* bytes of a frame that is not whole yet */
    bool lost;           /* not read any further */
};

struct connection {
    struct direction from[2]; /* client, server */
    struct exchange *registered;
};

struct stub_recording {
    const struct cqlr_mem *mem;
    struct cqlr_arena arena; /* requests, exchanges, frames */
    struct request *request[BUCKETS];
    unsigned answers;
    char note[CQLR_ERR_TEXT];
};

/* While the file is read. */
struct reading {
    struct stub_recording *r;
    struct connection *list;
    uint32_t count;
    unsigned lost; /* directions */
    struct exchange *waiting[BUCKETS];
};

static const char out_of_memory[] = "out of memory";

/* ---- keys ---- */

static uint64_t hash(uint64_t h, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* The compression that STARTUP chooses; all of the body when it cannot be read. */
static struct cqlr_bytes compression(struct cqlr_bytes body)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    struct cqlr_startup m;
    struct cqlr_str k, v;
    cqlr_rd_init(&r, body.p, body.n, &err);
    if (cqlr_startup_read(&r, &m))
        return body;
    while (cqlr_string_map_next(&m.options, &k, &v))
        if (cqlr_str_equal(k, cqlr_cstr("COMPRESSION")))
            return (struct cqlr_bytes){(const uint8_t *)v.p, v.n};
    return (struct cqlr_bytes){NULL, 0};
}

static struct key key_of(const uint8_t *frame, size_t n)
{
    struct key k = {.rest = {frame + CQLR_FRAME_HEADER, n - CQLR_FRAME_HEADER}};
    struct cqlr_frame f;
    cqlr_frame_read(frame, &f);
    k.opcode = f.opcode;
    k.flags = f.flags;
    if (f.opcode == CQLR_OP_STARTUP)
        k.rest = compression(k.rest);
    const uint8_t head[2] = {k.opcode, k.flags};
    k.hash = hash(hash(UINT64_C(0xcbf29ce484222325), head, sizeof head), k.rest.p, k.rest.n);
    return k;
}

static bool key_equal(const struct key *a, const struct key *b)
{
    return a->hash == b->hash && a->opcode == b->opcode && a->flags == b->flags &&
           a->rest.n == b->rest.n &&
           (a->rest.n == 0 || memcmp(a->rest.p, b->rest.p, a->rest.n) == 0);
}

static struct request *find(struct stub_recording *r, const struct key *k)
{
    struct request *q = r->request[k->hash % BUCKETS];
    while (q && !key_equal(&q->key, k))
        q = q->next;
    return q;
}

/* ---- requests and answers ---- */

static struct request *request_add(struct stub_recording *r, const struct key *k)
{
    struct request *q = cqlr_arena_get(&r->arena, sizeof *q);
    if (!q)
        return NULL;
    q->key = *k;
    q->next = r->request[k->hash % BUCKETS];
    r->request[k->hash % BUCKETS] = q;
    return q;
}

static struct exchange **waiting(struct reading *g, uint32_t connection, int16_t stream)
{
    return &g->waiting[(connection * 32771u + (uint16_t)stream) % BUCKETS];
}

static int request_seen(struct reading *g, uint32_t connection, const uint8_t *frame, size_t n)
{
    struct key k = key_of(frame, n);
    struct cqlr_frame f;
    struct request *q = find(g->r, &k);
    struct exchange *x = cqlr_arena_get(&g->r->arena, sizeof *x);
    cqlr_frame_read(frame, &f);
    if (!q)
        q = request_add(g->r, &k);
    if (!q || !x)
        return CQLR_E_NOMEM;
    struct exchange **bucket = waiting(g, connection, f.stream);
    *x = (struct exchange){.connection = connection, .stream = f.stream, .next_waiting = *bucket};
    *bucket = x;
    if (q->last)
        q->last->next = x;
    else
        q->first = q->to_come = x;
    q->last = x;
    if (f.opcode == CQLR_OP_REGISTER)
        g->list[connection].registered = x;
    return 0;
}

/* Takes the request that waits on this stream; NULL when there is none. */
static struct exchange *take_waiting(struct reading *g, uint32_t connection, int16_t stream)
{
    struct exchange **at = waiting(g, connection, stream);
    while (*at && ((*at)->connection != connection || (*at)->stream != stream))
        at = &(*at)->next_waiting;
    struct exchange *x = *at;
    if (x)
        *at = x->next_waiting;
    return x;
}

/* An EVENT belongs behind the answer to REGISTER; one that was seen before that has no place. */
static int answer_seen(struct reading *g, uint32_t connection, const uint8_t *frame, size_t n)
{
    struct cqlr_frame f;
    struct exchange *x = g->list[connection].registered;
    cqlr_frame_read(frame, &f);
    if (f.opcode != CQLR_OP_EVENT)
        x = take_waiting(g, connection, f.stream);
    else if (x && !x->answer)
        x = NULL;
    if (!x)
        return 0;
    struct stub_recorded *a = cqlr_arena_get(&g->r->arena, sizeof *a);
    if (!a)
        return CQLR_E_NOMEM;
    *a = (struct stub_recorded){NULL, frame, n};
    if (x->last)
        x->last->next = a;
    else
        x->answer = a;
    x->last = a;
    g->r->answers += f.opcode != CQLR_OP_EVENT;
    return 0;
}

/* ---- bytes → frames ---- */

/* The length of the frame that begins here, as soon as its header is there; 0 = more is needed,
 * negative: no frame of version 4. */
static int64_t frame_length(const uint8_t *p, size_t n, bool from_server)
{
    struct cqlr_frame f;
    if (n > 0 && p[0] != (from_server ? ANSWER : REQUEST))
        return CQLR_E_VERSION;
    if (n < CQLR_FRAME_HEADER)
        return 0;
    cqlr_frame_read(p, &f);
    return f.length > CQLR_FRAME_MAX ? CQLR_E_PROTO : (int64_t)CQLR_FRAME_HEADER + f.length;
}

static int frame_seen(struct reading *g, uint32_t connection, bool from_server, const uint8_t *p,
                      size_t n)
{
    uint8_t *kept = cqlr_arena_get(&g->r->arena, n);
    if (!kept)
        return CQLR_E_NOMEM;
    memcpy(kept, p, n);
    return from_server ? answer_seen(g, connection, kept, n) : request_seen(g, connection, kept, n);
}

static void lose(struct reading *g, struct direction *d)
{
    d->lost = true;
    g->lost++;
    cqlr_wr_fini(&d->part);
}

static int cut_frames(struct reading *g, uint32_t connection, bool from_server)
{
    struct direction *d = &g->list[connection].from[from_server];
    size_t at = 0;
    int64_t n;
    while ((n = frame_length(d->part.p + at, d->part.n - at, from_server)) > 0 &&
           (uint64_t)n <= d->part.n - at) {
        int rc = frame_seen(g, connection, from_server, d->part.p + at, (size_t)n);
        if (rc)
            return rc;
        at += (size_t)n;
    }
    if (n < 0) {
        lose(g, d);
        return 0;
    }
    d->part.n -= at;
    if (at && d->part.n)
        memmove(d->part.p, d->part.p + at, d->part.n);
    return 0;
}

static int chunk_seen(struct reading *g, const struct capture_chunk *c)
{
    struct direction *d = &g->list[c->connection].from[c->from_server];
    if (d->lost)
        return 0;
    if (c->gap) {
        lose(g, d);
        return 0;
    }
    cqlr_wr_raw(&d->part, c->p, c->n);
    return d->part.rc ? d->part.rc : cut_frames(g, c->connection, c->from_server);
}

/* ---- the file ---- */

static int reading_init(struct reading *g, struct stub_recording *r, uint32_t connections)
{
    memset(g, 0, sizeof *g);
    g->r = r;
    g->list = r->mem->resize(r->mem->arg, NULL, 0, (connections + (size_t)1) * sizeof *g->list);
    if (!g->list)
        return CQLR_E_NOMEM;
    g->count = connections;
    memset(g->list, 0, connections * sizeof *g->list);
    for (uint32_t i = 0; i < connections; i++)
        for (int k = 0; k < 2; k++)
            cqlr_wr_init(&g->list[i].from[k].part, r->mem, 2 * (size_t)CQLR_FRAME_MAX);
    return 0;
}

static void reading_fini(struct reading *g)
{
    const struct cqlr_mem *mem = g->r->mem;
    for (uint32_t i = 0; i < g->count; i++)
        for (int k = 0; k < 2; k++)
            cqlr_wr_fini(&g->list[i].from[k].part);
    if (g->list)
        mem->resize(mem->arg, g->list, (g->count + (size_t)1) * sizeof *g->list, 0);
}

static int read_chunks(struct reading *g, struct capture *c)
{
    struct capture_chunk chunk;
    int rc = 0;
    while (!rc && capture_next(c, &chunk))
        rc = chunk_seen(g, &chunk);
    return rc;
}

/* Why nothing can be answered, or what is not. */
static int judge(struct stub_recording *r, unsigned lost, const char *skipped, struct cqlr_err *err)
{
    const char *colon = *skipped ? ": " : "";
    if (!r->answers)
        return stub_error(err, CQLR_E_PROTO, "no answer of protocol version 4 is in it%s%s", colon,
                          skipped);
    if (lost)
        snprintf(r->note, sizeof r->note, "%u directions of connections not read to their end%s%s",
                 lost, colon, skipped);
    else
        snprintf(r->note, sizeof r->note, "%s", skipped);
    return 0;
}

static int read_capture(struct stub_recording *r, struct capture *c, struct cqlr_err *err)
{
    struct reading *g = r->mem->resize(r->mem->arg, NULL, 0, sizeof *g);
    if (!g)
        return stub_error(err, CQLR_E_NOMEM, out_of_memory);
    int rc = reading_init(g, r, capture_connections(c));
    if (!rc)
        rc = read_chunks(g, c);
    rc = rc ? stub_error(err, rc, out_of_memory) : judge(r, g->lost, capture_note(c), err);
    reading_fini(g);
    r->mem->resize(r->mem->arg, g, sizeof *g, 0);
    return rc;
}

struct stub_recording *stub_recording_new(struct cqlr_bytes file, const struct cqlr_mem *mem,
                                          struct cqlr_err *err)
{
    struct stub_recording *r = mem->resize(mem->arg, NULL, 0, sizeof *r);
    if (!r) {
        stub_error(err, CQLR_E_NOMEM, out_of_memory);
        return NULL;
    }
    memset(r, 0, sizeof *r);
    r->mem = mem;
    cqlr_arena_init(&r->arena, mem);
    struct capture *c = capture_new(file, 0, mem, err);
    int rc = c ? read_capture(r, c, err) : -1;
    capture_free(c);
    if (rc) {
        stub_recording_free(r);
        return NULL;
    }
    return r;
}

void stub_recording_free(struct stub_recording *r)
{
    if (!r)
        return;
    cqlr_arena_fini(&r->arena);
    r->mem->resize(r->mem->arg, r, sizeof *r, 0);
}

const char *stub_recording_note(const struct stub_recording *r)
{
    return r->note;
}

const struct stub_recorded *stub_recording_answer(struct stub_recording *r, const uint8_t *frame,
                                                  size_t n)
{
    struct key k = key_of(frame, n);
    struct request *q = find(r, &k);
    if (!q)
        return NULL;
    struct exchange *x = q->to_come;
    while (x && !x->answer)
        x = x->next;
    if (x)
        q->given = x;
    q->to_come = x ? x->next : NULL;
    return q->given ? q->given->answer : NULL;
}

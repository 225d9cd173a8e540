/*
 * publish.c - see publish.h. An open record is built in place in the ring, behind the published
 * end, so output is copied once on its way from the worker's buffer to the parent's write. Its
 * header is laid down when it is closed, and only then does the published end move: half a record
 * is never seen.
 */
#include "src/bulk/worker/publish.h"

#define LONG_ENOUGH 65536

static size_t half(const struct cqlr__publisher *p)
{
    return p->ring->size / 2;
}

static uint8_t *place(const struct cqlr__publisher *p)
{
    return cqlr__ring_at(p->ring, p->ring->pos);
}

/* Lays down a header; the bytes behind it are there. */
static void emit(struct cqlr__publisher *p, const struct cqlr__record *rec)
{
    size_t n = sizeof *rec + cqlr__padded(rec->bytes);
    memcpy(place(p), rec, sizeof *rec);
    cqlr__ring_wrote(p->ring, n);
    cqlr__ring_publish(p->ring);
    p->fresh += n;
}

void cqlr__publish_close(struct cqlr__publisher *p)
{
    if (p->open)
        emit(p, &p->rec);
    p->open = false;
}

/* May these bytes go into the open record? */
static bool joins(const struct cqlr__publisher *p, const struct cqlr__record *what, size_t bytes)
{
    size_t n = sizeof p->rec + cqlr__padded(p->rec.bytes + bytes);
    return p->open && what->kind == CQLR__RECORD_PAGES && p->rec.unit == what->unit &&
           n <= half(p) && n <= LONG_ENOUGH && n <= cqlr__ring_room(p->ring);
}

/* Appends bytes [from, to) of out followed by state. */
static void copy(uint8_t *q, const uint8_t *out, size_t n, const uint8_t *state, size_t from,
                 size_t to)
{
    if (from < n) {
        size_t part = (to < n ? to : n) - from;
        memcpy(q, out + from, part);
        q += part;
        from += part;
    }
    if (from < to)
        memcpy(q, state + (from - n), to - from);
}

/* Room for a record of so many bytes? */
static bool has_room(struct cqlr__publisher *p, size_t bytes)
{
    p->need = sizeof p->rec + cqlr__padded(bytes);
    return cqlr__ring_room(p->ring) >= p->need;
}

/* Sends chunks until the rest fits a record. false = the ring is full. */
static bool chunks(struct cqlr__publisher *p, const struct cqlr__record *what, const uint8_t *out,
                   size_t n, const uint8_t *state, size_t ns)
{
    size_t most = half(p) - sizeof p->rec;
    while (n + ns - p->chunked > most) {
        const struct cqlr__record chunk = {
            .kind = CQLR__RECORD_CHUNK, .unit = what->unit, .bytes = most};
        if (!has_room(p, most))
            return false;
        copy(place(p) + sizeof chunk, out, n, state, p->chunked, p->chunked + most);
        emit(p, &chunk);
        p->chunked += most;
    }
    return true;
}

static void join(struct cqlr__publisher *p, const struct cqlr__record *what, size_t bytes,
                 size_t ns)
{
    struct cqlr__record *to = &p->rec;
    to->bytes += bytes;
    to->state = (uint32_t)ns;
    to->next_item = what->next_item;
    to->next_page = what->next_page;
    to->item_rows = what->item_rows;
    to->queries += what->queries;
    to->empty += what->empty;
    to->pages += what->pages;
    to->rows += what->rows;
    if (!what->next_page)
        to->whole = p->ahead + to->bytes;
}

bool cqlr__publish(struct cqlr__publisher *p, const struct cqlr__record *what, const uint8_t *out,
                   size_t n, const uint8_t *state, size_t ns)
{
    size_t rest;
    if (!joins(p, what, n + ns)) {
        cqlr__publish_close(p);
        if (!chunks(p, what, out, n, state, ns) || !has_room(p, n + ns - p->chunked))
            return false;
        p->rec = (struct cqlr__record){.kind = what->kind, .unit = what->unit};
        p->open = true;
        p->ahead = p->chunked;
    }
    rest = n + ns - p->chunked;
    copy(place(p) + sizeof p->rec + p->rec.bytes, out, n, state, p->chunked, n + ns);
    p->chunked = 0;
    join(p, what, rest, ns);
    if (what->kind == CQLR__RECORD_ERROR || ns)
        cqlr__publish_close(p);
    return true;
}

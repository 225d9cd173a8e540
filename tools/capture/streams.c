/*
 * streams.c - reassembly.
 *
 * A place in a stream is a 64-bit number: 0 is what follows the SYN (without one: the first segment
 * of the capture), and a 32-bit sequence number is the place nearest to the highest one so far.
 *
 * The pieces of a direction are a list, which is sorted by place before anything is given. So it is
 * known which gaps are never filled. Then time passes: piece by piece in the order of the file,
 * `next` is the place up to where the direction was given, and `cursor` goes over the sorted list
 * to find what had come early and is due now. Each piece is looked at twice.
 */
#include "streams.h"

#include "memory.h"

#define NONE UINT32_MAX

struct streams_piece {
    const uint8_t *p;
    uint64_t time_ns;
    int64_t at;
    uint32_t n;
    uint32_t next; /* of the same direction */
    uint32_t direction;
    bool end;
    bool gap; /* nothing in the capture reaches up to it */
};

struct streams_direction {
    int64_t high;    /* while adding: the end of what came */
    int64_t next;    /* while giving */
    int64_t cover;   /* the end of what the cursor has passed */
    uint32_t origin; /* the sequence number of place 0 */
    uint32_t first, last;
    uint32_t cursor;
    bool begun, syn;
    bool gap; /* in front of `next` */
    bool ended;
};

void streams_fini(struct streams *s)
{
    memory_free(s->mem, s->piece, s->pieces_cap, sizeof *s->piece);
    memory_free(s->mem, s->direction, s->directions_cap, sizeof *s->direction);
}

int streams_open(struct streams *s)
{
    struct streams_direction *v =
        memory_grow(s->mem, s->direction, s->directions, &s->directions_cap, sizeof *v);
    if (!v || s->directions == NONE)
        return CQLR_E_NOMEM;
    s->direction = v;
    v[s->directions++] = (struct streams_direction){.first = NONE, .last = NONE};
    return 0;
}

/* ---- adding ---- */

bool streams_is_anew(const struct streams *s, uint32_t direction, const struct segment *t)
{
    const struct streams_direction *d = &s->direction[direction];
    return d->begun && !(d->syn && d->origin == t->seq + 1);
}

static int piece_add(struct streams *s, uint32_t direction, struct streams_piece piece)
{
    struct streams_direction *d = &s->direction[direction];
    struct streams_piece *v = memory_grow(s->mem, s->piece, s->pieces, &s->pieces_cap, sizeof *v);
    if (!v || s->pieces >= NONE)
        return CQLR_E_NOMEM;
    s->piece = v;
    piece.next = NONE;
    piece.direction = direction;
    uint32_t i = (uint32_t)s->pieces++;
    v[i] = piece;
    if (d->first == NONE)
        d->first = i;
    else
        v[d->last].next = i;
    d->last = i;
    return 0;
}

/* The place of a sequence number: of those that are possible the nearest to the highest so far. */
static int64_t place(const struct streams_direction *d, uint32_t seq)
{
    return d->high + (int32_t)(seq - (d->origin + (uint32_t)d->high));
}

int streams_add(struct streams *s, uint32_t direction, const struct segment *t, uint64_t time_ns)
{
    struct streams_direction *d = &s->direction[direction];
    struct streams_piece piece = {.p = t->data.p, .time_ns = time_ns, .n = (uint32_t)t->data.n};
    uint32_t seq = t->seq + t->syn; /* a SYN has a number of its own */
    int rc = 0;
    if (d->ended)
        return 0;
    if (!d->begun)
        d->origin = seq;
    d->begun = true;
    d->syn = d->syn || t->syn;
    if (t->rst) { /* what it says of its place is not to be relied on */
        d->ended = true;
        return piece_add(s, direction,
                         (struct streams_piece){.time_ns = time_ns, .end = true, .at = d->high});
    }
    piece.at = place(d, seq);
    int64_t behind = piece.at + piece.n;
    d->high = behind > d->high ? behind : d->high;
    if (piece.n)
        rc = piece_add(s, direction, piece);
    if (t->fin && !rc)
        rc = piece_add(s, direction,
                       (struct streams_piece){.time_ns = time_ns, .end = true, .at = behind});
    return rc;
}

/* ---- sorting ---- */

/* Two sorted lists as one; of the same place, the first list's goes first. */
static uint32_t merge(struct streams_piece *v, uint32_t a, uint32_t b)
{
    uint32_t head = NONE, *tail = &head;
    while (a != NONE && b != NONE) {
        uint32_t *smaller = v[b].at < v[a].at ? &b : &a;
        *tail = *smaller;
        tail = &v[*smaller].next;
        *smaller = *tail;
    }
    *tail = a != NONE ? a : b;
    return head;
}

/* Cuts the list where it is no longer in order; returns what follows. */
static uint32_t run_cut(struct streams_piece *v, uint32_t list)
{
    while (v[list].next != NONE && v[v[list].next].at >= v[list].at)
        list = v[list].next;
    uint32_t rest = v[list].next;
    v[list].next = NONE;
    return rest;
}

/* Runs that are in order already are merged in pairs, as a number counts in binary. */
static uint32_t sort(struct streams_piece *v, uint32_t list)
{
    uint32_t waiting[32];
    unsigned used = 0;
    while (list != NONE) {
        uint32_t run = list;
        unsigned i = 0;
        list = run_cut(v, list);
        for (; i < used && waiting[i] != NONE; i++) {
            run = merge(v, waiting[i], run);
            waiting[i] = NONE;
        }
        if (i == used)
            used++;
        waiting[i] = run;
    }
    for (unsigned i = 0; i < used; i++)
        if (waiting[i] != NONE)
            list = list == NONE ? waiting[i] : merge(v, waiting[i], list);
    return list;
}

static void gaps_mark(struct streams_piece *v, const struct streams_direction *d)
{
    int64_t cover = d->next;
    for (uint32_t i = d->first; i != NONE; i = v[i].next) {
        v[i].gap = v[i].at > cover;
        cover = v[i].at + v[i].n > cover ? v[i].at + v[i].n : cover;
    }
}

void streams_sort(struct streams *s)
{
    for (size_t i = 0; i < s->directions; i++) {
        struct streams_direction *d = &s->direction[i];
        d->first = d->cursor = sort(s->piece, d->first);
        d->ended = false;
        d->gap = !d->syn;
        d->next = d->syn || d->first == NONE ? 0 : s->piece[d->first].at;
        d->cover = d->next;
        gaps_mark(s->piece, d);
    }
}

/* ---- giving ---- */

/* What is new in a piece; false when nothing is, or when it is not its turn yet. */
static bool take(struct streams_direction *d, const struct streams_piece *p,
                 struct capture_chunk *chunk)
{
    if (d->ended || p->at > d->next || (!p->end && p->at + p->n <= d->next))
        return false;
    size_t old = p->end ? 0 : (size_t)(d->next - p->at);
    chunk->p = p->end ? NULL : p->p + old;
    chunk->n = p->n - old;
    chunk->gap = d->gap;
    chunk->end = p->end;
    d->next += (int64_t)chunk->n;
    d->gap = false;
    d->ended = p->end;
    return true;
}

/* What had come early and is due now. */
static bool take_waiting(struct streams *s, struct streams_direction *d,
                         struct capture_chunk *chunk)
{
    while (d->cursor != NONE) {
        const struct streams_piece *p = &s->piece[d->cursor];
        if (p->at > d->next && !(p->gap && d->next == d->cover))
            return false;
        if (p->at > d->next) { /* what is in front of it never comes */
            d->next = p->at;
            d->gap = true;
        }
        size_t index = d->cursor;
        d->cursor = p->next;
        d->cover = p->at + p->n > d->cover ? p->at + p->n : d->cover;
        if (index <= s->now && take(d, p, chunk))
            return true;
    }
    return false;
}

bool streams_next(struct streams *s, uint32_t *direction, struct capture_chunk *chunk)
{
    for (; s->now < s->pieces; s->now++) {
        const struct streams_piece *p = &s->piece[s->now];
        struct streams_direction *d = &s->direction[p->direction];
        *direction = p->direction;
        chunk->time_ns = p->time_ns;
        if (take(d, p, chunk) || take_waiting(s, d, chunk))
            return true;
    }
    return false;
}

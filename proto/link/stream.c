/*
 * stream.c - the table of stream ids: slots in an array, the free ones chained last in, first out.
 */
#include "proto/base/mem.h"
#include "proto/link/stream.h"

#define FIRST_CAP 32

void cqlr__streams_init(struct cqlr__streams *s, const struct cqlr_mem *mem, uint16_t max)
{
    *s = (struct cqlr__streams){.mem = mem, .max = max};
}

void cqlr__streams_fini(struct cqlr__streams *s)
{
    cqlr__mem_array_free(s->mem, s->v, s->cap, sizeof *s->v);
}

static bool grow(struct cqlr__streams *s)
{
    uint16_t cap = s->cap > s->max / 2 ? s->max : (uint16_t)(s->cap * 2);
    if (cap < FIRST_CAP)
        cap = FIRST_CAP < s->max ? FIRST_CAP : s->max;
    void *v = cqlr__mem_array_resize(s->mem, s->v, s->cap, cap, sizeof *s->v);
    if (!v)
        return false;
    s->v = v;
    s->cap = cap;
    return true;
}

int cqlr__streams_take(struct cqlr__streams *s, void *tag)
{
    uint16_t id = s->free;
    if (id) {
        s->free = s->v[id - 1].next;
    } else {
        if (s->used == s->max)
            return CQLR_E_AGAIN;
        if (s->used == s->cap && !grow(s))
            return CQLR_E_NOMEM;
        id = ++s->used;
    }
    s->v[id - 1] = (struct cqlr__stream){.tag = tag, .state = CQLR__STREAM_PENDING};
    s->in_flight++;
    return id;
}

enum cqlr__stream_state cqlr__streams_finish(struct cqlr__streams *s, int id, void **tag)
{
    if (id < 1 || id > s->used)
        return CQLR__STREAM_FREE;
    struct cqlr__stream *slot = &s->v[id - 1];
    enum cqlr__stream_state state = (enum cqlr__stream_state)slot->state;
    if (state == CQLR__STREAM_FREE)
        return state;

    if (state == CQLR__STREAM_PENDING) {
        *tag = slot->tag;
        s->in_flight--;
    } else {
        s->orphans--;
    }
    slot->state = CQLR__STREAM_FREE;
    slot->next = s->free;
    s->free = (uint16_t)id;
    return state;
}

void cqlr__streams_forget(struct cqlr__streams *s, int id)
{
    if (id < 1 || id > s->used || s->v[id - 1].state != CQLR__STREAM_PENDING)
        return;
    s->v[id - 1].state = CQLR__STREAM_FORGOTTEN;
    s->in_flight--;
    s->orphans++;
}

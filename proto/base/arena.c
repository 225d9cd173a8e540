/*
 * arena.c - memory that is freed together: a chain of blocks, each cut up from its front.
 *
 * Blocks start small and double up to a cap, so that a result of two columns costs one small block;
 * what is larger than the next block gets a block of its own size. Only the newest block is cut
 * from.
 */
#include <string.h>

#include <cqlraw/base.h>

#include "proto/base/mem.h"

#define BLOCK_FIRST 512
#define BLOCK_LARGE (64 * 1024)

struct cqlr_arena_block {
    struct cqlr_arena_block *next;
    size_t size; /* bytes behind this header */
    size_t used;
    max_align_t data[]; /* bytes; of this type for its alignment only */
};

static size_t round_up(size_t n)
{
    const size_t unit = _Alignof(max_align_t);
    return (n + unit - 1) / unit * unit;
}

/* Puts a block with room for n bytes at the front of the chain; NULL when there is no memory. */
static struct cqlr_arena_block *block_add(struct cqlr_arena *a, size_t n)
{
    size_t size = a->blocks ? a->blocks->size * 2 : BLOCK_FIRST;
    if (size > BLOCK_LARGE)
        size = BLOCK_LARGE;
    if (size < n)
        size = n;
    struct cqlr_arena_block *b = cqlr__mem_get(a->mem, sizeof *b + size);
    if (!b)
        return NULL;
    b->next = a->blocks;
    b->size = size;
    b->used = 0;
    a->blocks = b;
    return b;
}

void cqlr_arena_init(struct cqlr_arena *a, const struct cqlr_mem *mem)
{
    a->mem = cqlr__mem(mem);
    a->blocks = NULL;
}

void cqlr_arena_fini(struct cqlr_arena *a)
{
    while (a->blocks) {
        struct cqlr_arena_block *b = a->blocks;
        a->blocks = b->next;
        cqlr__mem_free(a->mem, b, sizeof *b + b->size);
    }
}

void *cqlr_arena_get(struct cqlr_arena *a, size_t n)
{
    if (n > PTRDIFF_MAX / 2)
        return NULL;
    n = round_up(n ? n : 1);
    struct cqlr_arena_block *b = a->blocks;
    if (!b || b->size - b->used < n)
        b = block_add(a, n);
    if (!b)
        return NULL;
    void *p = (uint8_t *)b->data + b->used;
    b->used += n;
    return memset(p, 0, n);
}

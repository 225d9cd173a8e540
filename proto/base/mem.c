/*
 * mem.c - the default allocator: malloc and free behind the hook of base.h. The only place of
 * proto/ that knows a heap.
 */
#include <stdlib.h>

#include "proto/base/mem.h"

static void *heap_resize(void *arg, void *p, size_t old, size_t n)
{
    (void)arg;
    (void)old;
    if (n)
        return realloc(p, n);
    free(p);
    return NULL;
}

const struct cqlr_mem *cqlr_mem_default(void)
{
    static const struct cqlr_mem heap = {heap_resize, NULL};
    return &heap;
}

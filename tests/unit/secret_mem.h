/*
 * secret_mem.h - an allocator that looks at every block that is given back or resized: none may
 * hold the secret.
 */
#ifndef CQLRAW_TESTS_SECRET_MEM_H
#define CQLRAW_TESTS_SECRET_MEM_H

#include <string.h>

#include <cqlraw/base.h>

#define SECRET "pass:word-of-the-test"

struct secret_mem {
    struct cqlr_mem mem;
    unsigned long blocks; /* looked at */
    unsigned leaks;
};

static inline void *secret_resize(void *arg, void *p, size_t old, size_t n)
{
    struct secret_mem *s = arg;
    const struct cqlr_mem *heap = cqlr_mem_default();
    s->blocks += p != NULL;
    s->leaks += p && memmem(p, old, SECRET, strlen(SECRET));
    return heap->resize(heap->arg, p, old, n);
}

static inline void secret_mem_init(struct secret_mem *s)
{
    *s = (struct secret_mem){.mem = {secret_resize, s}};
}

#endif

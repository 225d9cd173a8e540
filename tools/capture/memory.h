/*
 * memory.h - arrays that grow, through the hook of base.h.
 */
#ifndef CQLRAW_CAPTURE_MEMORY_H
#define CQLRAW_CAPTURE_MEMORY_H

#include <cqlraw/base.h>

/* The array with room for one element more than its n; NULL: no memory, and v is as it was. */
static inline void *memory_grow(const struct cqlr_mem *mem, void *v, size_t n, size_t *cap,
                                size_t each)
{
    if (n < *cap)
        return v;
    size_t more = *cap + *cap / 2 + 4;
    if (more > (size_t)PTRDIFF_MAX / each)
        return NULL;
    void *p = mem->resize(mem->arg, v, *cap * each, more * each);
    if (p)
        *cap = more;
    return p;
}

static inline void memory_free(const struct cqlr_mem *mem, void *v, size_t cap, size_t each)
{
    if (v)
        mem->resize(mem->arg, v, cap * each, 0);
}

#endif

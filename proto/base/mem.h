/*
 * mem.h - allocation through the hook of base.h, with every size computed in one checked place.
 *
 * A block's size is given back when it is resized or freed, so callers keep it beside the pointer.
 */
#ifndef CQLRAW_PROTO_BASE_MEM_H
#define CQLRAW_PROTO_BASE_MEM_H

#include <string.h>

#include <cqlraw/base.h>

/* The hook itself, or the default one for NULL. */
static inline const struct cqlr_mem *cqlr__mem(const struct cqlr_mem *mem)
{
    return mem ? mem : cqlr_mem_default();
}

/* n bytes, not zeroed; NULL for n = 0 and when there is no memory. */
static inline void *cqlr__mem_get(const struct cqlr_mem *mem, size_t n)
{
    return n ? mem->resize(mem->arg, NULL, 0, n) : NULL;
}

static inline void cqlr__mem_free(const struct cqlr_mem *mem, void *p, size_t n)
{
    if (p)
        mem->resize(mem->arg, p, n, 0);
}

/* Overwrites n bytes of a secret before their memory is given back. Volatile: a compiler may leave
 * out a memset of memory that nobody reads again. */
static inline void cqlr__mem_wipe(void *p, size_t n)
{
    volatile uint8_t *v = p;
    while (n-- > 0)
        *v++ = 0;
}

/* A copy of a string, NULL of NULL: true unless memory ran out. */
static inline bool cqlr__mem_string(const struct cqlr_mem *mem, const char *s, char **copy)
{
    size_t n = s ? strlen(s) + 1 : 0;
    *copy = cqlr__mem_get(mem, n);
    if (*copy)
        memcpy(*copy, s, n);
    return *copy || !s;
}

static inline void cqlr__mem_string_free(const struct cqlr_mem *mem, char *s)
{
    cqlr__mem_free(mem, s, s ? strlen(s) + 1 : 0);
}

/* The same of a secret, overwritten first. */
static inline void cqlr__mem_secret_free(const struct cqlr_mem *mem, char *s)
{
    size_t n = s ? strlen(s) : 0;
    cqlr__mem_wipe(s, n);
    cqlr__mem_free(mem, s, n + 1);
}

/* *out = count × each; false when the product does not fit. Nothing may be as large as PTRDIFF_MAX:
 * differences of pointers must fit too. */
static inline bool cqlr__mem_size(uint64_t count, size_t each, size_t *out)
{
    if (each && count > (uint64_t)PTRDIFF_MAX / each)
        return false;
    *out = (size_t)count * each;
    return true;
}

/* An array of `count` elements, not zeroed; NULL for none, for too many and when there is no
 * memory. */
static inline void *cqlr__mem_array(const struct cqlr_mem *mem, uint64_t count, size_t each)
{
    size_t n;
    return cqlr__mem_size(count, each, &n) ? cqlr__mem_get(mem, n) : NULL;
}

/* An array of `old` elements made one of `count` > 0; NULL leaves it as it was. */
static inline void *cqlr__mem_array_resize(const struct cqlr_mem *mem, void *p, size_t old,
                                           uint64_t count, size_t each)
{
    size_t n;
    if (!count || !cqlr__mem_size(count, each, &n))
        return NULL;
    return mem->resize(mem->arg, p, old * each, n);
}

static inline void cqlr__mem_array_free(const struct cqlr_mem *mem, void *p, size_t count,
                                        size_t each)
{
    cqlr__mem_free(mem, p, count * each);
}

#endif

/*
 * allocated.h - an allocator that adds up what is asked of it, given back or not: what an arena has
 * taken.
 */
#ifndef CQLRAW_TESTS_ALLOCATED_H
#define CQLRAW_TESTS_ALLOCATED_H

#include <stdlib.h>

#include <cqlraw/base.h>

static size_t allocated;

static void *count_resize(void *arg, void *p, size_t old, size_t n)
{
    (void)arg;
    (void)old;
    allocated += n;
    if (n)
        return realloc(p, n);
    free(p);
    return NULL;
}

static const struct cqlr_mem counting = {count_resize, NULL};

#endif

/*
 * counter.h - an allocator that counts, fails when it is told to, and ends the program when a block
 * is given back or resized with a size that it does not have.
 */
#ifndef CQLRAW_TESTS_COUNTER_H
#define CQLRAW_TESTS_COUNTER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cqlraw/base.h>

struct counter {
    struct cqlr_mem mem;
    size_t live;    /* bytes now */
    size_t largest; /* of all single requests */
    unsigned calls; /* that allocate */
    unsigned fail;  /* the number of the call that finds no memory; 0 = none */
    bool for_good;  /* as do all after it */
    unsigned failed;
    struct {
        void *p;
        size_t n;
    } block[512];
};

/* The entry of a block that has this size; of NULL with 0: a free one. */
static inline size_t counter_find(const struct counter *c, const void *p, size_t n)
{
    for (size_t i = 0; i < sizeof c->block / sizeof *c->block; i++)
        if (c->block[i].p == p && c->block[i].n == n)
            return i;
    fprintf(stderr, p ? "no block at %p has %zu bytes\n" : "too many blocks\n", p, n);
    abort();
}

static inline void *counter_resize(void *arg, void *p, size_t old, size_t n)
{
    struct counter *c = (struct counter *)arg;
    size_t i = counter_find(c, p, old);
    c->calls += n > 0;
    if (n && c->fail && (c->for_good ? c->calls >= c->fail : c->calls == c->fail)) {
        c->failed++;
        return NULL;
    }
    if (n > c->largest)
        c->largest = n;
    c->live = c->live - old + n;
    c->block[i].n = n;
    c->block[i].p = n ? realloc(p, n) : NULL;
    if (!n)
        free(p);
    return c->block[i].p;
}

static inline const struct cqlr_mem *counter_init(struct counter *c, unsigned fail)
{
    memset(c, 0, sizeof *c);
    c->mem.resize = counter_resize;
    c->mem.arg = c;
    c->fail = fail;
    return &c->mem;
}

#endif

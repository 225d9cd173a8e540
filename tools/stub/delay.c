/*
 * delay.c - a queue of due times in an array that moves to its front when it must grow.
 */
#include <string.h>

#include "delay.h"

#define FIRST_CAP 64

void stub_delay_init(struct stub_delay *d, const struct cqlr_mem *mem)
{
    memset(d, 0, sizeof *d);
    d->mem = mem;
}

void stub_delay_fini(struct stub_delay *d)
{
    if (d->due)
        d->mem->resize(d->mem->arg, d->due, d->cap * sizeof *d->due, 0);
}

static int make_room(struct stub_delay *d)
{
    if (d->first > 0 && d->count)
        memmove(d->due, d->due + d->first, d->count * sizeof *d->due);
    d->first = 0;
    if (d->count < d->cap / 2)
        return 0;
    size_t cap = d->cap ? d->cap * 2 : FIRST_CAP;
    struct stub_due *p = d->mem->resize(d->mem->arg, d->due, d->cap * sizeof *p, cap * sizeof *p);
    if (!p)
        return CQLR_E_NOMEM;
    d->due = p;
    d->cap = cap;
    return 0;
}

int stub_delay_add(struct stub_delay *d, uint64_t at, uint64_t bytes)
{
    if (d->first + d->count == d->cap && make_room(d))
        return CQLR_E_NOMEM;
    d->due[d->first + d->count++] = (struct stub_due){at, bytes};
    return 0;
}

uint64_t stub_delay_released(struct stub_delay *d, uint64_t now)
{
    while (d->count && d->due[d->first].at <= now) {
        d->released = d->due[d->first].bytes;
        d->first++;
        d->count--;
    }
    return d->released;
}

uint64_t stub_delay_next(const struct stub_delay *d)
{
    return d->count ? d->due[d->first].at : CQLR_NEVER;
}

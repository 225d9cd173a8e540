/*
 * pace.c - see pace.h. Both schedules are the "generic cell rate algorithm": a token bucket whose
 * only state is the time at which it is in balance.
 */
#include <stddef.h>
#include <sys/mman.h>

#include "src/bulk/lane/pace.h"

#define SECOND UINT64_C(1000000000)
#define LATE   SECOND         /* what is later than this is not made up for */
#define BURST  (SECOND / 400) /* at twice the rate: 5 ms' worth */

struct cqlr__pace *cqlr__pace_new(double rate)
{
    const double most = (double)(UINT64_MAX / 4);
    double interval = (double)SECOND / rate;
    struct cqlr__pace *p =
        mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    p->interval = (uint64_t)((interval < most ? interval : most) + 0.5);
    return p;
}

void cqlr__pace_free(struct cqlr__pace *p)
{
    if (p)
        munmap(p, sizeof *p);
}

void cqlr__pace_begin(struct cqlr__pace *p)
{
    atomic_store(&p->next, 0);
    atomic_store(&p->faster, 0);
}

/* The schedule's next time, which is not further back than `late`; it moves on by `interval`. */
static uint64_t take(_Atomic uint64_t *next, uint64_t interval, uint64_t late, uint64_t now)
{
    uint64_t earliest = now > late ? now - late : 0, at, then;
    uint64_t was = atomic_load_explicit(next, memory_order_relaxed);
    do {
        at = !was ? now : was > earliest ? was : earliest;
        then = at < UINT64_MAX - interval ? at + interval : UINT64_MAX;
    } while (!atomic_compare_exchange_weak_explicit(next, &was, then, memory_order_relaxed,
                                                    memory_order_relaxed));
    return at;
}

uint64_t cqlr__pace_take(struct cqlr__pace *p, uint64_t now)
{
    uint64_t a = take(&p->next, p->interval, LATE, now);
    uint64_t b = take(&p->faster, p->interval / 2, BURST, now);
    return a > b ? a : b;
}

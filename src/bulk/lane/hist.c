/*
 * hist.c - see hist.h. A value v with its highest bit at position b belongs to bucket e * 128 + (v
 * >> e), where e = max(0, b - 7): below 256 every value has its own bucket, above it a bucket is
 * 2^e wide. Buckets are read and written with relaxed atomics, which on the one writer's side are
 * plain loads and stores: a reader may see a sum that is a moment old, never a torn one.
 */
#include "src/bulk/lane/hist.h"

static uint64_t get(const _Atomic uint64_t *p)
{
    return atomic_load_explicit(p, memory_order_relaxed);
}

static void put(_Atomic uint64_t *p, uint64_t v)
{
    atomic_store_explicit(p, v, memory_order_relaxed);
}

static unsigned bucket_of(uint64_t v)
{
    unsigned top, e;
    if (v >> CQLR__HIST_BITS)
        v = (UINT64_C(1) << CQLR__HIST_BITS) - 1;
    top = 63 - (unsigned)__builtin_clzll(v | 1);
    e = top > CQLR__HIST_SUB ? top - CQLR__HIST_SUB : 0;
    return (e << CQLR__HIST_SUB) + (unsigned)(v >> e);
}

void cqlr__hist_range(unsigned bucket, uint64_t *low, uint64_t *high)
{
    unsigned e = bucket >> CQLR__HIST_SUB;
    e = e ? e - 1 : 0;
    *low = (uint64_t)(bucket - (e << CQLR__HIST_SUB)) << e;
    *high = *low + ((UINT64_C(1) << e) - 1);
}

/* The middle of a bucket. */
static uint64_t value_of(unsigned bucket)
{
    uint64_t low, high;
    cqlr__hist_range(bucket, &low, &high);
    return low + (high - low + 1) / 2;
}

void cqlr__hist_add(struct cqlr__hist *h, uint64_t ns)
{
    unsigned b = bucket_of(ns);
    uint64_t min1 = get(&h->min1);
    put(&h->bucket[b], get(&h->bucket[b]) + 1);
    put(&h->count, get(&h->count) + 1);
    if (!min1 || ns < min1 - 1)
        put(&h->min1, ns == UINT64_MAX ? ns : ns + 1);
    if (ns > get(&h->max))
        put(&h->max, ns);
}

void cqlr__hist_clear(struct cqlr__hist *h)
{
    for (unsigned i = 0; i < CQLR__HIST_BUCKETS; i++)
        put(&h->bucket[i], 0);
    put(&h->count, 0);
    put(&h->min1, 0);
    put(&h->max, 0);
}

void cqlr__hist_merge(struct cqlr__hist *into, const struct cqlr__hist *from)
{
    uint64_t min1 = get(&from->min1), sum = 0;
    for (unsigned i = 0; i < CQLR__HIST_BUCKETS; i++) {
        uint64_t n = get(&from->bucket[i]);
        if (n)
            put(&into->bucket[i], get(&into->bucket[i]) + n);
        sum += n;
    }
    put(&into->count,
        get(&into->count) + sum); /* not from->count: it may be one ahead of the buckets */
    if (min1 && (!get(&into->min1) || min1 < get(&into->min1)))
        put(&into->min1, min1);
    if (get(&from->max) > get(&into->max))
        put(&into->max, get(&from->max));
}

uint64_t cqlr__hist_at(const struct cqlr__hist *h, unsigned per_mille)
{
    uint64_t n = get(&h->count), seen = 0, v = 0;
    uint64_t rank = n / 1000 * per_mille + (n % 1000 * per_mille + 999) / 1000;
    if (!n)
        return 0;
    for (unsigned i = 0; i < CQLR__HIST_BUCKETS; i++) {
        seen += get(&h->bucket[i]);
        if (seen >= (rank ? rank : 1)) {
            v = value_of(i);
            break;
        }
    }
    if (v < cqlr__hist_min(h))
        return cqlr__hist_min(h);
    return v > cqlr__hist_max(h) ? cqlr__hist_max(h) : v;
}

uint64_t cqlr__hist_min(const struct cqlr__hist *h)
{
    uint64_t min1 = get(&h->min1);
    return min1 ? min1 - 1 : 0;
}

uint64_t cqlr__hist_max(const struct cqlr__hist *h)
{
    return get(&h->max);
}

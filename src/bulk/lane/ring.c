/*
 * ring.c - see ring.h. The mapping is [shared | extra | data | data again] over one memfd whose
 * descriptor is closed at once, so a ring costs no descriptor. Published bytes are handed over by a
 * release store of the position; the two flags use the usual pattern "store mine, fence, load
 * yours" on both sides, so at least one of them sees the other.
 */
#include <sys/mman.h>
#include <unistd.h>
#include <errno.h>

#include "src/bulk/lane/ring.h"

static size_t whole_pages(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) / page * page;
}

/* Lays the file over the reserved addresses: all of it, then its data part once more behind. */
static int map_twice(uint8_t *base, size_t front, size_t size, int fd)
{
    int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED;
    if (ftruncate(fd, (off_t)(front + size)) < 0 ||
        mmap(base, front + size, prot, flags, fd, 0) == MAP_FAILED ||
        mmap(base + front + size, size, prot, flags, fd, (off_t)front) == MAP_FAILED)
        return -1;
    return 0;
}

int cqlr__ring_open(struct cqlr__ring *r, size_t size, size_t extra)
{
    size_t front = whole_pages(sizeof *r->shared + extra);
    uint8_t *base;
    int fd, e;

    *r = (struct cqlr__ring){0};
    if (!size || size > SIZE_MAX / 8) {
        errno = EINVAL;
        return -1;
    }
    size = whole_pages(size);
    base = mmap(NULL, front + 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return -1;
    fd = memfd_create("cqlraw-lane", MFD_CLOEXEC);
    if (fd < 0 || map_twice(base, front, size, fd) < 0) {
        e = errno;
        munmap(base, front + 2 * size);
        if (fd >= 0)
            close(fd);
        errno = e;
        return -1;
    }
    close(fd);
    r->shared = (struct cqlr__ring_shared *)(void *)base;
    r->extra = base + sizeof *r->shared;
    r->data = base + front;
    r->size = size;
    r->mapped = front + 2 * size;
    return 0;
}

void cqlr__ring_close(struct cqlr__ring *r)
{
    if (r->shared)
        munmap(r->shared, r->mapped);
    *r = (struct cqlr__ring){0};
}

size_t cqlr__ring_room(const struct cqlr__ring *r)
{
    return r->size -
           (size_t)(r->pos - atomic_load_explicit(&r->shared->head, memory_order_acquire));
}

void cqlr__ring_publish(struct cqlr__ring *r)
{
    atomic_store_explicit(&r->shared->tail, r->pos, memory_order_release);
}

bool cqlr__ring_wait_room(struct cqlr__ring *r, size_t need)
{
    atomic_store(&r->shared->producer_waits, 1);
    atomic_thread_fence(memory_order_seq_cst);
    if (cqlr__ring_room(r) < need)
        return false;
    atomic_store(&r->shared->producer_waits, 0);
    return true;
}

bool cqlr__ring_tell_consumer(struct cqlr__ring *r)
{
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_load_explicit(&r->shared->consumer_waits, memory_order_relaxed) &&
           atomic_exchange(&r->shared->consumer_waits, 0);
}

size_t cqlr__ring_ready(const struct cqlr__ring *r, const uint8_t **p)
{
    uint64_t n = atomic_load_explicit(&r->shared->tail, memory_order_acquire) - r->pos;
    *p = cqlr__ring_at(r, r->pos);
    return n <= r->size ? (size_t)n : SIZE_MAX;
}

void cqlr__ring_consume(struct cqlr__ring *r, size_t n)
{
    r->pos += n;
    atomic_store_explicit(&r->shared->head, r->pos, memory_order_release);
}

bool cqlr__ring_wait_data(struct cqlr__ring *r)
{
    const uint8_t *p;
    atomic_store(&r->shared->consumer_waits, 1);
    atomic_thread_fence(memory_order_seq_cst);
    if (cqlr__ring_ready(r, &p) == 0)
        return false;
    atomic_store(&r->shared->consumer_waits, 0);
    return true;
}

bool cqlr__ring_tell_producer(struct cqlr__ring *r)
{
    const uint8_t *p;
    size_t used;
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(&r->shared->producer_waits, memory_order_relaxed))
        return false;
    used = cqlr__ring_ready(r, &p);
    return used <= r->size / 2 && atomic_exchange(&r->shared->producer_waits, 0);
}

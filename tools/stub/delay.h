/*
 * delay.h - which of the bytes that wait to leave may leave by now.
 *
 * Every answer is held back equally long, so answers become due in the order in which they were
 * written: a queue of (time, how many bytes of the connection's whole output are due then) is
 * enough. An answer is never copied for it.
 */
#ifndef STUB_DELAY_H
#define STUB_DELAY_H

#include <cqlraw/loop.h>

struct stub_due {
    uint64_t at;
    uint64_t bytes; /* of the output counted from its beginning */
};

struct stub_delay {
    struct stub_due *due;
    size_t first, count, cap;
    uint64_t released;
    const struct cqlr_mem *mem;
};

void stub_delay_init(struct stub_delay *d, const struct cqlr_mem *mem);
void stub_delay_fini(struct stub_delay *d);

/* The output up to `bytes` may leave at `at`; both never go down. 0 or CQLR_E_NOMEM. */
int stub_delay_add(struct stub_delay *d, uint64_t at, uint64_t bytes);

/* How much of the output may have left by `now`. */
uint64_t stub_delay_released(struct stub_delay *d, uint64_t now);

/* When more becomes due; CQLR_NEVER = nothing waits. */
uint64_t stub_delay_next(const struct stub_delay *d);

#endif

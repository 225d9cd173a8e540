/*
 * hdr.h - latencies as an HdrHistogram interval log, the file that HdrHistogram's own tools and
 * plotters read. Pure.
 */
#ifndef CQLRAW_HDR_H
#define CQLRAW_HDR_H

#include <cqlraw/wire.h>

/* With two significant digits 128 buckets to a power of two, for any 64-bit value below 2^63. */
#define HDR_COUNTS (57 * 128)

/* Zero-initialised is empty. */
struct hdr {
    uint64_t count[HDR_COUNTS];
    uint64_t max; /* in ns */
};

/* `count` values that are like this one, in ns. */
void hdr_add(struct hdr *h, uint64_t value, uint64_t count);

/* The log, with one interval that holds everything: it began start_ms after 1970 and took so many
 * seconds. The caller looks at w->rc. */
void hdr_log(const struct hdr *h, uint64_t start_ms, double seconds, struct cqlr_wr *w);

#endif

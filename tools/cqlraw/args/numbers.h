/*
 * numbers.h - the ways people write numbers, durations and shares. Pure.
 */
#ifndef CQLRAW_NUMBERS_H
#define CQLRAW_NUMBERS_H

#include <cqlraw/wire.h>

enum number_rc { NUMBER_OK, NUMBER_BAD /* not in this form */, NUMBER_RANGE /* does not fit */ };

/* 42 -7 10k 1.5M 2G 1e6: a whole number. */
enum number_rc number_parse(struct cqlr_str s, int64_t *out);
/* 250ms 1.5s 2m 1h 1d 10us 5ns, and a bare 0; in ns. */
enum number_rc duration_parse(struct cqlr_str s, uint64_t *out);
/* 4096 64k 1M, decimal as numbers; 64KiB 256MiB 1GiB, or K M G T with iB or B (powers of 1024, of
 * 1000); in bytes. */
enum number_rc size_parse(struct cqlr_str s, uint64_t *out);
/* 5000 50k 0.5 1e6: above 0, at most 1e12; also a fraction, which numbers do not allow. */
enum number_rc rate_parse(struct cqlr_str s, double *out);
/* 5% 0.1%: 0 to 100 %, as a share of 1. */
enum number_rc percent_parse(struct cqlr_str s, double *out);

#endif

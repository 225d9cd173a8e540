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
/* 5% 0.1%: 0 to 100 %, as a share of 1. */
enum number_rc percent_parse(struct cqlr_str s, double *out);

#endif

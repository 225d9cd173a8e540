/*
 * float.h - the two IEEE formats, and what float_print.c, float_parse.c and float.c tell each
 * other.
 */
#ifndef CQLRAW_PROTO_VAL_FLOAT_H
#define CQLRAW_PROTO_VAL_FLOAT_H

#include <stdbool.h>
#include <stdint.h>

#include <cqlraw/base.h>

/* A binary format: a finite number is sign × m × 2^e with m < 2^precision and e >= exponent_min. */
struct cqlr__ieee {
    unsigned precision; /* bits of m */
    int exponent_min;   /* of the subnormal and the smallest normal numbers */
    int exponent_max;
};
extern const struct cqlr__ieee cqlr__binary64, cqlr__binary32;

#define CQLR__FLOAT_DIGITS 17

/* The number 0.d1d2d3... × 10^point. */
struct cqlr__digits {
    char d[CQLR__FLOAT_DIGITS]; /* '0' .. '9', first and last not '0' */
    unsigned n;
    int point;
};

/* The fewest digits that read back as m × 2^e (m > 0), of several the nearest (float_print.c). */
void cqlr__float_digits(const struct cqlr__ieee *f, uint64_t m, int e, struct cqlr__digits *out);

/* Text without a sign ("1.5", "1e5", ".5") → the bits of the nearest number, ties to even. False
 * when it is no number or is too large for the format (float_parse.c). */
bool cqlr__float_read(const struct cqlr__ieee *f, struct cqlr_str s, uint64_t *bits);

#endif

/*
 * bignum.h - natural numbers of a fixed room, for the exact arithmetic of float_parse.c.
 *
 * The callers bound their operands: nothing they compute passes BIGNUM_WORDS * 32 bits, which no
 * function here checks. Little-endian words, no leading zero word, 0 has none.
 */
#ifndef CQLRAW_PROTO_VAL_BIGNUM_H
#define CQLRAW_PROTO_VAL_BIGNUM_H

#include <stdbool.h>
#include <stdint.h>

#define BIGNUM_WORDS 128

struct bignum {
    unsigned n;
    uint32_t w[BIGNUM_WORDS];
};

void cqlr__bignum_set(struct bignum *a, uint64_t v);
void cqlr__bignum_mul_add(struct bignum *a, uint32_t by, uint32_t add); /* a = a × by + add */
void cqlr__bignum_mul_pow10(struct bignum *a, unsigned exponent);
void cqlr__bignum_shift_left(struct bignum *a, unsigned bits);
void cqlr__bignum_sub(struct bignum *a, const struct bignum *b); /* a >= b */
int cqlr__bignum_cmp(const struct bignum *a, const struct bignum *b);
unsigned cqlr__bignum_bits(const struct bignum *a); /* of the number without leading zeros */

#endif

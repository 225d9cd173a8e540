/*
 * bignum.c - schoolbook arithmetic on natural numbers of a fixed room (bignum.h).
 */
#include <string.h>

#include "proto/val/bignum.h"

void cqlr__bignum_set(struct bignum *a, uint64_t v)
{
    a->n = 0;
    for (; v; v >>= 32)
        a->w[a->n++] = (uint32_t)v;
}

void cqlr__bignum_mul_add(struct bignum *a, uint32_t by, uint32_t add)
{
    uint64_t carry = add;
    for (unsigned i = 0; i < a->n; i++) {
        carry += (uint64_t)a->w[i] * by;
        a->w[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) {
        a->w[a->n++] = (uint32_t)carry;
    }
}

void cqlr__bignum_mul_pow10(struct bignum *a, unsigned exponent)
{
    static const uint32_t pow10[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    for (; exponent >= 9; exponent -= 9)
        cqlr__bignum_mul_add(a, 1000000000, 0);
    if (exponent)
        cqlr__bignum_mul_add(a, pow10[exponent], 0);
}

void cqlr__bignum_shift_left(struct bignum *a, unsigned bits)
{
    unsigned words = bits / 32;
    if (!a->n)
        return;
    if (bits % 32)
        cqlr__bignum_mul_add(a, UINT32_C(1) << bits % 32, 0);
    memmove(a->w + words, a->w, a->n * sizeof a->w[0]);
    memset(a->w, 0, words * sizeof a->w[0]);
    a->n += words;
}

void cqlr__bignum_sub(struct bignum *a, const struct bignum *b)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; i < a->n && (i < b->n || borrow); i++) {
        uint64_t diff = (uint64_t)a->w[i] - (i < b->n ? b->w[i] : 0) - borrow;
        a->w[i] = (uint32_t)diff;
        borrow = diff >> 63;
    }
    while (a->n && !a->w[a->n - 1])
        a->n--;
}

int cqlr__bignum_cmp(const struct bignum *a, const struct bignum *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (unsigned i = a->n; i-- > 0;)
        if (a->w[i] != b->w[i])
            return a->w[i] < b->w[i] ? -1 : 1;
    return 0;
}

unsigned cqlr__bignum_bits(const struct bignum *a)
{
    unsigned bits = a->n * 32;
    for (uint32_t top = a->n ? a->w[a->n - 1] : 0; top && !(top >> 31); top <<= 1)
        bits--;
    return bits;
}

/*
 * vint.c - unsigned [vint] of native_protocol_v5.spec section 3: the leading 1 bits of the first
 * byte count the bytes that follow it. Durations and the elements of vectors have them, also in v4.
 *
 * Read in any length, written in the shortest.
 */
#include "proto/val/val.h"

uint64_t cqlr__uvint_read(struct cqlr_rd *r, const char *field)
{
    uint8_t first = cqlr_rd_u8(r, field);
    unsigned extra = 0;
    while (extra < 8 && (first & (0x80u >> extra)))
        extra++;
    uint64_t n = extra < 8 ? first & (0x7Fu >> extra) : 0;
    for (unsigned i = 0; i < extra; i++)
        n = n << 8 | cqlr_rd_u8(r, field);
    return r->rc ? 0 : n;
}

unsigned cqlr__uvint_put(uint8_t p[CQLR__UVINT_MAX], uint64_t n)
{
    unsigned extra = 0;
    while (extra < 8 && n >> (7 * (extra + 1)))
        extra++;
    unsigned marks = 0xFFu << (8 - extra) & 0xFF;
    p[0] = (uint8_t)(extra < 8 ? marks | n >> (8 * extra) : 0xFF);
    for (unsigned i = 1; i <= extra; i++)
        p[i] = (uint8_t)(n >> (8 * (extra - i)));
    return extra + 1;
}

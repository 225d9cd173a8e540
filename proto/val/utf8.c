/*
 * utf8.c - text and ascii: what the server would refuse as such is refused before it is sent
 * (Unicode table 3-7: no overlong forms, no surrogates).
 *
 * Printing takes the bytes as they stand: a value the server has sent is shown even when it is not
 * valid.
 */
#include "proto/val/val.h"

size_t cqlr__utf8_next(const uint8_t *p, size_t n)
{
    if (!n)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    uint8_t low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    uint8_t high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

bool cqlr__utf8_valid(const uint8_t *p, size_t n)
{
    while (n) {
        size_t len = cqlr__utf8_next(p, n);
        if (!len)
            return false;
        p += len;
        n -= len;
    }
    return true;
}

bool cqlr__ascii_valid(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] >= 0x80)
            return false;
    return true;
}

int cqlr__varchar_print(struct cqlr_wr *w, struct cqlr_value v)
{
    cqlr_wr_raw(w, v.p, (size_t)v.n);
    return 0;
}

int cqlr__varchar_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    if (!cqlr__utf8_valid((const uint8_t *)s.p, s.n))
        return CQLR_E_TYPE;
    cqlr_wr_raw(w, s.p, s.n);
    return 0;
}

int cqlr__ascii_print(struct cqlr_wr *w, struct cqlr_value v)
{
    return cqlr__varchar_print(w, v);
}

int cqlr__ascii_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    if (!cqlr__ascii_valid((const uint8_t *)s.p, s.n))
        return CQLR_E_TYPE;
    cqlr_wr_raw(w, s.p, s.n);
    return 0;
}

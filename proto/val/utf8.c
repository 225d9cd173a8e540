/*
 * utf8.c - text and ascii: what the server would refuse as such is refused before it is sent.
 *
 * Printing takes the bytes as they stand: a value the server has sent is shown even when it is not
 * valid.
 */
#include "proto/val/val.h"

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

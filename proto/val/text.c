/*
 * text.c - the small change of text: digits and quotes out, blanks and numbers in, and blob, whose
 * text is its bytes in hex.
 *
 * Only ASCII counts here, whatever the locale of the program says.
 */
#include <string.h>

#include "proto/val/val.h"

static const char hex_digits[] = "0123456789abcdef";

void cqlr__out(struct cqlr_wr *w, const char *s)
{
    cqlr_wr_raw(w, s, strlen(s));
}

void cqlr__out_u64(struct cqlr_wr *w, uint64_t n, unsigned width)
{
    char text[24];
    size_t i = sizeof text;
    do {
        text[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    while (sizeof text - i < width && i)
        text[--i] = '0';
    cqlr_wr_raw(w, text + i, sizeof text - i);
}

void cqlr__out_i64(struct cqlr_wr *w, int64_t n)
{
    if (n < 0)
        cqlr__out(w, "-");
    cqlr__out_u64(w, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 1);
}

void cqlr__out_hex(struct cqlr_wr *w, const uint8_t *p, size_t n)
{
    if (n > SIZE_MAX / 2) { /* 32-bit sizes */
        w->rc = w->rc ? w->rc : CQLR_E_LIMIT;
        return;
    }
    uint8_t *q = n ? cqlr_wr_room(w, n * 2) : NULL;
    for (size_t i = 0; q && i < n; i++) {
        *q++ = (uint8_t)hex_digits[p[i] >> 4];
        *q++ = (uint8_t)hex_digits[p[i] & 15];
    }
}

void cqlr__out_quoted(struct cqlr_wr *w, const char *p, size_t n, char quote)
{
    cqlr_wr_u8(w, (uint8_t)quote);
    while (n) {
        const char *q = memchr(p, quote, n);
        size_t run = q ? (size_t)(q - p) + 1 : n;
        cqlr_wr_raw(w, p, run);
        if (q)
            cqlr_wr_u8(w, (uint8_t)quote);
        p += run;
        n -= run;
    }
    cqlr_wr_u8(w, (uint8_t)quote);
}

bool cqlr__is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool cqlr__is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char cqlr__lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int cqlr__hex_digit(char c)
{
    if (cqlr__is_digit(c))
        return c - '0';
    c = cqlr__lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void cqlr__skip_blanks(struct cqlr_str *s)
{
    while (s->n && cqlr__is_blank(s->p[0])) {
        s->p++;
        s->n--;
    }
}

struct cqlr_str cqlr__trim(struct cqlr_str s)
{
    cqlr__skip_blanks(&s);
    while (s.n && cqlr__is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool cqlr__take(struct cqlr_str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

bool cqlr__take_nocase(struct cqlr_str *s, const char *lower)
{
    size_t n = strlen(lower);
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (cqlr__lower(s->p[i]) != lower[i])
            return false;
    s->p += n;
    s->n -= n;
    return true;
}

bool cqlr__equal_nocase(struct cqlr_str s, const char *lower)
{
    return cqlr__take_nocase(&s, lower) && !s.n;
}

bool cqlr__take_u64(struct cqlr_str *s, uint64_t *n)
{
    uint64_t sum = 0;
    size_t i = 0;
    for (; i < s->n && cqlr__is_digit(s->p[i]); i++) {
        unsigned digit = (unsigned)(s->p[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    if (!i)
        return false;
    s->p += i;
    s->n -= i;
    *n = sum;
    return true;
}

bool cqlr__read_i64(struct cqlr_str s, int64_t *n)
{
    uint64_t size;
    bool minus = cqlr__take(&s, '-');
    if (!minus)
        cqlr__take(&s, '+');
    if (!cqlr__take_u64(&s, &size) || s.n || size > (uint64_t)INT64_MAX + minus)
        return false;
    *n = (int64_t)(minus ? 0 - size : size);
    return true;
}

int cqlr__blob_print(struct cqlr_wr *w, struct cqlr_value v)
{
    cqlr__out(w, "0x");
    cqlr__out_hex(w, v.p, (size_t)v.n);
    return 0;
}

int cqlr__blob_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    if (!cqlr__take_nocase(&s, "0x") || s.n % 2)
        return CQLR_E_TYPE;
    uint8_t *q = s.n ? cqlr_wr_room(w, s.n / 2) : NULL;
    for (size_t i = 0; i < s.n; i += 2) {
        int high = cqlr__hex_digit(s.p[i]), low = cqlr__hex_digit(s.p[i + 1]);
        if (high < 0 || low < 0)
            return CQLR_E_TYPE;
        if (q)
            *q++ = (uint8_t)(high << 4 | low);
    }
    return 0;
}

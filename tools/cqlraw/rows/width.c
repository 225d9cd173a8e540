/*
 * width.c - columns of a terminal, from tables of the program's own: libc's wcwidth needs a locale,
 * which may not be there.
 */
#include <stdio.h>

#include "width.h"
#include "width_tables.h"

static bool in_table(const struct range *t, size_t n, uint32_t c)
{
    size_t low = 0;
    while (low < n) {
        size_t mid = low + (n - low) / 2;
        if (c > t[mid].last)
            low = mid + 1;
        else if (c < t[mid].first)
            n = mid;
        else
            return true;
    }
    return false;
}

unsigned width_of(uint32_t c)
{
    if (c < 0x300)
        return 1;
    if (in_table(zero_width, sizeof zero_width / sizeof *zero_width, c))
        return 0;
    return in_table(two_columns, sizeof two_columns / sizeof *two_columns, c) ? 2 : 1;
}

/* One character of UTF-8 at p[0..n): its length, 0 when the bytes are none (overlong, surrogate,
 * cut off). */
static size_t utf8_next(const unsigned char *p, size_t n, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80                   ? 1
                 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                 : (p[0] & 0xf0) == 0xe0       ? 3
                 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                               : 0;
    if (len == 0 || len > n)
        return 0;
    *c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *c = (*c << 6) | (p[i] & 0x3fu);
    }
    return *c < least[len] || (*c >= 0xd800 && *c < 0xe000) || *c > 0x10ffff ? 0 : len;
}

/* Characters that command a terminal or turn what stands around them. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || c == 0x2028 ||
           c == 0x2029 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static size_t print_byte(struct cqlr_wr *w, unsigned c)
{
    char text[8];
    int n = snprintf(text, sizeof text, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
    cqlr_wr_raw(w, text, (size_t)n);
    return (size_t)n;
}

static size_t print_control(struct cqlr_wr *w, uint32_t c)
{
    char text[2] = {'\\', c == '\n' ? 'n' : c == '\t' ? 't' : 'r'};
    if (c != '\n' && c != '\t' && c != '\r')
        return print_byte(w, c);
    cqlr_wr_raw(w, text, sizeof text);
    return sizeof text;
}

size_t width_print(struct cqlr_wr *w, struct cqlr_str text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    size_t columns = 0;
    for (size_t i = 0, len; i < text.n; i += len) {
        uint32_t c = p[i];
        size_t ascii = i;
        while (ascii < text.n && p[ascii] >= 0x20 && p[ascii] < 0x7f)
            ascii++;
        len = ascii - i;
        if (len > 0) {
            cqlr_wr_raw(w, p + i, len);
            columns += len;
            continue;
        }
        len = utf8_next(p + i, text.n - i, &c);
        if (len == 0) {
            columns += print_byte(w, p[i]);
            len = 1;
        } else if (is_control(c)) {
            columns += print_control(w, c);
        } else {
            cqlr_wr_raw(w, p + i, len);
            columns += width_of(c);
        }
    }
    return columns;
}

/*
 * width.c - columns of a terminal, from tables of the program's own: libc's wcwidth needs a locale,
 * which may not be there.
 */
#include <stdio.h>

#include "tools/cqlraw/io/utf8.h"
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
        len = utf8_next(text.p + i, text.n - i, &c);
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

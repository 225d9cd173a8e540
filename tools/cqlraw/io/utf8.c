/*
 * utf8.c - which bytes are a character (Unicode table 3-7: no overlong forms, no surrogates), and
 * where a text can be cut.
 */
#include "utf8.h"

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t utf8_next(const char *p, size_t n, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)p[0];
    size_t len = lead < 0x80                   ? 1
                 : lead >= 0xc2 && lead < 0xe0 ? 2
                 : (lead & 0xf0) == 0xe0       ? 3
                 : lead >= 0xf0 && lead < 0xf5 ? 4
                                               : 0;
    if (len == 0 || len > n)
        return 0;
    *c = len == 1 ? lead : lead & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (!is_continuation(p[i]))
            return 0;
        *c = (*c << 6) | ((unsigned char)p[i] & 0x3fu);
    }
    return *c < least[len] || (*c >= 0xd800 && *c < 0xe000) || *c > 0x10ffff ? 0 : len;
}

struct cqlr_str utf8_cut(struct cqlr_str s, size_t most)
{
    if (s.n <= most)
        return s;
    s.n = most;
    while (s.n > 0 && most - s.n < 3 && is_continuation(s.p[s.n]))
        s.n--;
    return s;
}

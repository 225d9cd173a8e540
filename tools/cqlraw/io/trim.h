/*
 * trim.h - text without the blanks around it. A line feed is no blank: it ends a line.
 */
#ifndef CQLRAW_TRIM_H
#define CQLRAW_TRIM_H

#include <cqlraw/base.h>

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static inline struct cqlr_str trim(struct cqlr_str s)
{
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

#endif

/*
 * short.c - three digits and a unit.
 */
#include <stdio.h>

#include "short.h"

const char *short_time(char *out, size_t n, uint64_t ns)
{
    static const char *const unit[] = {"ns", "us", "ms", "s"};
    double v = (double)ns;
    unsigned u = 0;
    while (u < 3 && v >= 999.5) {
        v /= 1000;
        u++;
    }
    snprintf(out, n, "%.*f%s", u == 0 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2, v, unit[u]);
    return out;
}

const char *short_count(char *out, size_t n, uint64_t v)
{
    static const char *const unit[] = {"", "k", "M", "G", "T", "P", "E"};
    double d = (double)v;
    unsigned u = 0;
    while (u < 6 && d >= 999.5) {
        d /= 1000;
        u++;
    }
    snprintf(out, n, "%.*f%s", u > 0 && d < 9.95 ? 1 : 0, d, unit[u]);
    return out;
}

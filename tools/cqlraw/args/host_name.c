/*
 * host_name.c - see the header. The forms are those of the client's contact points; one that is
 * none of them is told when it is resolved.
 */
#include <string.h>

#include "host_name.h"
#include "tools/cqlraw/io/trim.h"

bool contact_next(struct cqlr_str *list, struct cqlr_str *point)
{
    const char *comma = list->n ? memchr(list->p, ',', list->n) : NULL;
    if (trim(*list).n == 0)
        return false;
    *point = trim((struct cqlr_str){list->p, comma ? (size_t)(comma - list->p) : list->n});
    size_t used = comma ? (size_t)(comma - list->p) + 1 : list->n;
    list->p += used;
    list->n -= used;
    return true;
}

struct cqlr_str host_name(struct cqlr_str point)
{
    const char *colon = point.n ? memchr(point.p, ':', point.n) : NULL;
    if (point.n >= 6 && memcmp(point.p, "unix:/", 6) == 0)
        return (struct cqlr_str){point.p, 0};
    if (point.n && point.p[0] == '[') {
        const char *end = memchr(point.p, ']', point.n);
        return (struct cqlr_str){point.p + 1, end ? (size_t)(end - point.p) - 1 : point.n - 1};
    }
    bool bare_v6 = colon && memchr(colon + 1, ':', point.n - (size_t)(colon + 1 - point.p));
    if (colon && !bare_v6)
        point.n = (size_t)(colon - point.p);
    return point;
}

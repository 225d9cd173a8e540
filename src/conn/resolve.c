/*
 * resolve.c - contact points → addresses, for those who open connections of their own.
 */
#include <string.h>

#include <cqlraw/conn.h>

#include "proto/base/err.h"
#include "src/net/addr.h"

static int give_all(const struct cqlr__addrs *a, cqlr_resolve_fn *fn, void *arg)
{
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < a->count; i++)
        rc = fn(arg, &a->list[i].sa.any, a->list[i].len, NULL);
    return rc < 0 ? rc : 0;
}

int cqlr_resolve(const char *contact_points, uint16_t port, cqlr_resolve_fn *fn, void *arg,
                 struct cqlr_err *err)
{
    struct cqlr_str list = {contact_points, strlen(contact_points)};
    struct cqlr__host host;
    struct cqlr__addrs addrs;
    unsigned hosts = 0;
    int rc;
    while ((rc = cqlr__host_next(&list, port, &host, err)) == 1) {
        hosts++;
        cqlr__addrs_init(&addrs, NULL);
        rc = cqlr__addrs_add(&addrs, &host, err);
        if (rc == CQLR_E_RESOLVE)
            rc = fn(arg, NULL, 0, err);
        else if (rc > 0)
            rc = give_all(&addrs, fn, arg);
        cqlr__addrs_fini(&addrs);
        if (rc < 0)
            return rc;
    }
    if (rc == 0 && hosts == 0)
        rc = cqlr__err_set(err, CQLR_E_USAGE, "no host is given");
    return rc;
}

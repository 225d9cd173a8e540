/*
 * io_tls_none.c - in place of io_tls.c in a library that is built without TLS: who asks for it is
 * told.
 */
#include <cqlraw/tls.h>

#include "proto/base/err.h"
#include "src/net/io.h"

bool cqlr_tls_built(void)
{
    return false;
}

cqlr_tls *cqlr_tls_new(const struct cqlr_tls_opts *o, struct cqlr_err *err)
{
    (void)o;
    (void)cqlr__err_set(err, CQLR_E_TLS, "this library was built without TLS");
    return NULL;
}

void cqlr_tls_free(cqlr_tls *t)
{
    (void)t;
}

/* Nobody resumes a session here. */
cqlr_tls_sessions *cqlr_tls_sessions_new(void)
{
    return NULL;
}

void cqlr_tls_sessions_free(cqlr_tls_sessions *s)
{
    (void)s;
}

/* Without settings, of which there are none, nobody comes here. */
int cqlr__io_tls_init(struct cqlr__io *io, cqlr_tls *tls, const char *name,
                      const struct cqlr_mem *mem)
{
    (void)tls;
    (void)name;
    (void)mem;
    cqlr__io_plain_init(io);
    return CQLR_E_TLS;
}

/*
 * tls_opts.c - the settings of tls.h, whatever does the work.
 */
#include <string.h>

#include <cqlraw/tls.h>

void cqlr_tls_opts_init(struct cqlr_tls_opts *o, size_t size)
{
    memset(o, 0, size);
    memcpy(o, &(struct cqlr_tls_opts){.size = size}, size < sizeof *o ? size : sizeof *o);
}

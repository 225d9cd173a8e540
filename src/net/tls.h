/*
 * tls.h - the settings of TLS as text: copied for clients, who keep them until they open.
 */
#ifndef CQLRAW_SRC_NET_TLS_H
#define CQLRAW_SRC_NET_TLS_H

#include <cqlraw/tls.h>

/* A deep copy, free with cqlr__tls_opts_free; NULL: no memory. `sessions` stays borrowed. */
struct cqlr_tls_opts *cqlr__tls_opts_copy(const struct cqlr_tls_opts *o,
                                          const struct cqlr_mem *mem);
/* The password is overwritten. */
void cqlr__tls_opts_free(struct cqlr_tls_opts *o, const struct cqlr_mem *mem);

#endif

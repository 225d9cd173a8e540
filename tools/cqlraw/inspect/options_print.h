/*
 * options_print.h - what a server says of itself and its peers, as text or JSON. Pure.
 */
#ifndef CQLRAW_OPTIONS_PRINT_H
#define CQLRAW_OPTIONS_PRINT_H

#include <cqlraw/client.h>

struct server_options {
    const char *address;
    const char *tls; /* version and cipher, empty: plaintext */
    const struct cqlr_supported *supported;
    struct cqlr_row local; /* its row of system.local; the column `tokens` is shown as a number */
    cqlr_reply *peers;     /* address, data_center, rack, release_version, host_id, tokens and, if
                              there is one more column, port. Its rows are taken */
};

/* 0, or a negative code with the reason in err. */
int options_print_text(struct cqlr_wr *w, const struct server_options *s, struct cqlr_err *err);
int options_print_json(struct cqlr_wr *w, const struct server_options *s, struct cqlr_err *err);

#endif

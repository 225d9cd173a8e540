/*
 * relay.h - connections that are passed on to another server, and the file that what passes is
 * written to.
 */
#ifndef STUB_RELAY_H
#define STUB_RELAY_H

#include <sys/socket.h>

#include "stub.h"
#include "tools/capture/pcap_write.h"

#define STUB_UPSTREAM_MAX 8 /* addresses; further ones of a name are not tried */

struct stub_address {
    struct sockaddr_storage at;
    socklen_t n;
};

/* What all connections share. */
struct stub_relay {
    const char *name;                                /* of the upstream server */
    struct stub_address upstream[STUB_UPSTREAM_MAX]; /* tried in this order */
    unsigned upstreams;
    struct cqlr_err *why_not; /* while names are resolved */
    struct pcap_file file;
};

/* Finds the upstream server's addresses and makes the file. 0, or negative with one line in err;
 * stub_relay_fini in both cases. */
int stub_relay_init(struct stub_relay *r, const struct stub_opts *o, struct cqlr_err *err);
void stub_relay_fini(struct stub_relay *r);

#endif

/*
 * packets.h - a capture file -> its packets, one behind the other.
 */
#ifndef CQLRAW_CAPTURE_PACKETS_H
#define CQLRAW_CAPTURE_PACKETS_H

#include <cqlraw/base.h>

/* The types of a link, as both file formats number them. */
enum link_type {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_RAW_BSD = 12,
    LINK_RAW_OPENBSD = 14,
    LINK_RAW = 101,
    LINK_LOOP = 108,
    LINK_COOKED = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_COOKED_V2 = 276
};

struct packet {
    uint64_t time_ns;
    uint32_t link;           /* enum link_type, or one that is not known */
    struct cqlr_bytes bytes; /* as many as were captured */
};

/* A place in a file. */
struct packets {
    struct cqlr_bytes file;
    size_t at;
    bool big; /* byte order of the file or section */
    bool pcapng;
    bool nano;                    /* pcap */
    uint32_t link;                /* pcap */
    bool broken;                  /* it ends within a packet, or what follows is none */
    uint64_t time_ns;             /* pcapng: of the last packet, for those that have none */
    struct packet_interface *ifs; /* pcapng: of this section */
    size_t ifs_n, ifs_cap;
    const struct cqlr_mem *mem;
};

/* 0 or CQLR_E_PROTO with the reason in err. Both are borrowed until packets_fini. */
int packets_init(struct packets *f, struct cqlr_bytes file, const struct cqlr_mem *mem,
                 struct cqlr_err *err);
void packets_fini(struct packets *f);

/* 1 a packet, 0 the end of what can be read, CQLR_E_NOMEM. */
int packets_next(struct packets *f, struct packet *p);

#endif

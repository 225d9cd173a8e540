/*
 * segment.c - the headers of link, IP and TCP, one function each, every one of which hands on what
 * is behind its own.
 *
 * An IP packet's own length cuts away what the link has put behind it (padding, checksums). It is 0
 * in packets that are captured before the network card divides them: then it is all there is.
 */
#include "segment.h"

#include <string.h>

#include <cqlraw/wire.h>

#define ETHER_IPV4  0x0800
#define ETHER_IPV6  0x86DD
#define ETHER_VLAN  0x8100
#define ETHER_QINQ  0x88A8
#define ETHER_QINQ1 0x9100
#define PROTO_HOPS  0
#define PROTO_TCP   6
#define PROTO_ROUTE 43
#define PROTO_FRAG  44
#define PROTO_AUTH  51
#define PROTO_DEST  60

static struct cqlr_bytes behind(struct cqlr_bytes b, size_t n)
{
    return (struct cqlr_bytes){b.p + n, b.n - n};
}

static enum segment_kind tcp_read(struct cqlr_bytes b, struct segment *s)
{
    if (b.n < 20)
        return SEGMENT_BROKEN;
    size_t header = (size_t)(b.p[12] >> 4) * 4;
    if (header < 20 || header > b.n)
        return SEGMENT_BROKEN;
    memcpy(s->from.port, b.p, 2);
    memcpy(s->to.port, b.p + 2, 2);
    s->seq = cqlr_be32(b.p + 4);
    s->fin = b.p[13] & 0x01;
    s->syn = b.p[13] & 0x02;
    s->rst = b.p[13] & 0x04;
    s->ack = b.p[13] & 0x10;
    s->data = behind(b, header);
    return SEGMENT_TCP;
}

/* What an IP packet of n bytes behind its header has, of what was captured. */
static struct cqlr_bytes payload(struct cqlr_bytes b, size_t n, struct segment *s)
{
    s->cut = n > b.n;
    return (struct cqlr_bytes){b.p, n < b.n ? n : b.n};
}

static enum segment_kind ipv4_read(struct cqlr_bytes b, struct segment *s)
{
    if (b.n < 20 || b.p[0] >> 4 != 4)
        return SEGMENT_BROKEN;
    size_t header = (size_t)(b.p[0] & 15) * 4, total = cqlr_be16(b.p + 2);
    total = total ? total : b.n;
    if (header < 20 || header > b.n || header > total)
        return SEGMENT_BROKEN;
    if (b.p[9] != PROTO_TCP)
        return SEGMENT_OTHER;
    if (cqlr_be16(b.p + 6) & 0x3FFF) /* more fragments, or not the first */
        return SEGMENT_FRAGMENT;
    s->from.size = s->to.size = 4;
    memcpy(s->from.address, b.p + 12, 4);
    memcpy(s->to.address, b.p + 16, 4);
    return tcp_read(payload(behind(b, header), total - header, s), s);
}

/* Skips the headers between IPv6 and TCP: each takes at least eight bytes. */
static enum segment_kind extensions_skip(uint8_t next, struct cqlr_bytes b, struct segment *s)
{
    while (next != PROTO_TCP) {
        if (next != PROTO_HOPS && next != PROTO_ROUTE && next != PROTO_DEST && next != PROTO_AUTH &&
            next != PROTO_FRAG)
            return SEGMENT_OTHER;
        if (b.n < 8)
            return SEGMENT_BROKEN;
        size_t n = next == PROTO_FRAG   ? 8
                   : next == PROTO_AUTH ? ((size_t)b.p[1] + 2) * 4
                                        : ((size_t)b.p[1] + 1) * 8;
        if (next == PROTO_FRAG && (cqlr_be16(b.p + 2) & 0xFFF9))
            return SEGMENT_FRAGMENT;
        if (n > b.n)
            return SEGMENT_BROKEN;
        next = b.p[0];
        b = behind(b, n);
    }
    return tcp_read(b, s);
}

static enum segment_kind ipv6_read(struct cqlr_bytes b, struct segment *s)
{
    if (b.n < 40 || b.p[0] >> 4 != 6)
        return SEGMENT_BROKEN;
    size_t n = cqlr_be16(b.p + 4);
    s->from.size = s->to.size = 16;
    memcpy(s->from.address, b.p + 8, 16);
    memcpy(s->to.address, b.p + 24, 16);
    return extensions_skip(b.p[6], payload(behind(b, 40), n ? n : b.n - 40, s), s);
}

static enum segment_kind ip_read(struct cqlr_bytes b, struct segment *s)
{
    if (b.n == 0)
        return SEGMENT_BROKEN;
    return b.p[0] >> 4 == 6 ? ipv6_read(b, s) : ipv4_read(b, s);
}

/* What a link that tells it by a type of Ethernet carries, behind any VLAN tags. */
static enum segment_kind ether_read(uint16_t type, struct cqlr_bytes b, struct segment *s)
{
    while (type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ1) {
        if (b.n < 4)
            return SEGMENT_BROKEN;
        type = cqlr_be16(b.p + 2);
        b = behind(b, 4);
    }
    return type == ETHER_IPV4   ? ipv4_read(b, s)
           : type == ETHER_IPV6 ? ipv6_read(b, s)
                                : SEGMENT_OTHER;
}

/* Links with a header of `header` bytes that has the type at `at`. */
static enum segment_kind link_read(struct cqlr_bytes b, size_t header, size_t at, struct segment *s)
{
    if (b.n < header)
        return SEGMENT_BROKEN;
    return ether_read(cqlr_be16(b.p + at), behind(b, header), s);
}

enum segment_kind segment_read(const struct packet *p, struct segment *s)
{
    *s = (struct segment){.cut = false};
    switch (p->link) {
    case LINK_ETHERNET:
        return link_read(p->bytes, 14, 12, s);
    case LINK_COOKED:
        return link_read(p->bytes, 16, 14, s);
    case LINK_COOKED_V2:
        return link_read(p->bytes, 20, 0, s);
    case LINK_NULL: /* the family in front has other numbers on other systems: IP tells itself */
    case LINK_LOOP:
        return p->bytes.n < 4 ? SEGMENT_BROKEN : ip_read(behind(p->bytes, 4), s);
    case LINK_RAW:
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
    case LINK_IPV4:
    case LINK_IPV6:
        return ip_read(p->bytes, s);
    default:
        return SEGMENT_LINK;
    }
}

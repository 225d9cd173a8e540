/*
 * segment.h - a packet -> the TCP segment in it. Pure.
 */
#ifndef CQLRAW_CAPTURE_SEGMENT_H
#define CQLRAW_CAPTURE_SEGMENT_H

#include "capture.h"
#include "packets.h"

struct segment {
    struct capture_peer from, to;
    uint32_t seq;
    bool syn, ack, fin, rst;
    bool cut; /* the capture has not all of it */
    struct cqlr_bytes data;
};

enum segment_kind {
    SEGMENT_TCP,      /* s is filled in */
    SEGMENT_OTHER,    /* not TCP over IP */
    SEGMENT_FRAGMENT, /* of an IP packet: not put together */
    SEGMENT_LINK,     /* the type of the link is not known */
    SEGMENT_BROKEN    /* headers that are cut off or not possible */
};

enum segment_kind segment_read(const struct packet *p, struct segment *s);

#endif

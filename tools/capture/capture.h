/*
 * capture.h - capture files (pcap, pcapng) as the byte streams of TCP connections.
 *
 * The reader takes a whole file in memory, which nobody vouches for: it never reads outside of it,
 * ends after time that grows with its size (times the logarithm of how much is out of order), and
 * takes memory of at most about ten times its size, much less for packets that carry something.
 *
 * It knows the links Ethernet (with VLAN tags), Linux cooked v1 and v2, raw IP, null/loopback; IPv4
 * and IPv6 (extension headers skipped), not in fragments; TCP. Files of either byte order with
 * micro- or nanoseconds, and pcapng with several interfaces and sections.
 */
#ifndef CQLRAW_CAPTURE_H
#define CQLRAW_CAPTURE_H

#include <cqlraw/base.h>

/*
 * A piece of one direction of a connection, in the order of the stream. Retransmissions and
 * overlaps are cut away, the bytes that came first stay. Bytes that came early wait for what is in
 * front of them, unless that never comes: then they have `gap`. So has the first chunk of a
 * direction whose beginning (SYN) is not in the capture.
 */
struct capture_chunk {
    uint32_t connection; /* from 0, in order of their first packet */
    bool from_server;
    bool gap;         /* bytes in front of these are missing */
    bool end;         /* FIN or RST: nothing follows in this direction; n is 0 */
    uint64_t time_ns; /* since 1970, of the packet that completed it */
    const uint8_t *p; /* borrowed: in the file */
    size_t n;
};

/* One side of a connection. */
struct capture_peer {
    uint8_t size; /* of the address: 4 or 16 */
    uint8_t address[16];
    uint8_t port[2]; /* big-endian */
};

struct capture;

/*
 * port: of the server; a packet to it comes from a client. 0: all connections; the server is whom
 * the SYN went to, without a SYN the side with the lower port. `file` is borrowed until
 * capture_free. NULL with the reason in err (CQLR_E_PROTO, CQLR_E_NOMEM) when it is no capture file
 * or memory ran out. A file that is cut off or broken is read as far as it goes, and
 * capture_note tells. mem NULL = default.
 */
struct capture *capture_new(struct cqlr_bytes file, uint16_t port, const struct cqlr_mem *mem,
                            struct cqlr_err *err);
void capture_free(struct capture *c);

/* The next chunk, in the order of the packets in the file; false at the end. */
bool capture_next(struct capture *c, struct capture_chunk *chunk);

uint32_t capture_connections(const struct capture *c);
/* Who speaks in connection i, which capture_connections counts. */
void capture_peers(const struct capture *c, uint32_t i, struct capture_peer *client,
                   struct capture_peer *server);
/* Of the first packet in the file, whatever it is; 0 when there is none. */
uint64_t capture_start(const struct capture *c);

/* "", or one line on what could not be used: fragments, other links, cut packets, the file's end;
 * and, when there is no connection at all, the ports that were seen. */
const char *capture_note(const struct capture *c);

#endif

/*
 * pcap_write.h - bytes of connections → a capture file (pcap) as if they had been seen on a
 * network.
 *
 * What wraps the bytes is made up: raw IPv4 packets (link type 101) of TCP, with the sequence
 * numbers, flags and checksums that a real connection has. The server is 10.0.0.1 and has the port
 * it is given, the first connection's client is 10.1.0.0, the next one's 10.1.0.1, port 50000 each,
 * so no two connections of a file are mixed up. The file is complete after each call: whoever kills
 * the writer leaves a file that can be read.
 */
#ifndef CAPTURE_PCAP_WRITE_H
#define CAPTURE_PCAP_WRITE_H

#include <cqlraw/base.h>

struct pcap_file {
    int fd; /* -1 = closed */
    const char *path;
    uint16_t server_port;
    uint32_t connections; /* begun so far */
    uint64_t last;        /* time of the last packet, microseconds; no later one is earlier */
    uint64_t bytes;       /* of whole packets in the file */
};

/* One connection in the file. */
struct pcap_connection {
    uint32_t number;
    uint32_t next[2]; /* sequence number of the next byte: of the client, of the server */
};

/*
 * Makes the file, for its owner alone (mode 0600): it may hold passwords. One that is there is
 * replaced when `overwrite` says so; what is no file (a pipe to a reader, a device) is written to.
 * `path` is borrowed until pcap_close. 0; CQLR_E_USAGE: it exists; CQLR_E_OUTPUT; with one line in
 * err.
 */
CQLR_MUST_USE int pcap_create(struct pcap_file *f, const char *path, bool overwrite,
                              uint16_t server_port, struct cqlr_err *err);
/* 0, or CQLR_E_OUTPUT with the reason in err. Nothing to do when it was never created. */
int pcap_close(struct pcap_file *f, struct cqlr_err *err);

/* Times are nanoseconds since 1970. 0, or CQLR_E_OUTPUT with one line in err; the packet that could
 * not be written is cut off again. */
CQLR_MUST_USE int pcap_connect(struct pcap_file *f, struct pcap_connection *c, uint64_t time,
                               struct cqlr_err *err);
CQLR_MUST_USE int pcap_data(struct pcap_file *f, struct pcap_connection *c, bool from_server,
                            const void *p, size_t n, uint64_t time, struct cqlr_err *err);
/* That side says no more; reset: and takes no more. */
CQLR_MUST_USE int pcap_end(struct pcap_file *f, struct pcap_connection *c, bool from_server,
                           bool reset, uint64_t time, struct cqlr_err *err);

#endif

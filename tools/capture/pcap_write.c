/*
 * pcap_write.c - a packet is put together in one block, in front of its bytes the record header of
 * pcap, an IPv4 header (RFC 791) and a TCP header (RFC 9293), and leaves with one write.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcap_write.h"

#define MAGIC        0xa1b2c3d4u /* of pcap with microseconds */
#define SNAP_LEN     262144
#define LINKTYPE_RAW 101

#define FILE_HEADER 24
#define RECORD      16
#define IP          20
#define TCP         20
#define HEADERS     (RECORD + IP + TCP)
#define DATA_MAX    (32 * 1024) /* of one packet */

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

#define SERVER      0x0a000001u /* 10.0.0.1 */
#define CLIENTS     0x0a010000u /* 10.1.0.0 is the first */
#define CLIENT_PORT 50000

__attribute__((format(printf, 3, 4))) static int fail(struct cqlr_err *err, int code,
                                                      const char *format, ...)
{
    va_list ap;
    int sys = errno;
    va_start(ap, format);
    memset(err, 0, sizeof *err);
    err->code = code;
    err->sys_errno = sys;
    vsnprintf(err->text, sizeof err->text, format, ap); /* "%m" is of errno */
    va_end(ap);
    return code;
}

/* ---- the file ---- */

static int cannot_write(const struct pcap_file *f, struct cqlr_err *err)
{
    return fail(err, CQLR_E_OUTPUT, "cannot write %s: %m", f->path);
}

static int write_all(struct pcap_file *f, const uint8_t *p, size_t n, struct cqlr_err *err)
{
    size_t done = 0;
    while (done < n) {
        ssize_t k = write(f->fd, p + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0) {
            int rc = cannot_write(f, err);
            (void)!ftruncate(f->fd, (off_t)f->bytes); /* not possible on what is no file */
            return rc;
        }
        done += (size_t)k;
    }
    f->bytes += n;
    return 0;
}

/* Opens what there is, or makes it: f->fd, or -1 with errno set. */
static void open_file(struct pcap_file *f, bool overwrite)
{
    struct stat st;
    bool special = stat(f->path, &st) == 0 && !S_ISREG(st.st_mode);
    int flags = O_WRONLY | O_NOCTTY | O_CLOEXEC;
    if (!special)
        flags |= overwrite ? O_CREAT : O_CREAT | O_EXCL;
    f->fd = open(f->path, flags, 0600);
    if (f->fd < 0 || special)
        return;
    /* Locked before it is emptied: two writers of one file would make none. */
    if (flock(f->fd, LOCK_EX | LOCK_NB) || fchmod(f->fd, 0600) || ftruncate(f->fd, 0)) {
        int sys = errno;
        close(f->fd);
        f->fd = -1;
        errno = sys;
    }
}

/* What pcap itself has is little-endian here, on any machine; what the network has is big-endian.
 */
static void put_little(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static int write_file_header(struct pcap_file *f, struct cqlr_err *err)
{
    uint8_t h[FILE_HEADER] = {0};
    put_little(h, MAGIC);
    h[4] = 2; /* version 2.4 */
    h[6] = 4;
    put_little(h + 16, SNAP_LEN);
    put_little(h + 20, LINKTYPE_RAW);
    return write_all(f, h, sizeof h, err);
}

int pcap_create(struct pcap_file *f, const char *path, bool overwrite, uint16_t server_port,
                struct cqlr_err *err)
{
    *f = (struct pcap_file){.fd = -1, .path = path, .server_port = server_port};
    open_file(f, overwrite);
    if (f->fd < 0 && errno == EEXIST)
        return fail(err, CQLR_E_USAGE, "%s exists (use --overwrite to replace it)", path);
    if (f->fd < 0 && errno == EWOULDBLOCK)
        return fail(err, CQLR_E_OUTPUT, "cannot write %s: somebody else is writing it", path);
    if (f->fd < 0)
        return cannot_write(f, err);
    int rc = write_file_header(f, err);
    if (rc)
        close(f->fd);
    if (rc)
        f->fd = -1;
    return rc;
}

int pcap_close(struct pcap_file *f, struct cqlr_err *err)
{
    int rc = f->fd >= 0 && close(f->fd) && errno != EINTR ? cannot_write(f, err) : 0;
    f->fd = -1;
    return rc;
}

/* ---- packets ---- */

static void put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, (uint16_t)(v >> 16));
    put16(p + 2, (uint16_t)v);
}

/* Adds bytes to a sum as the internet checksum does (RFC 1071): 16 bits at a time, the carry comes
 * back in. */
static uint32_t sum(uint32_t s, const uint8_t *p, size_t n)
{
    for (; n > 1; p += 2, n -= 2)
        s += (uint32_t)(p[0] << 8 | p[1]);
    if (n)
        s += (uint32_t)p[0] << 8;
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return s;
}

static void put_ip(uint8_t *p, size_t length, uint32_t from, uint32_t to)
{
    memset(p, 0, IP);
    p[0] = 0x45; /* version 4, five words */
    put16(p + 2, (uint16_t)length);
    p[6] = 0x40; /* don't fragment */
    p[8] = 64;   /* time to live */
    p[9] = 6;    /* TCP */
    put32(p + 12, from);
    put32(p + 16, to);
    put16(p + 10, (uint16_t)~sum(0, p, IP));
}

/* `p`: the TCP header, behind it n bytes, in front of it the addresses of the IP header. */
static void put_tcp(uint8_t *p, size_t n, uint16_t from, uint16_t to, uint32_t seq, uint32_t ack,
                    uint8_t flags)
{
    memset(p, 0, TCP);
    put16(p, from);
    put16(p + 2, to);
    put32(p + 4, seq);
    put32(p + 8, ack);
    p[12] = TCP / 4 << 4;
    p[13] = flags;
    put16(p + 14, 65535); /* window */
    uint32_t pseudo = sum(6 + (uint32_t)(TCP + n), p - 8, 8);
    put16(p + 16, (uint16_t)~sum(pseudo, p, TCP + n));
}

/* Times never go back, whatever the clock does. */
static void put_record(struct pcap_file *f, uint8_t *p, size_t n, uint64_t time)
{
    uint64_t us = time / 1000 > f->last ? time / 1000 : f->last;
    f->last = us;
    put_little(p, (uint32_t)(us / 1000000));
    put_little(p + 4, (uint32_t)(us % 1000000));
    put_little(p + 8, (uint32_t)n);  /* bytes in the file */
    put_little(p + 12, (uint32_t)n); /* and on the wire */
}

static int put_packet(struct pcap_file *f, struct pcap_connection *c, bool from_server,
                      uint8_t flags, const void *data, size_t n, uint64_t time,
                      struct cqlr_err *err)
{
    uint8_t b[HEADERS + DATA_MAX];
    uint32_t client = CLIENTS + c->number;
    uint32_t *next = &c->next[from_server];
    uint32_t ack = flags & ACK ? c->next[!from_server] : 0;
    if (n)
        memcpy(b + HEADERS, data, n);
    put_record(f, b, IP + TCP + n, time);
    put_ip(b + RECORD, IP + TCP + n, from_server ? SERVER : client, from_server ? client : SERVER);
    put_tcp(b + RECORD + IP, n, from_server ? f->server_port : CLIENT_PORT,
            from_server ? CLIENT_PORT : f->server_port, *next, ack, flags);
    *next += (uint32_t)n + (flags & (SYN | FIN) ? 1 : 0);
    return write_all(f, b, HEADERS + n, err);
}

int pcap_connect(struct pcap_file *f, struct pcap_connection *c, uint64_t time,
                 struct cqlr_err *err)
{
    *c = (struct pcap_connection){.number = f->connections++};
    int rc = put_packet(f, c, false, SYN, NULL, 0, time, err);
    if (!rc)
        rc = put_packet(f, c, true, SYN | ACK, NULL, 0, time, err);
    return rc ? rc : put_packet(f, c, false, ACK, NULL, 0, time, err);
}

int pcap_data(struct pcap_file *f, struct pcap_connection *c, bool from_server, const void *p,
              size_t n, uint64_t time, struct cqlr_err *err)
{
    const uint8_t *from = p;
    int rc = 0;
    while (!rc && n > 0) {
        size_t part = n < DATA_MAX ? n : DATA_MAX;
        rc = put_packet(f, c, from_server, PSH | ACK, from, part, time, err);
        from += part;
        n -= part;
    }
    return rc;
}

int pcap_end(struct pcap_file *f, struct pcap_connection *c, bool from_server, bool reset,
             uint64_t time, struct cqlr_err *err)
{
    return put_packet(f, c, from_server, (uint8_t)((reset ? RST : FIN) | ACK), NULL, 0, time, err);
}

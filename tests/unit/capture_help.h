/*
 * capture_help.h - capture files written byte by byte, for the tests of tools/capture.
 */
#ifndef CQLRAW_TESTS_CAPTURE_HELP_H
#define CQLRAW_TESTS_CAPTURE_HELP_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cqlraw/wire.h>

#include "tools/capture/capture.h"
#include "tools/capture/packets.h"

/* A file, or a packet, that is being written. */
struct made {
    uint8_t p[1 << 17];
    size_t n;
    bool little; /* byte order of numbers */
};

static inline void made_number(struct made *m, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        m->p[m->n++] = (uint8_t)(v >> 8 * (m->little ? i : bytes - 1 - i));
}

static inline void made_bytes(struct made *m, const void *p, size_t n)
{
    if (n)
        memcpy(m->p + m->n, p, n);
    m->n += n;
}

static inline void made_pcap(struct made *m, bool little, uint32_t magic, uint32_t link)
{
    m->n = 0;
    m->little = little;
    made_number(m, magic, 4);
    made_number(m, 2, 2);
    made_number(m, 4, 2);
    made_number(m, 0, 8);
    made_number(m, 262144, 4);
    made_number(m, link, 4);
}

static inline void made_record(struct made *m, uint32_t seconds, uint32_t fraction, const void *p,
                               size_t n)
{
    made_number(m, seconds, 4);
    made_number(m, fraction, 4);
    made_number(m, n, 4);
    made_number(m, n, 4);
    made_bytes(m, p, n);
}

/* A block of pcapng. */
static inline void made_block(struct made *m, uint32_t type, const void *p, size_t n)
{
    size_t padded = (n + 3) & ~(size_t)3;
    made_number(m, type, 4);
    made_number(m, 12 + padded, 4);
    made_bytes(m, p, n);
    made_bytes(m, "\0\0\0", padded - n);
    made_number(m, 12 + padded, 4);
}

enum { CLIENT = 40000, SERVER = 9042, SYN = 2, FIN = 1, RST = 4, ACK = 16 };

struct tcp {
    uint16_t from, to;
    uint32_t seq;
    uint8_t flags;
    const char *data;
};

/* TCP header and data, whole numbers always big-endian. */
static inline size_t tcp_write(uint8_t *p, const struct tcp *t)
{
    size_t n = t->data ? strlen(t->data) : 0;
    memset(p, 0, 20);
    cqlr_put16(p, t->from);
    cqlr_put16(p + 2, t->to);
    cqlr_put32(p + 4, t->seq);
    p[12] = 5 << 4;
    p[13] = t->flags;
    memcpy(p + 20, t->data ? t->data : "", n);
    return 20 + n;
}

/* The same in IPv4; the client is 10.0.0.1, the server 10.0.0.2. */
static inline size_t ipv4_write(uint8_t *p, const struct tcp *t)
{
    static const uint8_t address[2][4] = {{10, 0, 0, 1}, {10, 0, 0, 2}};
    size_t n = 20 + tcp_write(p + 20, t);
    memset(p, 0, 20);
    p[0] = 0x45;
    cqlr_put16(p + 2, (uint16_t)n);
    p[9] = 6;
    memcpy(p + 12, address[t->from < t->to], 4);
    memcpy(p + 16, address[t->from >= t->to], 4);
    return n;
}

/* Adds a segment to a file of raw IP packets; each comes 1 ms after the one before. */
static inline void made_segment(struct made *m, const struct tcp *t)
{
    static uint32_t ms;
    uint8_t packet[2048];
    size_t n = ipv4_write(packet, t);
    ms++;
    made_record(m, 1000 + ms / 1000, ms % 1000 * 1000, packet, n);
}

/* What a file says: "c0>abc c0<def c0>$" ('>' to the server, '!' a gap, '$' the end). */
static inline const char *told(struct cqlr_bytes file, uint16_t port)
{
    static char text[1 << 17];
    size_t n = 0;
    struct cqlr_err err;
    struct capture_chunk k;
    struct capture *c = capture_new(file, port, NULL, &err);
    snprintf(text, sizeof text, "%s", c ? "" : err.text);
    while (c && capture_next(c, &k))
        n += (size_t)snprintf(text + n, sizeof text - n, "%sc%u%s%s%.*s%s", n ? " " : "",
                              (unsigned)k.connection, k.from_server ? "<" : ">", k.gap ? "!" : "",
                              (int)k.n, k.n ? (const char *)k.p : "", k.end ? "$" : "");
    capture_free(c);
    return text;
}

static inline const char *told_of(const struct made *m)
{
    return told((struct cqlr_bytes){m->p, m->n}, SERVER);
}

/* The file in a block of exactly its size, so that a read behind it is seen. */
static inline uint8_t *exactly(const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, p, n);
    return copy;
}

#endif

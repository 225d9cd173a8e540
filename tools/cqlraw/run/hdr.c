/*
 * hdr.c - counts → "V2 encoding" of HdrHistogram → its compressed form → base64 in a log line.
 *
 * V2: a cookie, the length, how values map to counts, then the counts as ZigZag LEB128 numbers,
 * where -n stands for n counts of zero. Compressed: a cookie, the length, a zlib stream (RFC 1950).
 * That stream holds stored blocks (RFC 1951 section 3.2.4), so it takes no compressor to write one,
 * and every reader reads it: the log of a run is a few kilobytes.
 */
#include <stdio.h>

#include "hdr.h"

#define V2_COOKIE         0x1c849313u /* its low nibbles: version 3, counts of 8 bytes */
#define V2_COMPRESSED     0x1c849314u
#define DIGITS            2
#define HIGHEST_TRACKABLE (UINT64_C(24) * 3600 * 1000000000)
#define STORED_MOST       65535

void hdr_add(struct hdr *h, uint64_t value, uint64_t count)
{
    if (value >> 63)
        value = INT64_MAX;
    unsigned top = 63 - (unsigned)__builtin_clzll(value | 1);
    unsigned e = top > 7 ? top - 7 : 0;
    h->count[e * 128 + (unsigned)(value >> e)] += count;
    if (value > h->max)
        h->max = value;
}

/* ---- V2 ---- */

static void zigzag(struct cqlr_wr *w, int64_t v)
{
    uint64_t z = ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
    for (int i = 0; i < 8 && z >= 0x80; i++) {
        cqlr_wr_u8(w, (uint8_t)(z | 0x80));
        z >>= 7;
    }
    cqlr_wr_u8(w, (uint8_t)z); /* the ninth byte has eight bits */
}

/* Up to the last count that is not zero. */
static void counts(struct cqlr_wr *w, const struct hdr *h)
{
    int64_t zeros = 0;
    for (size_t i = 0; i < HDR_COUNTS; i++) {
        if (!h->count[i]) {
            zeros++;
            continue;
        }
        if (zeros)
            zigzag(w, -zeros);
        zeros = 0;
        zigzag(w, (int64_t)h->count[i]);
    }
}

static void v2(struct cqlr_wr *w, const struct hdr *h)
{
    static const uint8_t one[8] = {0x3f, 0xf0}; /* 1.0: stored values are multiplied by it */
    size_t length = w->n + 4, start;
    cqlr_wr_i32(w, (int32_t)V2_COOKIE);
    cqlr_wr_i32(w, 0);
    cqlr_wr_i32(w, 0); /* no offset of the index */
    cqlr_wr_i32(w, DIGITS);
    cqlr_wr_i64(w, 1); /* lowest value that is told from 0 */
    cqlr_wr_i64(w, (int64_t)(h->max > HIGHEST_TRACKABLE ? h->max : HIGHEST_TRACKABLE));
    cqlr_wr_raw(w, one, sizeof one);
    start = w->n;
    counts(w, h);
    if (!w->rc)
        cqlr_put32(w->p + length, (uint32_t)(w->n - start));
}

/* ---- zlib ---- */

static uint32_t adler32(const uint8_t *p, size_t n)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < n; i++) {
        a = (a + p[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void zlib_stored(struct cqlr_wr *w, const uint8_t *p, size_t n)
{
    uint32_t sum = adler32(p, n);
    cqlr_wr_u8(w, 0x78);
    cqlr_wr_u8(w, 0x01);
    do {
        size_t len = n < STORED_MOST ? n : STORED_MOST;
        const uint8_t head[] = {len == n, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)~len,
                                (uint8_t)(~len >> 8)};
        cqlr_wr_raw(w, head, sizeof head);
        cqlr_wr_raw(w, p, len);
        p += len;
        n -= len;
    } while (n);
    cqlr_wr_i32(w, (int32_t)sum);
}

/* ---- the line ---- */

static void base64(struct cqlr_wr *w, const uint8_t *p, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                     (left > 2 ? p[i + 2] : 0);
        const char four[] = {digit[v >> 18], digit[v >> 12 & 63],
                             left > 1 ? digit[v >> 6 & 63] : '=', left > 2 ? digit[v & 63] : '='};
        cqlr_wr_raw(w, four, sizeof four);
    }
}

static void payload(struct cqlr_wr *w, const struct hdr *h)
{
    struct cqlr_wr plain, packed;
    cqlr_wr_init(&plain, NULL, 0);
    cqlr_wr_init(&packed, NULL, 0);
    v2(&plain, h);
    cqlr_wr_i32(&packed, (int32_t)V2_COMPRESSED);
    cqlr_wr_i32(&packed, 0);
    if (!plain.rc)
        zlib_stored(&packed, plain.p, plain.n);
    if (!packed.rc && !plain.rc) {
        cqlr_put32(packed.p + 4, (uint32_t)(packed.n - 8));
        base64(w, packed.p, packed.n);
    } else if (!w->rc) {
        w->rc = plain.rc ? plain.rc : packed.rc;
    }
    cqlr_wr_fini(&plain);
    cqlr_wr_fini(&packed);
}

void hdr_log(const struct hdr *h, uint64_t start_ms, double seconds, struct cqlr_wr *w)
{
    char text[512];
    double start = (double)start_ms / 1000;
    int n = snprintf(text, sizeof text,
                     "#[Histogram log format version 1.3]\n"
                     "#[StartTime: %.3f (seconds since epoch)]\n"
                     "#[BaseTime: %.3f (seconds since epoch)]\n"
                     "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                     "\"Interval_Compressed_Histogram\"\n"
                     "0.000,%.3f,%.6f,",
                     start, start, seconds, (double)h->max / 1e6);
    cqlr_wr_raw(w, text, (size_t)n);
    payload(w, h);
    cqlr_wr_u8(w, '\n');
}

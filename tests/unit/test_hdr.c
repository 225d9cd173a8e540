/*
 * test_hdr.c - an HdrHistogram log, taken apart again: base64, zlib stream, V2 encoding, counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/cqlraw/run/hdr.h"

struct decoded {
    uint8_t bytes[200000];
    size_t n;
    uint64_t count[HDR_COUNTS];
    size_t counts;
};

static int digit(char c)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = memchr(all, c, 64);
    assert_non_null(p);
    return (int)(p - all);
}

static void unbase64(struct decoded *d, const char *p, size_t n)
{
    assert_int_equal(n % 4, 0);
    for (size_t i = 0; i < n; i += 4) {
        uint32_t v = 0;
        int pad = (p[i + 2] == '=') + (p[i + 3] == '=');
        for (size_t k = 0; k < 4; k++)
            v = v << 6 | (p[i + k] == '=' ? 0 : (uint32_t)digit(p[i + k]));
        for (int k = 0; k < 3 - pad; k++)
            d->bytes[d->n++] = (uint8_t)(v >> (16 - 8 * k));
    }
}

/* The stored blocks of the stream at p, put together in place. */
static size_t unstore(uint8_t *p, size_t n)
{
    size_t at = 2, out = 0;
    uint32_t a = 1, b = 0;
    bool last = false;
    assert_int_equal((p[0] * 256 + p[1]) % 31, 0);
    while (!last) {
        size_t len = (size_t)p[at + 1] | (size_t)p[at + 2] << 8;
        assert_int_equal(len ^ 0xffff, (size_t)p[at + 3] | (size_t)p[at + 4] << 8);
        assert_true(p[at] <= 1);
        last = p[at] == 1;
        memmove(p + out, p + at + 5, len);
        out += len;
        at += 5 + len;
    }
    for (size_t i = 0; i < out; i++) {
        a = (a + p[i]) % 65521;
        b = (b + a) % 65521;
    }
    assert_int_equal(at + 4, n);
    assert_int_equal(cqlr_be32(p + at), b << 16 | a);
    return out;
}

static int64_t unzigzag(const uint8_t **p)
{
    uint64_t z = 0;
    for (unsigned i = 0; i < 9; i++) {
        uint8_t c = *(*p)++;
        if (i == 8) {
            z |= (uint64_t)c << 56;
            break;
        }
        z |= (uint64_t)(c & 0x7f) << (7 * i);
        if (c < 0x80)
            break;
    }
    return (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
}

static struct decoded *decode(const struct hdr *h, char *line, size_t size)
{
    struct decoded *d = calloc(1, sizeof *d);
    struct cqlr_wr w;
    assert_non_null(d);
    cqlr_wr_init(&w, NULL, 0);
    hdr_log(h, UINT64_C(1700000000123), 12.5, &w);
    assert_int_equal(w.rc, 0);
    assert_int_equal(w.p[w.n - 1], '\n');
    const char *p = memmem(w.p, w.n, "Histogram\"\n", 11);
    assert_non_null(p);
    p += 11;
    size_t n = (size_t)((const char *)w.p + w.n - p) - 1;
    const char *comma = memrchr(p, ',', n);
    assert_non_null(comma);
    snprintf(line, size, "%.*s", (int)(comma - p), p);
    unbase64(d, comma + 1, n - (size_t)(comma + 1 - p));
    cqlr_wr_fini(&w);
    assert_int_equal(cqlr_be32(d->bytes), 0x1c849314);
    assert_int_equal(cqlr_be32(d->bytes + 4), d->n - 8);
    size_t plain = unstore(d->bytes + 8, d->n - 8);
    const uint8_t *v2 = d->bytes + 8, *q = v2 + 40;
    assert_int_equal(cqlr_be32(v2), 0x1c849313);
    assert_int_equal(cqlr_be32(v2 + 4), plain - 40);
    assert_int_equal(cqlr_be32(v2 + 12), 2);
    assert_int_equal(cqlr_be64(v2 + 16), 1);
    while (q < v2 + plain) {
        int64_t c = unzigzag(&q);
        if (c > 0)
            d->count[d->counts++] = (uint64_t)c;
        else
            d->counts += (size_t)-c;
        assert_true(d->counts <= HDR_COUNTS);
    }
    return d;
}

static void every_value_is_in_its_bucket(void **state)
{
    static struct hdr h;
    char line[80];
    (void)state;
    hdr_add(&h, 0, 1);
    hdr_add(&h, 255, 2);
    hdr_add(&h, 256, 3);
    hdr_add(&h, 257, 3);
    hdr_add(&h, 1000000, 1000000);
    hdr_add(&h, INT64_MAX, UINT64_C(1) << 62);
    struct decoded *d = decode(&h, line, sizeof line);
    assert_string_equal(line, "0.000,12.500,9223372036854.775391");
    assert_int_equal(d->count[0], 1);
    assert_int_equal(d->count[255], 2);
    assert_int_equal(d->count[256], 6); /* two wide from here on */
    assert_int_equal(d->count[12 * 128 + (1000000 >> 12)], 1000000);
    assert_int_equal(d->counts, HDR_COUNTS);
    assert_true(d->count[HDR_COUNTS - 1] == UINT64_C(1) << 62);
    free(d);
}

static void what_does_not_fit_one_block_takes_more(void **state)
{
    static struct hdr h;
    char line[80];
    (void)state;
    for (size_t i = 0; i < HDR_COUNTS; i++)
        h.count[i] = UINT64_MAX >> 2;
    struct decoded *d = decode(&h, line, sizeof line);
    assert_true(d->n > 65535);
    for (size_t i = 0; i < HDR_COUNTS; i++)
        assert_true(d->count[i] == UINT64_MAX >> 2);
    free(d);
}

static void nothing_is_an_empty_histogram(void **state)
{
    static const struct hdr h;
    char line[80];
    (void)state;
    struct decoded *d = decode(&h, line, sizeof line);
    assert_string_equal(line, "0.000,12.500,0.000000");
    assert_int_equal(d->counts, 0);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_in_its_bucket),
        cmocka_unit_test(what_does_not_fit_one_block_takes_more),
        cmocka_unit_test(nothing_is_an_empty_histogram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

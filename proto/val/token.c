/*
 * token.c - values of a partition key → routing key → token of the Murmur3Partitioner.
 *
 * The hash is MurmurHash3 x64_128 as Cassandra has it: Java's bytes are signed, so in the last
 * block, which is put together byte by byte, those from 0x80 on fill all bits above them with ones.
 * A port that takes them as unsigned agrees on ASCII keys and on lengths that are multiples of 16,
 * and sends all others to the wrong node.
 */
#include "proto/val/token.h"

#include "proto/base/err.h"

/* ---- token ---- */

#define BLOCK 16

static const uint64_t C1 = UINT64_C(0x87c37b91114253d5), C2 = UINT64_C(0x4cf5ad432745937f);

static uint64_t rotl(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

/* The two halves of a block, spread over all their bits. */
static uint64_t mix_1(uint64_t k)
{
    return rotl(k * C1, 31) * C2;
}

static uint64_t mix_2(uint64_t k)
{
    return rotl(k * C2, 33) * C1;
}

static uint64_t mix_end(uint64_t h)
{
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

static uint64_t le64(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 8; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

/* Up to 8 bytes of the last block, each with its sign. */
static uint64_t tail(const uint8_t *p, size_t n)
{
    uint64_t k = 0;
    for (size_t i = 0; i < n; i++)
        k ^= (p[i] < 0x80 ? p[i] : p[i] | ~UINT64_C(0xff)) << 8 * i;
    return k;
}

int64_t cqlr_token_murmur3(const void *key, size_t n)
{
    const uint8_t *p = key;
    const size_t rest = n % BLOCK;
    uint64_t h1 = 0, h2 = 0;
    if (n == 0)
        return INT64_MIN;
    for (const uint8_t *end = p + (n - rest); p < end; p += BLOCK) {
        h1 = (rotl(h1 ^ mix_1(le64(p)), 27) + h2) * 5 + 0x52dce729;
        h2 = (rotl(h2 ^ mix_2(le64(p + 8)), 31) + h1) * 5 + 0x38495ab5;
    }
    h1 ^= mix_1(tail(p, rest < 8 ? rest : 8)) ^ n;
    h2 ^= (rest > 8 ? mix_2(tail(p + 8, rest - 8)) : 0) ^ n;
    h1 += h2;
    h2 += h1;
    h1 = mix_end(h1) + mix_end(h2);
    return h1 == UINT64_C(1) << 63 ? INT64_MAX : (int64_t)h1;
}

/* ---- routing key ---- */

static uint32_t position(struct cqlr_span pk, uint32_t i)
{
    return pk.p ? cqlr_be16(pk.p + (size_t)2 * i) : i;
}

static int no_value(struct cqlr_err *err, uint32_t at, uint32_t values)
{
    return cqlr__err_set(err, CQLR_E_RANGE, "partition key: no value %u, there are %u",
                         (unsigned)at, (unsigned)values);
}

int cqlr__pk_check(struct cqlr_span pk, uint32_t values, struct cqlr_err *err)
{
    uint8_t seen[(UINT16_MAX + 1) / 8];
    if (!pk.p && pk.count > values)
        return no_value(err, values, values);
    if (!pk.p || !pk.count)
        return pk.count > 0;
    memset(seen, 0, values / 8 < sizeof seen ? values / 8 + 1 : sizeof seen);
    for (uint32_t i = 0; i < pk.count; i++) {
        uint32_t at = position(pk, i);
        if (at >= values)
            return no_value(err, at, values);
        if (seen[at / 8] & 1 << at % 8)
            return 0;
        seen[at / 8] |= (uint8_t)(1 << at % 8);
    }
    return 1;
}

static int check_part(struct cqlr_value v, uint32_t i, struct cqlr_err *err)
{
    if (v.n < 0)
        return cqlr__err_set(err, CQLR_E_RANGE, "partition key: component %u is %s", (unsigned)i,
                             v.n == CQLR_UNSET ? "unset" : "null");
    if (v.n > CQLR_ROUTING_PART_MAX)
        return cqlr__err_set(err, CQLR_E_RANGE, "partition key: component %u has %d bytes, not %d",
                             (unsigned)i, (int)v.n, CQLR_ROUTING_PART_MAX);
    return 0;
}

static int parts_write(struct cqlr_wr *w, const struct cqlr_value *value, struct cqlr_span pk,
                       struct cqlr_err *err)
{
    const size_t start = w->n;
    for (uint32_t i = 0; i < pk.count; i++) {
        struct cqlr_value v = value[position(pk, i)];
        int rc = check_part(v, i, err);
        if (rc < 0) {
            w->n = start;
            return rc;
        }
        cqlr_wr_short_bytes(w, (struct cqlr_bytes){v.p, (size_t)v.n});
        cqlr_wr_u8(w, 0);
    }
    if (w->rc) {
        w->n = start;
        return cqlr__err_set(err, w->rc, "partition key: %s", cqlr_errcode_text(w->rc));
    }
    return 0;
}

int cqlr_routing_key(struct cqlr_wr *w, const struct cqlr_value *value, uint32_t values,
                     struct cqlr_span pk, struct cqlr_bytes *key, struct cqlr_err *err)
{
    const size_t start = w->n;
    int rc = cqlr__pk_check(pk, values, err);
    if (rc <= 0)
        return rc;
    if (pk.count == 1) {
        struct cqlr_value v = value[position(pk, 0)];
        rc = check_part(v, 0, err);
        if (rc == 0)
            *key = (struct cqlr_bytes){v.p, (size_t)v.n};
    } else {
        rc = parts_write(w, value, pk, err);
        if (rc == 0)
            *key = (struct cqlr_bytes){w->p + start, w->n - start};
    }
    return rc < 0 ? rc : 1;
}

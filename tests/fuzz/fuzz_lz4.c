/*
 * fuzz_lz4.c - compressed bodies: what is read is as long as it says and no longer than allowed,
 * and what is compressed comes back.
 *
 * The first byte chooses the direction and how long a body may be.
 */
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "lz4";

/* Into memory that holds `fill`: it must not be seen. */
static int read_lz4(struct cqlr_wr *w, struct fuzz_mem *mem, uint8_t fill, struct cqlr_bytes body,
                    uint32_t max)
{
    struct cqlr_err err = {0};
    fuzz_mem_init(mem);
    mem->fill = fill;
    cqlr_wr_init(w, &mem->mem, 0);
    cqlr_wr_raw(w, "front", 5);
    int rc = cqlr_lz4_read(w, body, max, &err);
    MUST(rc == 0 || (rc == CQLR_E_PROTO && err.code == rc && err.text[0]), "rc %d", rc);
    size_t plain = rc ? 0 : cqlr_be32(body.p);
    MUST(w->n == 5 + plain && plain <= max && memcmp(w->p, "front", 5) == 0, "%zu bytes", w->n);
    MUST(mem->peak <= 4096 + 3 * 255 * body.n, "%zu bytes of memory", mem->peak);
    return rc;
}

static void check_read(struct cqlr_bytes body, uint32_t max)
{
    struct fuzz_mem zeros, ones;
    struct cqlr_wr w, again;
    int rc = read_lz4(&w, &zeros, 0, body, max);
    MUST(rc == read_lz4(&again, &ones, 0xFF, body, max), "another result");
    MUST(fuzz_same(&w, &again), "bytes that the block did not give");
    cqlr_wr_fini(&w);
    cqlr_wr_fini(&again);
}

static void check_round(struct cqlr_bytes plain)
{
    struct cqlr_err err = {0};
    struct cqlr_wr packed, back;
    cqlr_wr_init(&packed, NULL, 0);
    cqlr_wr_init(&back, NULL, 0);
    int rc = cqlr_lz4_write(&packed, plain);
    MUST(rc == 0 && packed.n >= 5, "not compressed: %d", rc);
    struct cqlr_bytes body = {packed.p, packed.n};
    rc = cqlr_lz4_read(&back, body, (uint32_t)plain.n, &err);
    MUST(rc == 0 && back.n == plain.n && (!back.n || !memcmp(back.p, plain.p, back.n)), "%s",
         err.text);
    if (plain.n) {
        rc = cqlr_lz4_read(&back, body, (uint32_t)plain.n - 1, &err);
        MUST(rc == CQLR_E_PROTO, "longer than allowed: %d", rc);
    }
    cqlr_wr_fini(&packed);
    cqlr_wr_fini(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t most[] = {CQLR_FRAME_MAX, 0, 100, 65536};
    struct fuzz_in in = {data, size};
    struct cqlr_bytes block;
    uint8_t choice = fuzz_u8(&in);
    uint8_t *p = fuzz_block(&in, in.n, &block);
    if (choice & 1)
        check_round(block);
    else
        check_read(block, most[choice >> 1 & 3]);
    free(p);
    return 0;
}

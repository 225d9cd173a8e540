/*
 * test_compress.c - LZ4 bodies: what is written is read, and no announced size, block or allocator
 * gets more out of the reader than the plain body, exactly.
 */
#include <sys/mman.h>

#include "tests/unit/msg_help.h"

#define MAX CQLR_FRAME_MAX

/* QUERY "SELECT a... FROM t" with 60 a's at ONE, as another implementation compressed it. */
static const uint8_t query[] = "\0\0\0\x51\xcf\0\0\0\x4a"
                               "SELECT a\x01\0\x28\xa0 FROM t\0\x01\0";
enum { QUERY_N = sizeof query - 1, QUERY_PLAIN = 81 };

static struct cqlr_bytes bytes(const void *p, size_t n)
{
    return (struct cqlr_bytes){p, n};
}

/* Reads a body from a block of exactly its size. */
static int read_body(struct cqlr_wr *w, const void *p, size_t n, uint32_t max, struct cqlr_err *err)
{
    uint8_t *block = malloc(n ? n : 1);
    assert_non_null(block);
    if (n)
        memcpy(block, p, n);
    memset(err, 0, sizeof *err);
    int rc = cqlr_lz4_read(w, bytes(block, n), max, err);
    assert_int_equal(err->code, rc);
    free(block);
    return rc;
}

/* Refused, saying this, and the writer has what it had. */
static void refused(const void *p, size_t n, uint32_t max, const char *text)
{
    struct cqlr_wr w;
    struct cqlr_err err;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_raw(&w, "before", 6);
    assert_int_equal(read_body(&w, p, n, max, &err), CQLR_E_PROTO);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
    assert_int_equal(w.n, 6);
    assert_int_equal(w.rc, 0);
    assert_memory_equal(w.p, "before", 6);
    cqlr_wr_fini(&w);
}

/* The size field says something else. */
static void refused_as(uint32_t announced, const void *p, size_t n, uint32_t max, const char *text)
{
    uint8_t *body = malloc(n);
    assert_non_null(body);
    memcpy(body, p, n);
    cqlr_put32(body, announced);
    refused(body, n, max, text);
    free(body);
}

/* ---- what is right ---- */

static void a_query_of_another_implementation_is_read(void **state)
{
    struct cqlr_wr w;
    struct cqlr_err err;
    struct body b;
    struct cqlr_query m;
    (void)state;
    assert_true(cqlr_lz4_built());
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(read_body(&w, query, QUERY_N, QUERY_PLAIN, &err), 0);
    assert_int_equal(w.n, QUERY_PLAIN);
    assert_int_equal(cqlr_query_read(body_of(&b, &w), &m), 0);
    assert_int_equal(m.cql.n, 74);
    assert_memory_equal(m.cql.p, "SELECT aaa", 10);
    assert_memory_equal(m.cql.p + 65, "aa FROM t", 9);
    assert_int_equal(m.params.consistency, CQLR_CL_ONE);
    assert_int_equal(cqlr_rd_left(&b.r), 0);
    body_fini(&b);
}

static void an_empty_body_is_a_block_of_one_byte(void **state)
{
    struct cqlr_wr w;
    struct cqlr_err err;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    assert_int_equal(read_body(&w, "\0\0\0\0\0", 5, MAX, &err), 0);
    assert_int_equal(w.n, 0);
    assert_int_equal(cqlr_lz4_write(&w, bytes(NULL, 0)), 0);
    assert_int_equal(w.n, 5);
    assert_memory_equal(w.p, "\0\0\0\0\0", 5);
    cqlr_wr_fini(&w);
    refused("\0\0\0\0", 4, MAX, "not an LZ4 block of 0 bytes");
    refused("\0\0\0\0\x10x", 6, MAX, "not an LZ4 block of 0 bytes");
    refused("\0\0\0\1", 4, MAX, "the block can give at most 0");
}

static void there_and_back(const uint8_t *plain, size_t n)
{
    struct cqlr_wr packed, w;
    struct cqlr_err err;
    cqlr_wr_init(&packed, NULL, 0);
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_u8(&packed, 0xAA);
    cqlr_wr_u8(&w, 0xBB);
    assert_int_equal(cqlr_lz4_write(&packed, bytes(plain, n)), 0);
    assert_int_equal(packed.p[0], 0xAA);
    assert_int_equal(cqlr_be32(packed.p + 1), n);
    assert_int_equal(read_body(&w, packed.p + 1, packed.n - 1, (uint32_t)n, &err), 0);
    assert_int_equal(w.n, n + 1);
    assert_int_equal(w.p[0], 0xBB);
    assert_memory_equal(w.p + 1, plain, n);
    cqlr_wr_fini(&packed);
    cqlr_wr_fini(&w);
}

static void what_is_written_is_read(void **state)
{
    enum { N = 1 << 20 };
    uint8_t *plain = malloc(N);
    uint32_t random = 7;
    (void)state;
    assert_non_null(plain);
    for (int alphabet = 1; alphabet <= 256; alphabet *= 16) {
        for (size_t i = 0; i < N; i++) {
            random = random * 1664525 + 1013904223;
            plain[i] = (uint8_t)((random >> 16) % (unsigned)alphabet);
        }
        for (size_t n = 1; n < 300; n++)
            there_and_back(plain, n);
        for (size_t n = 1000; n <= N; n *= 3)
            there_and_back(plain, n);
    }
    free(plain);
}

/* As much as a block can stand for: an honest answer may be so. */
static void a_body_of_zeros_255_times_the_block_is_read(void **state)
{
    enum { N = 32 << 20 };
    struct cqlr_wr packed, w;
    struct cqlr_err err;
    struct counter c;
    uint8_t *plain = calloc(1, N);
    (void)state;
    assert_non_null(plain);
    cqlr_wr_init(&packed, NULL, 0);
    assert_int_equal(cqlr_lz4_write(&packed, bytes(plain, N)), 0);
    assert_true(packed.n < N / 250);
    cqlr_wr_init(&w, counter_init(&c, 0), 0);
    assert_int_equal(read_body(&w, packed.p, packed.n, N, &err), 0);
    assert_int_equal(w.n, N);
    assert_memory_equal(w.p, plain, N);
    assert_int_equal(c.largest, N);
    cqlr_wr_fini(&w);
    refused(packed.p, packed.n, N - 1, "the limit is 33554431");
    cqlr_wr_fini(&packed);
    free(plain);
}

/* ---- what is not ---- */

static void a_body_without_its_size_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < 4; n++)
        refused("\0\0\0", n, MAX, "compressed body: size: need 4 bytes");
}

static void a_size_over_the_limit_is_refused_and_takes_no_memory(void **state)
{
    static const uint32_t sizes[] = {MAX + 1, 0x7FFFFFF0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    enum { N = 4 + 2 * (MAX / 255) }; /* a block that could give as much as the limit */
    uint8_t *body = calloc(1, N);
    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct counter c;
        struct cqlr_wr w;
        struct cqlr_err err;
        cqlr_put32(body, sizes[i]);
        cqlr_wr_init(&w, counter_init(&c, 0), SIZE_MAX / 2);
        assert_int_equal(cqlr_lz4_read(&w, bytes(body, N), MAX, &err), CQLR_E_PROTO);
        assert_non_null(strstr(err.text, "plain bytes announced, the limit is 268435456"));
        assert_int_equal(c.calls, 0);
    }
    free(body);
}

static void a_size_that_the_block_cannot_give_takes_no_memory(void **state)
{
    struct counter c;
    struct cqlr_wr w;
    struct cqlr_err err;
    uint8_t body[QUERY_N];
    (void)state;
    memcpy(body, query, QUERY_N);
    cqlr_put32(body, (QUERY_N - 4) * 255 + 1);
    cqlr_wr_init(&w, counter_init(&c, 0), 0);
    assert_int_equal(read_body(&w, body, QUERY_N, MAX, &err), CQLR_E_PROTO);
    assert_string_equal(err.text, "compressed body: 6886 plain bytes announced, the block can "
                                  "give at most 6885");
    assert_int_equal(c.calls, 0);
    cqlr_put32(body, MAX);
    assert_int_equal(read_body(&w, body, QUERY_N, MAX, &err), CQLR_E_PROTO);
    assert_int_equal(c.calls, 0);
    cqlr_put32(body, (QUERY_N - 4) * 255);
    refused(body, QUERY_N, MAX, "the block gives 81");
}

/* LZ4 counts in int; a caller's limit may be higher. */
static void sizes_beyond_2_gb_are_refused(void **state)
{
    enum { N = 4 + 0x80000000u / 255 + 1 };
    const size_t huge = (size_t)INT32_MAX + 5;
    struct cqlr_wr w;
    struct cqlr_err err;
    struct counter c;
    uint8_t *body = calloc(1, N);
    (void)state;
    assert_non_null(body);
    cqlr_put32(body, 0x80000000);
    cqlr_wr_init(&w, counter_init(&c, 0), SIZE_MAX / 2);
    assert_int_equal(cqlr_lz4_read(&w, bytes(body, N), UINT32_MAX, &err), CQLR_E_PROTO);
    assert_non_null(strstr(err.text, "more than can be read"));
    free(body);

    body = mmap(NULL, huge, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(body != MAP_FAILED);
    assert_int_equal(cqlr_lz4_read(&w, bytes(body, huge), MAX, &err), CQLR_E_PROTO);
    assert_non_null(strstr(err.text, "in a block of 2147483648"));
    munmap(body, huge);
    assert_int_equal(c.calls, 0);
}

static void a_block_that_gives_more_or_fewer_bytes_is_refused(void **state)
{
    (void)state;
    refused_as(QUERY_PLAIN + 1, query, QUERY_N, MAX,
               "82 plain bytes announced, the block gives 81");
    refused_as(QUERY_PLAIN + 1000, query, QUERY_N, MAX, "the block gives 81");
    refused_as(QUERY_PLAIN - 1, query, QUERY_N, MAX, "not an LZ4 block of 80 bytes");
    refused_as(1, query, QUERY_N, MAX, "not an LZ4 block of 1 bytes");
    refused_as(0, query, QUERY_N, MAX, "not an LZ4 block of 0 bytes");
}

static void a_block_cut_short_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < QUERY_N; n++)
        refused(query, n, MAX, "compressed body: ");
}

static void bytes_behind_the_block_are_refused(void **state)
{
    uint8_t body[QUERY_N + 8] = {0};
    (void)state;
    memcpy(body, query, QUERY_N);
    for (size_t n = 1; n <= 8; n++)
        refused(body, QUERY_N + n, MAX, "not an LZ4 block");
}

/* Neither what the writer held nor what its memory held before comes out. */
static void a_block_shows_no_memory_but_its_own(void **state)
{
    static const uint8_t in_front[] = "\0\0\0\x0a\x11x\2\0\x50tail!";
    static const uint8_t itself[] = "\0\0\0\x0a\x10x\0\0\x50tail!";
    struct cqlr_wr w;
    struct cqlr_err err;
    (void)state;
    refused_as(11, in_front, sizeof in_front - 1, MAX, "not an LZ4 block"); /* 2 back, 1 is there */

    cqlr_wr_init(&w, NULL, 0);
    memset(cqlr_wr_room(&w, 200), 'S', 200);
    cqlr_wr_reset(&w);
    if (read_body(&w, itself, sizeof itself - 1, MAX, &err) == 0) {
        assert_int_equal(w.n, 10);
        assert_null(memchr(w.p, 'S', w.n));
    }
    cqlr_wr_fini(&w);
}

/* Whatever comes: the size that was announced, or an error and nothing. */
static void damaged_bodies_are_refused_or_have_their_size(void **state)
{
    uint32_t random = 11;
    struct cqlr_wr w;
    struct cqlr_err err;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    for (int i = 0; i < 50000; i++) {
        uint8_t body[QUERY_N];
        memcpy(body, query, QUERY_N);
        for (int k = 0; k <= i % 5; k++) {
            random = random * 1664525 + 1013904223;
            body[(random >> 8) % QUERY_N] = (uint8_t)(random >> 24);
        }
        cqlr_wr_reset(&w);
        cqlr_wr_raw(&w, "before", 6);
        int rc = read_body(&w, body, QUERY_N, 1 << 20, &err);
        assert_true(rc == 0 || rc == CQLR_E_PROTO);
        assert_int_equal(w.n, 6 + (rc ? 0 : cqlr_be32(body)));
        assert_memory_equal(w.p, "before", 6);
    }
    cqlr_wr_fini(&w);
}

/* ---- the writer's own errors ---- */

static void no_memory_and_no_room_are_told(void **state)
{
    struct counter c;
    struct cqlr_wr w;
    struct cqlr_err err;
    (void)state;
    cqlr_wr_init(&w, counter_init(&c, 1), 0);
    assert_int_equal(read_body(&w, query, QUERY_N, MAX, &err), CQLR_E_NOMEM);
    assert_string_equal(err.text, "compressed body: out of memory for 81 plain bytes");
    assert_int_equal(w.n, 0);
    assert_int_equal(read_body(&w, query, QUERY_N, MAX, &err), CQLR_E_NOMEM); /* sticky */
    assert_int_equal(cqlr_lz4_write(&w, bytes("abc", 3)), CQLR_E_NOMEM);

    cqlr_wr_init(&w, counter_init(&c, 0), QUERY_PLAIN - 1);
    assert_int_equal(read_body(&w, query, QUERY_N, MAX, &err), CQLR_E_LIMIT);
    assert_int_equal(c.calls, 0);

    for (unsigned n = 1; n <= 2; n++) {
        static const uint8_t zeros[1000];
        cqlr_wr_init(&w, counter_init(&c, n), 0);
        assert_int_equal(cqlr_lz4_write(&w, bytes(zeros, sizeof zeros)), CQLR_E_NOMEM);
        cqlr_wr_fini(&w);
        assert_int_equal(c.live, 0);
    }
    cqlr_wr_init(&w, NULL, 8);
    assert_int_equal(cqlr_lz4_write(&w, bytes("abcdefgh", 8)), CQLR_E_LIMIT);
    cqlr_wr_fini(&w);
    assert_int_equal(cqlr_lz4_write(&w, bytes("", (size_t)INT32_MAX)), CQLR_E_RANGE);
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_of_another_implementation_is_read),
        cmocka_unit_test(an_empty_body_is_a_block_of_one_byte),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_body_of_zeros_255_times_the_block_is_read),
        cmocka_unit_test(a_body_without_its_size_is_refused),
        cmocka_unit_test(a_size_over_the_limit_is_refused_and_takes_no_memory),
        cmocka_unit_test(a_size_that_the_block_cannot_give_takes_no_memory),
        cmocka_unit_test(sizes_beyond_2_gb_are_refused),
        cmocka_unit_test(a_block_that_gives_more_or_fewer_bytes_is_refused),
        cmocka_unit_test(a_block_cut_short_anywhere_is_refused),
        cmocka_unit_test(bytes_behind_the_block_are_refused),
        cmocka_unit_test(a_block_shows_no_memory_but_its_own),
        cmocka_unit_test(damaged_bodies_are_refused_or_have_their_size),
        cmocka_unit_test(no_memory_and_no_room_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_link_split.c - the events of a byte stream do not depend on how it was cut: whole, byte by
 * byte, in two at every place, and in pieces of random size they are the same.
 */
#include "tests/unit/link_help.h"
#include "tests/vectors/vectors.c"
#include "tests/vectors/lines.c"

struct stream {
    struct cqlr_wr bytes;
    enum cqlr_role role;
    int requests; /* made by the client before the bytes come; -1: it still waits for READY */
    bool lz4;     /* the client asks for compression */
};

static void client_stream(struct stream *s)
{
    static const uint8_t prefixed[] = "0123456789abcdef"
                                      "\0\1\0\1w"
                                      "\0\1\0\1k\0\0\0\1\1"
                                      "\0\0\0\1";
    static const char rows[] = "\0\0\0\2\0\0\0\1\0\0\0\2\0\2ks\0\1t\0\1k\0\x9\0\1v\0\x22\0\xd"
                               "\0\0\0\2\0\0\0\4\0\0\0\1\xff\xff\xff\xff"
                               "\0\0\0\4\0\0\0\2\0\0\0\x9\0\0\0\1\0\0\0\1a";
    *s = (struct stream){.role = CQLR_CLIENT, .requests = 40};
    cqlr_wr_init(&s->bytes, NULL, 0);
    put_frame(&s->bytes, RESPONSE4, 0, 1, CQLR_OP_RESULT, rows, sizeof rows - 1);
    put_frame(&s->bytes, RESPONSE4, 0, -1, CQLR_OP_EVENT, "\0\4DOWN", 6);
    put_error(&s->bytes, RESPONSE4, 3, 0x2200, "nope");
    put_frame(&s->bytes, RESPONSE4, 0x0E, 2, CQLR_OP_RESULT, prefixed, sizeof prefixed - 1);
    put_frame(&s->bytes, RESPONSE4, 0, 4, CQLR_OP_READY, NULL, 0);
    put_frame(&s->bytes, RESPONSE4, 0xF0, 5, CQLR_OP_SUPPORTED, "\0\0", 2);
    put_frame(&s->bytes, RESPONSE4, 0, 6, CQLR_OP_AUTH_SUCCESS, "\xff\xff\xff\xff", 4);
    for (int i = 7; i <= 40; i++)
        put_frame(&s->bytes, RESPONSE4, 0, i, CQLR_OP_RESULT, "\0\0\0\1", 4);
    put_error(&s->bytes, RESPONSE4, 0, 0x000A, "the end");
}

static void server_stream(struct stream *s)
{
    *s = (struct stream){.role = CQLR_SERVER};
    cqlr_wr_init(&s->bytes, NULL, 0);
    put_frame(&s->bytes, REQUEST4, 0, 0, CQLR_OP_STARTUP,
              "\0\1\0\x0b"
              "CQL_VERSION\0\5"
              "3.0.0",
              22);
    put_frame(&s->bytes, REQUEST4, 0, 1, CQLR_OP_OPTIONS, NULL, 0);
    put_frame(&s->bytes, REQUEST4, 4, 258, CQLR_OP_EXECUTE, "\0\1\0\1k\0\0\0\1\1abc", 13);
    put_frame(&s->bytes, 0x05, 0, 0, CQLR_OP_OPTIONS, NULL, 0);
}

static void put_packed(struct cqlr_wr *w, uint8_t flags, int stream, uint8_t opcode,
                       const void *body, size_t n)
{
    struct cqlr_wr packed;
    cqlr_wr_init(&packed, NULL, 0);
    assert_int_equal(cqlr_lz4_write(&packed, (struct cqlr_bytes){body, n}), 0);
    put_frame(w, RESPONSE4, flags | CQLR_FLAG_COMPRESSED, stream, opcode, packed.p, packed.n);
    cqlr_wr_fini(&packed);
}

/* A whole connection: READY, EVENTs between plain, compressed and long compressed bodies, and one
 * that is broken. */
static void compressed_stream(struct stream *s)
{
    static const uint8_t zeros[3000];
    *s = (struct stream){.role = CQLR_CLIENT, .requests = -1, .lz4 = true};
    cqlr_wr_init(&s->bytes, NULL, 0);
    put_packed(&s->bytes, 0, 0, CQLR_OP_READY, NULL, 0);
    put_packed(&s->bytes, 0, -1, CQLR_OP_EVENT, "\0\4DOWN", 6);
    put_frame(&s->bytes, RESPONSE4, 0, -1, CQLR_OP_EVENT, "\0\2UP", 4);
    put_packed(&s->bytes, CQLR_FLAG_WARNING, -1, CQLR_OP_EVENT, "\0\1\0\1w\0\2UP", 9);
    put_packed(&s->bytes, 0, -1, CQLR_OP_EVENT, zeros, sizeof zeros);
    put_packed(&s->bytes, 0, -1, CQLR_OP_EVENT, "\0\4DOWN", 6);
    put_frame(&s->bytes, RESPONSE4, CQLR_FLAG_COMPRESSED, -1, CQLR_OP_EVENT, "\0\0\0\2\x10x", 6);
}

static cqlr_link *start(const struct stream *s)
{
    struct cqlr_link_opts o;
    cqlr_link_opts_init(&o, sizeof o);
    o.role = s->role;
    o.compression = s->lz4 ? CQLR_COMPRESSION_LZ4 : CQLR_COMPRESSION_NONE;
    if (s->role == CQLR_SERVER || s->requests < 0)
        return cqlr_link_new(&o);
    cqlr_link *l = open_client(NULL);
    for (int i = 1; i <= s->requests; i++)
        assert_int_equal(request(l, (void *)(uintptr_t)i), i);
    return l;
}

/* The events when the bytes come in the pieces that `next` cuts: free the text. */
static char *events(const struct stream *s, size_t (*next)(void *arg, size_t left), void *arg)
{
    char *text = NULL;
    size_t text_n = 0;
    FILE *out = open_memstream(&text, &text_n);
    cqlr_link *l = start(s);
    assert_non_null(out);
    for (size_t at = 0; at < s->bytes.n && !cqlr_link_err(l)->code;) {
        size_t n = next(arg, s->bytes.n - at);
        assert_int_equal(cqlr_link_feed(l, s->bytes.p + at, n), 0);
        at += n;
        print_events(l, out);
    }
    cqlr_link_free(l);
    fclose(out);
    return text;
}

static size_t whole(void *arg, size_t left)
{
    (void)arg;
    return left;
}

static size_t byte_by_byte(void *arg, size_t left)
{
    (void)arg;
    (void)left;
    return 1;
}

static size_t in_two(void *arg, size_t left)
{
    size_t *first = arg;
    size_t n = *first ? *first : left;
    *first = 0;
    return n;
}

static size_t at_random(void *arg, size_t left)
{
    uint32_t *random = arg;
    *random = *random * 1664525 + 1013904223;
    size_t n = (*random >> 16) % 50 + 1;
    return n < left ? n : left;
}

static void same(const char *expected, char *got)
{
    assert_string_equal(got, expected);
    free(got);
}

static int count_lines(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void every_cut(struct stream *s, int lines)
{
    char *expected = events(s, whole, NULL);
    assert_int_equal(count_lines(expected), lines);
    same(expected, events(s, byte_by_byte, NULL));
    for (size_t i = 1; i < s->bytes.n; i++) {
        size_t first = i;
        same(expected, events(s, in_two, &first));
    }
    for (uint32_t seed = 0; seed < 200; seed++) {
        uint32_t random = seed;
        same(expected, events(s, at_random, &random));
    }
    free(expected);
    cqlr_wr_fini(&s->bytes);
}

/* Every frame of the vector file, alone, to the side that it is meant for. */
static void the_vectors_cut_anywhere(void **state)
{
    struct vectors set;
    (void)state;
    assert_int_equal(vectors_load(&set, "tests/vectors/v4.txt"), 0);
    assert_true(set.count > 50);
    for (size_t i = 0; i < set.count; i++) {
        struct cqlr_frame f;
        struct stream s = {.role = CQLR_SERVER};
        cqlr_frame_read(set.v[i].bytes, &f);
        if (f.response) {
            s.role = CQLR_CLIENT;
            s.requests = f.stream > 0 ? f.stream : f.stream - 1;
        }
        if (f.stream < 0)
            s.requests = 1;
        cqlr_wr_init(&s.bytes, NULL, 0);
        cqlr_wr_raw(&s.bytes, set.v[i].bytes, set.v[i].n);
        every_cut(&s, 1);
    }
    vectors_free(&set);
}

static void answers_cut_anywhere(void **state)
{
    struct stream s;
    (void)state;
    client_stream(&s);
    every_cut(&s, 42);
}

static void compressed_answers_cut_anywhere(void **state)
{
    struct stream s;
    (void)state;
    compressed_stream(&s);
    every_cut(&s, 7);
}

static void requests_cut_anywhere(void **state)
{
    struct stream s;
    (void)state;
    server_stream(&s);
    every_cut(&s, 4);
}

/* More than the buffer holds at once: frames are moved to the front again and again. */
static void many_frames_through_a_small_buffer(void **state)
{
    struct stream s = {.role = CQLR_CLIENT, .requests = 300};
    (void)state;
    cqlr_wr_init(&s.bytes, NULL, 0);
    for (int i = 1; i <= s.requests; i++) {
        char body[1000];
        memset(body, i, sizeof body);
        put_frame(&s.bytes, RESPONSE4, 0, i, CQLR_OP_RESULT, body, (size_t)i * 3);
    }
    char *expected = events(&s, whole, NULL);
    for (uint32_t seed = 0; seed < 10; seed++) {
        uint32_t random = seed;
        same(expected, events(&s, at_random, &random));
    }
    free(expected);
    cqlr_wr_fini(&s.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_cut_anywhere),
        cmocka_unit_test(answers_cut_anywhere),
        cmocka_unit_test(compressed_answers_cut_anywhere),
        cmocka_unit_test(requests_cut_anywhere),
        cmocka_unit_test(many_frames_through_a_small_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

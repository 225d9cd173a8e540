/*
 * The shared ring between two processes, the publisher's records in it, and the framed stream
 * beside it.
 */
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/bulk/worker/publish.h"

static uint64_t rnd(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* Bytes of which each tells its place in the stream. */
static uint8_t byte_at(uint64_t pos)
{
    return (uint8_t)(pos * 31 + (pos >> 8) * 7);
}

static void produce(struct cqlr__ring *r, uint64_t total)
{
    uint64_t seed = 99;
    while (r->pos < total) {
        size_t n = (size_t)(rnd(&seed) % 3000 + 1);
        if (n > total - r->pos)
            n = (size_t)(total - r->pos);
        while (cqlr__ring_room(r) < n)
            sched_yield();
        for (size_t i = 0; i < n; i++)
            cqlr__ring_at(r, r->pos)[i] = byte_at(r->pos + i); /* contiguous across the end */
        cqlr__ring_wrote(r, n);
        cqlr__ring_publish(r);
    }
}

static void two_processes_wrap_many_times(void **state)
{
    struct cqlr__ring r;
    const uint64_t total = 3000000;
    uint64_t seed = 5;
    int status;
    pid_t pid;
    (void)state;
    assert_int_equal(cqlr__ring_open(&r, 5000, 100), 0);
    assert_int_equal(r.size, 8192);
    pid = fork();
    if (pid == 0) {
        produce(&r, total);
        _exit(0);
    }
    while (r.pos < total) {
        const uint8_t *p;
        size_t n = cqlr__ring_ready(&r, &p);
        size_t take = n ? (size_t)(rnd(&seed) % n) + 1 : 0;
        assert_true(n <= r.size);
        for (size_t i = 0; i < take; i++) {
            if (p[i] != byte_at(r.pos + i))
                fail_msg("byte %zu", (size_t)r.pos + i);
        }
        if (!n)
            sched_yield();
        cqlr__ring_consume(&r, take);
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    cqlr__ring_close(&r);
}

static void a_producer_gone_mad_is_noticed(void **state)
{
    struct cqlr__ring r;
    const uint8_t *p;
    (void)state;
    assert_int_equal(cqlr__ring_open(&r, 4096, 0), 0);
    atomic_store(&r.shared->tail, 4097);
    assert_true(cqlr__ring_ready(&r, &p) == SIZE_MAX);
    atomic_store(&r.shared->tail, UINT64_MAX);
    assert_true(cqlr__ring_ready(&r, &p) == SIZE_MAX);
    atomic_store(&r.shared->tail, 4096);
    assert_int_equal(cqlr__ring_ready(&r, &p), 4096);
    cqlr__ring_close(&r);
}

static void each_side_is_told_once_when_it_waits(void **state)
{
    struct cqlr__ring producer, consumer;
    (void)state;
    assert_int_equal(cqlr__ring_open(&producer, 4096, 0), 0);
    consumer = producer; /* the same memory, a position of its own */
    assert_false(cqlr__ring_wait_data(&consumer));
    cqlr__ring_wrote(&producer, 4096);
    cqlr__ring_publish(&producer);
    assert_true(cqlr__ring_tell_consumer(&producer));
    assert_false(cqlr__ring_tell_consumer(&producer));
    assert_true(cqlr__ring_wait_data(&consumer));

    assert_false(cqlr__ring_wait_room(&producer, 1));
    cqlr__ring_consume(&consumer, 100);
    assert_false(cqlr__ring_tell_producer(&consumer)); /* not before half is free */
    cqlr__ring_consume(&consumer, 1948);
    assert_true(cqlr__ring_tell_producer(&consumer));
    assert_false(cqlr__ring_tell_producer(&consumer));
    assert_true(cqlr__ring_wait_room(&producer, 2048));
    cqlr__ring_close(&producer);
}

/* ---- records ---- */

struct pair {
    struct cqlr__ring up, down;
    struct cqlr__publisher pub;
    struct cqlr__reader reader;
};

static void pair_open(struct pair *t, size_t size)
{
    *t = (struct pair){0};
    assert_int_equal(cqlr__ring_open(&t->up, size, 0), 0);
    t->down = t->up;
    t->pub.ring = &t->up;
    cqlr__reader_init(&t->reader, &t->down);
}

static void pair_close(struct pair *t)
{
    cqlr__reader_fini(&t->reader);
    cqlr__ring_close(&t->up);
}

static struct cqlr__record item(uint64_t unit, uint64_t next)
{
    return (struct cqlr__record){.kind = CQLR__RECORD_PAGES,
                                 .unit = unit,
                                 .next_item = next,
                                 .queries = 1,
                                 .pages = 1,
                                 .rows = 2};
}

static void parameter_sets_of_a_unit_share_a_record(void **state)
{
    struct pair t;
    struct cqlr__record rec;
    const uint8_t *p;
    (void)state;
    pair_open(&t, 65536);
    for (uint64_t i = 1; i <= 3; i++) {
        rec = item(7, i);
        assert_true(cqlr__publish(&t.pub, &rec, (const uint8_t *)"abc", 3, NULL, 0));
    }
    rec = item(8, 1);
    assert_true(cqlr__publish(&t.pub, &rec, (const uint8_t *)"de", 2, NULL, 0));
    assert_int_equal(cqlr__reader_next(&t.reader, &rec, &p), 1); /* a new unit closed it */
    assert_int_equal(rec.unit, 7);
    assert_int_equal(rec.next_item, 3);
    assert_int_equal(rec.queries, 3);
    assert_int_equal(rec.rows, 6);
    assert_int_equal(rec.bytes, 9);
    assert_memory_equal(p, "abcabcabc", 9);
    cqlr__reader_take(&t.reader);
    assert_int_equal(cqlr__reader_next(&t.reader, &rec, &p), 0); /* still open */
    cqlr__publish_close(&t.pub);
    assert_int_equal(cqlr__reader_next(&t.reader, &rec, &p), 1);
    assert_memory_equal(p, "de", 2);
    pair_close(&t);
}

static void output_larger_than_the_ring_arrives_whole(void **state)
{
    struct pair t;
    struct cqlr__record rec, what = item(1, 0);
    size_t n = 100000, ns = 3000;
    uint8_t *out = malloc(n), *paging = malloc(ns);
    const uint8_t *p;
    int rounds = 0;
    (void)state;
    what.next_page = 4;
    what.queries = 0;
    for (size_t i = 0; i < n; i++)
        out[i] = byte_at(i);
    for (size_t i = 0; i < ns; i++)
        paging[i] = byte_at(i + 12345);
    pair_open(&t, 4096);
    while (!cqlr__publish(&t.pub, &what, out, n, paging, ns)) {
        assert_int_equal(cqlr__reader_next(&t.reader, &rec, &p), 0); /* chunks are no record yet */
        rounds++;
    }
    assert_true(rounds > 20);
    assert_int_equal(cqlr__reader_next(&t.reader, &rec, &p), 1);
    assert_int_equal(rec.bytes, n + ns);
    assert_int_equal(rec.state, ns);
    assert_int_equal(rec.next_page, 4);
    assert_memory_equal(p, out, n);
    assert_memory_equal(p + n, paging, ns);
    assert_int_equal(cqlr__reader_next(&t.reader, &rec, &p), 1); /* until it is taken */
    cqlr__reader_take(&t.reader);
    assert_int_equal(cqlr__reader_next(&t.reader, &rec, &p), 0);
    free(out);
    free(paging);
    pair_close(&t);
}

static void records_that_lie_are_refused(void **state)
{
    const struct cqlr__record bad[] = {
        {.kind = 0},
        {.kind = 9},
        {.kind = CQLR__RECORD_PAGES, .bytes = 1000},
        {.kind = CQLR__RECORD_PAGES, .bytes = UINT64_MAX},
        {.kind = CQLR__RECORD_PAGES, .bytes = UINT64_MAX - 6},
        {.kind = CQLR__RECORD_PAGES, .bytes = 8, .state = 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pair t;
        struct cqlr__record rec;
        const uint8_t *p;
        pair_open(&t, 4096);
        memcpy(t.up.data, &bad[i], sizeof bad[i]);
        cqlr__ring_wrote(&t.up, sizeof rec + 8);
        cqlr__ring_publish(&t.up);
        assert_int_equal(cqlr__reader_next(&t.reader, &rec, &p), CQLR_E_WORKER);
        pair_close(&t);
    }
}

/* ---- the stream ---- */

static void messages_of_any_size_cross_the_stream(void **state)
{
    struct cqlr__stream a, b;
    struct cqlr__message m;
    size_t n = 3000000;
    uint8_t *big = calloc(1, n);
    int sv[2], got = 0;
    (void)state;
    big[n - 1] = 77;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv), 0);
    cqlr__stream_init(&a, sv[0]);
    cqlr__stream_init(&b, sv[1]);
    assert_int_equal(cqlr__stream_put(&a, CQLR__TO_STOP, NULL, 0, NULL, 0), 0);
    assert_int_equal(cqlr__stream_put(&a, CQLR__TO_UNIT, "ab", 2, big, n), 0);
    assert_int_equal(cqlr__stream_put(&a, CQLR__TO_SPACE, "x", 1, NULL, 0), 0);
    while (got < 3) {
        (void)cqlr__stream_flush(&a);
        assert_int_equal(cqlr__stream_read(&b), 0);
        while (cqlr__stream_next(&b, &m) == 1) {
            const size_t sizes[] = {0, n + 2, 1};
            assert_int_equal(m.n, sizes[got]);
            if (got == 1)
                assert_int_equal(m.p[n + 1], 77);
            got++;
        }
    }
    cqlr__stream_fini(&a);
    assert_int_equal(cqlr__stream_read(&b), 0);
    assert_true(b.ended);
    cqlr__stream_fini(&b);
    free(big);
}

static void a_message_that_is_too_long_is_refused_by_its_header(void **state)
{
    const uint8_t bad[][5] = {{0xff, 0xff, 0xff, 0xff, 1}, {0, 0, 0, 0, 1}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct cqlr__stream s;
        struct cqlr__message m;
        int sv[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv), 0);
        cqlr__stream_init(&s, sv[0]);
        assert_int_equal(write(sv[1], bad[i], 5), 5);
        assert_int_equal(cqlr__stream_read(&s), 0);
        assert_int_equal(cqlr__stream_next(&s, &m), CQLR_E_PROTO);
        cqlr__stream_fini(&s);
        close(sv[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_processes_wrap_many_times),
        cmocka_unit_test(a_producer_gone_mad_is_noticed),
        cmocka_unit_test(each_side_is_told_once_when_it_waits),
        cmocka_unit_test(parameter_sets_of_a_unit_share_a_record),
        cmocka_unit_test(output_larger_than_the_ring_arrives_whole),
        cmocka_unit_test(records_that_lie_are_refused),
        cmocka_unit_test(messages_of_any_size_cross_the_stream),
        cmocka_unit_test(a_message_that_is_too_long_is_refused_by_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Records of a worker: where the output of whole parameter sets ends in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/bulk/worker/publish.h"

static struct cqlr__ring ring;
static struct cqlr__ring other; /* the parent's view: its own position */
static struct cqlr__publisher pub;
static struct cqlr__reader reader;
static uint8_t data[20000];

static int setup(void **state)
{
    (void)state;
    assert_int_equal(cqlr__ring_open(&ring, 8192, 0), 0);
    other = ring;
    pub = (struct cqlr__publisher){.ring = &ring};
    cqlr__reader_init(&reader, &other);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cqlr__reader_fini(&reader);
    cqlr__ring_close(&ring);
    return 0;
}

/* Item `item` of unit 0, complete with n bytes; or with `page` only that far. */
static void offer(uint64_t item, uint64_t page, size_t n)
{
    const struct cqlr__record what = {
        .kind = CQLR__RECORD_PAGES, .next_item = item + !page, .next_page = page, .queries = !page};
    while (!cqlr__publish(&pub, &what, data, n, data, page ? 10 : 0)) {
        struct cqlr__record rec;
        const uint8_t *p;
        assert_int_equal(cqlr__reader_next(&reader, &rec, &p), 0); /* it collects chunks */
    }
}

static void next_is(uint64_t whole, uint64_t bytes)
{
    struct cqlr__record rec;
    const uint8_t *p;
    assert_int_equal(cqlr__reader_next(&reader, &rec, &p), 1);
    assert_int_equal(rec.whole, whole);
    assert_int_equal(rec.bytes - rec.state, bytes);
    cqlr__reader_take(&reader);
}

static void records_tell_how_much_is_of_whole_sets(void **state)
{
    (void)state;
    offer(0, 0, 100);
    offer(1, 0, 200);
    offer(2, 1, 50); /* a page, then its state: the record ends */
    next_is(300, 350);
    offer(2, 2, 60);
    next_is(0, 60);
    offer(2, 0, 70);
    cqlr__publish_close(&pub);
    next_is(70, 70);
}

static void chunks_count_too(void **state)
{
    (void)state;
    offer(0, 0, 10000);
    offer(1, 0, 20);
    offer(2, 1, 30);
    next_is(10020, 10050);
    offer(2, 2, 12000);
    next_is(0, 12000);
    offer(2, 0, 40);
    cqlr__publish_close(&pub);
    next_is(40, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_tell_how_much_is_of_whole_sets, setup, teardown),
        cmocka_unit_test_setup_teardown(chunks_count_too, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

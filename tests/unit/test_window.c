/*
 * The window of a worker without a worker: an engine whose answers come when a test gives them, and
 * a ring that a test reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/bulk/worker/window.c" /* a worker never frees its slots: it exits */

static struct cqlr__ring ring, parents;
static struct cqlr__reader reader;
static struct cqlr__window window;
static size_t page_bytes;
static uint64_t refused;  /* this set cannot be executed for its second page */
static uint64_t sent[16]; /* in each slot: which set, */
static bool flying[16];   /* and does it wait for an answer? */
static size_t executions;

static int fake_execute(void *self, size_t slot, uint64_t index, struct cqlr_value line,
                        struct cqlr_value state, struct cqlr_err *err)
{
    (void)self;
    (void)line;
    if (index == refused && state.n >= 0)
        return cqlr__err_set(err, CQLR_E_TYPE, "no second page");
    sent[slot] = index;
    flying[slot] = true;
    executions++;
    return 0;
}

static int fake_page(void *self, const struct cqlr_item *item, void *reply, struct cqlr_wr *out,
                     uint64_t *rows, struct cqlr_err *err)
{
    (void)self;
    (void)item;
    (void)reply;
    (void)err;
    memset(cqlr_wr_room(out, page_bytes), 'x', page_bytes);
    *rows = 1;
    return 0;
}

static bool fake_lost(void *self)
{
    (void)self;
    return false;
}

static const struct cqlr__engine engine = {
    .execute = fake_execute, .page = fake_page, .lost = fake_lost};

static int setup(void **state)
{
    (void)state;
    assert_int_equal(cqlr__ring_open(&ring, 4096, sizeof(struct cqlr__gauges)), 0);
    parents = ring;
    cqlr__reader_init(&reader, &parents);
    window = (struct cqlr__window){.engine = &engine, .self = &window, .gauges = ring.extra};
    window.pub.ring = &ring;
    window.loop = cqlr_loop_new(NULL);
    assert_non_null(window.loop);
    assert_int_equal(cqlr__window_init(&window, 3), 0);
    executions = 0;
    memset(flying, 0, sizeof flying);
    refused = UINT64_MAX;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_null(window.first); /* the units are done */
    while (window.spares)
        cqlr_wr_fini(&window.spare[--window.spares]);
    for (size_t i = 0; i < window.cap; i++)
        cqlr_wr_fini(&window.slot[i].next);
    free(window.slot);
    cqlr_loop_free(window.loop);
    cqlr__reader_fini(&reader);
    cqlr__ring_close(&ring);
    return 0;
}

static void unit(uint64_t count)
{
    const struct cqlr__unit_message m = {.count = count, .idempotent = 1};
    assert_int_equal(cqlr__window_add(&window, (const uint8_t *)&m, sizeof m), 0);
    cqlr__window_go(&window);
}

/* A page of n bytes for set `index`; `more` = another one follows. */
static void answer(uint64_t index, size_t n, bool more)
{
    struct cqlr__answer a = {.next = {NULL, CQLR_NULL}};
    if (more)
        a.next = (struct cqlr_value){(const uint8_t *)"state", 5};
    page_bytes = n;
    for (size_t i = 0; i < 16; i++) {
        if (!flying[i] || sent[i] != index)
            continue;
        flying[i] = false;
        cqlr__window_answered(&window, i, &a);
        return;
    }
    fail_msg("set %llu is not under way", (unsigned long long)index);
}

/* Takes all records; how many parameter sets they complete. */
static uint64_t take(void)
{
    struct cqlr__record rec;
    const uint8_t *p;
    uint64_t done = 0;
    cqlr__publish_close(&window.pub);
    while (cqlr__reader_next(&reader, &rec, &p) == 1) {
        done = rec.next_item;
        cqlr__reader_take(&reader);
    }
    return done;
}

/* While much is held, only the oldest set's pages are fetched; when it fails, the next one is the
 * oldest. */
static void a_page_that_waited_is_fetched_when_the_oldest_set_has_failed(void **state)
{
    (void)state;
    refused = 0;
    unit(3);
    assert_int_equal(executions, 3);
    answer(2, 2200, true);
    assert_int_equal(executions, 4);
    answer(1, 2200, true);
    assert_int_equal(executions, 4); /* more than a ring's worth is held */
    answer(2, 10, false);
    answer(0, 10, true);
    assert_int_equal(window.used, 2);
    assert_int_equal(executions, 5);
    assert_int_equal(take(), 1);
    answer(1, 10, false);
    assert_int_equal(take(), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        a_page_that_waited_is_fetched_when_the_oldest_set_has_failed, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

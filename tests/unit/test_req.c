/*
 * test_req.c - the requests of a connection by deadline: whatever time each has, the one that is
 * due first is first, and the usual ones cost no memory and no search.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/conn/req.h"
#include "tests/unit/counter.h"

#define USUAL 1000

static uint32_t push(struct cqlr__reqs *q, uint64_t now, uint64_t timeout)
{
    uint32_t slot = cqlr__reqs_slot(q);
    uint64_t deadline = timeout < CQLR_NEVER - now ? now + timeout : CQLR_NEVER;
    assert_int_not_equal(slot, 0);
    cqlr__reqs_push(q, &(struct cqlr__req){.deadline = deadline}, timeout == USUAL);
    return slot;
}

/* What is known about a slot by the plainest means: an array that is searched. */
struct model {
    bool used[4096];
    uint64_t deadline[4096];
    uint64_t number[4096];
    uint64_t submitted;
};

static uint32_t model_first(const struct model *m)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < 4096; i++) {
        if (!m->used[i])
            continue;
        if (!first || m->deadline[i] < m->deadline[first] ||
            (m->deadline[i] == m->deadline[first] && m->number[i] < m->number[first]))
            first = i;
    }
    return first;
}

static uint32_t next_random(uint32_t *x)
{
    *x = *x * 1664525 + 1013904223;
    return *x >> 8;
}

/* Times from a few, so that many are due together; the clock goes back now and then. */
static void one_step(struct cqlr__reqs *q, struct model *m, uint32_t *seed, uint64_t now)
{
    static const uint64_t times[] = {USUAL, USUAL, USUAL, 1, 500, 2000, 1000000, CQLR_NEVER};
    uint32_t x = next_random(seed);
    if (q->n < 300 && x % 100 < 52) {
        uint32_t slot = push(q, x % 50 ? now : now - 700, times[x / 100 % 8]);
        m->used[slot] = true;
        m->deadline[slot] = q->v[slot].deadline;
        m->number[slot] = m->submitted++;
    } else if (q->n) {
        uint32_t slot = x % 3 ? cqlr__reqs_first(q) : x / 3 % q->cap;
        if (!m->used[slot])
            return;
        assert_int_equal(cqlr__reqs_take(q, slot).deadline, m->deadline[slot]);
        m->used[slot] = false;
    }
}

static void random_times_come_out_as_a_search_would_find_them(void **state)
{
    static struct model m;
    struct cqlr__reqs q;
    struct counter c;
    uint32_t seed = 7;
    uint64_t now = 10000;
    (void)state;
    cqlr__reqs_init(&q, counter_init(&c, 0));
    for (int i = 0; i < 20000; i++) {
        now += i % 5 ? 0 : 10;
        one_step(&q, &m, &seed, now);
        assert_int_equal(cqlr__reqs_first(&q), model_first(&m));
    }
    while (q.n) {
        uint32_t slot = cqlr__reqs_first(&q);
        assert_int_equal(slot, model_first(&m));
        (void)cqlr__reqs_take(&q, slot);
        m.used[slot] = false;
    }
    assert_int_equal(cqlr__reqs_first(&q), 0);
    cqlr__reqs_fini(&q);
    assert_int_equal(c.live, 0);
}

static void usual_times_stay_out_of_the_heap(void **state)
{
    struct cqlr__reqs q;
    struct counter c;
    (void)state;
    cqlr__reqs_init(&q, counter_init(&c, 0));
    uint32_t never = push(&q, 1, CQLR_NEVER);
    uint32_t brief = push(&q, 1, 5);
    for (unsigned i = 0; i < 1000; i++)
        (void)push(&q, i, USUAL);
    assert_int_equal(q.heap_n, 2);
    assert_int_equal(cqlr__reqs_first(&q), brief);
    (void)cqlr__reqs_take(&q, brief);
    (void)cqlr__reqs_take(&q, never);
    assert_int_equal(q.heap_n, 0);
    cqlr__reqs_fini(&q);
}

static void nothing_is_allocated_once_there_is_room(void **state)
{
    struct cqlr__reqs q;
    struct counter c;
    unsigned before = 0;
    (void)state;
    cqlr__reqs_init(&q, counter_init(&c, 0));
    for (unsigned i = 0; i < 10000; i++) {
        if (q.n == 100)
            (void)cqlr__reqs_take(&q, cqlr__reqs_first(&q));
        if (i == 500)
            before = c.calls;
        (void)push(&q, i, i % 2 ? USUAL : i * 37 % 5000);
    }
    assert_int_equal(c.calls, before);
    cqlr__reqs_fini(&q);
    assert_int_equal(c.live, 0);
}

static void a_slot_without_memory_is_none(void **state)
{
    (void)state;
    for (unsigned fail = 1; fail <= 2; fail++) { /* the pool, the heap */
        struct cqlr__reqs q;
        struct counter c;
        cqlr__reqs_init(&q, counter_init(&c, fail));
        assert_int_equal(cqlr__reqs_slot(&q), 0);
        assert_int_equal(cqlr__reqs_first(&q), 0);
        (void)push(&q, 1, 5);
        assert_int_equal(q.n, 1);
        cqlr__reqs_fini(&q);
        assert_int_equal(c.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_times_come_out_as_a_search_would_find_them),
        cmocka_unit_test(usual_times_stay_out_of_the_heap),
        cmocka_unit_test(nothing_is_allocated_once_there_is_room),
        cmocka_unit_test(a_slot_without_memory_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

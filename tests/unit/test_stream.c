/*
 * test_stream.c - stream ids: an id is never given to two requests, whatever the order of answers
 * and of requests that are given up.
 */
#include "tests/unit/msg_help.h"

#include "proto/link/stream.h"

static void ids_count_from_one_and_the_last_one_free_is_taken_first(void **state)
{
    struct cqlr__streams s;
    void *tag = NULL;
    (void)state;
    cqlr__streams_init(&s, cqlr_mem_default(), 100);
    for (int id = 1; id <= 3; id++)
        assert_int_equal(cqlr__streams_take(&s, NULL), id);
    assert_int_equal(cqlr__streams_finish(&s, 1, &tag), CQLR__STREAM_PENDING);
    assert_int_equal(cqlr__streams_finish(&s, 3, &tag), CQLR__STREAM_PENDING);
    assert_int_equal(cqlr__streams_take(&s, NULL), 3);
    assert_int_equal(cqlr__streams_take(&s, NULL), 1);
    assert_int_equal(cqlr__streams_take(&s, NULL), 4);
    cqlr__streams_fini(&s);
}

static void any_number_may_be_asked_about(void **state)
{
    static const int never[] = {-32768, -1, 0, 2, 3, 32767, 32768, INT32_MAX, INT32_MIN};
    struct cqlr__streams s;
    void *tag = NULL;
    (void)state;
    cqlr__streams_init(&s, cqlr_mem_default(), 32767);
    assert_int_equal(cqlr__streams_take(&s, &s), 1);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        assert_int_equal(cqlr__streams_finish(&s, never[i], &tag), CQLR__STREAM_FREE);
        cqlr__streams_forget(&s, never[i]);
    }
    assert_null(tag);
    assert_int_equal(s.in_flight, 1);
    assert_int_equal(s.orphans, 0);
    assert_int_equal(cqlr__streams_finish(&s, 1, &tag), CQLR__STREAM_PENDING);
    assert_ptr_equal(tag, &s);
    assert_int_equal(cqlr__streams_finish(&s, 1, &tag), CQLR__STREAM_FREE);
    cqlr__streams_fini(&s);
}

static void all_32767_can_be_in_flight_and_not_one_more(void **state)
{
    struct counter c;
    struct cqlr__streams s;
    void *tag;
    (void)state;
    cqlr__streams_init(&s, counter_init(&c, 0), 32767);
    assert_int_equal(c.calls, 0);
    for (int id = 1; id <= 32767; id++)
        assert_int_equal(cqlr__streams_take(&s, NULL), id);
    assert_int_equal(cqlr__streams_take(&s, NULL), CQLR_E_AGAIN);
    assert_int_equal(s.in_flight, 32767);
    cqlr__streams_forget(&s, 5);
    assert_int_equal(cqlr__streams_take(&s, NULL), CQLR_E_AGAIN);
    assert_int_equal(cqlr__streams_finish(&s, 5, &tag), CQLR__STREAM_FORGOTTEN);
    assert_int_equal(cqlr__streams_take(&s, NULL), 5);
    cqlr__streams_fini(&s);
    assert_int_equal(c.live, 0);
}

static void memory_follows_the_most_that_were_out_at_once(void **state)
{
    struct counter c;
    struct cqlr__streams s;
    void *tag;
    (void)state;
    cqlr__streams_init(&s, counter_init(&c, 0), 32767);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(cqlr__streams_finish(&s, cqlr__streams_take(&s, NULL), &tag),
                         CQLR__STREAM_PENDING);
    assert_int_equal(c.calls, 1);
    assert_true(c.live <= 1024);
    cqlr__streams_fini(&s);
}

static void no_memory_is_told_and_nothing_is_taken(void **state)
{
    struct counter c;
    struct cqlr__streams s;
    (void)state;
    cqlr__streams_init(&s, counter_init(&c, 1), 32767);
    assert_int_equal(cqlr__streams_take(&s, NULL), CQLR_E_NOMEM);
    assert_int_equal(s.in_flight, 0);
    assert_int_equal(cqlr__streams_take(&s, NULL), 1);
    cqlr__streams_fini(&s);
}

/* ---- the same against a model: for each id, who has it ---- */

enum { IDS = 200 };

struct model {
    char state[IDS + 1]; /* ' ' free, 'p' pending, 'f' forgotten */
    uintptr_t tag[IDS + 1];
    unsigned count[256];
};

static void set(struct model *m, int id, char state)
{
    m->count[(uint8_t)m->state[id]]--;
    m->state[id] = state;
    m->count[(uint8_t)state]++;
}

static void model_step(struct model *m, struct cqlr__streams *s, unsigned what, int id)
{
    static uintptr_t next_tag = 1;
    void *tag = NULL;
    if (what < 5) {
        int taken = cqlr__streams_take(s, (void *)next_tag);
        if (m->count[' '] == 0) {
            assert_int_equal(taken, CQLR_E_AGAIN);
            return;
        }
        assert_in_range(taken, 1, IDS);
        assert_int_equal(m->state[taken], ' ');
        set(m, taken, 'p');
        m->tag[taken] = next_tag++;
    } else if (what < 7) {
        cqlr__streams_forget(s, id);
        if (m->state[id] == 'p')
            set(m, id, 'f');
    } else {
        char was = m->state[id];
        enum cqlr__stream_state state = cqlr__streams_finish(s, id, &tag);
        assert_int_equal(state, was == 'p'   ? CQLR__STREAM_PENDING
                                : was == 'f' ? CQLR__STREAM_FORGOTTEN
                                             : CQLR__STREAM_FREE);
        assert_int_equal((uintptr_t)tag, was == 'p' ? m->tag[id] : 0);
        set(m, id, ' ');
    }
    assert_int_equal(s->in_flight, m->count['p']);
    assert_int_equal(s->orphans, m->count['f']);
}

static void any_order_of_answers_and_forgetting_keeps_to_the_model(void **state)
{
    uint32_t random = 12345;
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct cqlr__streams s;
        struct model m = {.count = {[' '] = IDS}};
        memset(m.state, ' ', sizeof m.state);
        cqlr__streams_init(&s, cqlr_mem_default(), IDS);
        for (int step = 0; step < 5000; step++) {
            random = random * 1664525 + 1013904223;
            model_step(&m, &s, (random >> 8) % 10, (int)((random >> 16) % IDS) + 1);
        }
        cqlr__streams_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_count_from_one_and_the_last_one_free_is_taken_first),
        cmocka_unit_test(any_number_may_be_asked_about),
        cmocka_unit_test(all_32767_can_be_in_flight_and_not_one_more),
        cmocka_unit_test(memory_follows_the_most_that_were_out_at_once),
        cmocka_unit_test(no_memory_is_told_and_nothing_is_taken),
        cmocka_unit_test(any_order_of_answers_and_forgetting_keeps_to_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

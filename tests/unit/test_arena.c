/*
 * test_arena.c - the arena and the checked sizes behind every allocation.
 */
#include "tests/unit/msg_help.h"

#include "proto/base/mem.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    struct counter c;
    struct cqlr_arena a;
    uint8_t *piece[500];
    (void)state;
    cqlr_arena_init(&a, counter_init(&c, 0));
    assert_int_equal(c.calls, 0);
    for (size_t i = 0; i < 500; i++) {
        piece[i] = cqlr_arena_get(&a, i);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < i; k++)
            assert_int_equal(piece[i][k], 0);
        memset(piece[i], (int)(i & 0xFF) | 1, i);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal(piece[i][k], (i & 0xFF) | 1);
    cqlr_arena_fini(&a);
    assert_int_equal(c.live, 0);
}

static void blocks_are_few_and_follow_the_need(void **state)
{
    struct counter c;
    struct cqlr_arena a;
    (void)state;
    cqlr_arena_init(&a, counter_init(&c, 0));
    assert_non_null(cqlr_arena_get(&a, 8));
    assert_true(c.live < 1024);
    for (int i = 0; i < 100000; i++)
        assert_non_null(cqlr_arena_get(&a, 16));
    assert_true(c.calls < 40);
    assert_true(c.live < 2 * 1700000);
    assert_non_null(cqlr_arena_get(&a, 1 << 20));
    assert_in_range(c.largest, 1 << 20, (1 << 20) + 64);
    cqlr_arena_fini(&a);
    assert_int_equal(c.live, 0);
}

static void no_memory_and_absurd_sizes_give_null(void **state)
{
    struct counter c;
    struct cqlr_arena a;
    (void)state;
    cqlr_arena_init(&a, counter_init(&c, 2));
    assert_non_null(cqlr_arena_get(&a, 8));
    assert_null(cqlr_arena_get(&a, 100000));
    assert_non_null(cqlr_arena_get(&a, 8));
    assert_null(cqlr_arena_get(&a, SIZE_MAX));
    assert_null(cqlr_arena_get(&a, PTRDIFF_MAX));
    assert_true(c.largest < 4096);
    cqlr_arena_fini(&a);
    assert_int_equal(c.live, 0);
}

static void product_that_overflows_is_no_size(void **state)
{
    const struct cqlr_mem *mem = cqlr_mem_default();
    size_t n = 5;
    (void)state;
    assert_false(cqlr__mem_size(UINT64_MAX, 2, &n));
    assert_false(cqlr__mem_size((uint64_t)1 << 61, 8, &n));
    assert_int_equal(n, 5);
    assert_true(cqlr__mem_size(0, 8, &n));
    assert_int_equal(n, 0);
    assert_true(cqlr__mem_size(3, 8, &n));
    assert_int_equal(n, 24);
    assert_null(cqlr__mem_array(mem, UINT64_MAX / 4, 8));
    assert_null(cqlr__mem_array_resize(mem, NULL, 0, UINT64_MAX / 4, 8));
    assert_null(cqlr__mem_array(mem, 0, 8));
}

static void default_allocator_keeps_contents(void **state)
{
    const struct cqlr_mem *mem = cqlr_mem_default();
    char *p = cqlr__mem_array(mem, 4, 1);
    (void)state;
    assert_non_null(p);
    memcpy(p, "abc", 4);
    p = cqlr__mem_array_resize(mem, p, 4, 4096, 1);
    assert_non_null(p);
    assert_string_equal(p, "abc");
    assert_null(mem->resize(mem->arg, p, 4096, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(blocks_are_few_and_follow_the_need),
        cmocka_unit_test(no_memory_and_absurd_sizes_give_null),
        cmocka_unit_test(product_that_overflows_is_no_size),
        cmocka_unit_test(default_allocator_keeps_contents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

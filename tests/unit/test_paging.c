/*
 * When paging gets nowhere: the same state three times in a row, each with an empty page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/cluster/paging.h"

static struct cqlr_value text(const char *s)
{
    return (struct cqlr_value){(const uint8_t *)s, s ? (int32_t)strlen(s) : CQLR_NULL};
}

static void three_empty_pages_with_one_state_are_the_end(void **state)
{
    struct cqlr__paging p = {0};
    (void)state;
    assert_true(cqlr__paging_step(&p, text("s"), 0));
    assert_true(cqlr__paging_step(&p, text("s"), 0));
    assert_false(cqlr__paging_step(&p, text("s"), 0));
    assert_false(cqlr__paging_step(&p, text("s"), 0));
}

static void empty_pages_with_other_states_go_on(void **state)
{
    struct cqlr__paging p = {0};
    uint8_t bytes[8] = {0};
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        bytes[i % 8] = (uint8_t)(i >> 2);
        bytes[7] = (uint8_t)i;
        assert_true(cqlr__paging_step(&p, (struct cqlr_value){bytes, 8}, 0));
    }
    for (int i = 0; i < 10; i++) { /* the same start, another length; and the other way round */
        assert_true(cqlr__paging_step(&p, text("same"), 0));
        assert_true(cqlr__paging_step(&p, text("same start"), 0));
    }
}

static void a_row_between_is_progress(void **state)
{
    struct cqlr__paging p = {0};
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_true(cqlr__paging_step(&p, text("s"), 0));
        assert_true(cqlr__paging_step(&p, text("s"), 0));
        assert_true(cqlr__paging_step(&p, text("s"), 1));
    }
}

static void the_last_page_is_always_right(void **state)
{
    struct cqlr__paging p = {0};
    (void)state;
    assert_true(cqlr__paging_step(&p, text(NULL), 0));
    assert_true(cqlr__paging_step(&p, text(""), 0)); /* an empty state is one, too */
    assert_true(cqlr__paging_step(&p, text(""), 0));
    assert_true(cqlr__paging_step(&p, text(NULL), 0));
    assert_true(cqlr__paging_step(&p, text(""), 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_empty_pages_with_one_state_are_the_end),
        cmocka_unit_test(empty_pages_with_other_states_go_on),
        cmocka_unit_test(a_row_between_is_progress),
        cmocka_unit_test(the_last_page_is_always_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_checkpoint.c - the text of a checkpoint: what was written is read back, and everything else
 * is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tools/cqlraw/run/checkpoint.h"

static const struct checkpoint some = {
    .state = CHECKPOINT_ENDED,
    .done = 1,
    .bytes = INT64_MAX,
    .bad_bytes = 3,
    .errors = 4,
    .unknown = 5,
};

static void add_facts(struct cqlr_wr *facts, const char *statement)
{
    cqlr_wr_init(facts, NULL, 0);
    checkpoint_fact(facts, "statement", cqlr_cstr(statement));
    checkpoint_fact(facts, "-P", cqlr_cstr("a=1"));
    checkpoint_fact(facts, "--bad", cqlr_cstr(""));
}

static int parse(const char *p, size_t n, const struct cqlr_wr *facts, struct checkpoint *c,
                 char *why, size_t room)
{
    *why = '\0';
    return checkpoint_parse((struct cqlr_str){p, n}, facts, c, why, room);
}

static void what_was_written_is_read_back(void **state)
{
    static const enum checkpoint_state states[] = {CHECKPOINT_RUNNING, CHECKPOINT_ENDED,
                                                   CHECKPOINT_COMPLETE};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct checkpoint c = some, back;
        struct cqlr_wr facts, text;
        char why[200];
        c.state = states[i];
        add_facts(&facts, "SELECT\n'\\n'\r");
        cqlr_wr_init(&text, NULL, 0);
        checkpoint_print(&text, &c, &facts);
        assert_int_equal(text.rc, 0);
        assert_int_equal(parse((char *)text.p, text.n, &facts, &back, why, sizeof why), 0);
        assert_int_equal(back.state, c.state);
        assert_int_equal(back.done, 1);
        assert_int_equal(back.bytes, INT64_MAX);
        assert_int_equal(back.bad_bytes, 3);
        assert_int_equal(back.errors, 4);
        assert_int_equal(back.unknown, 5);
        cqlr_wr_fini(&facts);
        cqlr_wr_fini(&text);
    }
}

/* A fact takes one line, and two that differ give lines that differ. */
static void facts_cannot_be_mistaken_for_others(void **state)
{
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    checkpoint_fact(&w, "s", cqlr_cstr("a\nb\\n\r"));
    assert_int_equal(w.n, strlen("s a\\nb\\\\n\\r\n"));
    assert_memory_equal(w.p, "s a\\nb\\\\n\\r\n", w.n);
    cqlr_wr_fini(&w);
}

static void another_command_is_named(void **state)
{
    struct checkpoint c;
    struct cqlr_wr then, now, text;
    char why[200];
    (void)state;
    add_facts(&then, "SELECT 1");
    add_facts(&now, "SELECT 2");
    cqlr_wr_init(&text, NULL, 0);
    checkpoint_print(&text, &some, &then);
    assert_int_equal(parse((char *)text.p, text.n, &now, &c, why, sizeof why), -1);
    assert_string_equal(why, "is of another command: statement is not the same");
    checkpoint_fact(&then, "more", cqlr_cstr(""));
    assert_int_equal(parse((char *)text.p, text.n, &then, &c, why, sizeof why), -1);
    assert_non_null(strstr(why, "is of another command"));
    cqlr_wr_fini(&then);
    cqlr_wr_fini(&now);
    cqlr_wr_fini(&text);
}

static void no_beginning_of_it_is_taken_for_the_whole(void **state)
{
    struct checkpoint c;
    struct cqlr_wr facts, text;
    char why[200];
    (void)state;
    add_facts(&facts, "SELECT");
    cqlr_wr_init(&text, NULL, 0);
    checkpoint_print(&text, &some, &facts);
    for (size_t n = 0; n < text.n; n++)
        assert_int_equal(parse((char *)text.p, n, &facts, &c, why, sizeof why), -1);
    for (size_t i = 0; i < text.n; i++) { /* and no changed byte goes unseen but in a figure */
        uint8_t was = text.p[i];
        text.p[i] = 0x01;
        assert_int_equal(parse((char *)text.p, text.n, &facts, &c, why, sizeof why), -1);
        text.p[i] = was;
    }
    cqlr_wr_fini(&facts);
    cqlr_wr_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(facts_cannot_be_mistaken_for_others),
        cmocka_unit_test(another_command_is_named),
        cmocka_unit_test(no_beginning_of_it_is_taken_for_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Paging: it ends, whatever the server says, and the flag decides whether there is more.
 */
#include "tests/unit/client_help.h"

enum { SCRIPT = 5, ASKED };

/* What page k of a script is: rows, and the state of the next one (NULL: the flag that there is one
 * is not set, and no state is there). */
struct page {
    uint32_t rows;
    const char *next;
};
static const struct page script[][12] = {
    {{0, "s"}, {0, "s"}, {0, "s"}, {0, "s"}, {0, "s"}, {0, NULL}}, /* stuck */
    {{0, "s"}, {0, "s"}, {2, "s"}, {0, "s"}, {0, "s"}, {3, "s"}, {0, "s"}, {0, NULL}},
    {{0, "a"}, {0, "b"}, {0, "a"}, {0, "b"}, {0, "a"}, {0, "b"}, {5, NULL}},
    {{5, NULL}, {5, NULL}},
    {{2, "s"}, {0, "t"}, {0, "t"}, {0, "t"}, {3, NULL}},
};

static void paged(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    const struct page *p = &script[shared[SCRIPT]][shared[ASKED]];
    if (ev->opcode == CQLR_OP_PREPARE) {
        answer_prepared(l, ev, first_id);
        return;
    }
    shared[ASKED]++;
    answer_rows(l, ev, 0, p->rows, p->next);
}

/* How many rows came; *last: what ended it. */
static unsigned read_all(cqlr_reply *r, int *last)
{
    struct cqlr_row row;
    unsigned n = 0;
    assert_non_null(r);
    while ((*last = cqlr_reply_next(r, &row)) == 1)
        n++;
    return n;
}

static void stuck_after(struct fixture *f, cqlr_reply *r, unsigned rows, unsigned pages)
{
    int last;
    struct cqlr_row row;
    assert_int_equal(read_all(r, &last), rows);
    assert_int_equal(last, CQLR_E_PROTO);
    assert_non_null(strstr(cqlr_reply_err(r)->text, f->server.addr));
    assert_non_null(strstr(cqlr_reply_err(r)->text,
                           "no progress: 3 empty pages in a row with the same paging state"));
    assert_int_equal(f->server.shared[ASKED], pages);
    assert_int_equal(cqlr_reply_next(r, &row), CQLR_E_PROTO); /* and it stays so */
    assert_int_equal(f->server.shared[ASKED], pages);
    cqlr_reply_free(r);
}

static void run_script(struct fixture *f, unsigned which)
{
    f->server.shared[SCRIPT] = which;
    f->server.shared[ASKED] = 0;
}

static void the_same_state_with_empty_pages_is_no_progress(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, paged, 5000 * MS);
    stuck_after(&f, cqlr_sync_query(f.cl, cqlr_cstr("x"), NULL), 0, 3);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_int(b, 0, 1), 0);
    run_script(&f, 0);
    stuck_after(&f, cqlr_sync_execute(f.cl, b), 0, 3);
    run_script(&f, 4);
    stuck_after(&f, cqlr_sync_execute(f.cl, b), 2, 4);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void empty_pages_are_read_over_as_long_as_there_is_progress(void **state)
{
    struct fixture f;
    int last;
    (void)state;
    start(&f, paged, 5000 * MS);
    for (unsigned which = 1; which <= 2; which++) {
        run_script(&f, which);
        cqlr_reply *r = cqlr_sync_query(f.cl, cqlr_cstr("x"), NULL);
        assert_int_equal(read_all(r, &last), 5);
        assert_int_equal(last, 0);
        cqlr_reply_free(r);
    }
    finish(&f);
}

/* The page is full, but that says nothing. */
static void without_the_flag_there_is_no_more(void **state)
{
    struct fixture f;
    struct cqlr_request_opts o;
    int last;
    (void)state;
    start(&f, paged, 5000 * MS);
    run_script(&f, 3);
    cqlr_request_opts_init(f.cl, &o, sizeof o);
    o.page_size = 5;
    cqlr_reply *r = cqlr_sync_query(f.cl, cqlr_cstr("x"), &o);
    assert_int_equal(cqlr_reply_paging_state(r).n, CQLR_NULL);
    assert_int_equal(read_all(r, &last), 5);
    assert_int_equal(last, 0);
    assert_int_equal(f.server.shared[ASKED], 1);
    cqlr_reply_free(r);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_state_with_empty_pages_is_no_progress),
        cmocka_unit_test(empty_pages_are_read_over_as_long_as_there_is_progress),
        cmocka_unit_test(without_the_flag_there_is_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

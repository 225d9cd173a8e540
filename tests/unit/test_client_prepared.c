/*
 * Prepared statements of the client: values in any order, a server that forgets, further pages, and
 * that the steady state allocates nothing.
 */
#include "tests/unit/client_help.h"

static void values_may_be_set_in_any_order_and_again(void **state)
{
    struct fixture f;
    struct cqlr_row row;
    (void)state;
    start(&f, echo, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_null(cqlr_sync_execute(f.cl, b)); /* nothing set */
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_USAGE);
    assert_int_equal(cqlr_bound_int(b, 1, 1), CQLR_E_RANGE);
    assert_int_equal(cqlr_bound_text(b, 0, cqlr_cstr("4x")), CQLR_E_TYPE);
    assert_non_null(strstr(cqlr_bound_err(b)->text, "k: "));
    assert_int_equal(cqlr_bound_boolean(b, 0, true), CQLR_E_TYPE);
    assert_int_equal(cqlr_bound_int(b, 0, 1), 0);
    assert_int_equal(cqlr_bound_text(b, 0, cqlr_cstr("42")), 0); /* the last one counts */
    cqlr_reply *r = cqlr_sync_execute(f.cl, b);
    assert_non_null(r);
    assert_int_equal(cqlr_reply_next(r, &row), 1);
    assert_int_equal(cqlr_row_int(&row, 0), 42);
    cqlr_reply_free(r);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void a_server_that_forgot_is_prepared_again_once_for_all(void **state)
{
    struct fixture f;
    struct one q[50];
    (void)state;
    start(&f, echo, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    f.server.shared[FORGET] = 50;
    for (int i = 0; i < 50; i++)
        submit(&f, &q[i], ps, i);
    turn_until_done(&f, q, 50);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(q[i].calls, 1);
        assert_int_equal(q[i].rc, 0);
        assert_int_equal(q[i].got, i);
        cqlr_bound_free(q[i].bound);
    }
    assert_int_equal(f.server.shared[EXECUTES], 100);
    assert_int_equal(f.server.shared[PREPARES], 2);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void unprepared_twice_is_an_error(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, echo, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    f.server.shared[FORGET] = 2;
    assert_int_equal(cqlr_bound_int(b, 0, 7), 0);
    assert_null(cqlr_sync_execute(f.cl, b));
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_SERVER);
    assert_int_equal(cqlr_client_err(f.cl)->server_code, CQLR_SERVER_UNPREPARED);
    assert_int_equal(f.server.shared[EXECUTES], 2);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void another_id_after_preparing_again_is_never_executed(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, echo, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    f.server.shared[FORGET] = 1;
    f.server.shared[ID_AFTER] = 1;
    assert_int_equal(cqlr_bound_int(b, 0, 7), 0);
    assert_null(cqlr_sync_execute(f.cl, b));
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_STATE);
    assert_non_null(strstr(cqlr_client_err(f.cl)->text, "6669727374")); /* both ids are named */
    assert_non_null(strstr(cqlr_client_err(f.cl)->text, "6f74686572"));
    assert_int_equal(f.server.shared[EXECUTES], 1);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

/* Pages of 0, 2, 0, 0 and 3 rows: the state says where. */
static void paged(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    static const struct {
        uint32_t rows;
        const char *next;
    } page[] = {{0, "1"}, {2, "2"}, {0, "3"}, {0, "4"}, {3, NULL}};
    struct cqlr_value state = {NULL, CQLR_NULL};
    int32_t first = 0;
    if (ev->opcode == CQLR_OP_PREPARE) {
        answer_prepared(l, ev, first_id);
        return;
    }
    if (ev->opcode == CQLR_OP_EXECUTE) {
        bound_key(ev, &state);
    } else {
        struct cqlr_err err;
        struct cqlr_rd r;
        struct cqlr_query m;
        cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
        if (cqlr_query_read(&r, &m) < 0)
            _exit(4);
        state = m.params.paging_state;
    }
    unsigned i = state.n == 1 ? (unsigned)(state.p[0] - '0') : 0;
    for (unsigned k = 0; k < i; k++)
        first += (int32_t)page[k].rows;
    shared[EXECUTES]++;
    answer_rows(l, ev, first, page[i].rows, page[i].next);
}

static void expect_five_rows(cqlr_reply *r)
{
    struct cqlr_row row;
    int64_t expected = 0;
    int rc;
    assert_non_null(r);
    while ((rc = cqlr_reply_next(r, &row)) == 1)
        assert_int_equal(cqlr_row_int(&row, 0), expected++);
    assert_int_equal(rc, 0);
    assert_int_equal(expected, 5);
    assert_int_equal(cqlr_reply_next(r, &row), 0);
    cqlr_reply_free(r);
}

static void further_pages_come_by_themselves_also_behind_empty_ones(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, paged, 5000 * MS);
    expect_five_rows(cqlr_sync_query(f.cl, cqlr_cstr("SELECT k FROM ks.t"), NULL));
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_int(b, 0, 1), 0);
    expect_five_rows(cqlr_sync_execute(f.cl, b));
    assert_int_equal(f.server.shared[EXECUTES], 10);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

/* ---- the steady state ---- */

struct counting {
    struct cqlr_mem mem;
    unsigned long calls;
};

static void *counting_resize(void *arg, void *p, size_t old, size_t n)
{
    const struct cqlr_mem *heap = cqlr_mem_default();
    ((struct counting *)arg)->calls++;
    return heap->resize(heap->arg, p, old, n);
}

struct endless {
    struct fixture *f;
    unsigned left;
    unsigned done;
};

struct slot {
    struct endless *all;
    cqlr_bound *bound;
};

static void on_endless(void *arg, cqlr_reply *r)
{
    struct slot *s = arg;
    struct cqlr_row row;
    assert_int_equal(cqlr_reply_rc(r), 0);
    assert_int_equal(cqlr_reply_next(r, &row), 1);
    s->all->done++;
    if (s->all->left == 0)
        return;
    s->all->left--;
    cqlr_bound_reset(s->bound);
    assert_int_equal(cqlr_bound_int(s->bound, 0, (int64_t)s->all->done), 0);
    assert_int_equal(cqlr_client_execute(s->all->f->cl, s->bound, on_endless, s), 0);
}

static void run_window(struct endless *e, struct slot *slots, unsigned window, unsigned total)
{
    e->done = 0;
    e->left = total - window;
    for (unsigned i = 0; i < window; i++) {
        slots[i].all = e;
        cqlr_bound_reset(slots[i].bound);
        assert_int_equal(cqlr_bound_int(slots[i].bound, 0, i), 0);
        assert_int_equal(cqlr_client_execute(e->f->cl, slots[i].bound, on_endless, &slots[i]), 0);
    }
    while (e->done < total)
        assert_int_equal(cqlr_client_turn(e->f->cl), 0);
}

static void the_steady_state_allocates_nothing(void **state)
{
    struct fixture f;
    struct counting counting = {.mem = {counting_resize, &counting}};
    struct endless e = {.f = &f};
    struct slot slots[100];
    unsigned long before;
    (void)state;
    f.server = scripted_server_start(echo);
    f.cl = new_client(&f, 5000 * MS, &counting.mem);
    assert_int_equal(cqlr_sync_connect(f.cl), 0);
    cqlr_prepared *ps = prepare(&f);
    for (unsigned i = 0; i < 100; i++)
        slots[i].bound = cqlr_bound_new(ps);
    for (unsigned i = 0; i < 100; i += 2) { /* what a request may set costs nothing either */
        cqlr_bound_serial_consistency(slots[i].bound, CQLR_CL_LOCAL_SERIAL);
        cqlr_bound_consistency(slots[i].bound, CQLR_CL_QUORUM);
        cqlr_bound_page_size(slots[i].bound, 7);
        cqlr_bound_trace(slots[i].bound, true);
    }
    run_window(&e, slots, 100, 2000); /* buffers reach their size */
    before = counting.calls;
    assert_true(before > 0);
    run_window(&e, slots, 100, 10000);
    assert_int_equal(counting.calls, before);
    for (unsigned i = 0; i < 100; i++)
        cqlr_bound_free(slots[i].bound);
    cqlr_prepared_free(ps);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_may_be_set_in_any_order_and_again),
        cmocka_unit_test(a_server_that_forgot_is_prepared_again_once_for_all),
        cmocka_unit_test(unprepared_twice_is_an_error),
        cmocka_unit_test(another_id_after_preparing_again_is_never_executed),
        cmocka_unit_test(further_pages_come_by_themselves_also_behind_empty_ones),
        cmocka_unit_test(the_steady_state_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

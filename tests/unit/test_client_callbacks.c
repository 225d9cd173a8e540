/*
 * What a callback may do to the objects it belongs to: free the client, free the statement, open
 * again. And what it may not: block.
 */
#include "tests/unit/client_help.h"

/* Memory that is gone reads differently. */
static void *spoiling_resize(void *arg, void *p, size_t old, size_t n)
{
    const struct cqlr_mem *heap = cqlr_mem_default();
    (void)arg;
    if (p && n == 0)
        memset(p, 0xDD, old);
    return heap->resize(heap->arg, p, old, n);
}
static const struct cqlr_mem spoiling = {spoiling_resize, NULL};

static cqlr_client *client_on(const struct fixture *f, cqlr_loop *loop)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = f->server.addr;
    o.loop = loop;
    o.mem = &spoiling;
    return cqlr_client_new(&o);
}

static void start_on(struct fixture *f, scripted_answer_fn *answer, cqlr_loop *loop)
{
    f->server = scripted_server_start(answer);
    f->cl = client_on(f, loop);
    assert_non_null(f->cl);
    if (cqlr_sync_connect(f->cl) < 0)
        fail_msg("%s", cqlr_client_err(f->cl)->text);
}

/* ---- freeing the client ---- */

enum { SENT = 5 };

struct group {
    cqlr_client *cl;
    cqlr_prepared *ps;
    cqlr_bound *bound[SENT];
    unsigned calls;
    bool freed;
};

/* Nobody is called after the client was freed, so what they need may go at once. */
static void free_all_at_the_first(void *arg, cqlr_reply *r)
{
    struct group *g = arg;
    assert_true(cqlr_reply_rc(r) < 0);
    assert_false(g->freed);
    if (g->calls++ > 0)
        return;
    cqlr_client_free(g->cl);
    g->freed = true;
    assert_int_equal(g->calls, SENT);
    for (int i = 0; i < SENT; i++)
        cqlr_bound_free(g->bound[i]);
    cqlr_prepared_free(g->ps);
}

static void send_all(struct group *g, struct fixture *f)
{
    *g = (struct group){.cl = f->cl, .ps = prepare(f)};
    for (int i = 0; i < SENT; i++) {
        g->bound[i] = cqlr_bound_new(g->ps);
        assert_int_equal(cqlr_bound_int(g->bound[i], 0, i), 0);
        assert_int_equal(cqlr_client_execute(g->cl, g->bound[i], free_all_at_the_first, g), 0);
    }
}

static void freeing_while_the_end_is_told_leaves_nobody_for_later(void **state)
{
    struct fixture f;
    struct group g;
    (void)state;
    start_on(&f, echo, NULL);
    send_all(&g, &f);
    cqlr_client_close(f.cl);
    assert_true(g.freed);
    scripted_server_stop(&f.server);
}

/* The server has forgotten the statement and gives it another id: all that wait fail together. */
static void freeing_while_those_that_waited_are_told_leaves_nobody_for_later(void **state)
{
    struct fixture f;
    struct group g;
    (void)state;
    start_on(&f, echo, NULL);
    f.server.shared[ID_AFTER] = 1;
    f.server.shared[FORGET] = SENT;
    send_all(&g, &f);
    while (!g.freed)
        assert_int_equal(cqlr_client_turn(f.cl), 0);
    scripted_server_stop(&f.server);
}

static void what_the_client_gave_may_be_freed_after_it(void **state)
{
    struct fixture f;
    (void)state;
    start_on(&f, echo, NULL);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_int(b, 0, 7), 0);
    cqlr_reply *r = cqlr_sync_execute(f.cl, b);
    assert_non_null(r);
    finish(&f);
    cqlr_reply_free(r);
    cqlr_prepared_free(ps);
    cqlr_bound_free(b);
}

/* ---- freeing the statement ---- */

static void free_it_and_read_on(void *arg, cqlr_reply *r)
{
    struct group *g = arg;
    struct cqlr_row row;
    cqlr_bound_free(g->bound[0]);
    cqlr_prepared_free(g->ps);
    assert_int_equal(cqlr_reply_next(r, &row), 1);
    assert_int_equal(cqlr_row_int(&row, 0), 7);
    assert_int_equal(row.columns->count, 1);
    assert_memory_equal(row.columns->col[0].name.p, "k", 1);
    g->calls++;
}

static void a_callback_may_free_the_statement_and_read_on(void **state)
{
    struct fixture f;
    struct group g = {.calls = 0};
    (void)state;
    start_on(&f, echo, NULL);
    g.ps = prepare(&f);
    g.bound[0] = cqlr_bound_new(g.ps);
    assert_int_equal(cqlr_bound_int(g.bound[0], 0, 7), 0);
    assert_int_equal(cqlr_client_execute(f.cl, g.bound[0], free_it_and_read_on, &g), 0);
    while (!g.calls)
        assert_int_equal(cqlr_client_turn(f.cl), 0);
    finish(&f);
}

/* ---- opening again ---- */

struct opening {
    struct fixture *f;
    unsigned calls;
    int rc, rc_again;
};

static void on_opened(void *arg, int rc)
{
    struct opening *o = arg;
    o->calls++;
    o->rc = rc;
}

static void on_opened_open_again(void *arg, int rc)
{
    struct opening *o = arg;
    on_opened(arg, rc);
    o->rc_again = cqlr_client_open(o->f->cl, on_opened, o);
}

static void a_client_that_is_being_freed_is_not_opened_again(void **state)
{
    struct fixture f = {.server = scripted_server_start(echo)};
    struct opening o = {.f = &f};
    (void)state;
    f.cl = client_on(&f, NULL);
    assert_int_equal(cqlr_client_open(f.cl, on_opened_open_again, &o), 0);
    cqlr_client_free(f.cl);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.rc, CQLR_E_CLOSED);
    assert_int_equal(o.rc_again, CQLR_E_STATE);
    scripted_server_stop(&f.server);
}

static void a_lying_body(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    (void)shared;
    cqlr_wr_i32(cqlr_link_begin(l), CQLR_RESULT_ROWS); /* and nothing behind it */
    respond(l, CQLR_OP_RESULT, ev);
}

static void open_another(void *arg, cqlr_reply *r)
{
    struct opening *o = arg;
    assert_int_equal(cqlr_reply_rc(r), CQLR_E_PROTO);
    cqlr_client_close(o->f->cl);
    assert_int_equal(cqlr_client_open(o->f->cl, on_opened, o), 0);
}

static void a_lie_on_one_connection_does_not_end_the_next(void **state)
{
    struct fixture f;
    struct opening o = {.f = &f};
    (void)state;
    start_on(&f, a_lying_body, NULL);
    assert_int_equal(cqlr_client_query(f.cl, cqlr_cstr("x"), NULL, open_another, &o), 0);
    while (!o.calls)
        assert_int_equal(cqlr_client_turn(f.cl), 0);
    assert_int_equal(o.rc, 0);
    finish(&f);
}

/* ---- blocking ---- */

static void block(void *arg)
{
    struct opening *o = arg;
    assert_null(cqlr_sync_options(o->f->cl));
    o->rc = cqlr_client_err(o->f->cl)->code;
    o->rc_again = cqlr_client_turn(o->f->cl);
    o->calls++;
}

/* Not one of the client's callbacks, but one of the loop it is in. */
static void blocking_inside_the_hosts_loop_is_refused_and_harmless(void **state)
{
    struct fixture f;
    cqlr_loop *loop = cqlr_loop_new(NULL);
    struct opening o = {.f = &f};
    struct cqlr_task task = {.fn = block, .arg = &o};
    (void)state;
    start_on(&f, echo, loop);
    cqlr_loop_defer(loop, &task);
    assert_int_equal(cqlr_loop_turn(loop, 0), 0);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.rc, CQLR_E_STATE);
    assert_int_equal(o.rc_again, CQLR_E_STATE);
    assert_string_equal(cqlr_client_peer(f.cl), f.server.addr); /* still there */
    finish(&f);
    cqlr_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freeing_while_the_end_is_told_leaves_nobody_for_later),
        cmocka_unit_test(freeing_while_those_that_waited_are_told_leaves_nobody_for_later),
        cmocka_unit_test(what_the_client_gave_may_be_freed_after_it),
        cmocka_unit_test(a_callback_may_free_the_statement_and_read_on),
        cmocka_unit_test(a_client_that_is_being_freed_is_not_opened_again),
        cmocka_unit_test(a_lie_on_one_connection_does_not_end_the_next),
        cmocka_unit_test(blocking_inside_the_hosts_loop_is_refused_and_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

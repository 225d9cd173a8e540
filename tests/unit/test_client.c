/*
 * The client: the promise of its callbacks, timeouts, closing and freeing inside callbacks, fork,
 * contact points, a body that lies.
 */
#include "tests/unit/client_help.h"

static void many_requests_each_get_their_own_answer(void **state)
{
    struct fixture f;
    struct one q[200];
    (void)state;
    start(&f, echo, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    for (int i = 0; i < 200; i++)
        submit(&f, &q[i], ps, 1000 + i);
    turn_until_done(&f, q, 200);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(q[i].calls, 1);
        assert_int_equal(q[i].rc, 0);
        assert_int_equal(q[i].got, q[i].key);
        cqlr_bound_free(q[i].bound);
    }
    cqlr_prepared_free(ps);
    finish(&f);
}

static void a_late_answer_reaches_nobody_else(void **state)
{
    struct fixture f;
    struct one q[100];
    unsigned timeouts = 0;
    (void)state;
    start(&f, echo, 60 * MS);
    cqlr_prepared *ps = prepare(&f);
    f.server.shared[HOLD] = 1;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            submit(&f, &q[i], ps, 100 * round + i);
        turn_until_done(&f, q, 100);
        for (int i = 0; i < 100; i++) {
            assert_int_equal(q[i].calls, 1);
            if (q[i].rc == 0)
                assert_int_equal(q[i].got, q[i].key);
            else
                assert_int_equal(q[i].rc, CQLR_E_TIMEOUT);
            timeouts += q[i].rc == CQLR_E_TIMEOUT;
            /* borrowed until the callback, which has run */
            cqlr_bound_free(q[i].bound);
        }
    }
    assert_true(timeouts > 0);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void closing_completes_every_request_once(void **state)
{
    struct fixture f;
    struct one q[20];
    (void)state;
    start(&f, echo, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    for (int i = 0; i < 20; i++)
        submit(&f, &q[i], ps, i);
    cqlr_client_close(f.cl);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(q[i].calls, 1);
        assert_int_equal(q[i].rc, CQLR_E_CLOSED);
    }
    assert_int_equal(cqlr_client_execute(f.cl, q[0].bound, on_one, &q[0]), CQLR_E_STATE);
    assert_int_equal(q[0].calls, 1); /* a refused submit calls nobody */
    for (int i = 0; i < 20; i++)
        cqlr_bound_free(q[i].bound);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void on_sync_inside(void *arg, cqlr_reply *r)
{
    struct fixture *f = arg;
    (void)r;
    assert_null(cqlr_sync_query(f->cl, cqlr_cstr("SELECT"), NULL));
    assert_int_equal(cqlr_client_err(f->cl)->code, CQLR_E_STATE);
    cqlr_client_free(f->cl); /* allowed here; the memory goes later */
    f->cl = NULL;
}

static void a_callback_may_free_the_client_but_not_block(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, echo, 5000 * MS);
    assert_int_equal(cqlr_client_query(f.cl, cqlr_cstr("x"), NULL, on_sync_inside, &f), 0);
    while (f.cl)
        assert_int_equal(cqlr_client_turn(f.cl), 0);
    scripted_server_stop(&f.server);
}

static void a_forked_child_gets_a_clear_error(void **state)
{
    struct fixture f;
    int status;
    (void)state;
    start(&f, echo, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        cqlr_bound *b = cqlr_bound_new(ps);
        int bad = cqlr_bound_int(b, 0, 1) != 0;
        bad |= cqlr_client_execute(f.cl, b, on_one, NULL) != CQLR_E_FORKED;
        bad |= cqlr_client_query(f.cl, cqlr_cstr("x"), NULL, on_one, NULL) != CQLR_E_FORKED;
        bad |= cqlr_client_turn(f.cl) != CQLR_E_FORKED;
        cqlr_bound_free(b);
        cqlr_prepared_free(ps);
        cqlr_client_free(f.cl); /* says nothing to the server */
        _exit(bad);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    struct one q;
    submit(&f, &q, ps, 5); /* the parent's connection is as it was */
    turn_until_done(&f, &q, 1);
    assert_int_equal(q.got, 5);
    cqlr_bound_free(q.bound);
    cqlr_prepared_free(ps);
    finish(&f);
}

/* A row, with a warning in front of it: another one each time. */
static void warned(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    const struct cqlr_value last = {NULL, CQLR_NULL};
    const char *text = shared[EXECUTES]++ ? "\0\7another" : "\0\7careful";
    const struct cqlr_prefix prefix = {.warnings = {1, (const uint8_t *)text, 9}};
    struct cqlr_wr *w = cqlr_link_begin(l);
    if (cqlr_prefix_write(w, CQLR_FLAG_WARNING, true, &prefix) < 0 ||
        cqlr_rows_write(w, &key_column, 1, 0, last, 1) < 0)
        _exit(3);
    cqlr_wr_i32(w, 4);
    cqlr_wr_i32(w, 4711);
    if (cqlr_link_respond(l, CQLR_OP_RESULT, CQLR_FLAG_WARNING, ev->stream) < 0)
        _exit(3);
}

static void a_kept_reply_has_rows_and_warnings_of_its_own(void **state)
{
    struct fixture f;
    struct cqlr_row row;
    struct cqlr_str text;
    (void)state;
    start(&f, warned, 5000 * MS);
    cqlr_reply *kept = cqlr_sync_query(f.cl, cqlr_cstr("SELECT"), NULL);
    cqlr_reply *again = cqlr_sync_query(f.cl, cqlr_cstr("SELECT"), NULL); /* uses the buffer anew */
    assert_non_null(kept);
    assert_non_null(again);
    cqlr_reply_free(again);
    struct cqlr_span warnings = cqlr_reply_prefix(kept)->warnings;
    assert_true(cqlr_string_list_next(&warnings, &text));
    assert_int_equal(text.n, 7);
    assert_memory_equal(text.p, "careful", 7);
    assert_int_equal(cqlr_reply_next(kept, &row), 1);
    assert_int_equal(cqlr_row_int(&row, 0), 4711);
    assert_int_equal(cqlr_reply_next(kept, &row), 0);
    cqlr_reply_free(kept);
    finish(&f);
}

static void a_lying_body(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    struct cqlr_wr *w = cqlr_link_begin(l);
    (void)shared;
    cqlr_wr_i32(w, CQLR_RESULT_ROWS);
    cqlr_wr_i32(w, 0);
    cqlr_wr_i32(w, INT32_MAX);
    respond(l, CQLR_OP_RESULT, ev);
}

static void a_body_that_lies_ends_the_connection(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, a_lying_body, 5000 * MS);
    assert_null(cqlr_sync_query(f.cl, cqlr_cstr("SELECT"), NULL));
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_PROTO);
    assert_non_null(strstr(cqlr_client_err(f.cl)->text, "127.0.0.1:"));
    assert_null(cqlr_sync_query(f.cl, cqlr_cstr("SELECT"), NULL));
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_STATE);
    finish(&f);
}

static void on_opened(void *arg, int rc)
{
    *(int *)arg = rc;
}

static void nobody_listening_is_told_with_address_and_cause(void **state)
{
    struct fixture f = {.server = {.addr = "127.0.0.1:1"}};
    int rc = 1;
    (void)state;
    f.cl = new_client(&f, 1000 * MS, NULL);
    assert_int_equal(cqlr_client_open(f.cl, on_opened, &rc), 0);
    while (rc == 1)
        assert_int_equal(cqlr_client_turn(f.cl), 0);
    assert_int_equal(rc, CQLR_E_CONNECT);
    assert_non_null(strstr(cqlr_client_err(f.cl)->text, "127.0.0.1:1"));
    assert_non_null(strstr(cqlr_client_err(f.cl)->text, "refused"));
    cqlr_client_free(f.cl);
}

static void the_second_contact_point_is_used_when_the_first_is_dead(void **state)
{
    struct fixture f;
    char both[64];
    struct cqlr_client_opts o;
    (void)state;
    f.server = scripted_server_start(echo);
    snprintf(both, sizeof both, "127.0.0.1:1,%s", f.server.addr);
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = both;
    f.cl = cqlr_client_new(&o);
    assert_int_equal(cqlr_sync_connect(f.cl), 0);
    assert_string_equal(cqlr_client_peer(f.cl), f.server.addr);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_requests_each_get_their_own_answer),
        cmocka_unit_test(a_late_answer_reaches_nobody_else),
        cmocka_unit_test(closing_completes_every_request_once),
        cmocka_unit_test(a_callback_may_free_the_client_but_not_block),
        cmocka_unit_test(a_forked_child_gets_a_clear_error),
        cmocka_unit_test(a_kept_reply_has_rows_and_warnings_of_its_own),
        cmocka_unit_test(a_body_that_lies_ends_the_connection),
        cmocka_unit_test(nobody_listening_is_told_with_address_and_cause),
        cmocka_unit_test(the_second_contact_point_is_used_when_the_first_is_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

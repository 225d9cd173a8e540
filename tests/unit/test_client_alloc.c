/*
 * test_client_alloc.c - the client library when memory ends: connecting, preparing, executing,
 * paging, keeping. Wherever it does, the error is CQLR_E_NOMEM and all memory is given back.
 */
#include "tests/unit/client_help.h"

#include "tests/unit/alloc_help.h"

/* Each EXECUTE gives a page of two rows, the third page is the last. */
static void three_pages(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    struct cqlr_value state;
    if (ev->opcode != CQLR_OP_EXECUTE) {
        echo(l, ev, shared);
        return;
    }
    int32_t key = bound_key(ev, &state);
    int page = state.n == 1 ? state.p[0] - '0' : 0;
    answer_rows(l, ev, key + 2 * page, 2, page == 0 ? "1" : page == 1 ? "2" : NULL);
}

/* The error of the last call that gave nothing. */
static int code_of(const cqlr_client *cl)
{
    assert_true(cqlr_client_err(cl)->code < 0 && cqlr_client_err(cl)->text[0]);
    return cqlr_client_err(cl)->code;
}

static int take_pages(cqlr_reply *r, int32_t key)
{
    struct cqlr_row row;
    int rc;
    int32_t rows = 0;
    while ((rc = cqlr_reply_next(r, &row)) == 1)
        assert_int_equal(cqlr_row_int(&row, 0), key + rows++);
    assert_true(rc < 0 || rows == 6);
    return rc;
}

static int execute(cqlr_client *cl, cqlr_prepared *ps)
{
    cqlr_bound *b = cqlr_bound_new(ps);
    if (!b)
        return CQLR_E_NOMEM;
    int rc = cqlr_bound_text(b, 0, cqlr_cstr("4711"));
    cqlr_reply *r = rc ? NULL : cqlr_sync_execute(cl, b);
    if (!rc)
        rc = r ? take_pages(r, 4711) : code_of(cl);
    cqlr_reply_free(r);
    cqlr_bound_free(b);
    return rc;
}

static int refused_query(cqlr_client *cl)
{
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr("SELEKT"), NULL);
    assert_null(r);
    return code_of(cl) == CQLR_E_SERVER ? 0 : code_of(cl);
}

static int use(cqlr_client *cl)
{
    int rc = cqlr_sync_connect(cl);
    if (rc)
        return rc;
    cqlr_prepared *ps = cqlr_sync_prepare(cl, cqlr_cstr("SELECT k FROM ks.t WHERE k = ?"));
    if (!ps)
        return code_of(cl);
    rc = execute(cl, ps);
    if (!rc)
        rc = execute(cl, ps);
    if (!rc)
        rc = refused_query(cl);
    cqlr_prepared_free(ps);
    return rc;
}

static int client_scenario(const struct cqlr_mem *mem, void *arg)
{
    cqlr_client *cl = new_client(arg, 5000 * MS, mem);
    if (!cl)
        return CQLR_E_NOMEM;
    int rc = use(cl);
    cqlr_client_free(cl);
    return rc;
}

static void a_client_from_connecting_to_the_last_page(void **state)
{
    struct fixture f = {.cl = NULL};
    (void)state;
    f.server = scripted_server_start(three_pages);
    assert_true(each_failure(client_scenario, &f) >= 30);
    scripted_server_stop(&f.server);
}

/* ---- many at once ---- */

/* What a callback was given: an answer, or the end of memory. */
static void on_kept(void *arg, cqlr_reply *r)
{
    struct one *q = arg;
    q->calls++;
    q->rc = cqlr_reply_rc(r);
    if (q->rc)
        return;
    cqlr_reply *copy = cqlr_reply_keep(r);
    q->rc = copy ? 0 : CQLR_E_NOMEM;
    cqlr_reply_free(copy);
}

/* Requests that were accepted are completed once each. */
static int run_all(cqlr_client *cl, cqlr_bound *b)
{
    enum { N = 40 };
    struct one q[N] = {{.calls = 0}};
    bool accepted[N];
    int rc = 0;
    for (int i = 0; i < N; i++) {
        int one = cqlr_client_execute(cl, b, on_kept, &q[i]);
        accepted[i] = one == 0;
        rc = rc ? rc : one;
    }
    for (int i = 0; i < N; i++) {
        while (accepted[i] && !q[i].calls)
            if (cqlr_client_turn(cl))
                return code_of(cl);
        assert_int_equal(q[i].calls, accepted[i]);
        rc = rc ? rc : q[i].rc;
    }
    return rc;
}

static int callbacks_scenario(const struct cqlr_mem *mem, void *arg)
{
    cqlr_client *cl = new_client(arg, 5000 * MS, mem);
    if (!cl)
        return CQLR_E_NOMEM;
    int rc = cqlr_sync_connect(cl);
    cqlr_prepared *ps = rc ? NULL : cqlr_sync_prepare(cl, cqlr_cstr("SELECT k ..."));
    cqlr_bound *b = ps ? cqlr_bound_new(ps) : NULL;
    if (b)
        rc = cqlr_bound_int(b, 0, 1);
    else if (!rc)
        rc = ps ? CQLR_E_NOMEM : code_of(cl);
    if (!rc)
        rc = run_all(cl, b);
    cqlr_client_close(cl);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    cqlr_client_free(cl);
    return rc;
}

static void every_accepted_request_is_completed_once(void **state)
{
    struct fixture f = {.cl = NULL};
    (void)state;
    f.server = scripted_server_start(echo);
    assert_true(each_failure(callbacks_scenario, &f) >= 30);
    scripted_server_stop(&f.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_from_connecting_to_the_last_page),
        cmocka_unit_test(every_accepted_request_is_completed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

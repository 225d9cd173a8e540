/*
 * The client: the promise of its callbacks, prepared statements that a server forgets, pages, timeouts, fork, and that the steady state allocates nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <cqlraw/client.h>

#include "tests/unit/scripted_server.h"

#define MS UINT64_C(1000000)

/* ---- a server's answers ---- */

static const struct cqlr_type int_type = {.id = CQLR_TYPE_INT};
static const struct cqlr_column key_column = {
    .keyspace = {"ks", 2}, .table = {"t", 1}, .name = {"k", 1}, .type = &int_type};

static const uint8_t first_id[16] = "first id 0123456", other_id[16] = "other id 0123456";

static void respond(cqlr_link *l, uint8_t opcode, const struct cqlr_event *ev)
{
    if (cqlr_link_respond(l, opcode, 0, ev->stream) < 0)
        _exit(3);
}

static void answer_prepared(cqlr_link *l, const struct cqlr_event *ev, const uint8_t id[16])
{
    const uint16_t pk[1] = {0};
    struct cqlr_wr *w = cqlr_link_begin(l);
    if (cqlr_prepared_write(w, (struct cqlr_bytes){id, 16}, &key_column, 1, pk, 1, &key_column, 1) <
        0)
        _exit(3);
    respond(l, CQLR_OP_RESULT, ev);
}

static void answer_error(cqlr_link *l, const struct cqlr_event *ev, int32_t code)
{
    struct cqlr_error e;
    memset(&e, 0, sizeof e);
    e.code = code;
    e.message = cqlr_cstr("told so");
    e.id = (struct cqlr_bytes){first_id, 16};
    if (cqlr_error_write(cqlr_link_begin(l), &e) < 0)
        _exit(3);
    respond(l, CQLR_OP_ERROR, ev);
}

/* Rows with the ints first..first+n-1. */
static void answer_rows(cqlr_link *l, const struct cqlr_event *ev, int32_t first, uint32_t n,
                        const char *state)
{
    struct cqlr_wr *w = cqlr_link_begin(l);
    struct cqlr_value s = {(const uint8_t *)state, state ? (int32_t)strlen(state) : CQLR_NULL};
    if (cqlr_rows_write(w, &key_column, 1, state ? CQLR_META_MORE_PAGES : 0, s, n) < 0)
        _exit(3);
    for (uint32_t i = 0; i < n; i++) {
        cqlr_wr_i32(w, 4);
        cqlr_wr_i32(w, first + (int32_t)i);
    }
    respond(l, CQLR_OP_RESULT, ev);
}

/* The int bound to the first marker of an EXECUTE, and its paging state. */
static int32_t bound_key(const struct cqlr_event *ev, struct cqlr_value *state)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    struct cqlr_execute m;
    struct cqlr_value v;
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (cqlr_execute_read(&r, &m) < 0 || !cqlr_params_next(&m.params.values, 0, NULL, &v) ||
        v.n != 4)
        _exit(4);
    *state = m.params.paging_state;
    return (int32_t)cqlr_be32(v.p);
}

enum { PREPARES, EXECUTES, FORGET, ID_AFTER, HOLD };

/* Echoes the key as the one row. shared[FORGET] EXECUTEs are answered UNPREPARED; with ID_AFTER later PREPAREs give another id. */
static void echo(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    struct cqlr_value state;
    if (ev->opcode == CQLR_OP_PREPARE) {
        answer_prepared(l, ev, shared[ID_AFTER] && shared[PREPARES] ? other_id : first_id);
        shared[PREPARES]++;
        return;
    }
    if (ev->opcode == CQLR_OP_QUERY) {
        answer_error(l, ev, CQLR_SERVER_SYNTAX_ERROR);
        return;
    }
    shared[EXECUTES]++;
    if (shared[FORGET]) {
        shared[FORGET]--;
        answer_error(l, ev, CQLR_SERVER_UNPREPARED);
        return;
    }
    int32_t key = bound_key(ev, &state);
    if (shared[HOLD] && key % 10 == 3)
        usleep(120000); /* holds back everything behind it, too */
    answer_rows(l, ev, key, 1, NULL);
}

/* ---- fixtures ---- */

struct fixture {
    struct scripted_server server;
    cqlr_client *cl;
};

static cqlr_client *new_client(const struct fixture *f, uint64_t timeout,
                               const struct cqlr_mem *mem)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = f->server.addr;
    o.request_timeout = timeout;
    o.mem = mem;
    return cqlr_client_new(&o);
}

static void start(struct fixture *f, scripted_answer_fn *answer, uint64_t timeout)
{
    f->server = scripted_server_start(answer);
    f->cl = new_client(f, timeout, NULL);
    assert_non_null(f->cl);
    if (cqlr_sync_connect(f->cl) < 0)
        fail_msg("%s", cqlr_client_err(f->cl)->text);
}

static void finish(struct fixture *f)
{
    cqlr_client_free(f->cl);
    scripted_server_stop(&f->server);
}

static cqlr_prepared *prepare(struct fixture *f)
{
    cqlr_prepared *ps = cqlr_sync_prepare(f->cl, cqlr_cstr("SELECT k FROM ks.t WHERE k = ?"));
    if (!ps)
        fail_msg("%s", cqlr_client_err(f->cl)->text);
    return ps;
}

/* One request of many: its key, and what became of it. */
struct one {
    cqlr_bound *bound;
    int32_t key;
    unsigned calls;
    int rc;
    int32_t got;
};

static void on_one(void *arg, cqlr_reply *r)
{
    struct one *q = arg;
    struct cqlr_row row;
    q->calls++;
    q->rc = cqlr_reply_rc(r);
    if (q->rc == 0 && cqlr_reply_next(r, &row) == 1)
        q->got = (int32_t)cqlr_row_int(&row, 0);
}

static void submit(struct fixture *f, struct one *q, cqlr_prepared *ps, int32_t key)
{
    *q = (struct one){.bound = cqlr_bound_new(ps), .key = key, .got = -1};
    assert_int_equal(cqlr_bound_int(q->bound, 0, key), 0);
    assert_int_equal(cqlr_client_execute(f->cl, q->bound, on_one, q), 0);
    assert_int_equal(q->calls, 0); /* never from inside submit */
}

static void turn_until_done(struct fixture *f, struct one *q, unsigned n)
{
    uint64_t give_up = cqlr_now() + 5000 * MS;
    for (unsigned i = 0; i < n; i++)
        while (!q[i].calls && cqlr_now() < give_up)
            assert_int_equal(cqlr_client_turn(f->cl), 0);
}

/* ---- tests ---- */

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
    assert_non_null(strstr(cqlr_client_err(f.cl)->text, "127.0.0.1:"));
    assert_null(cqlr_sync_query(f.cl, cqlr_cstr("SELECT"), NULL));
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_STATE);
    finish(&f);
}

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
        cmocka_unit_test(a_server_that_forgot_is_prepared_again_once_for_all),
        cmocka_unit_test(unprepared_twice_is_an_error),
        cmocka_unit_test(another_id_after_preparing_again_is_never_executed),
        cmocka_unit_test(a_late_answer_reaches_nobody_else),
        cmocka_unit_test(closing_completes_every_request_once),
        cmocka_unit_test(a_callback_may_free_the_client_but_not_block),
        cmocka_unit_test(a_forked_child_gets_a_clear_error),
        cmocka_unit_test(further_pages_come_by_themselves_also_behind_empty_ones),
        cmocka_unit_test(a_body_that_lies_ends_the_connection),
        cmocka_unit_test(values_may_be_set_in_any_order_and_again),
        cmocka_unit_test(the_steady_state_allocates_nothing),
        cmocka_unit_test(nobody_listening_is_told_with_address_and_cause),
        cmocka_unit_test(the_second_contact_point_is_used_when_the_first_is_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What a request of the client may set beside its text and values (serial consistency, tracing),
 * what a bound statement says of its values, and the server's options.
 */
#include "tests/unit/client_help.h"

/* What the server saw of the n-th QUERY or EXECUTE: its serial consistency, and 100 more when it
 * was to be traced. */
enum { SEEN, ANSWERED = 8, WRONG };
#define TRACED 100

static const uint8_t trace_id[16] = "the trace id 012";

static struct cqlr_params params_of(const struct cqlr_event *ev)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    struct cqlr_query q;
    struct cqlr_execute x;
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (ev->opcode == CQLR_OP_QUERY ? cqlr_query_read(&r, &q) : cqlr_execute_read(&r, &x))
        _exit(4);
    return ev->opcode == CQLR_OP_QUERY ? q.params : x.params;
}

static void answer_options(cqlr_link *l, const struct cqlr_event *ev)
{
    static const char body[] = "\0\2"
                               "\0\3one\0\1\0\1x"
                               "\0\4none\0\0";
    cqlr_wr_raw(cqlr_link_begin(l), body, sizeof body - 1);
    respond(l, CQLR_OP_SUPPORTED, ev);
}

/* One row a page, two pages in all; traced ones carry the id. */
static void answer_page(cqlr_link *l, const struct cqlr_event *ev, bool more)
{
    const struct cqlr_prefix prefix = {.has_trace = true, .trace = "the trace id 012"};
    const struct cqlr_value state = {(const uint8_t *)"2", more ? 1 : CQLR_NULL};
    uint8_t flags = ev->flags & CQLR_FLAG_TRACING;
    struct cqlr_wr *w = cqlr_link_begin(l);
    if (cqlr_prefix_write(w, flags, true, &prefix) ||
        cqlr_rows_write(w, &key_column, 1, 0, state, 1))
        _exit(3);
    cqlr_wr_i32(w, 4);
    cqlr_wr_i32(w, more ? 1 : 2);
    if (cqlr_link_respond(l, CQLR_OP_RESULT, flags, ev->stream))
        _exit(3);
}

static void noting(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    if (ev->opcode == CQLR_OP_PREPARE) {
        answer_prepared(l, ev, first_id);
    } else if (ev->opcode == CQLR_OP_OPTIONS && !shared[WRONG]) {
        answer_options(l, ev);
    } else if (ev->opcode == CQLR_OP_OPTIONS) {
        answer_rows(l, ev, 0, 1, NULL);
    } else {
        struct cqlr_params p = params_of(ev);
        unsigned serial = p.flags & CQLR_PARAM_SERIAL ? p.serial : 0;
        shared[SEEN + shared[ANSWERED]++] = serial + (ev->flags & CQLR_FLAG_TRACING ? TRACED : 0);
        if (shared[WRONG])
            answer_options(l, ev);
        else
            answer_page(l, ev, p.paging_state.n < 0);
    }
}

static void seen_is(const struct fixture *f, unsigned first, unsigned second)
{
    assert_int_equal(f->server.shared[ANSWERED], 2);
    assert_int_equal(f->server.shared[SEEN], first);
    assert_int_equal(f->server.shared[SEEN + 1], second);
    f->server.shared[ANSWERED] = 0;
}

/* All rows of both pages; the first page was traced or not. */
static void take_both(cqlr_reply *r, bool traced)
{
    struct cqlr_row row;
    assert_non_null(r);
    assert_int_equal(cqlr_reply_prefix(r)->has_trace, traced);
    if (traced)
        assert_memory_equal(cqlr_reply_prefix(r)->trace, trace_id, 16);
    assert_null(cqlr_reply_supported(r));
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(cqlr_reply_next(r, &row), 1);
        assert_int_equal(cqlr_row_int(&row, 0), i);
    }
    assert_int_equal(cqlr_reply_next(r, &row), 0);
    cqlr_reply_free(r);
}

static void a_query_says_serial_consistency_and_tracing(void **state)
{
    struct fixture f;
    struct cqlr_request_opts o;
    struct cqlr_str cql = cqlr_cstr("SELECT");
    (void)state;
    start(&f, noting, 5000 * MS);
    take_both(cqlr_sync_query(f.cl, cql, NULL), false);
    seen_is(&f, 0, 0);
    cqlr_request_opts_init(f.cl, &o, sizeof o);
    o.serial_consistency = CQLR_CL_LOCAL_SERIAL;
    o.trace = true;
    take_both(cqlr_sync_query(f.cl, cql, &o), true);
    seen_is(&f, CQLR_CL_LOCAL_SERIAL + TRACED, CQLR_CL_LOCAL_SERIAL);
    o.serial_consistency = CQLR_CL_ONE; /* no serial one */
    assert_null(cqlr_sync_query(f.cl, cql, &o));
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_RANGE);
    finish(&f);
}

static void a_bound_statement_says_them_too_and_may_be_executed_again(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, noting, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_int(b, 0, 7), 0);
    take_both(cqlr_sync_execute(f.cl, b), false);
    seen_is(&f, 0, 0);
    cqlr_bound_serial_consistency(b, CQLR_CL_SERIAL);
    cqlr_bound_trace(b, true);
    for (int i = 0; i < 2; i++) { /* the second time starts at the first page again */
        take_both(cqlr_sync_execute(f.cl, b), true);
        seen_is(&f, CQLR_CL_SERIAL + TRACED, CQLR_CL_SERIAL);
    }
    cqlr_bound_serial_consistency(b, CQLR_CL_QUORUM);
    assert_null(cqlr_sync_execute(f.cl, b));
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_RANGE);
    assert_int_equal(cqlr_bound_err(b)->code, CQLR_E_RANGE);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void the_clients_serial_consistency_is_every_requests(void **state)
{
    struct fixture f;
    struct cqlr_client_opts o;
    (void)state;
    f.server = scripted_server_start(noting);
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = f.server.addr;
    o.serial_consistency = CQLR_CL_LOCAL_SERIAL;
    f.cl = cqlr_client_new(&o);
    assert_int_equal(cqlr_sync_connect(f.cl), 0);
    take_both(cqlr_sync_query(f.cl, cqlr_cstr("SELECT"), NULL), false);
    seen_is(&f, CQLR_CL_LOCAL_SERIAL, CQLR_CL_LOCAL_SERIAL);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_null(b, 0), 0);
    take_both(cqlr_sync_execute(f.cl, b), false);
    seen_is(&f, CQLR_CL_LOCAL_SERIAL, CQLR_CL_LOCAL_SERIAL);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

/* Consistency and page size as they are sent, in one number; the rest of the answer is noting's. */
static void noting_defaults(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    if (ev->opcode == CQLR_OP_PREPARE) {
        answer_prepared(l, ev, first_id);
        return;
    }
    struct cqlr_params p = params_of(ev);
    unsigned page = p.flags & CQLR_PARAM_PAGE_SIZE ? (unsigned)p.page_size : 0;
    shared[SEEN + shared[ANSWERED]++] = p.consistency * 1000 + page;
    answer_rows(l, ev, 0, 1, NULL);
}

static void ask_once(struct fixture *f, const struct cqlr_request_opts *o, cqlr_bound *b)
{
    cqlr_reply *r = b ? cqlr_sync_execute(f->cl, b) : cqlr_sync_query(f->cl, cqlr_cstr("x"), o);
    assert_non_null(r);
    cqlr_reply_free(r);
}

/* The contact point has no port here: that is an option, too. */
static void the_clients_defaults_are_sent_unless_a_request_says_otherwise(void **state)
{
    struct fixture f;
    struct cqlr_client_opts o;
    struct cqlr_request_opts q;
    (void)state;
    f.server = scripted_server_start(noting_defaults);
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = "127.0.0.1";
    o.port = (uint16_t)strtoul(strchr(f.server.addr, ':') + 1, NULL, 10);
    o.consistency = CQLR_CL_QUORUM;
    o.page_size = 77;
    f.cl = cqlr_client_new(&o);
    assert_int_equal(cqlr_sync_connect(f.cl), 0);
    ask_once(&f, NULL, NULL);
    cqlr_request_opts_init(f.cl, &q, sizeof q);
    q.consistency = CQLR_CL_ONE;
    q.page_size = 0;
    ask_once(&f, &q, NULL);
    seen_is(&f, CQLR_CL_QUORUM * 1000 + 77, CQLR_CL_ONE * 1000);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_int(b, 0, 1), 0);
    ask_once(&f, NULL, b);
    cqlr_bound_consistency(b, CQLR_CL_ALL);
    cqlr_bound_page_size(b, 3);
    ask_once(&f, NULL, b);
    seen_is(&f, CQLR_CL_QUORUM * 1000 + 77, CQLR_CL_ALL * 1000 + 3);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void a_bound_statement_gives_its_values_back(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, noting, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_value(b, 0).n, CQLR_UNSET);
    assert_int_equal(cqlr_bound_value(b, 1).n, CQLR_UNSET);
    assert_int_equal(cqlr_bound_null(b, 0), 0);
    assert_int_equal(cqlr_bound_value(b, 0).n, CQLR_NULL);
    assert_int_equal(cqlr_bound_int(b, 0, 258), 0);
    assert_int_equal(cqlr_bound_value(b, 0).n, 4);
    assert_memory_equal(cqlr_bound_value(b, 0).p, "\0\0\1\2", 4);
    assert_int_equal(cqlr_bound_bytes(b, 0, "", 0), 0);
    assert_int_equal(cqlr_bound_value(b, 0).n, 0);
    cqlr_bound_reset(b);
    assert_int_equal(cqlr_bound_value(b, 0).n, CQLR_UNSET);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void expect_options(const cqlr_reply *r)
{
    struct cqlr_span it, values;
    struct cqlr_str key, value;
    assert_non_null(cqlr_reply_supported(r));
    assert_null(cqlr_reply_result(r));
    assert_null(cqlr_reply_columns(r));
    it = cqlr_reply_supported(r)->options;
    assert_int_equal(it.count, 2);
    assert_true(cqlr_string_multimap_next(&it, &key, &values));
    assert_memory_equal(key.p, "one", 3);
    assert_true(cqlr_string_list_next(&values, &value));
    assert_memory_equal(value.p, "x", 1);
    assert_true(cqlr_string_multimap_next(&it, &key, &values));
    assert_memory_equal(key.p, "none", 4);
    assert_int_equal(values.count, 0);
}

static void options_are_kept_when_others_have_come(void **state)
{
    struct fixture f;
    struct cqlr_row row;
    (void)state;
    start(&f, noting, 5000 * MS);
    cqlr_reply *first = cqlr_sync_options(f.cl);
    cqlr_reply *second = cqlr_sync_options(f.cl); /* uses the receive buffer anew */
    assert_non_null(first);
    assert_non_null(second);
    cqlr_reply_free(second);
    expect_options(first);
    assert_int_equal(cqlr_reply_next(first, &row), 0);
    cqlr_reply *copy = cqlr_reply_keep(first);
    cqlr_reply_free(first);
    expect_options(copy);
    cqlr_reply_free(copy);
    finish(&f);
}

static void an_answer_of_the_wrong_kind_ends_the_connection(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        start(&f, noting, 5000 * MS);
        f.server.shared[WRONG] = 1;
        if (i == 0)
            assert_null(cqlr_sync_options(f.cl));
        else
            assert_null(cqlr_sync_query(f.cl, cqlr_cstr("SELECT"), NULL));
        assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_PROTO);
        assert_non_null(strstr(cqlr_client_err(f.cl)->text, "unexpected answer"));
        assert_null(cqlr_sync_options(f.cl));
        assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_STATE);
        finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_says_serial_consistency_and_tracing),
        cmocka_unit_test(a_bound_statement_says_them_too_and_may_be_executed_again),
        cmocka_unit_test(the_clients_serial_consistency_is_every_requests),
        cmocka_unit_test(the_clients_defaults_are_sent_unless_a_request_says_otherwise),
        cmocka_unit_test(a_bound_statement_gives_its_values_back),
        cmocka_unit_test(options_are_kept_when_others_have_come),
        cmocka_unit_test(an_answer_of_the_wrong_kind_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

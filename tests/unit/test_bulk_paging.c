/*
 * Pages in a worker: empty ones are legal, also in a row; a server that gets nowhere is not asked
 * for ever, and one that announces a page without saying which is wrong.
 */
#include "tests/unit/client_help.h"

#include <cqlraw/bulk.h>

static struct {
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    struct cqlr_err failure;
    struct scripted_server server;
} run;

enum { ASKED = 5 };

/* Rows of section 4.2.5.2: GLOBAL_SPEC and HAS_MORE_PAGES, a column, a null state, no row. */
static const uint8_t stateless[] = {0, 0, 0,   2,   0, 0, 0,   3, 0, 0,   0, 1, 255, 255, 255, 255,
                                    0, 2, 'k', 's', 0, 1, 't', 0, 1, 'k', 0, 9, 0,   0,   0,   0};

/* Key 1: pages of 0, 5, 0, 0, 5 rows. Key 2: empty pages with one state, for ever. Key 3: a page
 * with rows and the same state, twenty times. Key 4: a further page, but no state. */
static void pages(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    static const uint32_t rows_of[] = {0, 5, 0, 0, 5};
    static const char *const states[] = {"a", "b", "c", "d", NULL};
    struct cqlr_value state = {NULL, CQLR_NULL};
    unsigned page;
    if (ev->opcode != CQLR_OP_EXECUTE) {
        echo(l, ev, shared);
        return;
    }
    int32_t key = bound_key(ev, &state);
    shared[ASKED]++;
    if (key == 1) {
        page = state.n < 0 ? 0 : (unsigned)(state.p[0] - 'a' + 1);
        answer_rows(l, ev, 0, rows_of[page], states[page]);
    } else if (key == 2) {
        answer_rows(l, ev, 0, 0, "same");
    } else if (key == 3) {
        answer_rows(l, ev, 0, 1, shared[ASKED] < 20 ? "same" : NULL);
    } else {
        cqlr_wr_raw(cqlr_link_begin(l), stateless, sizeof stateless);
        respond(l, CQLR_OP_RESULT, ev);
    }
}

static void note_failure(void *arg, const struct cqlr_bulk_failure *f)
{
    (void)arg;
    run.failure = *f->err;
}

static int run_key(int key)
{
    int rc;
    const struct cqlr_source_param p = {
        .kind = CQLR_SOURCE_INT, .first = key, .last = key, .step = 1};
    struct cqlr_err err;
    memset(&run, 0, sizeof run);
    run.server = scripted_server_start(pages);
    cqlr_client_opts_init(&run.client, sizeof run.client);
    run.client.contact_points = run.server.addr;
    cqlr_bulk_opts_init(&run.o, sizeof run.o);
    run.o.client = &run.client;
    run.o.statement = cqlr_cstr("SELECT k FROM ks.t WHERE k = ?");
    run.o.processes = 1;
    run.o.max_errors = 1;
    run.o.on_error = note_failure;
    run.o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    assert_non_null(run.o.source);
    rc = cqlr_bulk_run(&run.o, &run.s, sizeof run.s);
    cqlr_source_free(run.o.source);
    return rc;
}

static void end(unsigned asked)
{
    assert_int_equal(run.server.shared[ASKED], asked);
    scripted_server_stop(&run.server);
}

static void empty_pages_are_no_end(void **state)
{
    (void)state;
    assert_int_equal(run_key(1), 0);
    assert_int_equal(run.s.rows, 10);
    assert_int_equal(run.s.pages, 5);
    assert_int_equal(run.s.errors, 0);
    end(5);
}

static void a_server_that_gets_nowhere_is_not_asked_for_ever(void **state)
{
    (void)state;
    assert_int_equal(run_key(2), 0);
    assert_int_equal(run.s.errors, 1);
    assert_int_equal(run.s.unknown, 0);
    assert_non_null(strstr(run.failure.text, "no progress"));
    end(3);
}

static void rows_are_progress(void **state)
{
    (void)state;
    assert_int_equal(run_key(3), 0);
    assert_int_equal(run.s.rows, 20);
    assert_int_equal(run.s.errors, 0);
    end(20);
}

/* A malformed answer ends the connection; the next one dies of it, too. */
static void a_further_page_without_a_state_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(run_key(4), CQLR_E_CONNECT);
    assert_non_null(strstr(run.s.err.text, "paging state"));
    assert_int_equal(run.s.rows, 0);
    end(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_pages_are_no_end),
        cmocka_unit_test(a_server_that_gets_nowhere_is_not_asked_for_ever),
        cmocka_unit_test(rows_are_progress),
        cmocka_unit_test(a_further_page_without_a_state_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

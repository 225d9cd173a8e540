/*
 * A run whose table changes under it: rows with other columns than the ones that were prepared are
 * never taken for those.
 */
#include <cqlraw/bulk.h>

#include "tests/unit/client_help.h"

/* Answers with the prepared column, from key 50 on with one of another name. */
static void altered(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    struct cqlr_value state;
    struct cqlr_column other = key_column;
    if (ev->opcode == CQLR_OP_PREPARE) {
        answer_prepared(l, ev, first_id);
        return;
    }
    shared[EXECUTES]++;
    int32_t key = bound_key(ev, &state);
    if (key < 50) {
        answer_rows(l, ev, key, 1, NULL);
        return;
    }
    other.name = cqlr_cstr("z");
    struct cqlr_wr *w = cqlr_link_begin(l);
    if (cqlr_rows_write(w, &other, 1, 0, (struct cqlr_value){NULL, CQLR_NULL}, 1) < 0)
        _exit(3);
    cqlr_wr_i32(w, 4);
    cqlr_wr_i32(w, key);
    respond(l, CQLR_OP_RESULT, ev);
}

static void rows_with_other_columns_are_errors(void **state)
{
    struct scripted_server server = scripted_server_start(altered);
    const struct cqlr_source_param p = {.kind = CQLR_SOURCE_INT, .first = 0, .last = 59, .step = 1};
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    struct cqlr_err err;
    (void)state;
    cqlr_client_opts_init(&client, sizeof client);
    client.contact_points = server.addr;
    cqlr_bulk_opts_init(&o, sizeof o);
    o.client = &client;
    o.statement = cqlr_cstr("SELECT k FROM ks.t WHERE k = ?");
    o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    o.processes = 1;
    o.max_errors = 10;
    assert_int_equal(cqlr_bulk_run(&o, &s, sizeof s), 0);
    assert_int_equal(s.queries, 50);
    assert_int_equal(s.errors, 10);
    o.max_errors = 9;
    assert_int_equal(cqlr_bulk_run(&o, &s, sizeof s), CQLR_E_LIMIT);
    assert_non_null(strstr(s.err.text, "columns have changed"));
    cqlr_source_free(o.source);
    scripted_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_with_other_columns_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

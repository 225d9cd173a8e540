/*
 * Start-up is throttled over the whole group: never more connections are in their handshake than
 * the options allow, as the server counts them. Its answers are slow, so handshakes overlap when
 * they may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cqlraw/bulk.h>

#include "tests/unit/stub_process.h"

#define WORKERS 8
#define UNITS   64
#define MS      UINT64_C(1000000)

static int count_page(void *arg, const struct cqlr_item *item, cqlr_reply *r, struct cqlr_wr *out,
                      uint64_t *rows, struct cqlr_err *err)
{
    int64_t n = cqlr_reply_skip(r);
    (void)arg;
    (void)item;
    (void)out;
    if (n < 0) {
        *err = *cqlr_reply_err(r);
        return (int)n;
    }
    *rows += (uint64_t)n;
    return 0;
}

/* The most handshakes that the server saw at a time. Far more units than the first workers can do
 * before the last ones are connected. */
static unsigned most_handshakes(unsigned connects)
{
    const struct cqlr_str key = {"local", 5};
    const struct cqlr_source_param p = {.kind = CQLR_SOURCE_LIST, .text = &key, .count = 1};
    struct stub_opts so;
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    struct cqlr_err err;
    stub_opts_init(&so);
    so.delay_ns = 100 * MS;
    struct stub_process server = stub_process_start(so);
    cqlr_client_opts_init(&client, sizeof client);
    client.contact_points = server.addr;
    cqlr_bulk_opts_init(&o, sizeof o);
    o.client = &client;
    o.statement = cqlr_cstr("SELECT key FROM system.local WHERE key = ?");
    o.source = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, UNITS, &err);
    assert_non_null(o.source);
    o.processes = WORKERS;
    o.block = 1;
    o.in_flight = 1;
    o.connects = connects;
    o.on_page = count_page;
    if (cqlr_bulk_run(&o, &s, sizeof s) < 0)
        fail_msg("%s", s.err.text);
    cqlr_source_free(o.source);
    assert_int_equal(s.rows, UNITS);
    assert_int_equal(server.stats->connections, WORKERS);
    unsigned most = server.stats->handshakes_most;
    assert_int_equal(stub_process_end(&server), 0);
    return most;
}

static void no_more_handshakes_at_a_time_than_allowed(void **state)
{
    unsigned most = most_handshakes(2);
    (void)state;
    assert_in_range(most, 1, 2);
}

static void without_that_limit_there_are_more(void **state)
{
    (void)state;
    assert_true(most_handshakes(WORKERS) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_handshakes_at_a_time_than_allowed),
        cmocka_unit_test(without_that_limit_there_are_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The cache of a workload's statements, over a client of the stub server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/bulk/worker/statements.h"
#include "tests/unit/stub_process.h"

static struct stub_process stub;
static cqlr_client *client;
static struct cqlr__statements *all;
static struct cqlr_err err;

static int setup(void **state)
{
    struct stub_opts so;
    struct cqlr_client_opts o;
    (void)state;
    stub_opts_init(&so);
    stub = stub_process_start(so);
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = stub.addr;
    client = cqlr_client_new(&o);
    assert_int_equal(cqlr_sync_connect(client), 0);
    all = cqlr__statements_new(client);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cqlr_client_close(client);
    cqlr__statements_free(all);
    cqlr_client_free(client);
    assert_int_equal(stub_process_end(&stub), 0);
    return 0;
}

/* One who asks, and what was told. */
struct asker {
    struct cqlr__waiter waiter;
    unsigned told;
    struct cqlr__statement *st;
    cqlr_bound *bound;
    int rc;
    char why[CQLR_ERR_TEXT];
};

static void tell(struct cqlr__waiter *w, struct cqlr__statement *st, const struct cqlr__answer *a)
{
    struct asker *k = (struct asker *)(void *)w; /* its first member */
    k->told++;
    k->st = st;
    if (st) {
        k->bound = cqlr__statement_take(st);
        return;
    }
    assert_true(a->unsent && a->rc < 0 && a->rc == a->err->code);
    k->rc = a->rc;
    memcpy(k->why, a->err->text, sizeof k->why);
}

static int ask(struct asker *k, unsigned number)
{
    char text[100];
    int rc;
    snprintf(text, sizeof text, "SELECT %s FROM system.local WHERE key = :k%u",
             number ? "key" : "nope", number);
    *k = (struct asker){.waiter.fn = tell};
    rc = cqlr__statements_get(all, cqlr_cstr(text), &k->waiter, &k->st, &err);
    assert_in_range(rc, 0, 1);
    assert_int_equal(k->told, 0);
    if (rc == 1)
        k->bound = cqlr__statement_take(k->st);
    return rc;
}

static void wait_until_told(const struct asker *k)
{
    while (!k->told) {
        cqlr_reply *r = cqlr_sync_options(client); /* its answer comes behind the others */
        assert_non_null(r);
        cqlr_reply_free(r);
    }
}

static void done(struct asker *k)
{
    assert_non_null(k->bound);
    cqlr__statement_put(k->st, k->bound);
}

static void all_who_want_a_text_wait_for_one_preparation(void **state)
{
    struct asker k[4];
    (void)state;
    assert_int_equal(ask(&k[0], 1), 0);
    assert_int_equal(ask(&k[1], 2), 0);
    assert_int_equal(ask(&k[2], 1), 0);
    wait_until_told(&k[2]);
    assert_ptr_equal(k[0].st, k[2].st);
    assert_ptr_not_equal(k[0].st, k[1].st);
    assert_ptr_not_equal(k[0].bound, k[2].bound);
    assert_int_equal(k[0].told + k[1].told + k[2].told, 3);
    assert_int_equal(cqlr_prepared_markers(cqlr__statement_prepared(k[0].st))->count, 1);
    done(&k[0]);
    assert_int_equal(ask(&k[3], 1), 1);
    assert_ptr_equal(k[3].st, k[2].st);
    assert_ptr_equal(k[3].bound, k[0].bound); /* used again */
    for (int i = 1; i < 4; i++)
        done(&k[i]);
}

static void what_the_server_refuses_is_asked_for_again(void **state)
{
    struct asker k[3];
    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(ask(&k[0], 0), 0);
        assert_int_equal(ask(&k[1], 0), 0);
        wait_until_told(&k[1]);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(k[i].told, 1);
            assert_null(k[i].st);
            assert_int_equal(k[i].rc, CQLR_E_SERVER);
            assert_non_null(strstr(k[i].why, ": PREPARE: "));
        }
    }
}

static void use_many(unsigned from)
{
    struct asker k;
    for (unsigned i = from; i < from + CQLR__STATEMENTS_KEPT + 10; i++) {
        if (!ask(&k, i))
            wait_until_told(&k);
        done(&k);
    }
}

static void the_oldest_is_forgotten_but_not_while_it_is_used(void **state)
{
    struct asker used, k;
    (void)state;
    assert_int_equal(ask(&used, 1), 0);
    wait_until_told(&used);
    use_many(10);
    assert_int_equal(ask(&k, 1), 1);
    assert_ptr_equal(k.st, used.st);
    assert_int_equal(cqlr_bound_text(used.bound, 0, cqlr_cstr("local")), 0);
    done(&used);
    done(&k);
    use_many(10);
    assert_int_equal(ask(&k, 1), 0);
    wait_until_told(&k);
    done(&k);
}

static void closing_tells_those_who_wait(void **state)
{
    struct asker k[2];
    (void)state;
    assert_int_equal(ask(&k[0], 1), 0);
    assert_int_equal(ask(&k[1], 1), 0);
    cqlr_client_close(client);
    assert_int_equal(k[0].told + k[1].told, 2);
    assert_int_equal(k[1].rc, CQLR_E_CLOSED);
    k[0] = (struct asker){.waiter.fn = tell};
    assert_true(cqlr__statements_get(all, cqlr_cstr("SELECT 1"), &k[0].waiter, &k[0].st, &err) < 0);
    assert_int_equal(k[0].told, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(all_who_want_a_text_wait_for_one_preparation),
        T(what_the_server_refuses_is_asked_for_again),
        T(the_oldest_is_forgotten_but_not_while_it_is_used),
        T(closing_tells_those_who_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

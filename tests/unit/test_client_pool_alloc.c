/*
 * A client's connections when memory ends: preparing again, replacing, opening again. Wherever it
 * does, every request is told once, nothing is opened twice, and all memory is given back.
 */
#include "tests/unit/pooled_help.h"

#include "tests/unit/alloc_help.h"

#define A_WHILE (8 * MS)

static struct watched w;

/* Turns until it is so, or for a while: without memory it never is. */
#define TURN_IN_VAIN_UNTIL(what)                                                                   \
    do {                                                                                           \
        uint64_t end_ = cqlr_now() + A_WHILE;                                                      \
        while (!(what) && cqlr_now() < end_)                                                       \
            turn_a_little(&w);                                                                     \
    } while (0)

static int one(cqlr_bound *b)
{
    struct one q = {.got = -1};
    if (cqlr_client_execute(w.cl, b, on_one, &q) < 0)
        return cqlr_client_err(w.cl)->code;
    TURN_UNTIL(&w, q.calls);
    assert_int_equal(q.calls, 1);
    return q.rc;
}

static int forgotten_replaced_and_lost(const struct crowd_server *s, cqlr_prepared *ps,
                                       cqlr_bound *b)
{
    s->crowd->forget = 1;
    s->crowd->mute = 0;
    int rc = one(b);
    s->crowd->forget = 0;
    if (rc)
        return rc;
    s->crowd->mute = 8;
    cqlr_prepared_timeout(ps, 1 * MS);
    rc = one(b);
    if (rc != CQLR_E_TIMEOUT)
        return rc;
    unsigned before = log_count(&w, ": connected in ");
    TURN_IN_VAIN_UNTIL(log_count(&w, ": connected in ") > before);
    size_t states = strlen(w.states);
    s->crowd->drop_all = 1;
    TURN_IN_VAIN_UNTIL(strlen(w.states) >= states + 2);
    assert_true(strlen(w.states) > states);
    return 0;
}

static int scenario(const struct cqlr_mem *mem, void *arg)
{
    const struct crowd_server *s = arg;
    struct cqlr_client_opts o = watched_opts(&w, s->addr);
    cqlr_prepared *ps = NULL;
    cqlr_bound *b = NULL;
    o.mem = mem;
    o.max_orphans = 1;
    o.reconnect_delay = 1 * MS;
    o.reconnect_delay_max = 1 * MS;
    if (!(w.cl = cqlr_client_new(&o)))
        return CQLR_E_NOMEM;
    int rc = cqlr_sync_connect(w.cl);
    if (!rc && !(ps = cqlr_sync_prepare(w.cl, cqlr_cstr("SELECT"))))
        rc = cqlr_client_err(w.cl)->code;
    if (!rc && (!(b = cqlr_bound_new(ps)) || cqlr_bound_int(b, 0, 7)))
        rc = CQLR_E_NOMEM;
    if (!rc)
        rc = forgotten_replaced_and_lost(s, ps, b);
    cqlr_client_free(w.cl);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    return rc;
}

static void every_step_does_without_memory(void **state)
{
    struct crowd_server s = crowd_start();
    (void)state;
    assert_true(each_failure(scenario, &s) >= 20);
    assert_int_equal(s.crowd->id_reused, 0);
    assert_in_range(s.crowd->most_greeting, 1, 2); /* the last client's, and this one's */
    crowd_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_does_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

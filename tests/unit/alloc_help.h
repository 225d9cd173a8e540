/*
 * alloc_help.h - a scenario is run again and again: the first of its allocations fails, the second,
 * and so on until none is left; then once more, where all after it fail, too.
 */
#ifndef CQLRAW_TESTS_ALLOC_HELP_H
#define CQLRAW_TESTS_ALLOC_HELP_H

#include "tests/unit/counter.h"

/* Does its work with this memory and gives all of it back. 0, or the code that it ended with. */
typedef int scenario_fn(const struct cqlr_mem *mem, void *arg);

/* With every failure: CQLR_E_NOMEM, or 0 where a failure does no harm; all memory given back. How
 * many failures were told. Needs cmocka. */
#define each_failure(scenario, arg) each_failure_of(scenario, arg, #scenario)

static inline unsigned each_failure_of(scenario_fn *scenario, void *arg, const char *name)
{
    unsigned told = 0;
    for (int for_good = 0; for_good < 2; for_good++) {
        bool reached = true;
        for (unsigned n = 1; reached; n++) {
            struct counter c;
            const struct cqlr_mem *mem = counter_init(&c, n);
            c.for_good = for_good;
            int rc = scenario(mem, arg);
            reached = c.failed > 0;
            told += rc != 0;
            if (c.live || (rc && (rc != CQLR_E_NOMEM || !reached)))
                fail_msg("%s, allocation %u%s fails: code %d, %zu bytes are not freed", name, n,
                         for_good ? " and all after it" : "", rc, c.live);
            assert_true(n < 10000);
        }
    }
    return told;
}

#endif

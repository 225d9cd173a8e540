/*
 * cmocka.h - stands in for cmocka where there is none: another machine, another C library.
 *
 * Only what the tests of proto/ use of it. The first assertion that fails ends the program; what it
 * has not run is then missing from its plan, which tests/run counts as failed.
 */
#ifndef CQLRAW_TESTS_PORTABLE_CMOCKA_H
#define CQLRAW_TESTS_PORTABLE_CMOCKA_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(f)                                                                        \
    {                                                                                              \
#f, f                                                                                      \
    }
#define cmocka_run_group_tests(tests, up, down) shim_run(tests, sizeof(tests) / sizeof *(tests))

static inline int shim_run(const struct CMUnitTest *test, size_t n)
{
    printf("1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        void *state = NULL;
        test[i].run(&state);
        printf("ok %zu - %s\n", i + 1, test[i].name);
        fflush(stdout);
    }
    return 0;
}

#define print_message printf

#define fail_msg(...)                                                                              \
    do {                                                                                           \
        printf("%s:%d: ", __FILE__, __LINE__);                                                     \
        printf(__VA_ARGS__);                                                                       \
        putchar('\n');                                                                             \
        exit(1);                                                                                   \
    } while (0)

#define assert_true(c)                                                                             \
    do {                                                                                           \
        if (!(c))                                                                                  \
            fail_msg("not true: %s", #c);                                                          \
    } while (0)

static inline void shim_int(uintmax_t a, uintmax_t b, const char *what, const char *file, int line)
{
    if (a == b)
        return;
    printf("%s:%d: %s: %#" PRIxMAX " is not %#" PRIxMAX "\n", file, line, what, a, b);
    exit(1);
}

static inline void shim_string(const char *a, const char *b, const char *file, int line)
{
    if (strcmp(a, b) == 0)
        return;
    printf("%s:%d: \"%s\" is not \"%s\"\n", file, line, a, b);
    exit(1);
}

#define assert_false(c)              assert_true(!(c))
#define assert_null(p)               assert_true((p) == NULL)
#define assert_non_null(p)           assert_true((p) != NULL)
#define assert_ptr_equal(a, b)       assert_true((const void *)(a) == (const void *)(b))
#define assert_memory_equal(a, b, n) assert_true(memcmp(a, b, n) == 0)
#define assert_int_equal(a, b)       shim_int((uintmax_t)(a), (uintmax_t)(b), #a, __FILE__, __LINE__)
#define assert_in_range(v, from, to) assert_true(shim_in_range((uintmax_t)(v), from, to))
#define assert_string_equal(a, b)    shim_string(a, b, __FILE__, __LINE__)

static inline int shim_in_range(uintmax_t v, uintmax_t from, uintmax_t to)
{
    return from <= v && v <= to;
}

#endif

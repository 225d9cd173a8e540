/*
 * CPU quotas of control groups, read from a copy of the two file systems.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <cqlraw/bulk.h>

#include "src/bulk/manager/cores.h"

static char root[] = "/tmp/cqlraw-cores-XXXXXX";
static const char *const dirs[] = {"", "/a", "/a/b", "/cpu", "/cpu/job"};
static const char *const files[] = {"/cgroup",
                                    "/cpu.max",
                                    "/a/cpu.max",
                                    "/a/b/cpu.max",
                                    "/cpu/job/cpu.cfs_quota_us",
                                    "/cpu/job/cpu.cfs_period_us"};

static void put(const char *name, const char *text)
{
    char path[200];
    FILE *f;
    snprintf(path, sizeof path, "%s%s", root, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static unsigned quota(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/cgroup", root);
    return cqlr__cores_quota(path, root);
}

static int setup(void **state)
{
    char path[200];
    (void)state;
    if (!mkdtemp(root))
        return -1;
    for (size_t i = 1; i < sizeof dirs / sizeof *dirs; i++) {
        snprintf(path, sizeof path, "%s%s", root, dirs[i]);
        if (mkdir(path, 0700))
            return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    char path[200];
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s%s", root, files[i]);
        unlink(path);
    }
    for (size_t i = sizeof dirs / sizeof *dirs; i-- > 0;) {
        snprintf(path, sizeof path, "%s%s", root, dirs[i]);
        rmdir(path);
    }
    return 0;
}

static void the_smallest_quota_up_to_the_root_counts(void **state)
{
    (void)state;
    put("/cgroup", "0::/a/b\n");
    assert_int_equal(quota(), 0);
    put("/a/b/cpu.max", "max 100000\n");
    assert_int_equal(quota(), 0);
    put("/a/b/cpu.max", "250000 100000\n");
    assert_int_equal(quota(), 3); /* rounded up */
    put("/a/cpu.max", "100000 100000\n");
    assert_int_equal(quota(), 1);
    put("/a/cpu.max", "max 100000\n");
    put("/cpu.max", "50000 100000\n");
    assert_int_equal(quota(), 1);
}

static void version_1_has_its_own_files(void **state)
{
    (void)state;
    put("/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/job\n0::/none\n");
    put("/cpu.max", "max 100000\n");
    put("/cpu/job/cpu.cfs_period_us", "100000\n");
    put("/cpu/job/cpu.cfs_quota_us", "-1\n");
    assert_int_equal(quota(), 0);
    put("/cpu/job/cpu.cfs_quota_us", "400000\n");
    assert_int_equal(quota(), 4);
    put("/cgroup", "4:cpuset:/job\n");
    assert_int_equal(quota(), 0);
}

static void nonsense_sets_no_limit(void **state)
{
    (void)state;
    put("/cgroup", "\n:\n0\n0::/a/b");
    put("/a/b/cpu.max", "");
    assert_int_equal(quota(), 0);
    put("/a/b/cpu.max", "100000 0\n");
    assert_int_equal(quota(), 0);
    assert_int_equal(cqlr__cores_quota("/nonexistent", root), 0);
}

static void there_is_at_least_one_core(void **state)
{
    (void)state;
    assert_true(cqlr_bulk_cores() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_quota_up_to_the_root_counts),
        cmocka_unit_test(version_1_has_its_own_files),
        cmocka_unit_test(nonsense_sets_no_limit),
        cmocka_unit_test(there_is_at_least_one_core),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

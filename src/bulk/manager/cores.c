/*
 * cores.c - see cores.h. Version 2 has one hierarchy ("0::/path") with cpu.max ("200000 100000" or
 * "max 100000"); version 1 has a line for the cpu controller ("4:cpu,cpuacct:/path") with
 * cpu.cfs_quota_us and cpu.cfs_period_us. A parent group's limit holds for its children too, so
 * each level up to the root is looked at.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cqlraw/bulk.h>

#include "src/bulk/manager/cores.h"

/* The first two words of a file's first line as numbers; how many were numbers. */
static int read_numbers(const char *path, long long v[2])
{
    char line[128], *p = line, *end;
    FILE *f = fopen(path, "re");
    int n = 0;
    if (!f)
        return 0;
    if (!fgets(line, (int)sizeof line, f))
        line[0] = '\0';
    fclose(f);
    for (; n < 2; n++, p = end) {
        v[n] = strtoll(p, &end, 10);
        if (end == p)
            break;
    }
    return n;
}

static unsigned processors(long long quota, long long period)
{
    long long n;
    if (quota <= 0 || period <= 0)
        return 0;
    n = quota / period + (quota % period != 0);
    return n > 65536 ? 65536 : (unsigned)n;
}

/* The limit that one directory sets. */
static unsigned quota_here(const char *dir, bool v2)
{
    char path[4400];
    long long v[2], period[2];
    if (v2) {
        snprintf(path, sizeof path, "%s/cpu.max", dir);
        return read_numbers(path, v) == 2 ? processors(v[0], v[1]) : 0;
    }
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", dir);
    if (read_numbers(path, v) < 1)
        return 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", dir);
    return read_numbers(path, period) < 1 ? 0 : processors(v[0], period[0]);
}

/* The smallest limit from `group` up to the root of its hierarchy. */
static unsigned quota_up(const char *root, const char *group, bool v2)
{
    char dir[4352];
    size_t base = strlen(root);
    unsigned least = 0, n;
    int len = snprintf(dir, sizeof dir, "%s%s", root, group);
    if (len < 0 || (size_t)len >= sizeof dir)
        return 0;
    for (;;) {
        char *slash;
        n = quota_here(dir, v2);
        if (n && (!least || n < least))
            least = n;
        slash = strrchr(dir, '/');
        if (!slash || (size_t)(slash - dir) < base)
            return least;
        *slash = '\0';
    }
}

static bool has_cpu(const char *controllers)
{
    for (const char *p = controllers; p; p = strchr(p, ',')) {
        p += *p == ',';
        if (!strncmp(p, "cpu", 3) && (p[3] == ',' || p[3] == '\0'))
            return true;
    }
    return false;
}

unsigned cqlr__cores_quota(const char *cgroup_file, const char *root)
{
    char line[4200], v1[256];
    unsigned least = 0, n;
    FILE *f = fopen(cgroup_file, "re");
    if (!f)
        return 0;
    while (fgets(line, (int)sizeof line, f)) {
        char *controllers = strchr(line, ':'), *group;
        line[strcspn(line, "\n")] = '\0';
        group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *controllers++ = *group++ = '\0';
        n = 0;
        if (!*controllers) {
            n = quota_up(root, group, true);
        } else if (has_cpu(controllers)) {
            snprintf(v1, sizeof v1, "%s/cpu",
                     root); /* where every distribution mounts or links it */
            n = quota_up(v1, group, false);
        }
        if (n && (!least || n < least))
            least = n;
    }
    fclose(f);
    return least;
}

static unsigned affinity(void)
{
    unsigned n = 0;
    for (size_t cpus = 1024; cpus <= 65536 && !n;
         cpus *= 4) { /* EINVAL: the kernel's mask is larger */
        cpu_set_t *set = CPU_ALLOC(cpus);
        if (!set)
            break;
        if (sched_getaffinity(0, CPU_ALLOC_SIZE(cpus), set) == 0)
            n = (unsigned)CPU_COUNT_S(CPU_ALLOC_SIZE(cpus), set);
        CPU_FREE(set);
    }
    return n ? n : 1;
}

unsigned cqlr_bulk_cores(void)
{
    unsigned n = affinity();
    unsigned quota = cqlr__cores_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    return quota && quota < n ? quota : n;
}

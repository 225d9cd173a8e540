/*
 * cores.h - how many processors this process may use: its affinity mask, cut by the CPU quota of
 * its control groups (versions 1 and 2).
 */
#ifndef CQLRAW_SRC_BULK_CORES_H
#define CQLRAW_SRC_BULK_CORES_H

/*
 * The smallest quota, in whole processors rounded up, on the way from this process's control group
 * to the root; 0 = no limit. `cgroup_file` is /proc/self/cgroup and `root` /sys/fs/cgroup, or what
 * stands for them in a test. What cannot be read sets no limit.
 */
unsigned cqlr__cores_quota(const char *cgroup_file, const char *root);

#endif

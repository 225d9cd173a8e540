/*
 * stub_process.h - the stub server in a process of its own, for tests whose client blocks. Its
 * statistics are in memory that both see.
 */
#ifndef CQLRAW_TESTS_STUB_PROCESS_H
#define CQLRAW_TESTS_STUB_PROCESS_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/stub/stub.h"

struct stub_process {
    pid_t pid;
    int stop; /* a byte here ends the stub */
    char addr[160];
    volatile struct stub_stats *stats;
};

static inline void stub_process_tell(void *arg, const char *addr)
{
    if (write(*(int *)arg, addr, strlen(addr) + 1) < 0)
        _exit(2);
}

/* The options but for stop_fd, on_listening and stats, which are set here. */
static inline struct stub_process stub_process_start(struct stub_opts o)
{
    struct stub_process s = {.pid = -1};
    struct cqlr_err err;
    int told[2], stop[2];
    s.stats = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s.stats == MAP_FAILED || pipe(told) || pipe(stop) || (s.pid = fork()) < 0)
        abort();
    if (s.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(stop[1]);
        o.stop_fd = stop[0];
        o.on_listening = stub_process_tell;
        o.arg = &told[1];
        o.stats = (struct stub_stats *)s.stats;
        _exit(stub_run(&o, &err) != 0);
    }
    close(stop[0]);
    close(told[1]);
    s.stop = stop[1];
    if (read(told[0], s.addr, sizeof s.addr) <= 0)
        abort();
    close(told[0]);
    return s;
}

/* Lets it end by itself; its exit code. (A byte, not the end of the pipe: stubs that were started
 * later have the pipe too.) */
static inline int stub_process_end(struct stub_process *s)
{
    int status = 0;
    (void)!write(s->stop, "", 1);
    close(s->stop);
    waitpid(s->pid, &status, 0);
    munmap((void *)s->stats, 4096);
    return status;
}

/* As a crash would. */
static inline void stub_process_kill(struct stub_process *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    close(s->stop);
    munmap((void *)s->stats, 4096);
}

#endif

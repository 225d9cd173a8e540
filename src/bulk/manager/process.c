/*
 * process.c - one worker process. All signals are blocked across the fork, so that no handler of
 * the host runs in the child; the child gives signals their default meaning (INT and PIPE ignored),
 * asks to be killed with its parent, and drops every descriptor of the parent's that it has no use
 * for: a worker that keeps another lane open would hide that lane's end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/bulk/manager/manager.h"
#include "src/bulk/worker/worker.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static void default_signals(void)
{
    struct sigaction sa = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int sig = 1; sig < NSIG; sig++)
        (void)sigaction(sig, &sa, NULL); /* KILL, STOP and those of the C library refuse, rightly */
    sa.sa_handler = SIG_IGN;
    (void)sigaction(SIGINT, &sa, NULL);
    (void)sigaction(SIGPIPE, &sa, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Closes a descriptor of the parent's; 0, 1 and 2 become /dev/null, so that no socket gets their
 * numbers. */
static void drop(int fd)
{
    int null;
    if (fd > 2) {
        close(fd);
    } else if (fd >= 0) {
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null >= 0)
            dup2(null, fd);
        if (null > 2)
            close(null);
    }
}

static void drop_the_parents(struct cqlr__manager *m, const struct cqlr__lane *mine)
{
    for (unsigned i = 0; i < m->lanes; i++) {
        struct cqlr__lane *l = &m->lane[i];
        if (l == mine || l->state == CQLR__LANE_OFF)
            continue;
        close(l->stream.fd);
        close(l->pidfd);
        cqlr__ring_close(&l->ring);
    }
    if (m->out.fd >= 0 && m->out.fd != m->o.out_fd)
        close(m->out.fd);
    drop(m->o.out_fd);
    drop(m->o.stop_fd);
    drop(m->batch.lines.fd);
    cqlr_loop_free(m->loop);
}

static _Noreturn void child(struct cqlr__lane *l, int fd, pid_t parent)
{
    struct cqlr__manager *m = l->m;
    const struct cqlr__worker_start start = {.o = &m->o,
                                             .engine = m->engine,
                                             .ring = &l->ring,
                                             .fd = fd,
                                             .scout = !m->markers,
                                             .pace = m->pace};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    default_signals();
    drop_the_parents(m, l);
    cqlr__worker_run(&start);
}

/* fork with everything blocked; the mask is put back in the parent. */
static pid_t quiet_fork(struct cqlr__lane *l, int sv[2])
{
    sigset_t all, old;
    pid_t pid, parent = getpid();
    int e;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid = fork();
    if (pid == 0) {
        close(sv[0]);
        child(l, sv[1], parent);
    }
    e = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = e;
    return pid;
}

static int watch(struct cqlr__lane *l)
{
    l->stream_watch = (struct cqlr_watch){l->stream.fd, CQLR_READ, cqlr__supervise_on_stream, l};
    l->pid_watch = (struct cqlr_watch){l->pidfd, CQLR_READ, cqlr__supervise_on_pid, l};
    if (cqlr_loop_add(l->m->loop, &l->stream_watch) < 0)
        return errno;
    if (cqlr_loop_add(l->m->loop, &l->pid_watch) < 0) {
        int e = errno;
        cqlr_loop_remove(l->m->loop, &l->stream_watch);
        return e;
    }
    return 0;
}

/* The child is there but cannot be supervised: away with it. */
static int undo(struct cqlr__lane *l, int e)
{
    kill(l->pid, SIGKILL);
    while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (l->pidfd >= 0)
        close(l->pidfd);
    return e;
}

static int start_in(struct cqlr__lane *l, int sv[2])
{
    int e;
    l->pid = quiet_fork(l, sv);
    if (l->pid < 0)
        return errno;
    l->pidfd = (int)syscall(SYS_pidfd_open, l->pid, 0);
    if (l->pidfd < 0)
        return undo(l, errno);
    cqlr__stream_init(&l->stream, sv[0]);
    cqlr__reader_init(&l->reader, &l->ring);
    e = watch(l);
    return e ? undo(l, e) : 0;
}

int cqlr__process_start(struct cqlr__lane *l)
{
    int sv[2], e;
    *l = (struct cqlr__lane){.m = l->m, .slot = l->slot, .pidfd = -1, .born = l->m->batches};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sv) < 0)
        return errno;
    if (cqlr__ring_open(&l->ring, l->m->o.lane_bytes, sizeof(struct cqlr__gauges)) < 0)
        e = errno;
    else
        e = start_in(l, sv);
    close(sv[1]);
    if (!e) {
        l->state = CQLR__LANE_STARTED;
        return 0;
    }
    close(sv[0]);
    cqlr__ring_close(&l->ring);
    return e;
}

void cqlr__process_kill(const struct cqlr__lane *l)
{
    (void)syscall(SYS_pidfd_send_signal, l->pidfd, SIGKILL, NULL,
                  0); /* fails only when it is dead */
}

bool cqlr__process_reap(struct cqlr__lane *l, bool wait, char *why, size_t n, bool *clean)
{
    siginfo_t si = {.si_pid = 0};
    int rc;
    do {
        rc = waitid((idtype_t)P_PIDFD, (id_t)l->pidfd, &si, WEXITED | (wait ? 0 : WNOHANG));
    } while (rc < 0 && errno == EINTR);
    *clean = false;
    if (rc == 0 && si.si_pid == 0)
        return false;
    if (rc < 0) /* the host ignores SIGCHLD: the kernel has reaped it and the status is lost */
        snprintf(why, n, "ended, status not known");
    else if (si.si_code == CLD_EXITED)
        snprintf(why, n, "exit status %d", si.si_status);
    else
        snprintf(why, n, "killed by signal %d", si.si_status);
    *clean = rc == 0 && si.si_code == CLD_EXITED && si.si_status == 0;
    return true;
}

void cqlr__process_close(struct cqlr__lane *l)
{
    cqlr_loop_remove(l->m->loop, &l->stream_watch);
    cqlr_loop_remove(l->m->loop, &l->pid_watch);
    close(l->pidfd);
    cqlr__stream_fini(&l->stream);
    cqlr__reader_fini(&l->reader);
    cqlr__ring_close(&l->ring);
    l->state = CQLR__LANE_OFF;
}

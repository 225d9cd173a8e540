/*
 * signals.c - see the header. The handler does nothing but _exit, which is safe anywhere.
 */
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "signals.h"

static bool is_ignored(int sig)
{
    struct sigaction sa;
    return sigaction(sig, NULL, &sa) == 0 && !(sa.sa_flags & SA_SIGINFO) &&
           sa.sa_handler == SIG_IGN;
}

static void end(int sig)
{
    _exit(128 + sig);
}

void signals_exit(void)
{
    struct sigaction sa = {.sa_handler = end};
    sigemptyset(&sa.sa_mask);
    if (!is_ignored(SIGHUP))
        sigaction(SIGHUP, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
}

int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (!is_ignored(SIGHUP))
        sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int signals_read(int fd, int *signal)
{
    struct signalfd_siginfo info;
    int n = 0;
    while (fd >= 0 && read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (*signal == 0)
            *signal = (int)info.ssi_signo;
        n++;
    }
    return n;
}

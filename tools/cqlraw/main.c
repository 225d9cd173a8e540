/*
 * main.c - the program cqlraw: what every command needs before it starts, and the command.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/args/help.h"
#include "tools/cqlraw/io/log.h"
#include "tools/cqlraw/io/out.h"

/*
 * A standard descriptor that is closed would be given to the next file that is opened, and output
 * would go there: put something in its place that cannot be used in that direction, so that reads
 * and writes still fail.
 */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(EXIT_INTERNAL);
}

/* What a parent process may have left us: a SIGCHLD that is ignored would lose the workers' status.
 * A broken pipe is told by write(). */
static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
}

static int no_command(const struct args *a)
{
    if (a->v[OPT_HELP].given)
        return help_overview(STDOUT_FILENO);
    help_overview(STDERR_FILENO);
    return EXIT_USAGE;
}

static int run_command(struct args *a)
{
    int rc = log_open(a);
    if (!rc)
        rc = a->command->run(a);
    log_close(a);
    return rc;
}

int main(int argc, char **argv)
{
    static char version[] = "version";
    struct args a;
    hold_standard_descriptors();
    reset_signals();
    if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0))
        argv[1] = version;
    int rc = args_parse(&a, argc, argv);
    if (!rc && !a.command)
        rc = no_command(&a);
    else if (!rc && a.v[OPT_HELP].given)
        rc = help_command(a.command, false);
    else if (!rc)
        rc = run_command(&a);
    args_free(&a);
    return rc;
}

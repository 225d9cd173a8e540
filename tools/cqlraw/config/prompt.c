/*
 * prompt.c - see the header. The signals that people send from a terminal arrive by a descriptor
 * while the question stands: first the terminal is put back, then the signal takes its course. Who
 * comes back from ^Z is asked again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "prompt.h"
#include "tools/cqlraw/cli.h"

struct prompt {
    const char *command;
    int tty;
    int signals;
    sigset_t caught, before;
};

/* A line without its newline. Its length, -1 with errno set, or -1 with *sig set. */
static ssize_t read_line(struct prompt *p, char *out, size_t size, int *sig)
{
    struct pollfd fds[] = {{.fd = p->signals, .events = POLLIN}, {.fd = p->tty, .events = POLLIN}};
    struct signalfd_siginfo info;
    size_t n = 0;
    errno = 0;
    while (n < size && !memchr(out, '\n', n)) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return -1;
        if (fds[0].revents && read(p->signals, &info, sizeof info) == (ssize_t)sizeof info) {
            *sig = (int)info.ssi_signo;
            return -1;
        }
        ssize_t k = fds[1].revents ? read(p->tty, out + n, size - n) : 0;
        if (k < 0 && errno != EINTR)
            return -1;
        if (k == 0 && fds[1].revents)
            break;
        n += k > 0 ? (size_t)k : 0;
    }
    return n && out[n - 1] == '\n' ? (ssize_t)n - 1 : (ssize_t)n;
}

static bool put(const struct prompt *p, const char *text)
{
    size_t n = strlen(text);
    return write(p->tty, text, n) == (ssize_t)n;
}

static ssize_t ask(struct prompt *p, const char *question, char *out, size_t size, int *sig)
{
    struct termios shown, hidden;
    if (tcgetattr(p->tty, &shown) < 0)
        return -1;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    hidden.c_lflag |= ICANON | ISIG;
    if (tcsetattr(p->tty, TCSAFLUSH, &hidden) < 0)
        return -1;
    ssize_t n = put(p, question) ? read_line(p, out, size, sig) : -1;
    int error = errno;
    tcsetattr(p->tty, TCSAFLUSH, &shown);
    (void)put(p, "\n"); /* for the newline that was not shown; nothing is lost without it */
    errno = error;
    return n;
}

static int answer(struct prompt *p, const char *question, char *out, size_t size)
{
    for (;;) {
        int sig = 0;
        ssize_t n = ask(p, question, out, size, &sig);
        if (sig) {
            sigprocmask(SIG_SETMASK, &p->before, NULL);
            kill(getpid(), sig);
            sigprocmask(SIG_BLOCK, &p->caught, NULL);
            if (sig != SIGTSTP)
                return 128 + sig;
            continue;
        }
        if (n > 0 && (size_t)n < size && !memchr(out, '\0', (size_t)n)) {
            memset(out + n, 0, size - (size_t)n);
            return 0;
        }
        if (n < 0)
            say(p->command, "cannot ask for the password: %s", strerror(errno));
        else if (n == 0)
            say(p->command, "no password was given");
        else
            say(p->command,
                (size_t)n < size ? "a NUL byte in the password" : "the password is too long");
        return EXIT_USAGE;
    }
}

int prompt_secret(const char *command, const char *question, char *out, size_t size)
{
    struct prompt p = {.command = command, .tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)};
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    int rc = EXIT_USAGE;
    sigemptyset(&p.caught);
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
        sigaddset(&p.caught, caught[i]);
    p.signals = p.tty < 0 ? -1 : signalfd(-1, &p.caught, SFD_CLOEXEC);
    if (p.signals < 0) {
        say(command, "cannot ask for the password: %s", strerror(errno));
    } else {
        sigprocmask(SIG_BLOCK, &p.caught, &p.before);
        rc = answer(&p, question, out, size);
        sigprocmask(SIG_SETMASK, &p.before, NULL);
        close(p.signals);
    }
    if (p.tty >= 0)
        close(p.tty);
    return rc;
}

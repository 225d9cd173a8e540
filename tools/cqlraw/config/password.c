/*
 * password.c - chooses the source and reads the password from there into a->secret.
 *
 * A file must be private to its owner, like ssh's keys, and no link: whoever can put one there
 * would have the first line of another file sent to a server. Its first line counts. A password
 * with a NUL byte could not be sent (it separates the fields of SASL PLAIN, RFC 4616).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "password.h"
#include "private_file.h"
#include "prompt.h"

/* The first line of what was read, into the secret. */
static int take_line(const struct args *a, const char *what, const char *text, size_t n)
{
    const char *end = memchr(text, '\n', n);
    const char *why = NULL;
    size_t len = end ? (size_t)(end - text) : n;
    if (len && text[len - 1] == '\r')
        len--;
    if (len == 0)
        why = "its first line is empty";
    else if (memchr(text, '\0', len))
        why = "a NUL byte in the password";
    else if (len >= SECRET_SIZE)
        why = "the password is too long";
    if (why) {
        say(a->command->name, "%s: %s", what, why);
        return EXIT_CONNECT;
    }
    memmove(a->secret, text, len);
    explicit_bzero(a->secret + len, SECRET_SIZE - len);
    return 0;
}

static int unreadable(const struct args *a, const char *what, int error)
{
    say(a->command->name, "cannot read %s: %s", what, strerror(error));
    return EXIT_CONNECT;
}

static int read_path(const struct args *a, const char *path)
{
    struct private_file f;
    int error = private_file_read(&f, path, false), rc;
    if (error == ELOOP) {
        say(a->command->name, "%s: is a symbolic link, which may lead anywhere: name the file",
            path);
        rc = EXIT_CONNECT;
    } else if (error) {
        rc = unreadable(a, path, error);
    } else if (!f.private_enough) {
        say(a->command->name,
            "%s: its mode is %04o; a password file must be yours and 0600, so that nobody else can "
            "read it",
            path, f.mode);
        rc = EXIT_CONNECT;
    } else {
        rc = take_line(a, path, f.data, f.n);
    }
    private_file_free(&f);
    return rc;
}

static int read_descriptor(const struct args *a, int fd)
{
    char what[40];
    size_t n = 0;
    snprintf(what, sizeof what, "descriptor %d", fd);
    while (n < SECRET_SIZE && !memchr(a->secret, '\n', n)) {
        ssize_t k = read(fd, a->secret + n, SECRET_SIZE - n);
        if (k < 0 && errno != EINTR)
            return unreadable(a, what, errno);
        if (k == 0)
            break;
        n += k > 0 ? (size_t)k : 0;
    }
    return take_line(a, what, a->secret, n);
}

static int ask(const struct args *a)
{
    char question[160];
    const struct option_value *name = &a->v[OPT_USERNAME];
    if (!isatty(STDIN_FILENO) && !isatty(STDERR_FILENO)) {
        say(a->command->name,
            "there is no password for \"%s\" and no terminal to ask on: use --password-file",
            name->text);
        return EXIT_USAGE;
    }
    snprintf(question, sizeof question, "password for %s: ", name->text);
    return prompt_secret(a->command->name, question, a->secret, SECRET_SIZE);
}

int password_get(const struct args *a, const char **password)
{
    const struct option_value *plain = &a->v[OPT_PASSWORD], *file = &a->v[OPT_PASSWORD_FILE];
    const struct option_value *fd = &a->v[OPT_PASSWORD_FD], *name = &a->v[OPT_USERNAME];
    bool typed = plain->from == FROM_COMMAND_LINE;
    int rc = 0;
    *password = a->secret;
    if (typed + (file->from == FROM_COMMAND_LINE) + fd->given > 1) {
        say(a->command->name, "give one of --password, --password-file and --password-fd");
        return EXIT_USAGE;
    }
    if ((plain->given || file->given || fd->given) && !name->given) {
        say(a->command->name, "a password is given without a --username");
        return EXIT_USAGE;
    }
    if (fd->given)
        rc = read_descriptor(a, (int)fd->n);
    else if (file->given && file->from >= plain->from)
        rc = read_path(a, file->text);
    else if (plain->given)
        *password = plain->text;
    else if (name->given)
        rc = ask(a);
    else
        *password = NULL;
    return rc;
}

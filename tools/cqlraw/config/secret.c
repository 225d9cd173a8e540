/*
 * secret.c - see the header. What is moved is wiped at its old place.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "secret.h"

static const char *command_name(const struct args *a)
{
    return a->command ? a->command->name : NULL;
}

/* Lowering the soft limit is always allowed. That a core handler is a program, which the limit does
 * not hold back, matters no more when the process is not dumpable: then nothing is dumped. */
void secret_guard(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = 0;
        (void)setrlimit(RLIMIT_CORE, &limit);
    }
    (void)prctl(PR_SET_DUMPABLE, 0);
}

int secret_init(struct args *a)
{
    if (!a->secret)
        a->secret = calloc(1, SECRET_SIZE);
    if (a->secret)
        return 0;
    say(command_name(a), "out of memory");
    return EXIT_INTERNAL;
}

int secret_take(struct args *a, char *text)
{
    size_t n = strlen(text);
    int rc = secret_init(a);
    if (!rc && n >= SECRET_SIZE) {
        say(command_name(a), "the password is too long (up to %d bytes)", SECRET_SIZE - 1);
        rc = EXIT_USAGE;
    }
    secret_guard();
    if (!rc)
        memcpy(a->secret, text, n + 1);
    explicit_bzero(text, n);
    return rc;
}

int secret_from_environment(struct args *a, const struct option *password)
{
    const char *variable = password->env[0];
    struct option_value *v = &a->v[password->id];
    char *text = getenv(variable);
    int rc = 0;
    if (!text || !*text)
        return 0;
    if (v->given) {
        explicit_bzero(text, strlen(text));
    } else {
        say(command_name(a), "warning: %s: others may see the environment; use --password-file",
            variable);
        rc = secret_take(a, text);
        *v = (struct option_value){.given = true, .from = FROM_ENVIRONMENT, .origin = variable};
        v->text = a->secret;
    }
    unsetenv(variable);
    return rc;
}

void secret_free(struct args *a)
{
    if (a->secret)
        explicit_bzero(a->secret, SECRET_SIZE);
    free(a->secret);
    a->secret = NULL;
}

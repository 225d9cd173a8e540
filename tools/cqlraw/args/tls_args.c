/*
 * tls_args.c - see the header. What a file holds is the library's to judge; here it is only seen to
 * it that it is there, so that a run says so before it starts its workers.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls_args.h"
#include "tools/cqlraw/config/key_password.h"

/* Those that mean nothing without --tls. */
static const enum option_id companions[] = {
    OPT_CACERT, OPT_CRL, OPT_CERT, OPT_KEY, OPT_KEY_PASSWORD_FILE, OPT_TLS_SERVERNAME, OPT_INSECURE,
};

static const char *name_of(enum option_id id)
{
    const struct option *o = options;
    while (o->id != id)
        o++;
    return o->name;
}

static bool is_set(const struct args *a, enum option_id id)
{
    return a->v[id].given;
}

/* Of the environment and of files they wait for --tls; who types one means it. */
static int check_without_tls(const struct args *a)
{
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++)
        if (a->v[companions[i]].from == FROM_COMMAND_LINE) {
            say(a->command->name, "--%s needs --tls", name_of(companions[i]));
            return EXIT_USAGE;
        }
    return 0;
}

static int check_together(const struct args *a)
{
    if (!cqlr_tls_built())
        say(a->command->name, "--tls: this cqlraw was built without TLS");
    else if (is_set(a, OPT_KEY) && !is_set(a, OPT_CERT))
        say(a->command->name, "--key %s needs --cert", a->v[OPT_KEY].text);
    else if (is_set(a, OPT_KEY_PASSWORD_FILE) && !is_set(a, OPT_CERT))
        say(a->command->name, "--key-password-file %s needs --cert",
            a->v[OPT_KEY_PASSWORD_FILE].text);
    else
        return 0;
    return EXIT_USAGE;
}

/* A file that can be read, or NULL; a folder only where `folder` has room to tell it. It is not
 * opened: what is read from a pipe is gone. */
static int check_file(const struct args *a, enum option_id id, bool *folder)
{
    struct stat st = {0};
    const char *path = a->v[id].text;
    int error = 0;
    if (!is_set(a, id))
        return 0;
    if (stat(path, &st) < 0)
        error = errno;
    else if (S_ISDIR(st.st_mode) && !folder)
        error = EISDIR;
    else if (access(path, S_ISDIR(st.st_mode) ? R_OK | X_OK : R_OK) < 0)
        error = errno;
    if (folder)
        *folder = S_ISDIR(st.st_mode);
    if (error)
        say(a->command->name, "cannot read --%s %s: %s", name_of(id), path, strerror(error));
    return error ? EXIT_CONNECT : 0;
}

static void warn_insecure(const struct args *a)
{
    const struct option_value *v = &a->v[OPT_INSECURE];
    if (v->given)
        say(a->command->name,
            "warning: %s%s: the server's certificate is not checked, so anyone on the way can pose "
            "as the server, and read and change everything, passwords too",
            v->origin ? "insecure by " : "--insecure", v->origin ? v->origin : "");
}

int tls_args(const struct cqlr_tls_opts **tls, const struct args *a)
{
    static struct cqlr_tls_opts o;
    bool folder = false;
    *tls = NULL;
    if (!is_set(a, OPT_TLS))
        return check_without_tls(a);
    int rc = check_together(a);
    if (!rc)
        rc = check_file(a, OPT_CACERT, &folder);
    if (!rc)
        rc = check_file(a, OPT_CRL, NULL);
    if (!rc)
        rc = check_file(a, OPT_CERT, NULL);
    if (rc)
        return rc;
    cqlr_tls_opts_init(&o, sizeof o);
    *(folder ? &o.ca_dir : &o.ca_file) = a->v[OPT_CACERT].text;
    o.crl_file = a->v[OPT_CRL].text;
    o.cert_file = a->v[OPT_CERT].text;
    o.key_file = a->v[OPT_KEY].text;
    o.server_name = a->v[OPT_TLS_SERVERNAME].text;
    o.insecure = is_set(a, OPT_INSECURE);
    warn_insecure(a);
    *tls = &o;
    return o.cert_file ? key_password_get(a, &o.key_password) : 0;
}

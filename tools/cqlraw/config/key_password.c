/*
 * key_password.c - see the header. Whether a key is encrypted stands at its head (RFC 7468, and RFC
 * 1421 for the older form); nothing else of it is looked at, and what was read is wiped.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "key_password.h"
#include "password.h"
#include "private_file.h"
#include "prompt.h"
#include "secret.h"

#define OPEN_TO_OTHERS 066u

/* The first private key counts, as it does for the library. */
static bool is_encrypted(const struct private_file *f)
{
    static const char head[] = "PRIVATE KEY-----", mark[] = "ENCRYPTED ", old[] = "Proc-Type:";
    const char *at = memmem(f->data, f->n, head, sizeof head - 1);
    size_t before = at ? (size_t)(at - f->data) : 0;
    if (!at)
        return false;
    if (before >= sizeof mark - 1 && memcmp(at - (sizeof mark - 1), mark, sizeof mark - 1) == 0)
        return true;
    at += sizeof head - 1;
    at += strspn(at, "\r\n \t");
    return strncmp(at, old, sizeof old - 1) == 0 &&
           memmem(at, strcspn(at, "\r\n"), "ENCRYPTED", 9) != NULL;
}

static int ask(const struct args *a, const char *path)
{
    char question[320];
    if (!isatty(STDIN_FILENO) && !isatty(STDERR_FILENO)) {
        say(a->command->name,
            "the key %s is encrypted and there is no terminal to ask for its password on: use "
            "--key-password-file",
            path);
        return EXIT_USAGE;
    }
    snprintf(question, sizeof question, "password for the key %s: ", path);
    return prompt_secret(a->command->name, question, a->key_secret, SECRET_SIZE);
}

int key_password_get(const struct args *a, const char **password)
{
    const char *path = a->v[a->v[OPT_KEY].given ? OPT_KEY : OPT_CERT].text;
    struct private_file f;
    secret_guard();
    int error = private_file_read(&f, path, true), rc = 0;
    bool encrypted = !error && is_encrypted(&f);
    if (!error && (f.mode & OPEN_TO_OTHERS))
        say(a->command->name,
            "warning: the key in %s is open to others on this machine: its mode is %04o, it should "
            "be 0600",
            path, f.mode);
    private_file_free(&f);
    *password = a->v[OPT_KEY_PASSWORD_FILE].given || encrypted ? a->key_secret : NULL;
    if (error) {
        say(a->command->name, "cannot read %s: %s", path, strerror(error));
        rc = EXIT_CONNECT;
    } else if (a->v[OPT_KEY_PASSWORD_FILE].given) {
        rc = password_read_file(a, a->v[OPT_KEY_PASSWORD_FILE].text, a->key_secret);
    } else if (encrypted) {
        rc = ask(a, path);
    }
    return rc;
}

/*
 * Another answer to a server's authenticator than the client's own: the name of its class is looked
 * at before the password leaves, and is asked for by each connection anew, so no copy is kept.
 *
 * usage: authenticate HOST USER PASSWORD-FILE
 */
#include <stdio.h>
#include <string.h>

#include <cqlraw/client.h>

struct who {
    const char *user;
    const char *password_file;
};

/* A memset of what nobody reads again may be left out by the compiler. */
static void wipe(volatile char *p, size_t n)
{
    while (n-- > 0)
        *p++ = 0;
}

/* One step of SASL: here PLAIN, which has one token and no challenge. */
static int on_auth(void *arg, const struct cqlr_auth_step *step, struct cqlr_wr *token,
                   struct cqlr_err *err)
{
    static const char known[] = "org.apache.cassandra.auth.PasswordAuthenticator";
    const struct who *who = arg;
    char password[256] = "";
    if (step->success)
        return 0;
    if (step->round > 0 || !cqlr_str_equal(step->authenticator, cqlr_cstr(known))) {
        snprintf(err->text, sizeof err->text, "no password for %.*s",
                 CQLR_STR(step->authenticator));
        return -1;
    }
    FILE *f = fopen(who->password_file, "r");
    size_t n = f && fgets(password, sizeof password, f) ? strcspn(password, "\n") : 0;
    if (f)
        fclose(f);
    cqlr_wr_u8(token, 0);
    cqlr_wr_raw(token, who->user, strlen(who->user));
    cqlr_wr_u8(token, 0);
    cqlr_wr_raw(token, password, n); /* the library overwrites its copies; ours is our own */
    wipe(password, sizeof password);
    return 0;
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts o;
    if (argc != 4)
        return 64;
    struct who who = {argv[2], argv[3]};
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argv[1];
    o.on_auth = on_auth;
    o.auth_arg = &who;
    cqlr_client *cl = cqlr_client_new(&o);
    int rc = cl ? cqlr_sync_connect(cl) : CQLR_E_NOMEM;
    printf("%s\n", rc == 0 ? "logged in" : cl ? cqlr_client_err(cl)->text : "out of memory");
    cqlr_client_free(cl);
    return rc < 0;
}

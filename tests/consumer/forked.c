/*
 * A handle belongs to the process that made it: after a fork of our own the child is told so at
 * once, and frees it without harm to the parent's connection.
 *
 * usage: forked HOST:PORT
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cqlraw/client.h>

static bool query(cqlr_client *cl)
{
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr("SELECT key FROM system.local"), NULL);
    bool good = r != NULL;
    cqlr_reply_free(r);
    return good;
}

static int child(cqlr_client *cl)
{
    bool refused = !query(cl) && cqlr_client_err(cl)->code == CQLR_E_FORKED;
    printf("child: %s\n", refused ? cqlr_client_err(cl)->text : "was not told");
    fflush(stdout);
    cqlr_client_free(cl);
    return !refused;
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts o;
    int status = -1;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argc > 1 ? argv[1] : "127.0.0.1";
    cqlr_client *cl = cqlr_client_new(&o);
    if (!cl || cqlr_sync_connect(cl) < 0) {
        fprintf(stderr, "%s\n", cl ? cqlr_client_err(cl)->text : "out of memory");
        cqlr_client_free(cl);
        return 1;
    }
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(cl));
    if (pid > 0)
        waitpid(pid, &status, 0);
    bool good = query(cl);
    printf("parent: %s\n", good ? "goes on" : cqlr_client_err(cl)->text);
    cqlr_client_free(cl);
    return status != 0 || !good;
}

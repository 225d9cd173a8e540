/*
 * sessions.c - a session that is taken up proves nothing to who trusts others: clients of one
 * process that share a table of sessions, although they should not, as their settings differ.
 *
 *   sessions HOST PORT CA OTHER_CA
 *
 * HOST is what the certificate of the server there is for, 127.0.0.1 is the same server under a
 * name it is not for. A line a client: its name, and "accepted" or the error.
 */
#include <cqlraw/cqlraw.h>
#include <cqlraw/wire.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place {
    const char *host, *port, *ca, *other_ca;
};

static cqlr_client *client(const char *host, const char *port, const struct cqlr_tls_opts *tls)
{
    struct cqlr_client_opts o;
    char point[300];
    cqlr_client *cl;
    snprintf(point, sizeof point, "%s:%s", host, port);
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = point;
    o.username = "ann";
    o.password = "open-the-door";
    o.tls = tls;
    cl = cqlr_client_new(&o);
    if (!cl)
        abort();
    return cl;
}

/* A query, so that all sessions that the server gives have come. */
static bool asks(cqlr_client *cl)
{
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr("SELECT key FROM system.local"), NULL);
    cqlr_reply_free(r);
    return r != NULL;
}

static void try(const char *name, const char *host, const char *port,
                const struct cqlr_tls_opts *tls)
{
    cqlr_client *cl = client(host, port, tls);
    if (cqlr_sync_connect(cl) == 0 && asks(cl))
        printf("%s: accepted\n", name);
    else
        printf("%s: %s\n", name, cqlr_client_err(cl)->text);
    cqlr_client_free(cl);
}

static struct cqlr_tls_opts trusting(const char *ca, cqlr_tls_sessions *sessions)
{
    struct cqlr_tls_opts o;
    cqlr_tls_opts_init(&o, sizeof o);
    o.ca_file = ca;
    o.sessions = sessions;
    return o;
}

static void share(const struct place *p)
{
    cqlr_tls_sessions *sessions = cqlr_tls_sessions_new();
    struct cqlr_tls_opts right = trusting(p->ca, sessions), other = trusting(p->other_ca, sessions);
    struct cqlr_tls_opts named = right;
    named.server_name = "wrong.example";
    try("first", p->host, p->port, &right);
    try("again", p->host, p->port, &right);
    try("another authority", p->host, p->port, &other);
    try("another name", p->host, p->port, &named);
    try("its address", "127.0.0.1", p->port, &right);
    try("the right one again", p->host, p->port, &right);
    cqlr_tls_sessions_free(sessions);
}

/* Nothing that was not checked at first is good enough later. */
static void after_an_insecure_one(const struct place *p)
{
    cqlr_tls_sessions *sessions = cqlr_tls_sessions_new();
    struct cqlr_tls_opts any = trusting(NULL, sessions), other = trusting(p->other_ca, sessions);
    any.insecure = true;
    try("insecure", p->host, p->port, &any);
    try("after an insecure one", p->host, p->port, &other);
    cqlr_tls_sessions_free(sessions);
}

/* OpenSSL's errors are those of a thread: what one client meets is not another one's. */
static void beside_one_that_fails(const struct place *p)
{
    struct cqlr_tls_opts right = trusting(p->ca, NULL), other = trusting(p->other_ca, NULL);
    cqlr_client *cl = client(p->host, p->port, &right);
    bool before = cqlr_sync_connect(cl) == 0 && asks(cl);
    try("one that fails", p->host, p->port, &other);
    printf("beside one that fails: %s\n",
           before && asks(cl) ? "accepted" : cqlr_client_err(cl)->text);
    cqlr_client_free(cl);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 64;
    struct place p = {argv[1], argv[2], argv[3], argv[4]};
    share(&p);
    after_an_insecure_one(&p);
    beside_one_that_fails(&p);
    return 0;
}

/*
 * One statement, blocking: connect, prepare, bind, execute, take the rows.
 *
 * usage: blocking HOST:PORT
 */
#include <stdio.h>

#include <cqlraw/client.h>

static int fail(const struct cqlr_err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return err->code;
}

/* Further pages are fetched as the rows are taken. */
static int print_rows(cqlr_reply *r)
{
    struct cqlr_row row;
    int rc;
    while ((rc = cqlr_reply_next(r, &row)) == 1)
        printf("%.*s %s\n", CQLR_STR(cqlr_row_text(&row, 0)),
               cqlr_row_int(&row, 1) > 0 ? "has a port" : "has no port");
    return rc < 0 ? fail(cqlr_reply_err(r)) : 0;
}

static int execute(cqlr_client *cl, cqlr_bound *b)
{
    if (cqlr_bound_text(b, 0, cqlr_cstr("local")) < 0)
        return fail(cqlr_bound_err(b));
    cqlr_reply *r = cqlr_sync_execute(cl, b);
    int rc = r ? print_rows(r) : fail(cqlr_client_err(cl));
    cqlr_reply_free(r);
    return rc;
}

static int run(cqlr_client *cl)
{
    struct cqlr_str cql = cqlr_cstr("SELECT key, rpc_port FROM system.local WHERE key = ?");
    cqlr_prepared *ps = NULL;
    cqlr_bound *b = NULL;
    int rc = CQLR_E_NOMEM;
    if (cqlr_sync_connect(cl) < 0 || !(ps = cqlr_sync_prepare(cl, cql)))
        rc = fail(cqlr_client_err(cl));
    else if ((b = cqlr_bound_new(ps)) != NULL)
        rc = execute(cl, b);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    return rc;
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argc > 1 ? argv[1] : "127.0.0.1";
    cqlr_client *cl = cqlr_client_new(&o);
    int rc = cl ? run(cl) : CQLR_E_NOMEM;
    cqlr_client_free(cl);
    return rc < 0;
}

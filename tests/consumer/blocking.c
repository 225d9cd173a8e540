/*
 * One statement, blocking: connect, prepare, bind, execute, take the rows.
 *
 * usage: blocking HOST:PORT
 */
#include <inttypes.h>
#include <stdio.h>

#include <cqlraw/client.h>

static int run(cqlr_client *cl)
{
    struct cqlr_row row;
    int rc = cqlr_sync_connect(cl);
    if (rc < 0)
        return rc;
    cqlr_prepared *ps =
        cqlr_sync_prepare(cl, cqlr_cstr("SELECT key, rpc_port FROM system.local WHERE key = ?"));
    cqlr_bound *b = ps ? cqlr_bound_new(ps) : NULL;
    cqlr_reply *r = NULL;
    if (b && cqlr_bound_text(b, 0, cqlr_cstr("local")) == 0)
        r = cqlr_sync_execute(cl, b);
    rc = cqlr_client_err(cl)->code;
    while (r && (rc = cqlr_reply_next(r, &row)) == 1)
        printf("%.*s %s\n", CQLR_STR(cqlr_row_text(&row, 0)),
               cqlr_row_int(&row, 1) > 0 ? "has a port" : "has no port");
    cqlr_reply_free(r);
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
    if (rc < 0)
        fprintf(stderr, "%s\n", cl ? cqlr_client_err(cl)->text : cqlr_errcode_text(rc));
    cqlr_client_free(cl);
    return rc < 0;
}

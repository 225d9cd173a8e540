/*
 * Asks for a page with a paging state that is not the statement's own last one: random bytes, or
 * the one behind the first row of the statement that is given. Prints how many rows come, or what
 * the server says to it, and exits 1 then.
 *
 * usage: paging_state HOST:PORT random | "SELECT ..."
 */
#include <inttypes.h>
#include <stdio.h>

#include <cqlraw/client.h>

static int fail(const struct cqlr_err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 1;
}

/* The state behind the first row of a statement; the reply holds it. */
static cqlr_reply *first_page(cqlr_client *cl, const char *cql, struct cqlr_value *state)
{
    struct cqlr_request_opts o;
    cqlr_request_opts_init(cl, &o, sizeof o);
    o.page_size = 1;
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr(cql), &o);
    if (r)
        *state = cqlr_reply_paging_state(r);
    return r;
}

/* As a statement, and as a prepared one: they must agree. */
static int ask(cqlr_client *cl, struct cqlr_value state)
{
    static const char cql[] =
        "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'system'";
    struct cqlr_request_opts o;
    cqlr_request_opts_init(cl, &o, sizeof o);
    o.paging_state = state;
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr(cql), &o);
    int rc = r ? 0 : fail(cqlr_client_err(cl));
    int64_t rows = r ? cqlr_reply_skip(r) : 0;
    cqlr_reply_free(r);

    cqlr_prepared *ps = cqlr_sync_prepare(cl, cqlr_cstr(cql));
    cqlr_bound *b = ps ? cqlr_bound_new(ps) : NULL;
    if (!b || cqlr_bound_paging_state(b, state) < 0)
        return 2;
    r = cqlr_sync_execute(cl, b);
    if ((r != NULL) != (rc == 0) || (r && cqlr_reply_skip(r) != rows))
        rc = 3;
    cqlr_reply_free(r);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    if (rc == 0)
        printf("%" PRId64 " rows\n", rows);
    return rc;
}

int main(int argc, char **argv)
{
    static const uint8_t bytes[] = {0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct cqlr_value state = {bytes, sizeof bytes};
    struct cqlr_client_opts o;
    cqlr_reply *other = NULL;
    if (argc != 3)
        return 64;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argv[1];
    cqlr_client *cl = cqlr_client_new(&o);
    if (!cl || cqlr_sync_connect(cl) < 0)
        return 2;
    if (strcmp(argv[2], "random") != 0)
        other = first_page(cl, argv[2], &state);
    int rc = state.n < 0 ? 2 : ask(cl, state);
    cqlr_reply_free(other);
    cqlr_client_free(cl);
    return rc;
}

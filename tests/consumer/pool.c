/*
 * A pool of processes that serves many batches: its start-up (fork, connect, prepare) is paid once.
 * IN_FLIGHT 1 is "one query at a time in each process", 100 a window in each.
 *
 * usage: pool HOST:PORT BATCHES QUERIES [IN_FLIGHT [BLOCK]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cqlraw/bulk.h>

/* Executes the statement `queries` times with the same key. */
static int batch(cqlr_bulk *pool, uint64_t queries, struct cqlr_bulk_summary *s)
{
    const struct cqlr_str local = cqlr_cstr("local");
    const struct cqlr_source_param key = {
        .name = "key", .kind = CQLR_SOURCE_LIST, .text = &local, .count = 1};
    cqlr_source *source = cqlr_source_new(&key, 1, CQLR_COMBINE_PRODUCT, queries, &s->err);
    int rc = source ? cqlr_bulk_batch(pool, source, s, sizeof *s) : s->err.code;
    cqlr_source_free(source);
    return rc;
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    int batches = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 3, rc = 0;

    cqlr_client_opts_init(&client, sizeof client);
    client.contact_points = argc > 1 ? argv[1] : "127.0.0.1";
    cqlr_bulk_opts_init(&o, sizeof o);
    o.client = &client;
    o.statement = cqlr_cstr("SELECT * FROM system.local WHERE key = ?");
    o.in_flight = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 100;
    o.block = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
    cqlr_bulk *pool = cqlr_bulk_new(&o);
    if (!pool) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    for (int i = 0; i < batches && rc == 0; i++) {
        rc = batch(pool, argc > 3 ? strtoull(argv[3], NULL, 10) : 10000, &s);
        if (rc < 0)
            fprintf(stderr, "%s\n", s.err.text);
        else
            printf("%" PRIu64 " queries in %.3f seconds (%.1f/s), %" PRIu64 " rows\n", s.queries,
                   s.seconds, (double)s.queries / s.seconds, s.rows);
    }
    cqlr_bulk_free(pool);
    return rc < 0;
}

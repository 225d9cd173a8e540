/*
 * A whole table, piece by piece of the ring, in all processes: workers add up a column where the
 * rows are, the parent adds up what the workers found.
 *
 * usage: token_scan HOST:PORT PIECES "SELECT v FROM ks.t WHERE token(id) > ? AND token(id) <= ?"
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cqlraw/bulk.h>

struct total {
    uint64_t rows;
    int64_t sum;
};

/* In a worker: rows and sum of a page, as two 64-bit numbers. */
static int add_rows(void *arg, const struct cqlr_item *item, cqlr_reply *r, struct cqlr_wr *out,
                    uint64_t *rows, struct cqlr_err *err)
{
    struct cqlr_row row;
    int64_t sum = 0;
    int rc;
    (void)arg;
    (void)item;
    while ((rc = cqlr_reply_next(r, &row)) == 1) {
        sum += cqlr_row_int(&row, 0);
        ++*rows;
    }
    if (rc < 0) {
        *err = *cqlr_reply_err(r);
        return rc;
    }
    cqlr_wr_i64(out, (int64_t)*rows);
    cqlr_wr_i64(out, sum);
    return 0;
}

/* In the parent: a call holds whole pages. */
static int reduce(void *arg, const uint8_t *p, size_t n)
{
    struct total *t = arg;
    for (; n >= 16; p += 16, n -= 16) {
        t->rows += cqlr_be64(p);
        t->sum += (int64_t)cqlr_be64(p + 8);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct cqlr_source_param ring[] = {{.kind = CQLR_SOURCE_TOKEN_START},
                                       {.kind = CQLR_SOURCE_TOKEN_END}};
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    struct cqlr_err err;
    struct total total = {0, 0};
    if (argc != 4)
        return 64;
    ring[0].count = ring[1].count = strtoull(argv[2], NULL, 10);
    cqlr_client_opts_init(&client, sizeof client);
    client.contact_points = argv[1];
    cqlr_bulk_opts_init(&o, sizeof o);
    o.client = &client;
    o.statement = cqlr_cstr(argv[3]);
    o.source = cqlr_source_new(ring, 2, CQLR_COMBINE_PRODUCT, 1, &err);
    o.order = CQLR_ORDER_NONE; /* a sum has none */
    o.on_page = add_rows;
    o.on_output = reduce;
    o.arg = &total;
    if (!o.source) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int rc = cqlr_bulk_run(&o, &s, sizeof s);
    cqlr_source_free(o.source);
    if (rc < 0 || s.errors) {
        fprintf(stderr, "%s\n", rc < 0 ? s.err.text : "some pieces could not be read");
        return 1;
    }
    printf("%" PRIu64 " pieces, %" PRIu64 " rows, sum %" PRId64 "\n", s.queries, total.rows,
           total.sum);
    return 0;
}

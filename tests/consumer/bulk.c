/*
 * The main job from C: workers count where the answers are, the parent gets the counts in parameter
 * order.
 *
 * usage: bulk HOST:PORT QUERIES
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cqlraw/bulk.h>

/* In a worker: the bytes of a page's cells, as the output of its parameter set. */
static int count_bytes(void *arg, const struct cqlr_item *item, cqlr_reply *r, struct cqlr_wr *out,
                       uint64_t *rows, struct cqlr_err *err)
{
    struct cqlr_row row;
    int64_t bytes = 0;
    int rc;
    (void)arg;
    (void)item;
    while ((rc = cqlr_reply_next(r, &row)) == 1) {
        for (uint32_t i = 0; i < row.columns->count; i++)
            bytes += row.cell[i].n > 0 ? row.cell[i].n : 0;
        ++*rows;
    }
    if (rc < 0)
        *err = *cqlr_reply_err(r);
    else
        cqlr_wr_i64(out, bytes);
    return rc;
}

/* In the parent: what the workers wrote, in order. */
static int add_up(void *arg, const uint8_t *p, size_t n)
{
    int64_t *sum = arg;
    for (; n >= 8; p += 8, n -= 8)
        *sum += (int64_t)cqlr_be64(p);
    return 0;
}

int main(int argc, char **argv)
{
    const struct cqlr_str local = cqlr_cstr("local");
    const struct cqlr_source_param key = {
        .name = "key", .kind = CQLR_SOURCE_LIST, .text = &local, .count = 1};
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    struct cqlr_err err;
    int64_t sum = 0;

    cqlr_client_opts_init(&client, sizeof client);
    client.contact_points = argc > 1 ? argv[1] : "127.0.0.1";
    cqlr_bulk_opts_init(&o, sizeof o);
    o.client = &client;
    o.statement = cqlr_cstr("SELECT * FROM system.local WHERE key = ?");
    o.source = cqlr_source_new(&key, 1, CQLR_COMBINE_PRODUCT,
                               argc > 2 ? strtoull(argv[2], NULL, 10) : 1000, &err);
    o.on_page = count_bytes;
    o.on_output = add_up;
    o.arg = &sum;
    if (!o.source) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int rc = cqlr_bulk_run(&o, &s, sizeof s);
    cqlr_source_free(o.source);
    if (rc < 0) {
        fprintf(stderr, "%s\n", s.err.text);
        return 1;
    }
    printf("%" PRIu64 " queries, %" PRIu64 " rows, %" PRId64 " bytes each\n", s.queries, s.rows,
           sum / (int64_t)s.queries);
    return 0;
}

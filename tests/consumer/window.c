/*
 * One process with a window: N executions of a prepared statement, so many of them in flight at any
 * time, with callbacks on a loop of ours.
 *
 * usage: window HOST:PORT QUERIES [IN_FLIGHT]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cqlraw/client.h>

struct run {
    cqlr_loop *loop;
    cqlr_client *client;
    cqlr_prepared *prepared;
    uint64_t queries, sent, answered, rows;
    struct cqlr_err err; /* the first one; code 0: none */
};

/* A place of the window: its bound statement is used again and again. */
struct place {
    struct run *run;
    cqlr_bound *bound;
};

static void on_reply(void *arg, cqlr_reply *r);

static void stop(struct run *run, const struct cqlr_err *err)
{
    if (!run->err.code)
        run->err = *err;
    run->queries = run->sent;
}

static void send_next(struct place *p)
{
    struct run *run = p->run;
    if (run->sent == run->queries)
        return;
    cqlr_bound_reset(p->bound);
    if (cqlr_bound_text(p->bound, 0, cqlr_cstr("local")) < 0)
        stop(run, cqlr_bound_err(p->bound));
    else if (cqlr_client_execute(run->client, p->bound, on_reply, p) < 0)
        stop(run, cqlr_client_err(run->client));
    else
        run->sent++;
}

static void on_reply(void *arg, cqlr_reply *r)
{
    struct place *p = arg;
    int64_t rows = cqlr_reply_rc(r) < 0 ? -1 : cqlr_reply_skip(r);
    p->run->answered++;
    if (rows < 0) {
        stop(p->run, cqlr_reply_err(r));
        return;
    }
    p->run->rows += (uint64_t)rows;
    send_next(p);
}

/* All of it. 0 or a negative code, with the reason in run->err. */
static int execute_all(struct run *run, size_t in_flight)
{
    const struct cqlr_err no_memory = {.code = CQLR_E_NOMEM, .text = "out of memory"};
    const struct cqlr_err no_loop = {.code = CQLR_E_IO, .text = "the loop cannot wait"};
    struct place *place = calloc(in_flight, sizeof *place);
    if (!place)
        stop(run, &no_memory);
    for (size_t i = 0; place && i < in_flight; i++) {
        place[i] = (struct place){run, cqlr_bound_new(run->prepared)};
        if (place[i].bound)
            send_next(&place[i]);
        else
            stop(run, &no_memory);
    }
    while (run->answered < run->sent)
        if (cqlr_loop_turn(run->loop, CQLR_NEVER) < 0) {
            stop(run, &no_loop);
            cqlr_client_close(run->client); /* all are told */
        }
    for (size_t i = 0; place && i < in_flight; i++)
        cqlr_bound_free(place[i].bound);
    free(place);
    return run->err.code;
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts o;
    struct run run = {.queries = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000};
    size_t in_flight = argc > 3 ? strtoull(argv[3], NULL, 10) : 100;

    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argc > 1 ? argv[1] : "127.0.0.1";
    o.loop = run.loop = cqlr_loop_new(NULL);
    run.client = run.loop ? cqlr_client_new(&o) : NULL;
    if (run.client && cqlr_sync_connect(run.client) == 0)
        run.prepared =
            cqlr_sync_prepare(run.client, cqlr_cstr("SELECT * FROM system.local WHERE key = ?"));
    if (!run.prepared) {
        fprintf(stderr, "%s\n", run.client ? cqlr_client_err(run.client)->text : "out of memory");
        return 1;
    }
    uint64_t from = cqlr_now();
    int rc = execute_all(&run, in_flight);
    double seconds = (double)(cqlr_now() - from) / 1e9;
    if (rc < 0)
        fprintf(stderr, "%s\n", run.err.text);
    else
        printf("%" PRIu64 " queries in %.3f seconds (%.1f/s), %" PRIu64 " rows\n", run.answered,
               seconds, (double)run.answered / seconds, run.rows);
    cqlr_prepared_free(run.prepared);
    cqlr_client_free(run.client);
    cqlr_loop_free(run.loop);
    return rc < 0;
}

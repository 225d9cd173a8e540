/*
 * A client with callbacks in an event loop of our own, here a plain poll(): it opens, prepares, and
 * has ten executions under way at once. What happens beside the answers goes to a log.
 *
 * usage: poll HOST:PORT
 */
#include <poll.h>
#include <stdio.h>

#include <cqlraw/client.h>

#define QUERIES 10

/* What the callbacks share. It is over when nothing is under way. */
struct work {
    cqlr_client *client;
    cqlr_prepared *prepared;
    cqlr_bound *bound[QUERIES];
    unsigned under_way;
    int64_t rows;
    struct cqlr_err err; /* the first one; code 0: none */
};

static void failed(struct work *w, const struct cqlr_err *err)
{
    if (!w->err.code)
        w->err = *err;
}

static void on_rows(void *arg, cqlr_reply *r)
{
    struct work *w = arg;
    int64_t n = cqlr_reply_skip(r); /* negative also when there is no answer */
    w->under_way--;
    if (n < 0)
        failed(w, cqlr_reply_err(r));
    else
        w->rows += n;
}

static void on_prepared(void *arg, cqlr_reply *r)
{
    struct work *w = arg;
    w->under_way--;
    w->prepared = cqlr_reply_take_prepared(r);
    if (!w->prepared)
        failed(w, cqlr_reply_err(r));
    for (int i = 0; w->prepared && !w->err.code && i < QUERIES; i++) {
        cqlr_bound *b = w->bound[i] = cqlr_bound_new(w->prepared);
        if (!b)
            failed(w, &(struct cqlr_err){.code = CQLR_E_NOMEM, .text = "out of memory"});
        else if (cqlr_bound_text(b, 0, cqlr_cstr("local")) < 0)
            failed(w, cqlr_bound_err(b));
        else if (cqlr_client_execute(w->client, b, on_rows, w) < 0)
            failed(w, cqlr_client_err(w->client));
        else
            w->under_way++;
    }
}

static void on_open(void *arg, int rc)
{
    struct work *w = arg;
    struct cqlr_str cql = cqlr_cstr("SELECT key FROM system.local WHERE key = ?");
    if (rc < 0 || cqlr_client_prepare(w->client, cql, on_prepared, w) < 0) {
        w->under_way--;
        failed(w, cqlr_client_err(w->client));
    }
}

static void on_log(void *arg, enum cqlr_log_level level, const char *line)
{
    static const char *const name[] = {"debug", "info", "warning"};
    fprintf(arg, "%s: %s\n", name[level], line);
}

/* Milliseconds until the client wants a turn, rounded up; -1: only when its descriptor is ready. */
static int wait_ms(uint64_t deadline)
{
    uint64_t now = cqlr_now();
    if (deadline == CQLR_NEVER)
        return -1;
    return deadline <= now ? 0 : (int)((deadline - now) / 1000000 + 1);
}

static void run(struct work *w)
{
    w->under_way = 1; /* the opening */
    if (cqlr_client_open(w->client, on_open, w) < 0)
        failed(w, cqlr_client_err(w->client));
    while (!w->err.code && w->under_way > 0) {
        struct pollfd p = {.fd = cqlr_client_fd(w->client), .events = POLLIN};
        (void)poll(&p, 1, wait_ms(cqlr_client_deadline(w->client))); /* a signal is no harm */
        if (cqlr_client_turn(w->client) < 0)
            failed(w, cqlr_client_err(w->client));
    }
    cqlr_client_free(w->client); /* what is under way after an error is told so here */
    for (int i = 0; i < QUERIES; i++)
        cqlr_bound_free(w->bound[i]);
    cqlr_prepared_free(w->prepared);
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts o;
    struct work w = {.err = {.code = 0}};
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argc > 1 ? argv[1] : "127.0.0.1";
    o.log = on_log;
    o.log_arg = stderr;
    if (!(w.client = cqlr_client_new(&o)))
        return 1;
    run(&w);
    if (w.err.code)
        fprintf(stderr, "%s\n", w.err.text);
    else
        printf("%d queries, %d rows\n", QUERIES, (int)w.rows);
    return w.err.code != 0;
}

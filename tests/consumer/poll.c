/*
 * A whole client in an event loop of our own, here a plain poll(): ten queries with callbacks.
 *
 * usage: poll HOST:PORT
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <cqlraw/client.h>

#define QUERIES 10

static cqlr_client *client;
static int under_way;
static int64_t rows;

static void fail(const struct cqlr_err *err)
{
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void on_reply(void *arg, cqlr_reply *r)
{
    int64_t n = cqlr_reply_skip(r);
    (void)arg;
    if (n < 0)
        fail(cqlr_reply_err(r));
    rows += n;
    under_way--;
}

static void on_open(void *arg, int rc)
{
    (void)arg;
    if (rc < 0)
        fail(cqlr_client_err(client));
    for (under_way = 0; under_way < QUERIES; under_way++) {
        struct cqlr_str cql = cqlr_cstr("SELECT key FROM system.local");
        if (cqlr_client_query(client, cql, NULL, on_reply, NULL) < 0)
            fail(cqlr_client_err(client));
    }
}

/* Milliseconds until the client wants a turn, rounded up; -1: only when its descriptor is ready. */
static int wait_ms(uint64_t deadline)
{
    uint64_t now = cqlr_now();
    if (deadline == CQLR_NEVER)
        return -1;
    return deadline <= now ? 0 : (int)((deadline - now) / 1000000 + 1);
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argc > 1 ? argv[1] : "127.0.0.1";
    client = cqlr_client_new(&o);
    if (!client)
        return 1;
    under_way = 1; /* the opening */
    if (cqlr_client_open(client, on_open, NULL) < 0)
        fail(cqlr_client_err(client));
    while (under_way > 0) {
        struct pollfd p = {.fd = cqlr_client_fd(client), .events = POLLIN};
        (void)poll(&p, 1, wait_ms(cqlr_client_deadline(client)));
        if (cqlr_client_turn(client) < 0)
            fail(cqlr_client_err(client));
    }
    printf("%d queries, %" PRId64 " rows\n", QUERIES, rows);
    cqlr_client_free(client);
    return 0;
}

/*
 * A whole client on libuv: its one descriptor is a uv_poll_t, its deadline a uv_timer_t.
 *
 * usage: libuv HOST:PORT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include <cqlraw/client.h>

#define QUERIES 1000
#define WINDOW  50

static cqlr_client *client;
static uv_poll_t readable;
static uv_timer_t timer;
static int sent, answered;

static void fail(const struct cqlr_err *err)
{
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

/* ---- the client in the loop ---- */

static void turn(void);

static void on_readable(uv_poll_t *handle, int status, int events)
{
    (void)handle;
    (void)status;
    (void)events;
    turn();
}

static void on_timer(uv_timer_t *handle)
{
    (void)handle;
    turn();
}

/* What is due is done; then the timer is set to what is due next. */
static void turn(void)
{
    if (cqlr_client_turn(client) < 0)
        fail(cqlr_client_err(client));
    uint64_t deadline = cqlr_client_deadline(client), now = cqlr_now();
    if (answered == QUERIES || deadline == CQLR_NEVER)
        uv_timer_stop(&timer);
    else
        uv_timer_start(&timer, on_timer, deadline > now ? (deadline - now) / 1000000 + 1 : 0, 0);
    if (answered == QUERIES)
        uv_poll_stop(&readable);
}

/* ---- the work ---- */

static void on_reply(void *arg, cqlr_reply *r);

static void send_more(void)
{
    for (; sent < QUERIES && sent - answered < WINDOW; sent++) {
        struct cqlr_str cql = cqlr_cstr("SELECT key FROM system.local");
        if (cqlr_client_query(client, cql, NULL, on_reply, NULL) < 0)
            fail(cqlr_client_err(client));
    }
}

static void on_reply(void *arg, cqlr_reply *r)
{
    (void)arg;
    if (cqlr_reply_skip(r) < 0)
        fail(cqlr_reply_err(r));
    answered++;
    send_more();
}

static void on_open(void *arg, int rc)
{
    (void)arg;
    if (rc < 0)
        fail(cqlr_client_err(client));
    send_more();
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argc > 1 ? argv[1] : "127.0.0.1";
    client = cqlr_client_new(&o);
    if (!client || cqlr_client_open(client, on_open, NULL) < 0)
        return 1;
    uv_loop_t *loop = uv_default_loop();
    uv_timer_init(loop, &timer);
    uv_poll_init(loop, &readable, cqlr_client_fd(client));
    uv_poll_start(&readable, UV_READABLE, on_readable);
    turn();
    uv_run(loop, UV_RUN_DEFAULT); /* until neither descriptor nor timer is left */
    printf("%d queries on libuv\n", answered);
    uv_close((uv_handle_t *)&readable, NULL);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    cqlr_client_free(client);
    return 0;
}

/*
 * One connection on a plain poll() loop: no client, no epoll, no allocation of ours. It sends
 * OPTIONS and prints what the server supports.
 *
 * usage: one_connection ADDRESS PORT
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <cqlraw/conn.h>
#include <cqlraw/loop.h>

static cqlr_conn *conn;
static int under_way = 1;

static void fail(void)
{
    fprintf(stderr, "%s\n", cqlr_conn_err(conn)->text);
    exit(1);
}

static void on_reply(void *arg, int rc, const struct cqlr_event *ev)
{
    struct cqlr_supported m;
    struct cqlr_err err;
    struct cqlr_rd r;
    (void)arg;
    if (rc < 0 || ev->opcode != CQLR_OP_SUPPORTED)
        fail();
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (cqlr_supported_read(&r, &m) < 0)
        fail();
    printf("%s supports %u options\n", cqlr_conn_peer(conn), (unsigned)m.options.count);
    under_way = 0;
}

static void on_open(void *arg)
{
    (void)arg;
    if (!cqlr_conn_begin(conn) || /* OPTIONS has no body */
        cqlr_conn_submit(conn, CQLR_OP_OPTIONS, 0, 0, on_reply, NULL, cqlr_now()) < 0)
        fail();
}

static void on_close(void *arg, int rc)
{
    (void)arg;
    if (rc < 0 && under_way)
        fail();
}

/* Milliseconds until `deadline`, rounded up; -1: there is none. */
static int wait_ms(uint64_t deadline)
{
    uint64_t now = cqlr_now();
    if (deadline == CQLR_NEVER)
        return -1;
    return deadline <= now ? 0 : (int)((deadline - now) / 1000000 + 1);
}

static void turn(void)
{
    unsigned wants = cqlr_conn_wants(conn);
    struct pollfd p = {
        .fd = cqlr_conn_fd(conn),
        .events = (short)((wants & CQLR_READ ? POLLIN : 0) | (wants & CQLR_WRITE ? POLLOUT : 0))};
    if (poll(&p, 1, wait_ms(cqlr_conn_deadline(conn))) > 0)
        cqlr_conn_ready(conn,
                        (p.revents & POLLIN ? (unsigned)CQLR_READ : 0) |
                            (p.revents & POLLOUT ? (unsigned)CQLR_WRITE : 0) |
                            (p.revents & (POLLERR | POLLHUP) ? (unsigned)CQLR_HANGUP : 0),
                        cqlr_now());
    if (cqlr_now() >= cqlr_conn_deadline(conn))
        cqlr_conn_time(conn, cqlr_now());
    cqlr_conn_flush(conn);
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct cqlr_conn_opts o;
    if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
        return 64;
    to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    cqlr_conn_opts_init(&o, sizeof o);
    o.on_open = on_open;
    o.on_close = on_close;
    conn = cqlr_conn_new(&o);
    if (!conn)
        return 1;
    if (cqlr_conn_open(conn, (const struct sockaddr *)&to, sizeof to, cqlr_now()) < 0)
        fail();
    while (under_way && cqlr_conn_fd(conn) >= 0)
        turn();
    cqlr_conn_free(conn);
    return 0;
}

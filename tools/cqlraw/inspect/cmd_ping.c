/*
 * cmd_ping.c - `cqlraw ping`: all addresses at the same time over one poll loop, then what was
 * measured.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ping_print.h"
#include "tools/cqlraw/args/client_args.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/io/signals.h"
#include "tools/cqlraw/io/text.h"

#define PING   "ping"
#define SECOND UINT64_C(1000000000)

struct pings {
    struct ping_plan plan;
    struct ping **list;
    size_t n;
    struct pollfd *fds; /* one each, and the signals' */
    int stop_fd;
    int signal; /* the one that came, or 0 */
};

/* ---- addresses ---- */

static int add_address(void *arg, const struct sockaddr *addr, socklen_t n,
                       const struct cqlr_err *err)
{
    struct pings *s = arg;
    struct ping **list = realloc(s->list, (s->n + 1) * sizeof *list);
    if (!list)
        return CQLR_E_NOMEM;
    s->list = list;
    list[s->n] = malloc(sizeof **list);
    if (!list[s->n])
        return CQLR_E_NOMEM;
    return ping_init(list[s->n++], &s->plan, addr, n, err);
}

static int add_all(struct pings *s, const char *hosts, uint16_t port)
{
    struct cqlr_err err = {0};
    int rc = cqlr_resolve(hosts, port, add_address, s, &err);
    s->fds = calloc(s->n + 1, sizeof *s->fds);
    if (rc == 0 && s->fds)
        return 0;
    say(PING, "%s", rc == CQLR_E_USAGE ? err.text : "out of memory");
    return rc == CQLR_E_USAGE ? EXIT_USAGE : EXIT_INTERNAL;
}

/* ---- loop ---- */

/* Whom to wait for, and until when; false when all are done. */
static bool prepare(struct pings *s, uint64_t *deadline)
{
    bool some = false;
    *deadline = CQLR_NEVER;
    for (size_t i = 0; i < s->n; i++) {
        const struct ping *p = s->list[i];
        uint64_t at = ping_deadline(p);
        bool busy = p->state != PING_DONE;
        unsigned wants = busy ? cqlr_conn_wants(p->conn) : 0;
        int events = (wants & CQLR_READ ? POLLIN : 0) | (wants & CQLR_WRITE ? POLLOUT : 0);
        s->fds[i] = (struct pollfd){busy ? cqlr_conn_fd(p->conn) : -1, (short)events, 0};
        *deadline = at < *deadline ? at : *deadline;
        some = some || busy;
    }
    s->fds[s->n] = (struct pollfd){s->stop_fd, POLLIN, 0};
    return some;
}

static int wait_until(struct pings *s, uint64_t deadline)
{
    uint64_t now = cqlr_now(), left = deadline > now ? deadline - now : 0;
    const struct timespec ts = {(time_t)(left / SECOND), (long)(left % SECOND)};
    return ppoll(s->fds, s->n + 1, deadline == CQLR_NEVER ? NULL : &ts, NULL);
}

static void handle(struct pings *s)
{
    uint64_t now = cqlr_now();
    for (size_t i = 0; i < s->n; i++) {
        short is = s->fds[i].revents;
        unsigned events = (is & POLLIN ? CQLR_READ : 0u) | (is & POLLOUT ? CQLR_WRITE : 0u) |
                          (is & (POLLHUP | POLLERR | POLLNVAL) ? CQLR_HANGUP : 0u);
        if (events)
            ping_ready(s->list[i], events, now);
        ping_time(s->list[i], now);
    }
}

static int run_all(struct pings *s)
{
    uint64_t deadline;
    for (size_t i = 0; i < s->n; i++)
        ping_start(s->list[i]);
    while (prepare(s, &deadline) && !s->signal) {
        if (wait_until(s, deadline) < 0 && errno != EINTR) {
            say(PING, "cannot wait for the servers: %s", strerror(errno));
            return EXIT_INTERNAL;
        }
        signals_read(s->stop_fd, &s->signal);
        handle(s);
    }
    return 0;
}

/* ---- command ---- */

static int print(const struct pings *s, bool json)
{
    struct cqlr_wr w;
    int code = EXIT_INTERNAL;
    cqlr_wr_init(&w, NULL, TEXT_LIMIT);
    (json ? ping_print_json : ping_print_lines)(&w, s->list, s->n);
    if (w.rc)
        say(PING, "%s", cqlr_errcode_text(w.rc));
    else
        code = out_stdout(PING, (const char *)w.p, w.n);
    cqlr_wr_fini(&w);
    return code;
}

static int outcome(const struct pings *s)
{
    int code = s->signal ? 128 + s->signal : EXIT_DONE;
    for (size_t i = 0; i < s->n && !s->signal; i++)
        code = s->list[i]->error[0] ? EXIT_CONNECT : code;
    return code;
}

static void plan_of(struct ping_plan *plan, const struct args *a, const struct cqlr_client_opts *o)
{
    cqlr_conn_opts_init(&plan->conn, sizeof plan->conn);
    plan->conn.application_name = o->application_name;
    plan->conn.application_version = o->application_version;
    plan->conn.client_id = o->client_id;
    plan->conn.compression = o->compression;
    plan->conn.username = o->username;
    plan->conn.password = o->password;
    plan->conn.plaintext_password = o->plaintext_password;
    plan->conn.connect_timeout = o->connect_timeout;
    plan->conn.request_timeout = o->request_timeout;
    plan->rounds = (unsigned)a->v[OPT_COUNT_N].n;
    plan->interval = a->v[OPT_INTERVAL].n;
    plan->query = a->v[OPT_QUERY].given;
}

/* The arguments as a list for --host, so that all that is judged by it is judged for them, too.
 * NULL: no memory. */
static char *join_hosts(const struct args *a)
{
    size_t n = 1;
    for (size_t i = 0; i < a->rest_n; i++)
        n += strlen(a->rest[i]) + 1;
    struct text list = {.p = malloc(n), .size = n};
    for (size_t i = 0; list.p && i < a->rest_n; i++)
        text_add(&list, "%s%s", i ? "," : "", a->rest[i]);
    return list.p;
}

static int ping_all(const struct args *a)
{
    struct pings s = {.stop_fd = -1};
    struct cqlr_client_opts client;
    int code = client_args(&client, a);
    if (code)
        return code;
    plan_of(&s.plan, a, &client);
    code = add_all(&s, client.contact_points, client.port);
    if (!code && (s.stop_fd = signals_open()) < 0) {
        say(PING, "cannot wait for signals: %s", strerror(errno));
        code = EXIT_INTERNAL;
    }
    if (!code)
        code = run_all(&s);
    if (!code) {
        int printed = print(&s, a->v[OPT_JSON].given);
        code = printed ? printed : outcome(&s);
    }
    for (size_t i = 0; i < s.n; i++) {
        ping_fini(s.list[i]);
        free(s.list[i]);
    }
    free(s.list);
    free(s.fds);
    if (s.stop_fd >= 0)
        close(s.stop_fd);
    return code;
}

int cmd_ping(const struct args *a)
{
    struct args with_hosts = *a;
    char *hosts = NULL;
    signals_exit();
    if (a->rest_n && a->v[OPT_HOST].from == FROM_COMMAND_LINE) {
        say(PING, "give the addresses as arguments or with --host, not both");
        return EXIT_USAGE;
    }
    if (a->rest_n) {
        hosts = join_hosts(a);
        if (!hosts) {
            say(PING, "out of memory");
            return EXIT_INTERNAL;
        }
        with_hosts.v[OPT_HOST].text = hosts;
    }
    int code = ping_all(&with_hosts);
    free(hosts);
    return code;
}

/*
 * crowd_server.h - a CQL server of the test's own making for clients with several connections: a
 * child process that serves all of them, counts them, and is told through shared memory how to
 * treat the next one.
 */
#ifndef CQLRAW_TESTS_CROWD_SERVER_H
#define CQLRAW_TESTS_CROWD_SERVER_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/un.h>

#include "tests/unit/client_help.h"

/* What both sides see. The child counts, the test tells. */
struct crowd {
    unsigned accepted, connected, most;         /* connections: ever, now, at most at once */
    unsigned startups, greeting, most_greeting; /* STARTUPs; before READY: now, at most at once */
    unsigned prepares, executes, uses;
    unsigned before_use; /* requests on a connection that had not had its USE */
    unsigned id_reused;  /* requests on a stream whose last one was left without an answer */
    unsigned last;       /* number of the connection that an EXECUTE came on last, from 1 */

    unsigned hold;         /* accept nobody */
    unsigned slam;         /* close new connections at once */
    unsigned no_ready;     /* leave STARTUP without an answer; when it is 0 again it is answered */
    unsigned refuse;       /* answer STARTUP: bad credentials */
    unsigned drop_all;     /* close all connections now; then 0 */
    unsigned drop;         /* close the connection with this number; then 0 */
    unsigned no_use;       /* answer USE with an error */
    unsigned mute;         /* leave EXECUTEs with these keys (mod 10, plus 1) without an answer */
    unsigned release;      /* answer what was held back, */
    unsigned unprepare;    /* with UNPREPARED */
    unsigned stop_ms;      /* wait so long before the next EXECUTE is answered; then 0 */
    unsigned forget;       /* answer so many EXECUTEs with UNPREPARED */
    unsigned wrong_id;     /* name another id when doing so */
    unsigned mute_prepare; /* leave PREPAREs behind the first without an answer until `release` */
    char keyspace_cql[64]; /* of the last USE */
};

#define HELD_KEY 1000000 /* an EXECUTE with it is held back until `release` */

struct crowd_conn {
    int fd;
    unsigned number;
    cqlr_link *link;
    bool greeted, used;
    int startup; /* stream of a STARTUP that waits, or -1 */
    int held;    /* of an EXECUTE that is held back, or -1 */
    int held_prepare;
    uint8_t *left; /* by stream: it was left without an answer */
};

struct crowd_server {
    pid_t pid;
    char addr[64];
    uint16_t port;
    volatile struct crowd *crowd;
    int filler; /* of a backlog that is full */
};

#define CROWD_MOST 64

struct crowd_child {
    volatile struct crowd *crowd;
    int listener;
    struct crowd_conn conn[CROWD_MOST];
    unsigned n;
};

static inline void crowd_text(cqlr_link *l, uint8_t opcode, int stream)
{
    if (cqlr_link_respond(l, opcode, 0, (int16_t)stream) < 0)
        _exit(3);
}

static inline void crowd_greet(struct crowd_child *s, struct crowd_conn *c)
{
    if (s->crowd->refuse) {
        answer_error_of(c->link, c->startup, CQLR_SERVER_BAD_CREDENTIALS, first_id);
    } else {
        (void)cqlr_link_begin(c->link);
        crowd_text(c->link, CQLR_OP_READY, c->startup);
    }
    c->startup = -1;
    c->greeted = true;
    s->crowd->greeting--;
}

static inline void crowd_use(struct crowd_child *s, struct crowd_conn *c,
                             const struct cqlr_event *ev)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    struct cqlr_query m;
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (cqlr_query_read(&r, &m) < 0 || m.cql.n >= sizeof s->crowd->keyspace_cql)
        _exit(4);
    memset((char *)s->crowd->keyspace_cql, 0, sizeof s->crowd->keyspace_cql);
    memcpy((char *)s->crowd->keyspace_cql, m.cql.p, m.cql.n);
    s->crowd->uses++;
    c->used = true;
    if (s->crowd->no_use) {
        answer_error_of(c->link, ev->stream, CQLR_SERVER_INVALID, first_id);
        return;
    }
    if (cqlr_set_keyspace_write(cqlr_link_begin(c->link), cqlr_cstr("ks")) < 0)
        _exit(3);
    crowd_text(c->link, CQLR_OP_RESULT, ev->stream);
}

static inline void crowd_execute(struct crowd_child *s, struct crowd_conn *c,
                                 const struct cqlr_event *ev)
{
    volatile struct crowd *w = s->crowd;
    struct cqlr_value state;
    int32_t key = bound_key(ev, &state);
    w->executes++;
    w->last = c->number;
    usleep(w->stop_ms * 1000);
    w->stop_ms = 0;
    if (w->forget) {
        w->forget--;
        answer_error_of(c->link, ev->stream, CQLR_SERVER_UNPREPARED,
                        w->wrong_id ? other_id : first_id);
    } else if (key == HELD_KEY) {
        c->held = ev->stream;
    } else if (w->mute && (unsigned)key % 10 + 1 == w->mute) {
        c->left[ev->stream] = 1;
    } else {
        answer_rows(c->link, ev, key, 1, NULL);
    }
}

static inline void crowd_answer(struct crowd_child *s, struct crowd_conn *c,
                                const struct cqlr_event *ev)
{
    volatile struct crowd *w = s->crowd;
    if (ev->opcode == CQLR_OP_STARTUP) {
        w->startups++;
        c->startup = ev->stream;
        return;
    }
    w->id_reused += c->left[ev->stream];
    if (ev->opcode == CQLR_OP_QUERY)
        crowd_use(s, c, ev);
    else
        w->before_use += !c->used;
    if (ev->opcode == CQLR_OP_PREPARE && w->mute_prepare && w->prepares)
        c->held_prepare = ev->stream;
    else if (ev->opcode == CQLR_OP_PREPARE)
        answer_prepared(c->link, ev, first_id);
    w->prepares += ev->opcode == CQLR_OP_PREPARE;
    if (ev->opcode == CQLR_OP_EXECUTE)
        crowd_execute(s, c, ev);
}

static inline void crowd_accept(struct crowd_child *s)
{
    int fd = accept(s->listener, NULL, NULL);
    struct cqlr_link_opts o;
    if (fd < 0)
        return;
    s->crowd->accepted++;
    if (s->crowd->slam || s->n == CROWD_MOST) {
        close(fd);
        return;
    }
    cqlr_link_opts_init(&o, sizeof o);
    o.role = CQLR_SERVER;
    s->conn[s->n++] = (struct crowd_conn){.fd = fd,
                                          .number = s->crowd->accepted,
                                          .link = cqlr_link_new(&o),
                                          .startup = -1,
                                          .held = -1,
                                          .held_prepare = -1,
                                          .left = calloc(1 << 15, 1)};
    s->crowd->connected = s->n;
    if (s->n > s->crowd->most)
        s->crowd->most = s->n;
    if (++s->crowd->greeting > s->crowd->most_greeting)
        s->crowd->most_greeting = s->crowd->greeting;
}

static inline void crowd_close(struct crowd_child *s, unsigned i)
{
    struct crowd_conn *c = &s->conn[i];
    s->crowd->greeting -= !c->greeted;
    cqlr_link_free(c->link);
    close(c->fd);
    free(c->left);
    *c = s->conn[--s->n];
    s->crowd->connected = s->n;
}

/* false: it has ended */
static inline bool crowd_read(struct crowd_child *s, struct crowd_conn *c)
{
    struct cqlr_event ev;
    size_t room;
    uint8_t *p = cqlr_link_room(c->link, &room);
    ssize_t got = p ? recv(c->fd, p, room, MSG_DONTWAIT) : 0;
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    cqlr_link_fed(c->link, (size_t)got);
    while (cqlr_link_next(c->link, &ev) == 1)
        crowd_answer(s, c, &ev);
    return true;
}

/* What the test has told meanwhile. */
static inline void crowd_heed(struct crowd_child *s, struct crowd_conn *c)
{
    struct cqlr_event held = {.stream = (int16_t)c->held};
    if (c->startup >= 0 && !s->crowd->no_ready)
        crowd_greet(s, c);
    if (c->held >= 0 && s->crowd->release) {
        if (s->crowd->unprepare)
            answer_error_of(c->link, c->held, CQLR_SERVER_UNPREPARED, first_id);
        else
            answer_rows(c->link, &held, HELD_KEY, 1, NULL);
        s->crowd->unprepare = 0;
        c->held = -1;
    }
    held.stream = (int16_t)c->held_prepare;
    if (c->held_prepare >= 0 && s->crowd->release) {
        answer_prepared(c->link, &held, first_id);
        c->held_prepare = -1;
    }
    scripted_flush(c->link, c->fd);
}

static inline void crowd_turn(struct crowd_child *s)
{
    struct pollfd p[CROWD_MOST + 1];
    unsigned n = s->n;
    for (unsigned i = 0; i < n; i++)
        p[i] = (struct pollfd){.fd = s->conn[i].fd, .events = POLLIN};
    p[n] = (struct pollfd){.fd = s->crowd->hold ? -1 : s->listener, .events = POLLIN};
    poll(p, n + 1, 1);
    for (unsigned i = n; i-- > 0;) {
        bool ended = s->crowd->drop_all || s->crowd->drop == s->conn[i].number ||
                     (p[i].revents && !crowd_read(s, &s->conn[i]));
        if (ended)
            crowd_close(s, i);
        else
            crowd_heed(s, &s->conn[i]);
    }
    s->crowd->drop = 0;
    if (!s->n)
        s->crowd->drop_all = 0;
    if (p[n].revents)
        crowd_accept(s);
}

/* At an address of IPv4 or IPv6, or at a path. */
static inline int crowd_listen(struct crowd_server *c, const char *at, int backlog)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    bool is_path = *at == '/', is_v6 = strchr(at, ':') != NULL;
    struct sockaddr *a = (struct sockaddr *)(is_path ? (void *)&path : is_v6 ? (void *)&v6 : &v4);
    socklen_t n = is_path ? sizeof path : is_v6 ? sizeof v6 : sizeof v4;
    int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (is_path)
        snprintf(path.sun_path, sizeof path.sun_path, "%s", at);
    else
        inet_pton(a->sa_family, at, is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr);
    if (fd < 0 || bind(fd, a, n) || listen(fd, backlog) || getsockname(fd, a, &n))
        abort();
    c->port = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    if (is_path)
        snprintf(c->addr, sizeof c->addr, "unix:%s", at);
    else
        snprintf(c->addr, sizeof c->addr, is_v6 ? "[%s]:%u" : "%s:%u", at, c->port);
    return fd;
}

static inline struct crowd_server crowd_start_at(const char *at, int backlog, bool hold)
{
    struct crowd_server c = {.filler = -1};
    int fd = crowd_listen(&c, at, backlog);
    c.crowd = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c.crowd == MAP_FAILED)
        abort();
    c.crowd->hold = hold;
    c.pid = fork();
    if (c.pid < 0)
        abort();
    if (c.pid == 0) {
        static struct crowd_child child;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        child.crowd = c.crowd;
        child.listener = fd;
        for (;;)
            crowd_turn(&child);
    }
    close(fd);
    return c;
}

static inline struct crowd_server crowd_start(void)
{
    return crowd_start_at("127.0.0.1", 16, false);
}

/* One whose backlog is full (of the one whom a backlog of 0 lets in): nobody else reaches it until
 * it accepts (hold = 0). */
static inline struct crowd_server crowd_start_unreachable(void)
{
    struct crowd_server c = crowd_start_at("127.0.0.1", 0, true);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(c.port)};
    c.filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c.filler < 0 || connect(c.filler, (struct sockaddr *)&a, sizeof a))
        abort();
    return c;
}

static inline void crowd_stop(struct crowd_server *c)
{
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
    if (c->filler >= 0)
        close(c->filler);
    munmap((void *)c->crowd, 4096);
}

#endif

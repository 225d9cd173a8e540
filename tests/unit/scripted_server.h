/*
 * scripted_server.h - a CQL server of the test's own making, in a child process: blocking sockets,
 * the link in the server role, and a function of the test that answers each request as it likes.
 *
 * `shared` is memory that parent and child both see, for counts. The child ends when the parent
 * closes its connections and calls scripted_server_stop.
 */
#ifndef CQLRAW_TESTS_SCRIPTED_SERVER_H
#define CQLRAW_TESTS_SCRIPTED_SERVER_H

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cqlraw/link.h>

struct scripted_server {
    pid_t pid;
    char addr[32];             /* "127.0.0.1:PORT" */
    volatile unsigned *shared; /* 16 counters, zero at first */
};

/* Answers one request; STARTUP and OPTIONS are already answered. Writes with cqlr_link_begin and
 * cqlr_link_respond. */
typedef void scripted_answer_fn(cqlr_link *l, const struct cqlr_event *ev,
                                volatile unsigned *shared);

static inline void scripted_flush(cqlr_link *l, int fd)
{
    const uint8_t *p;
    size_t n;
    while ((n = cqlr_link_out(l, &p)) > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        cqlr_link_sent(l, (size_t)sent);
    }
}

static inline void scripted_serve(int fd, scripted_answer_fn *answer, volatile unsigned *shared)
{
    struct cqlr_link_opts o;
    cqlr_link_opts_init(&o, sizeof o);
    o.role = CQLR_SERVER;
    cqlr_link *l = cqlr_link_new(&o);
    for (;;) {
        struct cqlr_event ev;
        size_t room;
        uint8_t *p = cqlr_link_room(l, &room);
        ssize_t got = recv(fd, p, room, 0);
        if (got <= 0)
            break;
        cqlr_link_fed(l, (size_t)got);
        while (cqlr_link_next(l, &ev) == 1) {
            if (ev.opcode == CQLR_OP_STARTUP) {
                (void)cqlr_link_begin(l);
                if (cqlr_link_respond(l, CQLR_OP_READY, 0, ev.stream) < 0)
                    _exit(3);
            } else {
                answer(l, &ev, shared);
            }
        }
        scripted_flush(l, fd);
    }
    cqlr_link_free(l);
    close(fd);
}

static inline struct scripted_server scripted_server_start(scripted_answer_fn *answer)
{
    struct scripted_server s;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) || listen(fd, 16) ||
        getsockname(fd, (struct sockaddr *)&a, &n))
        abort();
    snprintf(s.addr, sizeof s.addr, "127.0.0.1:%u", ntohs(a.sin_port));
    s.shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s.shared == MAP_FAILED)
        abort();
    s.pid = fork();
    if (s.pid < 0)
        abort();
    if (s.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int c = accept(fd, NULL, NULL);
            if (c < 0)
                _exit(1);
            scripted_serve(c, answer, s.shared);
        }
    }
    close(fd);
    return s;
}

static inline void scripted_server_stop(struct scripted_server *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    munmap((void *)s->shared, 4096);
}

#endif

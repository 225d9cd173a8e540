/*
 * wire_limit.c - how fast could any client be? The least work that gets the main job's answers off
 * the wire, as the baseline of the benchmarks.
 *
 * It prepares `SELECT * FROM system.local WHERE key=?` and then sends copies of one EXECUTE frame,
 * in which only the stream id differs, and looks at nothing but the 9-byte headers of what comes
 * back (is it a RESULT, how long is it, which stream is free again). One receive and one send per
 * wake-up. It checks no rows and has no timeouts: it is no client.
 *
 *     wire_limit --host 127.0.0.1 --port 9042 -n 100000 -c 100 -j 2
 *
 * With -j the queries are divided among processes with a connection each. The clock runs from the
 * moment all of them are ready to the last answer; the CPU time is that of the processes over the
 * same span.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HEADER 9
#define WINDOW_MAX                                                                                 \
    1000 /* so that a window of requests fits into any socket buffer and send never waits */
#define JOBS_MAX  64
#define FRAME_MAX 128 /* of our EXECUTE */
#define BUFFER    (256 * 1024)

enum { STARTUP = 0x01, READY = 0x02, RESULT = 0x08, PREPARE = 0x09, EXECUTE = 0x0A };

static const char STATEMENT[] = "SELECT * FROM system.local WHERE key=?";

struct settings {
    const char *host;
    const char *port;
    uint64_t n;
    uint64_t window;
    unsigned jobs;
};

struct client {
    int fd;
    uint8_t frame[FRAME_MAX]; /* the EXECUTE, stream id 0 */
    size_t frame_n;
    uint8_t in[BUFFER];
    uint8_t out[WINDOW_MAX * FRAME_MAX];
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "wire_limit: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static void put32(uint8_t *p, size_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3];
}

/* ---- connecting: plain blocking calls ---- */

static int open_socket(const struct settings *s)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const int on = 1;
    struct addrinfo *ai;
    if (getaddrinfo(s->host, s->port, &hints, &ai))
        die("host not resolved");
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen))
        die("cannot connect");
    freeaddrinfo(ai);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void send_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            die("send");
        if (sent > 0) {
            p += sent;
            n -= (size_t)sent;
        }
    }
}

static size_t receive(int fd, uint8_t *p, size_t n)
{
    ssize_t got;
    do
        got = recv(fd, p, n, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        die("recv");
    if (got == 0) {
        errno = 0;
        die("the server closed the connection");
    }
    return (size_t)got;
}

static void receive_all(int fd, uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t got = receive(fd, p, n);
        p += got;
        n -= got;
    }
}

/* Header and body → one frame in `frame`, stream 0. Returns its length. */
static size_t make_frame(uint8_t *frame, uint8_t opcode, const uint8_t *body, size_t n)
{
    const uint8_t head[5] = {4, 0, 0, 0, opcode};
    memcpy(frame, head, sizeof head);
    put32(frame + 5, n);
    memcpy(frame + HEADER, body, n);
    return HEADER + n;
}

/* One request, one answer: its body is left in c->in. Returns the body's length. */
static size_t ask(struct client *c, uint8_t opcode, const uint8_t *body, size_t n, uint8_t want)
{
    uint8_t head[HEADER];
    send_all(c->fd, c->out, make_frame(c->out, opcode, body, n));
    receive_all(c->fd, head, HEADER);
    size_t length = get32(head + 5);
    errno = 0;
    if (head[4] != want || length > BUFFER)
        die("the handshake or PREPARE failed");
    receive_all(c->fd, c->in, length);
    return length;
}

/* STARTUP, PREPARE, and the EXECUTE frame with the id that came back. */
static void set_up(struct client *c, const struct settings *s)
{
    static const uint8_t startup[] = "\0\1\0\013CQL_VERSION\0\0053.0.0";
    static const uint8_t params[] = "\0\012\1\0\1\0\0\0\5local"; /* LOCAL_ONE, one value */
    uint8_t text[4 + sizeof STATEMENT - 1], body[FRAME_MAX - HEADER];
    c->fd = open_socket(s);
    ask(c, STARTUP, startup, sizeof startup - 1, READY);
    put32(text, sizeof STATEMENT - 1);
    memcpy(text + 4, STATEMENT, sizeof STATEMENT - 1);
    size_t n = ask(c, PREPARE, text, sizeof text, RESULT);
    size_t id_n = n < 6 ? 0 : (size_t)c->in[4] << 8 | c->in[5];
    if (id_n == 0 || n < 6 + id_n || 2 + id_n + sizeof params - 1 > sizeof body)
        die("PREPARE was answered by something else");
    memcpy(body, c->in + 4, 2 + id_n);
    memcpy(body + 2 + id_n, params, sizeof params - 1);
    c->frame_n = make_frame(c->frame, EXECUTE, body, 2 + id_n + sizeof params - 1);
}

/* ---- the measured part ---- */

static uint8_t *add_request(const struct client *c, uint8_t *out, uint8_t stream_hi,
                            uint8_t stream_lo)
{
    memcpy(out, c->frame, c->frame_n);
    out[2] = stream_hi;
    out[3] = stream_lo;
    return out + c->frame_n;
}

static void run(struct client *c, uint64_t n, uint64_t window)
{
    uint64_t to_send = n, to_come = n;
    uint8_t *out = c->out;
    size_t held = 0; /* bytes of a header that has come in part, at the front of c->in */
    size_t skip = 0; /* bytes of a body still to come */
    for (uint64_t i = 1; i <= window && to_send > 0; i++, to_send--)
        out = add_request(c, out, (uint8_t)(i >> 8), (uint8_t)i);
    while (to_come > 0) {
        if (out > c->out)
            send_all(c->fd, c->out, (size_t)(out - c->out));
        out = c->out;
        size_t end = held + receive(c->fd, c->in + held, BUFFER - held), at = skip;
        while (at + HEADER <= end) {
            const uint8_t *h = c->in + at;
            if (h[4] != RESULT)
                die("an answer is not a RESULT");
            at += HEADER + get32(h + 5);
            to_come--;
            if (to_send > 0) {
                out = add_request(c, out, h[2], h[3]);
                to_send--;
            }
        }
        held = at < end ? end - at : 0;
        skip = at > end ? at - end : 0;
        if (held > 0)
            memmove(c->in, c->in + at, held);
    }
}

/* ---- processes ---- */

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Child: says it is ready by its pipe, waits until `go` is closed, runs, and writes the CPU seconds
 * it took. */
static _Noreturn void work(const struct settings *s, uint64_t n, int go, int done)
{
    struct client *c = malloc(sizeof *c);
    double cpu = 0;
    char end;
    if (!c)
        die("no memory");
    set_up(c, s);
    if (write(done, &cpu, sizeof cpu) != sizeof cpu || read(go, &end, 1) != 0)
        die("pipe");
    cpu = cpu_seconds();
    run(c, n, s->window);
    cpu = cpu_seconds() - cpu;
    if (write(done, &cpu, sizeof cpu) != sizeof cpu)
        die("pipe");
    exit(0);
}

/* Adds up what each of the processes says; dies when one says nothing. */
static double collect(const int *done, unsigned jobs)
{
    double sum = 0, one;
    errno = 0;
    for (unsigned i = 0; i < jobs; i++) {
        if (read(done[i], &one, sizeof one) != sizeof one)
            die("a process failed");
        sum += one;
    }
    return sum;
}

static void measure(const struct settings *s)
{
    int go[2], done[JOBS_MAX];
    if (pipe(go))
        die("pipe");
    for (unsigned i = 0; i < s->jobs; i++) {
        int p[2];
        if (pipe(p))
            die("pipe");
        pid_t pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0) {
            close(go[1]);
            close(p[0]);
            work(s, s->n / s->jobs + (i < s->n % s->jobs), go[0], p[1]);
        }
        close(p[1]);
        done[i] = p[0];
    }
    collect(done, s->jobs);
    double start = now();
    close(go[1]);
    double cpu = collect(done, s->jobs), seconds = now() - start;
    printf("%llu queries in %.3f seconds (%.1f/s)\n", (unsigned long long)s->n, seconds,
           (double)s->n / seconds);
    printf("cpu %.3f us/query\n", cpu / (double)s->n * 1e6);
    while (wait(NULL) > 0)
        ;
}

/* ---- arguments ---- */

static uint64_t number(const char *text, uint64_t max)
{
    char *end;
    unsigned long long v = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || v < 1 || v > max) {
        fprintf(stderr, "wire_limit: '%s' is not a number from 1 to %llu\n", text,
                (unsigned long long)max);
        exit(64);
    }
    return v;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"host", required_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    struct settings s = {"127.0.0.1", "9042", 100000, 100, 1};
    int o;
    while ((o = getopt_long(argc, argv, "n:c:j:", long_options, NULL)) != -1) {
        switch (o) {
        case 'h':
            s.host = optarg;
            break;
        case 'p':
            s.port = optarg;
            break;
        case 'n':
            s.n = number(optarg, UINT64_MAX / 2);
            break;
        case 'c':
            s.window = number(optarg, WINDOW_MAX);
            break;
        case 'j':
            s.jobs = (unsigned)number(optarg, JOBS_MAX);
            break;
        default:
            return 64;
        }
    }
    measure(&s);
    return 0;
}

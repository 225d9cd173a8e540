/*
 * peer.c - a TLS server for the tests: takes the TLS off and passes what is inside on to a plain
 * server (`cqlraw serve`), and back. It is no example: it offers what no server should (any
 * version, any cipher, any key), and it breaks connections when it is told to.
 *
 *   peer --port-file F --report F --cert F --key F [--upstream HOST:PORT] [--listen ADDRESS]
 *        [--client-ca F] [--min V] [--max V] [--ciphers LIST] [--fault F] [--step N] [--raw F]
 *
 * A process a connection; the sessions are in tickets, whose keys all share. One line a connection
 * goes to the report when the connection has ended:
 *
 *   n=1 handshake=done version=TLSv1.3 resumed=0 sni=localhost app=61 raw=700 records=22,20,23
 * alert=-
 *
 * app counts the bytes that the client sent inside, raw all that arrived; records are the types of
 * its first records (20 ChangeCipherSpec, 21 alert, 22 handshake, 23 data: RFC 8446 section 5.1),
 * alert is its last. Ends with its parent; on TERM when those that are connected have ended, so
 * that the report is complete then.
 */
#include "tests/tls/peer.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>

struct options {
    const char *port_file, *report, *raw, *cert, *key, *client_ca, *min, *max, *ciphers, *fault;
    const char *upstream, *listen, *step;
};

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "peer: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static int version_of(const char *name)
{
    static const struct {
        const char *name;
        int version;
    } known[] = {{"1.0", TLS1_VERSION},
                 {"1.1", TLS1_1_VERSION},
                 {"1.2", TLS1_2_VERSION},
                 {"1.3", TLS1_3_VERSION}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i].name))
            return known[i].version;
    die("--min and --max are 1.0 to 1.3");
}

/* stall:FLIGHT:BYTES cut:FLIGHT:BYTES fin:BYTES notify:BYTES rekey:BYTES plain */
static void read_fault(struct settings *s, const char *text)
{
    static const struct {
        const char *name;
        enum fault fault;
        bool has_flight;
    } known[] = {{"stall:", FAULT_STALL, true},  {"cut:", FAULT_CUT, true},
                 {"fin:", FAULT_FIN, false},     {"notify:", FAULT_NOTIFY, false},
                 {"rekey:", FAULT_REKEY, false}, {"plain", FAULT_PLAIN, false}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = strlen(known[i].name);
        if (strncmp(text, known[i].name, n) != 0)
            continue;
        char *end = (char *)(uintptr_t)(text + n);
        s->fault = known[i].fault;
        if (known[i].has_flight)
            s->flight = (unsigned)strtoul(end, &end, 10), end += *end == ':';
        if (s->fault != FAULT_PLAIN)
            s->bytes = strtoull(end, &end, 10);
        if (*end == '\0')
            return;
    }
    die("unknown --fault");
}

static SSL_CTX *new_context(const struct options *o)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        die("no context");
    SSL_CTX_set_security_level(ctx, 0);
    if (SSL_CTX_use_certificate_chain_file(ctx, o->cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, o->key, SSL_FILETYPE_PEM) != 1)
        die("--cert, --key");
    if (!SSL_CTX_set_min_proto_version(ctx, version_of(o->min ? o->min : "1.0")) ||
        !SSL_CTX_set_max_proto_version(ctx, version_of(o->max ? o->max : "1.3")))
        die("--min, --max");
    if (o->ciphers && SSL_CTX_set_cipher_list(ctx, o->ciphers) != 1)
        die("--ciphers");
    /* Sessions are taken up only where they were made: not by a peer with another certificate. */
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"peer", 4);
    if (o->client_ca) {
        if (SSL_CTX_load_verify_locations(ctx, o->client_ca, NULL) != 1)
            die("--client-ca");
        SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(o->client_ca));
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return ctx;
}

static void write_port(const char *file, int fd)
{
    struct sockaddr_storage sa;
    socklen_t n = sizeof sa;
    char port[16], part[4096];
    if (getsockname(fd, (struct sockaddr *)&sa, &n) < 0 ||
        getnameinfo((struct sockaddr *)&sa, n, NULL, 0, port, sizeof port, NI_NUMERICSERV) != 0)
        die("getsockname");
    snprintf(part, sizeof part, "%s.part", file);
    FILE *f = fopen(part, "w");
    if (!f || fprintf(f, "%s\n", port) < 0 || fclose(f) != 0 || rename(part, file) < 0)
        die("--port-file");
}

static int listen_at(const char *address)
{
    struct addrinfo *ai, hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE | AI_NUMERICSERV,
                                  .ai_socktype = SOCK_STREAM};
    if (getaddrinfo(address, "0", &hints, &ai) != 0)
        die("--listen");
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, 128) < 0)
        die("cannot listen");
    freeaddrinfo(ai);
    return fd;
}

static int append_to(const char *file)
{
    int fd = file ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file && fd < 0)
        die(file);
    return fd;
}

static struct options read_options(int argc, char **argv)
{
    struct options o = {0};
    const struct option names[] = {
        {"port-file", 1, NULL, 'p'}, {"report", 1, NULL, 'r'},   {"raw", 1, NULL, 'w'},
        {"cert", 1, NULL, 'c'},      {"key", 1, NULL, 'k'},      {"client-ca", 1, NULL, 'a'},
        {"min", 1, NULL, 'm'},       {"max", 1, NULL, 'M'},      {"ciphers", 1, NULL, 'C'},
        {"fault", 1, NULL, 'f'},     {"upstream", 1, NULL, 'u'}, {"listen", 1, NULL, 'l'},
        {"step", 1, NULL, 's'},      {NULL, 0, NULL, 0},
    };
    int k;
    while ((k = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (k) {
        case 'p':
            o.port_file = optarg;
            break;
        case 'r':
            o.report = optarg;
            break;
        case 'w':
            o.raw = optarg;
            break;
        case 'c':
            o.cert = optarg;
            break;
        case 'k':
            o.key = optarg;
            break;
        case 'a':
            o.client_ca = optarg;
            break;
        case 'm':
            o.min = optarg;
            break;
        case 'M':
            o.max = optarg;
            break;
        case 'C':
            o.ciphers = optarg;
            break;
        case 'f':
            o.fault = optarg;
            break;
        case 'u':
            o.upstream = optarg;
            break;
        case 'l':
            o.listen = optarg;
            break;
        case 's':
            o.step = optarg;
            break;
        default:
            die("unknown option");
        }
    }
    if (optind < argc || !o.port_file || !o.report || !o.cert || !o.key)
        die("--port-file, --report, --cert, --key are needed");
    return o;
}

/* The parent may have ended before we said that we want to know. */
static void end_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        exit(1);
}

static void note_end(int signal)
{
    (void)signal; /* it interrupts ppoll */
}

/* TERM waits, but for in ppoll. */
static sigset_t hold_signals(void)
{
    struct sigaction a = {.sa_handler = note_end};
    sigset_t term, before;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    if (sigaction(SIGTERM, &a, NULL) < 0 || sigprocmask(SIG_BLOCK, &term, &before) < 0)
        die("signals");
    sigdelset(&before, SIGTERM);
    signal(SIGCHLD, SIG_IGN); /* nobody asks how they ended: the report tells */
    return before;
}

/* The next connection; -1 when we have been told to end, and nobody waits any more. */
static int next_client(int fd, const sigset_t *open)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (bool ends = false;;) {
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (client >= 0 || ends)
            return client;
        ends = ppoll(&p, 1, NULL, open) < 0;
    }
}

int main(int argc, char **argv)
{
    end_with(getppid());
    struct options o = read_options(argc, argv);
    struct settings s = {.upstream = o.upstream,
                         .report = append_to(o.report),
                         .raw = append_to(o.raw),
                         .step = o.step ? strtoull(o.step, NULL, 10) : 0};
    if (o.fault)
        read_fault(&s, o.fault);
    s.ctx = new_context(&o);
    sigset_t open_to_term = hold_signals();
    int client, fd = listen_at(o.listen ? o.listen : "127.0.0.1");
    write_port(o.port_file, fd);
    pid_t self = getpid();
    for (unsigned number = 1; (client = next_client(fd, &open_to_term)) >= 0; number++) {
        pid_t child = fork();
        if (child < 0)
            die("fork");
        if (child == 0) {
            end_with(self);
            close(fd);
            peer_serve(&s, client, number);
            SSL_CTX_free(s.ctx);
            exit(0);
        }
        close(client);
    }
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    SSL_CTX_free(s.ctx);
    return 0;
}

/*
 * test_tls_client.c - a client over TLS: its options, contact points, the log, sessions. The server
 * is a child process that answers each request with READY or an empty RESULT.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cqlraw/bulk.h>
#include <cqlraw/client.h>

#include "tests/unit/tls_help.h"

/* ---- the server ---- */

static void answer(SSL *ssl)
{
    static const uint8_t ready[CQLR_FRAME_HEADER] = {RESPONSE4, 0, 0, 0, CQLR_OP_READY};
    static const uint8_t result[CQLR_FRAME_HEADER + 4] = {
        RESPONSE4, 0, 0, 0, CQLR_OP_RESULT, 0, 0, 0, 4, 0, 0, 0, 1};
    uint8_t reply[sizeof result], header[CQLR_FRAME_HEADER], body[1000];
    struct cqlr_frame f;
    size_t n;
    while (SSL_read_ex(ssl, header, sizeof header, &n) == 1 && n == sizeof header) {
        cqlr_frame_read(header, &f);
        if (f.length && (f.length > sizeof body || SSL_read_ex(ssl, body, f.length, &n) != 1))
            return;
        bool startup = f.opcode == CQLR_OP_STARTUP;
        memcpy(reply, startup ? ready : result, startup ? sizeof ready : sizeof result);
        reply[2] = header[2];
        reply[3] = header[3];
        SSL_write_ex(ssl, reply, startup ? sizeof ready : sizeof result, &n);
    }
}

static void serve_one(const struct tls_host *t, int fd)
{
    SSL *ssl = SSL_new(t->ctx);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1)
        answer(ssl);
    SSL_free(ssl);
    _exit(0);
}

/* A process for each connection, until it is killed. */
static pid_t serve_all(const struct tls_host *t)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(fcntl(t->h.listener, F_SETFL, 0), 0);
    for (;;) {
        int fd = accept(t->h.listener, NULL, NULL);
        if (fork() == 0)
            serve_one(t, fd);
        close(fd);
    }
}

static void end_server(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- the client ---- */

static char logged[2000];

static void on_log(void *arg, enum cqlr_log_level level, const char *line)
{
    size_t n = strlen(logged);
    (void)arg;
    if (level != CQLR_LOG_DEBUG)
        snprintf(logged + n, sizeof logged - n, "%s\n", line);
}

static cqlr_client *client_of(const struct tls_host *t, const char *host, char points[200])
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    snprintf(points, 200, host, ntohs(t->h.addr.sin_port));
    o.contact_points = points;
    o.tls = &t->o;
    o.log = on_log;
    logged[0] = '\0';
    cqlr_client *cl = cqlr_client_new(&o);
    assert_non_null(cl);
    memset(points, 'x', 100); /* was copied */
    return cl;
}

static void a_client_connects_and_says_how(void **state)
{
    struct tls_host t;
    char points[200];
    (void)state;
    tls_init(&t, "DNS:localhost");
    pid_t server = serve_all(&t);
    char *file = strdup(t.ca_file);
    t.o.ca_file = file;
    cqlr_client *cl = client_of(&t, "localhost:%u", points);
    memset(file, 'x', strlen(file)); /* was copied */
    if (cqlr_sync_connect(cl) < 0)
        fail_msg("%s", cqlr_client_err(cl)->text);
    assert_non_null(strstr(logged, " ms, TLSv1.3, TLS_AES_256_GCM_SHA384\n"));
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr("SELECT"), NULL);
    assert_non_null(r);
    cqlr_reply_free(r);

    cqlr_client_close(cl);
    logged[0] = '\0';
    assert_int_equal(cqlr_sync_connect(cl), 0); /* with the settings that were read then */
    assert_non_null(strstr(logged, " ms, TLSv1.3, TLS_AES_256_GCM_SHA384, resumed\n"));
    cqlr_client_free(cl);
    end_server(server);
    free(file);
    tls_fini(&t);
}

static void the_next_contact_point_is_tried_when_a_certificate_fails(void **state)
{
    struct tls_host t;
    char points[200];
    (void)state;
    tls_init(&t, "DNS:localhost");
    pid_t server = serve_all(&t);
    cqlr_client *cl = client_of(&t, "127.0.0.1:%1$u,localhost:%1$u", points);
    assert_int_equal(cqlr_sync_connect(cl), 0);
    assert_non_null(strstr(logged, "TLS: certificate verification failed: it is not for "
                                   "\"127.0.0.1\" but for DNS:localhost\n"));
    cqlr_client_free(cl);

    cl = client_of(&t, "127.0.0.1:%u", points);
    assert_int_equal(cqlr_sync_connect(cl), CQLR_E_TLS);
    assert_int_equal(cqlr_client_err(cl)->code, CQLR_E_TLS);
    cqlr_client_free(cl);
    end_server(server);
    tls_fini(&t);
}

static void wrong_settings_are_told_by_open(void **state)
{
    struct tls_host t;
    char points[200], expected[200];
    (void)state;
    tls_init(&t, "DNS:localhost");
    snprintf(expected, sizeof expected, "TLS: %s/none: No such file or directory", t.dir);
    char missing[100];
    snprintf(missing, sizeof missing, "%s/none", t.dir);
    t.o.ca_file = missing;
    cqlr_client *cl = client_of(&t, "localhost:%u", points);
    assert_int_equal(cqlr_client_open(cl, NULL, NULL), CQLR_E_TLS);
    assert_string_equal(cqlr_client_err(cl)->text, expected);
    cqlr_client_free(cl);
    tls_fini(&t);
}

static void a_unix_socket_needs_a_server_name(void **state)
{
    struct tls_host t;
    char points[200];
    (void)state;
    tls_init(&t, "DNS:localhost");
    cqlr_client *cl = client_of(&t, "unix:/nowhere/%u", points);
    assert_int_equal(cqlr_sync_connect(cl), CQLR_E_TLS);
    assert_non_null(strstr(cqlr_client_err(cl)->text,
                           ": TLS: there is no name that the certificate must be for"));
    cqlr_client_free(cl);
    tls_fini(&t);
}

/* ---- workers ---- */

enum { WORKERS = 3 };

struct shared {
    _Atomic unsigned connected, resumed, jobs;
};

static void count_lines(void *arg, enum cqlr_log_level level, const char *line)
{
    struct shared *s = arg;
    (void)level;
    s->connected += strstr(line, ": connected in ") != NULL;
    s->resumed += strstr(line, ", resumed") != NULL;
}

/* No job is done before all workers are there. */
static int on_job(void *arg, cqlr_job *job, struct cqlr_err *err)
{
    struct shared *s = arg;
    (void)err;
    for (int ms = 0; ms < 10000 && s->connected < WORKERS; ms++)
        usleep(1000);
    s->jobs++;
    cqlr_job_done(job, 0, 0, NULL);
    return 0;
}

/* The first worker does a full handshake, the others resume its session. */
static void workers_of_a_bulk_run_share_their_sessions(void **state)
{
    enum { JOBS = 9 };
    struct tls_host t;
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary sum;
    struct cqlr_err err;
    char points[100];
    struct shared *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)state;
    assert_ptr_not_equal(s, MAP_FAILED);
    tls_init(&t, "DNS:localhost");
    pid_t server = serve_all(&t);
    cqlr_client_opts_init(&client, sizeof client);
    snprintf(points, sizeof points, "localhost:%u", ntohs(t.h.addr.sin_port));
    client.contact_points = points;
    client.tls = &t.o;
    client.log = count_lines;
    client.log_arg = s;
    cqlr_bulk_opts_init(&o, sizeof o);
    o.client = &client;
    o.processes = WORKERS;
    o.block = 1;
    o.on_job = on_job;
    o.arg = s;
    o.source = cqlr_source_jobs(JOBS, &err);
    assert_non_null(o.source);
    if (cqlr_bulk_run(&o, &sum, sizeof sum) < 0)
        fail_msg("%s", sum.err.text);
    assert_int_equal(s->jobs, JOBS);
    assert_int_equal(s->connected, WORKERS);
    assert_int_equal(s->resumed, WORKERS - 1);
    assert_null(t.o.sessions); /* what the host gave is as it was */
    cqlr_source_free(o.source);
    end_server(server);
    tls_fini(&t);
    munmap(s, sizeof *s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_connects_and_says_how),
        cmocka_unit_test(the_next_contact_point_is_tried_when_a_certificate_fails),
        cmocka_unit_test(wrong_settings_are_told_by_open),
        cmocka_unit_test(a_unix_socket_needs_a_server_name),
        cmocka_unit_test(workers_of_a_bulk_run_share_their_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

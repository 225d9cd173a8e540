/*
 * A client is a guest in its process: what it leaves alone (signals, output, descriptors, the other
 * client), and what a forked child may do with its parent's.
 *
 * Whatever could end or spoil the process runs in a child, which says by its exit code where it
 * stopped.
 */
#include <sys/resource.h>

#include "tests/unit/pooled_help.h"

#define CQL "SELECT k FROM ks.t WHERE k = ?"

/* In a child: ends it with the line. */
#define NEED(what)                                                                                 \
    do {                                                                                           \
        if (!(what))                                                                               \
            _exit(__LINE__ % 250 + 1);                                                             \
    } while (0)

/* Runs fn in a child and wants it to come to its end: not killed, and with 0. */
static void in_a_child(void (*fn)(void *), void *arg)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        fn(arg);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status))
        fail_msg("killed by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status))
        fail_msg("stopped at line %d (mod 250)", WEXITSTATUS(status) - 1);
}

/* ---- in a forked child ---- */

static void *count_memory(void *arg, void *p, size_t old, size_t n)
{
    const struct cqlr_mem *heap = cqlr_mem_default();
    void *q = heap->resize(heap->arg, p, old, n);
    if (q || !n)
        *(size_t *)arg += n - old;
    return q;
}

struct family {
    struct crowd_server s;
    size_t memory; /* that the client and what it gave hold */
    struct cqlr_mem mem;
    struct watched w;
    cqlr_prepared *ps;
    cqlr_bound *b;
    cqlr_bound *pending; /* of a request under way */
    cqlr_reply *kept;
    unsigned calls;
};

static void count_reply(void *arg, cqlr_reply *r)
{
    (void)r;
    ((struct family *)arg)->calls++;
}

static void count_open(void *arg, int rc)
{
    (void)rc;
    ((struct family *)arg)->calls++;
}

static void begin(struct family *f)
{
    memset(f, 0, sizeof *f);
    f->s = crowd_start();
    struct cqlr_client_opts o = watched_opts(&f->w, f->s.addr);
    o.reconnect_delay = 1 * MS;
    f->mem = (struct cqlr_mem){count_memory, &f->memory};
    o.mem = &f->mem;
    watched_connect(&f->w, &o);
    f->ps = watched_prepare(&f->w);
    f->b = cqlr_bound_new(f->ps);
    assert_int_equal(cqlr_bound_int(f->b, 0, 7), 0);
    f->kept = cqlr_sync_execute(f->w.cl, f->b);
    assert_non_null(f->kept);
}

static void end(struct family *f)
{
    cqlr_reply_free(f->kept);
    cqlr_bound_free(f->b);
    cqlr_prepared_free(f->ps);
    cqlr_client_free(f->w.cl);
    crowd_stop(&f->s);
}

static bool forked(const struct family *f)
{
    return cqlr_client_err(f->w.cl)->code == CQLR_E_FORKED;
}

/* What could send, or wait for ever. */
static void child_asks(struct family *f)
{
    cqlr_client *cl = f->w.cl;
    NEED(cqlr_client_open(cl, count_open, f) == CQLR_E_FORKED);
    NEED(cqlr_client_turn(cl) == CQLR_E_FORKED);
    NEED(cqlr_client_query(cl, cqlr_cstr("x"), NULL, count_reply, f) == CQLR_E_FORKED);
    NEED(cqlr_client_prepare(cl, cqlr_cstr("x"), count_reply, f) == CQLR_E_FORKED);
    NEED(cqlr_client_execute(cl, f->b, count_reply, f) == CQLR_E_FORKED);
    NEED(cqlr_client_options(cl, count_reply, f) == CQLR_E_FORKED);
    NEED(cqlr_sync_connect(cl) == CQLR_E_FORKED);
    NEED(!cqlr_sync_query(cl, cqlr_cstr("x"), NULL) && forked(f));
    NEED(!cqlr_sync_prepare(cl, cqlr_cstr("x")) && forked(f));
    NEED(!cqlr_sync_execute(cl, f->b) && forked(f));
    NEED(!cqlr_sync_options(cl) && forked(f));
    cqlr_client_close(cl);
    NEED(forked(f));
}

/* What is only memory works. */
static void child_looks(struct family *f)
{
    cqlr_client *cl = f->w.cl;
    struct cqlr_request_opts o;
    struct cqlr_row row;
    size_t n;
    int64_t token;
    NEED(!strcmp(cqlr_client_peer(cl), f->s.addr));
    NEED(cqlr_client_fd(cl) >= 0);
    (void)cqlr_client_deadline(cl);
    cqlr_request_opts_init(cl, &o, sizeof o);
    NEED(o.page_size == 5000);
    NEED(cqlr_prepared_markers(f->ps)->count == 1 && cqlr_prepared_columns(f->ps)->count == 1);
    NEED(cqlr_prepared_pk(f->ps, &n) && n == 1);
    NEED(cqlr_bound_int(f->b, 0, 8) == 0 && cqlr_bound_token(f->b, &token) == 1);
    cqlr_reply *again = cqlr_reply_keep(f->kept);
    NEED(again && cqlr_reply_next(again, &row) == 1 && cqlr_row_int(&row, 0) == 7);
    cqlr_reply_free(again);
    cqlr_bound *b = cqlr_bound_new(f->ps);
    NEED(b);
    cqlr_bound_free(b);
}

static void child_frees(struct family *f)
{
    cqlr_reply_free(f->kept);
    cqlr_bound_free(f->b);
    cqlr_bound_free(f->pending);
    cqlr_prepared_free(f->ps);
    cqlr_client_free(f->w.cl);
    NEED(f->memory == 0);
}

static void child_of_a_connected_client(void *arg)
{
    struct family *f = arg;
    child_asks(f);
    child_looks(f);
    unsigned before = open_descriptors();
    child_frees(f);
    NEED(open_descriptors() == before - 2); /* the socket and the loop */
    NEED(f->calls == 0);
    NEED(!strcmp(f->w.states, "+")); /* nobody is told of anything */
}

static void a_forked_child_can_only_free_and_harms_nobody(void **state)
{
    struct family f;
    struct one q;
    (void)state;
    begin(&f);
    execute(&f.w, &q, f.ps, HELD_KEY);
    f.pending = q.bound;
    TURN_UNTIL(&f.w, f.s.crowd->executes == 2);
    in_a_child(child_of_a_connected_client, &f);
    in_a_child(child_of_a_connected_client, &f);
    turn_for(&f.w, 5 * MS);
    assert_int_equal(f.s.crowd->connected, 1); /* the server saw nothing of it */
    assert_int_equal(f.s.crowd->executes, 2);
    f.s.crowd->release = 1;
    one_done(&f.w, &q, 0); /* and the loop still tells the parent */
    assert_int_equal(f.s.crowd->accepted, 1);
    end(&f);
}

static void child_in_the_middle(void *arg)
{
    struct family *f = arg;
    child_asks(f);
    NEED(!strcmp(f->w.states, "+-"));
    child_frees(f);
    NEED(f->calls == 0);
    NEED(!strcmp(f->w.states, "+-"));
}

static void a_child_may_free_one_that_is_being_opened(void **state)
{
    struct family f;
    (void)state;
    begin(&f);
    f.s.crowd->no_ready = 1;
    f.s.crowd->drop_all = 1;
    TURN_UNTIL(&f.w, f.s.crowd->startups == 2);
    in_a_child(child_in_the_middle, &f);
    f.s.crowd->no_ready = 0;
    TURN_UNTIL(&f.w, !strcmp(f.w.states, "+-+"));
    assert_int_equal(f.s.crowd->accepted, 2);
    end(&f);
}

static cqlr_bound *waiting[3];

static void child_with_waiting_requests(void *arg)
{
    struct family *f = arg;
    for (int i = 0; i < 3; i++)
        cqlr_bound_free(waiting[i]);
    child_frees(f);
    NEED(f->calls == 0);
}

static void a_child_may_free_one_whose_requests_wait(void **state)
{
    struct family f;
    (void)state;
    begin(&f);
    f.s.crowd->forget = 3;
    f.s.crowd->mute_prepare = 1;
    for (int i = 0; i < 3; i++) {
        waiting[i] = cqlr_bound_new(f.ps);
        assert_int_equal(cqlr_bound_int(waiting[i], 0, i), 0);
        assert_int_equal(cqlr_client_execute(f.w.cl, waiting[i], count_reply, &f), 0);
    }
    TURN_UNTIL(&f.w, f.s.crowd->prepares == 2);
    in_a_child(child_with_waiting_requests, &f);
    cqlr_client_close(f.w.cl);
    assert_int_equal(f.calls, 3);
    for (int i = 0; i < 3; i++)
        cqlr_bound_free(waiting[i]);
    end(&f);
}

/* ---- signals and output ---- */

/* Everything that can happen to a client, failures first. */
static void live_a_whole_life(struct crowd_server *s)
{
    static struct watched w;
    struct cqlr_client_opts o = watched_opts(&w, "a..b,127.0.0.1:1");
    w.cl = cqlr_client_new(&o);
    NEED(w.cl && cqlr_sync_connect(w.cl) == CQLR_E_CONNECT);
    cqlr_client_free(w.cl);
    o = watched_opts(&w, s->addr);
    o.reconnect_delay = 1 * MS;
    w.cl = cqlr_client_new(&o);
    NEED(w.cl && cqlr_sync_connect(w.cl) == 0);
    cqlr_prepared *ps = cqlr_sync_prepare(w.cl, cqlr_cstr(CQL));
    cqlr_bound *b = cqlr_bound_new(ps);
    NEED(b && cqlr_bound_text(b, 0, cqlr_cstr("x")) == CQLR_E_TYPE);
    NEED(cqlr_bound_int(b, 0, 7) == 0);
    for (int i = 0; i < 50; i++) {
        cqlr_reply *r = cqlr_sync_execute(w.cl, b);
        if (i % 10 == 5)
            s->crowd->drop_all = 1; /* in the middle of the next one, or before it is written */
        cqlr_reply_free(r);
        while (strlen(w.states) % 2 == 0)
            turn_a_little(&w);
    }
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
}

struct signals {
    struct sigaction action[65];
    sigset_t mask;
};

static struct signals signals_now(void)
{
    struct signals s;
    memset(&s, 0, sizeof s);
    for (int i = 1; i < 65; i++)
        (void)sigaction(i, NULL, &s.action[i]);
    sigprocmask(SIG_SETMASK, NULL, &s.mask);
    return s;
}

static void child_with_default_signals(void *arg)
{
    static struct signals before, after;
    signal(SIGPIPE, SIG_DFL);
    signal(SIGALRM, SIG_IGN); /* of one kind each */
    before = signals_now();
    live_a_whole_life(arg);
    after = signals_now();
    for (int i = 1; i < 65; i++)
        NEED(before.action[i].sa_handler == after.action[i].sa_handler &&
             before.action[i].sa_flags == after.action[i].sa_flags);
    NEED(!memcmp(&before.mask, &after.mask, sizeof before.mask));
}

static void signals_are_left_as_they_are(void **state)
{
    struct crowd_server s = crowd_start();
    (void)state;
    in_a_child(child_with_default_signals, &s);
    crowd_stop(&s);
}

/* A peer that is gone when something is written: that raises SIGPIPE where nobody prevents it. The
 * loop must not have seen it before, so all of it happens in one turn. */
struct writer {
    struct crowd_server *s;
    struct family f;
    struct watched w;
};

static void write_to_one_that_is_gone(void *arg)
{
    struct writer *x = arg;
    x->s->crowd->drop_all = 1;
    while (x->s->crowd->drop_all)
        usleep(100);
    NEED(cqlr_client_query(x->w.cl, cqlr_cstr(CQL), NULL, count_reply, &x->f) == 0);
}

static void child_that_writes_to_a_peer_that_is_gone(void *arg)
{
    static struct writer x;
    struct cqlr_client_opts o = watched_opts(&x.w, ((struct crowd_server *)arg)->addr);
    struct cqlr_timer timer = {.fn = write_to_one_that_is_gone, .arg = &x};
    signal(SIGPIPE, SIG_DFL);
    x.s = arg;
    o.loop = cqlr_loop_new(NULL);
    x.w.cl = cqlr_client_new(&o);
    NEED(x.w.cl && cqlr_sync_connect(x.w.cl) == 0);
    NEED(cqlr_loop_timer_set(o.loop, &timer, cqlr_now()) == 0);
    while (!x.f.calls)
        NEED(cqlr_client_turn(x.w.cl) == 0);
    NEED(cqlr_client_err(x.w.cl)->code == CQLR_E_CLOSED);
    cqlr_client_free(x.w.cl);
    cqlr_loop_free(o.loop);
}

static void a_peer_that_is_gone_raises_no_signal(void **state)
{
    char dir[] = "/tmp/cqlraw-test-XXXXXX", at[40];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(at, sizeof at, "%s/sock", dir);
    struct crowd_server s = crowd_start_at(at, 16, false);
    in_a_child(child_that_writes_to_a_peer_that_is_gone, &s);
    crowd_stop(&s);
    unlink(at);
    assert_int_equal(rmdir(dir), 0);
}

static void child_with_pipes_for_output(void *arg)
{
    int p[2];
    char c;
    NEED(pipe2(p, O_NONBLOCK) == 0);
    NEED(dup2(p[1], 1) == 1 && dup2(p[1], 2) == 2);
    live_a_whole_life(arg);
    fflush(NULL);
    NEED(read(p[0], &c, 1) < 0 && errno == EAGAIN);
}

static void nothing_is_printed(void **state)
{
    struct crowd_server s = crowd_start();
    (void)state;
    in_a_child(child_with_pipes_for_output, &s);
    crowd_stop(&s);
}

/* ---- two clients in one process ---- */

static void one_that_fails_in_every_way_leaves_the_other_alone(void **state)
{
    struct crowd_server good = crowd_start(), bad = crowd_start();
    struct watched w, v;
    struct cqlr_client_opts o = watched_opts(&w, good.addr);
    (void)state;
    o.loop = cqlr_loop_new(NULL); /* the same loop for both */
    watched_connect(&w, &o);
    cqlr_prepared *ps = watched_prepare(&w);
    struct cqlr_client_opts p = watched_opts(&v, bad.addr);
    p.loop = o.loop;
    p.reconnect_delay = 1 * MS;
    p.reconnect_delay_max = 2 * MS;
    watched_connect(&v, &p);
    volatile unsigned *const ways[] = {&bad.crowd->slam, &bad.crowd->no_ready, &bad.crowd->drop_all,
                                       &bad.crowd->refuse};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        bad.crowd->drop_all = 1;
        TURN_UNTIL(&w, !bad.crowd->drop_all);
        *ways[i] = 1;
        for (int k = 0; k < 50; k++)
            executed(&w, ps, k, 0);
        *ways[i] = 0;
        assert_int_equal(cqlr_client_err(w.cl)->code, 0);
    }
    cqlr_client_free(v.cl);
    executed(&w, ps, 7, 0);
    assert_string_equal(w.states, "+");
    assert_int_equal(good.crowd->accepted, 1);
    cqlr_prepared_free(ps);
    cqlr_client_free(w.cl);
    cqlr_loop_free(o.loop);
    crowd_stop(&good);
    crowd_stop(&bad);
}

/* ---- descriptors ---- */

static void a_thousand_failed_connects_leave_no_descriptor(void **state)
{
    struct crowd_server s = crowd_start();
    char hosts[220];
    struct watched w;
    (void)state;
    snprintf(hosts, sizeof hosts, "127.0.0.1:1,unix:/nonexistent/sock,[::1]:1,%s", s.addr);
    struct cqlr_client_opts o = watched_opts(&w, hosts);
    o.log = NULL;
    s.crowd->slam = 1;
    w.cl = cqlr_client_new(&o);
    assert_true(cqlr_sync_connect(w.cl) < 0);
    unsigned before = open_descriptors();
    for (int i = 0; i < 1000; i++)
        assert_true(cqlr_sync_connect(w.cl) < 0);
    assert_int_equal(open_descriptors(), before);
    s.crowd->slam = 0;
    assert_int_equal(cqlr_sync_connect(w.cl), 0);
    assert_int_equal(open_descriptors(), before + 1);
    cqlr_client_free(w.cl);
    crowd_stop(&s);
}

static void child_without_descriptors(void *arg)
{
    struct crowd_server *s = arg;
    static struct watched w;
    struct cqlr_client_opts o = watched_opts(&w, s->addr);
    struct rlimit few, many;
    cqlr_prepared *ps;
    int next = dup(0);
    close(next);
    NEED(getrlimit(RLIMIT_NOFILE, &many) == 0);
    few = many;
    o.reconnect_delay = 1 * MS;
    o.reconnect_delay_max = 5 * MS;
    w.cl = cqlr_client_new(&o);
    NEED(w.cl);
    few.rlim_cur = (rlim_t)next + 1; /* the client's epoll has taken the last one */
    NEED(setrlimit(RLIMIT_NOFILE, &few) == 0);
    NEED(!cqlr_client_new(&o));
    NEED(cqlr_sync_connect(w.cl) == CQLR_E_CONNECT);
    NEED(strstr(cqlr_client_err(w.cl)->text, "socket: Too many open files"));
    NEED(cqlr_client_err(w.cl)->sys_errno == EMFILE);
    NEED(setrlimit(RLIMIT_NOFILE, &many) == 0);
    NEED(cqlr_sync_connect(w.cl) == 0);
    NEED((ps = cqlr_sync_prepare(w.cl, cqlr_cstr(CQL))) != NULL);
    cqlr_prepared_free(ps);
    NEED(setrlimit(RLIMIT_NOFILE, &few) == 0); /* and when it opens again by itself */
    s->crowd->drop_all = 1;
    while (log_count(&w, "Too many open files") < 3)
        turn_a_little(&w);
    NEED(setrlimit(RLIMIT_NOFILE, &many) == 0);
    while (strcmp(w.states, "+-+") != 0)
        turn_a_little(&w);
    cqlr_client_free(w.cl);
}

static void without_descriptors_the_error_is_clear_and_passes(void **state)
{
    struct crowd_server s = crowd_start();
    (void)state;
    in_a_child(child_without_descriptors, &s);
    crowd_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forked_child_can_only_free_and_harms_nobody),
        cmocka_unit_test(a_child_may_free_one_that_is_being_opened),
        cmocka_unit_test(a_child_may_free_one_whose_requests_wait),
        cmocka_unit_test(signals_are_left_as_they_are),
        cmocka_unit_test(a_peer_that_is_gone_raises_no_signal),
        cmocka_unit_test(nothing_is_printed),
        cmocka_unit_test(one_that_fails_in_every_way_leaves_the_other_alone),
        cmocka_unit_test(a_thousand_failed_connects_leave_no_descriptor),
        cmocka_unit_test(without_descriptors_the_error_is_clear_and_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

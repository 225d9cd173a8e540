/*
 * test_loop.c - the loop's promises: what is removed is not called, timers fire in order and not
 * early, tasks run once at the end of the turn. No test asserts how long something takes.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cqlraw/loop.h>

#include "src/loop/heap.h"
#include "tests/unit/msg_help.h"

/* What was called, in order: one letter each. */
static char calls[2000];

static void called(char c)
{
    size_t n = strlen(calls);
    assert_true(n + 1 < sizeof calls);
    calls[n] = c;
    calls[n + 1] = '\0';
}

static int setup(void **state)
{
    calls[0] = '\0';
    *state = cqlr_loop_new(NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    cqlr_loop_free(*state);
    return 0;
}

static void turn(cqlr_loop *l)
{
    assert_int_equal(cqlr_loop_turn(l, 0), 0);
}

/* ---- timers ---- */

struct named_timer {
    struct cqlr_timer t;
    char name;
    cqlr_loop *l;
    struct named_timer *other;
};

static void note_timer(void *arg)
{
    called(((struct named_timer *)arg)->name);
}

static void clear_other(void *arg)
{
    struct named_timer *t = arg;
    called(t->name);
    cqlr_loop_timer_clear(t->l, &t->other->t);
}

static void set_again(void *arg)
{
    struct named_timer *t = arg;
    called(t->name);
    assert_int_equal(cqlr_loop_timer_set(t->l, &t->t, 1), 0);
}

static void timers_fire_in_order_and_once(void **state)
{
    cqlr_loop *l = *state;
    uint64_t now = cqlr_now();
    struct named_timer t[4];
    memset(t, 0, sizeof t);
    for (int i = 0; i < 4; i++) {
        t[i] = (struct named_timer){.name = (char)('a' + i), .l = l};
        t[i].t = (struct cqlr_timer){.fn = note_timer, .arg = &t[i]};
    }
    assert_int_equal(cqlr_loop_deadline(l), CQLR_NEVER);
    assert_int_equal(cqlr_loop_timer_set(l, &t[0].t, now - 1), 0);
    assert_int_equal(cqlr_loop_timer_set(l, &t[1].t, now - 3), 0);
    assert_int_equal(cqlr_loop_timer_set(l, &t[2].t, now + 3600 * UINT64_C(1000000000)), 0);
    assert_int_equal(cqlr_loop_timer_set(l, &t[3].t, now), 0);
    assert_int_equal(cqlr_loop_timer_set(l, &t[3].t, now - 2), 0);
    assert_int_equal(cqlr_loop_deadline(l), now - 3);
    turn(l);
    assert_string_equal(calls, "bda");
    assert_int_equal(cqlr_loop_deadline(l), t[2].t.at);
    turn(l);
    assert_string_equal(calls, "bda");
    assert_int_equal(t[0].t.slot, 0);
    cqlr_loop_timer_clear(l, &t[0].t);
    cqlr_loop_timer_clear(l, &t[2].t);
    assert_int_equal(cqlr_loop_deadline(l), CQLR_NEVER);
}

static void timer_cleared_by_another_does_not_fire(void **state)
{
    cqlr_loop *l = *state;
    struct named_timer a = {.name = 'a', .l = l};
    struct named_timer b = {.name = 'b', .l = l};
    a.t = (struct cqlr_timer){.fn = clear_other, .arg = &a};
    b.t = (struct cqlr_timer){.fn = clear_other, .arg = &b};
    a.other = &b;
    b.other = &a;
    assert_int_equal(cqlr_loop_timer_set(l, &a.t, 1), 0);
    assert_int_equal(cqlr_loop_timer_set(l, &b.t, 2), 0);
    turn(l);
    turn(l);
    assert_string_equal(calls, "a");
}

static void timer_that_sets_itself_to_the_past_fires_once_a_turn(void **state)
{
    cqlr_loop *l = *state;
    struct named_timer a = {.name = 'a', .l = l};
    a.t = (struct cqlr_timer){.fn = set_again, .arg = &a};
    assert_int_equal(cqlr_loop_timer_set(l, &a.t, 1), 0);
    turn(l);
    assert_string_equal(calls, "a");
    turn(l);
    assert_string_equal(calls, "aa");
    cqlr_loop_timer_clear(l, &a.t);
}

static void wait_lasts_until_the_timer_is_due(void **state)
{
    cqlr_loop *l = *state;
    struct named_timer a = {.name = 'a', .l = l};
    a.t = (struct cqlr_timer){.fn = note_timer, .arg = &a};
    uint64_t at = cqlr_now() + 3500000;
    assert_int_equal(cqlr_loop_timer_set(l, &a.t, at), 0);
    assert_int_equal(cqlr_loop_turn(l, CQLR_NEVER), 0);
    assert_string_equal(calls, "a"); /* one turn is enough: it did not wake early */
    assert_true(cqlr_loop_now(l) >= at);
}

static void heap_gives_random_times_in_order(void **state)
{
    enum { N = 500 };
    struct cqlr_timer t[N];
    struct counter c;
    struct cqlr__heap h;
    uint32_t random = 7;
    (void)state;
    for (int round = 0; round < 20; round++) {
        memset(t, 0, sizeof t);
        cqlr__heap_init(&h, counter_init(&c, 0));
        for (int i = 0; i < 4 * N; i++) {
            random = random * 1664525 + 1013904223;
            struct cqlr_timer *one = &t[(random >> 4) % N];
            if ((random >> 24) % 4 == 0)
                cqlr__heap_clear(&h, one);
            else
                assert_int_equal(cqlr__heap_set(&h, one, (random >> 16) % 1000), 0);
        }
        size_t left = h.n;
        uint64_t last = 0;
        for (struct cqlr_timer *one; (one = cqlr__heap_first(&h)) != NULL; left--) {
            assert_true(one->at >= last);
            last = one->at;
            cqlr__heap_clear(&h, one);
            assert_int_equal(one->slot, 0);
        }
        assert_int_equal(left, 0);
        for (int i = 0; i < N; i++)
            assert_int_equal(t[i].slot, 0);
        cqlr__heap_fini(&h);
        assert_int_equal(c.live, 0);
    }
}

static void heap_tells_that_memory_ran_out(void **state)
{
    struct counter c;
    struct cqlr__heap h;
    struct cqlr_timer t = {.at = 0};
    (void)state;
    cqlr__heap_init(&h, counter_init(&c, 1));
    assert_int_equal(cqlr__heap_set(&h, &t, 1), CQLR_E_NOMEM);
    assert_int_equal(t.slot, 0);
    assert_int_equal(cqlr__heap_set(&h, &t, 1), 0);
    cqlr__heap_fini(&h);
}

/* ---- watches ---- */

struct pair {
    struct cqlr_watch w;
    int other;
    char name;
    cqlr_loop *l;
    struct pair *victim;
    unsigned events;
};

static void note_watch(void *arg, unsigned events)
{
    struct pair *p = arg;
    called(p->name);
    p->events = events;
}

static void remove_victim(void *arg, unsigned events)
{
    struct pair *p = arg;
    note_watch(arg, events);
    cqlr_loop_remove(p->l, &p->victim->w);
}

static void unwatch_victim(void *arg, unsigned events)
{
    struct pair *p = arg;
    note_watch(arg, events);
    assert_int_equal(cqlr_loop_change(p->l, &p->victim->w, 0), 0);
}

static void pair_open(struct pair *p, cqlr_loop *l, char name, unsigned events,
                      void (*fn)(void *, unsigned))
{
    int fd[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
    *p = (struct pair){.other = fd[1], .name = name, .l = l};
    p->w = (struct cqlr_watch){.fd = fd[0], .events = events, .fn = fn, .arg = p};
    assert_int_equal(cqlr_loop_add(l, &p->w), 0);
}

static void pair_close(struct pair *p)
{
    cqlr_loop_remove(p->l, &p->w);
    close(p->w.fd);
    close(p->other);
}

static void watch_is_called_for_what_it_asked(void **state)
{
    cqlr_loop *l = *state;
    struct pair p;
    pair_open(&p, l, 'p', CQLR_READ, note_watch);
    turn(l);
    assert_string_equal(calls, "");
    assert_int_equal(write(p.other, "x", 1), 1);
    turn(l);
    assert_int_equal(p.events, CQLR_READ);
    assert_int_equal(cqlr_loop_change(l, &p.w, CQLR_WRITE), 0);
    turn(l);
    assert_int_equal(p.events, CQLR_WRITE);
    assert_int_equal(cqlr_loop_change(l, &p.w, CQLR_READ | CQLR_WRITE), 0);
    turn(l);
    assert_int_equal(p.events, CQLR_READ | CQLR_WRITE);
    assert_int_equal(cqlr_loop_change(l, &p.w, 0), 0);
    turn(l);
    assert_string_equal(calls, "ppp");
    close(p.other);
    p.other = -1;
    turn(l);
    assert_string_equal(calls, "pppp");
    assert_int_equal(p.events, CQLR_HANGUP);
    cqlr_loop_remove(l, &p.w);
    turn(l);
    assert_string_equal(calls, "pppp");
    close(p.w.fd);
}

static void watch_removed_in_the_same_turn_is_not_called(void **state)
{
    cqlr_loop *l = *state;
    struct pair p[2];
    for (int i = 0; i < 2; i++) {
        pair_open(&p[i], l, (char)('a' + i), CQLR_READ, remove_victim);
        assert_int_equal(write(p[i].other, "x", 1), 1);
    }
    p[0].victim = &p[1];
    p[1].victim = &p[0];
    turn(l);
    assert_int_equal(strlen(calls), 1);
    cqlr_loop_remove(l, &p[0].w);
    cqlr_loop_remove(l, &p[1].w);
    turn(l);
    assert_int_equal(strlen(calls), 1);
    pair_close(&p[0]);
    pair_close(&p[1]);
}

static void watch_that_wants_no_more_in_the_same_turn_is_not_called(void **state)
{
    cqlr_loop *l = *state;
    struct pair p[2];
    for (int i = 0; i < 2; i++) {
        pair_open(&p[i], l, (char)('a' + i), CQLR_READ, unwatch_victim);
        assert_int_equal(write(p[i].other, "x", 1), 1);
    }
    p[0].victim = &p[1];
    p[1].victim = &p[0];
    turn(l);
    assert_int_equal(strlen(calls), 1);
    pair_close(&p[0]);
    pair_close(&p[1]);
}

static void more_watches_than_one_batch_are_all_called(void **state)
{
    enum { N = 150 };
    cqlr_loop *l = *state;
    static struct pair p[N];
    for (int i = 0; i < N; i++) {
        pair_open(&p[i], l, 'x', CQLR_READ, note_watch);
        assert_int_equal(write(p[i].other, "x", 1), 1);
    }
    for (int i = 0; i < 10; i++)
        turn(l);
    for (int i = 0; i < N; i++) {
        assert_int_equal(p[i].events, CQLR_READ);
        pair_close(&p[i]);
    }
}

static void descriptor_that_cannot_be_watched_is_an_error(void **state)
{
    cqlr_loop *l = *state;
    struct cqlr_watch w = {.fd = -1, .events = CQLR_READ};
    assert_int_equal(cqlr_loop_add(l, &w), CQLR_E_IO);
    assert_int_equal(errno, EBADF);
}

/* ---- tasks ---- */

struct named_task {
    struct cqlr_task t;
    char name;
    cqlr_loop *l;
    struct named_task *other;
};

static void note_task(void *arg)
{
    called(((struct named_task *)arg)->name);
}

static void defer_other(void *arg)
{
    struct named_task *t = arg;
    called(t->name);
    cqlr_loop_defer(t->l, &t->other->t);
}

static void undefer_other(void *arg)
{
    struct named_task *t = arg;
    called(t->name);
    cqlr_loop_undefer(t->l, &t->other->t);
}

static void task_make(struct named_task *t, cqlr_loop *l, char name, void (*fn)(void *),
                      struct named_task *other)
{
    *t = (struct named_task){.name = name, .l = l, .other = other};
    t->t = (struct cqlr_task){.fn = fn, .arg = t};
}

static void tasks_run_once_in_order_at_the_end_of_the_turn(void **state)
{
    cqlr_loop *l = *state;
    struct named_task a, b, c, d;
    struct named_timer t = {.name = 't', .l = l};
    t.t = (struct cqlr_timer){.fn = note_timer, .arg = &t};
    task_make(&a, l, 'a', note_task, NULL);
    task_make(&b, l, 'b', note_task, NULL);
    task_make(&c, l, 'c', note_task, NULL);
    task_make(&d, l, 'd', note_task, NULL);
    assert_int_equal(cqlr_loop_timer_set(l, &t.t, 1), 0);
    cqlr_loop_defer(l, &a.t);
    cqlr_loop_defer(l, &b.t);
    cqlr_loop_defer(l, &c.t);
    cqlr_loop_undefer(l, &c.t);
    cqlr_loop_undefer(l, &c.t);
    cqlr_loop_defer(l, &a.t);
    cqlr_loop_defer(l, &d.t);
    assert_int_equal(cqlr_loop_deadline(l), 0);
    assert_int_equal(cqlr_loop_turn(l, CQLR_NEVER), 0);
    assert_string_equal(calls, "tabd");
    turn(l);
    assert_string_equal(calls, "tabd");
    cqlr_loop_defer(l, &c.t);
    turn(l);
    assert_string_equal(calls, "tabdc");
}

static void task_queued_by_a_task_runs_in_the_next_turn(void **state)
{
    cqlr_loop *l = *state;
    struct named_task a, b;
    task_make(&a, l, 'a', defer_other, &a);
    task_make(&b, l, 'b', defer_other, &b);
    cqlr_loop_defer(l, &a.t);
    cqlr_loop_defer(l, &b.t);
    turn(l);
    assert_string_equal(calls, "ab");
    assert_int_equal(cqlr_loop_deadline(l), 0);
    assert_int_equal(cqlr_loop_turn(l, CQLR_NEVER), 0);
    assert_string_equal(calls, "abab");
    cqlr_loop_undefer(l, &a.t);
    cqlr_loop_undefer(l, &b.t);
    assert_int_equal(cqlr_loop_deadline(l), CQLR_NEVER);
}

static void task_withdrawn_by_a_task_does_not_run(void **state)
{
    cqlr_loop *l = *state;
    struct named_task a, b, c;
    task_make(&a, l, 'a', undefer_other, &b);
    task_make(&b, l, 'b', note_task, NULL);
    task_make(&c, l, 'c', note_task, NULL);
    cqlr_loop_defer(l, &a.t);
    cqlr_loop_defer(l, &b.t);
    cqlr_loop_defer(l, &c.t);
    turn(l);
    assert_string_equal(calls, "ac");
    cqlr_loop_defer(l, &a.t);
    cqlr_loop_defer(l, &b.t); /* the last one of the list is taken out */
    turn(l);
    cqlr_loop_defer(l, &c.t);
    turn(l);
    assert_string_equal(calls, "acac");
}

/* ---- turns ---- */

static void turn_in_a_turn(void *arg)
{
    assert_int_equal(cqlr_loop_turn(arg, 0), CQLR_E_USAGE);
    called('u');
}

static void turn_inside_a_callback_is_refused(void **state)
{
    cqlr_loop *l = *state;
    struct cqlr_task t = {.fn = turn_in_a_turn, .arg = l};
    cqlr_loop_defer(l, &t);
    turn(l);
    assert_string_equal(calls, "u");
    turn(l);
}

static void on_alarm(int sig)
{
    (void)sig;
}

static void signal_ends_the_wait_without_an_error(void **state)
{
    const struct itimerval in_1_ms = {{0, 1000}, {0, 1000}};
    const struct itimerval off = {{0, 0}, {0, 0}};
    struct sigaction act = {.sa_handler = on_alarm};
    struct sigaction old;
    assert_int_equal(sigaction(SIGALRM, &act, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &in_1_ms, NULL), 0);
    assert_int_equal(cqlr_loop_turn(*state, CQLR_NEVER), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &off, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
}

static void loops_descriptor_is_readable_when_there_is_work(void **state)
{
    cqlr_loop *l = *state;
    cqlr_loop *outer = cqlr_loop_new(NULL);
    struct pair p;
    struct pair inner = {.name = 'i'};
    pair_open(&p, l, 'p', CQLR_READ, note_watch);
    inner.w = (struct cqlr_watch){
        .fd = cqlr_loop_fd(l), .events = CQLR_READ, .fn = note_watch, .arg = &inner};
    assert_int_equal(cqlr_loop_add(outer, &inner.w), 0);
    turn(outer);
    assert_string_equal(calls, "");
    assert_int_equal(write(p.other, "x", 1), 1);
    turn(outer);
    assert_string_equal(calls, "i");
    turn(l);
    assert_string_equal(calls, "ip");
    pair_close(&p);
    cqlr_loop_free(outer);
}

static void turns_allocate_nothing(void **state)
{
    struct counter c;
    struct pair p;
    struct named_timer t = {.name = 't'};
    (void)state;
    cqlr_loop *l = cqlr_loop_new(counter_init(&c, 0));
    t.t = (struct cqlr_timer){.fn = note_timer, .arg = &t};
    pair_open(&p, l, 'p', CQLR_READ | CQLR_WRITE, note_watch);
    assert_int_equal(cqlr_loop_timer_set(l, &t.t, 1), 0);
    unsigned before = c.calls;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(cqlr_loop_timer_set(l, &t.t, 1), 0);
        turn(l);
    }
    assert_int_equal(c.calls, before);
    pair_close(&p);
    cqlr_loop_free(l);
    assert_int_equal(c.live, 0);
    cqlr_loop_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_in_order_and_once),
        TEST(timer_cleared_by_another_does_not_fire),
        TEST(timer_that_sets_itself_to_the_past_fires_once_a_turn),
        TEST(wait_lasts_until_the_timer_is_due),
        TEST(heap_gives_random_times_in_order),
        TEST(heap_tells_that_memory_ran_out),
        TEST(watch_is_called_for_what_it_asked),
        TEST(watch_removed_in_the_same_turn_is_not_called),
        TEST(watch_that_wants_no_more_in_the_same_turn_is_not_called),
        TEST(more_watches_than_one_batch_are_all_called),
        TEST(descriptor_that_cannot_be_watched_is_an_error),
        TEST(tasks_run_once_in_order_at_the_end_of_the_turn),
        TEST(task_queued_by_a_task_runs_in_the_next_turn),
        TEST(task_withdrawn_by_a_task_does_not_run),
        TEST(turn_inside_a_callback_is_refused),
        TEST(signal_ends_the_wait_without_an_error),
        TEST(loops_descriptor_is_readable_when_there_is_work),
        TEST(turns_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

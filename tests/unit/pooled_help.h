/*
 * pooled_help.h - what the tests of a client's connections share: a client of a crowd server whose
 * log and states are kept.
 */
#ifndef CQLRAW_TESTS_POOLED_HELP_H
#define CQLRAW_TESTS_POOLED_HELP_H

#include "tests/unit/crowd_server.h"
#include "tests/unit/descriptors.h"

struct watched {
    cqlr_client *cl;
    char log[20000]; /* "W line\n"; the oldest when it is full */
    char states[64]; /* '+' and '-' */
    int opened;      /* rc of cqlr_client_open's callback; 1 = not called */
};

static inline void watched_log(void *arg, enum cqlr_log_level level, const char *line)
{
    struct watched *w = arg;
    size_t n = strlen(w->log);
    assert_null(strchr(line, '\n'));
    snprintf(w->log + n, sizeof w->log - n, "%c %s\n", "DIW"[level], line);
}

static inline void watched_state(void *arg, bool connected)
{
    struct watched *w = arg;
    size_t n = strlen(w->states);
    if (n + 1 < sizeof w->states)
        w->states[n] = connected ? '+' : '-';
}

static inline void watched_opened(void *arg, int rc)
{
    struct watched *w = arg;
    assert_int_equal(w->opened, 1);
    w->opened = rc;
}

static inline struct cqlr_client_opts watched_opts(struct watched *w, const char *hosts)
{
    struct cqlr_client_opts o;
    memset(w, 0, sizeof *w);
    w->opened = 1;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = hosts;
    o.log = watched_log;
    o.log_arg = w;
    o.on_state = watched_state;
    o.state_arg = w;
    return o;
}

static inline void watched_connect(struct watched *w, const struct cqlr_client_opts *o)
{
    w->cl = cqlr_client_new(o);
    assert_non_null(w->cl);
    if (cqlr_sync_connect(w->cl) < 0)
        fail_msg("%s", cqlr_client_err(w->cl)->text);
}

static inline void log_has(const struct watched *w, const char *part)
{
    if (!strstr(w->log, part))
        fail_msg("\"%s\" is not in:\n%s", part, w->log);
}

static inline unsigned log_count(const struct watched *w, const char *part)
{
    unsigned n = 0;
    for (const char *p = w->log; (p = strstr(p, part)) != NULL; p++)
        n++;
    return n;
}

/* One turn of at most a millisecond. */
static inline void turn_a_little(const struct watched *w)
{
    struct pollfd p = {.fd = cqlr_client_fd(w->cl), .events = POLLIN};
    uint64_t now = cqlr_now();
    if (cqlr_client_deadline(w->cl) > now)
        poll(&p, 1, 1);
    assert_int_equal(cqlr_client_turn(w->cl), 0);
}

/* Turns the client's loop until it is so. */
#define TURN_UNTIL(w, what)                                                                        \
    do {                                                                                           \
        uint64_t end_ = cqlr_now() + 5000 * MS;                                                    \
        while (!(what)) {                                                                          \
            if (cqlr_now() > end_)                                                                 \
                fail_msg("never: %s\n%s", #what, (w)->log);                                        \
            turn_a_little(w);                                                                      \
        }                                                                                          \
    } while (0)

static inline void turn_for(const struct watched *w, uint64_t time)
{
    uint64_t end = cqlr_now() + time;
    while (cqlr_now() < end)
        turn_a_little(w);
}

/* A statement with one marker, and an execution of it. */
static inline cqlr_prepared *watched_prepare(const struct watched *w)
{
    cqlr_prepared *ps = cqlr_sync_prepare(w->cl, cqlr_cstr("SELECT k FROM ks.t WHERE k = ?"));
    if (!ps)
        fail_msg("%s", cqlr_client_err(w->cl)->text);
    return ps;
}

static inline void execute(const struct watched *w, struct one *q, cqlr_prepared *ps, int32_t key)
{
    *q = (struct one){.bound = cqlr_bound_new(ps), .key = key, .got = -1};
    assert_int_equal(cqlr_bound_int(q->bound, 0, key), 0);
    if (cqlr_client_execute(w->cl, q->bound, on_one, q) < 0)
        fail_msg("%s", cqlr_client_err(w->cl)->text);
}

static inline void one_done(struct watched *w, struct one *q, int rc)
{
    TURN_UNTIL(w, q->calls);
    assert_int_equal(q->calls, 1);
    assert_int_equal(q->rc, rc);
    assert_int_equal(q->got, rc == 0 ? q->key : -1);
    cqlr_bound_free(q->bound);
}

static inline void executed(struct watched *w, cqlr_prepared *ps, int32_t key, int rc)
{
    struct one q;
    execute(w, &q, ps, key);
    one_done(w, &q, rc);
}

#endif

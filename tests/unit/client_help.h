/*
 * client_help.h - what the tests of the client share: a table with one int column on a scripted
 * server, a client connected to it, and requests that note what became of them.
 */
#ifndef CQLRAW_TESTS_CLIENT_HELP_H
#define CQLRAW_TESTS_CLIENT_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <cqlraw/client.h>

#include "tests/unit/scripted_server.h"

#define MS UINT64_C(1000000)

/* ---- a server's answers ---- */

static const struct cqlr_type int_type = {.id = CQLR_TYPE_INT};
static const struct cqlr_column key_column = {
    .keyspace = {"ks", 2}, .table = {"t", 1}, .name = {"k", 1}, .type = &int_type};

static const uint8_t first_id[16] = "first id 0123456", other_id[16] = "other id 0123456";

static inline void respond(cqlr_link *l, uint8_t opcode, const struct cqlr_event *ev)
{
    if (cqlr_link_respond(l, opcode, 0, ev->stream) < 0)
        _exit(3);
}

static inline void answer_prepared(cqlr_link *l, const struct cqlr_event *ev, const uint8_t id[16])
{
    const uint16_t pk[1] = {0};
    struct cqlr_wr *w = cqlr_link_begin(l);
    if (cqlr_prepared_write(w, (struct cqlr_bytes){id, 16}, &key_column, 1, pk, 1, &key_column, 1) <
        0)
        _exit(3);
    respond(l, CQLR_OP_RESULT, ev);
}

/* An ERROR; `id` is that of a statement, for those codes that name one. */
static inline void answer_error_of(cqlr_link *l, int stream, int32_t code, const uint8_t id[16])
{
    const struct cqlr_event ev = {.stream = (int16_t)stream};
    struct cqlr_error e;
    memset(&e, 0, sizeof e);
    e.code = code;
    e.message = cqlr_cstr("told so");
    e.id = (struct cqlr_bytes){id, 16};
    if (cqlr_error_write(cqlr_link_begin(l), &e) < 0)
        _exit(3);
    respond(l, CQLR_OP_ERROR, &ev);
}

static inline void answer_error(cqlr_link *l, const struct cqlr_event *ev, int32_t code)
{
    answer_error_of(l, ev->stream, code, first_id);
}

/* Rows with the ints first..first+n-1. */
static inline void answer_rows(cqlr_link *l, const struct cqlr_event *ev, int32_t first, uint32_t n,
                               const char *state)
{
    struct cqlr_wr *w = cqlr_link_begin(l);
    struct cqlr_value s = {(const uint8_t *)state, state ? (int32_t)strlen(state) : CQLR_NULL};
    if (cqlr_rows_write(w, &key_column, 1, state ? CQLR_META_MORE_PAGES : 0, s, n) < 0)
        _exit(3);
    for (uint32_t i = 0; i < n; i++) {
        cqlr_wr_i32(w, 4);
        cqlr_wr_i32(w, first + (int32_t)i);
    }
    respond(l, CQLR_OP_RESULT, ev);
}

/* The int bound to the first marker of an EXECUTE, and its paging state. */
static inline int32_t bound_key(const struct cqlr_event *ev, struct cqlr_value *state)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    struct cqlr_execute m;
    struct cqlr_value v;
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (cqlr_execute_read(&r, &m) < 0 || !cqlr_params_next(&m.params.values, 0, NULL, &v) ||
        v.n != 4)
        _exit(4);
    *state = m.params.paging_state;
    return (int32_t)cqlr_be32(v.p);
}

enum { PREPARES, EXECUTES, FORGET, ID_AFTER, HOLD };

/* Echoes the key as the one row. shared[FORGET] EXECUTEs are answered UNPREPARED; with ID_AFTER
 * later PREPAREs give another id. */
static inline void echo(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    struct cqlr_value state;
    if (ev->opcode == CQLR_OP_PREPARE) {
        answer_prepared(l, ev, shared[ID_AFTER] && shared[PREPARES] ? other_id : first_id);
        shared[PREPARES]++;
        return;
    }
    if (ev->opcode == CQLR_OP_QUERY) {
        answer_error(l, ev, CQLR_SERVER_SYNTAX_ERROR);
        return;
    }
    shared[EXECUTES]++;
    if (shared[FORGET]) {
        shared[FORGET]--;
        answer_error(l, ev, CQLR_SERVER_UNPREPARED);
        return;
    }
    int32_t key = bound_key(ev, &state);
    if (shared[HOLD] && key % 10 == 3)
        usleep(120000); /* holds back everything behind it, too */
    answer_rows(l, ev, key, 1, NULL);
}

/* ---- fixtures ---- */

struct fixture {
    struct scripted_server server;
    cqlr_client *cl;
};

static inline cqlr_client *new_client(const struct fixture *f, uint64_t timeout,
                                      const struct cqlr_mem *mem)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = f->server.addr;
    o.request_timeout = timeout;
    o.mem = mem;
    return cqlr_client_new(&o);
}

static inline void start(struct fixture *f, scripted_answer_fn *answer, uint64_t timeout)
{
    f->server = scripted_server_start(answer);
    f->cl = new_client(f, timeout, NULL);
    assert_non_null(f->cl);
    if (cqlr_sync_connect(f->cl) < 0)
        fail_msg("%s", cqlr_client_err(f->cl)->text);
}

static inline void finish(struct fixture *f)
{
    cqlr_client_free(f->cl);
    scripted_server_stop(&f->server);
}

static inline cqlr_prepared *prepare(struct fixture *f)
{
    cqlr_prepared *ps = cqlr_sync_prepare(f->cl, cqlr_cstr("SELECT k FROM ks.t WHERE k = ?"));
    if (!ps)
        fail_msg("%s", cqlr_client_err(f->cl)->text);
    return ps;
}

/* One request of many: its key, and what became of it. */
struct one {
    cqlr_bound *bound;
    int32_t key;
    unsigned calls;
    int rc;
    int32_t got;
};

static inline void on_one(void *arg, cqlr_reply *r)
{
    struct one *q = arg;
    struct cqlr_row row;
    q->calls++;
    q->rc = cqlr_reply_rc(r);
    if (q->rc == 0 && cqlr_reply_next(r, &row) == 1)
        q->got = (int32_t)cqlr_row_int(&row, 0);
}

static inline void submit(struct fixture *f, struct one *q, cqlr_prepared *ps, int32_t key)
{
    *q = (struct one){.bound = cqlr_bound_new(ps), .key = key, .got = -1};
    assert_int_equal(cqlr_bound_int(q->bound, 0, key), 0);
    assert_int_equal(cqlr_client_execute(f->cl, q->bound, on_one, q), 0);
    assert_int_equal(q->calls, 0); /* never from inside submit */
}

static inline void turn_until_done(struct fixture *f, struct one *q, unsigned n)
{
    uint64_t give_up = cqlr_now() + 5000 * MS;
    for (unsigned i = 0; i < n; i++)
        while (!q[i].calls && cqlr_now() < give_up)
            assert_int_equal(cqlr_client_turn(f->cl), 0);
}

/* ---- rows of a server of the test's own making ---- */

/* Of one page, up to the cells. */
static inline void rows(struct cqlr_wr *w, const struct cqlr_column *columns, uint32_t n,
                        uint32_t count)
{
    const struct cqlr_value none = {NULL, CQLR_NULL};
    if (cqlr_rows_write(w, columns, n, 0, none, count) < 0)
        _exit(3);
}

/* A cell; n CQLR_NULL: null. */
static inline void put(struct cqlr_wr *w, const void *p, int n)
{
    cqlr_wr_value(w, (struct cqlr_value){p, n});
}

#endif

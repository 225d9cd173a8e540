/*
 * stub_help.h - what the tests of the stub share: a stub whose memory is counted, and clients of
 * it.
 *
 * Stub and clients live in one process: a client sends on a socket of its own and turns the stub's
 * loop until the answer is there.
 */
#ifndef CQLRAW_TESTS_STUB_HELP_H
#define CQLRAW_TESTS_STUB_HELP_H

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <cqlraw/link.h>

#include "tests/unit/descriptors.h"
#include "tools/stub/stub.h"

#define MS       UINT64_C(1000000)
#define GIVE_UP  (10000 * MS) /* far beyond what anything here takes */
#define MAIN_JOB "SELECT * FROM system.local WHERE key=?"
#define PROTOCOL CQLR_SERVER_PROTOCOL_ERROR

/* ---- the stub under test, and memory that is counted ---- */

struct counted {
    size_t used;
    size_t peak;
};

static inline void *count_resize(void *arg, void *p, size_t old, size_t n)
{
    struct counted *c = arg;
    void *q = NULL;
    if (n == 0)
        free(p);
    else
        q = realloc(p, n);
    if (n == 0 || q)
        c->used = c->used - old + n;
    if (c->used > c->peak)
        c->peak = c->used;
    return q;
}

struct fixture {
    struct counted memory;
    struct cqlr_mem mem;
    struct stub *stub;
    unsigned alone; /* descriptors of this process while nobody is connected */
};

static inline struct fixture *start_with(struct stub_opts o)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct cqlr_err err;
    assert_non_null(f);
    f->mem = (struct cqlr_mem){count_resize, &f->memory};
    o.mem = &f->mem;
    f->stub = stub_new(&o, &err);
    assert_non_null(f->stub);
    f->alone = open_descriptors();
    return f;
}

static inline struct fixture *start(uint64_t delay_ns)
{
    struct stub_opts o;
    stub_opts_init(&o);
    o.delay_ns = delay_ns;
    return start_with(o);
}

static inline void stop(struct fixture *f)
{
    stub_free(f->stub);
    assert_int_equal(f->memory.used, 0);
    free(f);
}

static inline void turn(struct fixture *f)
{
    assert_int_equal(cqlr_loop_turn(stub_loop(f->stub), cqlr_now() + 10 * MS), 0);
}

/* ---- a client: a socket, and the answers that came ---- */

struct client {
    struct fixture *f;
    int fd;
    struct cqlr_wr out; /* requests not sent yet */
    struct cqlr_wr in;  /* the frame that was received last */
    struct cqlr_frame head;
    struct cqlr_err err;
};

static inline int connect_socket(struct fixture *f)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)stub_port(f->stub))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void client_open(struct client *c, struct fixture *f)
{
    memset(c, 0, sizeof *c);
    c->f = f;
    c->fd = connect_socket(f);
    cqlr_wr_init(&c->out, NULL, 0);
    cqlr_wr_init(&c->in, NULL, 0);
}

static inline void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    cqlr_wr_fini(&c->out);
    cqlr_wr_fini(&c->in);
}

/* Until the stub has closed its end of all connections. */
static inline void wait_until_alone(struct fixture *f)
{
    uint64_t end = cqlr_now() + GIVE_UP;
    while (open_descriptors() > f->alone && cqlr_now() < end)
        turn(f);
    assert_int_equal(open_descriptors(), f->alone);
}

static inline void flush(struct client *c)
{
    size_t sent = 0;
    while (sent < c->out.n) {
        ssize_t n = send(c->fd, c->out.p + sent, c->out.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            sent += (size_t)n;
        else
            turn(c->f);
    }
    cqlr_wr_reset(&c->out);
}

/* n more bytes of c->in; false = the stub closed the connection. */
static inline bool receive(struct client *c, size_t n)
{
    uint64_t end = cqlr_now() + GIVE_UP;
    uint8_t *p = n ? cqlr_wr_room(&c->in, n) : NULL;
    for (size_t have = 0; have < n;) {
        ssize_t got = recv(c->fd, p + have, n - have, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            return false;
        if (got > 0)
            have += (size_t)got;
        else
            turn(c->f);
        assert_true(cqlr_now() < end);
    }
    return true;
}

static inline bool next_answer(struct client *c)
{
    cqlr_wr_reset(&c->in);
    if (!receive(c, CQLR_FRAME_HEADER))
        return false;
    cqlr_frame_read(c->in.p, &c->head);
    assert_true(c->head.response);
    return receive(c, c->head.length);
}

static inline void put_frame(struct client *c, uint8_t version, uint8_t opcode, int16_t stream,
                             const struct cqlr_wr *body)
{
    struct cqlr_frame h = {.version = version, .opcode = opcode, .stream = stream};
    h.length = (uint32_t)body->n;
    cqlr_frame_write(cqlr_wr_room(&c->out, CQLR_FRAME_HEADER), &h);
    cqlr_wr_raw(&c->out, body->p, body->n);
}

/* Frees the body. */
static inline void ask(struct client *c, uint8_t opcode, struct cqlr_wr *body)
{
    put_frame(c, 4, opcode, 1, body);
    cqlr_wr_fini(body);
    flush(c);
    assert_true(next_answer(c));
    assert_int_equal(c->head.version, 4);
    assert_int_equal(c->head.stream, 1);
}

static inline struct cqlr_rd answer_body(struct client *c)
{
    struct cqlr_rd r;
    cqlr_rd_init(&r, c->in.p + CQLR_FRAME_HEADER, c->in.n - CQLR_FRAME_HEADER, &c->err);
    return r;
}

/* The answer's error code; 0 = it is no ERROR. */
static inline int32_t error_code(struct client *c)
{
    struct cqlr_rd r = answer_body(c);
    struct cqlr_error m;
    if (c->head.opcode != CQLR_OP_ERROR)
        return c->head.opcode == CQLR_OP_RESULT || c->head.opcode == CQLR_OP_READY ||
                       c->head.opcode == CQLR_OP_SUPPORTED
                   ? 0
                   : -1;
    assert_int_equal(cqlr_error_read(&r, &m), 0);
    assert_true(m.message.n > 0);
    return m.code;
}

static inline struct cqlr_wr empty_body(void)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    return w;
}

/* STARTUP with pairs of key and value up to NULL. */
static inline struct cqlr_wr startup_body(const char *const *option)
{
    struct cqlr_wr w = empty_body();
    uint16_t n = 0;
    while (option[n])
        n++;
    cqlr_wr_u16(&w, n / 2);
    for (uint16_t i = 0; i < n; i++)
        cqlr_wr_string(&w, cqlr_cstr(option[i]));
    return w;
}

static inline int32_t startup(struct client *c, const char *const *option)
{
    struct cqlr_wr w = startup_body(option);
    ask(c, CQLR_OP_STARTUP, &w);
    return error_code(c);
}

static const char *const PLAIN[] = {"CQL_VERSION", "3.0.0", NULL};

static inline void client_start(struct client *c, struct fixture *f)
{
    client_open(c, f);
    assert_int_equal(startup(c, PLAIN), 0);
}

static inline int32_t query(struct client *c, const char *cql, const struct cqlr_params *p)
{
    struct cqlr_query m = {.cql = cqlr_cstr(cql), .params = {.consistency = CQLR_CL_ONE}};
    struct cqlr_wr w = empty_body();
    if (p)
        m.params = *p;
    assert_int_equal(cqlr_query_write(&w, &m), 0);
    ask(c, CQLR_OP_QUERY, &w);
    return error_code(c);
}

static inline struct cqlr_result result(struct client *c)
{
    struct cqlr_rd r = answer_body(c);
    struct cqlr_result m;
    assert_int_equal(c->head.opcode, CQLR_OP_RESULT);
    assert_int_equal(cqlr_result_read(&r, NULL, &m), 0);
    return m;
}

static inline uint32_t row_count(struct client *c)
{
    struct cqlr_result m = result(c);
    assert_int_equal(m.kind, CQLR_RESULT_ROWS);
    assert_int_equal(cqlr_rows_skip(&m.u.rows), m.u.rows.count);
    return m.u.rows.count;
}

static inline int32_t prepare(struct client *c, const char *cql, uint8_t id[16])
{
    struct cqlr_prepare m = {cqlr_cstr(cql)};
    struct cqlr_wr w = empty_body();
    assert_int_equal(cqlr_prepare_write(&w, &m), 0);
    ask(c, CQLR_OP_PREPARE, &w);
    if (error_code(c))
        return error_code(c);
    struct cqlr_result r = result(c);
    assert_int_equal(r.kind, CQLR_RESULT_PREPARED);
    assert_int_equal(r.u.prepared.id.n, 16);
    memcpy(id, r.u.prepared.id.p, 16);
    return 0;
}

static inline void execute_body(struct cqlr_wr *w, const uint8_t id[16], const struct cqlr_value *v,
                                uint32_t n)
{
    struct cqlr_wr values = empty_body();
    struct cqlr_execute m = {.id = {id, 16}, .params = {.consistency = CQLR_CL_ONE}};
    for (uint32_t i = 0; i < n; i++)
        cqlr_wr_value(&values, v[i]);
    m.params.flags = n ? CQLR_PARAM_VALUES : 0;
    m.params.values = (struct cqlr_span){n, values.p, values.n};
    assert_int_equal(cqlr_execute_write(w, &m), 0);
    cqlr_wr_fini(&values);
}

static inline int32_t execute(struct client *c, const uint8_t id[16], const struct cqlr_value *v,
                              uint32_t n)
{
    struct cqlr_wr w = empty_body();
    execute_body(&w, id, v, n);
    ask(c, CQLR_OP_EXECUTE, &w);
    return error_code(c);
}

static inline struct cqlr_value text_value(const char *s)
{
    return (struct cqlr_value){(const uint8_t *)s, (int32_t)strlen(s)};
}

#endif

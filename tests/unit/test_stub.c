/*
 * test_stub.c - the stub server: what it answers, and that no client makes it fall over or grow.
 *
 * Stub and clients live in this one process: a test sends on a socket of its own and turns the stub's loop until the answer is there. Memory is counted by the allocator the stub is given.
 */
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <cqlraw/link.h>

#include "tools/stub/stub.h"

#define MS        UINT64_C(1000000)
#define GIVE_UP   (10000 * MS) /* far beyond what anything here takes */
#define MAIN_JOB  "SELECT * FROM system.local WHERE key=?"
#define ALL_OF    "SELECT column_name FROM system_schema.columns"
#define CLIENTS   200
#define PROTOCOL  CQLR_SERVER_PROTOCOL_ERROR
#define NO_SYNTAX CQLR_SERVER_SYNTAX_ERROR
#define INVALID   CQLR_SERVER_INVALID

/* ---- the stub under test, and memory that is counted ---- */

struct counted {
    size_t used;
    size_t peak;
};

static void *count_resize(void *arg, void *p, size_t old, size_t n)
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

static unsigned open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static struct fixture *start(uint64_t delay_ns)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct stub_opts o;
    struct cqlr_err err;
    assert_non_null(f);
    f->mem = (struct cqlr_mem){count_resize, &f->memory};
    stub_opts_init(&o);
    o.delay_ns = delay_ns;
    o.mem = &f->mem;
    f->stub = stub_new(&o, &err);
    assert_non_null(f->stub);
    f->alone = open_descriptors();
    return f;
}

static void stop(struct fixture *f)
{
    stub_free(f->stub);
    assert_int_equal(f->memory.used, 0);
    free(f);
}

static void turn(struct fixture *f)
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

static int connect_socket(struct fixture *f)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)stub_port(f->stub))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void client_open(struct client *c, struct fixture *f)
{
    memset(c, 0, sizeof *c);
    c->f = f;
    c->fd = connect_socket(f);
    cqlr_wr_init(&c->out, NULL, 0);
    cqlr_wr_init(&c->in, NULL, 0);
}

static void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    cqlr_wr_fini(&c->out);
    cqlr_wr_fini(&c->in);
}

/* Until the stub has closed its end of all connections. */
static void wait_until_alone(struct fixture *f)
{
    uint64_t end = cqlr_now() + GIVE_UP;
    while (open_descriptors() > f->alone && cqlr_now() < end)
        turn(f);
    assert_int_equal(open_descriptors(), f->alone);
}

static void flush(struct client *c)
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
static bool receive(struct client *c, size_t n)
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

static bool next_answer(struct client *c)
{
    cqlr_wr_reset(&c->in);
    if (!receive(c, CQLR_FRAME_HEADER))
        return false;
    cqlr_frame_read(c->in.p, &c->head);
    assert_true(c->head.response);
    return receive(c, c->head.length);
}

static void put_frame(struct client *c, uint8_t version, uint8_t opcode, int16_t stream,
                      const struct cqlr_wr *body)
{
    struct cqlr_frame h = {.version = version, .opcode = opcode, .stream = stream};
    h.length = (uint32_t)body->n;
    cqlr_frame_write(cqlr_wr_room(&c->out, CQLR_FRAME_HEADER), &h);
    cqlr_wr_raw(&c->out, body->p, body->n);
}

/* Frees the body. */
static void ask(struct client *c, uint8_t opcode, struct cqlr_wr *body)
{
    put_frame(c, 4, opcode, 1, body);
    cqlr_wr_fini(body);
    flush(c);
    assert_true(next_answer(c));
    assert_int_equal(c->head.version, 4);
    assert_int_equal(c->head.stream, 1);
}

static struct cqlr_rd answer_body(struct client *c)
{
    struct cqlr_rd r;
    cqlr_rd_init(&r, c->in.p + CQLR_FRAME_HEADER, c->in.n - CQLR_FRAME_HEADER, &c->err);
    return r;
}

/* The answer's error code; 0 = it is no ERROR. */
static int32_t error_code(struct client *c)
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

static struct cqlr_wr empty_body(void)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    return w;
}

/* STARTUP with pairs of key and value up to NULL. */
static struct cqlr_wr startup_body(const char *const *option)
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

static int32_t startup(struct client *c, const char *const *option)
{
    struct cqlr_wr w = startup_body(option);
    ask(c, CQLR_OP_STARTUP, &w);
    return error_code(c);
}

static const char *const PLAIN[] = {"CQL_VERSION", "3.0.0", NULL};

static void client_start(struct client *c, struct fixture *f)
{
    client_open(c, f);
    assert_int_equal(startup(c, PLAIN), 0);
}

static int32_t query(struct client *c, const char *cql, const struct cqlr_params *p)
{
    struct cqlr_query m = {.cql = cqlr_cstr(cql), .params = {.consistency = CQLR_CL_ONE}};
    struct cqlr_wr w = empty_body();
    if (p)
        m.params = *p;
    assert_int_equal(cqlr_query_write(&w, &m), 0);
    ask(c, CQLR_OP_QUERY, &w);
    return error_code(c);
}

static struct cqlr_result result(struct client *c)
{
    struct cqlr_rd r = answer_body(c);
    struct cqlr_result m;
    assert_int_equal(c->head.opcode, CQLR_OP_RESULT);
    assert_int_equal(cqlr_result_read(&r, NULL, &m), 0);
    return m;
}

static uint32_t row_count(struct client *c)
{
    struct cqlr_result m = result(c);
    assert_int_equal(m.kind, CQLR_RESULT_ROWS);
    assert_int_equal(cqlr_rows_skip(&m.u.rows), m.u.rows.count);
    return m.u.rows.count;
}

static int32_t prepare(struct client *c, const char *cql, uint8_t id[16])
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

static void execute_body(struct cqlr_wr *w, const uint8_t id[16], const struct cqlr_value *v,
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

static int32_t execute(struct client *c, const uint8_t id[16], const struct cqlr_value *v,
                       uint32_t n)
{
    struct cqlr_wr w = empty_body();
    execute_body(&w, id, v, n);
    ask(c, CQLR_OP_EXECUTE, &w);
    return error_code(c);
}

static struct cqlr_value text_value(const char *s)
{
    return (struct cqlr_value){(const uint8_t *)s, (int32_t)strlen(s)};
}

/* ---- what it answers ---- */

static void statements_are_matched_or_refused(void **state)
{
    static const struct {
        const char *cql;
        int32_t code;
        uint32_t rows;
    } table[] = {
        {"SELECT * FROM system.local", 0, 1},
        {"SELECT key FROM system.local", 0, 1},
        {"select KEY, Tokens,key from SYSTEM.Local ;", 0, 1},
        {"\n SELECT\t\"key\" FROM \"system\" . \"local\" WHERE \"key\"='local'", 0, 1},
        {"SELECT key FROM system.local WHERE key = 'lo''cal'", 0, 0},
        {"SELECT key FROM system.local WHERE key='LOCAL'", 0, 0},
        {"SELECT * FROM system.peers", 0, 0},
        {"SELECT * FROM system.peers_v2 WHERE peer='10.0.0.1' AND peer_port=7000", 0, 0},
        {"SELECT * FROM system_schema.keyspaces", 0, 2},
        {"SELECT type FROM system_schema.columns WHERE keyspace_name='system' AND "
         "table_name='local' AND column_name='tokens'",
         0, 1},
        {"SELECT * from system_virtual_schema.keyspaces", 0, 1},
        {"SELECT column_name FROM system_schema.columns WHERE table_name='local' AND "
         "keyspace_name='system'",
         0, 20},
        {"", NO_SYNTAX, 0},
        {";", NO_SYNTAX, 0},
        {"SELECT", NO_SYNTAX, 0},
        {"SELECT key FROM", NO_SYNTAX, 0},
        {"SELECT key, FROM system.local", NO_SYNTAX, 0},
        {"SELECT count(*) FROM system.local", NO_SYNTAX, 0},
        {"SELECT key AS k FROM system.local", NO_SYNTAX, 0},
        {"SELECT key FROM system.local LIMIT 1", NO_SYNTAX, 0},
        {"SELECT key FROM system.local; SELECT key FROM system.local", NO_SYNTAX, 0},
        {"SELECT key FROM system.local WHERE key='local", NO_SYNTAX, 0},
        {"SELECT key FROM system.local WHERE key", NO_SYNTAX, 0},
        {"SELECT key FROM system.local WHERE key IN ('local')", NO_SYNTAX, 0},
        {"INSERT INTO system.local (key) VALUES ('x')", NO_SYNTAX, 0},
        {"SELECT \"KEY\" FROM system.local", INVALID, 0},
        {"SELECT nope FROM system.local", INVALID, 0},
        {"SELECT key FROM system.nope", INVALID, 0},
        {"SELECT key FROM nope.local", INVALID, 0},
        {"SELECT key FROM local", INVALID, 0},
        {"SELECT key FROM system.local WHERE rack='rack1'", INVALID, 0},
        {"SELECT key FROM system.local WHERE key='local' AND key='local'", INVALID, 0},
        {"SELECT key FROM system.local WHERE key=local", INVALID, 0},
        {"SELECT * FROM system.peers_v2 WHERE peer_port=7000", INVALID, 0},
        {"SELECT * FROM system.peers WHERE peer='x'", INVALID, 0},
        {"SELECT * FROM system.local WHERE key=?", INVALID, 0}, /* no value comes with it */
        {"USE nope", INVALID, 0},
    };
    struct fixture *f = start(0);
    struct client c;
    (void)state;
    client_start(&c, f);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int32_t code = query(&c, table[i].cql, NULL);
        if (code != table[i].code)
            print_message("%s\n", table[i].cql);
        assert_int_equal(code, table[i].code);
        if (code == 0)
            assert_int_equal(row_count(&c), table[i].rows);
    }
    client_close(&c);
    stop(f);
}

static void use_gives_unqualified_tables_their_keyspace(void **state)
{
    struct fixture *f = start(0);
    struct client c;
    (void)state;
    client_start(&c, f);
    assert_int_equal(query(&c, "use System;", NULL), 0);
    assert_int_equal(result(&c).kind, CQLR_RESULT_SET_KEYSPACE);
    assert_memory_equal(result(&c).u.keyspace.p, "system", 6);
    assert_int_equal(query(&c, "SELECT key FROM local", NULL), 0);
    client_close(&c);
    stop(f);
}

static void the_row_of_local_is_that_of_a_real_server(void **state)
{
    static const char *const want =
        "key text,bootstrapped text,broadcast_address inet,broadcast_port int,cluster_name text,"
        "cql_version text,data_center text,gossip_generation int,host_id uuid,listen_address inet,"
        "listen_port int,native_protocol_version text,partitioner text,rack text,"
        "release_version text,rpc_address inet,rpc_port int,schema_version uuid,tokens set<text>,"
        "truncated_at map<uuid, blob>,";
    struct fixture *f = start(0);
    struct cqlr_value key = text_value("local"), cell[20];
    struct cqlr_wr got;
    struct client c;
    uint8_t id[16];
    size_t bytes = 0;
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    struct cqlr_result m = result(&c);
    assert_int_equal(m.u.prepared.markers.count, 1);
    assert_int_equal(m.u.prepared.pk.count, 1);
    assert_int_equal(m.u.prepared.result.count, 20);
    for (int i = 0; i < 3; i++) { /* made, kept, kept */
        assert_int_equal(execute(&c, id, &key, 1), 0);
        m = result(&c);
        assert_int_equal(m.u.rows.count, 1);
        struct cqlr_columns *col = cqlr_columns_new(&m.u.rows.spec, NULL, &c.err);
        assert_non_null(col);
        cqlr_wr_init(&got, NULL, 0);
        for (uint32_t k = 0; k < col->count; k++) {
            cqlr_wr_raw(&got, col->col[k].name.p, col->col[k].name.n);
            cqlr_wr_u8(&got, ' ');
            cqlr_type_print(&got, col->col[k].type);
            cqlr_wr_u8(&got, ',');
        }
        assert_int_equal(got.n, strlen(want));
        assert_memory_equal(got.p, want, got.n);
        cqlr_wr_fini(&got);
        cqlr_columns_free(col);
        assert_int_equal(cqlr_rows_next(&m.u.rows, cell), 1);
        bytes = 0;
        for (uint32_t k = 0; k < 20; k++) {
            assert_true(cell[k].n > 0);
            bytes += (size_t)cell[k].n;
        }
        assert_in_range(bytes, 6000, 6500);
        assert_memory_equal(cell[0].p, "local", 5);
        assert_int_equal(cqlr_be32(cell[18].p), 256);
    }
    client_close(&c);
    stop(f);
}

static void a_key_is_looked_at_each_time(void **state)
{
    const struct cqlr_value local = text_value("local"), other = text_value("other"),
                            nothing = text_value(""), null = {NULL, CQLR_NULL},
                            unset = {NULL, CQLR_UNSET}, two[] = {local, local};
    struct fixture *f = start(0);
    struct client c;
    uint8_t id[16];
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(execute(&c, id, &local, 1), 0);
        assert_int_equal(row_count(&c), 1);
        assert_int_equal(execute(&c, id, &null, 1), INVALID);
        assert_int_equal(execute(&c, id, &unset, 1), INVALID);
        assert_int_equal(execute(&c, id, &nothing, 1), INVALID);
        assert_int_equal(execute(&c, id, NULL, 0), INVALID);
        assert_int_equal(execute(&c, id, two, 2), INVALID);
        assert_int_equal(execute(&c, id, &other, 1), 0);
        assert_int_equal(row_count(&c), 0);
    }
    client_close(&c);
    stop(f);
}

static void unknown_id_is_unprepared_with_the_id(void **state)
{
    const uint8_t id[16] = "0123456789abcde";
    struct fixture *f = start(0);
    struct client c;
    struct cqlr_error m;
    (void)state;
    client_start(&c, f);
    assert_int_equal(execute(&c, id, NULL, 0), CQLR_SERVER_UNPREPARED);
    struct cqlr_rd r = answer_body(&c);
    assert_int_equal(cqlr_error_read(&r, &m), 0);
    assert_int_equal(m.id.n, 16);
    assert_memory_equal(m.id.p, id, 16);
    client_close(&c);
    stop(f);
}

static void the_statement_not_used_for_longest_is_forgotten(void **state)
{
    const struct cqlr_value key = text_value("local");
    struct fixture *f = start(0);
    struct client c;
    uint8_t first[16], second[16], last[16];
    char cql[600] = MAIN_JOB;
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, cql, first), 0);
    for (int i = 1; i <= 256; i++) {
        size_t n = strlen(cql);
        memcpy(cql + n, " ", 2);
        assert_int_equal(prepare(&c, cql, i == 1 ? second : last), 0);
        assert_int_equal(execute(&c, i < 256 ? first : last, &key, 1), 0); /* keeps it in use */
    }
    assert_int_equal(execute(&c, first, &key, 1), 0);
    assert_int_equal(execute(&c, second, &key, 1), CQLR_SERVER_UNPREPARED);
    client_close(&c);
    stop(f);
}

static void pages_add_up_and_states_are_checked(void **state)
{
    struct fixture *f = start(0);
    struct client c;
    struct cqlr_params p = {.consistency = CQLR_CL_ONE, .flags = CQLR_PARAM_PAGE_SIZE};
    uint8_t page_state[64];
    uint32_t all, sum = 0, pages = 0;
    (void)state;
    client_start(&c, f);
    assert_int_equal(query(&c, ALL_OF, NULL), 0);
    all = row_count(&c);
    p.page_size = 7;
    for (;; pages++) {
        assert_int_equal(query(&c, ALL_OF, &p), 0);
        sum += row_count(&c);
        struct cqlr_value next = result(&c).u.rows.paging_state;
        if (next.n == CQLR_NULL)
            break;
        assert_int_equal(row_count(&c), 7);
        assert_in_range(next.n, 1, sizeof page_state);
        memcpy(page_state, next.p, (size_t)next.n);
        p.paging_state = (struct cqlr_value){page_state, next.n};
        p.flags |= CQLR_PARAM_PAGING_STATE;
    }
    assert_int_equal(sum, all);
    assert_int_equal(pages, (all - 1) / 7);

    assert_int_equal(query(&c, ALL_OF, &p), 0);            /* may be used again */
    assert_int_equal(query(&c, ALL_OF " ", &p), PROTOCOL); /* of another statement */
    p.flags |= CQLR_PARAM_TIMESTAMP; /* stands behind the state, and would complete a short one */
    p.timestamp = INT64_C(7) << 56;
    for (p.paging_state.n--; p.paging_state.n > 0; p.paging_state.n--)
        assert_int_equal(query(&c, ALL_OF, &p), PROTOCOL);
    assert_int_equal(query(&c, ALL_OF, &p), PROTOCOL);
    client_close(&c);
    stop(f);
}

/* ---- the handshake ---- */

static void startup_is_checked(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const old[] = {"CQL_VERSION", "2.0.0", NULL};
    static const char *const lz4[] = {"CQL_VERSION", "3.0.0", "COMPRESSION", "lz4", NULL};
    struct fixture *f = start(0);
    struct client c;
    (void)state;
    client_open(&c, f);
    assert_int_equal(query(&c, "SELECT key FROM system.local", NULL), PROTOCOL);
    assert_int_equal(startup(&c, none), PROTOCOL);
    assert_int_equal(startup(&c, old), PROTOCOL);
    assert_int_equal(startup(&c, lz4), PROTOCOL);
    assert_int_equal(startup(&c, PLAIN), 0);
    assert_int_equal(c.head.opcode, CQLR_OP_READY);
    assert_int_equal(startup(&c, PLAIN), PROTOCOL);
    assert_int_equal(query(&c, "SELECT key FROM system.local", NULL), 0);
    client_close(&c);
    stop(f);
}

static void options_and_register_are_answered(void **state)
{
    struct fixture *f = start(0);
    struct client c;
    struct cqlr_wr w = empty_body();
    struct cqlr_supported m;
    struct cqlr_str key;
    struct cqlr_span values;
    (void)state;
    client_open(&c, f);
    ask(&c, CQLR_OP_OPTIONS, &w);
    struct cqlr_rd r = answer_body(&c);
    assert_int_equal(c.head.opcode, CQLR_OP_SUPPORTED);
    assert_int_equal(cqlr_supported_read(&r, &m), 0);
    assert_int_equal(m.options.count, 3);
    while (cqlr_string_multimap_next(&m.options, &key, &values))
        if (key.n == 11 && memcmp(key.p, "COMPRESSION", 11) == 0)
            assert_int_equal(values.count, 0);
    assert_int_equal(startup(&c, PLAIN), 0);
    for (int known = 1; known >= 0; known--) {
        w = empty_body();
        cqlr_wr_u16(&w, 1);
        cqlr_wr_string(&w, cqlr_cstr(known ? "STATUS_CHANGE" : "NO_SUCH_CHANGE"));
        ask(&c, CQLR_OP_REGISTER, &w);
        assert_int_equal(error_code(&c), known ? 0 : PROTOCOL);
    }
    client_close(&c);
    stop(f);
}

static void another_version_is_refused_in_version_4(void **state)
{
    static const uint8_t versions[] = {3, 5, 6, 66};
    struct fixture *f = start(0);
    (void)state;
    for (size_t i = 0; i < sizeof versions; i++) {
        struct client c;
        struct cqlr_wr w = empty_body();
        client_open(&c, f);
        cqlr_wr_u16(&w, 1);
        cqlr_wr_string(&w, cqlr_cstr("CQL_VERSION"));
        cqlr_wr_string(&w, cqlr_cstr("3.0.0"));
        put_frame(&c, versions[i], CQLR_OP_STARTUP, 0, &w);
        flush(&c);
        assert_true(next_answer(&c));
        assert_int_equal(c.head.version, 4);
        assert_int_equal(error_code(&c), PROTOCOL);
        assert_false(next_answer(&c)); /* and closes */
        cqlr_wr_fini(&w);
        client_close(&c);
    }
    stop(f);
}

/* ---- delays, crowds, and clients that behave badly ---- */

static void put_hot_request(struct client *c, const uint8_t id[16], int16_t stream)
{
    const struct cqlr_value key = text_value("local");
    struct cqlr_wr w = empty_body();
    execute_body(&w, id, &key, 1);
    put_frame(c, 4, CQLR_OP_EXECUTE, stream, &w);
    cqlr_wr_fini(&w);
}

static void delayed_answers_come_in_order_and_not_early(void **state)
{
    const uint64_t delay = 40 * MS;
    struct fixture *f = start(delay);
    struct client c;
    uint8_t id[16];
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    for (int round = 0; round < 2; round++) {
        uint64_t sent_at = cqlr_now();
        for (int16_t i = 1; i <= 1000; i++) {
            put_hot_request(&c, id, i);
            if (i % 100 == 0)
                flush(&c);
        }
        for (int16_t i = 1; i <= 1000; i++) {
            assert_true(next_answer(&c));
            assert_true(cqlr_now() >= sent_at + delay);
            assert_int_equal(c.head.stream, i);
            assert_int_equal(row_count(&c), 1);
        }
    }
    client_close(&c);
    stop(f);
}

static void many_clients_at_a_time(void **state)
{
    struct fixture *f = start(0);
    struct client *c = calloc(CLIENTS, sizeof *c);
    (void)state;
    assert_non_null(c);
    for (int i = 0; i < CLIENTS; i++)
        client_start(&c[i], f);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < CLIENTS; i++)
            assert_int_equal(query(&c[i], "SELECT * FROM system.local", NULL), 0);
    for (int i = 0; i < CLIENTS; i++)
        client_close(&c[i]);
    wait_until_alone(f);
    free(c);
    stop(f);
}

/* Descriptors run out: the stub looks away for a while instead of spinning, and serves who waited later. */
static void without_descriptors_it_waits(void **state)
{
    struct fixture *f = start(0);
    struct rlimit all, few;
    struct client a, b;
    (void)state;
    client_start(&a, f);
    client_open(&b, f);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
    few = (struct rlimit){(rlim_t)b.fd + 1, all.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    turn(f);
    struct pollfd loop = {.fd = cqlr_loop_fd(stub_loop(f->stub)), .events = POLLIN};
    int ready = poll(&loop, 1, 0);
    bool retries = cqlr_loop_deadline(stub_loop(f->stub)) != CQLR_NEVER;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
    assert_int_equal(ready, 0);
    assert_true(retries);
    assert_int_equal(query(&a, "SELECT key FROM system.local", NULL), 0);
    assert_int_equal(startup(&b, PLAIN), 0);
    client_close(&a);
    client_close(&b);
    stop(f);
}

static void who_closes_after_asking_gets_the_answers(void **state)
{
    struct fixture *f = start(0);
    struct client c;
    uint8_t id[16];
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    for (int16_t i = 0; i < 500; i++)
        put_hot_request(&c, id, i);
    flush(&c);
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    for (int16_t i = 0; i < 500; i++)
        assert_true(next_answer(&c));
    assert_false(next_answer(&c));
    client_close(&c);
    stop(f);
}

/* One connection that prepares the hot statement and gets its answer once, so that it is kept. */
static void warm_up(struct fixture *f, uint8_t id[16])
{
    const struct cqlr_value key = text_value("local");
    struct client c;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    assert_int_equal(execute(&c, id, &key, 1), 0);
    client_close(&c);
    wait_until_alone(f);
}

static void abrupt_ends_leave_nothing_behind(void **state)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct fixture *f = start(1 * MS);
    struct client c;
    uint8_t id[16];
    size_t used;
    (void)state;
    warm_up(f, id);
    used = f->memory.used;
    for (int i = 0; i < 60; i++) {
        client_start(&c, f);
        for (int16_t k = 0; k < 50; k++)
            put_hot_request(&c, id, k);
        c.out.n -= (size_t)i; /* in the middle of a frame */
        flush(&c);
        if (i % 2)
            setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (i % 3)
            turn(f);
        client_close(&c);
    }
    wait_until_alone(f);
    assert_in_range(f->memory.used, 0, used + 4096); /* the loop's heap of timers has grown */
    stop(f);
}

/* It waits neither for input nor to send, only for time to pass; that the peer is gone is noticed nevertheless. */
static void a_peer_that_vanishes_is_noticed_while_answers_are_held_back(void **state)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct fixture *f = start(3600 * 1000 * MS);
    struct cqlr_wr w = startup_body(PLAIN);
    struct client c;
    (void)state;
    client_open(&c, f);
    put_frame(&c, 4, CQLR_OP_STARTUP, 0, &w);
    cqlr_wr_fini(&w);
    flush(&c);
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    for (int i = 0; i < 5; i++)
        turn(f);
    assert_int_equal(open_descriptors(), f->alone + 2); /* it is still there */
    setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    client_close(&c);
    wait_until_alone(f);
    stop(f);
}

static void garbage_ends_only_its_own_connection(void **state)
{
    struct fixture *f = start(0);
    struct client good, bad;
    uint64_t seed = 12345;
    uint8_t id[16];
    (void)state;
    warm_up(f, id);
    client_start(&good, f);
    for (int i = 0; i < 600; i++) {
        struct cqlr_wr w = startup_body(PLAIN);
        client_open(&bad, f);
        put_frame(&bad, 4, CQLR_OP_STARTUP, 0, &w);
        cqlr_wr_fini(&w);
        for (int16_t k = 1; k <= 4; k++)
            put_hot_request(&bad, id, k);
        for (int k = 0; k <= i % 8; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bad.out.p[(seed >> 33) % bad.out.n] = (uint8_t)(seed >> 25);
        }
        flush(&bad);
        turn(f);
        turn(f);
        client_close(&bad);
    }
    assert_int_equal(query(&good, "SELECT key FROM system.local", NULL), 0);
    client_close(&good);
    wait_until_alone(f);
    stop(f);
}

/* Sends as much as goes without turning the loop. */
static void push(struct client *c, size_t *sent)
{
    ssize_t n;
    while (*sent < c->out.n &&
           (n = send(c->fd, c->out.p + *sent, c->out.n - *sent, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
        *sent += (size_t)n;
}

static void a_client_that_does_not_read_costs_bounded_memory(void **state)
{
    enum { REQUESTS = 10000 }; /* 64 MB of answers */
    struct fixture *f = start(0);
    struct client c;
    uint8_t id[16];
    size_t sent = 0, used;
    (void)state;
    warm_up(f, id);
    client_start(&c, f);
    for (int i = 0; i < REQUESTS; i++)
        put_hot_request(&c, id, (int16_t)i);
    used = f->memory.used;
    for (int i = 0; i < 50; i++) { /* nobody reads: it stops taking requests at some point */
        push(&c, &sent);
        turn(f);
    }
    for (int i = 0; i < REQUESTS; i++) {
        push(&c, &sent);
        assert_true(next_answer(&c));
        assert_int_equal(c.head.stream, i);
        assert_int_equal(c.head.opcode, CQLR_OP_RESULT);
    }
    assert_in_range(f->memory.peak, 0, used + 2 * 1024 * 1024);
    client_close(&c);
    stop(f);
}

/* ---- stub_run ---- */

static void told_address(void *arg, const char *addr)
{
    snprintf(arg, 64, "%s", addr);
}

/* Child: serves until the pipe is closed; exit status 0 when stub_run said so. */
static _Noreturn void run_child(const char *port_file, int stop_fd)
{
    struct stub_opts o;
    struct cqlr_err err;
    char addr[64] = "";
    stub_opts_init(&o);
    o.port_file = port_file;
    o.stop_fd = stop_fd;
    o.on_listening = told_address;
    o.arg = addr;
    _exit(stub_run(&o, &err) == 0 && strncmp(addr, "127.0.0.1:", 10) == 0 ? 0 : 1);
}

static void run_writes_the_port_and_ends_when_told(void **state)
{
    char folder[] = "/tmp/cqlraw-test-stub.XXXXXX", file[64], text[16] = "";
    int stop_pipe[2], status;
    FILE *in = NULL;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/port", folder);
    assert_int_equal(pipe(stop_pipe), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(stop_pipe[1]);
        run_child(file, stop_pipe[0]);
    }
    close(stop_pipe[0]);
    for (uint64_t end = cqlr_now() + GIVE_UP; !in && cqlr_now() < end; usleep(1000))
        in = fopen(file, "r");
    assert_non_null(in);
    assert_non_null(fgets(text, sizeof text, in));
    fclose(in);
    assert_in_range(strtol(text, NULL, 10), 1, 65535);
    assert_non_null(strchr(text, '\n'));
    close(stop_pipe[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    unlink(file);
    rmdir(folder);
}

static void a_bad_address_is_an_error_with_a_text(void **state)
{
    static const char *const bad[] = {"", "nonsense", "127.0.0.1", "127.0.0.1:x", "192.0.2.1:0"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct stub_opts o;
        struct cqlr_err err = {0};
        stub_opts_init(&o);
        o.listen = bad[i];
        assert_null(stub_new(&o, &err));
        assert_true(err.code < 0);
        assert_true(strlen(err.text) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_are_matched_or_refused),
        cmocka_unit_test(use_gives_unqualified_tables_their_keyspace),
        cmocka_unit_test(the_row_of_local_is_that_of_a_real_server),
        cmocka_unit_test(a_key_is_looked_at_each_time),
        cmocka_unit_test(unknown_id_is_unprepared_with_the_id),
        cmocka_unit_test(the_statement_not_used_for_longest_is_forgotten),
        cmocka_unit_test(pages_add_up_and_states_are_checked),
        cmocka_unit_test(startup_is_checked),
        cmocka_unit_test(options_and_register_are_answered),
        cmocka_unit_test(another_version_is_refused_in_version_4),
        cmocka_unit_test(delayed_answers_come_in_order_and_not_early),
        cmocka_unit_test(many_clients_at_a_time),
        cmocka_unit_test(without_descriptors_it_waits),
        cmocka_unit_test(who_closes_after_asking_gets_the_answers),
        cmocka_unit_test(abrupt_ends_leave_nothing_behind),
        cmocka_unit_test(a_peer_that_vanishes_is_noticed_while_answers_are_held_back),
        cmocka_unit_test(garbage_ends_only_its_own_connection),
        cmocka_unit_test(a_client_that_does_not_read_costs_bounded_memory),
        cmocka_unit_test(run_writes_the_port_and_ends_when_told),
        cmocka_unit_test(a_bad_address_is_an_error_with_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

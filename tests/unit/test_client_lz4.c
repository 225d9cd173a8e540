/*
 * A client with compression: the same rows as without, kept ones too, and on the wire what was
 * agreed on.
 */
#include "tests/unit/client_help.h"
#include "tests/unit/secret_mem.h"
#include "tests/unit/stub_process.h"

enum { COMPRESSED_REQUESTS = 8, PLAIN_REQUESTS, LARGEST_OUT };
enum { ROWS = 2000 };

static cqlr_client *client_of(const char *addr, enum cqlr_compression c, uint32_t compress_from,
                              const struct cqlr_mem *mem)
{
    struct cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    assert_int_equal(o.compress_from, 512);
    o.contact_points = addr;
    o.compression = c;
    o.compress_from = compress_from;
    o.page_size = 100;
    o.username = "ann";
    o.password = SECRET;
    o.client_id = "5a2f0d3c-0000-4000-8000-000000000000";
    o.application_version = "7";
    o.throw_on_overload = o.no_compact = true;
    o.mem = mem;
    cqlr_client *cl = cqlr_client_new(&o);
    assert_non_null(cl);
    return cl;
}

static cqlr_client *connected(cqlr_client *cl)
{
    if (cqlr_sync_connect(cl) < 0)
        fail_msg("%s", cqlr_client_err(cl)->text);
    return cl;
}

static cqlr_client *lz4_to(const char *addr)
{
    return connected(client_of(addr, CQLR_COMPRESSION_LZ4, 512, NULL));
}

/* ---- what STARTUP says ---- */

static int listen_anywhere(char addr[32])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 1) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    snprintf(addr, 32, "127.0.0.1:%u", ntohs(a.sin_port));
    return fd;
}

static void says(struct cqlr_span options, const char *key, const char *value)
{
    struct cqlr_str k, v;
    while (cqlr_string_map_next(&options, &k, &v))
        if (cqlr_str_equal(k, cqlr_cstr(key)) && cqlr_str_equal(v, cqlr_cstr(value)))
            return;
    fail_msg("STARTUP does not say %s %s", key, value);
}

static void on_open(void *arg, int rc)
{
    (void)arg;
    (void)rc;
}

static void every_option_reaches_startup(void **state)
{
    char addr[32];
    uint8_t got[1000];
    struct cqlr_err err;
    struct cqlr_rd r;
    struct cqlr_startup m;
    uint64_t give_up = cqlr_now() + 10000 * MS;
    ssize_t n = -1;
    int fd = listen_anywhere(addr);
    (void)state;
    cqlr_client *cl = client_of(addr, CQLR_COMPRESSION_LZ4, 512, NULL);
    assert_int_equal(cqlr_client_open(cl, on_open, NULL), 0);
    int peer = accept(fd, NULL, NULL);
    while (n < 0 && cqlr_now() < give_up) {
        assert_int_equal(cqlr_client_turn(cl), 0);
        n = recv(peer, got, sizeof got, MSG_DONTWAIT);
    }
    assert_true(n > CQLR_FRAME_HEADER);
    cqlr_rd_init(&r, got + CQLR_FRAME_HEADER, (size_t)n - CQLR_FRAME_HEADER, &err);
    assert_int_equal(cqlr_startup_read(&r, &m), 0);
    says(m.options, "COMPRESSION", "lz4");
    says(m.options, "CLIENT_ID", "5a2f0d3c-0000-4000-8000-000000000000");
    says(m.options, "APPLICATION_VERSION", "7");
    says(m.options, "THROW_ON_OVERLOAD", "1");
    says(m.options, "NO_COMPACT", "true");
    cqlr_client_free(cl);
    close(peer);
    close(fd);
}

/* ---- on a server that says what it saw ---- */

/* Grants compression at the first request; ROWS rows for each. */
static void many_rows(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    const uint8_t *p;
    shared[ev->flags & CQLR_FLAG_COMPRESSED ? COMPRESSED_REQUESTS : PLAIN_REQUESTS]++;
    if (cqlr_link_compress(l, CQLR_COMPRESSION_LZ4))
        _exit(5);
    answer_rows(l, ev, 7, ROWS, NULL);
    size_t n = cqlr_link_out(l, &p);
    if (n > shared[LARGEST_OUT])
        shared[LARGEST_OUT] = (unsigned)n;
}

static void rows_are_there(cqlr_reply *r)
{
    struct cqlr_row row;
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(cqlr_reply_next(r, &row), 1);
        assert_int_equal(cqlr_row_int(&row, 0), 7 + i);
    }
    assert_int_equal(cqlr_reply_next(r, &row), 0);
}

static void kept_replies_stay_while_others_come_compressed(void **state)
{
    struct scripted_server s = scripted_server_start(many_rows);
    static char cql[3000];
    cqlr_reply *r[20];
    (void)state;
    memset(cql, ' ', sizeof cql - 1);
    cqlr_client *cl = lz4_to(s.addr);
    for (int i = 0; i < 20; i++) {
        r[i] = cqlr_sync_query(cl, cqlr_cstr(cql), NULL);
        assert_non_null(r[i]);
        assert_int_equal(cqlr_reply_rc(r[i]), 0);
    }
    for (int i = 0; i < 20; i++) {
        rows_are_there(r[i]);
        cqlr_reply_free(r[i]);
    }
    assert_int_equal(s.shared[PLAIN_REQUESTS], 1); /* until the server had shown that it can */
    assert_int_equal(s.shared[COMPRESSED_REQUESTS], 19);
    assert_true(s.shared[LARGEST_OUT] < ROWS * 8);
    cqlr_client_free(cl);
    scripted_server_stop(&s);
}

static void short_requests_stay_plain(void **state)
{
    struct scripted_server s = scripted_server_start(many_rows);
    static char cql[3000];
    (void)state;
    memset(cql, ' ', sizeof cql - 1);
    cqlr_client *cl = connected(client_of(s.addr, CQLR_COMPRESSION_LZ4, sizeof cql * 2, NULL));
    for (int i = 0; i < 3; i++)
        cqlr_reply_free(cqlr_sync_query(cl, cqlr_cstr(cql), NULL));
    assert_int_equal(s.shared[PLAIN_REQUESTS], 3);
    assert_int_equal(s.shared[COMPRESSED_REQUESTS], 0);
    cqlr_client_free(cl);
    scripted_server_stop(&s);
}

/* A frame that says it is compressed and is not. */
static void broken_body(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    const uint8_t *p;
    (void)shared;
    if (cqlr_link_compress(l, CQLR_COMPRESSION_LZ4))
        _exit(5);
    answer_rows(l, ev, 0, ROWS, NULL);
    cqlr_link_out(l, &p);
    cqlr_put32((uint8_t *)(uintptr_t)p + CQLR_FRAME_HEADER, 0x7FFFFFF0);
}

static void a_body_that_lies_loses_the_connection_with_its_reason(void **state)
{
    struct scripted_server s = scripted_server_start(broken_body);
    (void)state;
    cqlr_client *cl = lz4_to(s.addr);
    assert_null(cqlr_sync_query(cl, cqlr_cstr("SELECT"), NULL));
    assert_int_equal(cqlr_client_err(cl)->code, CQLR_E_PROTO);
    assert_non_null(strstr(cqlr_client_err(cl)->text, "2147483632 plain bytes announced"));
    assert_non_null(strstr(cqlr_client_err(cl)->text, s.addr));
    cqlr_client_free(cl);
    scripted_server_stop(&s);
}

/* ---- on the stub ---- */

/* All cells of a table in many pages. */
static struct cqlr_wr table(cqlr_client *cl)
{
    struct cqlr_wr w;
    struct cqlr_row row;
    int rc;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr("SELECT * FROM system_schema.columns"), NULL);
    assert_non_null(r);
    while ((rc = cqlr_reply_next(r, &row)) == 1)
        for (uint32_t i = 0; i < row.columns->count; i++)
            cqlr_wr_value(&w, row.cell[i]);
    assert_int_equal(rc, 0);
    cqlr_reply_free(r);
    return w;
}

static void pages_are_the_same_with_and_without(void **state)
{
    struct stub_opts o;
    struct secret_mem mem;
    (void)state;
    secret_mem_init(&mem);
    stub_opts_init(&o);
    o.auth = "ann:" SECRET;
    struct stub_process s = stub_process_start(o);
    cqlr_client *plain = connected(client_of(s.addr, CQLR_COMPRESSION_NONE, 512, NULL));
    cqlr_client *lz4 = connected(client_of(s.addr, CQLR_COMPRESSION_LZ4, 100, &mem.mem));
    struct cqlr_wr a = table(plain), b = table(lz4);
    assert_true(a.n > 5000);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    cqlr_wr_fini(&a);
    cqlr_wr_fini(&b);
    cqlr_client_free(plain);
    cqlr_client_free(lz4);
    assert_int_equal(mem.leaks, 0);
    stub_process_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_reaches_startup),
        cmocka_unit_test(kept_replies_stay_while_others_come_compressed),
        cmocka_unit_test(short_requests_stay_plain),
        cmocka_unit_test(a_body_that_lies_loses_the_connection_with_its_reason),
        cmocka_unit_test(pages_are_the_same_with_and_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

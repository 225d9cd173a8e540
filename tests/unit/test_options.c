/*
 * test_options.c - `options` on a server with peers: the tables of Cassandra 4.0 and those before,
 * IPv6, and texts that would command a terminal.
 */
#include <fcntl.h>

#include "tests/unit/client_help.h"
#include "tools/cqlraw/args/args.h"

static const struct command command = {.name = "options", .bit = CMD_OPTIONS};

/* ---- the server ---- */

enum { OLD, FORBIDDEN };

static const struct cqlr_type text_type = {.id = CQLR_TYPE_VARCHAR};
static const struct cqlr_type uuid_type = {.id = CQLR_TYPE_UUID};
static const struct cqlr_type inet_type = {.id = CQLR_TYPE_INET};
static const struct cqlr_type tokens_type = {.id = CQLR_TYPE_SET, .count = 1, .sub = &text_type};

#define COLUMN(t, n)                                                                               \
    {                                                                                              \
        .keyspace = {"system", 6}, .table = {"x", 1}, .name = {n, sizeof n - 1}, .type = &(t)      \
    }
static const struct cqlr_column local_columns[] = {
    COLUMN(text_type, "release_version"), COLUMN(text_type, "rack"), COLUMN(tokens_type, "tokens")};
static const struct cqlr_column peer_columns[] = {
    COLUMN(inet_type, "native_address"), COLUMN(text_type, "data_center"),
    COLUMN(text_type, "rack"),           COLUMN(text_type, "release_version"),
    COLUMN(uuid_type, "host_id"),        COLUMN(tokens_type, "tokens"),
    COLUMN(int_type, "native_port")};

static void answer_local(struct cqlr_wr *w)
{
    rows(w, local_columns, 3, 1);
    put(w, "5.0", 3);
    put(w, "r\x1b[2J", 5); /* which would clear a terminal */
    put(w, "\0\0\0\2\0\0\0\1a\0\0\0\1b", 14);
}

static void answer_peers(struct cqlr_wr *w, bool old)
{
    static const uint8_t v6[16] = {[0] = 0xfe, [1] = 0x80, [15] = 1};
    rows(w, peer_columns, old ? 6 : 7, 2);
    for (int i = 0; i < 2; i++) {
        put(w, i ? v6 : (const void *)"\x0a\0\0\2", i ? 16 : 4);
        put(w, "dc1", 3);
        put(w, NULL, CQLR_NULL);
        put(w, "4.1", 3);
        put(w, "0123456789abcdef", 16);
        put(w, "\0\0\0\1\0\0\0\1a", 9);
        if (!old)
            put(w, "\0\0\x23\x52", 4);
    }
}

static bool has(struct cqlr_str s, const char *part)
{
    return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

static void answer(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    struct cqlr_err err;
    struct cqlr_query m;
    struct cqlr_rd r;
    if (ev->opcode == CQLR_OP_OPTIONS) {
        cqlr_wr_raw(cqlr_link_begin(l), "\0\1\0\1K\0\2\0\1x\0\1y", 13);
        respond(l, CQLR_OP_SUPPORTED, ev);
        return;
    }
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (ev->opcode != CQLR_OP_QUERY || cqlr_query_read(&r, &m) < 0)
        _exit(4);
    if (has(m.cql, "system.peers_v2") && (shared[OLD] || shared[FORBIDDEN])) {
        answer_error(l, ev, shared[OLD] ? CQLR_SERVER_INVALID : CQLR_SERVER_UNAUTHORIZED);
        return;
    }
    struct cqlr_wr *w = cqlr_link_begin(l);
    if (has(m.cql, "system.local"))
        answer_local(w);
    else
        answer_peers(w, shared[OLD]);
    respond(l, CQLR_OP_RESULT, ev);
}

/* ---- the program ---- */

static char out[4096];

static int run(unsigned counter, bool json)
{
    char name[] = "/tmp/cqlraw-options-XXXXXX";
    struct scripted_server s = scripted_server_start(answer);
    struct args a = {.command = &command};
    int file = mkstemp(name), saved = dup(STDOUT_FILENO);
    assert_true(file >= 0 && saved >= 0);
    unlink(name);
    assert_int_equal(dup2(file, STDOUT_FILENO), STDOUT_FILENO);
    s.shared[counter] = 1;
    a.v[OPT_HOST].text = s.addr;
    a.v[OPT_JSON].given = json;
    a.v[OPT_TIMEOUT].n = a.v[OPT_CONNECT_TIMEOUT].n = 5000 * MS;
    int code = cmd_options(&a);
    ssize_t n = pread(file, out, sizeof out - 1, 0);
    out[n < 0 ? 0 : n] = '\0';
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(file);
    scripted_server_stop(&s);
    return code;
}

static void is(const char *want)
{
    const char *behind = strchr(out, '\n'); /* the first line has the port */
    if (!behind || strcmp(behind + 1, want) != 0)
        fail_msg("%s", out);
}

#define ID "30313233-3435-3637-3839-616263646566"

static void peers_are_a_table(void **state)
{
    (void)state;
    assert_int_equal(run(15, false), 0);
    is("release_version           5.0\n"
       "rack                      r\\x1b[2J\n"
       "tokens                    2\n"
       "K                         x, y\n"
       "peers\n\n"
       " address        | data_center | rack | release_version | host_id                           "
       "   "
       "| tokens\n"
       "----------------+-------------+------+-----------------+-----------------------------------"
       "---"
       "+--------\n"
       "  10.0.0.2:9042 |         dc1 | null |             4.1 | " ID " |      1\n"
       " [fe80::1]:9042 |         dc1 | null |             4.1 | " ID " |      1\n");
}

static void servers_before_cassandra_4_have_another_table(void **state)
{
    (void)state;
    assert_int_equal(run(OLD, false), 0);
    assert_non_null(strstr(out, "\n 10.0.0.2 |"));
    assert_non_null(strstr(out, "\n  fe80::1 |"));
}

static void any_other_error_is_one(void **state)
{
    (void)state;
    assert_int_equal(run(FORBIDDEN, false), EXIT_ABORTED);
    assert_string_equal(out, "");
}

static void json_has_the_same(void **state)
{
    static const char want[] =
        "\"release_version\":\"5.0\",\"rack\":\"r\\u001b[2J\",\"tokens\":2,"
        "\"supported\":{\"K\":[\"x\",\"y\"]},\"peers\":["
        "{\"address\":\"10.0.0.2:9042\",\"data_center\":\"dc1\",\"rack\":null,"
        "\"release_version\":\"4.1\",\"host_id\":\"" ID "\",\"tokens\":1},"
        "{\"address\":\"[fe80::1]:9042\",\"data_center\":\"dc1\",\"rack\":null,"
        "\"release_version\":\"4.1\",\"host_id\":\"" ID "\",\"tokens\":1}]}\n";
    (void)state;
    assert_int_equal(run(15, true), 0);
    if (!strstr(out, want))
        fail_msg("%s", out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers_are_a_table),
        cmocka_unit_test(servers_before_cassandra_4_have_another_table),
        cmocka_unit_test(any_other_error_is_one),
        cmocka_unit_test(json_has_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

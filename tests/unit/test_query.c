/*
 * test_query.c - `query` on a server of the test's own making: warnings and traces of every page,
 * and what is shown when a later page fails.
 */
#include <fcntl.h>

#include "tests/unit/client_help.h"
#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/query/query_rows.h"

static const struct command command = {.name = "query", .bit = CMD_QUERY};

/* ---- the server ---- */

enum { QUERIES, TRACED, SESSIONS, FAIL_AT, INCOMPLETE };

static const struct cqlr_type text_type = {.id = CQLR_TYPE_VARCHAR};
static const struct cqlr_type uuid_type = {.id = CQLR_TYPE_TIMEUUID};
static const struct cqlr_type inet_type = {.id = CQLR_TYPE_INET};
static const struct cqlr_type time_type = {.id = CQLR_TYPE_TIMESTAMP};

#define COLUMN(t, n)                                                                               \
    {                                                                                              \
        .keyspace = {"system_traces", 13}, .table = {"x", 1}, .name = {n, sizeof n - 1},           \
        .type = &(t)                                                                               \
    }
static const struct cqlr_column session_columns[] = {
    COLUMN(text_type, "request"), COLUMN(time_type, "started_at"), COLUMN(inet_type, "coordinator"),
    COLUMN(int_type, "duration"), COLUMN(inet_type, "client")};
static const struct cqlr_column event_columns[] = {
    COLUMN(text_type, "activity"), COLUMN(text_type, "thread"), COLUMN(uuid_type, "event_id"),
    COLUMN(inet_type, "source"), COLUMN(int_type, "source_elapsed")};

/* At first it is not there, then without its duration, then whole. */
static void answer_session(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    static const uint8_t started[] = {0, 0, 0x1, 0x8c, 0xc2, 0x51, 0xf4, 0}; /* 2024-01-01 */
    struct cqlr_wr *w = cqlr_link_begin(l);
    unsigned times = shared[SESSIONS]++;
    rows(w, session_columns, 5, times > 0);
    if (times > 0) {
        bool whole = times > 1 && !shared[INCOMPLETE];
        put(w, "Execute CQL3 query", 18);
        put(w, started, 8);
        put(w, "\x7f\0\0\1", 4);
        put(w, "\0\0\1\x2c", whole ? 4 : CQLR_NULL);
        put(w, "\x7f\0\0\2", 4);
    }
    respond(l, CQLR_OP_RESULT, ev);
}

static void answer_events(cqlr_link *l, const struct cqlr_event *ev)
{
    /* 2024-01-01T00:00:00.000001Z as a version 1 UUID */
    static const uint8_t id[16] = {0xb4, 0xcc, 0x80, 0x0a, 0xa8, 0x38, 0x11, 0xee, 0x80};
    struct cqlr_wr *w = cqlr_link_begin(l);
    rows(w, event_columns, 5, 1);
    put(w, "Parsing \x1b[31m", 13); /* which would colour a terminal */
    put(w, "Native-1", 8);
    put(w, id, 16);
    put(w, "\x7f\0\0\1", 4);
    put(w, "\0\0\0\x2a", 4);
    respond(l, CQLR_OP_RESULT, ev);
}

/* Three pages of two rows, each with a warning, and a trace when asked for one. */
static void answer_page(cqlr_link *l, const struct cqlr_event *ev, const struct cqlr_params *p,
                        volatile unsigned *shared)
{
    unsigned page = p->paging_state.n > 0 ? (unsigned)(p->paging_state.p[0] - '0') : 0;
    bool traced = ev->flags & CQLR_FLAG_TRACING;
    uint8_t flags = (uint8_t)(CQLR_FLAG_WARNING | (traced ? CQLR_FLAG_TRACING : 0));
    char next[2] = {(char)('1' + page), 0};
    const struct cqlr_value state = {(const uint8_t *)next, page < 2 ? 1 : CQLR_NULL};
    struct cqlr_prefix prefix = {.has_trace = traced, .trace = {(uint8_t)page}};
    struct cqlr_wr warning, *w;
    shared[TRACED] += traced;
    if (shared[FAIL_AT] && page == shared[FAIL_AT]) {
        answer_error(l, ev, CQLR_SERVER_READ_TIMEOUT);
        return;
    }
    cqlr_wr_init(&warning, NULL, 0);
    cqlr_wr_string(&warning, page == 0   ? cqlr_cstr("one")
                             : page == 1 ? cqlr_cstr("two")
                                         : cqlr_cstr("three"));
    prefix.warnings = (struct cqlr_span){1, warning.p, warning.n};
    w = cqlr_link_begin(l);
    if (cqlr_prefix_write(w, flags, true, &prefix) < 0 ||
        cqlr_rows_write(w, &key_column, 1, 0, state, 2) < 0)
        _exit(3);
    for (unsigned i = 0; i < 2; i++) {
        cqlr_wr_i32(w, 4);
        cqlr_wr_i32(w, (int32_t)(page * 2 + i));
    }
    if (cqlr_link_respond(l, CQLR_OP_RESULT, flags, ev->stream) < 0)
        _exit(3);
    cqlr_wr_fini(&warning);
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
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (ev->opcode != CQLR_OP_QUERY || cqlr_query_read(&r, &m) < 0)
        _exit(4);
    if (has(m.cql, "system_traces.sessions"))
        answer_session(l, ev, shared);
    else if (has(m.cql, "system_traces.events"))
        answer_events(l, ev);
    else
        answer_page(l, ev, &m.params, shared);
}

/* ---- the program ---- */

struct outcome {
    int code;
    char out[4096], err[4096];
};

static int to_file(int fd)
{
    char name[] = "/tmp/cqlraw-query-XXXXXX";
    int file = mkstemp(name), saved = dup(fd);
    assert_true(file >= 0 && saved >= 0);
    unlink(name);
    assert_int_equal(dup2(file, fd), fd);
    close(file);
    return saved;
}

/* What was written to fd, which is as before then. */
static void from_file(int fd, int saved, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    assert_int_equal(dup2(saved, fd), fd);
    close(saved);
}

static struct outcome run(const struct scripted_server *server, const char *format, bool trace)
{
    const char *rest[] = {"SELECT k FROM ks.t"};
    struct args a = {.command = &command, .rest = rest, .rest_n = 1};
    struct outcome o;
    a.v[OPT_HOST].text = server->addr;
    a.v[OPT_FORMAT].text = format;
    a.v[OPT_TRACE].given = trace;
    a.v[OPT_TIMEOUT].n = a.v[OPT_CONNECT_TIMEOUT].n = 5000 * MS;
    int out = to_file(STDOUT_FILENO), err = to_file(STDERR_FILENO);
    o.code = cmd_query(&a);
    from_file(STDOUT_FILENO, out, o.out, sizeof o.out);
    from_file(STDERR_FILENO, err, o.err, sizeof o.err);
    return o;
}

#define WARNINGS                                                                                   \
    "cqlraw query: warning: one\ncqlraw query: warning: two\ncqlraw query: warning: three\n"

static void warnings_of_every_page_are_told(void **state)
{
    struct scripted_server s = scripted_server_start(answer);
    struct outcome o = run(&s, "csv", false);
    (void)state;
    scripted_server_stop(&s);
    assert_int_equal(o.code, 0);
    assert_string_equal(o.out, "k\n0\n1\n2\n3\n4\n5\n");
    assert_string_equal(o.err, WARNINGS);
}

static void json_of_several_pages_is_one_array(void **state)
{
    struct scripted_server s = scripted_server_start(answer);
    struct outcome o = run(&s, "json", false);
    (void)state;
    scripted_server_stop(&s);
    assert_string_equal(
        o.out, "[\n{\"k\":0},\n{\"k\":1},\n{\"k\":2},\n{\"k\":3},\n{\"k\":4},\n{\"k\":5}\n]\n");
}

static void rows_before_a_page_that_fails_are_shown(void **state)
{
    static const char *const formats[] = {"table", "csv", "json"};
    static const char *const want[] = {" k\n---\n 0\n 1\n 2\n 3\n", "k\n0\n1\n2\n3\n",
                                       "[\n{\"k\":0},\n{\"k\":1},\n{\"k\":2},\n{\"k\":3}"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct scripted_server s = scripted_server_start(answer);
        s.shared[FAIL_AT] = 2;
        struct outcome o = run(&s, formats[i], false);
        scripted_server_stop(&s);
        assert_int_equal(o.code, EXIT_ABORTED);
        assert_string_equal(o.out, want[i]);
        assert_non_null(strstr(o.err, "cqlraw query: Read timeout (0x1200)"));
    }
}

static void a_trace_is_shown_when_it_is_complete(void **state)
{
    static const char want[] =
        "\n(6 rows)\n\nTracing session: 00000000-0000-0000-0000-000000000000\n\n"
        " activity                    | timestamp                  | source    | source_elapsed | "
        "client\n"
        "-----------------------------+----------------------------+-----------+----------------+--"
        "---------\n"
        "          Execute CQL3 query | 2024-01-01 00:00:00.000000 | 127.0.0.1 |              0 | "
        "127.0.0.2\n"
        " Parsing \\x1b[31m [Native-1] | 2024-01-01 00:00:00.000001 | 127.0.0.1 |             42 | "
        "127.0.0.2\n"
        "            Request complete | 2024-01-01 00:00:00.000300 | 127.0.0.1 |            300 | "
        "127.0.0.2\n"
        "\nTracing session: 01000000-";
    struct scripted_server s = scripted_server_start(answer);
    struct outcome o = run(&s, "table", true);
    (void)state;
    assert_int_equal(s.shared[TRACED], 3);
    scripted_server_stop(&s);
    assert_int_equal(o.code, 0);
    assert_string_equal(o.err, WARNINGS);
    if (!strstr(o.out, want) || !strstr(o.out, "Tracing session: 02000000-"))
        fail_msg("%s", o.out);
}

static void a_trace_does_not_mix_with_rows_for_programs(void **state)
{
    struct scripted_server s = scripted_server_start(answer);
    struct outcome o = run(&s, "csv", true);
    (void)state;
    scripted_server_stop(&s);
    assert_string_equal(o.out, "k\n0\n1\n2\n3\n4\n5\n");
    assert_non_null(strstr(o.err, "Tracing session: 00000000-"));
}

static void a_trace_that_stays_incomplete_is_shown_with_a_warning(void **state)
{
    struct scripted_server s = scripted_server_start(answer);
    s.shared[INCOMPLETE] = 1;
    struct outcome o = run(&s, "table", true);
    (void)state;
    scripted_server_stop(&s);
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(o.out, "Parsing"));
    assert_null(strstr(o.out, "Request complete"));
    assert_null(strstr(o.out, "Tracing session: 01000000-")); /* 2 s are enough */
    assert_non_null(strstr(o.err, "warning: the trace 00000000-0000-0000-0000-000000000000 was not "
                                  "complete after 2 s\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warnings_of_every_page_are_told),
        cmocka_unit_test(json_of_several_pages_is_one_array),
        cmocka_unit_test(rows_before_a_page_that_fails_are_shown),
        cmocka_unit_test(a_trace_is_shown_when_it_is_complete),
        cmocka_unit_test(a_trace_does_not_mix_with_rows_for_programs),
        cmocka_unit_test(a_trace_that_stays_incomplete_is_shown_with_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A recording → the answers of a stub: which request gets which. */
#include "tests/unit/stub_help.h"

#include <sys/stat.h>

#include "tools/capture/pcap_write.h"
#include "tools/stub/recording.h"

/* A recording is made packet by packet, then a stub replays it to clients. */
struct recorded {
    struct fixture f; /* first: the clients know it as theirs */
    char path[64];
    struct pcap_file file;
    struct pcap_connection c;
    uint8_t *bytes;
    struct cqlr_err err;
    char note[CQLR_ERR_TEXT];
};

static int setup(void **state)
{
    struct recorded *r = calloc(1, sizeof *r);
    struct cqlr_err err;
    assert_non_null(r);
    snprintf(r->path, sizeof r->path, "/tmp/test_stub_replay.XXXXXX");
    int fd = mkstemp(r->path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(pcap_create(&r->file, r->path, true, 9042, &err), 0);
    assert_int_equal(pcap_connect(&r->file, &r->c, 0, &err), 0);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct recorded *r = *state;
    struct cqlr_err err;
    stub_free(r->f.stub);
    assert_int_equal(r->f.memory.used, 0);
    pcap_close(&r->file, &err);
    unlink(r->path);
    free(r->bytes);
    free(r);
    return 0;
}

static void record(struct recorded *r, bool from_server, const void *p, size_t n)
{
    struct cqlr_err err;
    assert_int_equal(pcap_data(&r->file, &r->c, from_server, p, n, 0, &err), 0);
}

/* A frame of either side. */
static void frame(struct recorded *r, bool from_server, uint8_t opcode, int16_t stream,
                  const void *body, size_t n)
{
    uint8_t b[512];
    const struct cqlr_frame f = {from_server, 4, 0, stream, opcode, (uint32_t)n};
    assert_true(CQLR_FRAME_HEADER + n <= sizeof b);
    cqlr_frame_write(b, &f);
    memcpy(b + CQLR_FRAME_HEADER, body, n);
    record(r, from_server, b, CQLR_FRAME_HEADER + n);
}

static void asked(struct recorded *r, uint8_t opcode, int16_t stream, const char *body)
{
    frame(r, false, opcode, stream, body, strlen(body));
}

static void answered(struct recorded *r, uint8_t opcode, int16_t stream, const char *body)
{
    frame(r, true, opcode, stream, body, strlen(body));
}

static void asked_to_start(struct recorded *r, const char *const *option)
{
    struct cqlr_wr w = startup_body(option);
    frame(r, false, CQLR_OP_STARTUP, 0, w.p, w.n);
    cqlr_wr_fini(&w);
}

static void hear_note(void *arg, const char *text)
{
    struct recorded *r = arg;
    snprintf(r->note, sizeof r->note, "%s", text);
}

/* What has been recorded so far, in r->bytes. */
static size_t load(struct recorded *r)
{
    struct stat st;
    FILE *in = fopen(r->path, "rb");
    assert_non_null(in);
    assert_int_equal(fstat(fileno(in), &st), 0);
    r->bytes = malloc((size_t)st.st_size);
    assert_non_null(r->bytes);
    assert_int_equal(fread(r->bytes, 1, (size_t)st.st_size, in), st.st_size);
    fclose(in);
    return (size_t)st.st_size;
}

/* 0, or why the recording is refused. */
static int replay(struct recorded *r)
{
    struct stub_opts o;
    size_t n = load(r);
    stub_opts_init(&o);
    r->f.mem = (struct cqlr_mem){count_resize, &r->f.memory};
    o.mem = &r->f.mem;
    o.replay = (struct cqlr_bytes){r->bytes, n};
    o.on_note = hear_note;
    o.arg = r;
    r->f.stub = stub_new(&o, &r->err);
    free(r->bytes); /* the stub has what it needs */
    r->bytes = NULL;
    return r->f.stub ? 0 : r->err.code;
}

static void started(struct recorded *r, struct client *c)
{
    assert_int_equal(replay(r), 0);
    client_open(c, &r->f);
}

/* Sends the frame on a stream of the client's and reads the answer. */
static void send_one(struct client *c, uint8_t opcode, int16_t stream, const char *body)
{
    struct cqlr_wr w = empty_body();
    cqlr_wr_raw(&w, body, strlen(body));
    put_frame(c, 4, opcode, stream, &w);
    cqlr_wr_fini(&w);
    flush(c);
    assert_true(next_answer(c));
}

static void body_is(struct client *c, uint8_t opcode, int16_t stream, const char *body)
{
    assert_int_equal(c->head.opcode, opcode);
    assert_int_equal(c->head.stream, stream);
    assert_int_equal(c->head.length, strlen(body));
    assert_memory_equal(c->in.p + CQLR_FRAME_HEADER, body, strlen(body));
}

static void receives(struct client *c, uint8_t opcode, const char *request, const char *answer)
{
    send_one(c, opcode, 77, request);
    body_is(c, CQLR_OP_RESULT, 77, answer);
}

static void unknown(struct client *c, uint8_t opcode, const char *request, const char *message)
{
    struct cqlr_error m;
    send_one(c, opcode, 5, request);
    assert_int_equal(c->head.opcode, CQLR_OP_ERROR);
    assert_int_equal(c->head.stream, 5);
    struct cqlr_rd r = answer_body(c);
    assert_int_equal(cqlr_error_read(&r, &m), 0);
    assert_int_equal(m.code, CQLR_SERVER_SERVER_ERROR);
    assert_true(cqlr_str_equal(m.message, cqlr_cstr(message)));
}

static void a_request_gets_its_answer_on_its_stream(void **state)
{
    struct recorded *r = *state;
    struct client c;
    asked(r, CQLR_OP_QUERY, 1, "q");
    asked(r, CQLR_OP_EXECUTE, 2, "q"); /* answered out of order */
    answered(r, CQLR_OP_RESULT, 2, "executed");
    answered(r, CQLR_OP_RESULT, 1, "queried");
    started(r, &c);
    receives(&c, CQLR_OP_QUERY, "q", "queried");
    receives(&c, CQLR_OP_EXECUTE, "q", "executed");
    assert_string_equal(r->note, "");
    client_close(&c);
}

static void what_is_not_in_it_is_told(void **state)
{
    struct recorded *r = *state;
    struct client c;
    asked(r, CQLR_OP_QUERY, 1, "q");
    answered(r, CQLR_OP_RESULT, 1, "!");
    started(r, &c);
    unknown(&c, CQLR_OP_QUERY, "Q", "not in the recording: QUERY");
    unknown(&c, CQLR_OP_QUERY, "", "not in the recording: QUERY");
    unknown(&c, CQLR_OP_PREPARE, "q", "not in the recording: PREPARE");
    unknown(&c, 0x55, "q", "not in the recording: opcode 0x55");
    receives(&c, CQLR_OP_QUERY, "q", "!");
    client_close(&c);
}

static void flags_count(void **state)
{
    struct recorded *r = *state;
    struct client c;
    const uint8_t traced[] = {4, CQLR_FLAG_TRACING, 0, 9, CQLR_OP_QUERY, 0, 0, 0, 1, 'q'};
    record(r, false, traced, sizeof traced);
    answered(r, CQLR_OP_RESULT, 9, "traced");
    started(r, &c);
    unknown(&c, CQLR_OP_QUERY, "q", "not in the recording: QUERY");
    cqlr_wr_raw(&c.out, traced, sizeof traced);
    flush(&c);
    assert_true(next_answer(&c));
    body_is(&c, CQLR_OP_RESULT, 9, "traced");
    client_close(&c);
}

static void the_kth_time_gets_the_kth_answer(void **state)
{
    struct recorded *r = *state;
    struct client c, d;
    const char *const answer[] = {"one", "two", "three"};
    for (int i = 0; i < 3; i++) {
        asked(r, CQLR_OP_QUERY, 1, "q");
        answered(r, CQLR_OP_RESULT, 1, answer[i]);
    }
    started(r, &c);
    client_open(&d, &r->f);
    receives(&c, CQLR_OP_QUERY, "q", "one");
    receives(&d, CQLR_OP_QUERY, "q", "two"); /* whoever asks */
    receives(&c, CQLR_OP_QUERY, "q", "three");
    receives(&c, CQLR_OP_QUERY, "q", "three");
    client_close(&c);
    client_close(&d);
}

static void without_an_answer_it_is_as_if_not_there(void **state)
{
    struct recorded *r = *state;
    struct client c;
    asked(r, CQLR_OP_QUERY, 1, "lost");
    asked(r, CQLR_OP_QUERY, 2, "q");
    asked(r, CQLR_OP_QUERY, 3, "q");
    answered(r, CQLR_OP_RESULT, 3, "second");
    started(r, &c);
    unknown(&c, CQLR_OP_QUERY, "lost", "not in the recording: QUERY");
    receives(&c, CQLR_OP_QUERY, "q", "second");
    client_close(&c);
}

static void a_startup_is_known_by_its_compression(void **state)
{
    struct recorded *r = *state;
    struct client c;
    const char *const old[] = {"CQL_VERSION", "3.0.0", "DRIVER_VERSION", "1", NULL};
    const char *const now[] = {"DRIVER_VERSION", "2", "CQL_VERSION", "3.0.0", NULL};
    const char *const lz4[] = {"CQL_VERSION", "3.0.0", "COMPRESSION", "lz4", NULL};
    const char *const snappy[] = {"COMPRESSION", "snappy", "CQL_VERSION", "3.0.0", NULL};
    asked_to_start(r, old);
    answered(r, CQLR_OP_READY, 0, "");
    asked_to_start(r, lz4);
    answered(r, CQLR_OP_AUTHENTICATE, 0, "\0\1x");
    started(r, &c);
    assert_int_equal(startup(&c, now), 0);
    assert_int_equal(c.head.opcode, CQLR_OP_READY);
    (void)startup(&c, lz4);
    assert_int_equal(c.head.opcode, CQLR_OP_AUTHENTICATE);
    (void)startup(&c, snappy);
    assert_int_equal(c.head.opcode, CQLR_OP_ERROR);
    client_close(&c);
}

static void events_follow_the_answer_to_register(void **state)
{
    struct recorded *r = *state;
    struct client c;
    answered(r, CQLR_OP_EVENT, -1, "before"); /* nobody asked for it */
    asked(r, CQLR_OP_REGISTER, 4, "events");
    answered(r, CQLR_OP_READY, 4, "");
    asked(r, CQLR_OP_QUERY, 1, "q");
    answered(r, CQLR_OP_EVENT, -1, "first");
    answered(r, CQLR_OP_RESULT, 1, "!");
    answered(r, CQLR_OP_EVENT, -1, "second");
    started(r, &c);
    send_one(&c, CQLR_OP_REGISTER, 8, "events");
    body_is(&c, CQLR_OP_READY, 8, "");
    assert_true(next_answer(&c));
    body_is(&c, CQLR_OP_EVENT, -1, "first");
    assert_true(next_answer(&c));
    body_is(&c, CQLR_OP_EVENT, -1, "second");
    receives(&c, CQLR_OP_QUERY, "q", "!");
    client_close(&c);
}

static void frames_come_in_any_pieces(void **state)
{
    struct recorded *r = *state;
    struct client c;
    const uint8_t q[] = {4, 0, 0, 1, CQLR_OP_QUERY, 0, 0, 0, 1, 'q'};
    const uint8_t a[] = {0x84, 0, 0, 1, CQLR_OP_RESULT, 0, 0, 0, 1, '!'};
    for (size_t i = 0; i < sizeof q; i++)
        record(r, false, q + i, 1);
    for (size_t i = 0; i < sizeof a; i++)
        record(r, true, a + i, 1);
    started(r, &c);
    for (size_t i = 0; i < sizeof q; i++) {
        cqlr_wr_raw(&c.out, q + i, 1);
        flush(&c);
        turn(&r->f);
    }
    assert_true(next_answer(&c));
    body_is(&c, CQLR_OP_RESULT, 1, "!");
    client_close(&c);
}

static void another_version_is_refused_as_a_server_does(void **state)
{
    struct recorded *r = *state;
    struct client c;
    struct cqlr_wr w = empty_body();
    asked(r, CQLR_OP_QUERY, 1, "q");
    answered(r, CQLR_OP_RESULT, 1, "!");
    started(r, &c);
    put_frame(&c, 5, CQLR_OP_OPTIONS, 0, &w);
    flush(&c);
    assert_true(next_answer(&c));
    assert_int_equal(error_code(&c), CQLR_SERVER_PROTOCOL_ERROR);
    assert_false(next_answer(&c)); /* and it hangs up */
    client_close(&c);
}

static void other_versions_in_it_are_left_out_and_told(void **state)
{
    struct recorded *r = *state;
    struct client c;
    const uint8_t five[] = {5, 0, 0, 1, CQLR_OP_OPTIONS, 0, 0, 0, 0};
    struct cqlr_err err;
    record(r, false, five, sizeof five);
    assert_int_equal(pcap_connect(&r->file, &r->c, 0, &err), 0);
    asked(r, CQLR_OP_QUERY, 1, "q");
    answered(r, CQLR_OP_RESULT, 1, "!");
    started(r, &c);
    assert_string_equal(r->note, "recording: 1 directions of connections not read to their end");
    receives(&c, CQLR_OP_QUERY, "q", "!");
    client_close(&c);
}

static void nothing_to_answer_is_no_recording(void **state)
{
    struct recorded *r = *state;
    asked(r, CQLR_OP_QUERY, 1, "q");
    answered(r, CQLR_OP_RESULT, 2, "of another stream");
    assert_int_equal(replay(r), CQLR_E_PROTO);
    assert_string_equal(r->err.text, "recording: no answer of protocol version 4 is in it");
}

/* A client that asks and does not read costs what waits to leave, and the buffers of the kernel. */
static void who_does_not_read_costs_bounded_memory(void **state)
{
    struct recorded *r = *state;
    struct client c;
    static char big[400];
    memset(big, 'x', sizeof big - 1);
    asked(r, CQLR_OP_QUERY, 1, "q");
    answered(r, CQLR_OP_RESULT, 1, big);
    started(r, &c);
    const size_t before = r->f.memory.peak = r->f.memory.used;
    const uint8_t q[] = {4, 0, 0, 1, CQLR_OP_QUERY, 0, 0, 0, 1, 'q'};
    const size_t n = 200000;
    size_t sent = 0, want = n * sizeof q;
    uint8_t *all = malloc(want);
    assert_non_null(all);
    for (size_t i = 0; i < n; i++)
        memcpy(all + i * sizeof q, q, sizeof q);
    for (int idle = 0; idle < 50;) { /* until it stands still */
        size_t left = want - sent;
        ssize_t k = left ? send(c.fd, all + sent, left, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
        sent += k > 0 ? (size_t)k : 0;
        idle = k > 0 ? 0 : idle + 1;
        turn(&r->f);
    }
    assert_true(r->f.memory.peak - before < 1024 * 1024);
    for (size_t i = 0; i < sent / sizeof q; i++) {
        assert_true(next_answer(&c));
        body_is(&c, CQLR_OP_RESULT, 1, big);
    }
    free(all);
    client_close(&c);
}

/* Bits turned over, or cut anywhere: it is read or refused, and what was allocated is given back.
 */
static void a_damaged_recording_does_no_harm(void **state)
{
    struct recorded *r = *state;
    const char *const lz4[] = {"CQL_VERSION", "3.0.0", "COMPRESSION", "lz4", NULL};
    uint64_t seed = 7;
    asked_to_start(r, lz4);
    answered(r, CQLR_OP_READY, 0, "");
    asked(r, CQLR_OP_REGISTER, 4, "events");
    answered(r, CQLR_OP_READY, 4, "");
    answered(r, CQLR_OP_EVENT, -1, "first");
    asked(r, CQLR_OP_QUERY, 1, "q");
    answered(r, CQLR_OP_RESULT, 1, "!");
    size_t n = load(r);
    r->f.mem = (struct cqlr_mem){count_resize, &r->f.memory};
    for (unsigned i = 0; i < 600 + n; i++) {
        size_t left = i < 600 ? n : i - 600;
        uint8_t *copy = malloc(left + 1); /* its end is where the block's is */
        assert_non_null(copy);
        memcpy(copy + 1, r->bytes, left);
        for (unsigned k = 0; i < 600 && k <= i % 4; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            copy[1 + (seed >> 33) % n] ^= (uint8_t)(1u << (seed >> 61));
        }
        struct stub_recording *g =
            stub_recording_new((struct cqlr_bytes){copy + 1, left}, &r->f.mem, &r->err);
        assert_true(g || (r->err.code && r->err.text[0]));
        stub_recording_free(g);
        free(copy);
        assert_int_equal(r->f.memory.used, 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_gets_its_answer_on_its_stream),
        TEST(what_is_not_in_it_is_told),
        TEST(flags_count),
        TEST(the_kth_time_gets_the_kth_answer),
        TEST(without_an_answer_it_is_as_if_not_there),
        TEST(a_startup_is_known_by_its_compression),
        TEST(events_follow_the_answer_to_register),
        TEST(frames_come_in_any_pieces),
        TEST(another_version_is_refused_as_a_server_does),
        TEST(other_versions_in_it_are_left_out_and_told),
        TEST(nothing_to_answer_is_no_recording),
        TEST(a_damaged_recording_does_no_harm),
        TEST(who_does_not_read_costs_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

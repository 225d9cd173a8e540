/*
 * TCP: order, retransmissions, gaps, ends, connections.
 */
#include "tests/unit/capture_help.h"

#define BEGIN(m, isn)                                                                              \
    made_pcap(m, true, 0xA1B2C3D4u, LINK_RAW);                                                     \
    to_server(m, (isn), SYN, NULL)

static void to_server(struct made *m, uint32_t seq, uint8_t flags, const char *data)
{
    made_segment(m, &(struct tcp){CLIENT, SERVER, seq, flags, data});
}

static void to_client(struct made *m, uint32_t seq, uint8_t flags, const char *data)
{
    made_segment(m, &(struct tcp){SERVER, CLIENT, seq, flags, data});
}

static struct made m;

static void both_directions_come_in_order(void **state)
{
    (void)state;
    BEGIN(&m, 100);
    to_client(&m, 900, SYN | ACK, NULL);
    to_server(&m, 101, ACK, "ab");
    to_client(&m, 901, ACK, "xy");
    to_server(&m, 103, ACK, NULL);
    to_server(&m, 103, ACK, "c");
    to_client(&m, 903, FIN | ACK, "z");
    to_server(&m, 104, FIN | ACK, NULL);
    assert_string_equal(told_of(&m), "c0>ab c0<xy c0>c c0<z c0<$ c0>$");
}

static void what_came_twice_is_given_once(void **state)
{
    (void)state;
    BEGIN(&m, 100);
    to_server(&m, 100, SYN, NULL); /* the SYN, too */
    to_server(&m, 101, ACK, "abcd");
    to_server(&m, 101, ACK, "abcd");
    to_server(&m, 104, ACK, "Z"); /* keep-alive */
    to_server(&m, 103, ACK, "YYef");
    to_server(&m, 101, ACK, "XXXXXXgh");
    assert_string_equal(told_of(&m), "c0>abcd c0>ef c0>gh");
}

static void what_came_early_waits(void **state)
{
    (void)state;
    BEGIN(&m, 100);
    to_server(&m, 105, ACK, "ef");
    to_server(&m, 103, ACK, "cd");
    to_client(&m, 50, ACK, "-");
    to_server(&m, 101, ACK, "ab");
    to_server(&m, 107, ACK, "gh");
    assert_string_equal(told_of(&m), "c0<!- c0>ab c0>cd c0>ef c0>gh");
}

static void each_chunk_has_the_time_of_what_completed_it(void **state)
{
    (void)state;
    struct cqlr_err err;
    struct capture_chunk k;
    uint64_t late = 0, time[2];
    BEGIN(&m, 100);
    to_server(&m, 103, ACK, "cd");
    to_server(&m, 101, ACK, "ab");
    /* sent again with the bytes before it: those that were there have their time already */
    to_server(&m, 104, ACK, "dddd");
    struct capture *c = capture_new((struct cqlr_bytes){m.p, m.n}, SERVER, NULL, &err);
    assert_non_null(c);
    for (int i = 0; i < 2; i++) {
        assert_true(capture_next(c, &k));
        time[i] = k.time_ns;
    }
    assert_int_equal(time[0], time[1]);
    assert_int_equal(time[0] - capture_start(c), 2000000);
    assert_true(capture_next(c, &k));
    late = k.time_ns;
    assert_int_equal(late - time[0], 1000000);
    assert_int_equal(k.n, 3);
    capture_free(c);
}

static void a_gap_is_told(void **state)
{
    (void)state;
    BEGIN(&m, 100);
    to_server(&m, 101, ACK, "ab");
    to_server(&m, 107, ACK, "gh"); /* 103..104 never come */
    to_client(&m, 50, ACK, "-");
    to_server(&m, 105, ACK, "ef");
    to_server(&m, 109, ACK, "ij");
    to_server(&m, 200, FIN | ACK, NULL);
    assert_string_equal(told_of(&m), "c0>ab c0<!- c0>!ef c0>gh c0>ij c0>!$");
}

static void without_its_beginning_a_direction_begins_with_a_gap(void **state)
{
    (void)state;
    made_pcap(&m, true, 0xA1B2C3D4u, LINK_RAW);
    to_server(&m, 5000, ACK, "cd");
    to_server(&m, 4998, ACK, "ab");
    to_server(&m, 5002, ACK, "ef");
    assert_string_equal(told_of(&m), "c0>!ab c0>cd c0>ef");
}

static void sequence_numbers_wrap(void **state)
{
    (void)state;
    BEGIN(&m, 0xFFFFFFFCu);
    to_server(&m, 1, ACK, "ef");
    to_server(&m, 0xFFFFFFFDu, ACK, "abcd");
    to_server(&m, 0xFFFFFFFFu, ACK, "cdefg");
    assert_string_equal(told_of(&m), "c0>abcd c0>ef c0>g");
}

static void behind_the_end_nothing_follows(void **state)
{
    (void)state;
    BEGIN(&m, 100);
    to_server(&m, 103, FIN | ACK, "cd"); /* early */
    to_server(&m, 101, ACK, "ab");
    to_server(&m, 105, ACK, "ef");
    to_client(&m, 900, SYN | ACK, NULL);
    to_client(&m, 12345, RST, NULL); /* its number says nothing */
    to_client(&m, 901, ACK, "xy");
    assert_string_equal(told_of(&m), "c0>ab c0>cd c0>$ c0<$");
}

static void connections_are_told_apart(void **state)
{
    (void)state;
    made_pcap(&m, true, 0xA1B2C3D4u, LINK_RAW);
    made_segment(&m, &(struct tcp){5001, SERVER, 10, SYN, NULL});
    made_segment(&m, &(struct tcp){50002, SERVER, 10, SYN, NULL});
    made_segment(&m, &(struct tcp){50002, SERVER, 11, ACK, "b"});
    made_segment(&m, &(struct tcp){5001, SERVER, 11, ACK, "a"});
    made_segment(&m, &(struct tcp){5001, 80, 11, ACK, "other port"});
    made_segment(&m, &(struct tcp){SERVER, 50002, 70, SYN | ACK, NULL});
    made_segment(&m, &(struct tcp){SERVER, 50002, 71, ACK, "y"});
    assert_string_equal(told_of(&m), "c1>b c0>a c1<y");
}

static void ports_that_are_used_again_are_another_connection(void **state)
{
    (void)state;
    BEGIN(&m, 100);
    to_client(&m, 900, SYN | ACK, NULL);
    to_server(&m, 101, ACK, "ab");
    to_server(&m, 103, RST, NULL);
    to_server(&m, 70000, SYN, NULL);
    to_client(&m, 5, SYN | ACK, NULL);
    to_server(&m, 70001, ACK, "cd");
    to_client(&m, 6, ACK, "xy");
    assert_string_equal(told_of(&m), "c0>ab c0>$ c1>cd c1<xy");
}

static void with_any_port_the_server_is_whom_the_syn_goes_to(void **state)
{
    (void)state;
    made_pcap(&m, true, 0xA1B2C3D4u, LINK_RAW);
    made_segment(&m, &(struct tcp){1000, 50000, 10, SYN, NULL});
    made_segment(&m, &(struct tcp){1000, 50000, 11, ACK, "a"});
    made_segment(&m, &(struct tcp){1001, 50000, 70, SYN | ACK, NULL});
    made_segment(&m, &(struct tcp){1001, 50000, 71, ACK, "b"});
    made_segment(&m, &(struct tcp){1002, 50000, 1, ACK, "c"});
    assert_string_equal(told((struct cqlr_bytes){m.p, m.n}, 0), "c0>a c1<b c2<!c");
}

static void peers_are_told(void **state)
{
    (void)state;
    struct cqlr_err err;
    struct capture_peer client, server;
    static const uint8_t ten_one[4] = {10, 0, 0, 1};
    BEGIN(&m, 100);
    struct capture *c = capture_new((struct cqlr_bytes){m.p, m.n}, SERVER, NULL, &err);
    assert_non_null(c);
    assert_int_equal(capture_connections(c), 1);
    capture_peers(c, 0, &client, &server);
    assert_int_equal(cqlr_be16(client.port), CLIENT);
    assert_int_equal(cqlr_be16(server.port), SERVER);
    assert_int_equal(client.size, 4);
    assert_true(memcmp(client.address, ten_one, 4) == 0 || memcmp(server.address, ten_one, 4) == 0);
    capture_free(c);
}

/* ---- at random ---- */

static uint64_t seed = 7;

static uint32_t any(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)((seed >> 33) % below);
}

/* Pieces of a text, some of them twice, in disorder, over the end of the sequence numbers. */
static void any_order_gives_the_same_stream(void **state)
{
    (void)state;
    enum { LENGTH = 300 };
    for (unsigned round = 0; round < 400; round++) {
        char text[LENGTH + 1], got[LENGTH + 1], part[64];
        uint32_t isn = 0xFFFFFF00u + any(256);
        size_t n = 0;
        for (unsigned i = 0; i < LENGTH; i++)
            text[i] = (char)('a' + any(26));
        text[LENGTH] = '\0';
        BEGIN(&m, isn);
        for (unsigned i = 0; i < 200 + any(40); i++) {
            uint32_t at = any(LENGTH), size = any(40) + 1;
            snprintf(part, sizeof part, "%.*s", (int)(at + size > LENGTH ? LENGTH - at : size),
                     text + at);
            to_server(&m, isn + 1 + at, ACK, part);
        }
        for (unsigned at = LENGTH; at > 0; at -= 10) { /* so that nothing is missing */
            snprintf(part, sizeof part, "%.*s", 10, text + at - 10);
            to_server(&m, isn + 1 + at - 10, ACK, part);
        }
        struct cqlr_err err;
        struct capture_chunk k;
        struct capture *c = capture_new((struct cqlr_bytes){m.p, m.n}, SERVER, NULL, &err);
        assert_non_null(c);
        for (uint64_t last = 0; capture_next(c, &k); last = k.time_ns) {
            assert_false(k.gap);
            assert_true(k.time_ns >= last && n + k.n <= LENGTH);
            memcpy(got + n, k.p, k.n);
            n += k.n;
        }
        capture_free(c);
        assert_int_equal(n, LENGTH);
        assert_memory_equal(got, text, LENGTH);
    }
}

/* With bytes changed: whatever is given lies in the file, and no byte of it twice. */
static void damaged_captures_end(void **state)
{
    (void)state;
    struct cqlr_err err;
    struct capture_chunk k;
    BEGIN(&m, 100);
    to_client(&m, 900, SYN | ACK, NULL);
    for (uint32_t i = 0; i < 30; i++) {
        to_server(&m, 101 + 4 * i, ACK, "abcd");
        to_client(&m, 901 + 4 * (i ^ 3), ACK, "wxyz");
    }
    to_server(&m, 221, FIN | ACK, NULL);
    for (unsigned round = 0; round < 3000; round++) {
        size_t n = round % 3 ? m.n : any((uint32_t)m.n), given = 0;
        uint8_t *p = exactly(m.p, n);
        for (uint32_t i = any(12); n && i > 0; i--)
            p[any((uint32_t)n)] = (uint8_t)any(256);
        struct capture *c =
            capture_new((struct cqlr_bytes){p, n}, round % 5 ? SERVER : 0, NULL, &err);
        while (c && capture_next(c, &k)) {
            assert_true(k.n == 0 || (k.p >= p && k.p + k.n <= p + n));
            given += k.n;
        }
        assert_true(given <= n);
        capture_free(c);
        free(p);
    }
}

/* ---- memory ---- */

struct counted {
    size_t now, most;
    unsigned left; /* calls until there is no memory; 0 = always */
};

static void *counted_resize(void *arg, void *p, size_t old, size_t n)
{
    struct counted *k = arg;
    if (n && k->left && --k->left == 0) {
        k->left = 1;
        return NULL;
    }
    k->now += n - old;
    k->most = k->now > k->most ? k->now : k->most;
    if (n == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, n);
}

/* The worst: each packet a connection of its own. */
static void memory_is_bounded_by_the_file(void **state)
{
    (void)state;
    struct counted k = {0};
    struct cqlr_mem mem = {counted_resize, &k};
    struct cqlr_err err;
    made_pcap(&m, true, 0xA1B2C3D4u, LINK_RAW);
    for (uint16_t i = 0; i < 2000; i++)
        made_segment(&m, &(struct tcp){(uint16_t)(20000 + i), SERVER, 1, FIN, "x"});
    struct capture *c = capture_new((struct cqlr_bytes){m.p, m.n}, SERVER, &mem, &err);
    assert_non_null(c);
    assert_true(k.most < 10 * m.n);
    capture_free(c);
    assert_int_equal(k.now, 0);
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    struct cqlr_err err;
    made_pcap(&m, true, 0xA1B2C3D4u, LINK_RAW);
    for (uint16_t i = 0; i < 30; i++)
        made_segment(&m, &(struct tcp){(uint16_t)(20000 + i), SERVER, 1, 0, "x"});
    for (unsigned at = 1;; at++) {
        struct counted k = {.left = at};
        struct cqlr_mem mem = {counted_resize, &k};
        struct capture *c = capture_new((struct cqlr_bytes){m.p, m.n}, SERVER, &mem, &err);
        if (!c)
            assert_int_equal(err.code, CQLR_E_NOMEM);
        bool done = c != NULL;
        capture_free(c);
        assert_int_equal(k.now, 0);
        if (done)
            break;
        assert_true(at < 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions_come_in_order),
        cmocka_unit_test(what_came_twice_is_given_once),
        cmocka_unit_test(what_came_early_waits),
        cmocka_unit_test(each_chunk_has_the_time_of_what_completed_it),
        cmocka_unit_test(a_gap_is_told),
        cmocka_unit_test(without_its_beginning_a_direction_begins_with_a_gap),
        cmocka_unit_test(sequence_numbers_wrap),
        cmocka_unit_test(behind_the_end_nothing_follows),
        cmocka_unit_test(connections_are_told_apart),
        cmocka_unit_test(ports_that_are_used_again_are_another_connection),
        cmocka_unit_test(with_any_port_the_server_is_whom_the_syn_goes_to),
        cmocka_unit_test(peers_are_told),
        cmocka_unit_test(any_order_gives_the_same_stream),
        cmocka_unit_test(damaged_captures_end),
        cmocka_unit_test(memory_is_bounded_by_the_file),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

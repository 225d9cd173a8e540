/*
 * test_token.c - tokens as Cassandra's Murmur3Partitioner gives them, and routing keys from the
 * values of a statement.
 */
#include "tests/unit/msg_help.h"
#include "tests/unit/val_help.h"

#include <cqlraw/token.h>

/* ---- tokens ---- */

static void tokens_are_those_of_the_server(void **state)
{
    /* the last column is what plain MurmurHash3 gives, for bytes >= 0x80 in the last block */
    const struct {
        const char *key;
        int64_t token, plain;
    } vectors[] = {
        {"", INT64_MIN, 0},
        {"00000001", -4069959284402364209, 0},
        {"0000000000000001", 6292367497774912474, 0},
        {"61", -8839064797231613815, 0},
        {"666f6f", -2129773440516405919, 0},
        {"6c6f63616c", -7564491331177403445, 0},
        {"80", -5284281814142962636, 7017059463262962058},
        {"e282ac", 8619152265340498936, 6477073715558192469},
        {"8081828384858687", -6062263109623760877, -7958958570337359777},
        {"f0f1f2f3f4f5f6f7f8f9fafbfcfdfe", -7737243313669454511, -6641103851648926616},
        {"000102030405060708090a0b0c0d0e0f", 4920504430128807728, 0},
        {"000102030405060708090a0b0c0d0e0ff0", -6490549390031179586, -8070111964560923215},
        {"c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9", 7795956049856976661, -307233925649249491},
        {"0004000000010000016100", 6516349416904725244, 0},
        {"653cbefb85ec3111b4e38fa9bc7cbcae", INT64_MAX, 0}, /* the hash is INT64_MIN */
    };
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct body b;
        uint8_t bytes[64];
        body_init(&b, bytes, unhex(vectors[i].key, bytes));
        int64_t token = cqlr_token_murmur3(b.block, cqlr_rd_left(&b.r));
        if (token != vectors[i].token || token == vectors[i].plain)
            fail_msg("%s: %lld", vectors[i].key, (long long)token);
        body_fini(&b);
    }
    assert_true(cqlr_token_murmur3(NULL, 0) == INT64_MIN);
}

/* ---- routing keys ---- */

#define VALUE(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), (int32_t)sizeof(text) - 1                                         \
    }
#define PK(n, bytes)                                                                               \
    (struct cqlr_span)                                                                             \
    {                                                                                              \
        n, (const uint8_t *)(bytes), sizeof(bytes) - 1                                             \
    }
#define IN_ORDER(n)                                                                                \
    (struct cqlr_span)                                                                             \
    {                                                                                              \
        .count = n                                                                                 \
    }

static const struct cqlr_value values[] = {
    VALUE("zero"), VALUE("\0\0\0\1"), VALUE("a"), VALUE(""), {NULL, CQLR_NULL}, {NULL, CQLR_UNSET},
};
#define VALUES (sizeof values / sizeof values[0])

/* A key that is composed, in a block of a counting allocator. */
struct made {
    struct counter c;
    struct cqlr_wr w;
    struct cqlr_bytes key;
    struct cqlr_err err;
    int rc;
};

static void make(struct made *m, struct cqlr_span pk)
{
    memset(m, 0, sizeof *m);
    cqlr_wr_init(&m->w, counter_init(&m->c, 0), 0);
    m->rc = cqlr_routing_key(&m->w, values, VALUES, pk, &m->key, &m->err);
}

static void made_fini(struct made *m)
{
    cqlr_wr_fini(&m->w);
    assert_int_equal(m->c.live, 0);
}

static void assert_key(struct cqlr_span pk, const char *hex)
{
    struct made m;
    uint8_t bytes[64];
    size_t n = unhex(hex, bytes);
    make(&m, pk);
    assert_int_equal(m.rc, 1);
    assert_int_equal(m.key.n, n);
    assert_true(n == 0 || memcmp(m.key.p, bytes, n) == 0);
    made_fini(&m);
}

static void assert_no_key(struct cqlr_span pk, int rc, const char *text)
{
    struct made m;
    make(&m, pk);
    assert_int_equal(m.rc, rc);
    assert_null(m.key.p);
    assert_int_equal(m.w.n, 0);
    if (rc < 0)
        assert_int_equal(m.err.code, rc);
    assert_string_equal(m.err.text, text);
    made_fini(&m);
}

static void one_component_is_its_bytes_and_nothing_is_allocated(void **state)
{
    struct made m;
    (void)state;
    make(&m, PK(1, "\0\2"));
    assert_int_equal(m.rc, 1);
    assert_ptr_equal(m.key.p, values[2].p);
    assert_int_equal(m.key.n, 1);
    assert_int_equal(m.c.calls, 0);
    made_fini(&m);
    assert_key(PK(1, "\0\3"), ""); /* of no bytes: for the server to refuse */
}

static void components_stand_with_length_and_zero_in_the_order_of_the_key(void **state)
{
    struct made m;
    (void)state;
    assert_key(PK(2, "\0\1\0\2"), "0004000000010000016100");
    assert_key(PK(2, "\0\2\0\1"), "0001610000040000000100");
    assert_key(PK(2, "\0\3\0\0"), "00000000047a65726f00"); /* an empty one is a component, too */
    make(&m, PK(2, "\0\1\0\2"));
    assert_true(cqlr_token_murmur3(m.key.p, m.key.n) == 6516349416904725244);
    made_fini(&m);
}

static void without_positions_the_values_are_the_components(void **state)
{
    (void)state;
    assert_key(IN_ORDER(1), "7a65726f");
    assert_key(IN_ORDER(3), "00047a65726f00000400000001000001"
                            "6100");
    assert_no_key(IN_ORDER(0), 0, "");
    assert_no_key(IN_ORDER(7), CQLR_E_RANGE, "partition key: no value 6, there are 6");
}

static void a_key_is_appended_to_what_stands_in_the_writer(void **state)
{
    struct cqlr_wr w;
    struct cqlr_bytes key;
    struct cqlr_err err;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_string(&w, cqlr_cstr("before"));
    assert_int_equal(cqlr_routing_key(&w, values, VALUES, PK(2, "\0\1\0\2"), &key, &err), 1);
    assert_int_equal(w.n, 8 + 11);
    assert_ptr_equal(key.p, w.p + 8);
    assert_int_equal(key.n, 11);
    assert_int_equal(cqlr_routing_key(&w, values, VALUES, PK(2, "\0\1\0\4"), &key, &err),
                     CQLR_E_RANGE);
    assert_int_equal(w.n, 8 + 11);
    cqlr_wr_fini(&w);
}

static void a_statement_without_all_components_has_no_key(void **state)
{
    (void)state;
    assert_no_key(PK(0, ""), 0, "");
    assert_no_key((struct cqlr_span){0, NULL, 0}, 0, "");
}

static void positions_that_name_a_marker_twice_are_no_key(void **state)
{
    (void)state;
    assert_no_key(PK(2, "\0\1\0\1"), 0, "");
    assert_no_key(PK(3, "\0\2\0\1\0\2"), 0, "");
}

static void a_position_without_a_value_is_an_error(void **state)
{
    (void)state;
    assert_no_key(PK(1, "\0\6"), CQLR_E_RANGE, "partition key: no value 6, there are 6");
    assert_no_key(PK(2, "\0\1\xff\xff"), CQLR_E_RANGE,
                  "partition key: no value 65535, there are 6");
}

static void null_and_unset_components_are_errors(void **state)
{
    (void)state;
    assert_no_key(PK(1, "\0\4"), CQLR_E_RANGE, "partition key: component 0 is null");
    assert_no_key(PK(1, "\0\5"), CQLR_E_RANGE, "partition key: component 0 is unset");
    assert_no_key(PK(2, "\0\1\0\4"), CQLR_E_RANGE, "partition key: component 1 is null");
    assert_no_key(PK(2, "\0\5\0\1"), CQLR_E_RANGE, "partition key: component 0 is unset");
}

static void a_component_of_65535_bytes_is_the_longest(void **state)
{
    uint8_t *block = calloc(1, CQLR_ROUTING_PART_MAX + 1);
    const struct cqlr_value longest[] = {{block, CQLR_ROUTING_PART_MAX}, VALUE("a")};
    const struct cqlr_value longer[] = {{block, CQLR_ROUTING_PART_MAX + 1}, VALUE("a")};
    struct cqlr_wr w;
    struct cqlr_bytes key;
    struct cqlr_err err;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    for (uint32_t n = 1; n <= 2; n++) {
        assert_int_equal(cqlr_routing_key(&w, longest, 2, IN_ORDER(n), &key, &err), 1);
        assert_int_equal(key.n, CQLR_ROUTING_PART_MAX + (n == 2 ? 3 + 4 : 0));
        assert_int_equal(cqlr_routing_key(&w, longer, 2, IN_ORDER(n), &key, &err), CQLR_E_RANGE);
        assert_string_equal(err.text, "partition key: component 0 has 65536 bytes, not 65535");
    }
    assert_int_equal(cqlr_be16(w.p), CQLR_ROUTING_PART_MAX);
    cqlr_wr_fini(&w);
    free(block);
}

/* 65,536 positions, each once, are the most that can be; one more would have to be there twice. */
static void as_many_positions_as_can_be(void **state)
{
    enum { ALL = 65536 };
    uint8_t *at = malloc(2 * (ALL + 1));
    struct cqlr_value *value = malloc(ALL * sizeof *value);
    struct cqlr_wr w;
    struct cqlr_bytes key;
    struct cqlr_err err;
    (void)state;
    for (unsigned i = 0; i <= ALL; i++)
        cqlr_put16(at + 2 * i, (uint16_t)i);
    for (unsigned i = 0; i < ALL; i++)
        value[i] = values[2];
    cqlr_wr_init(&w, NULL, 0);
    struct cqlr_span pk = {ALL, at, (size_t)2 * ALL};
    assert_int_equal(cqlr_routing_key(&w, value, ALL, pk, &key, &err), 1);
    assert_int_equal(key.n, 4 * ALL);
    assert_int_equal(cqlr_routing_key(&w, value, ALL - 1, pk, &key, &err), CQLR_E_RANGE);
    pk.count++;
    assert_int_equal(cqlr_routing_key(&w, value, ALL, pk, &key, &err), 0);
    pk.count = UINT32_MAX; /* not as many as are there: none is looked at behind the first twice */
    assert_int_equal(cqlr_routing_key(&w, value, ALL, pk, &key, &err), 0);
    cqlr_wr_fini(&w);
    free(value);
    free(at);
}

static void no_memory_for_a_key_is_an_error(void **state)
{
    struct counter c;
    struct cqlr_wr w;
    struct cqlr_bytes key;
    struct cqlr_err err;
    (void)state;
    cqlr_wr_init(&w, counter_init(&c, 1), 0);
    assert_int_equal(cqlr_routing_key(&w, values, VALUES, PK(2, "\0\1\0\2"), &key, &err),
                     CQLR_E_NOMEM);
    assert_int_equal(err.code, CQLR_E_NOMEM);
    assert_int_equal(w.n, 0);
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_those_of_the_server),
        cmocka_unit_test(one_component_is_its_bytes_and_nothing_is_allocated),
        cmocka_unit_test(components_stand_with_length_and_zero_in_the_order_of_the_key),
        cmocka_unit_test(without_positions_the_values_are_the_components),
        cmocka_unit_test(a_key_is_appended_to_what_stands_in_the_writer),
        cmocka_unit_test(a_statement_without_all_components_has_no_key),
        cmocka_unit_test(positions_that_name_a_marker_twice_are_no_key),
        cmocka_unit_test(a_position_without_a_value_is_an_error),
        cmocka_unit_test(null_and_unset_components_are_errors),
        cmocka_unit_test(a_component_of_65535_bytes_is_the_longest),
        cmocka_unit_test(as_many_positions_as_can_be),
        cmocka_unit_test(no_memory_for_a_key_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

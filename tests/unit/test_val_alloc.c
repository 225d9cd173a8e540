/*
 * test_val_alloc.c - values and types when memory ends: wherever it does, the error is
 * CQLR_E_NOMEM, what the writer held before is as it was, and all memory is given back.
 */
#include "tests/unit/val_help.h"

#include "tests/unit/alloc_help.h"

#include <cqlraw/msg.h>

enum { FIRST_CAP = 256 }; /* of a writer */

#define T(name)                                                                                    \
    {                                                                                              \
        .id = CQLR_TYPE_##name                                                                     \
    }

/* ---- types, and a value of each as a literal ---- */

static const struct cqlr_type scalars[] = {
    T(VARINT), T(DECIMAL), T(DURATION),  T(DOUBLE), T(FLOAT),    T(INET),
    T(UUID),   T(DATE),    T(TIMESTAMP), T(TIME),   T(VARCHAR),  T(ASCII),
    T(BLOB),   T(BOOLEAN), T(BIGINT),    T(INT),    T(TIMEUUID), T(TINYINT)};
static const char some_scalars[] =
    "(-123456789012345678901234567890, 0.000001234, 1y2mo3d4h, -1.5e-7, Infinity, "
    "'::ffff:1.2.3.4', "
    "00112233-4455-6677-8899-aabbccddeeff, 2024-02-29, '2024-02-29T12:34:56.789Z', "
    "'23:59:59.999999999', 'it''s \\ \"\n\x01', 'ascii', 0x00ff, true, -9223372036854775808, null, "
    "00112233-4455-1677-8899-aabbccddeeff)";

static const struct cqlr_str fields[] = {{"a", 1}, {"B \" c", 5}, {"select", 6}};
static const struct cqlr_type key_value[] = {
    {.id = CQLR_TYPE_LIST, .count = 1, .sub = &scalars[15]}, T(DOUBLE)};
static const struct cqlr_type members[] = {{.id = CQLR_TYPE_SET, .count = 1, .sub = &scalars[10]},
                                           {.id = CQLR_TYPE_MAP, .count = 2, .sub = key_value},
                                           T(VARINT)};
static const struct cqlr_type udt = {.id = CQLR_TYPE_UDT,
                                     .count = 3,
                                     .sub = members,
                                     .field = fields,
                                     .keyspace = {"ks", 2},
                                     .name = {"a type", 6}};

static const struct {
    struct cqlr_type type;
    const char *literal;
} values[] = {
    {{.id = CQLR_TYPE_TUPLE, .count = 18, .sub = scalars}, some_scalars},
    {{.id = CQLR_TYPE_LIST, .count = 1, .sub = &udt},
     "[{a: {'x', 'yy', 'zzz'}, \"B \"\" c\": {[1, 2]: 1e100, []: NaN}, \"select\": 12345}, {a: "
     "{}}]"},
};

/* ---- a writer whose memory ends ---- */

typedef int value_job(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str from,
                      struct cqlr_err *err);

static int print_text(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str s,
                      struct cqlr_err *err)
{
    const struct cqlr_value v = {(const uint8_t *)s.p, (int32_t)s.n};
    return cqlr_value_print(w, t, v, CQLR_LITERAL, err);
}

static int print_json(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str s,
                      struct cqlr_err *err)
{
    const struct cqlr_value v = {(const uint8_t *)s.p, (int32_t)s.n};
    return cqlr_value_print(w, t, v, CQLR_JSON, err);
}

/* One run with `left` bytes before the writer has to grow, whose n-th allocation then fails. Tells
 * whether it came to that. */
static bool ends_well(value_job *job, const struct cqlr_type *t, struct cqlr_str from, size_t left,
                      unsigned n)
{
    static const uint8_t xs[FIRST_CAP] = {'x', 'x', 'x'};
    struct counter c;
    struct cqlr_wr w;
    struct cqlr_err err = {0};
    cqlr_wr_init(&w, counter_init(&c, n), 0);
    cqlr_wr_raw(&w, xs, FIRST_CAP - left);
    int rc = job(&w, t, from, &err);
    if (rc != (c.failed ? CQLR_E_NOMEM : 0) || err.code != rc || (rc && !err.text[0]))
        fail_msg("%zu bytes left, allocation %u: code %d, \"%s\"", left, n, rc, err.text);
    if (rc)
        assert_int_equal(w.n, FIRST_CAP - left);
    assert_memory_equal(w.p, xs, FIRST_CAP - left);
    cqlr_wr_fini(&w);
    assert_int_equal(c.live, 0);
    return c.failed > 0;
}

static void everywhere(value_job *job, const struct cqlr_type *t, struct cqlr_str from)
{
    for (size_t left = 0; left < FIRST_CAP; left++)
        for (unsigned n = 2; ends_well(job, t, from, left, n); n++) /* 1: that of the xs */
            continue;
    assert_true(ends_well(job, t, from, 0, 2));
}

static struct cqlr_str text_of(const struct cqlr_wr *w)
{
    return (struct cqlr_str){(const char *)w->p, w->n};
}

static void values_are_read_and_printed_or_nothing_is_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const struct cqlr_type *t = &values[i].type;
        struct cqlr_wr bytes, json;
        struct cqlr_err err;
        cqlr_wr_init(&bytes, NULL, 0);
        cqlr_wr_init(&json, NULL, 0);
        if (cqlr_value_parse(&bytes, t, cqlr_cstr(values[i].literal), &err) ||
            print_json(&json, t, text_of(&bytes), &err))
            fail_msg("%s", err.text);
        everywhere(cqlr_value_parse, t, cqlr_cstr(values[i].literal));
        everywhere(print_text, t, text_of(&bytes));
        everywhere(print_json, t, text_of(&bytes));
        everywhere(cqlr_value_from_json, t, text_of(&json));
        cqlr_wr_fini(&bytes);
        cqlr_wr_fini(&json);
    }
}

/* Each scalar alone, too: it is the first thing behind the writer's old bytes then. */
static void scalars_are_read_and_printed_or_nothing_is_written(void **state)
{
    struct cqlr_wr bytes;
    struct cqlr_err err;
    struct cqlr_elements e;
    struct cqlr_value v;
    const struct cqlr_type *t;
    (void)state;
    cqlr_wr_init(&bytes, NULL, 0);
    assert_int_equal(cqlr_value_parse(&bytes, &values[0].type, cqlr_cstr(values[0].literal), &err),
                     0);
    const struct cqlr_value tuple = {bytes.p, (int32_t)bytes.n};
    assert_int_equal(cqlr_elements_init(&e, &values[0].type, tuple, &err), 0);
    while (cqlr_elements_next(&e, &v, &t) == 1) {
        if (v.n < 0)
            continue;
        everywhere(print_text, t, (struct cqlr_str){(const char *)v.p, (size_t)v.n});
        everywhere(print_json, t, (struct cqlr_str){(const char *)v.p, (size_t)v.n});
    }
    cqlr_wr_fini(&bytes);
}

static int from_int(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str from,
                    struct cqlr_err *err)
{
    (void)from;
    return cqlr_value_from_int(w, t, 42, err);
}

static void an_integer_is_written_or_nothing(void **state)
{
    static const struct cqlr_type types[] = {T(INT),  T(BIGINT),  T(VARINT), T(DECIMAL),
                                             T(DATE), T(VARCHAR), T(DOUBLE), T(FLOAT)};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        everywhere(from_int, &types[i], cqlr_cstr(""));
}

/* ---- types ---- */

static int print_type(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str from,
                      struct cqlr_err *err)
{
    size_t before = w->n;
    (void)from;
    cqlr_type_print(w, t);
    err->code = w->rc;
    err->text[0] = '-';
    if (w->rc)
        w->n = before; /* such a writer is the caller's to cut back */
    return w->rc;
}

static void a_type_is_printed_or_the_writer_has_failed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        everywhere(print_type, &values[i].type, cqlr_cstr(""));
}

/* Columns with names of their own and one type that is nested, of many fields. */
static void write_columns(struct cqlr_wr *w, uint32_t columns, const struct cqlr_type *t)
{
    for (uint32_t i = 0; i < columns; i++) {
        const struct cqlr_column c = {
            .keyspace = {"ks", 2}, .table = {"t", 1}, .name = {"name of a column", 10 + i % 6}};
        struct cqlr_column with = c;
        with.type = t;
        cqlr_column_write(w, &with);
    }
}

static int make_columns(const struct cqlr_mem *mem, void *arg)
{
    struct cqlr_err err = {0};
    struct cqlr_columns *c = cqlr_columns_new(arg, mem, &err);
    assert_true(c != NULL || err.text[0] != 0);
    cqlr_columns_free(c);
    return c ? 0 : err.code;
}

static void columns_are_made_or_not_at_all(void **state)
{
    static const uint32_t counts[] = {1, 3, 100};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct cqlr_wr w;
        cqlr_wr_init(&w, NULL, 0);
        write_columns(&w, counts[i], &values[1].type);
        assert_int_equal(w.rc, 0);
        struct cqlr_spec spec = {.count = counts[i], .bytes = {w.p, w.n}};
        unsigned told = each_failure(make_columns, &spec);
        assert_true(told >= 4); /* once and for good: at least the struct and one block */
        cqlr_wr_fini(&w);
    }
}

static int read_type(const struct cqlr_mem *mem, void *arg)
{
    const struct cqlr_wr *w = arg;
    struct cqlr_arena a;
    struct cqlr_rd r;
    struct cqlr_err err = {0};
    struct cqlr_type t;
    cqlr_arena_init(&a, mem);
    cqlr_rd_init(&r, w->p, w->n, &err);
    int rc = cqlr_type_read(&r, &a, &t);
    assert_int_equal(rc, err.code);
    cqlr_arena_fini(&a);
    return rc;
}

/* The names fill the first block of an arena, so that it may end at each kind of thing behind. */
static void a_type_is_read_or_not_at_all(void **state)
{
    static char name[600];
    (void)state;
    memset(name, 'n', sizeof name);
    for (size_t n = 0; n < sizeof name; n += 3) {
        struct cqlr_wr w;
        struct cqlr_type t = udt;
        t.name = (struct cqlr_str){name, n};
        cqlr_wr_init(&w, NULL, 0);
        cqlr_type_write(&w, &t);
        assert_int_equal(w.rc, 0);
        assert_true(each_failure(read_type, &w) >= 2);
        cqlr_wr_fini(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_and_printed_or_nothing_is_written),
        cmocka_unit_test(scalars_are_read_and_printed_or_nothing_is_written),
        cmocka_unit_test(an_integer_is_written_or_nothing),
        cmocka_unit_test(a_type_is_printed_or_the_writer_has_failed),
        cmocka_unit_test(columns_are_made_or_not_at_all),
        cmocka_unit_test(a_type_is_read_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_val_type.c - [option] of column metadata ⇄ type trees: every id, nesting, what hostile bytes
 * could do.
 */
#include "tests/unit/allocated.h"
#include "tests/unit/val_help.h"

static void *no_resize(void *arg, void *p, size_t old, size_t n)
{
    (void)arg, (void)old, (void)n;
    free(p);
    return NULL;
}

static const struct cqlr_mem none = {no_resize, NULL};
static struct cqlr_err err;

static int read_type(const uint8_t *p, size_t n, struct cqlr_arena *a, struct cqlr_type *t)
{
    struct cqlr_rd r;
    uint8_t *copy = malloc(n ? n : 1);
    if (n)
        memcpy(copy, p, n);
    cqlr_rd_init(&r, copy, n, &err);
    int rc = cqlr_type_read(&r, a, t);
    free(copy);
    return rc;
}

/* Its CQL name, "!..." when it is refused; writing it again must give the same bytes. */
static const char *name_of(const char *hex, bool same)
{
    uint8_t bytes[2000];
    size_t n = unhex(hex, bytes);
    struct cqlr_arena a;
    struct cqlr_type t;
    struct cqlr_wr w;
    cqlr_arena_init(&a, NULL);
    cqlr_wr_init(&w, NULL, 0);
    if (read_type(bytes, n, &a, &t)) {
        snprintf(answer.text, sizeof answer.text, "!%s", err.text);
    } else {
        cqlr_type_write(&w, &t);
        if (same)
            assert_memory_equal(w.p, bytes, n);
        cqlr_wr_reset(&w);
        cqlr_type_print(&w, &t);
        assert_int_equal(w.rc, 0);
        snprintf(answer.text, sizeof answer.text, "%.*s", (int)w.n, (char *)w.p);
    }
    assert_int_equal(read_type(bytes, n, NULL, NULL), err.code ? err.code : 0);
    err.code = 0;
    cqlr_wr_fini(&w);
    cqlr_arena_fini(&a);
    return answer.text;
}

static void every_simple_type(void **state)
{
    static const struct {
        const char *hex, *name;
    } types[] = {
        {"0001", "ascii"},   {"0002", "bigint"},    {"0003", "blob"},   {"0004", "boolean"},
        {"0005", "counter"}, {"0006", "decimal"},   {"0007", "double"}, {"0008", "float"},
        {"0009", "int"},     {"000b", "timestamp"}, {"000c", "uuid"},   {"000d", "text"},
        {"000e", "varint"},  {"000f", "timeuuid"},  {"0010", "inet"},   {"0011", "date"},
        {"0012", "time"},    {"0013", "smallint"},  {"0014", "tinyint"}};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_string_equal(name_of(types[i].hex, true), types[i].name);
    assert_string_equal(name_of("000a", false), "text"); /* the legacy id */
}

static void nested_types(void **state)
{
    (void)state;
    assert_string_equal(name_of("0021000d00200009", true), "map<text, list<int>>");
    assert_string_equal(name_of("00220031000200090003", true), "set<tuple<int, blob>>");
    assert_string_equal(name_of("003000026b730004616464720002000161000900027a7a000d", true),
                        "addr");
    assert_string_equal(name_of("003000026b730004416464720000", true), "\"Addr\"");
    assert_string_equal(name_of("00310000", true), "tuple<>");
}

static void duration_comes_as_custom_class_or_as_id(void **state)
{
    char hex[200] = "0000002e";
    const char class_name[] = "org.apache.cassandra.db.marshal.DurationType";
    (void)state;
    snprintf(hex, sizeof hex, "0000%04zx", strlen(class_name));
    for (const char *p = class_name; *p; p++)
        snprintf(hex + strlen(hex), 3, "%02x", (unsigned)(uint8_t)*p);
    assert_string_equal(name_of(hex, true), "duration");
    assert_string_equal(name_of("0015", false), "duration");
    assert_string_equal(name_of("0000000c4475726174696f6e54797065", false), "duration");
}

static void another_class_stays_opaque(void **state)
{
    (void)state;
    assert_string_equal(name_of("00000003612762", true), "'a''b'");
    assert_string_equal(name_of("00000000", true), "''");
}

static void unknown_ids_and_cut_types_are_refused(void **state)
{
    static const char *const wrong[] = {"0016",
                                        "0033",
                                        "ffff",
                                        "",
                                        "00",
                                        "0020",
                                        "002100",
                                        "0021000d",
                                        "00000003aaaa",
                                        "0031ffff0009",
                                        "003000026b7300046164647200020001610009",
                                        "00310002000d0"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(name_of(wrong[i], true)[0], '!');
    assert_non_null(strstr(name_of("0016", true), "unknown option id"));
}

static void nesting_ends_at_64(void **state)
{
    uint8_t bytes[2 * 300000];
    struct cqlr_arena a;
    struct cqlr_type t;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i += 2)
        cqlr_put16(bytes + i, 0x20);
    cqlr_arena_init(&a, NULL);
    assert_int_equal(read_type(bytes, sizeof bytes, &a, &t), CQLR_E_PROTO);
    cqlr_put16(bytes + 2 * 63, 9);
    assert_int_equal(read_type(bytes, 2 * 64, &a, &t), 0);
    assert_int_equal(read_type(bytes, 2 * 64, NULL, NULL), 0);
    cqlr_put16(bytes + 2 * 63, 0x20);
    cqlr_put16(bytes + 2 * 64, 9);
    assert_int_equal(read_type(bytes, 2 * 65, &a, &t), CQLR_E_PROTO);
    cqlr_arena_fini(&a);
}

/* Each level claims as many sub types as it has bytes: the arena must not grow with the product. */
static void nested_counts_do_not_multiply_memory(void **state)
{
    static uint8_t bytes[131000];
    struct cqlr_arena a;
    struct cqlr_type t;
    (void)state;
    for (size_t i = 0; i + 4 < sizeof bytes; i += 4) {
        cqlr_put16(bytes + i, 0x31);
        cqlr_put16(bytes + i + 2, (uint16_t)((sizeof bytes - i - 4) / 2 - 100));
    }
    allocated = 0;
    cqlr_arena_init(&a, &counting);
    assert_int_equal(read_type(bytes, sizeof bytes, &a, &t), CQLR_E_PROTO);
    assert_true(allocated < 100 * sizeof bytes);
    cqlr_arena_fini(&a);
}

static void no_memory_is_told(void **state)
{
    const uint8_t list[] = {0, 0x20, 0, 9};
    struct cqlr_arena a;
    struct cqlr_type t = {.count = 77};
    (void)state;
    cqlr_arena_init(&a, &none);
    assert_int_equal(read_type(list, sizeof list, &a, &t), CQLR_E_NOMEM);
    assert_int_equal(t.count, 77);
    cqlr_arena_fini(&a);
}

static void names_outlive_the_bytes(void **state)
{
    uint8_t bytes[100];
    struct cqlr_arena a;
    struct cqlr_type t;
    (void)state;
    cqlr_arena_init(&a, NULL);
    size_t n = unhex("003000026b730004616464720001000161000000015a", bytes);
    assert_int_equal(read_type(bytes, n, &a, &t), 0); /* read_type frees its copy */
    assert_memory_equal(t.keyspace.p, "ks", 2);
    assert_memory_equal(t.name.p, "addr", 4);
    assert_memory_equal(t.field[0].p, "a", 1);
    assert_memory_equal(t.sub[0].name.p, "Z", 1);
    cqlr_arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_simple_type),
        cmocka_unit_test(nested_types),
        cmocka_unit_test(duration_comes_as_custom_class_or_as_id),
        cmocka_unit_test(another_class_stays_opaque),
        cmocka_unit_test(unknown_ids_and_cut_types_are_refused),
        cmocka_unit_test(nesting_ends_at_64),
        cmocka_unit_test(nested_counts_do_not_multiply_memory),
        cmocka_unit_test(no_memory_is_told),
        cmocka_unit_test(names_outlive_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

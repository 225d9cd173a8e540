/*
 * test_val_class_name.c - class names of custom types → types: every class, wrappers, blanks, names
 * in hex; what is no such name stays opaque, whatever its length and depth.
 */
#include <sys/resource.h>

#include "tests/unit/allocated.h"
#include "tests/unit/val_help.h"

#define PACKAGE "org.apache.cassandra.db.marshal."

/* The option of a custom class into w. */
static void write_custom(struct cqlr_wr *w, const char *name)
{
    cqlr_wr_u16(w, CQLR_TYPE_CUSTOM);
    cqlr_wr_string(w, cqlr_cstr(name));
    assert_int_equal(w->rc, 0);
}

/* Reads what w holds; the bytes are gone afterwards, and end where a sanitizer sees a read behind
 * them. */
static int read_option(struct cqlr_wr *w, struct cqlr_arena *a, struct cqlr_type *t)
{
    struct cqlr_err err;
    struct cqlr_rd r;
    size_t n = w->n;
    uint8_t *copy = malloc(n);
    memcpy(copy, w->p, n);
    cqlr_wr_fini(w);
    cqlr_rd_init(&r, copy, n, &err);
    assert_int_equal(cqlr_type_read(&r, NULL, NULL), 0); /* walked only */
    assert_int_equal(cqlr_rd_left(&r), 0);
    cqlr_rd_init(&r, copy, n, &err);
    int rc = cqlr_type_read(&r, a, t);
    free(copy);
    return rc;
}

/* The CQL name of a class. */
static const char *name_of(const char *class_name)
{
    struct cqlr_arena a;
    struct cqlr_type t;
    struct cqlr_wr w;
    cqlr_arena_init(&a, NULL);
    cqlr_wr_init(&w, NULL, 0);
    write_custom(&w, class_name);
    assert_int_equal(read_option(&w, &a, &t), 0);
    cqlr_wr_init(&w, NULL, 0);
    cqlr_type_print(&w, &t);
    keep_answer(&w, 0);
    cqlr_arena_fini(&a);
    return answer.text;
}

#define assert_name(class_name, cql) assert_string_equal(name_of(class_name), cql)

/* A name that stays as it is: CUSTOM, with all of its text. */
static void assert_opaque(const char *class_name)
{
    char quoted[400] = "'";
    assert_true(strlen(class_name) < 300 && !strchr(class_name, '\''));
    snprintf(quoted, sizeof quoted, "'%s'", class_name);
    assert_name(class_name, quoted);
}

static void every_class_with_and_without_its_package(void **state)
{
    static const char *const classes[][2] = {
        {"AsciiType", "ascii"},
        {"LongType", "bigint"},
        {"BytesType", "blob"},
        {"BooleanType", "boolean"},
        {"DecimalType", "decimal"},
        {"CounterColumnType", "counter"},
        {"DoubleType", "double"},
        {"FloatType", "float"},
        {"Int32Type", "int"},
        {"TimestampType", "timestamp"},
        {"DateType", "timestamp"},
        {"UUIDType", "uuid"},
        {"UTF8Type", "text"},
        {"IntegerType", "varint"},
        {"TimeUUIDType", "timeuuid"},
        {"InetAddressType", "inet"},
        {"SimpleDateType", "date"},
        {"TimeType", "time"},
        {"ShortType", "smallint"},
        {"ByteType", "tinyint"},
        {"DurationType", "duration"},
        {"ListType(Int32Type)", "list<int>"},
        {"SetType(UTF8Type)", "set<text>"},
        {"MapType(UTF8Type,DurationType)", "map<text, duration>"},
        {"TupleType(Int32Type,UTF8Type)", "tuple<int, text>"},
        {"TupleType()", "tuple<>"},
        {"VectorType(FloatType , 3)", "vector<float, 3>"}};
    char full[200];
    (void)state;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        assert_name(classes[i][0], classes[i][1]);
        snprintf(full, sizeof full, PACKAGE "%s", classes[i][0]);
        assert_name(full, classes[i][1]);
    }
}

static void names_as_a_server_sends_them(void **state)
{
    (void)state;
    assert_name(PACKAGE "VectorType(" PACKAGE "FloatType , 3)", "vector<float, 3>");
    assert_name(PACKAGE "VectorType(" PACKAGE "VectorType(" PACKAGE "Int32Type , 2) , 2)",
                "vector<vector<int, 2>, 2>");
    assert_name(PACKAGE "VectorType(" PACKAGE "MapType(" PACKAGE "UTF8Type," PACKAGE
                        "VectorType(" PACKAGE "DurationType , 1)) , 1)",
                "vector<map<text, vector<duration, 1>>, 1>");
    assert_name(PACKAGE "VectorType(" PACKAGE "FrozenType(" PACKAGE
                        "UserType(ks,41646472,737472656574:" PACKAGE "UTF8Type,5a6970:" PACKAGE
                        "ListType(" PACKAGE "Int32Type))) , 1)",
                "vector<\"Addr\", 1>");
}

static void wrappers_are_what_they_wrap(void **state)
{
    (void)state;
    assert_name("FrozenType(ListType(Int32Type))", "list<int>");
    assert_name("ReversedType(TimeUUIDType)", "timeuuid");
    assert_name("ReversedType(FrozenType(SetType(FrozenType(FrozenType(UTF8Type)))))", "set<text>");
    assert_name("TupleType(FrozenType(x.Y),FrozenType(Int32Type))", "tuple<'x.Y', int>");
    assert_opaque("FrozenType(x.Y)");
    assert_opaque("FrozenType");
    assert_opaque("FrozenType()");
    assert_opaque("FrozenType(Int32Type,Int32Type)");
}

static void blanks_may_stand_between_any_two_tokens(void **state)
{
    (void)state;
    assert_name(" \t\nMapType ( UTF8Type , VectorType\n( FloatType\t,\t12 ) ) ",
                "map<text, vector<float, 12>>");
    assert_name("MapType(UTF8Type,VectorType(FloatType,12))", "map<text, vector<float, 12>>");
    assert_name("TupleType( )", "tuple<>");
    assert_name("VectorType( FrozenType ( UserType ( ks , 61 , 62 : Int32Type ) ) , 1 )",
                "vector<a, 1>");
}

static void names_of_a_udt_come_from_hex(void **state)
{
    struct cqlr_arena a;
    struct cqlr_type t;
    struct cqlr_wr w;
    (void)state;
    cqlr_arena_init(&a, NULL);
    cqlr_wr_init(&w, NULL, 0);
    write_custom(
        &w, "UserType(my_ks,61646472,737472656574:UTF8Type,C3a4:ListType(Int32Type),:ByteType)");
    assert_int_equal(read_option(&w, &a, &t), 0);
    assert_int_equal(t.id, CQLR_TYPE_UDT);
    assert_int_equal(t.count, 3);
    assert_true(cqlr_str_equal(t.keyspace, cqlr_cstr("my_ks")));
    assert_true(cqlr_str_equal(t.name, cqlr_cstr("addr")));
    assert_true(cqlr_str_equal(t.field[0], cqlr_cstr("street")));
    assert_true(cqlr_str_equal(t.field[1], cqlr_cstr("\xC3\xA4")));
    assert_int_equal(t.field[2].n, 0);
    assert_int_equal(t.sub[0].id, CQLR_TYPE_VARCHAR);
    assert_int_equal(t.sub[1].id, CQLR_TYPE_LIST);
    assert_int_equal(t.sub[1].sub->id, CQLR_TYPE_INT);
    assert_int_equal(t.sub[2].id, CQLR_TYPE_TINYINT);
    cqlr_arena_fini(&a);
    assert_name("UserType(ks,6162)", "ab");
    assert_opaque("UserType(ks,616)");
    assert_opaque("UserType(ks,6x)");
    assert_opaque("UserType(ks)");
    assert_opaque("UserType()");
    assert_opaque("UserType");
    assert_opaque("UserType(ks,61,62)");
    assert_opaque("UserType(ks,61,62:)");
    assert_opaque("UserType(ks,61,6:Int32Type)");
    assert_opaque("UserType(ks,61,62;Int32Type)");
}

static void an_unknown_class_within_a_known_one_is_opaque_alone(void **state)
{
    (void)state;
    assert_name("MapType(UTF8Type,com.example.Geo(a=>b,c:(d)))",
                "map<text, 'com.example.Geo(a=>b,c:(d))'>");
    assert_name("TupleType(Int32Type(x),EmptyType,MapType)",
                "tuple<'Int32Type(x)', 'EmptyType', 'MapType'>");
    assert_name("TupleType(ListType(Int32Type,Int32Type),Int32Type)",
                "tuple<'ListType(Int32Type,Int32Type)', int>");
    assert_name("ListType(CompositeType(Int32Type,UTF8Type))",
                "list<'CompositeType(Int32Type,UTF8Type)'>");
    /* how it stands in a vector, only the class knows */
    assert_name("ListType(VectorType(LexicalUUIDType, 2))",
                "list<'VectorType(LexicalUUIDType, 2)'>");
    assert_opaque("VectorType(VectorType(LexicalUUIDType, 2), 2)");
    assert_name("VectorType(ListType(LexicalUUIDType), 2)", "vector<list<'LexicalUUIDType'>, 2>");
}

static void classes_without_a_type_in_cql_are_opaque(void **state)
{
    (void)state;
    assert_opaque(PACKAGE "CompositeType(" PACKAGE "Int32Type," PACKAGE "UTF8Type)");
    assert_opaque(PACKAGE "DynamicCompositeType(a=>" PACKAGE "Int32Type)");
    assert_opaque(PACKAGE "ColumnToCollectionType(61:" PACKAGE "SetType(" PACKAGE "Int32Type))");
    assert_opaque(PACKAGE "EmptyType");
    assert_opaque(PACKAGE "PartitionerDefinedOrder");
    assert_opaque("com.example.Int32Type");
    assert_opaque("org.apache.cassandra.db.marshal.x.Int32Type");
    assert_opaque(PACKAGE);
    assert_opaque("int32type");
}

static void what_is_no_class_name_is_opaque(void **state)
{
    static const char *const wrong[] = {"ListType(Int32Type",
                                        "ListType(Int32Type))",
                                        "ListType",
                                        "ListType()",
                                        "ListType(,)",
                                        "ListType(Int32Type,)",
                                        "MapType(Int32Type)",
                                        "MapType(a,b,c)",
                                        "ListType(Int32Type) x",
                                        "(",
                                        ")",
                                        "()",
                                        "ListType(())",
                                        "a(",
                                        "a)",
                                        "a b",
                                        "TupleType(Int32Type Int32Type)",
                                        "TupleType(,Int32Type)",
                                        "TupleType(Int32Type,,Int32Type)",
                                        "TupleType(Int32Type,)",
                                        "TupleType(Int32Type;Int32Type)",
                                        "ListType(a(b)",
                                        "ListType(a)b)",
                                        "x.Y(a=>b",
                                        "FrozenType(ListType(Int32Type)",
                                        "ListType(FrozenType(Int32Type)",
                                        "ListType(\x01)",
                                        "\xFF",
                                        ","};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_opaque(wrong[i]);
    assert_name("", "''");
}

static void a_vector_must_have_a_dimension_that_values_can_have(void **state)
{
    static const char *const wrong[] = {"VectorType(FloatType)",
                                        "VectorType(FloatType,)",
                                        "VectorType(FloatType,0)",
                                        "VectorType(FloatType,-1)",
                                        "VectorType(FloatType,+1)",
                                        "VectorType(FloatType,x)",
                                        "VectorType(FloatType,1,2)",
                                        "VectorType(FloatType,1x)",
                                        "VectorType(3,FloatType)",
                                        "VectorType()",
                                        "VectorType(FloatType,FloatType)",
                                        "VectorType(FloatType,2147483648)",
                                        "VectorType(FloatType,4294967297)",
                                        "VectorType(FloatType,18446744073709551617)",
                                        "VectorType(FloatType,536870912)",
                                        "VectorType(UTF8Type,2147483648)",
                                        "VectorType(VectorType(BooleanType,65536),65536)",
                                        "VectorType(VectorType(UUIDType,16384),8192)"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_opaque(wrong[i]);
    assert_name("VectorType(FloatType,536870911)", "vector<float, 536870911>");
    assert_name("VectorType(UTF8Type,2147483647)", "vector<text, 2147483647>");
    assert_name("VectorType(FloatType,007)", "vector<float, 7>");
}

/* `piece` n times behind text[at]; returns where it ends. */
static size_t repeat(char *text, size_t size, size_t at, const char *piece, size_t n)
{
    size_t length = strlen(piece);
    assert_true(at + n * length < size);
    for (; n > 0; n--, at += length)
        memcpy(text + at, piece, length);
    text[at] = 0;
    return at;
}

/* `open` n times, Int32Type, `close` n times. */
static char *nest(const char *open, const char *close, size_t n)
{
    size_t size = n * (strlen(open) + strlen(close)) + 20;
    char *text = malloc(size);
    size_t at = repeat(text, size, 0, open, n);
    at = repeat(text, size, at, "Int32Type", 1);
    repeat(text, size, at, close, n);
    return text;
}

static bool nests(const char *open, const char *close, size_t n)
{
    char *text = nest(open, close, n);
    bool known = name_of(text)[0] != '\'';
    free(text);
    return known;
}

static void nesting_ends_at_64_whatever_wraps_it(void **state)
{
    (void)state;
    assert_true(nests("ListType(", ")", 63));
    assert_false(nests("ListType(", ")", 64));
    assert_true(nests("VectorType(", ",1)", 63));
    assert_false(nests("VectorType(", ",1)", 64));
    assert_true(nests("FrozenType(ListType(", "))", 63));
    assert_false(nests("FrozenType(ListType(", "))", 64));
    assert_true(nests("FrozenType(", ")", 1000)); /* it adds no level */
    assert_false(nests("x.Y(", ")", 1000));
}

/* Levels of options around it count, too. */
static void options_and_classes_share_the_depth(void **state)
{
    (void)state;
    for (int options = 1; options <= 63; options += 31) {
        for (int over = 0; over <= 1; over++) {
            struct cqlr_arena a;
            struct cqlr_type t;
            struct cqlr_wr w;
            char *text = nest("ListType(", ")", (size_t)(63 - options + over));
            cqlr_arena_init(&a, NULL);
            cqlr_wr_init(&w, NULL, 0);
            for (int i = 0; i < options; i++)
                cqlr_wr_u16(&w, CQLR_TYPE_LIST);
            write_custom(&w, text);
            assert_int_equal(read_option(&w, &a, &t), 0);
            const struct cqlr_type *leaf = &t;
            for (int i = 0; i < options; i++)
                leaf = leaf->sub;
            assert_int_equal(leaf->id == CQLR_TYPE_CUSTOM, over);
            cqlr_arena_fini(&a);
            free(text);
        }
    }
}

/* As long as a [string] can be. All of them are read with a stack of 256 KB (main). */
static void bombs_of_64_kb_take_memory_in_proportion(void **state)
{
    static const char *const units[] = {
        "FrozenType(", "ListType(", "TupleType(",  "x(",  "(", ")",         "a,",
        ",",           "UserType(", "VectorType(", "61:", " ", "MapType(a,"};
    static const char *const fronts[] = {"", "TupleType(", "UserType(k,61,", "x("};
    static char text[65535 + 1];
    (void)state;
    for (size_t f = 0; f < sizeof fronts / sizeof fronts[0]; f++) {
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            struct cqlr_arena a;
            struct cqlr_type t;
            struct cqlr_wr w;
            size_t n = repeat(text, sizeof text, 0, fronts[f], 1);
            n = repeat(text, sizeof text, n, units[u], (sizeof text - 1 - n) / strlen(units[u]));
            cqlr_arena_init(&a, &counting);
            cqlr_wr_init(&w, NULL, 0);
            write_custom(&w, text);
            allocated = 0;
            assert_int_equal(read_option(&w, &a, &t), 0);
            assert_int_equal(t.id, CQLR_TYPE_CUSTOM);
            assert_int_equal(t.name.n, n);
            assert_true(allocated < 50 * n);
            cqlr_arena_fini(&a);
        }
    }
}

static void a_tuple_of_many_types_takes_memory_in_proportion(void **state)
{
    static char text[65535 + 1];
    struct cqlr_arena a;
    struct cqlr_type t;
    struct cqlr_wr w;
    (void)state;
    size_t n = repeat(text, sizeof text, 0, "TupleType(a", 1);
    n = repeat(text, sizeof text, n, ",a", (sizeof text - 2 - n) / 2);
    n = repeat(text, sizeof text, n, ")", 1);
    cqlr_arena_init(&a, &counting);
    cqlr_wr_init(&w, NULL, 0);
    write_custom(&w, text);
    allocated = 0;
    assert_int_equal(read_option(&w, &a, &t), 0);
    assert_int_equal(t.id, CQLR_TYPE_TUPLE);
    assert_int_equal(t.count, (n - 10) / 2);
    assert_true(allocated < 50 * n);
    cqlr_arena_fini(&a);
}

static void *fail_resize(void *arg, void *p, size_t old, size_t n)
{
    int *left = arg;
    (void)old;
    if (n && (*left)-- == 0)
        return NULL;
    if (n)
        return realloc(p, n);
    free(p);
    return NULL;
}

/* A class with a name in hex is read from an arena that has `room` bytes left, and memory for so
 * many more allocations. */
static int read_class_with(size_t room, int allocations)
{
    int left = 1;
    struct cqlr_mem mem = {fail_resize, &left};
    struct cqlr_arena a;
    struct cqlr_type t;
    struct cqlr_wr w;
    char text[3000];
    size_t n = repeat(text, sizeof text, 0, "UserType(ks,", 1);
    n = repeat(text, sizeof text, n, "66", 500);
    repeat(text, sizeof text, n, ",61:ListType(Int32Type),62:VectorType(FloatType,3))", 1);
    cqlr_arena_init(&a, &mem);
    assert_non_null(cqlr_arena_get(&a, 64 * 1024));
    left = 1;
    assert_non_null(cqlr_arena_get(&a, 64 * 1024 - room));
    left = allocations;
    cqlr_wr_init(&w, NULL, 0);
    write_custom(&w, text);
    int rc = read_option(&w, &a, &t);
    assert_true(rc == 0 || rc == CQLR_E_NOMEM);
    assert_true(rc ? allocations < 10 : t.id == CQLR_TYPE_UDT);
    cqlr_arena_fini(&a);
    return rc;
}

static void no_memory_is_told_wherever_it_ends(void **state)
{
    (void)state;
    for (size_t room = 0; room < 4000; room += 16)
        for (int allocations = 0; read_class_with(room, allocations); allocations++)
            continue;
}

/* By hand a type may be deeper than any that can be read. */
static void a_class_too_deep_is_not_written(void **state)
{
    struct cqlr_type level[CQLR_TYPE_DEPTH + 2] = {{.id = CQLR_TYPE_INT}};
    struct cqlr_wr w;
    (void)state;
    for (size_t i = 1; i < sizeof level / sizeof *level; i++)
        level[i] = (struct cqlr_type){.id = CQLR_TYPE_LIST, .count = 1, .sub = &level[i - 1]};
    level[CQLR_TYPE_DEPTH + 1].id = CQLR_TYPE_VECTOR;
    level[CQLR_TYPE_DEPTH + 1].dimension = 2;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_type_write(&w, &level[CQLR_TYPE_DEPTH + 1]);
    assert_int_equal(w.rc, CQLR_E_RANGE);
    cqlr_wr_fini(&w);
}

static void vectors_are_written_as_their_class(void **state)
{
    static const struct cqlr_str fields[] = {{"a", 1}, {"Zip", 3}};
    static const struct cqlr_type subs[] = {{.id = CQLR_TYPE_INT}, {.id = CQLR_TYPE_DURATION}};
    static const struct cqlr_type udt = {.id = CQLR_TYPE_UDT,
                                         .count = 2,
                                         .sub = subs,
                                         .field = fields,
                                         .keyspace = {"ks", 2},
                                         .name = {"Addr", 4}};
    const struct cqlr_type vector = {
        .id = CQLR_TYPE_VECTOR, .count = 1, .dimension = 12, .sub = &udt};
    const char *expected = PACKAGE "VectorType(" PACKAGE "UserType(ks,41646472,61:" PACKAGE
                                   "Int32Type,5a6970:" PACKAGE "DurationType) , 12)";
    struct cqlr_wr w, custom;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_init(&custom, NULL, 0);
    cqlr_type_write(&w, SUB(LIST, 1, vector));
    cqlr_wr_u16(&custom, CQLR_TYPE_LIST);
    write_custom(&custom, expected);
    assert_int_equal(w.n, custom.n);
    assert_memory_equal(w.p, custom.p, w.n);
    cqlr_wr_fini(&w);
    cqlr_wr_fini(&custom);
}

static void a_name_longer_than_a_string_is_not_written(void **state)
{
    static char name[70000];
    struct cqlr_type t = {.id = CQLR_TYPE_CUSTOM, .name = {name, 65500}};
    const struct cqlr_type vector = {.id = CQLR_TYPE_VECTOR, .count = 1, .dimension = 1, .sub = &t};
    struct cqlr_wr w;
    (void)state;
    memset(name, 'x', sizeof name);
    cqlr_wr_init(&w, NULL, 0);
    cqlr_type_write(&w, &vector);
    assert_int_equal(w.rc, CQLR_E_RANGE);
    cqlr_wr_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_with_and_without_its_package),
        cmocka_unit_test(names_as_a_server_sends_them),
        cmocka_unit_test(wrappers_are_what_they_wrap),
        cmocka_unit_test(blanks_may_stand_between_any_two_tokens),
        cmocka_unit_test(names_of_a_udt_come_from_hex),
        cmocka_unit_test(an_unknown_class_within_a_known_one_is_opaque_alone),
        cmocka_unit_test(classes_without_a_type_in_cql_are_opaque),
        cmocka_unit_test(what_is_no_class_name_is_opaque),
        cmocka_unit_test(a_vector_must_have_a_dimension_that_values_can_have),
        cmocka_unit_test(nesting_ends_at_64_whatever_wraps_it),
        cmocka_unit_test(options_and_classes_share_the_depth),
        cmocka_unit_test(bombs_of_64_kb_take_memory_in_proportion),
        cmocka_unit_test(a_tuple_of_many_types_takes_memory_in_proportion),
        cmocka_unit_test(no_memory_is_told_wherever_it_ends),
        cmocka_unit_test(a_class_too_deep_is_not_written),
        cmocka_unit_test(vectors_are_written_as_their_class),
        cmocka_unit_test(a_name_longer_than_a_string_is_not_written),
    };
    /* a thread would do, but this is all that is needed */
    const struct rlimit small = {256 * 1024, 256 * 1024};
    setrlimit(RLIMIT_STACK, &small);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

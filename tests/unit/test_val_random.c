/*
 * test_val_random.c - random types and values: value → text, literal or JSON → the same value, and
 * random bytes and texts that no function may trip over (run it under a sanitizer).
 */
#include "tests/unit/val_help.h"

#define ROUNDS 40000
#define DEEP   6

static uint64_t seed = 1970;

static uint32_t below(uint32_t n)
{
    return (uint32_t)(next_random(&seed) >> 33) % n;
}

static const enum cqlr_type_id scalars[] = {
    CQLR_TYPE_CUSTOM,  CQLR_TYPE_ASCII,   CQLR_TYPE_BIGINT,    CQLR_TYPE_BLOB,
    CQLR_TYPE_BOOLEAN, CQLR_TYPE_COUNTER, CQLR_TYPE_DECIMAL,   CQLR_TYPE_DOUBLE,
    CQLR_TYPE_FLOAT,   CQLR_TYPE_INT,     CQLR_TYPE_TIMESTAMP, CQLR_TYPE_UUID,
    CQLR_TYPE_VARCHAR, CQLR_TYPE_VARINT,  CQLR_TYPE_TIMEUUID,  CQLR_TYPE_INET,
    CQLR_TYPE_DATE,    CQLR_TYPE_TIME,    CQLR_TYPE_SMALLINT,  CQLR_TYPE_TINYINT,
    CQLR_TYPE_DURATION};

static void random_type(struct cqlr_arena *a, struct cqlr_type *t, int depth)
{
    static const enum cqlr_type_id nested[] = {CQLR_TYPE_LIST,  CQLR_TYPE_SET, CQLR_TYPE_MAP,
                                               CQLR_TYPE_TUPLE, CQLR_TYPE_UDT, CQLR_TYPE_VECTOR};
    static const char *const names[] = {"a", "B", "from", "x y", "q\"q", "long_name_1"};
    memset(t, 0, sizeof *t);
    if (depth == 0 || below(2)) {
        t->id = scalars[below(sizeof scalars / sizeof scalars[0])];
        if (t->id == CQLR_TYPE_CUSTOM)
            t->name = cqlr_cstr("com.example.Unknown(a=>b,(c))");
        return;
    }
    t->id = nested[below(6)];
    bool fields = t->id == CQLR_TYPE_TUPLE || t->id == CQLR_TYPE_UDT;
    t->count = t->id == CQLR_TYPE_MAP ? 2 : fields ? 1 + below(5) : 1;
    struct cqlr_type *sub = cqlr_arena_get(a, t->count * sizeof *sub);
    struct cqlr_str *field = cqlr_arena_get(a, t->count * sizeof *field);
    for (uint32_t i = 0; i < t->count; i++) {
        random_type(a, &sub[i], depth - 1);
        field[i] = cqlr_cstr(names[i]);
    }
    t->sub = sub;
    if (t->id == CQLR_TYPE_UDT) {
        t->field = field;
        t->keyspace = cqlr_cstr("ks_1");
        t->name = cqlr_cstr(names[below(6)]);
    }
    if (t->id == CQLR_TYPE_VECTOR) {
        t->dimension = 1 + below(3);
        if (sub->id == CQLR_TYPE_CUSTOM) /* whose layout in a vector is not known */
            *sub = (struct cqlr_type){.id = CQLR_TYPE_BLOB};
    }
}

static void random_bytes(struct cqlr_wr *w, uint32_t n)
{
    while (n--)
        cqlr_wr_u8(w, (uint8_t)next_random(&seed));
}

/* The vint in front of an element of a vector, and the element. */
static void append_element(struct cqlr_wr *w, const struct cqlr_wr *element)
{
    if (element->n >= 128) /* up to 16,383; the test fails when there is more */
        cqlr_wr_u8(w, (uint8_t)(0x80 | element->n >> 8));
    assert_true(element->n < 16384);
    cqlr_wr_u8(w, (uint8_t)element->n);
    cqlr_wr_raw(w, element->p, element->n);
}

static bool is_fixed(const struct cqlr_type *t)
{
    static const enum cqlr_type_id fixed[] = {
        CQLR_TYPE_BOOLEAN, CQLR_TYPE_INT,       CQLR_TYPE_FLOAT, CQLR_TYPE_BIGINT,
        CQLR_TYPE_DOUBLE,  CQLR_TYPE_TIMESTAMP, CQLR_TYPE_UUID,  CQLR_TYPE_TIMEUUID};
    while (t->id == CQLR_TYPE_VECTOR)
        t = t->sub;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (t->id == fixed[i])
            return true;
    return false;
}

/* A small number more often than a large one. */
static int64_t random_int(void)
{
    return (int64_t)next_random(&seed) >> below(64);
}

static void parsed(struct cqlr_wr *w, enum cqlr_type_id id, const char *text)
{
    struct cqlr_err err;
    struct cqlr_type t = {.id = id};
    if (cqlr_value_parse(w, &t, cqlr_cstr(text), &err))
        fail_msg("%s", err.text);
}

static void random_scalar(struct cqlr_wr *w, enum cqlr_type_id id)
{
    static const char *const pieces[] = {
        "a", "'",    "\"",       "\\", ",", "]", "}",
        " ", "null", "\xC3\xA4", "\n", ":", "(", "\xF0\x9F\x98\x80"};
    struct cqlr_err err;
    struct cqlr_type t = {.id = id};
    char text[100];
    uint32_t at = (uint32_t)w->n;
    int64_t n;
    switch (id) {
    case CQLR_TYPE_CUSTOM:
    case CQLR_TYPE_BLOB:
        random_bytes(w, below(20));
        break;
    case CQLR_TYPE_ASCII:
    case CQLR_TYPE_VARCHAR:
        for (uint32_t i = below(8); i-- > 0;) {
            const char *p = pieces[below(sizeof pieces / sizeof pieces[0])];
            if (id == CQLR_TYPE_VARCHAR || (uint8_t)*p < 0x80)
                cqlr_wr_raw(w, p, strlen(p));
        }
        break;
    case CQLR_TYPE_BOOLEAN:
        cqlr_wr_u8(w, (uint8_t)below(2));
        break;
    case CQLR_TYPE_DECIMAL: /* what is printed as written: no negative scale above -100 */
        n = random_int();
        cqlr_wr_i32(w, below(2)                              ? (int32_t)below(101)
                       : n < 0 && n >= INT32_MIN && n < -100 ? (int32_t)n
                                                             : 101);
        snprintf(text, sizeof text, "%lld%09u", (long long)random_int(), below(1000000000));
        parsed(w, CQLR_TYPE_VARINT, text);
        break;
    case CQLR_TYPE_VARINT:
        snprintf(text, sizeof text, "%lld%09u", (long long)random_int(), below(1000000000));
        parsed(w, id, text);
        break;
    case CQLR_TYPE_UUID:
        random_bytes(w, 16);
        break;
    case CQLR_TYPE_TIMEUUID:
        random_bytes(w, 16);
        w->p[at + 6] = (uint8_t)(0x10 | (w->p[at + 6] & 15));
        break;
    case CQLR_TYPE_INET:
        random_bytes(w, below(2) ? 4 : 16);
        for (size_t i = at; i < w->n; i++) /* zeros, so that there is something to leave out */
            w->p[i] = below(3) ? 0 : w->p[i];
        break;
    case CQLR_TYPE_TIME:
        cqlr_wr_i64(w, (int64_t)(next_random(&seed) % UINT64_C(86400000000000)));
        break;
    case CQLR_TYPE_DURATION:
        snprintf(text, sizeof text, "%s%umo%ud%lluns", below(2) ? "-" : "", below(INT32_MAX),
                 below(INT32_MAX), (unsigned long long)(next_random(&seed) >> (1 + below(60))));
        parsed(w, id, text);
        break;
    case CQLR_TYPE_DATE:
    case CQLR_TYPE_INT:
        cqlr_wr_i32(w, (int32_t)(uint32_t)random_int());
        break;
    case CQLR_TYPE_FLOAT: /* of the NaNs only the one that "NaN" is read as */
        cqlr_wr_i32(w, (int32_t)next_random(&seed));
        if ((cqlr_be32(w->p + at) & 0x7F800000) == 0x7F800000)
            cqlr_put32(w->p + at, 0x7FC00000);
        break;
    case CQLR_TYPE_DOUBLE:
        cqlr_wr_i64(w, (int64_t)next_random(&seed));
        if ((cqlr_be64(w->p + at) >> 52 & 0x7FF) == 0x7FF)
            cqlr_put64(w->p + at, UINT64_C(0x7FF8) << 48);
        break;
    default:
        do
            n = random_int();
        while (cqlr_value_from_int(w, &t, n, &err));
    }
    assert_int_equal(w->rc, 0);
}

static void random_value(struct cqlr_wr *w, const struct cqlr_type *t);

static void random_vector(struct cqlr_wr *w, const struct cqlr_type *t)
{
    for (uint32_t i = 0; i < t->dimension; i++) {
        struct cqlr_wr element;
        cqlr_wr_init(&element, NULL, 0);
        random_value(&element, t->sub);
        if (is_fixed(t->sub))
            cqlr_wr_raw(w, element.p, element.n);
        else
            append_element(w, &element);
        cqlr_wr_fini(&element);
    }
}

static void random_value(struct cqlr_wr *w, const struct cqlr_type *t)
{
    bool counted = t->id == CQLR_TYPE_LIST || t->id == CQLR_TYPE_SET || t->id == CQLR_TYPE_MAP;
    uint32_t count = t->count;
    if (!t->count) {
        random_scalar(w, t->id);
        return;
    }
    if (t->id == CQLR_TYPE_VECTOR) {
        random_vector(w, t);
        return;
    }
    if (counted) {
        cqlr_wr_i32(w, (int32_t)below(4));
        count = t->count * cqlr_be32(w->p + w->n - 4);
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t at = w->n;
        cqlr_wr_i32(w, CQLR_NULL);
        if (!counted && below(4) == 0)
            continue;
        random_value(w, &t->sub[i % t->count]);
        cqlr_put32(w->p + at, (uint32_t)(w->n - at - 4));
    }
}

static void check_round(const struct cqlr_type *t, struct cqlr_wr *value,
                        enum cqlr_text_style style)
{
    struct cqlr_wr text, back;
    struct cqlr_err err;
    cqlr_wr_init(&text, NULL, 0);
    cqlr_wr_init(&back, NULL, 0);
    struct cqlr_value v = {value->p, (int32_t)value->n};
    if (cqlr_value_print(&text, t, v, style, &err))
        fail_msg("%s", err.text);
    struct cqlr_str s = {(const char *)text.p, text.n};
    if (style == CQLR_JSON ? cqlr_value_from_json(&back, t, s, &err)
                           : cqlr_value_parse(&back, t, s, &err))
        fail_msg("%s: %.*s", err.text, CQLR_STR(s));
    if (back.n != value->n || (back.n && memcmp(back.p, value->p, back.n) != 0))
        fail_msg("came back changed: %.*s", CQLR_STR(s));
    cqlr_wr_fini(&text);
    cqlr_wr_fini(&back);
}

static void values_come_back_from_their_text(void **state)
{
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < ROUNDS; i++) {
        struct cqlr_arena a;
        struct cqlr_type t;
        struct cqlr_wr value;
        cqlr_arena_init(&a, NULL);
        cqlr_wr_init(&value, NULL, 0);
        random_type(&a, &t, (int)below(DEEP + 1));
        random_value(&value, &t);
        check_round(&t, &value, CQLR_TEXT);
        check_round(&t, &value, CQLR_JSON);
        if (t.id != CQLR_TYPE_VARCHAR &&
            t.id != CQLR_TYPE_ASCII) /* whose text is read as it stands */
            check_round(&t, &value, CQLR_LITERAL);
        cqlr_wr_fini(&value);
        cqlr_arena_fini(&a);
    }
}

static void assert_same_type(const struct cqlr_type *a, const struct cqlr_type *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->dimension, b->dimension);
    assert_true(cqlr_str_equal(a->keyspace, b->keyspace));
    assert_true(cqlr_str_equal(a->name, b->name));
    assert_int_equal(a->field == NULL, b->field == NULL);
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->field)
            assert_true(cqlr_str_equal(a->field[i], b->field[i]));
        assert_same_type(&a->sub[i], &b->sub[i]);
    }
}

/* As an option; within a vector, and each vector within it, as a class name. */
static void check_type(struct cqlr_arena *a, const struct cqlr_type *t)
{
    struct cqlr_type back;
    struct cqlr_wr w;
    struct cqlr_rd r;
    struct cqlr_err err;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_type_write(&w, t);
    if (w.rc != CQLR_E_RANGE) { /* a class name of more than 64 KB */
        assert_int_equal(w.rc, 0);
        cqlr_rd_init(&r, w.p, w.n, &err);
        assert_int_equal(cqlr_type_read(&r, a, &back), 0);
        assert_int_equal(cqlr_rd_left(&r), 0);
        assert_same_type(t, &back);
    }
    cqlr_wr_fini(&w);
}

static void types_come_back_from_option_and_class_name(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct cqlr_arena a;
        struct cqlr_type t;
        cqlr_arena_init(&a, NULL);
        random_type(&a, &t, DEEP);
        check_type(&a, &t);
        if (t.id != CQLR_TYPE_CUSTOM)
            check_type(&a, &(struct cqlr_type){
                               .id = CQLR_TYPE_VECTOR, .count = 1, .dimension = 5, .sub = &t});
        cqlr_arena_fini(&a);
    }
}

/* Class names with characters changed, cut or added: always a type, mostly an opaque one. */
static void damaged_class_names_are_types(void **state)
{
    static const char alphabet[] = "(),:. aT0";
    int known = 0;
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct cqlr_arena a;
        struct cqlr_type t, back;
        struct cqlr_wr w, text;
        struct cqlr_rd r;
        struct cqlr_err err;
        cqlr_arena_init(&a, NULL);
        cqlr_wr_init(&w, NULL, 0);
        cqlr_wr_init(&text, NULL, 0);
        random_type(&a, &t, 3);
        if (t.id == CQLR_TYPE_CUSTOM)
            t.id = CQLR_TYPE_DATE;
        cqlr_type_write(
            &w, &(struct cqlr_type){.id = CQLR_TYPE_VECTOR, .count = 1, .dimension = 5, .sub = &t});
        for (uint32_t k = below(4); k-- > 0;)
            w.p[4 + below((uint32_t)w.n - 4)] = (uint8_t)alphabet[below(sizeof alphabet - 1)];
        cqlr_put16(w.p + 2, (uint16_t)(below(2) ? w.n - 4 : below((uint32_t)w.n - 3)));
        cqlr_rd_init(&r, w.p, w.n, &err);
        assert_int_equal(cqlr_type_read(&r, &a, &back), 0);
        known += back.id != CQLR_TYPE_CUSTOM;
        cqlr_type_print(&text, &back);
        assert_int_equal(text.rc, 0);
        cqlr_wr_reset(&text);
        cqlr_type_write(&text, &back);
        assert_int_equal(text.rc, 0);
        cqlr_wr_fini(&w);
        cqlr_wr_fini(&text);
        cqlr_arena_fini(&a);
    }
    assert_true(known > 0 && known < ROUNDS);
}

/* Good values with bytes changed, cut or added: any answer will do, but one of 0, TYPE and PROTO.
 */
static void damaged_values_are_printed_or_refused(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct cqlr_arena a;
        struct cqlr_type t;
        struct cqlr_wr value;
        cqlr_arena_init(&a, NULL);
        cqlr_wr_init(&value, NULL, 0);
        random_type(&a, &t, DEEP);
        random_value(&value, &t);
        random_bytes(&value, below(2));
        for (uint32_t k = below(4); k-- > 0 && value.n;)
            value.p[below((uint32_t)value.n)] = (uint8_t)(below(2) ? next_random(&seed) : 0xFF);
        uint32_t n = below(2) ? (uint32_t)value.n : below((uint32_t)value.n + 1);
        for (int style = CQLR_TEXT; style <= CQLR_JSON; style++) {
            print_bytes(&t, value.p, (int32_t)n, (enum cqlr_text_style)style);
            assert_true(answer.rc == 0 || answer.rc == CQLR_E_TYPE || answer.rc == CQLR_E_PROTO);
        }
        cqlr_wr_fini(&value);
        cqlr_arena_fini(&a);
    }
}

/* A text of at most 400 bytes, cut and with some bytes of `alphabet` in it. */
static char *damaged(const char *good, const char *alphabet)
{
    static char text[400];
    size_t n = strlen(good) < sizeof text ? strlen(good) : sizeof text - 1;
    memcpy(text, good, n);
    for (uint32_t k = 1 + below(4); k-- > 0 && n;)
        text[below((uint32_t)n)] = alphabet[below((uint32_t)strlen(alphabet))];
    text[below(2) ? n : below((uint32_t)n + 1)] = 0;
    return text;
}

static void damaged_texts_are_read_or_refused(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct cqlr_arena a;
        struct cqlr_type t;
        struct cqlr_wr value;
        cqlr_arena_init(&a, NULL);
        cqlr_wr_init(&value, NULL, 0);
        random_type(&a, &t, DEEP);
        random_value(&value, &t);
        print_bytes(&t, value.p, (int32_t)value.n, CQLR_LITERAL);
        parse_text(&t, damaged(answer.text, "[]{}(),:'\"0123456789-+.eExXZTPnul \n\x80\xC3\xA4"));
        assert_true(answer.rc == 0 || answer.rc == CQLR_E_TYPE);
        print_bytes(&t, value.p, (int32_t)value.n, CQLR_JSON);
        read_json(&t, damaged(answer.text, "[]{},:\"\\0123456789-+.eExXTnulbd \n\x80\xC3\xA4"));
        assert_true(answer.rc == 0 || answer.rc == CQLR_E_TYPE);
        cqlr_wr_fini(&value);
        cqlr_arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_from_their_text),
        cmocka_unit_test(types_come_back_from_option_and_class_name),
        cmocka_unit_test(damaged_class_names_are_types),
        cmocka_unit_test(damaged_values_are_printed_or_refused),
        cmocka_unit_test(damaged_texts_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

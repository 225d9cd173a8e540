/*
 * fuzz.c - what the targets share; see fuzz.h.
 */
#include "tests/fuzz/fuzz.h"

#include "proto/val/json.h"
#include "proto/val/val.h"

uint8_t *fuzz_block(struct fuzz_in *in, size_t n, struct cqlr_bytes *block)
{
    n = n < in->n ? n : in->n;
    uint8_t *p = malloc(n ? n : 1);
    MUST(p, "no memory for %zu bytes", n);
    if (n) {
        memcpy(p, in->p, n);
        in->p += n;
        in->n -= n;
    }
    *block = (struct cqlr_bytes){p, n};
    return p;
}

/* ---- memory ---- */

static void *count_resize(void *arg, void *p, size_t old, size_t n)
{
    struct fuzz_mem *m = arg;
    const struct cqlr_mem *heap = cqlr_mem_default();
    MUST(m->now >= old && (p || !old), "%zu bytes given back of %zu", old, m->now);
    uint8_t *q = heap->resize(heap->arg, p, old, n);
    if (q && n > old)
        memset(q + old, m->fill, n - old);
    m->now += n - old;
    m->peak = m->now > m->peak ? m->now : m->peak;
    return q;
}

void fuzz_mem_init(struct fuzz_mem *m)
{
    *m = (struct fuzz_mem){.mem = {count_resize, m}};
}

/* ---- types ---- */

static const enum cqlr_type_id ids[] = {
    CQLR_TYPE_INT,     CQLR_TYPE_VARCHAR,  CQLR_TYPE_LIST,     CQLR_TYPE_MAP,
    CQLR_TYPE_SET,     CQLR_TYPE_TUPLE,    CQLR_TYPE_UDT,      CQLR_TYPE_DECIMAL,
    CQLR_TYPE_VARINT,  CQLR_TYPE_DURATION, CQLR_TYPE_DATE,     CQLR_TYPE_TIME,
    CQLR_TYPE_INET,    CQLR_TYPE_UUID,     CQLR_TYPE_TIMEUUID, CQLR_TYPE_TIMESTAMP,
    CQLR_TYPE_FLOAT,   CQLR_TYPE_DOUBLE,   CQLR_TYPE_ASCII,    CQLR_TYPE_BLOB,
    CQLR_TYPE_BOOLEAN, CQLR_TYPE_BIGINT,   CQLR_TYPE_SMALLINT, CQLR_TYPE_TINYINT,
    CQLR_TYPE_COUNTER, CQLR_TYPE_CUSTOM,   CQLR_TYPE_VECTOR,
};

static uint32_t sub_count(enum cqlr_type_id id, uint8_t choice)
{
    switch (id) {
    case CQLR_TYPE_LIST:
    case CQLR_TYPE_SET:
    case CQLR_TYPE_VECTOR:
        return 1;
    case CQLR_TYPE_MAP:
        return 2;
    case CQLR_TYPE_TUPLE:
    case CQLR_TYPE_UDT:
        return choice % 6;
    default:
        return 0;
    }
}

void fuzz_type(struct fuzz_in *in, struct cqlr_arena *a, struct cqlr_type *t, unsigned depth)
{
    static const char *const names[] = {"a", "B", "from", "x y", "q\"q", "\xC3\xA4"};
    uint8_t choice = fuzz_u8(in);
    memset(t, 0, sizeof *t);
    t->id = ids[choice % (sizeof ids / sizeof *ids)];
    if (depth == 0 && sub_count(t->id, 1))
        t->id = CQLR_TYPE_INT;
    t->count = sub_count(t->id, choice / 32);
    if (!t->count)
        return;
    struct cqlr_type *sub = cqlr_arena_get(a, t->count * sizeof *sub);
    struct cqlr_str *field = cqlr_arena_get(a, t->count * sizeof *field);
    MUST(sub && field, "no memory");
    for (uint32_t i = 0; i < t->count; i++) {
        fuzz_type(in, a, &sub[i], depth - 1);
        field[i] = cqlr_cstr(names[i]);
    }
    if (t->id == CQLR_TYPE_VECTOR) {
        t->dimension = 1u + choice / 64;
        if (sub->id == CQLR_TYPE_CUSTOM) /* there are no vectors of what is not known */
            sub->id = CQLR_TYPE_FLOAT;
    }
    t->sub = sub;
    t->field = t->id == CQLR_TYPE_UDT ? field : NULL;
}

#define TYPED_DEPTH 6

void fuzz_typed_init(struct fuzz_typed *x, struct fuzz_in *in)
{
    cqlr_arena_init(&x->arena, NULL);
    fuzz_type(in, &x->arena, &x->type, TYPED_DEPTH);
    x->p = fuzz_block(in, in->n, &x->block);
}

void fuzz_typed_fini(struct fuzz_typed *x)
{
    free(x->p);
    cqlr_arena_fini(&x->arena);
}

bool fuzz_type_equal(const struct cqlr_type *a, const struct cqlr_type *b)
{
    if (a->id != b->id || a->count != b->count || a->dimension != b->dimension ||
        !cqlr_str_equal(a->keyspace, b->keyspace) || !cqlr_str_equal(a->name, b->name) ||
        !a->field != !b->field)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!fuzz_type_equal(&a->sub[i], &b->sub[i]) ||
            (a->field && !cqlr_str_equal(a->field[i], b->field[i])))
            return false;
    return true;
}

/* ---- what is read back ---- */

#define DIGITS_READ 16384 /* bytes of an integer that is printed in base 10 */

static bool elements_read_back(const struct cqlr_type *t, struct cqlr_value v)
{
    bool null_ok = t->id == CQLR_TYPE_TUPLE || t->id == CQLR_TYPE_UDT;
    struct cqlr_elements e;
    struct cqlr_err err;
    struct cqlr_value item;
    const struct cqlr_type *type;
    if (cqlr_elements_init(&e, t, v, &err))
        return false;
    while (cqlr_elements_next(&e, &item, &type) == 1)
        if (item.n < 0 ? !null_ok : !fuzz_reads_back(type, item))
            return false;
    return true;
}

/* One field named twice, or named by what a reader of names takes for another one. */
static bool names_read_back(const struct cqlr_type *t)
{
    for (uint32_t i = 0; t->id == CQLR_TYPE_UDT && i < t->count; i++) {
        if (!t->field[i].n || !cqlr__utf8_valid((const uint8_t *)t->field[i].p, t->field[i].n))
            return false;
        for (uint32_t k = 0; k < i; k++)
            if (cqlr_str_equal(t->field[i], t->field[k]))
                return false;
    }
    return true;
}

bool fuzz_reads_back(const struct cqlr_type *t, struct cqlr_value v)
{
    const struct cqlr__scalar *scalar = cqlr__scalar_get(t->id);
    int64_t n;
    if (v.n == 0)
        return scalar ? scalar->empty_ok : t->id == CQLR_TYPE_TUPLE || t->id == CQLR_TYPE_UDT;
    switch (t->id) {
    case CQLR_TYPE_VARCHAR:
        return cqlr__utf8_valid(v.p, (size_t)v.n);
    case CQLR_TYPE_ASCII:
        return cqlr__ascii_valid(v.p, (size_t)v.n);
    case CQLR_TYPE_TIME:
        return cqlr_value_bigint(v, &n) == 0 && n >= 0 && n < CQLR__DAY_NS;
    case CQLR_TYPE_TIMEUUID:
        return v.n == 16 && v.p[6] >> 4 == 1;
    case CQLR_TYPE_VARINT:
    case CQLR_TYPE_DECIMAL:
        return v.n <= DIGITS_READ;
    case CQLR_TYPE_LIST:
    case CQLR_TYPE_SET:
    case CQLR_TYPE_MAP:
    case CQLR_TYPE_TUPLE:
    case CQLR_TYPE_UDT:
    case CQLR_TYPE_VECTOR:
        return names_read_back(t) && elements_read_back(t, v);
    default:
        return true;
    }
}

bool fuzz_has_json(const struct cqlr_type *t, unsigned depth)
{
    if (depth > CQLR_TYPE_DEPTH)
        return false;
    for (uint32_t i = 0; i < t->count; i++)
        if (!fuzz_has_json(&t->sub[i], depth + (t->id == CQLR_TYPE_MAP && i == 0 ? 8 : 1)))
            return false;
    return true;
}

/* ---- values as text ---- */

bool fuzz_is_text(const struct cqlr_type *t)
{
    return t->id == CQLR_TYPE_VARCHAR || t->id == CQLR_TYPE_ASCII;
}

int fuzz_print(struct cqlr_wr *w, size_t max, const struct cqlr_type *t, struct cqlr_value v,
               enum cqlr_text_style style)
{
    struct cqlr_err err = {0};
    cqlr_wr_init(w, NULL, max);
    int rc = cqlr_value_print(w, t, v, style, &err);
    MUST(rc ? err.code == rc && err.text[0] && !w->n : !w->rc, "error %d", rc);
    return rc;
}

int fuzz_parse(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str text,
               enum cqlr_text_style style, struct cqlr_err *err)
{
    cqlr_wr_init(w, NULL, FUZZ_TEXT_MAX);
    int rc = style == CQLR_JSON ? cqlr_value_from_json(w, t, text, err)
                                : cqlr_value_parse(w, t, text, err);
    MUST(rc ? err->code == rc && err->text[0] && !w->n : !w->rc, "error %d", rc);
    MUST(!rc || strlen(err->text) < sizeof err->text, "error's text");
    return rc;
}

void fuzz_check_back(const struct cqlr_type *t, struct cqlr_str text, enum cqlr_text_style style)
{
    struct cqlr_wr value, again;
    struct cqlr_err err = {0};
    int rc = fuzz_parse(&value, t, text, style, &err);
    MUST(rc == 0, "%s: %.*s", err.text, CQLR_STR(text));
    struct cqlr_value v = {value.p, (int32_t)value.n};
    rc = fuzz_print(&again, FUZZ_TEXT_MAX, t, v, style);
    MUST(rc == 0 && cqlr_str_equal(text, fuzz_text(&again)), "%.*s is now %.*s", CQLR_STR(text),
         (int)again.n, (char *)again.p);
    cqlr_wr_fini(&value);
    cqlr_wr_fini(&again);
}

/* ---- texts ---- */

bool fuzz_is_json(struct cqlr_str s)
{
    struct cqlr_err err;
    struct cqlr__json j;
    struct cqlr_str raw;
    cqlr__json_init(&j, s, &err);
    return cqlr__utf8_valid((const uint8_t *)s.p, s.n) && cqlr__json_value(&j, &raw) == 1 &&
           cqlr__json_value(&j, &raw) == 0;
}

bool fuzz_is_shown(struct cqlr_str s, bool newlines)
{
    const uint8_t *p = (const uint8_t *)s.p;
    for (size_t n = s.n, len; n; p += len, n -= len) {
        len = cqlr__utf8_next(p, n);
        bool c1 = len == 2 && p[0] == 0xC2 && p[1] < 0xA0;
        if (!len || c1 || p[0] == 0x7F || (p[0] < 0x20 && !(newlines && p[0] == '\n')))
            return false;
    }
    return true;
}

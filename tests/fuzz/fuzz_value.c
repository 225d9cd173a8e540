/*
 * fuzz_value.c - value → text → value → text, and text → value → text → value, of a type that the
 * first bytes make. What came back prints the same: a decimal may have another scale, a short tuple
 * its nulls.
 */
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "value";

#define DEPTH    6
#define TEXT_MAX (16u << 20)

static bool is_text(const struct cqlr_type *t)
{
    return t->id == CQLR_TYPE_VARCHAR || t->id == CQLR_TYPE_ASCII;
}

/* The text of a value, in `w`. 0, or why there is none. */
static int print(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_value v,
                 enum cqlr_text_style style)
{
    struct cqlr_err err = {0};
    cqlr_wr_init(w, NULL, TEXT_MAX);
    int rc = cqlr_value_print(w, t, v, style, &err);
    MUST(rc ? err.code == rc && err.text[0] && w->n == 0 : w->rc == 0, "error %d", rc);
    return rc;
}

static int parse(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str text,
                 enum cqlr_text_style style, struct cqlr_err *err)
{
    cqlr_wr_init(w, NULL, TEXT_MAX);
    int rc = style == CQLR_JSON ? cqlr_value_from_json(w, t, text, err)
                                : cqlr_value_parse(w, t, text, err);
    MUST(rc ? err->code == rc && err->text[0] && w->n == 0 : w->rc == 0, "error %d", rc);
    MUST(!rc || strlen(err->text) < sizeof err->text, "error's text");
    return rc;
}

/* A value that has a text is read from it, and then has the same. Text stands for itself: a literal
 * of it is no text of it. */
static void check_round(const struct cqlr_type *t, struct cqlr_value v, enum cqlr_text_style style)
{
    struct cqlr_wr text, back, again;
    struct cqlr_err err = {0};
    if (v.n < 0 || (style == CQLR_LITERAL && is_text(t)))
        return;
    int printed = print(&text, t, v, style);
    if (!printed && style == CQLR_JSON)
        MUST(fuzz_is_json(fuzz_text(&text)), "no JSON: %.*s", (int)text.n, (char *)text.p);
    if (!printed && fuzz_reads_back(t, v)) {
        int rc = parse(&back, t, fuzz_text(&text), style, &err);
        MUST(rc == 0, "%s: %.*s", err.text, (int)text.n, (char *)text.p);
        rc = print(&again, t, (struct cqlr_value){back.p, (int32_t)back.n}, style);
        MUST(rc == 0 && fuzz_same(&text, &again), "%.*s is now %.*s", (int)text.n, (char *)text.p,
             (int)again.n, (char *)again.p);
        cqlr_wr_fini(&back);
        cqlr_wr_fini(&again);
    }
    cqlr_wr_fini(&text);
}

static void check_value(const struct cqlr_type *t, struct cqlr_value v)
{
    check_round(t, v, CQLR_TEXT);
    check_round(t, v, CQLR_LITERAL);
    check_round(t, v, CQLR_JSON);
}

static void check_text(const struct cqlr_type *t, struct cqlr_str text, enum cqlr_text_style style)
{
    struct cqlr_wr value, said;
    struct cqlr_err err = {0};
    if (parse(&value, t, text, style, &err) == 0) {
        struct cqlr_value v = {value.p, (int32_t)value.n};
        MUST(print(&said, t, v, CQLR_TEXT) == 0, "what was read has no text");
        MUST(fuzz_reads_back(t, v), "what was read is not read again");
        check_value(t, v);
        cqlr_wr_fini(&said);
    }
    cqlr_wr_fini(&value);
}

static void check_int(const struct cqlr_type *t, struct cqlr_bytes b)
{
    struct cqlr_wr value;
    struct cqlr_err err = {0};
    if (b.n < 8)
        return;
    cqlr_wr_init(&value, NULL, TEXT_MAX);
    if (cqlr_value_from_int(&value, t, (int64_t)cqlr_be64(b.p), &err) == 0)
        check_value(t, (struct cqlr_value){value.p, (int32_t)value.n});
    cqlr_wr_fini(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct cqlr_arena a;
    struct cqlr_type t;
    struct cqlr_bytes block;
    uint8_t choice = fuzz_u8(&in);
    cqlr_arena_init(&a, NULL);
    fuzz_type(&in, &a, &t, DEPTH);
    uint8_t *p = fuzz_block(&in, in.n, &block);
    if (choice % 4 == 0)
        check_value(&t, (struct cqlr_value){block.p, (int32_t)block.n});
    else if (choice % 4 == 3)
        check_int(&t, block);
    else
        check_text(&t, (struct cqlr_str){(const char *)block.p, block.n}, CQLR_TEXT);
    free(p);
    cqlr_arena_fini(&a);
    return 0;
}

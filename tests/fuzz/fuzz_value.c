/*
 * fuzz_value.c - value → text → value → text, and text → value → text → value, of a type that the
 * first bytes make. What came back prints the same: a decimal may have another scale, a short tuple
 * its nulls.
 */
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "value";

/* A value that has a text is read from it, and then has the same. Text stands for itself: a literal
 * of it is no text of it. */
static void check_round(const struct cqlr_type *t, struct cqlr_value v, enum cqlr_text_style style)
{
    struct cqlr_wr text;
    if (v.n < 0 || (style == CQLR_LITERAL && fuzz_is_text(t)))
        return;
    int rc = fuzz_print(&text, FUZZ_TEXT_MAX, t, v, style);
    if (!rc && style == CQLR_JSON)
        MUST(fuzz_is_json(fuzz_text(&text)), "no JSON: %.*s", (int)text.n, (char *)text.p);
    if (!rc && fuzz_reads_back(t, v))
        fuzz_check_back(t, fuzz_text(&text), style);
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
    if (fuzz_parse(&value, t, text, style, &err) == 0) {
        struct cqlr_value v = {value.p, (int32_t)value.n};
        MUST(fuzz_print(&said, FUZZ_TEXT_MAX, t, v, CQLR_TEXT) == 0, "what was read has no text");
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
    cqlr_wr_init(&value, NULL, FUZZ_TEXT_MAX);
    if (cqlr_value_from_int(&value, t, (int64_t)cqlr_be64(b.p), &err) == 0)
        check_value(t, (struct cqlr_value){value.p, (int32_t)value.n});
    cqlr_wr_fini(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct fuzz_typed x;
    uint8_t choice = fuzz_u8(&in);
    fuzz_typed_init(&x, &in);
    if (choice % 4 == 0)
        check_value(&x.type, (struct cqlr_value){x.block.p, (int32_t)x.block.n});
    else if (choice % 4 == 3)
        check_int(&x.type, x.block);
    else
        check_text(&x.type, (struct cqlr_str){(const char *)x.block.p, x.block.n}, CQLR_TEXT);
    fuzz_typed_fini(&x);
    return 0;
}

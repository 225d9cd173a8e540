/*
 * fuzz_json.c - JSON text: its tokens one by one, as a whole, and as a value of a type that the
 * first bytes make, which then goes through JSON unchanged.
 */
#include "tests/fuzz/fuzz.h"

#include "proto/val/json.h"
#include "proto/val/val.h"

const char fuzz_name[] = "json";

/* A KEY or STRING without its escapes is UTF-8, no longer than with them. */
static void check_string(const struct cqlr__json_token *t)
{
    struct cqlr_wr w;
    struct cqlr_err err = {0};
    cqlr_wr_init(&w, NULL, 0);
    MUST(cqlr__json_string(&w, t, &err) == 0, "%s", err.text);
    MUST(cqlr__utf8_valid(w.p, w.n) && w.n <= t->raw.n, "a string is no UTF-8");
    MUST(cqlr__json_equal(t, fuzz_text(&w)), "a string is not equal to itself");
    cqlr_wr_fini(&w);
}

/* Whether it is one JSON text, token by token. */
static bool check_tokens(struct cqlr_str text)
{
    struct cqlr_err err = {0};
    struct cqlr__json j;
    struct cqlr__json_token t;
    size_t tokens = 0;
    int rc, open = 0;
    cqlr__json_init(&j, text, &err);
    while ((rc = cqlr__json_next(&j, &t)) == 1) {
        MUST(++tokens <= text.n, "more tokens than characters");
        MUST(t.raw.p >= text.p && t.raw.p + t.raw.n <= text.p + text.n, "a token is elsewhere");
        open += t.kind == CQLR__JSON_OBJECT || t.kind == CQLR__JSON_ARRAY;
        open -= t.kind == CQLR__JSON_OBJECT_END || t.kind == CQLR__JSON_ARRAY_END;
        MUST(open >= 0 && open <= CQLR_TYPE_DEPTH, "%d open", open);
        if (t.kind == CQLR__JSON_KEY || t.kind == CQLR__JSON_STRING)
            check_string(&t);
    }
    MUST(rc ? rc == CQLR_E_TYPE && err.code == rc && err.offset <= text.n : open == 0, "rc %d", rc);
    MUST(cqlr__json_next(&j, &t) == rc, "the end is not the end");
    return rc == 0 && tokens;
}

static void check_value(const struct cqlr_type *t, struct cqlr_str json)
{
    struct cqlr_wr value, text;
    struct cqlr_err err = {0};
    if (fuzz_parse(&value, t, json, CQLR_JSON, &err) == 0) {
        struct cqlr_value v = {value.p, (int32_t)value.n};
        int rc = fuzz_print(&text, FUZZ_TEXT_MAX, t, v, CQLR_JSON);
        MUST(fuzz_is_json(json), "what was read is no JSON");
        MUST(rc == 0 && fuzz_is_json(fuzz_text(&text)), "what was read has no JSON");
        fuzz_check_back(t, fuzz_text(&text), CQLR_JSON);
        cqlr_wr_fini(&text);
    }
    cqlr_wr_fini(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct fuzz_typed x;
    fuzz_typed_init(&x, &in);
    struct cqlr_str text = {(const char *)x.block.p, x.block.n};
    bool is_json = check_tokens(text);
    MUST(is_json == fuzz_is_json(text), "in tokens %d, as a value %d", is_json, !is_json);
    check_value(&x.type, text);
    fuzz_typed_fini(&x);
    return 0;
}

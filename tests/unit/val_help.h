/*
 * val_help.h - what the tests of values share: types to name, hex to bytes, and the two directions
 * as one call each with text in and text out.
 */
#ifndef CQLRAW_TESTS_UNIT_VAL_HELP_H
#define CQLRAW_TESTS_UNIT_VAL_HELP_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cqlraw/value.h>

#define TYPE(name) ((const struct cqlr_type[]){{.id = CQLR_TYPE_##name}})
#define SUB(type, n, ...)                                                                          \
    ((const struct cqlr_type[]){                                                                   \
        {.id = CQLR_TYPE_##type, .count = n, .sub = (const struct cqlr_type[]){__VA_ARGS__}}})

/* Text the tests compare; one buffer, good until the next call. */
struct answer {
    int rc;
    struct cqlr_err err;
    char text[200000];
};
extern struct answer answer;
struct answer answer;

static inline size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)strtoul((char[]){hex[2 * i], hex[2 * i + 1], 0}, NULL, 16);
    return n;
}

/* A copy that outlives the next call. */
static inline void copy_text(char *to, size_t size, const char *from)
{
    assert_true(strlen(from) < size);
    memcpy(to, from, strlen(from) + 1);
}

static inline void keep_answer(struct cqlr_wr *w, int hex)
{
    assert_true(w->n * 2 < sizeof answer.text);
    if (answer.rc)
        assert_int_equal(w->n, 0);
    for (size_t i = 0; hex && i < w->n; i++)
        snprintf(answer.text + 2 * i, 3, "%02x", w->p[i]);
    if (!hex && w->n)
        memcpy(answer.text, w->p, w->n);
    answer.text[w->n * (hex ? 2 : 1)] = 0;
    cqlr_wr_fini(w);
}

/* The value of these bytes as text; "!" and the error's text when there is none. The bytes end
 * where their block does, so that a sanitizer sees a read behind them. */
static inline const char *print_bytes(const struct cqlr_type *t, const uint8_t *p, int32_t n,
                                      enum cqlr_text_style style)
{
    struct cqlr_wr w;
    uint8_t *copy = malloc(n > 0 ? (size_t)n : 1);
    struct cqlr_value v = {copy, n};
    if (n > 0)
        memcpy(copy, p, (size_t)n);
    cqlr_wr_init(&w, NULL, 0);
    answer.rc = cqlr_value_print(&w, t, v, style, &answer.err);
    free(copy);
    keep_answer(&w, 0);
    if (answer.rc)
        snprintf(answer.text, sizeof answer.text, "!%s", answer.err.text);
    return answer.text;
}

static inline const char *print_hex(const struct cqlr_type *t, const char *hex,
                                    enum cqlr_text_style style)
{
    static uint8_t bytes[100000];
    return print_bytes(t, bytes, (int32_t)unhex(hex, bytes), style);
}

typedef int value_reader(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str text,
                         struct cqlr_err *err);

/* The bytes of this text as hex, or "!" and the error's text. */
static inline const char *read_with(value_reader *reader, const struct cqlr_type *t,
                                    const char *text)
{
    struct cqlr_wr w;
    char *copy = malloc(strlen(text) + 1);
    struct cqlr_str s = {copy, strlen(text)};
    memcpy(copy, text, s.n);
    cqlr_wr_init(&w, NULL, 0);
    answer.rc = reader(&w, t, s, &answer.err);
    free(copy);
    keep_answer(&w, 1);
    if (answer.rc)
        snprintf(answer.text, sizeof answer.text, "!%s", answer.err.text);
    return answer.text;
}

static inline const char *parse_text(const struct cqlr_type *t, const char *text)
{
    return read_with(cqlr_value_parse, t, text);
}

static inline const char *read_json(const struct cqlr_type *t, const char *text)
{
    return read_with(cqlr_value_from_json, t, text);
}

#define assert_prints(t, hex, text)    assert_string_equal(print_hex(t, hex, CQLR_TEXT), text)
#define assert_literal(t, hex, text)   assert_string_equal(print_hex(t, hex, CQLR_LITERAL), text)
#define assert_json(t, hex, text)      assert_string_equal(print_hex(t, hex, CQLR_JSON), text)
#define assert_parses(t, text, hex)    assert_string_equal(parse_text(t, text), hex)
#define assert_from_json(t, json, hex) assert_string_equal(read_json(t, json), hex)
#define assert_refused(t, text)                                                                    \
    do {                                                                                           \
        parse_text(t, text);                                                                       \
        assert_int_equal(answer.rc, CQLR_E_TYPE);                                                  \
    } while (0)

/* xorshift64*: the same numbers everywhere for a seed. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

#endif

/*
 * json.c - JSON text → tokens (RFC 8259). A state says what may come next, and 64 bits which of the
 * open brackets are objects, so that nothing nests here.
 *
 * Strings are checked when they are found, escapes and UTF-8 too: what is done with a token later
 * cannot fail but for memory.
 */
#include <assert.h>
#include <string.h>

#include "proto/base/err.h"
#include "proto/val/json.h"
#include "proto/val/val.h"

void cqlr__json_init(struct cqlr__json *j, struct cqlr_str text, struct cqlr_err *err)
{
    *j = (struct cqlr__json){.text = text, .err = err, .state = CQLR__JSON_AT_VALUE};
}

static int bad(struct cqlr__json *j, const char *why, size_t at)
{
    j->rc = cqlr__err_set(j->err, CQLR_E_TYPE, "JSON: %s at %zu", why, at);
    j->err->offset = at;
    return j->rc;
}

/* The next character, '\0' at the end of the text: nothing takes one, so they may be mixed up. */
static char peek(const struct cqlr__json *j)
{
    return j->at < j->text.n ? j->text.p[j->at] : '\0';
}

static bool take(struct cqlr__json *j, char c)
{
    if (j->at == j->text.n || j->text.p[j->at] != c)
        return false;
    j->at++;
    return true;
}

static bool take_digits(struct cqlr__json *j)
{
    size_t from = j->at;
    while (cqlr__is_digit(peek(j)))
        j->at++;
    return j->at > from;
}

static bool in_object(const struct cqlr__json *j)
{
    return j->depth && (j->objects >> (j->depth - 1) & 1);
}

/* ---- strings ---- */

/* \uXXXX off the front of s; false without four digits. */
static bool take_unit(struct cqlr_str *s, uint32_t *unit)
{
    if (s->n < 6 || s->p[0] != '\\' || s->p[1] != 'u')
        return false;
    *unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = cqlr__hex_digit(s->p[i]);
        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    s->p += 6;
    s->n -= 6;
    return true;
}

static size_t put_utf8(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xF00u >> n & 0xFF) | c);
    return n;
}

/* An escape off the front of s, which begins with a backslash → UTF-8; returns its length, 0 when
 * it is none. */
static size_t take_escape(struct cqlr_str *s, char out[4])
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint32_t high, low;
    const char *letter = s->n > 1 && s->p[1] ? strchr(letters, s->p[1]) : NULL;
    if (letter) {
        out[0] = meant[letter - letters];
        s->p += 2;
        s->n -= 2;
        return 1;
    }
    if (!take_unit(s, &high))
        return 0;
    if (high < 0xD800 || high > 0xDFFF)
        return put_utf8(high, out);
    if (high > 0xDBFF || !take_unit(s, &low) || low < 0xDC00 || low > 0xDFFF)
        return 0;
    return put_utf8(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), out);
}

/* Up to the next backslash, taken off the front of s. */
static struct cqlr_str take_run(struct cqlr_str *s)
{
    const char *end = s->n ? memchr(s->p, '\\', s->n) : NULL;
    struct cqlr_str run = {s->p, end ? (size_t)(end - s->p) : s->n};
    s->p += run.n;
    s->n -= run.n;
    return run;
}

/* One character of a string that is not plain ASCII; the closing quote has been seen to. */
static int check_character(struct cqlr__json *j)
{
    struct cqlr_str rest = {j->text.p + j->at, j->text.n - j->at};
    char utf8[4];
    size_t n;
    if ((uint8_t)rest.p[0] < 0x20)
        return bad(j, "control character in a string", j->at);
    if (rest.p[0] == '\\') {
        n = take_escape(&rest, utf8) ? (size_t)(rest.p - (j->text.p + j->at)) : 0;
        if (!n)
            return bad(j, "not an escape", j->at);
    } else {
        n = cqlr__utf8_next((const uint8_t *)rest.p, rest.n);
        if (!n)
            return bad(j, "not UTF-8", j->at);
    }
    j->at += n;
    return 0;
}

/* What is behind the opening quote, and the closing one. */
static int take_string(struct cqlr__json *j, struct cqlr__json_token *t)
{
    size_t from = j->at;
    t->escaped = false;
    while (j->at < j->text.n) {
        char c = j->text.p[j->at];
        if (c == '"') {
            t->raw = (struct cqlr_str){j->text.p + from, j->at - from};
            j->at++;
            return 1;
        }
        t->escaped = t->escaped || c == '\\';
        if ((uint8_t)c >= 0x20 && (uint8_t)c < 0x80 && c != '\\')
            j->at++;
        else if (check_character(j))
            return j->rc;
    }
    return bad(j, "string without its end", j->start);
}

int cqlr__json_string(struct cqlr_wr *w, const struct cqlr__json_token *t, struct cqlr_err *err)
{
    struct cqlr_str s = t->raw;
    char utf8[4];
    while (s.n && !w->rc) {
        struct cqlr_str run = take_run(&s);
        cqlr_wr_raw(w, run.p, run.n);
        if (s.n) {
            size_t n = take_escape(&s, utf8);
            assert(n);
            cqlr_wr_raw(w, utf8, n);
        }
    }
    return w->rc ? cqlr__err_set(err, w->rc, "JSON: %s", cqlr_errcode_text(w->rc)) : 0;
}

/* Takes `front` off the front of s. */
static bool take_front(struct cqlr_str *s, struct cqlr_str front)
{
    if (!front.n)
        return true;
    if (front.n > s->n || memcmp(s->p, front.p, front.n) != 0)
        return false;
    s->p += front.n;
    s->n -= front.n;
    return true;
}

bool cqlr__json_equal(const struct cqlr__json_token *t, struct cqlr_str s)
{
    struct cqlr_str raw = t->raw;
    char utf8[4];
    while (raw.n) {
        if (!take_front(&s, take_run(&raw)))
            return false;
        if (raw.n) {
            size_t n = take_escape(&raw, utf8);
            assert(n);
            if (!take_front(&s, (struct cqlr_str){utf8, n}))
                return false;
        }
    }
    return !s.n;
}

/* ---- the other tokens ---- */

static int take_number(struct cqlr__json *j)
{
    take(j, '-');
    if (take(j, '0')) {
        if (cqlr__is_digit(peek(j)))
            return bad(j, "number with a leading zero", j->start);
    } else if (!take_digits(j)) {
        return bad(j, "number without digits", j->start);
    }
    if (take(j, '.') && !take_digits(j))
        return bad(j, "number without digits behind its point", j->start);
    if (take(j, 'e') || take(j, 'E')) {
        if (!take(j, '-'))
            take(j, '+');
        if (!take_digits(j))
            return bad(j, "number without digits in its exponent", j->start);
    }
    return 1;
}

static int take_word(struct cqlr__json *j, struct cqlr__json_token *t)
{
    static const struct {
        const char *text;
        enum cqlr__json_kind kind;
    } words[] = {{"true", CQLR__JSON_TRUE}, {"false", CQLR__JSON_FALSE}, {"null", CQLR__JSON_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct cqlr_str rest = {j->text.p + j->at, j->text.n - j->at};
        if (take_front(&rest, cqlr_cstr(words[i].text))) {
            j->at = j->text.n - rest.n;
            t->kind = words[i].kind;
            return 1;
        }
    }
    return bad(j, "a value expected", j->at);
}

static int open_bracket(struct cqlr__json *j, bool object)
{
    if (j->depth == CQLR_TYPE_DEPTH)
        return bad(j, "nested too deep", j->start);
    uint64_t bit = UINT64_C(1) << j->depth++;
    j->objects = object ? j->objects | bit : j->objects & ~bit;
    j->state = CQLR__JSON_AT_FIRST;
    return 1;
}

static int take_value(struct cqlr__json *j, struct cqlr__json_token *t)
{
    int rc = 1;
    if (j->at == j->text.n)
        return bad(j, "a value expected", j->at);
    char c = peek(j);
    j->state = CQLR__JSON_AT_NEXT;
    if (c == '{' || c == '[') {
        t->kind = c == '{' ? CQLR__JSON_OBJECT : CQLR__JSON_ARRAY;
        j->at++;
        rc = open_bracket(j, c == '{');
    } else if (c == '"') {
        t->kind = CQLR__JSON_STRING;
        j->at++;
        return take_string(j, t);
    } else if (c == '-' || cqlr__is_digit(c)) {
        t->kind = CQLR__JSON_NUMBER;
        rc = take_number(j);
    } else {
        rc = take_word(j, t);
    }
    t->raw = (struct cqlr_str){j->text.p + j->start, j->at - j->start};
    return rc;
}

static int take_key(struct cqlr__json *j, struct cqlr__json_token *t)
{
    t->kind = CQLR__JSON_KEY;
    if (!take(j, '"'))
        return bad(j, "a key expected", j->at);
    j->state = CQLR__JSON_AT_COLON;
    return take_string(j, t);
}

/* The closing bracket of what is open. */
static int close_bracket(struct cqlr__json *j, struct cqlr__json_token *t)
{
    t->kind = in_object(j) ? CQLR__JSON_OBJECT_END : CQLR__JSON_ARRAY_END;
    t->raw = (struct cqlr_str){j->text.p + j->start, 1};
    j->depth--;
    j->state = CQLR__JSON_AT_NEXT;
    return 1;
}

static void skip_blanks(struct cqlr__json *j)
{
    while (cqlr__is_blank(peek(j)))
        j->at++;
    j->start = j->at;
}

/* Behind an opening bracket or a value: a closing bracket, else a ',' or nothing and what it
 * separates. */
static int take_inside(struct cqlr__json *j, struct cqlr__json_token *t)
{
    bool object = in_object(j);
    if (take(j, object ? '}' : ']'))
        return close_bracket(j, t);
    if (j->state == CQLR__JSON_AT_NEXT) {
        if (!take(j, ','))
            return bad(j, object ? "',' or '}' expected" : "',' or ']' expected", j->at);
        skip_blanks(j);
    }
    return object ? take_key(j, t) : take_value(j, t);
}

int cqlr__json_next(struct cqlr__json *j, struct cqlr__json_token *t)
{
    if (j->rc)
        return j->rc;
    *t = (struct cqlr__json_token){.kind = CQLR__JSON_NULL};
    skip_blanks(j);
    if (j->state == CQLR__JSON_AT_COLON) {
        if (!take(j, ':'))
            return bad(j, "':' expected", j->at);
        skip_blanks(j);
        return take_value(j, t);
    }
    if (j->state == CQLR__JSON_AT_VALUE)
        return take_value(j, t);
    if (j->depth)
        return take_inside(j, t);
    return j->at == j->text.n ? 0 : bad(j, "more text behind the value", j->at);
}

int cqlr__json_value(struct cqlr__json *j, struct cqlr_str *raw)
{
    struct cqlr__json_token t;
    unsigned depth = j->depth;
    int rc = cqlr__json_next(j, &t);
    size_t from = j->start;
    if (rc != 1)
        return rc;
    assert(t.kind != CQLR__JSON_KEY);
    if (j->depth < depth)
        return 0;
    while (j->depth > depth) {
        rc = cqlr__json_next(j, &t);
        if (rc != 1)
            return rc;
    }
    *raw = (struct cqlr_str){j->text.p + from, j->at - from};
    return 1;
}

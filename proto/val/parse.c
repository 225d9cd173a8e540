/*
 * parse.c - text → a value of any type: what fmt.c writes as text or as CQL literal. The bare text
 * of a scalar is read by its row in scalar.c.
 *
 * Literals are cut from the front of a string. The depth is that of the type, at most
 * CQLR_TYPE_DEPTH, not that of the text.
 */
#include <string.h>

#include "proto/base/err.h"
#include "proto/val/val.h"

struct parser {
    struct cqlr_wr *w;
    struct cqlr_err *err;
    struct cqlr_str text; /* all of it, for errors */
};

static int parse_literal(struct parser *p, const struct cqlr_type *t, struct cqlr_str *s,
                         unsigned depth);

static int misfit(struct parser *p, const struct cqlr_type *t, struct cqlr_str s, const char *why)
{
    return cqlr__misfit(p->err, t, s, why);
}

/* '...' off the front of s: what is between the quotes, doubled ones as they stand. */
static bool take_quoted(struct cqlr_str *s, struct cqlr_str *inner)
{
    struct cqlr_str rest = *s;
    if (!cqlr__take(&rest, '\''))
        return false;
    inner->p = rest.p;
    for (;;) {
        const char *quote = rest.n ? memchr(rest.p, '\'', rest.n) : NULL;
        if (!quote)
            return false;
        inner->n = (size_t)(quote - inner->p);
        rest.n -= (size_t)(quote + 1 - rest.p);
        rest.p = quote + 1;
        if (!cqlr__take(&rest, '\''))
            break;
    }
    *s = rest;
    return true;
}

/* Up to a blank or a character that ends a literal. */
static struct cqlr_str take_bare(struct cqlr_str *s)
{
    struct cqlr_str bare = {s->p, 0};
    while (bare.n < s->n && !cqlr__is_blank(s->p[bare.n]) && !strchr(",:)]}", s->p[bare.n]))
        bare.n++;
    s->p += bare.n;
    s->n -= bare.n;
    return bare;
}

/* The text between quotes with its doubled quotes made single, appended to w; returns what was
 * appended. */
static struct cqlr_str unquote(struct cqlr_wr *w, struct cqlr_str s)
{
    size_t from = w->n;
    while (s.n) {
        const char *quote = memchr(s.p, '\'', s.n);
        size_t run = quote ? (size_t)(quote - s.p) + 1 : s.n;
        cqlr_wr_raw(w, s.p, run);
        s.p += run;
        s.n -= run;
        cqlr__take(&s, '\'');
    }
    struct cqlr_str out = {NULL, 0};
    if (!w->rc && w->n > from)
        out = (struct cqlr_str){(const char *)w->p + from, w->n - from};
    return out;
}

/* 'text': made single in w, then checked there by its type. */
static int parse_quoted_text(struct parser *p, const struct cqlr_type *t, struct cqlr_str inner)
{
    struct cqlr_str s = unquote(p->w, inner);
    bool fits = t->id == CQLR_TYPE_ASCII ? cqlr__ascii_valid((const uint8_t *)s.p, s.n)
                                         : cqlr__utf8_valid((const uint8_t *)s.p, s.n);
    return fits ? 0 : misfit(p, t, inner, NULL);
}

/* The text of a scalar that has no quotes around it any more. */
static int parse_bare(struct parser *p, const struct cqlr_type *t, struct cqlr_str s)
{
    const struct cqlr__scalar *scalar = cqlr__scalar_get(t->id);
    if (s.n ? scalar->parse(p->w, s) != 0 : !scalar->empty_ok)
        return misfit(p, t, s, NULL);
    return 0;
}

static int parse_scalar(struct parser *p, const struct cqlr_type *t, struct cqlr_str *s)
{
    struct cqlr_str inner;
    struct cqlr_str from = *s;
    if (take_quoted(s, &inner))
        return cqlr__is_text(t) ? parse_quoted_text(p, t, inner) : parse_bare(p, t, inner);
    inner = take_bare(s);
    if (!inner.n)
        return misfit(p, t, from, "a value is missing");
    if (cqlr__is_text(t))
        return misfit(p, t, inner, "it stands in no quotes");
    return parse_bare(p, t, inner);
}

static bool has_fields(const struct cqlr_type *t)
{
    return t->id == CQLR_TYPE_TUPLE || t->id == CQLR_TYPE_UDT;
}

/* One element, of type t, of a value of type `of`. */
static int parse_element(struct parser *p, const struct cqlr_type *of, const struct cqlr_type *t,
                         struct cqlr_str *s, unsigned depth)
{
    size_t at = cqlr__element_begin(p->w, of);
    cqlr__skip_blanks(s);
    struct cqlr_str rest = *s;
    if (cqlr__equal_nocase(take_bare(&rest), "null")) {
        *s = rest;
        return has_fields(of) ? 0 : misfit(p, t, cqlr_cstr("null"), "a collection has no nulls");
    }
    int rc = parse_literal(p, t, s, depth);
    return rc ? rc : cqlr__element_end(p->w, of, at, p->err);
}

/* After an element: true at the closing bracket, which is taken; false at a comma, likewise. */
static int take_separator(struct parser *p, const struct cqlr_type *t, struct cqlr_str *s,
                          char closing, bool *end)
{
    cqlr__skip_blanks(s);
    *end = cqlr__take(s, closing);
    if (*end || cqlr__take(s, ','))
        return 0;
    return misfit(p, t, p->text, s->n ? "',' or its end expected" : "its end is missing");
}

/* The element number i and, in a map, the value that belongs to it. */
static int parse_entry(struct parser *p, const struct cqlr_type *t, struct cqlr_str *s, uint32_t i,
                       unsigned depth)
{
    if (i == cqlr__elements_max(t))
        return misfit(p, t, p->text, "too many values");
    int rc = parse_element(p, t, &t->sub[t->id == CQLR_TYPE_TUPLE ? i : 0], s, depth + 1);
    if (rc || t->id != CQLR_TYPE_MAP)
        return rc;
    cqlr__skip_blanks(s);
    if (!cqlr__take(s, ':'))
        return misfit(p, t, p->text, "':' expected");
    return parse_element(p, t, &t->sub[1], s, depth + 1);
}

/* [a, b], {a, b}, {k: v}, (a, b): s stands behind the bracket. */
static int parse_elements(struct parser *p, const struct cqlr_type *t, struct cqlr_str *s,
                          char closing, unsigned depth)
{
    bool end;
    size_t at = cqlr__elements_begin(p->w, t);
    uint32_t count = 0;
    int rc = 0;
    cqlr__skip_blanks(s);
    end = cqlr__take(s, closing);
    for (; !end && !rc && !p->w->rc; count++) {
        rc = parse_entry(p, t, s, count, depth);
        if (!rc)
            rc = take_separator(p, t, s, closing, &end);
    }
    if (!rc && !p->w->rc && !cqlr__elements_end(p->w, t, at, count))
        return misfit(p, t, p->text, "too few values");
    return rc;
}

/* Up to the ',' or '}' that ends the value of a field. */
static bool skip_literal(struct cqlr_str *s)
{
    struct cqlr_str inner;
    bool quoted;
    for (size_t open = 0; s->n;) {
        char c = s->p[0];
        if (!open && (c == ',' || c == '}'))
            return true;
        if (c == '\'' ? !take_quoted(s, &inner) : c == '"' && !cqlr__ident_take(s, &inner, &quoted))
            return false;
        if (c == '\'' || c == '"')
            continue;
        if (c == '[' || c == '{' || c == '(')
            open++;
        if (open && (c == ']' || c == '}' || c == ')'))
            open--;
        cqlr__take(s, c);
    }
    return false;
}

struct field {
    struct cqlr_str name;
    struct cqlr_str value;
    bool quoted;
};

/* "name: value" off the front of s, which then stands at the ',' or '}' behind it. */
static bool take_field(struct cqlr_str *s, struct field *f)
{
    cqlr__skip_blanks(s);
    if (!cqlr__ident_take(s, &f->name, &f->quoted))
        return false;
    cqlr__skip_blanks(s);
    if (!cqlr__take(s, ':'))
        return false;
    f->value = *s;
    if (!skip_literal(s))
        return false;
    f->value.n -= s->n;
    return true;
}

/* The field of this name; the search begins at *next, as fields mostly stand in their order, and
 * leaves it behind what was found. */
static bool find_field(struct cqlr_str all, struct cqlr_str *next, struct cqlr_str name,
                       struct field *f)
{
    struct cqlr_str s = *next;
    for (int pass = 0; pass < 2; pass++, s = all) {
        while (take_field(&s, f)) {
            cqlr__take(&s, ',');
            if (cqlr__ident_equal(f->name, f->quoted, name)) {
                *next = s;
                return true;
            }
        }
    }
    return false;
}

/* {name: value, ...}: s stands behind the bracket. Fields that are not there are null. */
static int parse_udt(struct parser *p, const struct cqlr_type *t, struct cqlr_str *s,
                     unsigned depth)
{
    struct cqlr_str all = *s, next = *s;
    struct field f;
    uint32_t given = 0, found = 0;
    bool end;
    cqlr__skip_blanks(s);
    for (end = cqlr__take(s, '}'); !end; given++) {
        if (!take_field(s, &f))
            return misfit(p, t, p->text, "'name: value' expected");
        int rc = take_separator(p, t, s, '}', &end);
        if (rc)
            return rc;
    }
    for (uint32_t i = 0; i < t->count; i++) {
        if (!find_field(all, &next, t->field[i], &f)) {
            cqlr_wr_i32(p->w, CQLR_NULL);
            continue;
        }
        int rc = parse_element(p, t, &t->sub[i], &f.value, depth + 1);
        if (rc)
            return rc;
        cqlr__skip_blanks(&f.value);
        if (f.value.n)
            return misfit(p, t, f.value, "',' or '}' expected");
        found++;
    }
    return found == given ? 0 : misfit(p, t, p->text, "a field is unknown or stands twice");
}

/* A literal of any type, off the front of s. */
static int parse_literal(struct parser *p, const struct cqlr_type *t, struct cqlr_str *s,
                         unsigned depth)
{
    struct cqlr_str inner, from;
    if (depth > CQLR_TYPE_DEPTH)
        return cqlr__err_set(p->err, CQLR_E_TYPE, "type: nested too deep");
    cqlr__skip_blanks(s);
    if (cqlr__scalar_get(t->id))
        return parse_scalar(p, t, s);
    from = *s;
    switch (t->id) {
    case CQLR_TYPE_LIST:
    case CQLR_TYPE_VECTOR:
        if (cqlr__take(s, '['))
            return parse_elements(p, t, s, ']', depth);
        break;
    case CQLR_TYPE_SET:
    case CQLR_TYPE_MAP:
        if (cqlr__take(s, '{'))
            return parse_elements(p, t, s, '}', depth);
        break;
    case CQLR_TYPE_TUPLE:
    case CQLR_TYPE_UDT:
        if (cqlr__take(s, t->id == CQLR_TYPE_UDT ? '{' : '('))
            return t->id == CQLR_TYPE_UDT ? parse_udt(p, t, s, depth)
                                          : parse_elements(p, t, s, ')', depth);
        if (take_quoted(s, &inner) && !inner.n) /* empty: all its values are null */
            return 0;
        break;
    default:
        break;
    }
    return misfit(p, t, from, NULL);
}

/* All of the text: text as it stands, another scalar with quotes or without, else a literal. */
static int parse_top(struct parser *p, const struct cqlr_type *t)
{
    struct cqlr_str s = p->text, inner;
    if (!s.n || cqlr__is_text(t)) {
        if (cqlr__scalar_get(t->id))
            return parse_bare(p, t, s);
        return has_fields(t) ? 0 : misfit(p, t, s, NULL);
    }
    s = cqlr__trim(s);
    if (!s.n)
        return misfit(p, t, p->text, NULL);
    if (!cqlr__scalar_get(t->id)) {
        int rc = parse_literal(p, t, &s, 1);
        cqlr__skip_blanks(&s);
        return !rc && s.n ? misfit(p, t, p->text, "more text behind its end") : rc;
    }
    struct cqlr_str rest = s;
    if (take_quoted(&rest, &inner) && !rest.n)
        s = inner;
    return parse_bare(p, t, s);
}

int cqlr_value_parse(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str text,
                     struct cqlr_err *err)
{
    struct parser p = {w, err, text};
    size_t from = w->n;
    int rc = parse_top(&p, t);
    if (w->rc) /* it may be why the parsing failed */
        rc = cqlr__err_set(err, w->rc, "text as a value: %s", cqlr_errcode_text(w->rc));
    else if (!rc && w->n - from > INT32_MAX)
        rc = cqlr__err_set(err, CQLR_E_LIMIT, "a value is larger than 2 GB");
    if (rc)
        w->n = from;
    return rc;
}

/*
 * fmt.c - a value of any type → text, CQL literal or JSON: quotes, brackets, null and empty; the
 * bare text of a scalar is made by its row in scalar.c.
 *
 * The depth is that of the type, at most CQLR_TYPE_DEPTH. The length is bounded by the writer's
 * limit.
 */
#include <string.h>

#include "proto/base/err.h"
#include "proto/val/val.h"

/* A key that is no string is escaped once more in each object around it, so its text doubles with
 * each map that is a key of a map. In JSON a key counts as so many levels of nesting. */
#define KEY_DEPTH 8

static int print_value(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_value v,
                       enum cqlr_text_style style, unsigned depth, struct cqlr_err *err);

/* A JSON string from any bytes: what is not UTF-8 becomes U+FFFD. */
static void json_string(struct cqlr_wr *w, const uint8_t *p, size_t n)
{
    static const char escape[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    cqlr__out(w, "\"");
    while (n && !w->rc) {
        size_t len = cqlr__utf8_next(p, n);
        if (!len) {
            cqlr__out(w, "\xEF\xBF\xBD");
            len = 1;
        } else if (p[0] == '"' || p[0] == '\\') {
            cqlr__out(w, "\\");
            cqlr_wr_u8(w, p[0]);
        } else if (p[0] < 0x20 && escape[p[0]]) {
            cqlr__out(w, "\\");
            cqlr_wr_u8(w, (uint8_t)escape[p[0]]);
        } else if (p[0] < 0x20) {
            cqlr__out(w, "\\u00");
            cqlr__out_hex(w, p, 1);
        } else {
            cqlr_wr_raw(w, p, len);
        }
        p += len;
        n -= len;
    }
    cqlr__out(w, "\"");
}

/* Makes a JSON string of the JSON text that was written from `from` on, as keys have to be; strings
 * stay. */
static void json_key(struct cqlr_wr *w, size_t from)
{
    size_t n = w->n - from, extra = 2;
    if (w->rc || (n && w->p[from] == '"'))
        return;
    for (size_t i = from; i < from + n; i++)
        extra += w->p[i] == '"' || w->p[i] == '\\';
    if (!cqlr_wr_room(w, extra))
        return;
    uint8_t *q = w->p + w->n;
    *--q = '"';
    for (size_t i = from + n; i-- > from;) {
        uint8_t c = w->p[i];
        *--q = c;
        if (c == '"' || c == '\\')
            *--q = '\\';
    }
    *--q = '"';
}

/* Puts quotes around what was written from `from` on; there are none within. */
static void wrap(struct cqlr_wr *w, size_t from, char quote)
{
    if (!cqlr_wr_room(w, 2))
        return;
    memmove(w->p + from + 1, w->p + from, w->n - from - 2);
    w->p[from] = w->p[w->n - 1] = (uint8_t)quote;
}

/* Whether the text of a number or boolean is JSON as it stands: not NaN, Infinity and 0x. */
static bool is_json_bare(const uint8_t *p, size_t n)
{
    size_t sign = n && p[0] == '-';
    bool hex = n > 1 && p[1] == 'x';
    return n > sign && p[sign] != 'N' && p[sign] != 'I' && !hex;
}

static int print_scalar(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_value v,
                        enum cqlr_text_style style, struct cqlr_err *err)
{
    const struct cqlr__scalar *scalar = cqlr__scalar_get(t->id);
    size_t from = w->n;
    if (cqlr__is_text(t) && style == CQLR_JSON) {
        json_string(w, v.p, (size_t)v.n);
        return 0;
    }
    if (cqlr__is_text(t) && style == CQLR_LITERAL) {
        cqlr__out_quoted(w, (const char *)v.p, (size_t)v.n, '\'');
        return 0;
    }
    if (scalar->print(w, v))
        return cqlr__misfit_bytes(err, t, v);
    if (w->rc)
        return 0;
    if (style == CQLR_LITERAL && scalar->quoted)
        wrap(w, from, '\'');
    if (style == CQLR_JSON && !(scalar->number && is_json_bare(w->p + from, w->n - from)))
        wrap(w, from, '"');
    return 0;
}

/* 0 bytes of a type that is not text or blob. */
static void print_empty(struct cqlr_wr *w, enum cqlr_text_style style)
{
    cqlr__out(w, style == CQLR_TEXT ? "" : style == CQLR_JSON ? "\"\"" : "''");
}

/* What stands around and between the elements. */
static const char *opening(const struct cqlr_type *t, bool json)
{
    bool object = t->id == CQLR_TYPE_MAP || t->id == CQLR_TYPE_UDT;
    if (json)
        return object ? "{}" : "[]";
    if (t->id == CQLR_TYPE_LIST || t->id == CQLR_TYPE_VECTOR)
        return "[]";
    return t->id == CQLR_TYPE_TUPLE ? "()" : "{}";
}

static int print_elements(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_value v,
                          enum cqlr_text_style style, unsigned depth, struct cqlr_err *err)
{
    bool json = style == CQLR_JSON;
    const char *brackets = opening(t, json);
    struct cqlr_elements e;
    struct cqlr_value item;
    const struct cqlr_type *type;
    int rc = cqlr_elements_init(&e, t, v, err);
    if (rc)
        return rc;
    cqlr_wr_u8(w, (uint8_t)brackets[0]);
    while (!w->rc && (rc = cqlr_elements_next(&e, &item, &type)) == 1) {
        uint32_t i = e.i - 1;
        bool value = t->id == CQLR_TYPE_MAP && i % 2;
        bool is_json_key = json && t->id == CQLR_TYPE_MAP && !value;
        cqlr__out(w, value ? ": " : i ? ", " : "");
        if (t->id == CQLR_TYPE_UDT) {
            if (json)
                json_string(w, (const uint8_t *)t->field[i].p, t->field[i].n);
            else
                cqlr__ident_print(w, t->field[i]);
            cqlr__out(w, ": ");
        }
        size_t from = w->n;
        rc = print_value(w, type, item, json ? CQLR_JSON : CQLR_LITERAL,
                         depth + (is_json_key ? KEY_DEPTH : 1), err);
        if (rc)
            return rc;
        if (is_json_key)
            json_key(w, from);
    }
    cqlr_wr_u8(w, (uint8_t)brackets[1]);
    return w->rc ? 0 : rc;
}

static int print_value(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_value v,
                       enum cqlr_text_style style, unsigned depth, struct cqlr_err *err)
{
    bool blob = t->id == CQLR_TYPE_BLOB || t->id == CQLR_TYPE_CUSTOM;
    if (depth > CQLR_TYPE_DEPTH)
        return cqlr__err_set(err, CQLR_E_TYPE, "type: nested too deep");
    if (v.n < 0)
        cqlr__out(w, style == CQLR_TEXT ? "" : "null");
    else if (v.n == 0 && !blob && !cqlr__is_text(t))
        print_empty(w, style);
    else if (cqlr__scalar_get(t->id))
        return print_scalar(w, t, v, style, err);
    else
        return print_elements(w, t, v, style, depth, err);
    return 0;
}

int cqlr_value_print(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_value v,
                     enum cqlr_text_style style, struct cqlr_err *err)
{
    size_t from = w->n;
    int rc = print_value(w, t, v, style, 1, err);
    if (!rc && w->rc)
        rc = cqlr__err_set(err, w->rc, "value as text: %s", cqlr_errcode_text(w->rc));
    if (rc)
        w->n = from;
    return rc;
}

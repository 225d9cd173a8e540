/*
 * from_json.c - JSON → a value of any type: what fmt.c writes as JSON, and what a person would
 * write. The text of a scalar, a string's or a number's, is read by cqlr_value_parse.
 *
 * The depth is that of the type, at most CQLR_TYPE_DEPTH. JSON has no keys but strings, so a key of
 * another type is JSON text of its own, in a string: it is read by a tokenizer of its own.
 */
#include "proto/base/err.h"
#include "proto/val/json.h"
#include "proto/val/val.h"

#define SHOWN_MAX 80 /* bytes of a field's name that an error repeats */

struct reader {
    struct cqlr_wr *w;
    struct cqlr_err *err;
};

static int read_value(struct reader *r, const struct cqlr_type *t, struct cqlr__json *j,
                      const struct cqlr__json_token *first, unsigned depth);

static int misfit(struct reader *r, const struct cqlr_type *t, const struct cqlr__json_token *token,
                  const char *why)
{
    struct cqlr_str shown = token->kind == CQLR__JSON_OBJECT  ? cqlr_cstr("{...}")
                            : token->kind == CQLR__JSON_ARRAY ? cqlr_cstr("[...]")
                                                              : token->raw;
    return cqlr__misfit(r->err, t, shown, why);
}

/* What a KEY or STRING says: its own text, or a copy in `scratch` when that has escapes. */
static int plain_text(struct cqlr_wr *scratch, const struct cqlr__json_token *token,
                      struct cqlr_str *s, struct cqlr_err *err)
{
    *s = token->raw;
    if (!token->escaped)
        return 0;
    int rc = cqlr__json_string(scratch, token, err);
    *s = (struct cqlr_str){(const char *)scratch->p, scratch->n};
    return rc;
}

/* A KEY or STRING as text or ascii. */
static int read_text(struct reader *r, const struct cqlr_type *t,
                     const struct cqlr__json_token *token)
{
    size_t from = r->w->n;
    int rc = cqlr__json_string(r->w, token, r->err);
    if (rc || t->id != CQLR_TYPE_ASCII || r->w->n == from)
        return rc;
    return cqlr__ascii_valid(r->w->p + from, r->w->n - from) ? 0 : misfit(r, t, token, NULL);
}

/* A KEY or STRING as the scalar that it is the text of. */
static int read_string(struct reader *r, const struct cqlr_type *t,
                       const struct cqlr__json_token *token)
{
    struct cqlr_wr scratch;
    struct cqlr_str s;
    if (cqlr__is_text(t))
        return read_text(r, t, token);
    cqlr_wr_init(&scratch, r->w->mem, 0);
    int rc = plain_text(&scratch, token, &s, r->err);
    if (!rc)
        rc = cqlr_value_parse(r->w, t, s, r->err);
    cqlr_wr_fini(&scratch);
    return rc;
}

static int read_scalar(struct reader *r, const struct cqlr_type *t,
                       const struct cqlr__json_token *token)
{
    bool boolean = t->id == CQLR_TYPE_BOOLEAN;
    bool number = cqlr__scalar_get(t->id)->number && !boolean;
    switch (token->kind) {
    case CQLR__JSON_STRING:
        return read_string(r, t, token);
    case CQLR__JSON_NUMBER:
        if (number || t->id == CQLR_TYPE_TIMESTAMP)
            return cqlr_value_parse(r->w, t, token->raw, r->err);
        break;
    case CQLR__JSON_TRUE:
    case CQLR__JSON_FALSE:
        if (boolean)
            return cqlr_value_parse(r->w, t, token->raw, r->err);
        break;
    default:
        break;
    }
    return misfit(r, t, token, number || boolean ? NULL : "it is no string");
}

/* All of a JSON text. */
static int read_document(struct reader *r, const struct cqlr_type *t, struct cqlr_str json,
                         unsigned depth)
{
    struct cqlr__json j;
    struct cqlr__json_token token;
    cqlr__json_init(&j, json, r->err);
    int rc = cqlr__json_next(&j, &token);
    if (rc == 1)
        rc = read_value(r, t, &j, &token, depth);
    return rc ? rc : cqlr__json_next(&j, &token);
}

/* The value of a map's key: a scalar's text, a collection's JSON, or "", which is empty. */
static int read_key_value(struct reader *r, const struct cqlr_type *t,
                          const struct cqlr__json_token *key, unsigned depth)
{
    struct cqlr_wr scratch;
    struct cqlr_str json;
    if (cqlr__scalar_get(t->id))
        return read_string(r, t, key);
    if (!key->raw.n)
        return cqlr_value_parse(r->w, t, key->raw, r->err);
    cqlr_wr_init(&scratch, r->w->mem, 0);
    int rc = plain_text(&scratch, key, &json, r->err);
    if (!rc)
        rc = read_document(r, t, json, depth);
    cqlr_wr_fini(&scratch);
    return rc;
}

/* One element, of type t, of a value of type `of`. */
static int read_element(struct reader *r, const struct cqlr_type *of, const struct cqlr_type *t,
                        struct cqlr__json *j, const struct cqlr__json_token *first, unsigned depth)
{
    size_t at = cqlr__element_begin(r->w, of);
    int rc = read_value(r, t, j, first, depth);
    return rc ? rc : cqlr__element_end(r->w, of, at, r->err);
}

/* Likewise of a tuple or UDT. */
static int read_nullable(struct reader *r, const struct cqlr_type *of, const struct cqlr_type *t,
                         struct cqlr__json *j, const struct cqlr__json_token *first, unsigned depth)
{
    if (first->kind != CQLR__JSON_NULL)
        return read_element(r, of, t, j, first, depth);
    cqlr__element_begin(r->w, of);
    return 0;
}

static int read_key(struct reader *r, const struct cqlr_type *map,
                    const struct cqlr__json_token *key, unsigned depth)
{
    size_t at = cqlr__element_begin(r->w, map);
    int rc = read_key_value(r, &map->sub[0], key, depth);
    return rc ? rc : cqlr__element_end(r->w, map, at, r->err);
}

static int bad_count(struct reader *r, const struct cqlr_type *t, const char *why)
{
    return cqlr__misfit(r->err, t, cqlr_cstr("[...]"), why);
}

/* [a, b] and {k: v}: j stands behind the bracket. */
static int read_collection(struct reader *r, const struct cqlr_type *t, struct cqlr__json *j,
                           unsigned depth)
{
    struct cqlr__json_token token;
    size_t at = cqlr__elements_begin(r->w, t);
    uint32_t count = 0;
    int rc;
    for (; (rc = cqlr__json_next(j, &token)) == 1; count++) {
        if (token.kind == CQLR__JSON_ARRAY_END || token.kind == CQLR__JSON_OBJECT_END)
            break;
        if (count == cqlr__elements_max(t))
            return bad_count(r, t, "too many values");
        if (token.kind == CQLR__JSON_KEY) {
            rc = read_key(r, t, &token, depth + 1);
            if (rc || (rc = cqlr__json_next(j, &token)) < 0)
                return rc;
        }
        rc = read_element(r, t, &t->sub[t->count - 1], j, &token, depth + 1);
        if (rc)
            return rc;
    }
    if (rc < 0)
        return rc;
    if (!r->w->rc && !cqlr__elements_end(r->w, t, at, count))
        return bad_count(r, t, "too few values");
    return 0;
}

/* [a, b], which may be short: j stands behind the bracket. */
static int read_tuple(struct reader *r, const struct cqlr_type *t, struct cqlr__json *j,
                      unsigned depth)
{
    struct cqlr__json_token token;
    int rc;
    for (uint32_t i = 0; (rc = cqlr__json_next(j, &token)) == 1; i++) {
        if (token.kind == CQLR__JSON_ARRAY_END)
            return 0;
        if (i == t->count)
            return bad_count(r, t, "too many values");
        rc = read_nullable(r, t, &t->sub[i], j, &token, depth + 1);
        if (rc)
            return rc;
    }
    return rc;
}

/* Which field of t a key names; t->count when none. The search begins at `from`, as fields mostly
 * stand in their order. */
static uint32_t field_index(const struct cqlr_type *t, const struct cqlr__json_token *key,
                            uint32_t from)
{
    for (uint32_t n = 0; n < t->count; n++) {
        uint32_t i = n < t->count - from ? from + n : n - (t->count - from);
        if (cqlr__json_equal(key, t->field[i]))
            return i;
    }
    return t->count;
}

static int unknown_field(struct reader *r, const struct cqlr_type *t,
                         const struct cqlr__json_token *key)
{
    int n = (int)(key->raw.n > SHOWN_MAX ? cqlr__text_cut(key->raw.p, SHOWN_MAX) : key->raw.n);
    return cqlr__err_set(r->err, CQLR_E_TYPE, "UDT %.*s has no field \"%.*s\"", CQLR_STR(t->name),
                         n, key->raw.p);
}

static int twice(struct reader *r, const struct cqlr_type *t)
{
    return cqlr__misfit(r->err, t, cqlr_cstr("{...}"), "a field stands twice");
}

/* Takes all of an object and checks the names of its fields: *given is how many they are, at most
 * as many as the type has. */
static int take_fields(struct reader *r, const struct cqlr_type *t, struct cqlr__json *j,
                       uint32_t *given)
{
    struct cqlr__json_token key;
    struct cqlr_str value;
    uint32_t i = 0;
    int rc;
    for (*given = 0; (rc = cqlr__json_next(j, &key)) == 1; ++*given) {
        if (key.kind == CQLR__JSON_OBJECT_END)
            return 0;
        i = field_index(t, &key, i);
        if (i == t->count)
            return unknown_field(r, t, &key);
        if (*given == t->count)
            return twice(r, t);
        i = (i + 1) % t->count;
        rc = cqlr__json_value(j, &value);
        if (rc < 0)
            return rc;
    }
    return rc;
}

/* Goes to the value of the field of this name in the object `all`; the search begins at *next, and
 * leaves it there. */
static bool find_field(const struct cqlr__json *all, struct cqlr__json *next, struct cqlr_str name)
{
    struct cqlr__json_token key;
    struct cqlr_str value;
    for (int pass = 0; pass < 2; pass++, *next = *all) {
        while (cqlr__json_next(next, &key) == 1 && key.kind == CQLR__JSON_KEY) {
            if (cqlr__json_equal(&key, name))
                return true;
            if (cqlr__json_value(next, &value) != 1)
                break;
        }
    }
    return false;
}

/* {"name": value}: j stands behind the bracket. Fields that are not there are null. */
static int read_udt(struct reader *r, const struct cqlr_type *t, struct cqlr__json *j,
                    unsigned depth)
{
    struct cqlr__json all = *j, next = *j;
    struct cqlr__json_token token;
    uint32_t given, found = 0;
    int rc = take_fields(r, t, j, &given);
    for (uint32_t i = 0; !rc && i < t->count; i++) {
        if (!find_field(&all, &next, t->field[i])) {
            cqlr_wr_i32(r->w, CQLR_NULL);
            continue;
        }
        rc = cqlr__json_next(&next, &token);
        if (rc == 1)
            rc = read_nullable(r, t, &t->sub[i], &next, &token, depth + 1);
        found++;
    }
    if (rc)
        return rc;
    return found == given ? 0 : twice(r, t);
}

/* A value whose first token was taken off j. */
static int read_value(struct reader *r, const struct cqlr_type *t, struct cqlr__json *j,
                      const struct cqlr__json_token *first, unsigned depth)
{
    if (depth > CQLR_TYPE_DEPTH)
        return cqlr__err_set(r->err, CQLR_E_TYPE, "type: nested too deep");
    if (first->kind == CQLR__JSON_NULL)
        return misfit(r, t, first, depth > 1 ? "a collection has no nulls" : NULL);
    if (cqlr__scalar_get(t->id))
        return read_scalar(r, t, first);
    bool object = first->kind == CQLR__JSON_OBJECT, array = first->kind == CQLR__JSON_ARRAY;
    switch (t->id) {
    case CQLR_TYPE_LIST:
    case CQLR_TYPE_SET:
    case CQLR_TYPE_VECTOR:
        return array ? read_collection(r, t, j, depth) : misfit(r, t, first, "it is no array");
    case CQLR_TYPE_MAP:
        return object ? read_collection(r, t, j, depth) : misfit(r, t, first, "it is no object");
    default:
        break;
    }
    if (first->kind == CQLR__JSON_STRING && !first->raw.n) /* empty: all its values are null */
        return 0;
    if (t->id == CQLR_TYPE_TUPLE)
        return array ? read_tuple(r, t, j, depth) : misfit(r, t, first, "it is no array");
    return object ? read_udt(r, t, j, depth) : misfit(r, t, first, "it is no object");
}

int cqlr_value_from_json(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str json,
                         struct cqlr_err *err)
{
    struct reader r = {w, err};
    size_t from = w->n;
    int rc = read_document(&r, t, json, 1);
    if (w->rc) /* it may be why the reading failed */
        rc = cqlr__err_set(err, w->rc, "JSON as a value: %s", cqlr_errcode_text(w->rc));
    else if (!rc && w->n - from > INT32_MAX)
        rc = cqlr__err_set(err, CQLR_E_LIMIT, "a value is larger than 2 GB");
    if (rc)
        w->n = from;
    return rc;
}

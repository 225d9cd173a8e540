/*
 * ident.c - names of UDTs and fields in CQL text: plain when they are lower-case and not reserved,
 * else in double quotes, so that what is printed can be read back.
 */
#include <string.h>

#include "proto/val/val.h"

/* The reserved words of Cassandra 5.0's grammar: a plain name can't be one of them. */
static const char *const reserved[] = {
    "add",    "allow",       "alter",  "and",          "apply",    "asc",      "authorize",
    "batch",  "begin",       "by",     "columnfamily", "create",   "default",  "delete",
    "desc",   "describe",    "drop",   "entries",      "execute",  "from",     "full",
    "grant",  "if",          "in",     "index",        "infinity", "insert",   "into",
    "is",     "keyspace",    "limit",  "materialized", "mbean",    "mbeans",   "modify",
    "nan",    "norecursive", "not",    "null",         "of",       "on",       "or",
    "order",  "primary",     "rename", "replace",      "revoke",   "schema",   "select",
    "set",    "table",       "to",     "token",        "truncate", "unlogged", "unset",
    "update", "use",         "using",  "view",         "where",    "with",
};

static bool is_plain(struct cqlr_str s)
{
    if (!s.n || s.p[0] < 'a' || s.p[0] > 'z')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !cqlr__is_digit(s.p[i]) && s.p[i] != '_')
            return false;
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (cqlr__equal_nocase(s, reserved[i]))
            return false;
    return true;
}

void cqlr__ident_print(struct cqlr_wr *w, struct cqlr_str name)
{
    if (is_plain(name))
        cqlr_wr_raw(w, name.p, name.n);
    else
        cqlr__out_quoted(w, name.p, name.n, '"');
}

static bool is_name_char(char c)
{
    char l = cqlr__lower(c);
    return (l >= 'a' && l <= 'z') || cqlr__is_digit(c) || c == '_';
}

bool cqlr__ident_take(struct cqlr_str *s, struct cqlr_str *name, bool *quoted)
{
    struct cqlr_str rest = *s;
    *quoted = cqlr__take(&rest, '"');
    name->p = rest.p;
    if (*quoted) {
        for (;; rest.p++, rest.n--) {
            if (!rest.n)
                return false;
            if (rest.p[0] == '"' && !(rest.n > 1 && rest.p[1] == '"'))
                break;
            if (rest.p[0] == '"') {
                rest.p++;
                rest.n--;
            }
        }
    } else {
        while (rest.n && is_name_char(rest.p[0])) {
            rest.p++;
            rest.n--;
        }
    }
    name->n = (size_t)(rest.p - name->p);
    if (*quoted)
        cqlr__take(&rest, '"');
    *s = rest;
    return *quoted || name->n;
}

bool cqlr__ident_equal(struct cqlr_str name, bool quoted, struct cqlr_str field)
{
    size_t i = 0;
    for (size_t k = 0; k < name.n; k++, i++) {
        char c = quoted ? name.p[k] : cqlr__lower(name.p[k]);
        if (i >= field.n || field.p[i] != c)
            return false;
        if (quoted && c == '"')
            k++; /* its double */
    }
    return i == field.n;
}

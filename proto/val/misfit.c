/*
 * misfit.c - what does not fit its type, told: a text, bytes or a number that is no value of it.
 */
#include "proto/base/err.h"
#include "proto/val/val.h"

#define SHOWN_MAX 80 /* bytes of a wrong text that its error repeats */

static const char *type_name(const struct cqlr_type *t)
{
    const struct cqlr__scalar *scalar = cqlr__scalar_get(t->id);
    return scalar                      ? scalar->name
           : t->id == CQLR_TYPE_LIST   ? "list"
           : t->id == CQLR_TYPE_SET    ? "set"
           : t->id == CQLR_TYPE_MAP    ? "map"
           : t->id == CQLR_TYPE_TUPLE  ? "tuple"
           : t->id == CQLR_TYPE_UDT    ? "UDT"
           : t->id == CQLR_TYPE_VECTOR ? "vector"
                                       : "type";
}

static const char *article(const char *name)
{
    return name[0] == 'a' || name[0] == 'i' ? "an" : "a";
}

int cqlr__misfit(struct cqlr_err *err, const struct cqlr_type *t, struct cqlr_str s,
                 const char *why)
{
    const char *name = type_name(t);
    bool cut = s.n > SHOWN_MAX;
    int n = (int)(cut ? cqlr__text_cut(s.p, SHOWN_MAX) : s.n);
    return cqlr__err_set(err, CQLR_E_TYPE, "'%.*s%s' is not %s %s%s%s", n, n ? s.p : "",
                         cut ? "..." : "", article(name), name, why ? ": " : "", why ? why : "");
}

int cqlr__misfit_bytes(struct cqlr_err *err, const struct cqlr_type *t, struct cqlr_value v)
{
    const char *name = type_name(t);
    return cqlr__err_set(err, CQLR_E_TYPE, "%ld %s not %s %s", (long)v.n,
                         v.n == 1 ? "byte that is" : "bytes that are", article(name), name);
}

int cqlr__misfit_int(struct cqlr_err *err, int code, const struct cqlr_type *t, int64_t n)
{
    const char *name = type_name(t);
    return cqlr__err_set(err, code, "%lld is not %s %s", (long long)n, article(name), name);
}

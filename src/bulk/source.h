/*
 * source.h - parameter sets by number: index → the value of each parameter, in O(parameters),
 * without ever making a list of sets. And their way into a statement's markers.
 */
#ifndef CQLRAW_SRC_BULK_SOURCE_H
#define CQLRAW_SRC_BULK_SOURCE_H

#include <cqlraw/bulk.h>

struct cqlr__param {
    struct cqlr_source_param p; /* name: a copy of its own */
    uint64_t count;             /* values it takes */
};

struct cqlr_source {
    size_t n;
    struct cqlr__param *param;
    enum cqlr_combine combine;
    uint64_t sets;  /* without the repetitions */
    uint64_t total; /* with them; UINT64_MAX for lines */
    int fd;         /* lines: where they come from; else -1 */
};

/* Which value (0..count-1) each of the n parameters has in set `index` < total. */
void cqlr__source_at(const struct cqlr_source *s, uint64_t index, uint64_t *value);

/* Value i of a range: a number, days or milliseconds. */
int64_t cqlr__param_value(const struct cqlr__param *p, uint64_t i);

/* ---- source_bind.c ---- */

/* For each marker the parameter that it is bound to. */
struct cqlr__plan {
    uint32_t count;
    uint32_t *param;
};
/* Every parameter binds at least one marker and every marker is bound by exactly one, else
 * CQLR_E_RANGE with a line that names the culprit. Free with cqlr__plan_fini. */
CQLR_MUST_USE
int cqlr__plan_init(struct cqlr__plan *plan, const struct cqlr_source *s,
                    const struct cqlr_columns *markers, struct cqlr_err *err);
void cqlr__plan_fini(struct cqlr__plan *plan);

/* Before anything is sent: do both ends of each range and each text that is not checked late fit
 * their markers? 0 or CQLR_E_TYPE ("parameter id: '4x' is not an int"), CQLR_E_RANGE, CQLR_E_NOMEM.
 */
CQLR_MUST_USE
int cqlr__source_check(const struct cqlr_source *s, const struct cqlr_columns *markers,
                       struct cqlr_err *err);

/* Binds sets to statements, in a worker. */
typedef struct cqlr__binder cqlr__binder;
/* Source and markers are borrowed until it is freed. NULL with the reason in err. */
cqlr__binder *cqlr__binder_new(const struct cqlr_source *s, const struct cqlr_columns *markers,
                               struct cqlr_err *err);
void cqlr__binder_free(cqlr__binder *b);
/* All values of set `index` into `to`; `line` is the set's text when the source gives lines (n < 0:
 * null), else ignored. 0, or a negative code with the reason in err. */
CQLR_MUST_USE
int cqlr__binder_bind(cqlr__binder *b, cqlr_bound *to, uint64_t index, struct cqlr_value line,
                      struct cqlr_err *err);

#endif

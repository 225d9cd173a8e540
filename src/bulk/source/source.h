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
    struct cqlr_str *own_text;  /* what p.text points to, when it is ours */
};

enum cqlr__source_form {
    CQLR__SOURCE_SETS, /* of parameters, by number */
    CQLR__SOURCE_LINES,
    CQLR__SOURCE_CSV,
    CQLR__SOURCE_NDJSON,
    CQLR__SOURCE_WORKLOAD,
    CQLR__SOURCE_JOBS
};

struct cqlr_source {
    enum cqlr__source_form form;
    size_t n;
    struct cqlr__param *param;
    enum cqlr_combine combine;
    uint64_t repeat;
    uint64_t sets;  /* without the repetitions */
    uint64_t total; /* with them; UINT64_MAX for what comes from fd */
    int fd;         /* where lines or records come from; else -1 */
    size_t columns; /* CSV: their names, owned */
    char **column;
    struct cqlr_wr begun; /* CSV: read with the header already */
    uint64_t begun_line;  /* lines of the header */
};

/* Bound as numbers, whatever they mean. */
static inline bool cqlr__is_number(enum cqlr_source_kind k)
{
    return k == CQLR_SOURCE_INT || k == CQLR_SOURCE_TOKEN_START || k == CQLR_SOURCE_TOKEN_END;
}

/* Does each set come with a text of its own? */
static inline bool cqlr__source_is_stream(const struct cqlr_source *s)
{
    return s->form != CQLR__SOURCE_SETS && s->form != CQLR__SOURCE_JOBS;
}

/* Does parameter i turn with the one in front of it? */
static inline bool cqlr__param_turns_with(const struct cqlr_source *s, size_t i)
{
    return i < s->n && s->param[i].p.kind == CQLR_SOURCE_TOKEN_END;
}

/* Which value (0..count-1) each of the n parameters has in set `index` < total. */
void cqlr__source_at(const struct cqlr_source *s, uint64_t index, uint64_t *value);

/* Value i of what is no list: a number, days, milliseconds or a token. */
int64_t cqlr__param_value(const struct cqlr__param *p, uint64_t i);

/* ---- source_print.c ---- */

/* A date (days) or a timestamp (milliseconds) as text, appended to w. */
CQLR_MUST_USE
int cqlr__moment_print(struct cqlr_wr *w, enum cqlr_source_kind kind, int64_t v,
                       struct cqlr_err *err);

/* ---- source_wire.c ---- */

/* The source, all but its descriptor, as bytes. w->rc tells. */
void cqlr__source_write(struct cqlr_wr *w, const cqlr_source *s);
/* ... and back. It reads from p as long as it lives: `text` points there. NULL with the reason in
 * err, whatever the bytes are. */
cqlr_source *cqlr__source_read(const uint8_t *p, size_t n, struct cqlr_err *err);

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

/* ---- source_record.c ---- */

/* For each column of a CSV the markers of its name. */
struct cqlr__csv_plan {
    size_t columns;
    uint32_t *first; /* of each column: a marker, or UINT32_MAX */
    uint32_t *next;  /* of each marker: the next one of the same name, or UINT32_MAX */
};
/* CQLR_E_RANGE when a marker has no column, or two. Free with cqlr__csv_plan_fini, also then. */
CQLR_MUST_USE
int cqlr__csv_plan_init(struct cqlr__csv_plan *plan, const struct cqlr_source *s,
                        const struct cqlr_columns *markers, struct cqlr_err *err);
void cqlr__csv_plan_fini(struct cqlr__csv_plan *plan);

/* A record as it stood in the input into `to`, of which nothing is set. `line`: of its beginning,
 * for errors. 0, or a negative code with the reason in err ("line 3: id: '4x' is not an int"). */
CQLR_MUST_USE
int cqlr__csv_bind(const struct cqlr__csv_plan *plan, cqlr_bound *to, struct cqlr_str record,
                   uint64_t line, struct cqlr_wr *scratch, struct cqlr_err *err);
/* The same of a JSON object, by name, or array, by position; err does not say the line. `markers`
 * are those of `to`. */
CQLR_MUST_USE
int cqlr__json_bind(cqlr_bound *to, const struct cqlr_columns *markers, struct cqlr_str record,
                    struct cqlr_wr *scratch, struct cqlr_err *err);

/* A line of a workload: the statement, appended to `query`, and the text of its parameters (p NULL:
 * none). 0, CQLR_E_TYPE or CQLR_E_NOMEM with the reason in err. */
CQLR_MUST_USE
int cqlr__workload_read(struct cqlr_str line, struct cqlr_wr *query, struct cqlr_str *params,
                        struct cqlr_err *err);
/* Does its statement begin with SELECT? A malformed line's does not. */
bool cqlr__workload_idempotent(struct cqlr_str line);
/* Is this statement a SELECT? */
bool cqlr__is_select(struct cqlr_str cql);

#endif

/*
 * source.c - parameters (ranges and lists) → how many sets they make, and which value each
 * parameter has in the i-th. A product counts like an odometer whose last wheel turns fastest;
 * zipped parameters turn together, and so do the two tokens of a piece of the ring; repetitions
 * begin again.
 *
 * Month steps count from the first value, not from the one before: 31 January, 29 February, 31
 * March. A day that a month does not have becomes its last.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/err.h"
#include "src/bulk/source/source.h"
#include "src/bulk/source/split.h"

#define DAY_MS    INT64_C(86400000)
#define MOST_SETS (UINT64_C(1) << 63)
#define MOST_RING (UINT64_C(1) << 32) /* pieces of the token ring */
/* Beyond these calendar arithmetic could overflow; no date that is in use goes there. */
#define MOST_MONTH_DAYS (INT64_C(1) << 40)
#define MOST_MONTH_MS   (INT64_C(1) << 62)

/* |last - first|, which may need 64 bits. */
static uint64_t span_of(const struct cqlr_source_param *p)
{
    return p->first <= p->last ? (uint64_t)p->last - (uint64_t)p->first
                               : (uint64_t)p->first - (uint64_t)p->last;
}

/* A DATE or TIMESTAMP as days and milliseconds of the day. */
static int64_t days_of(const struct cqlr_source_param *p, int64_t v, int64_t *ms)
{
    int64_t days;
    if (p->kind == CQLR_SOURCE_DATE) {
        *ms = 0;
        return v;
    }
    days = v / DAY_MS - (v % DAY_MS < 0);
    *ms = v - days * DAY_MS;
    return days;
}

static unsigned month_length(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Months since year 0 of a value. */
static int64_t months_of(const struct cqlr_source_param *p, int64_t v)
{
    int64_t year, ms;
    unsigned month, day;
    cqlr_date_from_days(days_of(p, v, &ms), &year, &month, &day);
    return year * 12 + month - 1;
}

/* The first value moved by `by` calendar months. */
static int64_t add_months(const struct cqlr_source_param *p, int64_t by)
{
    int64_t year, ms, n;
    unsigned month, day, most;
    int64_t days = days_of(p, p->first, &ms);

    cqlr_date_from_days(days, &year, &month, &day);
    n = year * 12 + month - 1 + by;
    year = n / 12 - (n % 12 < 0);
    month = (unsigned)(n - year * 12) + 1;
    most = month_length(year, month);
    days = cqlr_days_from_date(year, month, day < most ? day : most);
    return p->kind == CQLR_SOURCE_DATE ? days : days * DAY_MS + ms;
}

/* The token in front of piece i of n. Those of Murmur3Partitioner are -2^63 + 1 .. 2^63 - 1. */
static int64_t token_before(uint64_t n, uint64_t i)
{
    return (int64_t)((UINT64_C(1) << 63) + cqlr__split_ring(n, i));
}

static int64_t token_value(const struct cqlr__param *p, uint64_t i)
{
    if (p->p.kind == CQLR_SOURCE_TOKEN_START)
        return token_before(p->count, i);
    return i + 1 < p->count ? token_before(p->count, i + 1) : INT64_MAX;
}

int64_t cqlr__param_value(const struct cqlr__param *p, uint64_t i)
{
    if (p->p.kind == CQLR_SOURCE_TOKEN_START || p->p.kind == CQLR_SOURCE_TOKEN_END)
        return token_value(p, i);
    uint64_t by = i * (uint64_t)p->p.step;
    bool down = p->p.first > p->p.last;
    if (p->p.months)
        return add_months(&p->p, down ? -(int64_t)by : (int64_t)by);
    return (int64_t)(down ? (uint64_t)p->p.first - by : (uint64_t)p->p.first + by);
}

/* How many month steps reach from first to last: as many as whole steps of months, or one less when
 * that passes `last`. */
static uint64_t month_steps(const struct cqlr__param *p)
{
    int64_t a = months_of(&p->p, p->p.first), b = months_of(&p->p, p->p.last), end;
    uint64_t n = (uint64_t)(a < b ? b - a : a - b) / (uint64_t)p->p.step;
    if (!n)
        return 0;
    end = cqlr__param_value(p, n);
    return (p->p.first <= p->p.last ? end > p->p.last : end < p->p.last) ? n - 1 : n;
}

static int count_values(struct cqlr__param *p, size_t number, struct cqlr_err *err)
{
    int64_t most = p->p.kind == CQLR_SOURCE_DATE ? MOST_MONTH_DAYS : MOST_MONTH_MS;
    if (p->p.kind == CQLR_SOURCE_LIST) {
        p->count = p->p.count;
        return 0;
    }
    if (p->p.kind == CQLR_SOURCE_TOKEN_START || p->p.kind == CQLR_SOURCE_TOKEN_END) {
        p->count = p->p.count;
        if (p->count < 1 || p->count > MOST_RING)
            return cqlr__err_set(err, CQLR_E_RANGE,
                                 "parameter %zu: the token ring has 1 to 2^32 pieces", number);
        return 0;
    }
    if (p->p.step < 1)
        return cqlr__err_set(err, CQLR_E_RANGE, "parameter %zu: step %lld is not positive", number,
                             (long long)p->p.step);
    if (p->p.months && p->p.kind == CQLR_SOURCE_INT)
        return cqlr__err_set(err, CQLR_E_USAGE, "parameter %zu: months step through dates only",
                             number);
    if (p->p.months &&
        (p->p.first > most || p->p.first < -most || p->p.last > most || p->p.last < -most))
        return cqlr__err_set(err, CQLR_E_RANGE, "parameter %zu: date out of range", number);
    p->count = p->p.months ? month_steps(p) : span_of(&p->p) / (uint64_t)p->p.step;
    if (p->count >= MOST_SETS)
        return cqlr__err_set(err, CQLR_E_RANGE, "parameter %zu: more than 2^63 values", number);
    p->count++;
    return 0;
}

/* An end of a piece needs its start. */
static int check_token_ends(const struct cqlr_source *s, struct cqlr_err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct cqlr__param *start = i ? &s->param[i - 1] : NULL;
        if (!cqlr__param_turns_with(s, i) || (start && start->p.kind == CQLR_SOURCE_TOKEN_START &&
                                              start->count == s->param[i].count))
            continue;
        return cqlr__err_set(err, CQLR_E_USAGE,
                             "parameter %zu: the end of a piece of the token ring stands behind "
                             "its start",
                             i + 1);
    }
    return 0;
}

static int count_sets(struct cqlr_source *s, uint64_t repeat, struct cqlr_err *err)
{
    s->sets = s->n && s->combine == CQLR_COMBINE_ZIP ? s->param[0].count : 1;
    for (size_t i = 0; i < s->n; i++) {
        uint64_t count = s->param[i].count;
        if (s->combine == CQLR_COMBINE_PRODUCT && cqlr__param_turns_with(s, i))
            continue;
        if (s->combine == CQLR_COMBINE_ZIP && count != s->sets)
            return cqlr__err_set(err, CQLR_E_USAGE,
                                 "parameters 1 and %zu have %llu and %llu values: they cannot be "
                                 "zipped",
                                 i + 1, (unsigned long long)s->sets, (unsigned long long)count);
        if (s->combine == CQLR_COMBINE_PRODUCT && count && s->sets > MOST_SETS / count)
            return cqlr__err_set(err, CQLR_E_RANGE, "more than 2^63 parameter sets");
        if (s->combine == CQLR_COMBINE_PRODUCT)
            s->sets *= count;
    }
    if (s->sets && repeat > MOST_SETS / s->sets)
        return cqlr__err_set(err, CQLR_E_RANGE, "more than 2^63 parameter sets");
    s->repeat = repeat;
    s->total = s->sets * repeat;
    return check_token_ends(s, err);
}

static int copy_params(struct cqlr_source *s, const struct cqlr_source_param *p, size_t n,
                       struct cqlr_err *err)
{
    int rc = 0;
    s->param = calloc(n ? n : 1, sizeof *s->param);
    if (!s->param)
        return cqlr__err_set(err, CQLR_E_NOMEM, "parameters: out of memory");
    for (s->n = 0; s->n < n && !rc;) {
        struct cqlr__param *to = &s->param[s->n++];
        to->p = p[s->n - 1];
        if (to->p.name) {
            to->p.name = strdup(to->p.name);
            if (!to->p.name)
                return cqlr__err_set(err, CQLR_E_NOMEM, "parameters: out of memory");
        }
        rc = count_values(to, s->n, err);
    }
    return rc;
}

cqlr_source *cqlr_source_new(const struct cqlr_source_param *p, size_t n, enum cqlr_combine combine,
                             uint64_t repeat, struct cqlr_err *err)
{
    struct cqlr_source *s = calloc(1, sizeof *s);
    if (!s) {
        cqlr__err_set(err, CQLR_E_NOMEM, "parameters: out of memory");
        return NULL;
    }
    s->combine = combine;
    s->fd = -1;
    if (!repeat)
        cqlr__err_set(err, CQLR_E_USAGE, "repeat must be at least 1");
    if (!repeat || copy_params(s, p, n, err) < 0 || count_sets(s, repeat, err) < 0) {
        cqlr_source_free(s);
        return NULL;
    }
    return s;
}

cqlr_source *cqlr_source_lines(int fd, const char *name, struct cqlr_err *err)
{
    struct cqlr_source_param p = {.name = name, .kind = CQLR_SOURCE_LIST, .checked_late = true};
    cqlr_source *s = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, err);
    if (s) {
        s->form = CQLR__SOURCE_LINES;
        s->fd = fd;
        s->total = UINT64_MAX;
    }
    return s;
}

void cqlr_source_free(cqlr_source *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n && s->param; i++) {
        free((char *)(uintptr_t)s->param[i].p.name);
        free(s->param[i].own_text);
    }
    for (size_t i = 0; i < s->columns; i++)
        free(s->column[i]);
    free(s->column);
    if (s->begun.mem)
        cqlr_wr_fini(&s->begun);
    free(s->param);
    free(s);
}

uint64_t cqlr_source_total(const cqlr_source *s)
{
    return s->total;
}

void cqlr__source_at(const struct cqlr_source *s, uint64_t index, uint64_t *value)
{
    uint64_t set = index % s->sets;
    for (size_t i = s->n; i-- > 0;) {
        if (s->combine == CQLR_COMBINE_ZIP) {
            value[i] = set;
        } else if (!cqlr__param_turns_with(s, i)) {
            value[i] = set % s->param[i].count;
            set /= s->param[i].count;
            if (cqlr__param_turns_with(s, i + 1))
                value[i + 1] = value[i];
        }
    }
}

/*
 * spec.c - what a -P stands for: a range of numbers, dates or times, a list, one text, a file.
 *
 * Whatever has ".." in it is meant as a range, so a range whose ends cannot be read is an error and
 * never silently a text; "==" takes any text as it is.
 */
#include <stdio.h>

#include "spec.h"
#include "tools/cqlraw/args/numbers.h"

#define DAY_MS (INT64_C(86400) * 1000)

static bool starts(struct cqlr_str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

static struct cqlr_str skip(struct cqlr_str s, size_t n)
{
    return (struct cqlr_str){s.p + n, s.n - n};
}

/* Cuts s at the character or text `at`: *head before, *tail behind. */
static bool cut(struct cqlr_str s, const char *at, struct cqlr_str *head, struct cqlr_str *tail)
{
    const char *p = s.n ? memmem(s.p, s.n, at, strlen(at)) : NULL;
    if (!p)
        return false;
    *head = (struct cqlr_str){s.p, (size_t)(p - s.p)};
    *tail = skip(s, head->n + strlen(at));
    return true;
}

/* ---- ranges ---- */

enum end_rc { END_NO, END_YES, END_TOO_BIG };

/* Reads one end as `kind`. */
static enum end_rc read_end(enum spec_kind kind, struct cqlr_str s, int64_t *v)
{
    if (kind == SPEC_INT) {
        enum number_rc rc = number_parse(s, v);
        return rc == NUMBER_OK ? END_YES : rc == NUMBER_RANGE ? END_TOO_BIG : END_NO;
    }
    if (kind == SPEC_DATE)
        return spec_date(s, v) ? END_YES : END_NO;
    if (spec_date(s, v))
        return __builtin_mul_overflow(*v, DAY_MS, v) ? END_TOO_BIG : END_YES;
    return spec_timestamp(s, v) ? END_YES : END_NO;
}

/* "15m" → step and unit; ms only for timestamps. */
static bool read_time_step(struct spec *s, struct cqlr_str text)
{
    static const struct {
        const char *unit;
        int64_t ms, months;
    } units[] = {
        {"ms", 1, 0},     {"s", 1000, 0},       {"m", 60000, 0}, {"h", 3600000, 0},
        {"d", DAY_MS, 0}, {"w", 7 * DAY_MS, 0}, {"mo", 0, 1},    {"y", 0, 12},
    };
    size_t n = 0;
    while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
        n++;
    struct cqlr_str unit = skip(text, n);
    if (n == 0 || number_parse((struct cqlr_str){text.p, n}, &s->step) != NUMBER_OK)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        int64_t one = units[i].months ? units[i].months : units[i].ms;
        if (unit.n != strlen(units[i].unit) || memcmp(unit.p, units[i].unit, unit.n) != 0)
            continue;
        s->months = units[i].months > 0;
        if (s->kind == SPEC_DATE && !s->months) {
            if (one % DAY_MS)
                return false;
            one /= DAY_MS;
        }
        return !__builtin_mul_overflow(s->step, one, &s->step) && s->step > 0;
    }
    return false;
}

/* How a range of this kind is stepped; text.p NULL: no step was given. 0 or -1 with the reason. */
static int read_step(struct spec *s, struct cqlr_str text, char *why, size_t n)
{
    static const char *const wanted[] = {
        [SPEC_INT] = "a whole number above 0",
        [SPEC_DATE] = "a number with d, w, mo or y (a range of times needs a time: 2024-01-01T00Z)",
        [SPEC_TIMESTAMP] = "a number with ms, s, m, h, d, w, mo or y",
    };
    bool good;
    s->step = 1;
    if (!text.p && s->kind == SPEC_TIMESTAMP) {
        snprintf(why, n, "a range of times needs a step, such as %.*s:15m", CQLR_STR(s->text));
        return -1;
    }
    if (!text.p)
        return 0;
    good = s->kind == SPEC_INT ? number_parse(text, &s->step) == NUMBER_OK && s->step > 0
                               : read_time_step(s, text);
    if (good)
        return 0;
    snprintf(why, n, "the step \"%.*s\" is not %s", CQLR_STR(text), wanted[s->kind]);
    return -1;
}

/* The part behind the last ':' as a step, unless the whole is an end already (a time of day has ':'
 * too). */
static enum end_rc read_last(struct spec *s, struct cqlr_str tail, struct cqlr_str *step)
{
    enum end_rc rc = read_end(s->kind, tail, &s->last);
    const char *colon = tail.n ? memrchr(tail.p, ':', tail.n) : NULL;
    *step = (struct cqlr_str){NULL, 0};
    if (rc != END_NO || !colon)
        return rc;
    size_t at = (size_t)(colon - tail.p);
    *step = skip(tail, at + 1);
    return read_end(s->kind, (struct cqlr_str){tail.p, at}, &s->last);
}

static int parse_range(struct spec *s, struct cqlr_str head, struct cqlr_str tail, char *why,
                       size_t n)
{
    static const enum spec_kind kinds[] = {SPEC_INT, SPEC_DATE, SPEC_TIMESTAMP};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct cqlr_str step;
        s->kind = kinds[i];
        enum end_rc first = read_end(s->kind, head, &s->first);
        enum end_rc last = read_last(s, tail, &step);
        if (first == END_NO || last == END_NO)
            continue;
        if (first == END_TOO_BIG || last == END_TOO_BIG) {
            snprintf(why, n, "\"%.*s\" does not fit 64 bits", CQLR_STR(s->text));
            return -1;
        }
        return read_step(s, step, why, n);
    }
    snprintf(why, n,
             "\"%.*s\" is not a range of integers, dates or times (use %.*s==%.*s for that text)",
             CQLR_STR(s->text), CQLR_STR(s->name), CQLR_STR(s->text));
    return -1;
}

/* ---- the whole ---- */

int spec_parse(const char *arg, struct spec *s, char *why, size_t n)
{
    struct cqlr_str head, tail;
    memset(s, 0, sizeof *s);
    if (!cut(cqlr_cstr(arg), "=", &s->name, &s->text) || s->name.n == 0) {
        snprintf(why, n, "\"%s\" is not NAME=SPEC", arg);
        return -1;
    }
    s->kind = SPEC_LIST;
    if (starts(s->text, "=")) {
        s->kind = SPEC_LITERAL;
        s->text = skip(s->text, 1);
    } else if (s->text.n == 2 && starts(s->text, "@-")) {
        s->kind = SPEC_STDIN;
    } else if (starts(s->text, "@")) {
        s->kind = SPEC_FILE;
        s->text = skip(s->text, 1);
        if (s->text.n == 0) {
            snprintf(why, n, "%.*s=@ needs the name of a file", CQLR_STR(s->name));
            return -1;
        }
    } else if (cut(s->text, "..", &head, &tail)) {
        return parse_range(s, head, tail, why, n);
    }
    return 0;
}

bool spec_list_next(struct cqlr_str *list, struct cqlr_str *element)
{
    struct cqlr_str tail = {NULL, 0};
    if (!list->p)
        return false;
    if (!cut(*list, ",", element, &tail))
        *element = *list;
    *list = tail;
    return true;
}

bool spec_is_null(struct cqlr_str text)
{
    return text.n == 2 && text.p[0] == '\\' && text.p[1] == 'N';
}

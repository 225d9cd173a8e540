/*
 * spec_time.c - the dates and times that can be the ends of a range, as days and milliseconds since
 * 1970-01-01 UTC (proleptic Gregorian calendar, no time zone of the machine).
 */
#include <cqlraw/value.h>

#include "spec.h"

/* Takes exactly n digits off the front. */
static bool digits(struct cqlr_str *s, size_t n, int64_t *out)
{
    int64_t v = 0;
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        v = v * 10 + (s->p[i] - '0');
    }
    s->p += n;
    s->n -= n;
    *out = v;
    return true;
}

static bool take(struct cqlr_str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

static bool is_leap(int64_t y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static bool take_date(struct cqlr_str *s, int64_t *days)
{
    static const int64_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t y, m, d;
    if (!digits(s, 4, &y) || !take(s, '-') || !digits(s, 2, &m) || !take(s, '-') ||
        !digits(s, 2, &d))
        return false;
    if (m < 1 || m > 12 || d < 1 || d > length[m - 1] + (m == 2 && is_leap(y)))
        return false;
    *days = cqlr_days_from_date(y, (unsigned)m, (unsigned)d);
    return true;
}

/* HH[:MM[:SS[.fff]]] */
static bool take_time(struct cqlr_str *s, int64_t *ms)
{
    int64_t h, m = 0, sec = 0, f = 0;
    if (!digits(s, 2, &h) || h > 23)
        return false;
    if (take(s, ':')) {
        if (!digits(s, 2, &m) || m > 59)
            return false;
        if (take(s, ':') &&
            (!digits(s, 2, &sec) || sec > 59 || (take(s, '.') && !digits(s, 3, &f))))
            return false;
    }
    *ms = ((h * 60 + m) * 60 + sec) * 1000 + f;
    return true;
}

/* Z, +HH, +HHMM, +HH:MM, or nothing, to the end. */
static bool take_zone(struct cqlr_str *s, int64_t *ms)
{
    int64_t h, m = 0, sign = s->n && s->p[0] == '-' ? -1 : 1;
    *ms = 0;
    if (s->n == 0 || take(s, 'Z'))
        return s->n == 0;
    if (!take(s, sign < 0 ? '-' : '+') || !digits(s, 2, &h))
        return false;
    if (s->n && (take(s, ':'), !digits(s, 2, &m)))
        return false;
    *ms = sign * (h * 60 + m) * 60 * 1000;
    return s->n == 0 && h <= 18 && m <= 59;
}

bool spec_date(struct cqlr_str s, int64_t *days)
{
    return take_date(&s, days) && s.n == 0;
}

bool spec_timestamp(struct cqlr_str s, int64_t *ms)
{
    int64_t days, time, zone;
    if (!take_date(&s, &days) || !(take(&s, 'T') || take(&s, ' ')) || !take_time(&s, &time) ||
        !take_zone(&s, &zone))
        return false;
    *ms = days * 86400 * 1000 + time - zone;
    return true;
}

/*
 * time.c - date, time and timestamp: bytes ⇄ text (native_protocol_v4.spec
 * sections 6.6, 6.17, 6.18).
 *
 * date is a u32, days + 2^31; time is ns since midnight; timestamp is ms since the epoch, of which
 * every int64 has its proleptic date. A text without a zone is UTC. What a text says more finely
 * than the type can hold is refused, never cut off.
 */
#include "proto/val/val.h"

#define DAY_MS    INT64_C(86400000)
#define NS_PER_MS 1000000
#define NS_PER_S  INT64_C(1000000000)
#define YEAR_MAX  INT64_C(300000000) /* beyond what a timestamp or a date can hold */
#define NS_DIGITS 9

int cqlr_value_date(struct cqlr_value v, int64_t *days)
{
    if (v.n != 4)
        return CQLR_E_TYPE;
    *days = (int64_t)cqlr_be32(v.p) - CQLR__DATE_EPOCH;
    return 0;
}

static void out_date(struct cqlr_wr *w, int64_t days)
{
    int64_t year;
    unsigned month, day;
    cqlr_date_from_days(days, &year, &month, &day);
    if (year < 0 || year > 9999)
        cqlr__out(w, year < 0 ? "-" : "+");
    cqlr__out_u64(w, (uint64_t)(year < 0 ? -year : year), 4);
    cqlr__out(w, "-");
    cqlr__out_u64(w, month, 2);
    cqlr__out(w, "-");
    cqlr__out_u64(w, day, 2);
}

/* HH:MM:SS. and as many digits of the fraction as asked for. */
static void out_clock(struct cqlr_wr *w, uint64_t seconds, uint64_t fraction, unsigned digits)
{
    cqlr__out_u64(w, seconds / 3600, 2);
    cqlr__out(w, ":");
    cqlr__out_u64(w, seconds / 60 % 60, 2);
    cqlr__out(w, ":");
    cqlr__out_u64(w, seconds % 60, 2);
    cqlr__out(w, ".");
    cqlr__out_u64(w, fraction, digits);
}

int cqlr__date_print(struct cqlr_wr *w, struct cqlr_value v)
{
    int64_t days;
    if (cqlr_value_date(v, &days))
        return CQLR_E_TYPE;
    out_date(w, days);
    return 0;
}

int cqlr__time_print(struct cqlr_wr *w, struct cqlr_value v)
{
    int64_t ns;
    if (cqlr_value_bigint(v, &ns))
        return CQLR_E_TYPE;
    if (ns < 0 || ns >= CQLR__DAY_NS) /* servers check the length only */
        cqlr__out_i64(w, ns);
    else
        out_clock(w, (uint64_t)(ns / NS_PER_S), (uint64_t)(ns % NS_PER_S), NS_DIGITS);
    return 0;
}

int cqlr__timestamp_print(struct cqlr_wr *w, struct cqlr_value v)
{
    int64_t ms;
    if (cqlr_value_bigint(v, &ms))
        return CQLR_E_TYPE;
    int64_t days = ms / DAY_MS, rest = ms % DAY_MS;
    if (rest < 0) {
        rest += DAY_MS;
        days--;
    }
    out_date(w, days);
    cqlr__out(w, "T");
    out_clock(w, (uint64_t)(rest / 1000), (uint64_t)(rest % 1000), 3);
    cqlr__out(w, "Z");
    return 0;
}

/* A number of `min` to `max` digits, off the front of s. */
static bool take_digits(struct cqlr_str *s, size_t min, size_t max, uint64_t *n)
{
    struct cqlr_str rest = *s;
    return cqlr__take_u64(&rest, n) && s->n - rest.n >= min && s->n - rest.n <= max &&
           (*s = rest, true);
}

/* [+-]YYYY-M-D, off the front of s. */
static bool take_date(struct cqlr_str *s, int64_t *days)
{
    uint64_t year, month, day;
    bool minus = cqlr__take(s, '-');
    if (!minus)
        cqlr__take(s, '+');
    if (!take_digits(s, 4, 12, &year) || year > YEAR_MAX || !cqlr__take(s, '-') ||
        !take_digits(s, 1, 2, &month) || !cqlr__take(s, '-') || !take_digits(s, 1, 2, &day))
        return false;
    int64_t y = minus ? -(int64_t)year : (int64_t)year;
    if (month < 1 || month > 12 || day < 1 || day > cqlr__days_in_month(y, (unsigned)month))
        return false;
    *days = cqlr_days_from_date(y, (unsigned)month, (unsigned)day);
    return true;
}

/* H:M[:S[.fraction]], off the front of s; `least` is what the type can hold of a second, in ns. */
static bool take_clock(struct cqlr_str *s, int64_t least, int64_t *ns)
{
    uint64_t hour, minute, second = 0, fraction = 0;
    if (!take_digits(s, 1, 2, &hour) || !cqlr__take(s, ':') || !take_digits(s, 1, 2, &minute))
        return false;
    if (cqlr__take(s, ':')) {
        if (!take_digits(s, 1, 2, &second))
            return false;
        if (cqlr__take(s, '.')) {
            struct cqlr_str digits = *s;
            if (!take_digits(s, 1, NS_DIGITS, &fraction))
                return false;
            for (size_t i = digits.n - s->n; i < NS_DIGITS; i++)
                fraction *= 10;
        }
    }
    if (hour > 23 || minute > 59 || second > 59 || fraction % (uint64_t)least)
        return false;
    *ns = (int64_t)((hour * 60 + minute) * 60 + second) * NS_PER_S + (int64_t)fraction;
    return true;
}

/* Nothing, Z, UTC, GMT, +HH, +HHMM or +HH:MM: minutes east of UTC. */
static bool take_zone(struct cqlr_str *s, int64_t *minutes)
{
    uint64_t hour, minute = 0;
    *minutes = 0;
    if (!s->n || cqlr__take_nocase(s, "z") || cqlr__take_nocase(s, "utc") ||
        cqlr__take_nocase(s, "gmt"))
        return true;
    bool west = cqlr__take(s, '-');
    if (!west && !cqlr__take(s, '+'))
        return false;
    if (s->n == 4) {
        if (!take_digits(s, 4, 4, &hour))
            return false;
        minute = hour % 100;
        hour /= 100;
    } else if (!take_digits(s, 2, 2, &hour) ||
               (cqlr__take(s, ':') && !take_digits(s, 2, 2, &minute))) {
        return false;
    }
    if (hour > 18 || minute > 59) /* the widest that Java's ZoneOffset takes */
        return false;
    *minutes = (int64_t)(hour * 60 + minute) * (west ? -1 : 1);
    return true;
}

int cqlr__date_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    int64_t days;
    if (!take_date(&s, &days) || s.n || days < INT32_MIN || days > INT32_MAX)
        return CQLR_E_TYPE;
    cqlr_wr_i32(w, (int32_t)((uint32_t)days ^ CQLR__DATE_EPOCH));
    return 0;
}

int cqlr__time_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    int64_t ns;
    bool plain = cqlr__read_i64(s, &ns);
    if (!plain && (!take_clock(&s, 1, &ns) || s.n))
        return CQLR_E_TYPE;
    if (ns < 0 || ns >= CQLR__DAY_NS)
        return CQLR_E_TYPE;
    cqlr_wr_i64(w, ns);
    return 0;
}

/* days and less than one more, either way, as ms; false when it is beyond int64. */
static bool to_ms(int64_t days, int64_t rest, int64_t *ms)
{
    int64_t shift = rest < 0 ? -1 : rest >= DAY_MS; /* a zone leads to the day before or behind */
    days += shift;
    rest -= shift * DAY_MS;
    if (days < 0) { /* from above, as INT64_MIN lies in the middle of its day */
        days++;
        rest -= DAY_MS;
    }
    return !__builtin_mul_overflow(days, DAY_MS, ms) && !__builtin_add_overflow(*ms, rest, ms);
}

int cqlr__timestamp_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    int64_t ms, days, ns = 0, zone = 0;
    if (!cqlr__read_i64(s, &ms)) {
        if (!take_date(&s, &days))
            return CQLR_E_TYPE;
        bool clock = cqlr__take_nocase(&s, "t") ||
                     (s.n > 1 && cqlr__is_digit(s.p[1]) && cqlr__take(&s, ' '));
        if (clock && !take_clock(&s, NS_PER_MS, &ns))
            return CQLR_E_TYPE;
        cqlr__take(&s, ' ');
        if (!take_zone(&s, &zone) || s.n || !to_ms(days, ns / NS_PER_MS - zone * 60000, &ms))
            return CQLR_E_TYPE;
    }
    cqlr_wr_i64(w, ms);
    return 0;
}

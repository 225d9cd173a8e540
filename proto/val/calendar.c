/*
 * calendar.c - the proleptic Gregorian calendar without libc: days since 1970-01-01 ⇄ year, month,
 * day.
 *
 * Years are counted from 1 March, so that the leap day is the last of its year; the calendar
 * repeats itself after an era of 400 years. No step leaves int64, for any int64 number of days.
 */
#include "proto/val/val.h"

#define ERA_DAYS  146097 /* days of 400 years */
#define ERA_YEARS 400
#define SHIFT     719468 /* days from 0000-03-01 to 1970-01-01 */

/* n / d rounded down; *rest is 0 .. d - 1. */
static int64_t div_floor(int64_t n, int64_t d, int64_t *rest)
{
    int64_t q = n / d;
    *rest = n % d;
    if (*rest < 0) {
        *rest += d;
        q--;
    }
    return q;
}

int64_t cqlr_days_from_date(int64_t year, unsigned month, unsigned day)
{
    int64_t year_of_era;
    int64_t era = div_floor(year - (month <= 2), ERA_YEARS, &year_of_era);
    unsigned month_of_year = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * month_of_year + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + (day_of_era - SHIFT);
}

void cqlr_date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t day_of_era;
    int64_t era = div_floor(days, ERA_DAYS, &day_of_era);
    era += (day_of_era + SHIFT) / ERA_DAYS;
    day_of_era = (day_of_era + SHIFT) % ERA_DAYS;

    int64_t year_of_era =
        (day_of_era - day_of_era / (4 * 365) + day_of_era / 36524 - day_of_era / (ERA_DAYS - 1)) /
        365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_of_year = (5 * day_of_year + 2) / 153;
    *day = (unsigned)(day_of_year - (153 * month_of_year + 2) / 5 + 1);
    *month = (unsigned)(month_of_year < 10 ? month_of_year + 3 : month_of_year - 9);
    *year = era * ERA_YEARS + year_of_era + (*month <= 2);
}

unsigned cqlr__days_in_month(int64_t year, unsigned month)
{
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2)
        return leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/*
 * test_val_time.c - dates, times, timestamps and durations: the ends of their ranges, the forms
 * that are read, what is refused.
 */
#include "tests/unit/val_help.h"

static void days_and_dates_at_known_places(void **state)
{
    static const struct {
        int64_t days, year;
        unsigned month, day;
    } known[] = {{0, 1970, 1, 1},
                 {-1, 1969, 12, 31},
                 {19782, 2024, 2, 29},
                 {-719162, 1, 1, 1},
                 {-719163, 0, 12, 31},
                 {-719528, 0, 1, 1},
                 {-719529, -1, 12, 31},
                 {2932896, 9999, 12, 31},
                 {2932897, 10000, 1, 1},
                 {11016, 2000, 2, 29},
                 {-25508, 1900, 3, 1},
                 {-25509, 1900, 2, 28},
                 {INT32_MAX, 5881580, 7, 11},
                 {INT32_MIN, -5877641, 6, 23}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        int64_t year;
        unsigned month, day;
        cqlr_date_from_days(known[i].days, &year, &month, &day);
        assert_int_equal(year, known[i].year);
        assert_int_equal(month, known[i].month);
        assert_int_equal(day, known[i].day);
        assert_int_equal(cqlr_days_from_date(year, month, day), known[i].days);
    }
}

static void each_day_of_two_eras_follows_the_one_before(void **state)
{
    (void)state;
    int64_t year = -401, y;
    unsigned month = 12, day = 31, m, d;
    for (int64_t n = cqlr_days_from_date(-400, 1, 1); n < cqlr_days_from_date(401, 1, 1); n++) {
        cqlr_date_from_days(n, &y, &m, &d);
        bool next_day = y == year && m == month && d == day + 1;
        bool next_month = y == year && m == month + 1 && d == 1 && day >= 28;
        bool next_year = y == year + 1 && m == 1 && d == 1 && month == 12 && day == 31;
        assert_true(next_day || next_month || next_year);
        assert_int_equal(cqlr_days_from_date(y, m, d), n);
        year = y, month = m, day = d;
    }
}

static void the_ends_of_int64_days(void **state)
{
    const int64_t ends[] = {INT64_MAX, INT64_MIN, INT64_MAX - 719468, INT64_MIN + 719468};
    (void)state;
    for (int i = 0; i < 4; i++) {
        int64_t year;
        unsigned month, day;
        cqlr_date_from_days(ends[i], &year, &month, &day);
        assert_in_range(month, 1, 12);
        assert_in_range(day, 1, 31);
        assert_true((year > 0) == (ends[i] > 0));
    }
}

static void dates_carry_a_sign_outside_four_digits(void **state)
{
    static const struct {
        const char *hex, *text;
    } dates[] = {{"00000000", "-5877641-06-23"}, {"ffffffff", "+5881580-07-11"},
                 {"802cc0a0", "9999-12-31"},     {"802cc0a1", "+10000-01-01"},
                 {"7ff50558", "0000-01-01"},     {"7ff50557", "-0001-12-31"}};
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        assert_prints(TYPE(DATE), dates[i].hex, dates[i].text);
        assert_parses(TYPE(DATE), dates[i].text, dates[i].hex);
    }
    assert_literal(TYPE(DATE), "80004d46", "'2024-02-29'");
    assert_json(TYPE(DATE), "80004d46", "\"2024-02-29\"");
    assert_parses(TYPE(DATE), "'2024-2-29'", "80004d46");
    assert_refused(TYPE(DATE), "+5881580-07-12");
    assert_refused(TYPE(DATE), "-5877641-06-22");
}

static void timestamps_at_the_ends_of_int64(void **state)
{
    static const struct {
        const char *hex, *text;
    } times[] = {{"7fffffffffffffff", "+292278994-08-17T07:12:55.807Z"},
                 {"8000000000000000", "-292275055-05-16T16:47:04.192Z"},
                 {"0000000000000000", "1970-01-01T00:00:00.000Z"},
                 {"0000018df56a978d", "2024-02-29T15:10:20.045Z"},
                 {"ffffc77590fba000", "0000-01-01T00:00:00.000Z"},
                 {"ffffc77590fb9fff", "-0001-12-31T23:59:59.999Z"}};
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        assert_prints(TYPE(TIMESTAMP), times[i].hex, times[i].text);
        assert_parses(TYPE(TIMESTAMP), times[i].text, times[i].hex);
    }
    assert_parses(TYPE(TIMESTAMP), "+292278994-08-18T01:12:55.807+18:00", times[0].hex);
    assert_parses(TYPE(TIMESTAMP), "+292278994-08-16T13:12:55.807-18:00", times[0].hex);
    assert_parses(TYPE(TIMESTAMP), "-292275055-05-15T22:47:04.192-18:00", times[1].hex);
    assert_parses(TYPE(TIMESTAMP), "-292275055-05-17T10:47:04.192+18:00", times[1].hex);
    assert_refused(TYPE(TIMESTAMP), "+292278994-08-18T01:12:55.808+18:00");
    assert_refused(TYPE(TIMESTAMP), "-292275055-05-15T22:47:04.191-18:00");
    assert_refused(TYPE(TIMESTAMP), "+292278994-08-17T07:12:55.808Z");
    assert_refused(TYPE(TIMESTAMP), "-292275055-05-16T16:47:04.191Z");
    assert_refused(TYPE(TIMESTAMP), "+299999999-01-01");
}

static void forms_of_timestamps_that_are_read(void **state)
{
    static const char *const same[] = {"2024-02-29T12:34:56.789Z",
                                       "2024-02-29 12:34:56.789+0000",
                                       "2024-02-29 12:34:56.789000+0000",
                                       "2024-02-29 13:34:56.789+0100",
                                       "2024-02-29 13:34:56.789+01:00",
                                       "2024-02-29 13:34:56.789 +01",
                                       "'2024-02-29 07:04:56.789-05:30'",
                                       "2024-02-29t12:34:56.789z",
                                       "1709210096789",
                                       "2024-02-29 12:34:56.789",
                                       " 2024-02-29 12:34:56.789 UTC ",
                                       "2024-02-29 12:34:56.789000000 GMT"};
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_parses(TYPE(TIMESTAMP), same[i], "0000018df4dc5495");
    assert_parses(TYPE(TIMESTAMP), "2024-02-29 12:34:56+0100", "0000018df4a56300");
    assert_parses(TYPE(TIMESTAMP), "2024-02-29T12:34Z", "0000018df4db76c0");
    assert_parses(TYPE(TIMESTAMP), "2024-02-29", "0000018df2292800");
    assert_parses(TYPE(TIMESTAMP), "2024-02-29+0000", "0000018df2292800");
    assert_parses(TYPE(TIMESTAMP), "-1", "ffffffffffffffff");
}

static void what_is_no_timestamp(void **state)
{
    static const char *const wrong[] = {"2023-02-29",
                                        "2024-13-01",
                                        "2024-00-01",
                                        "2024-01-32",
                                        "24-01-01",
                                        "2024-01",
                                        "2024-01-01T",
                                        "2024-01-01T12",
                                        "2024-01-01T24:00",
                                        "2024-01-01T12:60",
                                        "2024-01-01T12:34:60",
                                        "2024-01-01T12:34:56.",
                                        "2024-01-01T12:34:56.7891Z",
                                        "2024-01-01X",
                                        "2024-01-01T12:34+1",
                                        "2024-01-01T12:34+19",
                                        "2024-01-01T12:34+0160",
                                        "2024-01-01T12:34Zx",
                                        "9223372036854775808",
                                        "1.5",
                                        "2024-01-01T12:34:56.0000000001",
                                        "now",
                                        "2024-1-1 1 2"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(TYPE(TIMESTAMP), wrong[i]);
}

static void times(void **state)
{
    (void)state;
    assert_prints(TYPE(TIME), "0000000000000000", "00:00:00.000000000");
    assert_prints(TYPE(TIME), "00000362d417ae04", "01:02:03.000000004");
    assert_literal(TYPE(TIME), "00000362d417ae04", "'01:02:03.000000004'");
    assert_json(TYPE(TIME), "00000362d417ae04", "\"01:02:03.000000004\"");
    assert_parses(TYPE(TIME), "12:34:56", "000029324bfd6000");
    assert_parses(TYPE(TIME), "'12:34:56.1'", "0000293251f34100");
    assert_parses(TYPE(TIME), "12:34", "0000292542213000");
    assert_parses(TYPE(TIME), "86399999999999", "00004e94914effff");
    assert_refused(TYPE(TIME), "86400000000000");
    assert_refused(TYPE(TIME), "-1");
    assert_refused(TYPE(TIME), "24:00:00");
    assert_refused(TYPE(TIME), "12:34:56.0000000000");
    assert_refused(TYPE(TIME), "12:34:56Z");
    assert_parses(TYPE(TIME), "12", "000000000000000c");
}

static void a_time_outside_the_day_is_its_number(void **state)
{
    (void)state;
    assert_prints(TYPE(TIME), "00004e94914f0000", "86400000000000");
    assert_prints(TYPE(TIME), "ffffffffffffffff", "-1");
    assert_prints(TYPE(TIME), "8000000000000000", "-9223372036854775808");
    assert_json(TYPE(TIME), "ffffffffffffffff", "\"-1\"");
}

static void forms_of_durations_that_are_read(void **state)
{
    static const struct {
        const char *text, *same;
    } durations[] = {{"1y2mo", "1y2mo"},
                     {"2w3d", "17d"},
                     {"1y2mo3w4d5h6m7s8ms9us10ns", "1y2mo25d5h6m7s8ms9us10ns"},
                     {"1Y2MO3W4D5H6M7S8MS9US10NS", "1y2mo25d5h6m7s8ms9us10ns"},
                     {"9\xC2\xB5s", "9us"},
                     {"90m", "1h30m"},
                     {"-1d", "-1d"},
                     {"0s", "0ns"},
                     {"-0s", "0ns"},
                     {"P1Y2M3DT4H5M6S", "1y2mo3d4h5m6s"},
                     {"-P1Y", "-1y"},
                     {"P4W", "28d"},
                     {"PT36H", "36h"},
                     {"p1dt1s", "1d1s"}};
    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        char hex[100];
        copy_text(hex, sizeof hex, parse_text(TYPE(DURATION), durations[i].text));
        assert_prints(TYPE(DURATION), hex, durations[i].same);
    }
}

static void what_is_no_duration(void **state)
{
    static const char *const wrong[] = {"",
                                        "1",
                                        "d",
                                        "1x",
                                        "1d1y",
                                        "1d1d",
                                        "1us1\xC2\xB5s",
                                        "1.5h",
                                        "1d ",
                                        "+1d",
                                        "--1d",
                                        "P",
                                        "PT",
                                        "P1",
                                        "P1YT",
                                        "P1S",
                                        "PT1Y",
                                        "P1D1Y",
                                        "1h-1m",
                                        "1 d",
                                        "2147483648mo",
                                        "178956971y",
                                        "9223372036854775808ns",
                                        "2562048h",
                                        "18446744073709551616ns"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (strcmp(wrong[i], "1d ")) /* blanks around a value don't count */
            assert_refused(TYPE(DURATION), wrong[i]);
    assert_parses(TYPE(DURATION), "1d ", parse_text(TYPE(DURATION), "1d"));
}

static void durations_that_are_not_three_fitting_vints(void **state)
{
    static const char *const wrong[] = {"0204",
                                        "02040600",
                                        "020306",
                                        "f100000000"
                                        "0000",
                                        "00f100000000"
                                        "00",
                                        "ff",
                                        "0000ff00"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        print_hex(TYPE(DURATION), wrong[i], CQLR_TEXT);
        assert_int_equal(answer.rc, CQLR_E_TYPE);
    }
    assert_prints(TYPE(DURATION), "000000", "0ns");
    assert_prints(TYPE(DURATION),
                  "f000000002"
                  "800400",
                  "1mo2d"); /* vints need not be short */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_dates_at_known_places),
        cmocka_unit_test(each_day_of_two_eras_follows_the_one_before),
        cmocka_unit_test(the_ends_of_int64_days),
        cmocka_unit_test(dates_carry_a_sign_outside_four_digits),
        cmocka_unit_test(timestamps_at_the_ends_of_int64),
        cmocka_unit_test(forms_of_timestamps_that_are_read),
        cmocka_unit_test(what_is_no_timestamp),
        cmocka_unit_test(times),
        cmocka_unit_test(a_time_outside_the_day_is_its_number),
        cmocka_unit_test(forms_of_durations_that_are_read),
        cmocka_unit_test(what_is_no_duration),
        cmocka_unit_test(durations_that_are_not_three_fitting_vints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_spec.c - "NAME=SPEC" of -P: what is a range, a list, a text, a file; and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tools/cqlraw/args/numbers.h"
#include "tools/cqlraw/run/spec.h"

static struct spec parse(const char *arg)
{
    struct spec s;
    char why[300] = "";
    if (spec_parse(arg, &s, why, sizeof why) < 0)
        fail_msg("%s: %s", arg, why);
    return s;
}

static void refused(const char *arg, const char *part)
{
    struct spec s;
    char why[300] = "";
    if (spec_parse(arg, &s, why, sizeof why) == 0)
        fail_msg("%s was accepted", arg);
    if (!strstr(why, part))
        fail_msg("%s: \"%s\" does not say \"%s\"", arg, why, part);
}

static void is_range(const char *arg, enum spec_kind kind, int64_t first, int64_t last,
                     int64_t step, bool months)
{
    struct spec s = parse(arg);
    if (s.kind != kind || s.first != first || s.last != last || s.step != step ||
        s.months != months)
        fail_msg("%s: kind %d %lld..%lld:%lld months %d", arg, (int)s.kind, (long long)s.first,
                 (long long)s.last, (long long)s.step, s.months);
}

static void integer_ranges(void **state)
{
    (void)state;
    is_range("id=1..1000000", SPEC_INT, 1, 1000000, 1, false);
    is_range("id=0..100:5", SPEC_INT, 0, 100, 5, false);
    is_range("id=9..1", SPEC_INT, 9, 1, 1, false);
    is_range("id=-5..-1:2", SPEC_INT, -5, -1, 2, false);
    is_range("id=1..1e9", SPEC_INT, 1, 1000000000, 1, false);
    is_range("id=1k..1.5M:2k", SPEC_INT, 1000, 1500000, 2000, false);
    is_range("id=-9223372036854775808..9223372036854775807", SPEC_INT, INT64_MIN, INT64_MAX, 1,
             false);
}

static void date_and_time_ranges(void **state)
{
    int64_t h = 3600000, day = 24 * h, y2024 = 19723;
    (void)state;
    is_range("d=2024-01-01..2024-12-31:1d", SPEC_DATE, y2024, y2024 + 365, 1, false);
    is_range("d=2024-01-01..2024-12-31", SPEC_DATE, y2024, y2024 + 365, 1, false);
    is_range("d=2024-01-01..2025-01-01:2w", SPEC_DATE, y2024, y2024 + 366, 14, false);
    is_range("d=2024-01-01..2025-01-01:3mo", SPEC_DATE, y2024, y2024 + 366, 3, true);
    is_range("d=2024-01-01..2025-01-01:2y", SPEC_DATE, y2024, y2024 + 366, 24, true);
    is_range("d=1969-12-31..1970-01-01", SPEC_DATE, -1, 0, 1, false);
    is_range("t=2024-01-01T00Z..2024-01-02T00Z:15m", SPEC_TIMESTAMP, y2024 * day, (y2024 + 1) * day,
             15 * 60000, false);
    is_range("t=2024-01-01T01:30..2024-01-01T02:30:15:10ms", SPEC_TIMESTAMP,
             y2024 * day + h + h / 2, y2024 * day + 2 * h + 30 * 60000 + 15000, 10, false);
    is_range("t=2024-01-01T00:00:00.250+01:00..2024-01-02:1mo", SPEC_TIMESTAMP,
             y2024 * day - h + 250, (y2024 + 1) * day, 1, true);
    is_range("t=2024-01-01 00:00-0130..2024-01-02T00Z:1h", SPEC_TIMESTAMP, y2024 * day + h + h / 2,
             (y2024 + 1) * day, h, false);
}

static void texts_files_and_names(void **state)
{
    struct spec s = parse("c=a,b,c");
    (void)state;
    assert_int_equal(s.kind, SPEC_LIST);
    assert_int_equal(s.name.n, 1);
    assert_int_equal(s.text.n, 5);
    s = parse("c==1..3");
    assert_int_equal(s.kind, SPEC_LITERAL);
    assert_memory_equal(s.text.p, "1..3", 5);
    s = parse("c=@dir/../f");
    assert_int_equal(s.kind, SPEC_FILE);
    assert_string_equal(s.text.p, "dir/../f");
    assert_int_equal(parse("c=@-").kind, SPEC_STDIN);
    s = parse("c=");
    assert_int_equal(s.kind, SPEC_LIST);
    assert_int_equal(s.text.n, 0);
    assert_non_null(s.text.p);
    assert_int_equal(parse("c=2024-01-01").kind, SPEC_LIST);
}

static void mistakes_say_what_is_wrong(void **state)
{
    (void)state;
    refused("id", "is not NAME=SPEC");
    refused("=1", "is not NAME=SPEC");
    refused("id=a..b", "use id==a..b");
    refused("id=1..", "use id==");
    refused("id=1..3,5", "use id==");
    refused("id=1..2024-01-01", "use id==");
    refused("id=wait...", "use id==");
    refused("id=1..1.5", "use id==");
    refused("id=1..9223372036854775808", "does not fit 64 bits");
    refused("id=1..1e30", "does not fit 64 bits");
    refused("id=1..9:0", "step");
    refused("id=1..9:-1", "step");
    refused("id=1..9:x", "step");
    refused("d=2024-01-01..2024-02-01:15m", "a range of times needs a time");
    refused("d=2024-01-01..2024-02-01:3", "step");
    refused("d=2024-02-30..2024-03-01", "use d==");
    refused("d=2023-02-29..2024-03-01", "use d==");
    refused("t=2024-01-01T00Z..2024-01-02T00Z", "needs a step");
    refused("t=2024-01-01T24Z..2024-01-02T00Z:1h", "use t==");
    refused("t=2024-01-01T00Z..2024-01-02T00Z:9999999999999999d", "step");
    refused("c=@", "needs the name of a file");
}

static void lists_are_split_at_every_comma(void **state)
{
    static const char *const want[] = {"a", "", "b c", ""};
    struct cqlr_str list = cqlr_cstr("a,,b c,"), e;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(spec_list_next(&list, &e));
        assert_int_equal(e.n, strlen(want[i]));
        assert_memory_equal(e.p, want[i], e.n);
    }
    assert_false(spec_list_next(&list, &e));
    list = cqlr_cstr("");
    assert_true(spec_list_next(&list, &e));
    assert_int_equal(e.n, 0);
    assert_false(spec_list_next(&list, &e));
    assert_true(spec_is_null(cqlr_cstr("\\N")));
    assert_false(spec_is_null(cqlr_cstr("\\n")));
}

static void number(const char *text, enum number_rc rc, int64_t want)
{
    int64_t v = 0;
    enum number_rc got = number_parse(cqlr_cstr(text), &v);
    if (got != rc || (rc == NUMBER_OK && v != want))
        fail_msg("%s: rc %d value %lld", text, (int)got, (long long)v);
}

static void numbers_are_exact(void **state)
{
    uint64_t ns;
    double share;
    (void)state;
    number("42", NUMBER_OK, 42);
    number("-7", NUMBER_OK, -7);
    number("10k", NUMBER_OK, 10000);
    number("1.5M", NUMBER_OK, 1500000);
    number("2G", NUMBER_OK, 2000000000);
    number("1.25e2", NUMBER_OK, 125);
    number("1.0", NUMBER_OK, 1);
    number("0e999999999", NUMBER_OK, 0);
    number("1.255e2", NUMBER_BAD, 0);
    number("", NUMBER_BAD, 0);
    number("-", NUMBER_BAD, 0);
    number(".5", NUMBER_BAD, 0);
    number("5.", NUMBER_BAD, 0);
    number("1e", NUMBER_BAD, 0);
    number("12x", NUMBER_BAD, 0);
    number("0x10", NUMBER_BAD, 0);
    number(" 1", NUMBER_BAD, 0);
    number("9223372036854775808", NUMBER_RANGE, 0);
    number("1e19", NUMBER_RANGE, 0);
    number("99999999999999999999", NUMBER_RANGE, 0);
    assert_int_equal(duration_parse(cqlr_cstr("250ms"), &ns), NUMBER_OK);
    assert_int_equal(ns, 250000000);
    assert_int_equal(duration_parse(cqlr_cstr("1.5s"), &ns), NUMBER_OK);
    assert_int_equal(ns, 1500000000);
    assert_int_equal(duration_parse(cqlr_cstr("2m"), &ns), NUMBER_OK);
    assert_int_equal(ns, 120000000000);
    assert_int_equal(duration_parse(cqlr_cstr("5"), &ns), NUMBER_BAD);
    assert_int_equal(duration_parse(cqlr_cstr("99999999999h"), &ns), NUMBER_RANGE);
    assert_int_equal(percent_parse(cqlr_cstr("2.5%"), &share), NUMBER_OK);
    assert_true(share > 0.0249999 && share < 0.0250001);
    assert_int_equal(percent_parse(cqlr_cstr("101%"), &share), NUMBER_RANGE);
    assert_int_equal(percent_parse(cqlr_cstr("5"), &share), NUMBER_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_ranges),
        cmocka_unit_test(date_and_time_ranges),
        cmocka_unit_test(texts_files_and_names),
        cmocka_unit_test(mistakes_say_what_is_wrong),
        cmocka_unit_test(lists_are_split_at_every_comma),
        cmocka_unit_test(numbers_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

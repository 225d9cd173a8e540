/*
 * test_val_float.c - float and double ⇄ text, compared with the C library's exact conversions.
 *
 * That a text is the shortest is shown with "%.*e": with one digit less none of the two nearest
 * numerals reads back.
 */
#include <math.h>

#include "proto/val/bignum.h"
#include "proto/val/pow10.h"
#include "tests/unit/val_help.h"

/* The judges: correctly rounded in glibc and musl. */
static double (*const libc_double)(const char *, char **) = strtod;
static float (*const libc_float)(const char *, char **) = strtof;

#define RANDOM_NUMBERS 1000000

static uint64_t bits_of(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static double of_bits(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static float of_bits32(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* 2^e, subnormal too. */
static double power_of_two(int e)
{
    return of_bits(e >= -1022 ? (uint64_t)(e + 1023) << 52 : UINT64_C(1) << (e + 1074));
}

/* One writer for millions of calls. */
static struct cqlr_wr w;

static const char *print64(double d)
{
    uint8_t bytes[8];
    struct cqlr_err err;
    cqlr_put64(bytes, bits_of(d));
    cqlr_wr_reset(&w);
    assert_int_equal(
        cqlr_value_print(&w, TYPE(DOUBLE), (struct cqlr_value){bytes, 8}, CQLR_TEXT, &err), 0);
    cqlr_wr_u8(&w, 0);
    return (const char *)w.p;
}

static const char *print32(float f)
{
    uint8_t bytes[4];
    uint32_t bits;
    struct cqlr_err err;
    memcpy(&bits, &f, sizeof bits);
    cqlr_put32(bytes, bits);
    cqlr_wr_reset(&w);
    assert_int_equal(
        cqlr_value_print(&w, TYPE(FLOAT), (struct cqlr_value){bytes, 4}, CQLR_TEXT, &err), 0);
    cqlr_wr_u8(&w, 0);
    return (const char *)w.p;
}

static uint64_t parse64(const char *text)
{
    struct cqlr_wr out;
    struct cqlr_err err;
    cqlr_wr_init(&out, NULL, 0);
    if (cqlr_value_parse(&out, TYPE(DOUBLE), cqlr_cstr(text), &err))
        fail_msg("%s", err.text);
    uint64_t bits = cqlr_be64(out.p);
    cqlr_wr_fini(&out);
    return bits;
}

static uint32_t parse32(const char *text)
{
    struct cqlr_wr out;
    struct cqlr_err err;
    cqlr_wr_init(&out, NULL, 0);
    if (cqlr_value_parse(&out, TYPE(FLOAT), cqlr_cstr(text), &err))
        fail_msg("%s", err.text);
    uint32_t bits = cqlr_be32(out.p);
    cqlr_wr_fini(&out);
    return bits;
}

static int count_digits(const char *text)
{
    int n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text == '0' && n)
            zeros++;
        if (*text > '0' && *text <= '9') {
            n += zeros + 1;
            zeros = 0;
        }
    }
    return n;
}

/* The numeral of `digits` digits nearest to d, moved by one in its last place. */
static double neighbour(double d, int digits, int up)
{
    char text[40], *e;
    snprintf(text, sizeof text, "%.*e", digits - 1, d);
    e = strchr(text, 'e');
    long long m = 0;
    for (char *p = text; p < e; p++)
        if (*p >= '0' && *p <= '9')
            m = m * 10 + (*p - '0');
    char moved[60];
    snprintf(moved, sizeof moved, "%llde%ld", m + up, strtol(e + 1, NULL, 10) - (digits - 1));
    return libc_double(moved, NULL);
}

/* thorough: also that it is the shortest text, and the nearest of those. */
static void check64(double d, bool thorough)
{
    char text[64], other[64];
    snprintf(text, sizeof text, "%s", print64(d));
    if (bits_of(libc_double(text, NULL)) != bits_of(d) || parse64(text) != bits_of(d))
        fail_msg("%a became %s", d, text);
    snprintf(other, sizeof other, "%.17g", d);
    if (parse64(other) != bits_of(d))
        fail_msg("%s was read as %a", other, of_bits(parse64(other)));
    if (!thorough)
        return;
    int n = count_digits(text);
    for (int up = -1; n > 1 && up <= 1; up++)
        if (neighbour(fabs(d), n - 1, up) == fabs(d))
            fail_msg("%s is not the shortest text of %a", text, d);
    if (n > 0) { /* of those as short the nearest, unless that one does not read back */
        snprintf(other, sizeof other, "%.*e", n - 1, d);
        if (libc_double(other, NULL) == d && fabs(d) > 1e-300) {
            char mine[40];
            snprintf(mine, sizeof mine, "%.*e", n - 1, libc_double(text, NULL));
            assert_string_equal(mine, other);
        }
    }
}

static void check32(float f)
{
    char text[64], other[64];
    snprintf(text, sizeof text, "%s", print32(f));
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    if (libc_float(text, NULL) != f || parse32(text) != bits)
        fail_msg("%a became %s", (double)f, text);
    snprintf(other, sizeof other, "%.9g", (double)f);
    if (parse32(other) != bits)
        fail_msg("%s was read as another float", other);
    int n = count_digits(text);
    if (n > 1) {
        snprintf(other, sizeof other, "%.*e", n - 2, (double)f);
        if (libc_float(other, NULL) == f)
            fail_msg("%s is not the shortest text of %s", text, other);
    }
}

static void the_layout_is_that_of_pythons_repr(void **state)
{
    (void)state;
    assert_string_equal(print64(0), "0.0");
    assert_string_equal(print64(-0.0), "-0.0");
    assert_string_equal(print64(1), "1.0");
    assert_string_equal(print64(-1200), "-1200.0");
    assert_string_equal(print64(0.1), "0.1");
    assert_string_equal(print64(0.0001), "0.0001");
    assert_string_equal(print64(0.00001), "1e-05");
    assert_string_equal(print64(1.5e-7), "1.5e-07");
    assert_string_equal(print64(1e15), "1000000000000000.0");
    assert_string_equal(print64(1e16), "1e+16");
    assert_string_equal(print64(9007199254740993.0), "9007199254740992.0");
    assert_string_equal(print64(12345678901234567.0), "1.2345678901234568e+16");
    assert_string_equal(print64(1e100), "1e+100");
    assert_string_equal(print64(5e-324), "5e-324");
    assert_string_equal(print64(1.7976931348623157e308), "1.7976931348623157e+308");
    assert_string_equal(print64(2.2250738585072014e-308), "2.2250738585072014e-308");
    assert_string_equal(print64(power_of_two(-44)), "5.684341886080802e-14");
    assert_string_equal(print64((double)NAN), "NaN");
    assert_string_equal(print64((double)INFINITY), "Infinity");
    assert_string_equal(print64((double)-INFINITY), "-Infinity");
    assert_string_equal(print32(0.1f), "0.1");
    assert_string_equal(print32(16777216.0f), "16777216.0");
    assert_string_equal(print32(3.4028235e38f), "3.4028235e+38");
    assert_string_equal(print32(1e-45f), "1e-45");
}

static void random_doubles_print_shortest_and_read_back(void **state)
{
    uint64_t seed = 20240229;
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < RANDOM_NUMBERS; i++) {
        uint64_t r = next_random(&seed);
        double d = i % 4 ? of_bits(r) : (double)(int64_t)(r >> 40) / 1000;
        if (isfinite(d))
            check64(d, i % 16 == 0);
    }
}

static void random_floats_print_shortest_and_read_back(void **state)
{
    uint64_t seed = 4242;
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < RANDOM_NUMBERS; i++) {
        float f = of_bits32((uint32_t)next_random(&seed));
        if (isfinite(f))
            check32(f);
    }
}

static void powers_of_two_and_ten_and_their_neighbours(void **state)
{
    (void)state;
    for (int e = -1074; e < 1024; e++) {
        uint64_t bits = bits_of(power_of_two(e));
        check64(of_bits(bits), true);
        check64(of_bits(bits + 1), true);
        if (bits > 1)
            check64(of_bits(bits - 1), true);
    }
    for (int e = -323; e <= 308; e++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", e);
        assert_true(parse64(text) == bits_of(libc_double(text, NULL)));
        check64(libc_double(text, NULL), true);
    }
    for (int e = -149; e < 128; e++)
        check32((float)power_of_two(e));
}

static void subnormal_numbers(void **state)
{
    uint64_t seed = 7;
    (void)state;
    for (uint64_t bits = 1; bits < 2000; bits++)
        check64(of_bits(bits), true);
    for (uint32_t bits = 1; bits < 2000; bits++)
        check32(of_bits32(bits));
    for (int i = 0; i < 20000; i++)
        check64(of_bits(next_random(&seed) >> (12 + i % 52)), true);
}

/* Texts that lie exactly halfway between two numbers, and a little beside: the exact expansion of
 * the middle, which needs one bit more. */
static void halfway_goes_to_even_however_long_the_text(void **state)
{
    uint64_t seed = 99;
    char text[1400];
    (void)state;
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = next_random(&seed) >> (1 + i % 13);
        double low = of_bits(bits), high = of_bits(bits + 1);
        if (!isfinite(high))
            continue;
        long double middle = ((long double)low + (long double)high) / 2;
        snprintf(text, sizeof text, "%.1100Le", middle);
        if (parse64(text) != bits_of(libc_double(text, NULL)))
            fail_msg("%a: halfway", low);
        text[1100] =
            '1'; /* among the zeros behind it: a little more, so never to the even one below */
        char *e = strchr(text, 'e');
        assert_true(e > text + 1100);
        if (parse64(text) != bits + 1)
            fail_msg("%a: above halfway", low);
    }
}

static void halfway_between_floats_is_rounded_once(void **state)
{
    uint64_t seed = 5;
    char text[400];
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint32_t bits = (uint32_t)next_random(&seed) >> 1;
        float low = of_bits32(bits), high = of_bits32(bits + 1);
        if (!isfinite(low) || !isfinite(high))
            continue;
        snprintf(text, sizeof text, "%.150e", ((double)low + (double)high) / 2);
        if (parse32(text) != bits + bits % 2)
            fail_msg("%s: halfway between floats", text);
        text[150] = '1';
        if (parse32(text) != bits + 1)
            fail_msg("%s: above halfway between floats", text);
    }
}

static void random_numerals_are_read_as_strtod_does(void **state)
{
    uint64_t seed = 31337;
    char text[100];
    (void)state;
    for (int i = 0; i < 300000; i++) {
        uint64_t r = next_random(&seed);
        int digits = 1 + (int)(r % 25), exponent = (int)(r >> 32) % 330;
        size_t n = 0;
        for (int k = 0; k < digits; k++) {
            text[n++] = (char)('0' + next_random(&seed) % 10);
            if (k == (int)(r >> 8) % 20)
                text[n++] = '.';
        }
        snprintf(text + n, sizeof text - n, "e%d", i % 2 ? exponent : exponent % 40 - 20);
        double d = libc_double(text, NULL);
        if (isfinite(d) && parse64(text) != bits_of(d))
            fail_msg("%s was read as %a", text, of_bits(parse64(text)));
        float f = libc_float(text, NULL);
        if (isfinite(f) && of_bits32(parse32(text)) != f)
            fail_msg("%s was read as the float %a", text, (double)of_bits32(parse32(text)));
    }
}

/* a = high:low */
static void set_128(struct bignum *a, uint64_t high, uint64_t low)
{
    cqlr__bignum_set(a, high);
    cqlr__bignum_shift_left(a, 32);
    cqlr__bignum_mul_add(a, 1, (uint32_t)(low >> 32));
    cqlr__bignum_shift_left(a, 32);
    cqlr__bignum_mul_add(a, 1, (uint32_t)low);
}

/* high:low × 2^e against 10^k */
static int compare_power(uint64_t high, uint64_t low, int e, int k)
{
    struct bignum a, b;
    set_128(&a, high, low);
    cqlr__bignum_set(&b, 1);
    cqlr__bignum_mul_pow10(k < 0 ? &a : &b, (unsigned)abs(k));
    cqlr__bignum_shift_left(e < 0 ? &b : &a, (unsigned)abs(e));
    return cqlr__bignum_cmp(&a, &b);
}

static void powers_of_ten_have_128_bits_rounded_up(void **state)
{
    (void)state;
    for (int k = CQLR__POW10_MIN; k <= CQLR__POW10_MAX; k++) {
        const struct cqlr__pow10 *g = cqlr__pow10(k);
        int e = cqlr__log2_pow10(k) - 127, cmp = compare_power(g->high, g->low, e, k);
        assert_true(g->high >> 63);
        assert_int_equal(cmp, k >= 0 && k <= CQLR__POW10_EXACT ? 0 : 1);
        assert_true(compare_power(g->high - (g->low == 0), g->low - 1, e, k) < 0);
    }
}

static void products_of_128_bits(void **state)
{
    uint64_t seed = 11, low;
    (void)state;
    assert_true(cqlr__mul_high(UINT64_MAX, UINT64_MAX, &low) == UINT64_MAX - 1 && low == 1);
    for (int i = 0; i < 100000; i++) {
        uint64_t a = next_random(&seed) >> i % 64, b = next_random(&seed) >> i / 64 % 64;
        unsigned __int128 product = (unsigned __int128)a * b;
        assert_true(cqlr__mul_high(a, b, &low) == (uint64_t)(product >> 64));
        assert_true(low == (uint64_t)product);
    }
}

static void what_is_no_number_or_too_large_is_refused(void **state)
{
    static const char *const wrong[] = {".",     "e5",    "1e",   "1e+", "1.2.3",
                                        "0x1p3", "1 2",   "--1",  "+-1", "1e5x",
                                        "1e400", "1e309", "nano", "1,5", "1e1.5"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(TYPE(DOUBLE), wrong[i]);
    assert_refused(TYPE(DOUBLE), "1.7976931348623159e308"); /* halfway to 2^1024 and more */
    assert_refused(TYPE(FLOAT), "3.4028236e38");
    assert_refused(TYPE(DOUBLE), "1e99999999999999999999999999");
    assert_parses(TYPE(DOUBLE), "0e99999999999999999999999999", "0000000000000000");
    assert_parses(TYPE(DOUBLE), "1e-99999999999999999999999999", "0000000000000000");
    assert_parses(TYPE(DOUBLE), "-1e-400", "8000000000000000");
    assert_parses(TYPE(DOUBLE), "1.", "3ff0000000000000");
    assert_parses(TYPE(DOUBLE), ".5", "3fe0000000000000");
    assert_parses(TYPE(DOUBLE), "+1e0", "3ff0000000000000");
    assert_parses(TYPE(DOUBLE), "nan", "7ff8000000000000");
    assert_parses(TYPE(DOUBLE), "-infinity", "fff0000000000000");
    assert_parses(TYPE(FLOAT), "Infinity", "7f800000");
    assert_parses(TYPE(DOUBLE), "2.4703282292062327e-324", "0000000000000000");
    assert_parses(TYPE(DOUBLE), "2.4703282292062328e-324", "0000000000000001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_is_that_of_pythons_repr),
        cmocka_unit_test(random_doubles_print_shortest_and_read_back),
        cmocka_unit_test(random_floats_print_shortest_and_read_back),
        cmocka_unit_test(powers_of_two_and_ten_and_their_neighbours),
        cmocka_unit_test(subnormal_numbers),
        cmocka_unit_test(halfway_goes_to_even_however_long_the_text),
        cmocka_unit_test(halfway_between_floats_is_rounded_once),
        cmocka_unit_test(random_numerals_are_read_as_strtod_does),
        cmocka_unit_test(powers_of_ten_have_128_bits_rounded_up),
        cmocka_unit_test(products_of_128_bits),
        cmocka_unit_test(what_is_no_number_or_too_large_is_refused),
    };
    cqlr_wr_init(&w, NULL, 0);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    cqlr_wr_fini(&w);
    return rc;
}

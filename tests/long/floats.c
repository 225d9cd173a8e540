/*
 * floats.c - are float and double printed as they should be, whatever their bits? Random bit
 * patterns, for each of which these must hold:
 *
 * - the text reads back as the same bits, by cqlr_value_parse and by strtod or strtof;
 * - no text with one digit less reads back;
 * - of the texts with as many digits it is the nearest, unless the nearest does not read back.
 *
 *     floats [COUNT [SEED]]     COUNT doubles (100,000,000) and COUNT / 10 floats, by two processes
 *
 * The judge is the C library, whose conversions are exact. Ends with "N passed, N failed".
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cqlraw/value.h>

#define PROCESSES 2
#define WRONG_MAX 20 /* numbers that are told before a process gives up */

/* One of the two formats. */
struct format {
    const struct cqlr_type *type;
    double (*read)(const char *text);
    uint64_t fraction; /* the bits of the significand; 0 in a power of two */
    unsigned bytes;
    double max;
};

/* The judges: correctly rounded in glibc and musl. */
static double (*const libc_double)(const char *, char **) = strtod;
static float (*const libc_float)(const char *, char **) = strtof;

static double read64(const char *text)
{
    return libc_double(text, NULL);
}

static double read32(const char *text)
{
    return (double)libc_float(text, NULL);
}

static const struct cqlr_type double_type = {.id = CQLR_TYPE_DOUBLE};
static const struct cqlr_type float_type = {.id = CQLR_TYPE_FLOAT};
static const struct format doubles = {&double_type, read64, (UINT64_C(1) << 52) - 1, 8,
                                      1.7976931348623157e308};
static const struct format floats = {&float_type, read32, (1u << 23) - 1, 4, 3.4028234663852886e38};

/* splitmix64: every seed gives another sequence. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static double of_bits(const struct format *f, uint64_t bits)
{
    double d;
    float half;
    uint32_t low = (uint32_t)bits;
    memcpy(&d, &bits, sizeof d);
    memcpy(&half, &low, sizeof half);
    return f->bytes == 8 ? d : (double)half;
}

/* Its text in w, with a 0 behind it; NULL when there is none. */
static const char *print(const struct format *f, struct cqlr_wr *w, uint64_t bits)
{
    struct cqlr_err err;
    uint8_t bytes[8];
    struct cqlr_value v = {bytes + 8 - f->bytes, (int32_t)f->bytes};
    cqlr_put64(bytes, bits);
    cqlr_wr_reset(w);
    if (cqlr_value_print(w, f->type, v, CQLR_TEXT, &err))
        return NULL;
    cqlr_wr_u8(w, 0);
    return (const char *)w->p;
}

static bool reads_back(const struct format *f, struct cqlr_wr *w, const char *text, uint64_t bits)
{
    struct cqlr_err err;
    cqlr_wr_reset(w);
    if (cqlr_value_parse(w, f->type, cqlr_cstr(text), &err) || w->n != f->bytes)
        return false;
    return (f->bytes == 8 ? cqlr_be64(w->p) : cqlr_be32(w->p)) == bits;
}

/* The digits of a text, without zeros in front and behind; returns their number. */
static int digits_of(const char *text, char *digits)
{
    int n = 0, end = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (*text == '0' && !n))
            continue;
        digits[n++] = *text;
        end = *text == '0' ? end : n;
    }
    digits[end] = 0;
    return end;
}

/* Whether a numeral of `digits` digits reads back: the nearest to d, or one beside it, as a power
 * of two has neighbours at two distances. */
static bool is_shorter_possible(const struct format *f, double d, int digits, bool power_of_two)
{
    char text[40], moved[60];
    snprintf(text, sizeof text, "%.*e", digits - 1, d);
    if (f->read(text) == d)
        return true;
    for (int by = -1; power_of_two && by <= 1; by += 2) {
        char *e = strchr(text, 'e');
        long long m = 0;
        for (const char *p = text; p < e; p++)
            if (*p >= '0' && *p <= '9')
                m = m * 10 + (*p - '0');
        snprintf(moved, sizeof moved, "%llde%ld", m + by, strtol(e + 1, NULL, 10) - (digits - 1));
        if (f->read(moved) == d)
            return true;
    }
    return false;
}

/* NULL, or what is wrong with this text. */
static const char *judge(const struct format *f, struct cqlr_wr *w, const char *text, uint64_t bits)
{
    double d = of_bits(f, bits), size = fabs(d);
    char digits[40], nearest[40], nearest_digits[40];
    int n = digits_of(text, digits);
    if (f->read(text) != d || signbit(f->read(text)) != signbit(d))
        return "the C library reads another number";
    if (!reads_back(f, w, text, bits))
        return "it does not read back";
    if (n > 1 && is_shorter_possible(f, size, n - 1, !(bits & f->fraction)))
        return "it is not the shortest";
    snprintf(nearest, sizeof nearest, "%.*e", n > 0 ? n - 1 : 0, size);
    digits_of(nearest, nearest_digits);
    if (f->read(nearest) == size && strcmp(digits, nearest_digits) != 0)
        return "it is not the nearest";
    return NULL;
}

static int check(const struct format *f, uint64_t count, uint64_t seed)
{
    struct cqlr_wr w, back;
    int wrong = 0;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_init(&back, NULL, 0);
    for (uint64_t i = 0; i < count && wrong < WRONG_MAX; i++) {
        uint64_t bits = next_random(&seed) >> (64 - 8 * f->bytes);
        if (!(fabs(of_bits(f, bits)) <= f->max))
            continue; /* NaN and the infinities have no digits */
        const char *text = print(f, &w, bits);
        const char *why = text ? judge(f, &back, text, bits) : "it is not printed";
        if (why) {
            printf("%a became %s: %s\n", of_bits(f, bits), text ? text : "nothing", why);
            wrong++;
        }
    }
    cqlr_wr_fini(&w);
    cqlr_wr_fini(&back);
    return wrong;
}

/* A child's part of the work; it has failed when anything was wrong. */
static pid_t begin(uint64_t count, uint64_t seed)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    int wrong = check(&doubles, count, seed) + check(&floats, count / 10, seed + 1);
    fflush(stdout);
    _exit(wrong > 0);
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 20240229;
    pid_t child[PROCESSES];
    int failed = 0;
    printf("%llu doubles and %llu floats, seed %llu\n", (unsigned long long)count,
           (unsigned long long)count / 10, (unsigned long long)seed);
    fflush(stdout);
    for (unsigned i = 0; i < PROCESSES; i++) /* seeds far apart: the sequences don't meet */
        child[i] = begin(count / PROCESSES, seed + i * (UINT64_C(1) << 32) * 1000003);
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status = 1;
        failed += child[i] < 0 || waitpid(child[i], &status, 0) != child[i] || status != 0;
    }
    printf("%d passed, %d failed\n", PROCESSES - failed, failed);
    return failed > 0;
}

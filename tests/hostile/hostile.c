/*
 * hostile.c - every frame of the vector files, damaged in every way that fits in a rule, and given
 * to all readers.
 *
 * usage: hostile [FILE...]
 * A frame is cut short everywhere (its header telling the old length, and the new one), each bit is
 * turned over, and at each offset, whether a length or a count stands there or not, two bytes and
 * four bytes become each of the values that are on the edge of something. Of a file that gives more
 * than CASES_MAX cases so many are left out, evenly, that about as many remain.
 *
 * A case may take 100 ms of CPU and 1 MB of memory beside its bytes. One that takes longer is run
 * again: it fails when it takes long each time.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/hostile/readers.h"
#include "tests/vectors/vectors.h"

/* Where the program is emulated: fewer, and more time. */
#ifndef CASES_MAX
#define CASES_MAX 250000
#endif
#define MEMORY_MAX ((size_t)1024 * 1024)
#ifndef CPU_MAX_NS
#define CPU_MAX_NS INT64_C(100000000)
#endif
#define CPU_TRIES 3

enum kind { CUT, CUT_TOLD, FLIP, SHORT, INT };

/* One way to damage a frame. */
struct damage {
    enum kind kind;
    size_t at;      /* CUT, CUT_TOLD: bytes that remain; else: of the byte or field */
    unsigned which; /* FLIP: the bit; SHORT, INT: of the values */
};

/* ---- the edges ---- */

#define SHORT_VALUES 16
#define INT_VALUES   18

static uint16_t short_value(unsigned which, uint16_t old, size_t rest)
{
    const uint16_t values[SHORT_VALUES] = {0,
                                           1,
                                           2,
                                           0xFF,
                                           0x100,
                                           0x7FFF,
                                           0x8000,
                                           0xFFFC,
                                           0xFFFD,
                                           0xFFFE,
                                           0xFFFF,
                                           (uint16_t)(old - 1),
                                           (uint16_t)(old + 1),
                                           (uint16_t)(rest - 1),
                                           (uint16_t)rest,
                                           (uint16_t)(rest + 1)};
    return values[which];
}

static uint32_t int_value(unsigned which, uint32_t old, size_t rest)
{
    const uint32_t values[INT_VALUES] = {0,
                                         1,
                                         0xFFFF,
                                         0x10000,
                                         0x100000,
                                         CQLR_FRAME_MAX,
                                         CQLR_FRAME_MAX + 1,
                                         0x7FFFFFFF,
                                         0x80000000,
                                         0xFFFFFFFD,
                                         0xFFFFFFFE,
                                         0xFFFFFFFF,
                                         old - 1,
                                         old + 1,
                                         old * 2,
                                         (uint32_t)rest - 1,
                                         (uint32_t)rest,
                                         (uint32_t)rest + 1};
    return values[which];
}

/* ---- a case ---- */

struct suite {
    const struct vector *frame;
    struct origin origin;
    struct damage damage;
    struct cqlr_mem mem;
    size_t now, peak; /* bytes of memory */
    unsigned long cases, failed;
    int64_t worst_ns;
    size_t worst_bytes;
};

static struct suite suite;

static void *count_resize(void *arg, void *p, size_t old, size_t n)
{
    struct suite *s = arg;
    const struct cqlr_mem *heap = cqlr_mem_default();
    s->now += n - old;
    s->peak = s->now > s->peak ? s->now : s->peak;
    return heap->resize(heap->arg, p, old, n);
}

static void say_case(const char *why)
{
    static const char *const kinds[] = {"cut to", "cut, as the header tells, to", "bit turned at",
                                        "2 bytes at", "4 bytes at"};
    const struct damage *d = &suite.damage;
    printf("%s, %s %zu (%u): %s\n", suite.frame->name, kinds[d->kind], d->at, d->which, why);
    fflush(stdout);
}

/* The damaged frame in a block of exactly its size, so that AddressSanitizer sees a read behind it.
 */
static uint8_t *damaged_new(const struct vector *v, const struct damage *d, size_t *n)
{
    bool cut = d->kind == CUT || d->kind == CUT_TOLD;
    *n = cut ? d->at : v->n;
    uint8_t *p = malloc(*n ? *n : 1);
    if (!p)
        abort();
    memcpy(p, v->bytes, *n);
    if (d->kind == CUT_TOLD && *n >= CQLR_FRAME_HEADER)
        cqlr_put32(p + 5, (uint32_t)(*n - CQLR_FRAME_HEADER));
    else if (d->kind == FLIP)
        p[d->at] ^= (uint8_t)(1u << d->which);
    else if (d->kind == SHORT)
        cqlr_put16(p + d->at, short_value(d->which, cqlr_be16(p + d->at), *n - d->at - 2));
    else if (d->kind == INT)
        cqlr_put32(p + d->at, int_value(d->which, cqlr_be32(p + d->at), *n - d->at - 4));
    return p;
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The least time of a few tries, when the first takes too long. */
static const char *timed(const uint8_t *p, size_t n, int64_t *ns)
{
    const char *why = NULL;
    *ns = CPU_MAX_NS + 1;
    for (int i = 0; i < CPU_TRIES && !why && *ns > CPU_MAX_NS; i++) {
        int64_t from = cpu_ns();
        why = readers_run(&suite.origin, p, n, &suite.mem);
        int64_t took = cpu_ns() - from;
        *ns = i && *ns < took ? *ns : took;
    }
    return why;
}

static void run_case(void)
{
    size_t n;
    int64_t ns;
    uint8_t *p = damaged_new(suite.frame, &suite.damage, &n);
    suite.peak = 0;
    const char *why = timed(p, n, &ns);
    free(p);
    suite.cases++;
    suite.worst_ns = ns > suite.worst_ns ? ns : suite.worst_ns;
    suite.worst_bytes = suite.peak > suite.worst_bytes ? suite.peak : suite.worst_bytes;
    if (!why && ns > CPU_MAX_NS)
        why = "more than 100 ms";
    if (!why && suite.peak > MEMORY_MAX)
        why = "more than 1 MB of memory";
    if (!why && suite.now)
        why = "memory is not given back";
    if (why) {
        suite.failed++;
        suite.now = 0;
        say_case(why);
    }
}

/* ---- all cases of a frame ---- */

/* The number of ways to damage a frame of n bytes, and the i-th of them. */
static size_t damages(size_t n)
{
    return n * 10 + (n - 1) * SHORT_VALUES + (n - 3) * INT_VALUES;
}

static struct damage damage_of(size_t n, size_t i)
{
    const struct {
        enum kind kind;
        size_t offsets;
        unsigned each;
    } rows[] = {{CUT, n, 1}, {CUT_TOLD, n, 1}, {FLIP, n, 8}, {SHORT, n - 1, SHORT_VALUES}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        size_t count = rows[k].offsets * rows[k].each;
        if (i < count)
            return (struct damage){rows[k].kind, i / rows[k].each, (unsigned)(i % rows[k].each)};
        i -= count;
    }
    return (struct damage){INT, i / INT_VALUES, (unsigned)(i % INT_VALUES)};
}

/* Every so-manieth case is run: an odd number and no multiple of 3, so that with time each bit and
 * each value has its turn. */
static size_t step_of(const struct vectors *set)
{
    size_t all = 0, step;
    for (size_t i = 0; i < set->count; i++)
        all += damages(set->v[i].n);
    for (step = (all - 1) / CASES_MAX + 1; step % 2 == 0 || step % 3 == 0;)
        step++;
    return step;
}

static bool run_frame(struct vector *v, size_t step)
{
    struct cqlr_frame f;
    unsigned long failed = suite.failed;
    if (v->n < CQLR_FRAME_HEADER)
        return false;
    cqlr_frame_read(v->bytes, &f);
    if (f.response && f.stream > 0)
        cqlr_put16(v->bytes + 2, 1);
    cqlr_frame_read(v->bytes, &f);
    suite.frame = v;
    suite.origin = (struct origin){f.response, f.flags & CQLR_FLAG_COMPRESSED, f.opcode, f.stream};
    for (size_t i = 0; i < damages(v->n); i += step) {
        suite.damage = damage_of(v->n, i);
        run_case();
    }
    return suite.failed == failed;
}

/* ---- which case it was that ended the process ---- */

void __sanitizer_set_death_callback(void (*fn)(void)) __attribute__((weak));

static void say_end(void)
{
    if (suite.frame)
        say_case("ends the process");
}

static void on_signal(int number)
{
    say_end();
    signal(number, SIG_DFL);
    raise(number);
}

static void watch(void)
{
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(say_end);
        return;
    }
    signal(SIGSEGV, on_signal);
    signal(SIGBUS, on_signal);
    signal(SIGFPE, on_signal);
    signal(SIGABRT, on_signal);
}

int main(int argc, char **argv)
{
    static char made[] = "tests/vectors/v4.txt";
    static char recorded[] = "tests/vectors/cassandra-5.0.6.txt";
    char *standard[] = {made, recorded, NULL};
    char **path = argc > 1 ? argv + 1 : standard;
    unsigned passed = 0, failed = 0;
    suite.mem = (struct cqlr_mem){count_resize, &suite};
    watch();
    for (; *path; path++) {
        struct vectors set;
        failed += vectors_load(&set, *path) != 0;
        size_t step = step_of(&set);
        for (size_t i = 0; i < set.count; i++)
            *(run_frame(&set.v[i], step) ? &passed : &failed) += 1;
        suite.frame = NULL;
        vectors_free(&set);
    }
    printf("%lu cases, worst: %.1f ms of CPU, %zu KB of memory\n", suite.cases,
           (double)suite.worst_ns / 1e6, suite.worst_bytes / 1024);
    printf("%u passed, %u failed\n", passed, failed);
    return failed || !passed;
}

/*
 * fuzz.h - what the fuzz targets share: the input as choices and blocks, an allocator that counts,
 * types made from bytes, and MUST.
 *
 * A target is one file with LLVMFuzzerTestOneInput: libFuzzer calls it with inputs of its own
 * (make fuzz), replay.c with those that are kept in corpus/ and found/. It takes any bytes, keeps
 * no state, and ends the process when a promise of the library does not hold.
 */
#ifndef CQLRAW_TESTS_FUZZ_H
#define CQLRAW_TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include <cqlraw/msg.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The name of its folders in corpus/ and found/. */
extern const char fuzz_name[];

/* A promise: what follows the condition is told in front of the end. */
#define MUST(condition, ...)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* ---- the input: what is not there any more is zero ---- */

struct fuzz_in {
    const uint8_t *p;
    size_t n;
};

static inline uint8_t fuzz_u8(struct fuzz_in *in)
{
    if (!in->n)
        return 0;
    in->n--;
    return *in->p++;
}

static inline uint16_t fuzz_u16(struct fuzz_in *in)
{
    uint8_t high = fuzz_u8(in);
    return (uint16_t)(high << 8 | fuzz_u8(in));
}

/* At most n bytes off the front, in a block of exactly their size, so that AddressSanitizer sees
 * what is read behind them. free() it. */
uint8_t *fuzz_block(struct fuzz_in *in, size_t n, struct cqlr_bytes *block);

/* ---- memory ---- */

struct fuzz_mem {
    struct cqlr_mem mem;
    size_t now, peak; /* bytes */
    uint8_t fill;     /* what new memory holds */
};

void fuzz_mem_init(struct fuzz_mem *m);

/* ---- types and texts ---- */

/* A type from a few bytes, nested at most `depth` deep; what it needs comes from the arena. */
void fuzz_type(struct fuzz_in *in, struct cqlr_arena *a, struct cqlr_type *t, unsigned depth);
/* Such a type of some depth, and a block with what is left of the input. */
struct fuzz_typed {
    struct cqlr_arena arena;
    struct cqlr_type type;
    struct cqlr_bytes block;
    uint8_t *p;
};
void fuzz_typed_init(struct fuzz_typed *x, struct fuzz_in *in);
void fuzz_typed_fini(struct fuzz_typed *x);

bool fuzz_type_equal(const struct cqlr_type *a, const struct cqlr_type *b);

#define FUZZ_TEXT_MAX (16u << 20) /* bytes of a text or value, where nothing else is said */

/* text or ascii: its text stands for itself, a literal of it is no text of it. */
bool fuzz_is_text(const struct cqlr_type *t);

/* The text of a value in w, which has at most `max` bytes and is the caller's to free. 0, or why
 * there is none: then w is empty. */
int fuzz_print(struct cqlr_wr *w, size_t max, const struct cqlr_type *t, struct cqlr_value v,
               enum cqlr_text_style style);

/* A text as a value, likewise; err has the reason. */
int fuzz_parse(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_str text,
               enum cqlr_text_style style, struct cqlr_err *err);

/* A text that was printed is read, and then prints the same. */
void fuzz_check_back(const struct cqlr_type *t, struct cqlr_str text, enum cqlr_text_style style);

/* Whether the text of this value, which is not null, must be read back: not when it has what
 * parsing refuses by its contract (a time outside the day, text that is none, null in a collection,
 * an empty value of a type without one, huge integers). */
bool fuzz_reads_back(const struct cqlr_type *t, struct cqlr_value v);

/* Whether values of this type, which stands `depth` deep, have JSON whatever they hold: keys within
 * keys have a bound. */
bool fuzz_has_json(const struct cqlr_type *t, unsigned depth);

/* One JSON value, in UTF-8. */
bool fuzz_is_json(struct cqlr_str s);
/* UTF-8 without control characters; newlines only where they are allowed. */
bool fuzz_is_shown(struct cqlr_str s, bool newlines);

/* What was written, as text. */
static inline struct cqlr_str fuzz_text(const struct cqlr_wr *w)
{
    return (struct cqlr_str){(const char *)w->p, w->n};
}

static inline bool fuzz_same(const struct cqlr_wr *a, const struct cqlr_wr *b)
{
    return cqlr_str_equal(fuzz_text(a), fuzz_text(b));
}

#endif

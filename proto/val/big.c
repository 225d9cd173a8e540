/*
 * big.c - varint and decimal: two's complement of any length ⇄ decimal text
 * (native_protocol_v4.spec sections 6.7, 6.24).
 *
 * Changing the base takes time that grows with the square of the length. So that a peer can't buy
 * much time with few bytes, integers of more than BYTES_MAX bytes are printed as "0x" and the bytes
 * of the value, and decimal text of more digits than such an integer can have is refused; the 0x
 * form is read back. The scale of a decimal may be any int32: zeros are written out only up to
 * SCALE_PLAIN of them.
 */
#include <string.h>

#include "proto/val/val.h"

#define BYTES_MAX  16384
#define DIGITS_MAX 39457 /* of BYTES_MAX bytes */
#define WORDS_MAX                                                                                  \
    (BYTES_MAX / 4 + 1) /* 10^DIGITS_MAX needs a few bits more than BYTES_MAX bytes                \
                         */
#define CHUNKS_MAX   (DIGITS_MAX / CHUNK + 1)
#define CHUNK        9 /* decimal digits in a word */
#define CHUNK_BASE   1000000000
#define SCALE_PLAIN  100
#define EXPONENT_MAX INT64_C(100000000000) /* far beyond any scale */

static bool is_negative(const uint8_t *p)
{
    return p[0] >> 7;
}

/* |p| as little-endian words without leading zeros; returns their number. */
static size_t to_words(const uint8_t *p, size_t n, uint32_t *word)
{
    uint8_t flip = is_negative(p) ? 0xFF : 0;
    uint64_t carry = flip & 1;
    size_t words = (n + 3) / 4;
    for (size_t i = 0; i < words; i++) {
        uint32_t sum = 0;
        for (size_t k = 0; k < 4 && i * 4 + k < n; k++)
            sum |= (uint32_t)(p[n - 1 - i * 4 - k] ^ flip) << (8 * k);
        carry += sum;
        word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    while (words && !word[words - 1])
        words--;
    return words;
}

/* The digits of an integer of 1 .. BYTES_MAX bytes, without its sign. */
static void out_digits(struct cqlr_wr *w, const uint8_t *p, size_t n)
{
    uint32_t word[WORDS_MAX], chunk[CHUNKS_MAX];
    size_t words = to_words(p, n, word), chunks = 0;
    while (words) {
        uint64_t rest = 0;
        for (size_t i = words; i-- > 0;) {
            rest = rest << 32 | word[i];
            word[i] = (uint32_t)(rest / CHUNK_BASE);
            rest %= CHUNK_BASE;
        }
        chunk[chunks++] = (uint32_t)rest;
        if (!word[words - 1])
            words--;
    }
    cqlr__out_u64(w, chunks ? chunk[chunks - 1] : 0, 1);
    for (size_t i = chunks; i-- > 1;)
        cqlr__out_u64(w, chunk[i - 1], CHUNK);
}

int cqlr__varint_print(struct cqlr_wr *w, struct cqlr_value v)
{
    if (v.n > BYTES_MAX)
        return cqlr__blob_print(w, v);
    cqlr__out(w, is_negative(v.p) ? "-" : "");
    out_digits(w, v.p, (size_t)v.n);
    return 0;
}

/* Moves what stands from `at` on back by n bytes, which become '0'. */
static void insert_zeros(struct cqlr_wr *w, size_t at, size_t n)
{
    size_t rest = w->n - at;
    if (!cqlr_wr_room(w, n))
        return;
    memmove(w->p + at + n, w->p + at, rest);
    memset(w->p + at, '0', n);
}

static void insert_point(struct cqlr_wr *w, size_t at)
{
    insert_zeros(w, at, 1);
    if (!w->rc)
        w->p[at] = '.';
}

/* The digits behind `from` become the number that they are with this scale, -SCALE_PLAIN ..
 * SCALE_PLAIN: 1.23, 0.001, 1200. */
static void plain_scale(struct cqlr_wr *w, size_t from, int32_t scale)
{
    size_t n = w->n - from;
    if (scale <= 0) {
        if (w->p[from] != '0')
            insert_zeros(w, w->n, (size_t)-scale);
        return;
    }
    if (n <= (size_t)scale)
        insert_zeros(w, from, (size_t)scale + 1 - n);
    if (!w->rc)
        insert_point(w, w->n - (size_t)scale);
}

/* Likewise for any scale: 1.23E+105. */
static void exponent_scale(struct cqlr_wr *w, size_t from, int32_t scale)
{
    int64_t exponent = (int64_t)(w->n - from) - 1 - scale;
    if (w->n - from > 1)
        insert_point(w, from + 1);
    cqlr__out(w, exponent < 0 ? "E" : "E+");
    cqlr__out_i64(w, exponent);
}

int cqlr__decimal_print(struct cqlr_wr *w, struct cqlr_value v)
{
    if (v.n < 5) /* the scale, and at least one byte */
        return CQLR_E_TYPE;
    int32_t scale = (int32_t)cqlr_be32(v.p);
    size_t n = (size_t)v.n - 4;
    if (n > BYTES_MAX)
        return cqlr__blob_print(w, v);
    cqlr__out(w, is_negative(v.p + 4) ? "-" : "");
    size_t from = w->n;
    out_digits(w, v.p + 4, n);
    if (w->rc)
        return 0;
    if (scale < -SCALE_PLAIN || scale > SCALE_PLAIN)
        exponent_scale(w, from, scale);
    else
        plain_scale(w, from, scale);
    return 0;
}

/* word = word × by + add; returns the number of words. */
static size_t mul_add(uint32_t *word, size_t words, uint32_t by, uint32_t add)
{
    uint64_t carry = add;
    for (size_t i = 0; i < words; i++) {
        carry += (uint64_t)word[i] * by;
        word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        word[words++] = (uint32_t)carry;
    return words;
}

static uint8_t byte_at(const uint32_t *word, size_t i)
{
    return (uint8_t)(word[i / 4] >> (8 * (i % 4)));
}

/* ± words as the fewest bytes of two's complement; `word` has room for one more. */
static void write_words(struct cqlr_wr *w, uint32_t *word, size_t words, bool minus)
{
    uint8_t sign = minus ? 0xFF : 0;
    uint64_t carry = minus;
    word[words++] = 0;
    for (size_t i = 0; minus && i < words; i++) {
        carry += (uint32_t)~word[i];
        word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    size_t n = words * 4;
    while (n > 1 && byte_at(word, n - 1) == sign && byte_at(word, n - 2) >> 7 == sign >> 7)
        n--;
    while (n-- > 0)
        cqlr_wr_u8(w, byte_at(word, n));
}

/* Digits, one '.' among them ignored, as a varint. False when they are too many. */
static bool write_digits(struct cqlr_wr *w, struct cqlr_str s, bool minus)
{
    uint32_t word[WORDS_MAX + 1];
    size_t words = 0;
    while (s.n && (s.p[0] == '0' || s.p[0] == '.')) {
        s.p++;
        s.n--;
    }
    if (s.n > DIGITS_MAX + 1)
        return false;
    while (s.n) {
        uint32_t by = 1, add = 0;
        for (; s.n && by < CHUNK_BASE; s.p++, s.n--) {
            if (s.p[0] == '.')
                continue;
            by *= 10;
            add = add * 10 + (uint32_t)(s.p[0] - '0');
        }
        words = mul_add(word, words, by, add);
    }
    write_words(w, word, words, minus && words);
    return true;
}

static struct cqlr_str take_sign(struct cqlr_str s, bool *minus)
{
    *minus = cqlr__take(&s, '-');
    if (!*minus)
        cqlr__take(&s, '+');
    return s;
}

int cqlr__varint_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    bool minus;
    if (s.n > 2 && s.p[0] == '0' && cqlr__lower(s.p[1]) == 'x')
        return cqlr__blob_parse(w, s);
    s = take_sign(s, &minus);
    for (size_t i = 0; i < s.n; i++)
        if (!cqlr__is_digit(s.p[i]))
            return CQLR_E_TYPE;
    return s.n && write_digits(w, s, minus) ? 0 : CQLR_E_TYPE;
}

/* "digits[.digits]" off the front of s; *fraction is the number of digits behind the point. */
static bool take_number(struct cqlr_str *s, struct cqlr_str *digits, int64_t *fraction)
{
    bool any = false, point = false;
    digits->p = s->p;
    *fraction = 0;
    for (; s->n && (cqlr__is_digit(s->p[0]) || (s->p[0] == '.' && !point)); s->p++, s->n--) {
        *fraction += point;
        any = any || s->p[0] != '.';
        point = point || s->p[0] == '.';
    }
    digits->n = (size_t)(s->p - digits->p);
    return any;
}

int cqlr__decimal_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    struct cqlr_str digits;
    int64_t fraction, exponent = 0;
    bool minus;
    if (s.n > 10 && s.p[0] == '0' && cqlr__lower(s.p[1]) == 'x') /* at least the scale and a byte */
        return cqlr__blob_parse(w, s);
    s = take_sign(s, &minus);
    if (!take_number(&s, &digits, &fraction))
        return CQLR_E_TYPE;
    if (cqlr__take_nocase(&s, "e") ? !cqlr__read_i64(s, &exponent) : s.n > 0)
        return CQLR_E_TYPE;
    if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX)
        return CQLR_E_TYPE;
    int64_t scale = fraction - exponent;
    if (scale < INT32_MIN || scale > INT32_MAX)
        return CQLR_E_TYPE;
    cqlr_wr_i32(w, (int32_t)scale);
    return write_digits(w, digits, minus) ? 0 : CQLR_E_TYPE;
}

/*
 * run_vectors.c - every frame of a vector file says what the file tells, is written again as the
 * same bytes, and is refused when its body is cut short anywhere; damaged ones are said or refused.
 *
 * usage: run_vectors [FILE...]
 * Each frame is read from a block of exactly its size, so that AddressSanitizer sees a read behind
 * its end. No field of these messages may be missing at the end: every cut must be an error with a
 * text. What is said as JSON must be JSON in any case.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/val/json.h"
#include "tests/vectors/again.h"
#include "tests/vectors/vectors.h"
#include "tools/cqlraw/inspect/frame_print.h"

#define DAMAGES 300 /* of each frame */

static bool fail(const struct vector *v, const char *why)
{
    printf("%s (%s): %s\n", v->name, v->about, why);
    return false;
}

static bool header_ok(const struct vector *v, struct cqlr_frame *f)
{
    uint8_t again[CQLR_FRAME_HEADER];
    if (v->n < CQLR_FRAME_HEADER)
        return fail(v, "shorter than a header");
    cqlr_frame_read(v->bytes, f);
    if (f->version != 4 || f->length != v->n - CQLR_FRAME_HEADER)
        return fail(v, "version or length of the header");
    cqlr_frame_write(again, f);
    return memcmp(again, v->bytes, sizeof again) == 0 || fail(v, "header not written the same");
}

/* The header and the first n bytes of the body in a block of that size. */
static uint8_t *block_new(const struct vector *v, size_t n)
{
    uint8_t *block = malloc(CQLR_FRAME_HEADER + n);
    if (!block)
        abort();
    memcpy(block, v->bytes, CQLR_FRAME_HEADER + n);
    return block;
}

/* What the frame in this block says, as text and as JSON, which must be one. */
static int say(const uint8_t *block, const struct cqlr_frame *f, size_t n, struct cqlr_wr *text,
               bool *is_json, struct cqlr_err *err)
{
    const struct frame_style lines = {.json = false, .secrets = true};
    const struct frame_style object = {.json = true, .secrets = true};
    struct cqlr_bytes body = {block + CQLR_FRAME_HEADER, n};
    struct cqlr__json j;
    struct cqlr_str raw;
    struct cqlr_wr json;
    struct cqlr_err why;
    cqlr_wr_init(&json, NULL, 0);
    memset(err, 0, sizeof *err);
    cqlr_wr_reset(text);
    int rc = frame_print(text, f, body, block, &lines, NULL, err);
    int json_rc = frame_print(&json, f, body, block, &object, NULL, &why);
    cqlr__json_init(&j, (struct cqlr_str){(char *)json.p, json.n}, &why);
    *is_json = json_rc == rc && cqlr__json_value(&j, &raw) == 1 && cqlr__json_value(&j, &raw) == 0;
    cqlr_wr_fini(&json);
    return rc;
}

static bool said_ok(const struct vector *v, const struct cqlr_frame *f, struct cqlr_wr *text)
{
    struct cqlr_err err;
    bool is_json;
    uint8_t *block = block_new(v, f->length);
    int rc = say(block, f, f->length, text, &is_json, &err);
    free(block);
    if (rc)
        return fail(v, err.text);
    if (!is_json)
        return fail(v, "its JSON is none");
    if (text->n == strlen(v->says) && memcmp(text->p, v->says, text->n) == 0)
        return true;
    printf("--- expected\n%s--- found\n%.*s---\n", v->says, (int)text->n, (char *)text->p);
    return fail(v, "says something else");
}

/* The first n bytes of the body, read and written again; a compressed one as it was before. */
static int body_again(const struct vector *v, const struct cqlr_frame *f, size_t n,
                      struct cqlr_wr *w, struct cqlr_err *err)
{
    struct cqlr_wr plain;
    uint8_t *block = block_new(v, n);
    memset(err, 0, sizeof *err);
    cqlr_wr_reset(w);
    cqlr_wr_init(&plain, NULL, 0);
    struct cqlr_bytes body = {block + CQLR_FRAME_HEADER, n};
    int rc = v->plain ? cqlr_lz4_read(&plain, body, CQLR_FRAME_MAX, err) : 0;
    if (v->plain)
        body = (struct cqlr_bytes){plain.p, plain.n};
    if (!rc)
        rc = again(f, body.p, body.n, w, err);
    cqlr_wr_fini(&plain);
    free(block);
    return rc;
}

/* What the compressor makes of the plain body is read back as that. */
static bool compressed_ok(const struct vector *v)
{
    struct cqlr_wr body, plain;
    struct cqlr_err err;
    cqlr_wr_init(&body, NULL, 0);
    cqlr_wr_init(&plain, NULL, 0);
    bool ok = !cqlr_lz4_write(&body, (struct cqlr_bytes){v->plain, v->plain_n}) &&
              !cqlr_lz4_read(&plain, (struct cqlr_bytes){body.p, body.n}, CQLR_FRAME_MAX, &err) &&
              plain.n == v->plain_n && (!plain.n || !memcmp(plain.p, v->plain, plain.n));
    cqlr_wr_fini(&body);
    cqlr_wr_fini(&plain);
    return ok;
}

static bool written_ok(const struct vector *v, const struct cqlr_frame *f, struct cqlr_wr *w)
{
    struct cqlr_err err;
    const uint8_t *want = v->plain ? v->plain : v->bytes + CQLR_FRAME_HEADER;
    size_t n = v->plain ? v->plain_n : f->length - v->rest;
    if (body_again(v, f, f->length, w, &err))
        return fail(v, err.code ? err.text : "not written again");
    if (w->n != n || (n && memcmp(w->p, want, n) != 0))
        return fail(v, "body not written the same");
    return !v->plain || compressed_ok(v) || fail(v, "not compressed again");
}

static bool cut_ok(const struct vector *v, const struct cqlr_frame *f, size_t n, struct cqlr_wr *w)
{
    struct cqlr_err err, said;
    bool is_json;
    int rc = body_again(v, f, n, w, &err);
    uint8_t *block = block_new(v, n);
    int said_rc = say(block, f, n, w, &is_json, &said);
    free(block);
    if (rc == CQLR_E_PROTO && err.code == rc && err.text[0] && err.offset <= n &&
        said_rc == CQLR_E_PROTO && is_json)
        return true;
    printf("cut to %zu of %u bytes: code %d, \"%s\"; said: code %d, JSON %d\n", n,
           (unsigned)f->length, rc, err.text, said_rc, is_json);
    return fail(v, "a cut body is not refused");
}

static bool cuts_ok(const struct vector *v, const struct cqlr_frame *f, struct cqlr_wr *w)
{
    for (size_t n = 0; n + v->rest < f->length; n++)
        if (!cut_ok(v, f, n, w))
            return false;
    return true;
}

/* Bits turned over, in the header too: whatever it says then, or refuses. */
static bool damaged_ok(const struct vector *v, struct cqlr_wr *w)
{
    uint64_t seed = 42 + v->n;
    for (unsigned i = 0; i < DAMAGES; i++) {
        struct cqlr_frame f;
        struct cqlr_err err;
        bool is_json;
        size_t n = v->n - CQLR_FRAME_HEADER;
        uint8_t *block = block_new(v, n);
        for (unsigned k = 0; k <= i % 4; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            block[(seed >> 33) % v->n] ^= (uint8_t)(1u << (seed >> 61));
        }
        cqlr_frame_read(block, &f);
        say(block, &f, f.length < n ? f.length : n, w, &is_json, &err);
        free(block);
        if (!is_json)
            return fail(v, "damaged, its JSON is none");
    }
    return true;
}

static bool vector_ok(const struct vector *v)
{
    struct cqlr_frame f;
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    bool ok = header_ok(v, &f) && said_ok(v, &f, &w) && written_ok(v, &f, &w) &&
              cuts_ok(v, &f, &w) && damaged_ok(v, &w);
    cqlr_wr_fini(&w);
    return ok;
}

int main(int argc, char **argv)
{
    static char written[] = "tests/vectors/v4.txt";
    static char recorded[] = "tests/vectors/cassandra-5.0.6.txt";
    char *standard[] = {written, recorded, NULL};
    return vectors_run(argc > 1 ? argv + 1 : standard, vector_ok);
}

/*
 * run_vectors.c - every frame of a vector file says what the file tells, is written again as the
 * same bytes, and is refused when its body is cut short anywhere.
 *
 * usage: run_vectors [FILE...]
 * Each body is read from a block of exactly its size, so that AddressSanitizer sees a read behind
 * its end. No field of these messages may be missing at the end: every cut must be an error with a
 * text.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/vectors/describe.h"
#include "tests/vectors/vectors.h"

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

/* Describes the first n bytes of the body from a block of that size. */
static int describe_cut(const struct vector *v, const struct cqlr_frame *f, size_t n,
                        struct cqlr_wr *text, struct cqlr_wr *again, struct cqlr_err *err)
{
    uint8_t *block = malloc(n);
    if (n && !block)
        abort();
    if (n)
        memcpy(block, v->bytes + CQLR_FRAME_HEADER, n);
    cqlr_wr_reset(text);
    cqlr_wr_reset(again);
    memset(err, 0, sizeof *err);
    int rc = describe(f, block, n, text, again, err);
    free(block);
    return rc;
}

static bool whole_ok(const struct vector *v, const struct cqlr_frame *f, struct cqlr_wr *text,
                     struct cqlr_wr *again)
{
    struct cqlr_err err;
    size_t n = f->length;
    if (describe_cut(v, f, n, text, again, &err))
        return fail(v, err.code ? err.text : "not written again");
    if (text->n != strlen(v->says) || memcmp(text->p, v->says, text->n) != 0) {
        printf("--- expected\n%s--- found\n%.*s---\n", v->says, (int)text->n, (char *)text->p);
        return fail(v, "says something else");
    }
    if (again->n != n || (n && memcmp(again->p, v->bytes + CQLR_FRAME_HEADER, n) != 0))
        return fail(v, "body not written the same");
    return true;
}

static bool cuts_ok(const struct vector *v, const struct cqlr_frame *f, struct cqlr_wr *text,
                    struct cqlr_wr *again)
{
    for (size_t n = 0; n < f->length; n++) {
        struct cqlr_err err;
        int rc = describe_cut(v, f, n, text, again, &err);
        if (rc != CQLR_E_PROTO || err.code != rc || !err.text[0] || err.offset > n) {
            printf("cut to %zu of %u bytes: code %d, \"%s\"\n", n, (unsigned)f->length, rc,
                   err.text);
            return fail(v, "a cut body is not refused");
        }
    }
    return true;
}

static bool vector_ok(const struct vector *v)
{
    struct cqlr_frame f;
    struct cqlr_wr text;
    struct cqlr_wr again;
    cqlr_wr_init(&text, NULL, 0);
    cqlr_wr_init(&again, NULL, 0);
    bool ok = header_ok(v, &f) && whole_ok(v, &f, &text, &again) && cuts_ok(v, &f, &text, &again);
    cqlr_wr_fini(&text);
    cqlr_wr_fini(&again);
    return ok;
}

int main(int argc, char **argv)
{
    static char here[] = "tests/vectors/v4.txt";
    char *standard[] = {here, NULL};
    char **path = argc > 1 ? argv + 1 : standard;
    unsigned passed = 0;
    unsigned failed = 0;
    for (; *path; path++) {
        struct vectors set;
        if (vectors_load(&set, *path))
            failed++;
        for (size_t i = 0; i < set.count; i++) {
            if (vector_ok(&set.v[i]))
                passed++;
            else
                failed++;
        }
        vectors_free(&set);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}

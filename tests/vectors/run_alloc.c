/*
 * run_alloc.c - memory may end at any byte: every frame of a vector file is read and written again
 * by a writer whose memory ends so many bytes behind the beginning, for every number; and each
 * allocation of its columns fails, once and from then on.
 *
 * usage: run_alloc [FILE...]
 * It must be CQLR_E_NOMEM, and all that was allocated must have been given back with its size.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/counter.h"
#include "tests/vectors/again.h"
#include "tests/vectors/vectors.h"

enum { FIRST_CAP = 256 }; /* of a writer */

/* One run, in a writer with `left` bytes, whose n-th allocation fails: 1 when it came to that and
 * was told, 0 when it went well without, -1 otherwise. */
static int one(const struct vector *v, size_t left, unsigned n, bool for_good)
{
    struct counter c;
    struct cqlr_wr w;
    struct cqlr_frame f;
    struct cqlr_err err = {0};
    const uint8_t *body = v->bytes + CQLR_FRAME_HEADER;
    cqlr_frame_read(v->bytes, &f);
    if (v->plain) { /* how much memory decompressing takes is asked elsewhere */
        f.flags &= (uint8_t)~CQLR_FLAG_COMPRESSED;
        f.length = (uint32_t)v->plain_n;
        body = v->plain;
    }
    cqlr_wr_init(&w, counter_init(&c, n), 0);
    c.for_good = for_good;
    memset(cqlr_wr_room(&w, FIRST_CAP - left), 'x', FIRST_CAP - left);
    int rc = again(&f, body, f.length, &w, &err);
    cqlr_wr_fini(&w);
    if (rc == (c.failed ? CQLR_E_NOMEM : 0) && c.live == 0)
        return c.failed > 0;
    printf("%s: %zu bytes left, allocation %u%s fails: code %d, \"%s\", %zu bytes not freed\n",
           v->name, left, n, for_good ? " and all after it" : "", rc, err.text, c.live);
    return -1;
}

static bool vector_ok(const struct vector *v)
{
    for (size_t left = 0; left < FIRST_CAP; left++) {
        int rc = 1;
        for (unsigned n = 2; rc == 1; n++) { /* the first is that of what lies in front */
            rc = one(v, left, n, true);
            if (one(v, left, n, false) != rc)
                rc = -1;
        }
        if (rc < 0)
            return false;
    }
    return true;
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

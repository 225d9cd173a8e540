/*
 * run_alloc.c - memory may end at any byte: every frame of a vector file is read and written again,
 * and said as lines and as JSON, by a writer whose memory ends so many bytes behind the beginning,
 * for every number; and each allocation of its columns fails, once and from then on.
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
#include "tools/cqlraw/inspect/frame_print.h"

enum { FIRST_CAP = 256 }; /* of a writer */

/* What is done with a frame, by a writer: 0 or a code with the reason. */
typedef int use(const struct vector *v, struct cqlr_wr *w, struct cqlr_err *err);

static int write_again(const struct vector *v, struct cqlr_wr *w, struct cqlr_err *err)
{
    struct cqlr_frame f;
    cqlr_frame_read(v->bytes, &f);
    f.flags &= (uint8_t)~CQLR_FLAG_COMPRESSED; /* a compressed one as it was before */
    return v->plain ? again(&f, v->plain, v->plain_n, w, err)
                    : again(&f, v->bytes + CQLR_FRAME_HEADER, f.length, w, err);
}

static int say(const struct vector *v, bool json, struct cqlr_wr *w, struct cqlr_err *err)
{
    const struct frame_style style = {.json = json, .secrets = true};
    struct cqlr_frame f;
    cqlr_frame_read(v->bytes, &f);
    struct cqlr_bytes body = {v->bytes + CQLR_FRAME_HEADER, f.length};
    return frame_print(w, &f, body, v->bytes, &style, NULL, err);
}

static int say_lines(const struct vector *v, struct cqlr_wr *w, struct cqlr_err *err)
{
    return say(v, false, w, err);
}

static int say_json(const struct vector *v, struct cqlr_wr *w, struct cqlr_err *err)
{
    return say(v, true, w, err);
}

/* One run, in a writer with `left` bytes, whose n-th allocation fails: 1 when it came to that and
 * was told, 0 when it went well without, -1 otherwise. */
static int one(const struct vector *v, use *run, size_t left, unsigned n, bool for_good)
{
    struct counter c;
    struct cqlr_wr w;
    struct cqlr_err err = {0};
    cqlr_wr_init(&w, counter_init(&c, n), 0);
    c.for_good = for_good;
    memset(cqlr_wr_room(&w, FIRST_CAP - left), '[', FIRST_CAP - left);
    int rc = run(v, &w, &err);
    cqlr_wr_fini(&w);
    if (rc == (c.failed ? CQLR_E_NOMEM : 0) && c.live == 0)
        return c.failed > 0;
    printf("%s: %zu bytes left, allocation %u%s fails: code %d, \"%s\", %zu bytes not freed\n",
           v->name, left, n, for_good ? " and all after it" : "", rc, err.text, c.live);
    return -1;
}

static bool use_ok(const struct vector *v, use *run)
{
    for (size_t left = 0; left < FIRST_CAP; left++) {
        int rc = 1;
        for (unsigned n = 2; rc == 1; n++) { /* the first is that of what lies in front */
            rc = one(v, run, left, n, true);
            if (one(v, run, left, n, false) != rc)
                rc = -1;
        }
        if (rc < 0)
            return false;
    }
    return true;
}

static bool vector_ok(const struct vector *v)
{
    return use_ok(v, write_again) && use_ok(v, say_lines) && use_ok(v, say_json);
}

int main(int argc, char **argv)
{
    static char here[] = "tests/vectors/v4.txt";
    char *standard[] = {here, NULL};
    return vectors_run(argc > 1 ? argv + 1 : standard, vector_ok);
}

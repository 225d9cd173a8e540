/*
 * msg_help.h - what the tests of proto/base and proto/msg share: bodies in blocks of exactly their
 * size (so that AddressSanitizer sees a read behind the end).
 */
#ifndef CQLRAW_TESTS_MSG_HELP_H
#define CQLRAW_TESTS_MSG_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cqlraw/msg.h>

#include "tests/unit/counter.h"

#define NONE ((struct cqlr_value){NULL, CQLR_NULL})

/* ---- bodies ---- */

/* A reader over a copy of bytes; free(r->start) through reader_fini. */
struct body {
    struct cqlr_rd r;
    struct cqlr_err err;
    uint8_t *block;
};

static inline struct cqlr_rd *body_init(struct body *b, const void *p, size_t n)
{
    memset(b, 0, sizeof *b);
    b->block = malloc(n);
    assert_true(n == 0 || b->block != NULL);
    if (n)
        memcpy(b->block, p, n);
    cqlr_rd_init(&b->r, b->block, n, &b->err);
    return &b->r;
}

/* Takes what was written: the writer is empty afterwards. */
static inline struct cqlr_rd *body_of(struct body *b, struct cqlr_wr *w)
{
    assert_int_equal(w->rc, 0);
    body_init(b, w->p, w->n);
    cqlr_wr_fini(w);
    return &b->r;
}

static inline void body_fini(struct body *b)
{
    free(b->block);
}

static inline void assert_str(struct cqlr_str s, const char *expected)
{
    assert_int_equal(s.n, strlen(expected));
    assert_true(s.n == 0 || memcmp(s.p, expected, s.n) == 0);
}

static inline void assert_malformed(const struct body *b, int rc, const char *text)
{
    assert_int_equal(rc, CQLR_E_PROTO);
    assert_int_equal(b->err.code, CQLR_E_PROTO);
    if (!strstr(b->err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", b->err.text, text);
}

#endif

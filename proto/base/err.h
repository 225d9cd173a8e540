/*
 * err.h - writing the error object of base.h.
 *
 * An error is written once, by the place that knows, and prefixed by who gives up: "10.0.0.1:9042:
 * RESULT: row count: need 4 bytes, 1 left at 117".
 */
#ifndef CQLRAW_PROTO_BASE_ERR_H
#define CQLRAW_PROTO_BASE_ERR_H

#include <cqlraw/base.h>

/* Forgets the error. */
static inline void cqlr__err_clear(struct cqlr_err *err)
{
    err->code = 0;
    err->sys_errno = 0;
    err->server_code = 0;
    err->offset = 0;
    err->text[0] = '\0';
}

/* Replaces what stood there by `code` and the text; the other fields become 0 and are the caller's
 * to fill in. Returns code. */
int cqlr__err_set(struct cqlr_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " in front of the text. What no longer fits is cut off the end, which
 * becomes "...". */
void cqlr__err_prefix(struct cqlr_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Replaces control characters (also the two-byte ones U+0080..U+009F) by spaces, and bytes that are
 * no UTF-8 by question marks: the text is one line and cannot command a terminal. */
void cqlr__text_one_line(char *p, size_t n);

/* The longest length <= n at which UTF-8 text can be cut without splitting a character. */
size_t cqlr__text_cut(const char *p, size_t n);

#endif

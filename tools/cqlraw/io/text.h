/*
 * text.h - formatted text that is put together before it is written in one piece.
 */
#ifndef CQLRAW_TEXT_H
#define CQLRAW_TEXT_H

#include <stddef.h>

/* n bytes at p, of room for `size`, always terminated. Start with n = 0. */
struct text {
    char *p;
    size_t size;
    size_t n;
};

/* What does not fit is cut off. */
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

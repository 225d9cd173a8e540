/*
 * text.c - appends what vsnprintf gives, as far as it fits.
 */
#include <stdarg.h>
#include <stdio.h>

#include "text.h"

void text_add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->p + t->n, t->size - t->n, fmt, ap);
    va_end(ap);
    size_t left = t->size - 1 - t->n;
    t->n += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left;
}

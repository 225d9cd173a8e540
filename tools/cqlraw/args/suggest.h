/*
 * suggest.h - names that are compared the way people type them. Pure.
 */
#ifndef CQLRAW_SUGGEST_H
#define CQLRAW_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* Equal without regard to case, "-" and "_": max-errors, maxErrors, MAX_ERRORS. `n` characters of
 * a. */
bool name_equal(const char *a, size_t n, const char *b);
/* How many edits (insert, delete, replace, swap of neighbours) lead from one to the other, compared
 * likewise; large for names over 31 characters. */
unsigned name_distance(const char *a, size_t n, const char *b);
/* true when b is near enough to a to be what was meant. */
bool name_near(unsigned distance, size_t n);

#endif

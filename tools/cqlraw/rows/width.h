/*
 * width.h - how many columns of a terminal a character takes, and text made harmless for it. Pure.
 */
#ifndef CQLRAW_WIDTH_H
#define CQLRAW_WIDTH_H

#include <cqlraw/wire.h>

/* 0 (combining and other marks without a place of their own), 1 or 2 (East Asian wide and full
 * width, emoji). */
unsigned width_of(uint32_t c);

/*
 * Appends text to w as a terminal may show it, and returns the columns it takes: control characters
 * (also U+0080..U+009F and those that turn the direction of writing) appear as \n, \t, \x1b,
 * \u202e, bytes that are not UTF-8 as \xff.
 */
size_t width_print(struct cqlr_wr *w, struct cqlr_str text);

#endif

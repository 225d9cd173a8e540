/*
 * utf8.h - UTF-8, character by character. Pure.
 */
#ifndef CQLRAW_TOOL_UTF8_H
#define CQLRAW_TOOL_UTF8_H

#include <cqlraw/base.h>

/* The length (1..4) of the character at p[0..n), n > 0, and the character in *c; 0 when the bytes
 * are none: overlong, a surrogate, cut off. */
size_t utf8_next(const char *p, size_t n, uint32_t *c);

/* At most so many bytes of the text, cut between characters. */
struct cqlr_str utf8_cut(struct cqlr_str s, size_t most);

#endif

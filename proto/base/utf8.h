/*
 * utf8.h - UTF-8, character by character.
 */
#ifndef CQLRAW_PROTO_BASE_UTF8_H
#define CQLRAW_PROTO_BASE_UTF8_H

#include <cqlraw/base.h>

/* The length of the UTF-8 character at p (1..4), 0 when n bytes hold no whole valid one: overlong
 * forms, surrogates and what lies beyond U+10FFFF are not. */
size_t cqlr__utf8_next(const uint8_t *p, size_t n);

#endif

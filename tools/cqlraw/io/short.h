/*
 * short.h - figures as people read them at a glance. Pure.
 */
#ifndef CQLRAW_SHORT_H
#define CQLRAW_SHORT_H

#include <stddef.h>
#include <stdint.h>

/* "1.91ms", "412us", "11.8ms"; "412k", "1.0M". out has room for n bytes; returns out. */
const char *short_time(char *out, size_t n, uint64_t ns);
const char *short_count(char *out, size_t n, uint64_t v);

#endif

/*
 * redact.h - passwords in CQL that is shown: the literals of CREATE and ALTER ROLE or USER ...
 * PASSWORD '...' become '***', in a statement as well as in a message that quotes a part of one.
 * Pure.
 */
#ifndef CQLRAW_REDACT_H
#define CQLRAW_REDACT_H

#include <cqlraw/wire.h>

/* In place; the new length, never more than n. A literal without an end, as of text that was cut,
 * is taken to reach to the end. */
size_t redact(char *p, size_t n);

/* The same of a copy that is appended to w; it is sticky like any write. */
void redact_copy(struct cqlr_wr *w, struct cqlr_str text);

#endif

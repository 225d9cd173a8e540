/*
 * describe.h - a frame's body -> lines that say every field, and the same body written again from
 * the struct.
 */
#ifndef CQLRAW_TESTS_DESCRIBE_H
#define CQLRAW_TESTS_DESCRIBE_H

#include <cqlraw/msg.h>

/* Appends to `text` and `again`. 0, or a negative code with the reason in err; what was appended is
 * then incomplete. */
int describe(const struct cqlr_frame *f, const uint8_t *body, size_t n, struct cqlr_wr *text,
             struct cqlr_wr *again, struct cqlr_err *err);

#endif

/*
 * again.h - a frame's body -> structs -> the same body written again.
 */
#ifndef CQLRAW_TESTS_AGAIN_H
#define CQLRAW_TESTS_AGAIN_H

#include <cqlraw/msg.h>

/* Appends to `w`. 0, or a negative code with the reason in err; what was appended is then
 * incomplete. */
int again(const struct cqlr_frame *f, const uint8_t *body, size_t n, struct cqlr_wr *w,
          struct cqlr_err *err);

#endif

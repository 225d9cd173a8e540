/*
 * frame_print.h - a frame -> what it says: a line for its header and an indented line a field, or
 * one JSON object. Pure.
 */
#ifndef CQLRAW_FRAME_PRINT_H
#define CQLRAW_FRAME_PRINT_H

#include <cqlraw/msg.h>

struct frame_style {
    bool json;
    bool secrets; /* show the token of AUTH_RESPONSE too */
};

/*
 * Appends the frame whose header was read at `offset` of the input and whose body, perhaps shorter
 * than the header says, is `body`; the input begins at `start`, from where offsets count. 0, or a
 * negative code with the reason and the offset in err when the body is not what it should be (then
 * what could be read stands in w, and with JSON also the reason), or w's.
 */
int frame_print(struct cqlr_wr *w, const struct cqlr_frame *frame, struct cqlr_bytes body,
                const uint8_t *start, const struct frame_style *style, struct cqlr_err *err);

#endif
